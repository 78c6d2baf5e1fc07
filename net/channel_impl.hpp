// channel_impl.hpp - the definitions of Channel, for the few sources that instantiate one.
#pragma once

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include <wirespan/core/overloaded.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/session_io.hpp>

namespace wirespan::net {

template <Stream S, class Handler>
Channel<S, Handler>::Channel(EventLoop& loop, S stream, Connection connection, Handler handler,
                             const SessionOptions& options)
    : loop_(loop),
      stream_(std::move(stream)),
      session_(std::move(connection), options, loop.write_queues(), gathers(stream_), loop.now()),
      handler_(std::move(handler)) {}

template <Stream S, class Handler>
Channel<S, Handler>::~Channel() {
  if (!ended_) loop_.forget(stream_.fd(), *this);
}

template <Stream S, class Handler>
void Channel<S, Handler>::start(MutableBytes unread) {
  guarded([&] {
    if (!unread.empty()) session_.received(unread, loop_.now(), false);
    deliver();
    // A stream may have read ahead of the handshake: no poller would tell.
    if (stream_.has_buffered_input()) pump();
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
    (void)session_.set_digesting(false);
    abort(make_error_code(std::errc::not_enough_memory));
  }
}

// Calls of the owner.

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::send(Opcode opcode, Bytes payload, bool fin, Compress compress,
                                          Admission admission) {
  return sent(
      session_.send(opcode, payload, {.fin = fin, .compress = compress, .admission = admission}));
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::send_published(const PublishedFrame::Ptr& frame) {
  return sent(session_.send_published(frame));
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::ping(Bytes payload, Admission admission) {
  return sent(session_.send_control(Opcode::ping, payload, admission));
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::pong(Bytes payload, Admission admission) {
  return sent(session_.send_control(Opcode::pong, payload, admission));
}

template <Stream S, class Handler>
void Channel<S, Handler>::owe_drain() {
  if (ended_) return;
  session_.owe_drain();
  loop_.flush_later(*this);
}

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::close(std::optional<CloseCode> code, std::string_view reason,
                                           std::optional<std::chrono::milliseconds> time,
                                           AfterClose after) {
  const bool was_waiting = !session_.wants_input();
  const auto error = session_.close(code, reason, time, after);
  if (!error && was_waiting) read_later();
  if (!session_.is_digesting()) loop_.flush_later(*this);  // with a backlog, too: the timer is due
  return error;
}

template <Stream S, class Handler>
void Channel<S, Handler>::fail(std::error_code error) {
  if (ended_) return;
  session_.fail(error);
  loop_.flush_later(*this);  // with a backlog, too: the timer is due
}

template <Stream S, class Handler>
void Channel<S, Handler>::abort(std::error_code error) {
  session_.abort(error);
  finish();
}

template <Stream S, class Handler>
void Channel<S, Handler>::resume_reading() {
  if (session_.resume(now())) read_later();
}

/// Output of a call leaves with the turn; with a backlog the poller will tell.
template <Stream S, class Handler>
std::error_code Channel<S, Handler>::sent(std::error_code error) {
  if constexpr (requires { handler_.on_dropped(std::size_t{}); }) {
    if (const std::size_t dropped = session_.take_dropped()) handler_.on_dropped(dropped);
  }
  if constexpr (requires { handler_.on_conflated(); }) {
    if (session_.take_conflated()) handler_.on_conflated();
  }
  if (!error && session_.overdraws()) {
    write_now();
    session_.collect_debts();
  }
  const bool leaves_soon = !session_.has_backlog() || error;
  if (leaves_soon && !session_.is_digesting() && !ended_) loop_.flush_later(*this);
  return error;
}

// Calls of the loop.

template <Stream S, class Handler>
void Channel<S, Handler>::on_ready(Readiness readiness) {
  guarded([&] {
    if (readiness.failed || readiness.peer_ended) session_.hung_up();
    const bool may_read = readiness.readable || readiness.failed || readiness.peer_ended ||
                          (readiness.writable && read_wants_write_);
    if (may_read) pump();
    settle();
  });
}

template <Stream S, class Handler>
void Channel<S, Handler>::on_flush() {
  guarded([&] {
    if (session_.wants_input() && std::exchange(read_again_, false)) pump();
    settle();
  });
}

/// Input that the kernel holds counts before a deadline judges, and the clock does, not the turn.
template <Stream S, class Handler>
void Channel<S, Handler>::on_timer(TimePoint) {
  guarded([&] {
    pump();
    if (session_.tick(now())) handler_.on_ping_sent();
    settle();
  });
}

// Input.

template <Stream S, class Handler>
void Channel<S, Handler>::pump() {
  if (session_.has_unread_input()) deliver();  // of a pause that is over; it comes first
  const bool outer = session_.set_digesting(true);
  std::size_t budget = limits::read_per_turn;
  while (session_.wants_input() && read_share(budget)) {
  }
  (void)session_.set_digesting(outer);
}

/// True if there is more to read in this turn.
template <Stream S, class Handler>
bool Channel<S, Handler>::read_share(std::size_t& budget) {
  const ReadOutcome read = read_once(session_, stream_, loop_.receive_buffer(), loop_.now());
  read_wants_write_ = read.status == IoStatus::want_write;
  if (read.status == IoStatus::want_read || read_wants_write_) return false;
  if constexpr (requires { handler_.on_bytes_read(read.bytes); }) {
    if (read.bytes > 0) handler_.on_bytes_read(read.bytes);
  }
  deliver();
  budget = read.stopped_short ? 0 : budget - std::min(budget, read.bytes);
  return read.status == IoStatus::ok && should_read_on(read.filled_window, budget);
}

/// One read a turn is a connection's share. Inside a large message it goes on, so that the message
/// is finished while it is in the cache; and what TLS has decrypted already has to be taken.
template <Stream S, class Handler>
bool Channel<S, Handler>::should_read_on(bool window_was_filled, std::size_t budget) {
  if (!session_.wants_input()) return false;
  const bool hidden_input = stream_.has_buffered_input();
  const bool discards = session_.phase() == Session::Phase::lingering;
  const bool inside_message = window_was_filled && session_.inside_data_frame();
  if (!hidden_input && !inside_message && !discards) return false;
  if (budget > 0) return true;
  if (hidden_input) read_later();
  return false;
}

template <Stream S, class Handler>
void Channel<S, Handler>::read_later() {
  read_again_ = true;
  loop_.flush_later(*this);
}

template <Stream S, class Handler>
void Channel<S, Handler>::deliver() {
  const bool outer = session_.set_digesting(true);
  while (true) {
    const Event event = session_.next();
    if (std::holds_alternative<NeedInput>(event)) break;
    dispatch(event);
  }
  (void)session_.set_digesting(outer);
}

template <Stream S, class Handler>
void Channel<S, Handler>::dispatch(const Event& event) {
  std::visit(Overloaded{
                 [&](const Message& message) { handler_.on_message(message); },
                 [&](const Fragment& fragment) { handler_.on_fragment(fragment); },
                 [&](const Ping& ping) { handler_.on_ping(ping.payload); },
                 [&](const Pong& pong) { handler_.on_pong(pong.payload); },
                 [](const CloseReceived&) {},  // these three are the session's
                 [](const Failed&) {},
                 [](const NeedInput&) {},
             },
             event);
}

// Output.

/// Each call of the handler may end the channel, or send more.
template <Stream S, class Handler>
void Channel<S, Handler>::write_output() {
  write_now();
  if (session_.take_released([this] { return now(); })) read_later();
  if (session_.take_drained()) handler_.on_drained();
}

template <Stream S, class Handler>
void Channel<S, Handler>::tell_written([[maybe_unused]] std::size_t size) {
  if constexpr (requires { handler_.on_bytes_written(size); }) handler_.on_bytes_written(size);
}

template <Stream S, class Handler>
void Channel<S, Handler>::write_now() {
  const bool had_backlog = session_.has_backlog();
  const IoStatus status = write_waiting(
      session_, stream_, [this] { return now(); },
      [this](std::size_t size) { tell_written(size); });
  write_wants_read_ = status == IoStatus::want_read;
  const bool changed = session_.end_of_write(had_backlog);
  note_debt();
  if (changed) handler_.on_backlog(session_.unsent_bytes());
}

template <Stream S, class Handler>
void Channel<S, Handler>::note_debt() {
  SendBudget* budget = session_.options().budget;
  if (budget == nullptr || session_.is_debtor() || !session_.has_backlog()) return;
  budget->add_debtor(session_, this, [](void* self) {
    auto* channel = static_cast<Channel*>(self);
    channel->loop_.flush_later(*channel);
  });
}

// The end of everything that may have changed something.

template <Stream S, class Handler>
void Channel<S, Handler>::settle() {
  if (ended_) return;
  if (session_.phase() == Session::Phase::open) write_output();
  if (ended_) return;
  session_.settle(now());
  if (session_.wants_shutdown()) try_shutdown();
  if (session_.over()) return finish();
  update_interest();
  if (ended_) return;
  update_timer();
  session_.end_turn();
}

template <Stream S, class Handler>
void Channel<S, Handler>::try_shutdown() {
  const IoResult result = stream_.shutdown();
  shutdown_wants_write_ = result.status == IoStatus::want_write;
  if (result.status == IoStatus::error) return session_.abort({});
  if (!result.would_block()) session_.shut();
}

/// A deadline that moves away does not touch the timer: it looks again when it fires.
template <Stream S, class Handler>
void Channel<S, Handler>::update_timer() {
  const auto deadline = session_.deadline();
  if (!deadline || (is_scheduled() && when() <= *deadline)) return;
  loop_.timers().schedule(*this, *deadline);
}

template <Stream S, class Handler>
void Channel<S, Handler>::update_interest() {
  const bool input = session_.wants_input();
  const bool output = session_.unsent_bytes() > 0 && !session_.write_has_failed();
  const bool read = write_wants_read_ || (input && !read_wants_write_);
  const bool write =
      (input && read_wants_write_) || shutdown_wants_write_ || (!write_wants_read_ && output);
  const Interest interest = interest_in(read, write, session_.is_paused());
  if (const auto error = loop_.watch(stream_.fd(), interest, *this)) abort(error);
}

template <Stream S, class Handler>
void Channel<S, Handler>::finish() {
  if (std::exchange(ended_, true)) return;
  loop_.timers().cancel(*this);
  loop_.forget(stream_.fd(), *this);
  if (session_.ended_well()) (void)stream_.shutdown();  // TLS: says that nothing was cut off
  const SessionEnd end = session_.take_end();
  { const S dying = std::move(stream_); }  // the descriptor is closed before the owner hears of it
  handler_.on_end(end);
}

}  // namespace wirespan::net
