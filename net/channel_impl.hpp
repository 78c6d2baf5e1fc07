// channel_impl.hpp - the definitions of Channel, for the few sources that instantiate one. Here:
// what its owner and its loop call, and the time; the rest is in the three files that it includes.
#pragma once

#include <algorithm>
#include <new>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/channel_end.hpp>
#include <wirespan/net/channel_input.hpp>
#include <wirespan/net/channel_output.hpp>

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
  if (phase_ == Phase::ended) return;
  loop_.forget(stream_.fd(), *this);
  phase_ = Phase::ended;
  account();
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
  loop_.flush_later(*this);  // also with a backlog: the timer has to be set
}

template <Stream S, class Handler>
void Channel<S, Handler>::abort(std::error_code error) {
  note_failure(error);
  finish();
}

template <Stream S, class Handler>
void Channel<S, Handler>::resume_reading() {
  if (!std::exchange(paused_, false) || phase_ != Phase::running) return;
  listen_again();
}

// Calls of the loop.

template <Stream S, class Handler>
void Channel<S, Handler>::on_ready(Readiness readiness) {
  guarded([&] {
    hung_up_ = readiness.hung_up;
    // An orderly end waits until its reader goes on: there may be input before it.
    const bool is_lost = readiness.failed && (held_ || (paused_ && !hung_up_));
    if (is_lost) return abort(Errc::connection_lost);
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
    excuse_silence(now);
    check_deadlines(now);
    if (phase_ == Phase::running) tick_keep_alive(now);
    settle();
  });
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

// Time.

/// Whoever does not read cannot say that the peer is silent. It shows that it lives by taking what
/// waits for it; while nothing does, it has no way to.
template <Stream S, class Handler>
void Channel<S, Handler>::excuse_silence(TimePoint now) {
  if (!paused_ && !held_) return;
  if (!backlog_) last_activity_ = now;
  if (progress_since_) progress_since_ = now;
  keep_alive_.listen_from(last_activity_);
}

template <Stream S, class Handler>
void Channel<S, Handler>::check_deadlines(TimePoint now) {
  if (close_deadline_ && now >= *close_deadline_) {
    if (phase_ == Phase::running) note_failure(Errc::close_timeout);
    return finish();
  }
  if (options_.progress_time) check_progress(now);
  const bool idle = options_.idle_time && now - last_activity_ >= *options_.idle_time;
  if (idle && phase_ == Phase::running && connection_.state() == State::open) {
    note_failure(Errc::idle_timeout);
    if (connection_.close(CloseCode::going_away, "idle")) finish();
  }
}

/// A peer that is inside a message is judged by what it brings in each stretch of time.
template <Stream S, class Handler>
void Channel<S, Handler>::note_progress(std::size_t size) {
  if (!connection_.receiving_message()) {
    progress_since_.reset();
  } else if (!progress_since_) {
    progress_since_ = loop_.now();
    progress_bytes_ = 0;
  } else {
    progress_bytes_ += size;
  }
}

template <Stream S, class Handler>
void Channel<S, Handler>::check_progress(TimePoint now) {
  const bool due = progress_since_ && now - *progress_since_ >= *options_.progress_time;
  if (!due || phase_ != Phase::running || connection_.state() != State::open) return;
  if (progress_bytes_ < options_.progress_bytes) return fail(Errc::slow_sender);
  progress_since_ = now;
  progress_bytes_ = 0;
}

template <Stream S, class Handler>
void Channel<S, Handler>::tick_keep_alive(TimePoint now) {
  if (connection_.state() != State::open) return;
  switch (keep_alive_.tick(now)) {
    case KeepAliveAction::none:
      return;
    case KeepAliveAction::send_ping:
      if (unsent_bytes() > options_.send_hard_limit) return;  // it would not arrive in time anyway
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
    if (progress_since_) consider(*progress_since_ + *options_.progress_time);
  }
  if (!deadline || (is_scheduled() && timer_at_ <= *deadline)) return;
  timer_at_ = *deadline;
  loop_.timers().schedule(*this, timer_at_);
}

template <Stream S, class Handler>
void Channel<S, Handler>::update_interest() {
  // The poller tells of a hang-up again and again, also those who ask for nothing.
  if (hung_up_ && paused_ && phase_ == Phase::running) return loop_.unwatch(stream_.fd(), *this);
  const bool takes_input = phase_ == Phase::lingering || reads();
  const bool read = write_wants_read_ || (takes_input && !read_wants_write_);
  const bool write = (takes_input && read_wants_write_) || shutdown_wants_write_ ||
                     (!write_wants_read_ && unsent_bytes() > 0);
  if (const auto error = loop_.watch(stream_.fd(), interest_in(read, write), *this)) {
    abort(error);
  }
}

}  // namespace wirespan::net
