// channel_impl.hpp - the definitions of Channel, for the few sources that instantiate one.
#pragma once

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include <wirespan/core/error.hpp>
#include <wirespan/core/overloaded.hpp>
#include <wirespan/net/channel.hpp>

namespace wirespan::net {

template <Stream S, class Handler>
Channel<S, Handler>::Channel(EventLoop& loop, S stream, Connection connection, Handler handler,
                             const ChannelOptions& options)
    : loop_(loop),
      options_(options),
      stream_(std::move(stream)),
      connection_(std::move(connection)),
      handler_(std::move(handler)),
      keep_alive_(options.keep_alive, loop.now()),
      last_activity_(loop.now()),
      ping_window_(loop.now()) {}

template <Stream S, class Handler>
Channel<S, Handler>::~Channel() {
  if (phase_ != Phase::ended) loop_.forget(stream_.fd(), *this);
}

template <Stream S, class Handler>
void Channel<S, Handler>::start(MutableBytes unread) {
  guarded([&] {
    connection_.feed(unread);
    deliver();
    // A stream may have read ahead of the handshake: no poller would tell.
    if (phase_ == Phase::running && stream_.has_buffered_input()) pump();
    settle();
  });
}

/// The one exception that may come from below ends the connection, not the loop.
template <Stream S, class Handler>
template <class Step>
void Channel<S, Handler>::guarded(Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    pumping_ = false;
    note_failure(make_error_code(std::errc::not_enough_memory));
    finish();
  }
}

