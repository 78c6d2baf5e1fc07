// channel_impl.hpp - the definitions of Channel, for the few sources that instantiate one.
#pragma once

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include <wirespan/net/channel.hpp>

namespace wirespan::net {

template <Stream S, class Handler>
Channel<S, Handler>::Channel(EventLoop& loop, S stream, Connection connection, Handler handler,
                             const SessionOptions& options)
    : loop_(loop),
      stream_(std::move(stream)),
      session_(std::move(connection), options, loop.write_queues(), gathers(stream_), loop.now()),
      handler_(std::move(handler)) {}

template <Stream S, class Handler>
void Channel<S, Handler>::start(MutableBytes unread) {
  guarded([&] {
    if (!unread.empty()) session_.received(unread, loop_.now(), false);
    deliver();
    // A TLS stream may have read beyond the handshake: no readiness event comes for those bytes.
    if (stream_.has_buffered_input()) pump();
    settle();
  });
}

/// std::bad_alloc, the only exception of the layers below, ends the connection, not the loop.
template <Stream S, class Handler>
template <class Step>
void Channel<S, Handler>::guarded(Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    (void)session_.set_digesting(false);
    abort(make_error_code(std::errc::not_enough_memory));
  }
}

// Calls of the owner.

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::close(std::optional<CloseCode> code, std::string_view reason,
                                           std::optional<std::chrono::milliseconds> time,
                                           AfterClose after) {
  const bool was_waiting = !session_.wants_input();
  const auto error = session_.close(code, reason, time, after);
  if (!error && was_waiting) read_later();
  if (!session_.is_digesting()) loop_.flush_later(*this);
  return error;
}

/// Before a limit refuses a message the kernel is asked: its answer says whether the peer is slow.
template <Stream S, class Handler>
std::error_code Channel<S, Handler>::refused(const auto& send, std::error_code error) {
  if (error == Errc::send_queue_full && !session_.has_backlog()) {
    write_now();
    error = send();
  }
  return sent(error);
}

/// Output of a call leaves at the end of the turn, unless the session wants it written at once;
/// behind a backlog it waits for writability. The end of the turn asks the poller for that.
template <Stream S, class Handler>
std::error_code Channel<S, Handler>::sent(std::error_code error) {
  if constexpr (requires { handler_.on_dropped(std::size_t{}); }) {
    if (const std::size_t dropped = session_.take_dropped()) handler_.on_dropped(dropped);
  }
  if constexpr (requires { handler_.on_conflated(std::size_t{}); }) {
    if (const std::size_t conflated = session_.take_conflated()) handler_.on_conflated(conflated);
  }
  const bool leaves_soon = !session_.has_backlog() || error;
  if (!error && session_.should_write_now()) {
    write_now();
    session_.collect_debts();
  }
  if (leaves_soon && !session_.is_digesting() && !ended_) loop_.flush_later(*this);
  return error;
}

// Calls of the loop.

/// An error or a hang-up is a reason to read, too: bytes that came before it are delivered first.
template <Stream S, class Handler>
void Channel<S, Handler>::on_ready(Readiness readiness) {
  guarded([&] {
    if (readiness.failed || readiness.peer_ended) session_.hung_up();
    const bool may_read = readiness.readable || readiness.failed || readiness.peer_ended ||
                          (readiness.writable && io_.read_wants_write());
    if (may_read) pump();
    settle();
  });
}

/// Without input nothing has changed, and nothing has to be settled.
template <Stream S, class Handler>
bool Channel<S, Handler>::on_look() {
  bool found = session_.wants_input() && !io_.read_wants_write();
  guarded([&] {  // which leaves `found` true without memory: the channel has ended
    found = found && pump();
    if (found) settle();
  });
  return found;
}

template <Stream S, class Handler>
void Channel<S, Handler>::on_flush() {
  guarded([&] {
    if (session_.wants_input() && std::exchange(read_again_, false)) pump();
    settle();
  });
}

