// channel_output.hpp - Channel: from the handler to the stream, and what has to wait.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/net/channel.hpp>

namespace wirespan::net {
namespace detail {

/// A block of output that is this full waits by itself while there is a backlog.
inline constexpr std::size_t spill_size = std::size_t{64} << 10;
/// TLS copies the beginning of what it is given in pieces into a record: a shorter message would
/// not gain by staying where it is.
inline constexpr std::size_t many_records = std::size_t{64} << 10;

}  // namespace detail

// Calls of the owner.

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::send(Opcode opcode, Bytes payload, bool fin, Compress compress,
                                          Admission admission) {
  if (phase_ != Phase::running) return Errc::not_open;
  const bool asks = admission == Admission::ask;
  if (const auto error = asks ? make_room(payload.size()) : std::error_code{}) return error;
  if (!asks && options_.overflow == Overflow::drop_oldest) (void)drop_for(payload.size());
  const TextCheck check = asks ? TextCheck::needed : TextCheck::done;
  const bool is_long = asks && fin && payload.size() >= limits::least_in_place;
  if (is_long && send_from_where_it_lies(opcode, payload, compress)) {
    note_sent();
    return {};
  }
  // A compressed message may be part of the context of those after it.
  const bool may_be_dropped =
      backlog_ && options_.overflow == Overflow::drop_oldest && !connection().compresses();
  if (may_be_dropped) spill_output();
  if (const auto error = connection().send(opcode, payload, fin, compress, check)) {
    return unchanged(error);
  }
  if (may_be_dropped && fin && opcode != Opcode::continuation) {
    queue().push_message(connection().output().data());
    connection().output().clear();
  }
  note_sent();
  return {};
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::send_published(const PublishedFrame::Ptr& frame) {
  if (phase_ != Phase::running) return Errc::not_open;
  if (connection_) {
    if (const auto error = connection_->check_message()) return error;
  }
  if (queue_ && queue_->replace(frame)) {
    if constexpr (requires { handler_.on_conflated(); }) handler_.on_conflated();
    note_sent();
    return {};
  }
  if (const auto error = make_room(frame->bytes().size())) return error;
  spill_output();
  // What waits for the kernel is kept as it is: shared, and to be dropped one by one.
  const bool leaves_soon = !backlog_ && options_.overflow != Overflow::drop_oldest;
  if (!leaves_soon || !queue().join(*frame.get())) queue().push(frame);
  note_sent();
  return {};
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::ping(Bytes payload, Admission admission) {
  if (phase_ != Phase::running) return Errc::not_open;
  const bool asks = admission == Admission::ask;
  if (asks && unsent_bytes() > options_.send_hard_limit) return refuse();
  const auto error = connection().ping(payload);
  if (error) return unchanged(error);
  note_sent();
  return {};
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::pong(Bytes payload, Admission admission) {
  if (phase_ != Phase::running) return Errc::not_open;
  const bool asks = admission == Admission::ask;
  if (asks && unsent_bytes() > options_.send_hard_limit) return refuse();
  const auto error = connection().pong(payload);
  if (error) return unchanged(error);
  note_sent();
  return {};
}

template <Stream S, class Handler>
void Channel<S, Handler>::owe_drain() {
  if (phase_ != Phase::running) return;
  above_high_ = true;
  loop_.flush_later(*this);
}

// Room. A message that finds nothing before it may be of any size.

template <Stream S, class Handler>
bool Channel<S, Handler>::fits(std::size_t size) const noexcept {
  const std::size_t unsent = unsent_bytes();
  const std::size_t limit = options_.send_hard_limit;
  return unsent == 0 || (unsent <= limit && size <= limit - unsent);
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::make_room(std::size_t size) {
  const std::size_t unsent = unsent_bytes();
  if (unsent == 0) return {};
  bool affordable = true;
  if (const SendBudget* budget = options_.budget) {
    const std::size_t used = budget->used - accounted_ + unsent;
    affordable = used <= budget->limit && size <= budget->limit - used;
  }
  return fits(size) && affordable ? std::error_code{} : overflow(size, affordable);
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::overflow(std::size_t size, bool affordable) {
  switch (options_.overflow) {
    case Overflow::refuse:
      break;
    case Overflow::drop_oldest:
      if (affordable && drop_for(size)) return {};
      break;
    case Overflow::close:
      if (close(CloseCode::try_again_later, "too slow")) return Errc::not_open;
      return Errc::overflow_closed;
  }
  return refuse(affordable ? Errc::send_queue_full : Errc::send_budget_spent);
}

/// True if there is room now. What was dropped is told in any case.
template <Stream S, class Handler>
bool Channel<S, Handler>::drop_for(std::size_t size) {
  std::size_t dropped = 0;
  while (queue_ && !fits(size) && queue_->drop_oldest() > 0) ++dropped;
  if constexpr (requires { handler_.on_dropped(dropped); }) {
    if (dropped > 0) handler_.on_dropped(dropped);
  }
  return fits(size);
}

template <Stream S, class Handler>
WriteQueue& Channel<S, Handler>::queue() {
  if (!queue_) queue_ = loop_.write_queues().lend();
  return *queue_;
}

/// What was encoded so far comes before what is queued next; its block moves, its bytes do not.
template <Stream S, class Handler>
void Channel<S, Handler>::spill_output() {
  if (!connection_ || connection_->output().empty()) return;
  WriteQueue& waiting = queue();
  waiting.make_room_for(1);  // what was accepted must not get lost for want of memory
  waiting.push(connection_->output().release());
}

/// Without a copy, if it was just received. What was read stays where it is until the next read; if
/// that comes after the write, it can be sent from there, unless something that was copied waits in
/// front of it.
template <Stream S, class Handler>
bool Channel<S, Handler>::send_from_where_it_lies(Opcode opcode, Bytes payload, Compress compress) {
  if (!pumping_ || backlog_ || options_.overflow == Overflow::drop_oldest) return false;
  const bool in_pieces = gathers(stream_);
  if (connection().holds_delivered(payload)) {
    const bool is_worth_it = in_pieces || payload.size() >= detail::many_records;
    return is_worth_it && lend_delivered(opcode, payload, compress);
  }
  if (!read_is_last_ || !connection().output().empty() || !in_pieces) return false;
  const auto frame = connection().send_in_place(opcode, payload, compress);
  if (frame) queue().push_borrowed(*frame);
  return frame.has_value();
}

/// A message in memory of its own: the queue gets that, once the handler has returned.
template <Stream S, class Handler>
bool Channel<S, Handler>::lend_delivered(Opcode opcode, Bytes payload, Compress compress) {
  const bool is_of_the_pool = connection().options().blocks == &loop_.buffers().source();
  if (lends_delivered_ || !is_of_the_pool || connection().role() != Role::server) return false;
  spill_output();
  const auto head = connection().begin_gather(opcode, payload, compress);
  if (!head) return false;
  queue().push_borrowed(*head, payload);
  lends_delivered_ = true;
  return true;
}

template <Stream S, class Handler>
void Channel<S, Handler>::own_delivered() {
  lends_delivered_ = false;
  if (queue_) queue_->adopt(connection_->take_delivered());
}

template <Stream S, class Handler>
void Channel<S, Handler>::own_output() {
  if (queue_) queue_->own();
}

template <Stream S, class Handler>
void Channel<S, Handler>::release_queue() noexcept {
  if (queue_) loop_.write_queues().take_back(std::move(queue_));
}

/// A call that has changed nothing may have borrowed a protocol machine: it goes back with the
/// turn.
template <Stream S, class Handler>
std::error_code Channel<S, Handler>::unchanged(std::error_code error) {
  if (options_.connections != nullptr && !pumping_) loop_.flush_later(*this);
  return error;
}

// What was sent.

/// While a batch is answered, the budget is told of larger amounts only, and of the rest after it.
template <Stream S, class Handler>
void Channel<S, Handler>::note_sent() {
  const bool leaves_soon =
      pumping_ && !backlog_ && unsent_bytes() - accounted_ < detail::spill_size;
  if (!leaves_soon) note_waiting();
}

template <Stream S, class Handler>
void Channel<S, Handler>::note_waiting() {
  note_high_water();
  account();
  if (!backlog_) {
    if (!pumping_) loop_.flush_later(*this);
  } else if (connection_ && connection_->output().size() >= detail::spill_size) {
    spill_output();  // chained, a long backlog is not moved again and again as it grows
  }
}

/// Whoever is refused is told when there is room again.
template <Stream S, class Handler>
std::error_code Channel<S, Handler>::refuse(Errc why) {
  above_high_ = true;
  return why;
}

/// Our part of what the channels of the loop have waiting, also before the kernel was asked: one
/// turn may bring much.
template <Stream S, class Handler>
void Channel<S, Handler>::account() noexcept {
  if (options_.budget == nullptr) return;
  const std::size_t waiting = phase_ != Phase::ended ? unsent_bytes() : 0;
  options_.budget->used += waiting - accounted_;  // modulo 2^64, so it goes down as well
  accounted_ = waiting;
}

template <Stream S, class Handler>
void Channel<S, Handler>::write_output() {
  write_wants_read_ = false;
  const bool had_backlog = backlog_;
  while (unsent_bytes() > 0) {
    std::size_t offered = 0;
    const IoResult result = write_once(offered);
    if (result.status == IoStatus::error) {
      note_failure(result.error);
      return finish();
    }
    write_wants_read_ = result.status == IoStatus::want_read;
    if (result.bytes < offered) break;
    if (unsent_bytes() > 0 || !std::exchange(backlog_, false)) continue;
    connection().set_output_blocked(false);
    if (connection().failed()) note_failure(Errc::no_mask_key);  // unless it had failed before
  }
  note_backlog(had_backlog);
}

/// One write of what waits, in its order: the queue, then the newest output.
template <Stream S, class Handler>
IoResult Channel<S, Handler>::write_once(std::size_t& offered) {
  const IoResult result = offer(offered);
  std::size_t written = std::min(result.bytes, offered);
  if (written > 0) {
    last_activity_ = loop_.now();
    if constexpr (requires { handler_.on_bytes_written(written); }) {
      handler_.on_bytes_written(written);
    }
  }
  if (queue_) {
    const std::size_t from_queue = std::min(written, queue_->size());
    queue_->consume(from_queue);
    written -= from_queue;
    if constexpr (requires { stream_.bytes_to_repeat(); }) {
      queue_->pin(stream_.bytes_to_repeat());
    }
    if (queue_->empty()) release_queue();
  }
  if (written > 0) connection().output().consume(written);
  return result;
}

template <Stream S, class Handler>
IoResult Channel<S, Handler>::offer(std::size_t& size) {
  const Bytes output = connection_ ? Bytes(connection_->output().data()) : Bytes();
  if (!queue_) {
    size = output.size();
    return stream_.write_some(output);
  }
  std::array<Bytes, 32> pieces;
  std::size_t count = queue_->gather(std::span(pieces).first(pieces.size() - 1));
  if (!output.empty() && count < pieces.size() - 1) pieces[count++] = output;
  for (std::size_t i = 0; i < count; ++i) size += pieces[i].size();
  return count == 1 ? stream_.write_some(pieces[0])
                    : write_pieces(stream_, std::span(pieces).first(count));
}

/// Each call of the owner may end the channel, or send more.
template <Stream S, class Handler>
void Channel<S, Handler>::note_backlog(bool had_backlog) {
  const std::size_t unsent = unsent_bytes();
  if (unsent > 0 && !std::exchange(backlog_, true)) connection().set_output_blocked(true);
  note_high_water();
  account();
  if (unsent > 0 || had_backlog) handler_.on_backlog(unsent);
  if (phase_ != Phase::running || unsent_bytes() > options_.send_low_watermark) return;
  if (std::exchange(held_, false)) listen_again();
  if (std::exchange(above_high_, false)) handler_.on_drained();
}

/// What finds no backlog may leave at once; whoever was not told to wait is not told to go on.
template <Stream S, class Handler>
void Channel<S, Handler>::note_high_water() {
  if (!backlog_ || !is_above_high()) return;
  above_high_ = true;
  held_ = options_.hold_reading;
}

}  // namespace wirespan::net