// Calls of the owner.

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::send(Opcode opcode, Bytes payload, bool fin,
                                          Compress compress) {
  if (phase_ != Phase::running) return Errc::not_open;
  // A message that finds nothing before it may be of any size.
  const std::size_t unsent = unsent_bytes();
  const bool fits =
      unsent <= options_.send_hard_limit && payload.size() <= options_.send_hard_limit - unsent;
  if (unsent > 0 && !fits) return Errc::send_queue_full;
  const auto error = connection_.send(opcode, payload, fin, compress);
  if (!error) ask_flush();
  return error;
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::ping(Bytes payload) {
  if (phase_ != Phase::running) return Errc::not_open;
  if (unsent_bytes() > options_.send_hard_limit) return Errc::send_queue_full;
  const auto error = connection_.ping(payload);
  if (!error) ask_flush();
  return error;
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::pong(Bytes payload) {
  if (phase_ != Phase::running) return Errc::not_open;
  if (unsent_bytes() > options_.send_hard_limit) return Errc::send_queue_full;
  const auto error = connection_.pong(payload);
  if (!error) ask_flush();
  return error;
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::close(std::optional<CloseCode> code, std::string_view reason,
                                           std::optional<std::chrono::milliseconds> time) {
  if (phase_ != Phase::running) return Errc::not_open;
  const auto error = connection_.close(code, reason);
  if (error) return error;
  close_deadline_ = after(time.value_or(options_.close_time));
  loop_.flush_later(*this);  // also with a backlog: the timer has to be set
  return {};
}

template <Stream S, class Handler>
void Channel<S, Handler>::fail(std::error_code error) {
  if (phase_ != Phase::running) return;
  note_failure(error);
  connection_.fail(error);
  ask_flush();
}

template <Stream S, class Handler>
void Channel<S, Handler>::abort(std::error_code error) {
  note_failure(error);
  finish();
}

template <Stream S, class Handler>
void Channel<S, Handler>::resume_reading() {
  if (!std::exchange(paused_, false) || phase_ != Phase::running) return;
  read_again_ = true;  // not from here: the caller may be inside a handler
  loop_.flush_later(*this);
}

// Calls of the loop.

template <Stream S, class Handler>
void Channel<S, Handler>::on_ready(Readiness readiness) {
  guarded([&] {
    if ((paused_ || held_) && readiness.failed) return abort(Errc::connection_lost);
    const bool may_read =
        readiness.readable || readiness.failed || (readiness.writable && read_wants_write_);
    if (may_read) pump();
    settle();
  });
}

template <Stream S, class Handler>
void Channel<S, Handler>::on_flush() {
  guarded([&] {
    if (!paused_ && !held_ && std::exchange(read_again_, false)) {
      deliver();
      pump();
    }
    settle();
  });
}

template <Stream S, class Handler>
void Channel<S, Handler>::on_timer(TimePoint now) {
  guarded([&] {
    check_deadlines(now);
    if (phase_ == Phase::running) tick_keep_alive(now);
    settle();
  });
}

// Input.

template <Stream S, class Handler>
void Channel<S, Handler>::pump() {
  if (phase_ == Phase::lingering) return discard_input();
  pumping_ = true;
  std::size_t budget = limits::read_per_turn;
  while (phase_ == Phase::running && reads() && read_once(budget)) {
  }
  pumping_ = false;
}

/// True if there is more to read in this turn.
template <Stream S, class Handler>
bool Channel<S, Handler>::read_once(std::size_t& budget) {
  const MutableBytes window = connection_.receive_window(loop_.receive_buffer());
  const IoResult result = stream_.read_some(window);
  read_wants_write_ = result.status == IoStatus::want_write;
  switch (result.status) {
    case IoStatus::want_read:
    case IoStatus::want_write:
      return false;
    case IoStatus::error:
      note_failure(result.error);
      finish();
      return false;
    case IoStatus::eof:
      peer_ended_ = true;
      connection_.feed_eof();
      deliver();
      return false;
    case IoStatus::ok:
      break;
  }
  last_activity_ = loop_.now();
  connection_.feed(window.first(result.bytes));
  deliver();
  budget -= std::min(budget, result.bytes);
  return should_read_on(result.bytes == window.size(), budget);
}

/// One read a turn is a connection's share. Inside a large message it goes on, so that the message
/// is finished while it is in the cache; and what TLS has decrypted already has to be taken.
template <Stream S, class Handler>
bool Channel<S, Handler>::should_read_on(bool window_was_filled, std::size_t budget) {
  if (phase_ != Phase::running || !reads()) return false;
  const bool hidden_input = stream_.has_buffered_input();
  const bool inside_message = window_was_filled && connection_.inside_data_frame();
  if (!hidden_input && !inside_message) return false;
  if (budget > 0) return true;
  if (hidden_input) {
    read_again_ = true;
    loop_.flush_later(*this);
  }
  return false;
}

template <Stream S, class Handler>
void Channel<S, Handler>::deliver() {
  const bool outer = std::exchange(pumping_, true);
  while (phase_ == Phase::running) {
    if (paused_ || held_) {
      connection_.keep_unread_input();
      break;
    }
    const Event event = connection_.next();
    if (std::holds_alternative<NeedInput>(event)) break;
    dispatch(event);
  }
  pumping_ = outer;
}

template <Stream S, class Handler>
void Channel<S, Handler>::dispatch(const Event& event) {
  std::visit(Overloaded{
                 [](const NeedInput&) {},
                 [&](const Message& message) { handler_.on_message(message); },
                 [&](const Fragment& fragment) { handler_.on_fragment(fragment); },
                 [&](const Ping& ping) { on_ping(ping); },
                 [&](const Pong& pong) {
                   keep_alive_.on_pong(loop_.now());
                   handler_.on_pong(pong.payload);
                 },
                 [&](const CloseReceived& close) {
                   end_.code = close.code;
                   end_.reason = close.reason;
                 },
                 [&](const Failed& failed) { note_failure(failed.error); },
             },
             event);
}

template <Stream S, class Handler>
void Channel<S, Handler>::on_ping(const Ping& ping) {
  const TimePoint now = loop_.now();
  if (now - ping_window_ >= std::chrono::seconds(1)) {
    ping_window_ = now;
    pings_in_window_ = 0;
  }
  if (++pings_in_window_ > connection_.options().receive.max_pings_per_second) {
    note_failure(Errc::ping_flood);
    connection_.fail(Errc::ping_flood);
    return;
  }
  handler_.on_ping(ping.payload);
}

// Output.

template <Stream S, class Handler>
void Channel<S, Handler>::ask_flush() {
  if (!pumping_ && !backlog_) loop_.flush_later(*this);
}

/// The end of everything that may have changed something.
template <Stream S, class Handler>
void Channel<S, Handler>::settle() {
  if (phase_ == Phase::running) write_output();
  if (phase_ == Phase::running) follow_transport_action();
  if (phase_ == Phase::lingering) try_shutdown();
  if (phase_ != Phase::ended) update_interest();
  if (phase_ != Phase::ended) update_timer();
}

template <Stream S, class Handler>
void Channel<S, Handler>::write_output() {
  ByteBuffer& output = connection_.output();
  write_wants_read_ = false;
  const bool had_backlog = backlog_;
  while (!output.empty()) {
    const std::size_t size = output.size();
    const IoResult result = stream_.write_some(output.data());
    if (result.status == IoStatus::error) {
      note_failure(result.error);
      return finish();
    }
    write_wants_read_ = result.status == IoStatus::want_read;
    if (result.bytes > 0) last_activity_ = loop_.now();
    output.consume(std::min(result.bytes, size));
    if (!output.empty()) break;
    if (!std::exchange(backlog_, false)) continue;
    connection_.set_output_blocked(false);
    if (connection_.failed()) note_failure(Errc::no_mask_key);  // unless it had failed before
  }
  note_backlog(had_backlog);
}

template <Stream S, class Handler>
void Channel<S, Handler>::note_backlog(bool had_backlog) {
  const std::size_t unsent = unsent_bytes();
  if (unsent > 0 && !std::exchange(backlog_, true)) connection_.set_output_blocked(true);
  if (unsent > 0 || had_backlog) handler_.on_backlog(unsent);
  if (unsent > options_.send_high_watermark) {
    above_high_ = true;
    held_ = options_.hold_reading;
  } else if (above_high_ && unsent <= options_.send_low_watermark) {
    above_high_ = false;
    if (std::exchange(held_, false)) read_again_ = true;
    handler_.on_drained();
    loop_.flush_later(*this);
  }
}

// The end. RFC 6455 §7.1.1.

template <Stream S, class Handler>
void Channel<S, Handler>::follow_transport_action() {
  const TransportAction action = connection_.transport_action();
  const bool closing = action != TransportAction::keep || connection_.close_sent();
  if (closing && !close_deadline_) close_deadline_ = after(options_.close_time);
  if (action == TransportAction::keep) return;
  if (peer_ended_ && connection_.failed()) return finish();
  if (!connection_.output().empty()) return;  // the deadline bounds this wait
  if (peer_ended_) return finish();
  if (action == TransportAction::await_peer_close) {
    shut_down_ = true;  // the server ends the connection, not we
    linger(options_.peer_close_time);
  } else {
    linger(options_.close_time);
  }
}

/// Our side has said all; the peer gets time to read it. Closing at once would answer whatever the
/// peer still sends with a reset, which destroys our Close frame on its way.
template <Stream S, class Handler>
void Channel<S, Handler>::linger(std::chrono::milliseconds time) {
  phase_ = Phase::lingering;
  close_deadline_ = after(time);
}

template <Stream S, class Handler>
void Channel<S, Handler>::try_shutdown() {
  if (shut_down_) return;
  const IoResult result = stream_.shutdown();
  shutdown_wants_write_ = result.status == IoStatus::want_write;
  shut_down_ = !result.would_block();
  if (result.status == IoStatus::error) finish();
}

template <Stream S, class Handler>
void Channel<S, Handler>::discard_input() {
  std::size_t in_this_turn = 0;
  while (in_this_turn < limits::read_per_turn) {
    const IoResult result = stream_.read_some(loop_.receive_buffer());
    if (result.would_block()) return;
    if (!result.is_ok()) return finish();
    in_this_turn += result.bytes;
    discarded_ += result.bytes;
    if (discarded_ > limits::linger_bytes) return finish();
  }
}

/// Not by the clock of the turn: a handler may have taken its time.
template <Stream S, class Handler>
TimePoint Channel<S, Handler>::after(std::chrono::milliseconds time) {
  return loop_.network().now() + time;
}

/// The first failure counts, and none does after the peer's Close frame.
template <Stream S, class Handler>
void Channel<S, Handler>::note_failure(std::error_code error) {
  if (!end_.error && !connection_.close_received()) end_.error = error;
}

template <Stream S, class Handler>
void Channel<S, Handler>::finish() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  loop_.timers().cancel(*this);
  loop_.forget(stream_.fd(), *this);
  if (!end_.error) (void)stream_.shutdown();  // TLS: says that nothing was cut off
  end_.unsent_bytes = unsent_bytes();
  { const S dying = std::move(stream_); }  // the descriptor is closed before the owner hears of it
  handler_.on_end(end_);
}

// Time.

template <Stream S, class Handler>
void Channel<S, Handler>::check_deadlines(TimePoint now) {
  if (close_deadline_ && now >= *close_deadline_) {
    if (phase_ == Phase::running) note_failure(Errc::close_timeout);
    return finish();
  }
  const bool idle = options_.idle_time && now - last_activity_ >= *options_.idle_time;
  if (idle && phase_ == Phase::running && connection_.state() == State::open) {
    note_failure(Errc::idle_timeout);
    if (connection_.close(CloseCode::going_away, "idle")) finish();
  }
}

template <Stream S, class Handler>
void Channel<S, Handler>::tick_keep_alive(TimePoint now) {
  if (connection_.state() != State::open) return;
  switch (keep_alive_.tick(now)) {
    case KeepAliveAction::none:
      return;
    case KeepAliveAction::send_ping:
      if (const auto error = connection_.ping(wire_bytes(options_.ping_payload)))
        return fail(error);
      handler_.on_ping_sent();
      return;
    case KeepAliveAction::peer_is_gone:
      fail(Errc::ping_timeout);
      write_output();  // in case it is alive after all; nobody waits for an answer
      finish();
      return;
  }
}

/// A deadline that moves away does not touch the timer: it looks again when it fires.
template <Stream S, class Handler>
void Channel<S, Handler>::update_timer() {
  std::optional<TimePoint> deadline = close_deadline_;
  const auto consider = [&](std::optional<TimePoint> when) {
    if (when) deadline = deadline ? std::min(*deadline, *when) : *when;
  };
  if (phase_ == Phase::running && connection_.state() == State::open) {
    consider(keep_alive_.next_deadline());
    if (options_.idle_time) consider(last_activity_ + *options_.idle_time);
  }
  if (!deadline || (is_scheduled() && timer_at_ <= *deadline)) return;
  timer_at_ = *deadline;
  loop_.timers().schedule(*this, timer_at_);
}

template <Stream S, class Handler>
void Channel<S, Handler>::update_interest() {
  const bool read = write_wants_read_ || phase_ == Phase::lingering || reads();
  const bool write = read_wants_write_ || shutdown_wants_write_ ||
                     (!write_wants_read_ && !connection_.output().empty());
  if (const auto error = loop_.watch(stream_.fd(), interest_in(read, write), *this)) {
    abort(error);
  }
}

}  // namespace wirespan::net