/// Reads what the kernel holds before the session judges a deadline, and passes the clock's time
/// instead of the turn's: after a busy handler the peer's pong may have been waiting here.
template <Stream S, class Handler>
void Channel<S, Handler>::on_timer(TimePoint) {
  guarded([&] {
    pump();
    if (session_.tick(now())) handler_.on_ping_sent();
    settle();
  });
}

// Input.

/// Reads the connection's share of the turn and delivers it; false if there was nothing.
template <Stream S, class Handler>
bool Channel<S, Handler>::pump() {
  bool found = session_.has_unread_input();
  if (found) deliver();  // kept during a pause, so older than the next read
  const bool outer = session_.set_digesting(true);
  std::size_t budget = limits::read_per_turn;
  while (session_.wants_input()) {
    const ReadOutcome read = io_.read(session_, stream_, loop_.receive_buffer(), loop_.now());
    if (read.would_block()) break;
    found = true;
    if (!take_share(read, budget)) break;
  }
  (void)session_.set_digesting(outer);
  return found;
}

/// Delivers what was read; true if the connection may read on in this turn.
template <Stream S, class Handler>
bool Channel<S, Handler>::take_share(const ReadOutcome& read, std::size_t& budget) {
  if constexpr (requires { handler_.on_bytes_read(read.bytes); }) {
    if (read.bytes > 0) handler_.on_bytes_read(read.bytes);
  }
  deliver();
  budget = read.stopped_short ? 0 : budget - std::min(budget, read.bytes);
  if (SessionIo::should_read_on(session_, stream_, read, budget)) return true;
  const bool goes_on = read.status == IoStatus::ok && session_.wants_input();
  if (goes_on && stream_.has_buffered_input()) read_later();
  return false;
}

/// Passes events to the handler until the session needs input. While is_digesting(), output of the
/// handler is only appended, so that the answers to one read leave in one write.
template <Stream S, class Handler>
void Channel<S, Handler>::deliver() {
  const bool outer = session_.set_digesting(true);
  while (true) {
    const Event event = session_.next();
    if (std::holds_alternative<NeedInput>(event)) break;
    SessionIo::pass_on(event, handler_);
  }
  (void)session_.set_digesting(outer);
}

// Output.

/// Writes, then reads on or calls on_drained() if the write has made room. Each call of the handler
/// may end the channel, or send more.
template <Stream S, class Handler>
void Channel<S, Handler>::write_output() {
  write_now();
  if (session_.take_released([this] { return now(); })) read_later();
  if (session_.take_drained()) handler_.on_drained();
}

template <Stream S, class Handler>
void Channel<S, Handler>::write_now() {
  const auto tell_written = [this]([[maybe_unused]] std::size_t size) {
    [[maybe_unused]] Handler& handler = handler_;
    if constexpr (requires { handler.on_bytes_written(size); }) handler.on_bytes_written(size);
  };
  const bool changed = io_.write(
      session_, stream_, [this] { return now(); }, tell_written);
  session_.note_debt(this, [](void* self) {
    auto* channel = static_cast<Channel*>(self);
    channel->loop_.flush_later(*channel);
  });
  if (changed) handler_.on_backlog(session_.unsent_bytes());
}

// The end of a turn and of the channel.

/// The last step of every call of the loop.
template <Stream S, class Handler>
void Channel<S, Handler>::settle() {
  if (ended_) return;
  if (session_.phase() == Session::Phase::open) write_output();
  if (ended_) return;
  session_.settle(now());
  if (session_.wants_shutdown()) io_.shut(session_, stream_);
  if (session_.over()) return finish();
  const auto error = loop_.watch(stream_.fd(), io_.interest(session_), *this);
  if (error) return abort(error);
  update_timer();
  session_.end_turn();
}

template <Stream S, class Handler>
void Channel<S, Handler>::finish() {
  if (std::exchange(ended_, true)) return;
  loop_.timers().cancel(*this);
  loop_.forget(stream_.fd(), *this);
  if (session_.ended_well()) (void)stream_.shutdown();  // TLS: close_notify, nothing was cut off
  const SessionEnd end = session_.take_end();
  { const S dying = std::move(stream_); }  // closes the descriptor before on_end()
  handler_.on_end(end);
}

}  // namespace wirespan::net
