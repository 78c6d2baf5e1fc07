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
      connection_(std::make_unique<Connection>(std::move(connection))),
      handler_(std::move(handler)),
      last_activity_(loop.now()) {
  if (options_.keep_alive.interval.count() > 0) (void)rare();
}

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
    connection().feed(unread);
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
    pumping_ = read_is_last_ = false;
    note_failure(make_error_code(std::errc::not_enough_memory));
    finish();
  }
}

// Calls of the owner.

template <Stream S, class Handler>
std::error_code Channel<S, Handler>::close(std::optional<CloseCode> code, std::string_view reason,
                                           std::optional<std::chrono::milliseconds> time) {
  if (phase_ != Phase::running) return Errc::not_open;
  const auto error = connection().close(code, reason);
  if (error) return unchanged(error);
  rare().close_deadline = after(time.value_or(options_.close_time));
  loop_.flush_later(*this);  // also with a backlog: the timer has to be set
  return {};
}

template <Stream S, class Handler>
void Channel<S, Handler>::fail(std::error_code error) {
  if (phase_ != Phase::running) return;
  note_failure(error);
  connection().fail(error);
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
  own_output();
  release_connection();
}

/// An idle channel has nothing that a new protocol machine would not know.
template <Stream S, class Handler>
void Channel<S, Handler>::release_connection() noexcept {
  if (options_.connections == nullptr || !connection_ || !connection_->is_like_new()) return;
  options_.connections->take_back(std::move(connection_));
}

// Time.

/// Whoever does not read cannot say that the peer is silent. It shows that it lives by taking what
/// waits for it; while nothing does, it has no way to.
template <Stream S, class Handler>
void Channel<S, Handler>::excuse_silence(TimePoint now) {
  if (!paused_ && !held_) return;
  if (!backlog_) last_activity_ = now;
  if (!rare_) return;
  if (rare_->progress_since) rare_->progress_since = now;
  rare_->keep_alive.listen_from(last_activity_);
}

template <Stream S, class Handler>
void Channel<S, Handler>::check_deadlines(TimePoint now) {
  if (rare_ && rare_->close_deadline && now >= *rare_->close_deadline) {
    if (phase_ == Phase::running) note_failure(Errc::close_timeout);
    return finish();
  }
  if (options_.progress_time) check_progress(now);
  const bool idle = options_.idle_time && now - last_activity_ >= *options_.idle_time;
  if (idle && phase_ == Phase::running && state() == State::open) {
    note_failure(Errc::idle_timeout);
    if (connection().close(CloseCode::going_away, "idle")) finish();
  }
}

/// A peer that is inside a message is judged by what it brings in each stretch of time.
template <Stream S, class Handler>
void Channel<S, Handler>::note_progress(std::size_t size) {
  if (!connection().receiving_message()) {
    if (rare_) rare_->progress_since.reset();
  } else if (!rare().progress_since) {
    rare_->progress_since = loop_.now();
    rare_->progress_bytes = 0;
  } else {
    rare_->progress_bytes += size;
  }
}

template <Stream S, class Handler>
void Channel<S, Handler>::check_progress(TimePoint now) {
  const auto since = rare_ ? rare_->progress_since : std::nullopt;
  const bool due = since && now - *since >= *options_.progress_time;
  if (!due || phase_ != Phase::running || state() != State::open) return;
  if (rare_->progress_bytes < options_.progress_bytes) return fail(Errc::slow_sender);
  rare_->progress_since = now;
  rare_->progress_bytes = 0;
}

template <Stream S, class Handler>
void Channel<S, Handler>::tick_keep_alive(TimePoint now) {
  if (!rare_ || state() != State::open) return;
  switch (rare_->keep_alive.tick(now)) {
    case KeepAliveAction::none:
      return;
    case KeepAliveAction::send_ping:
      if (unsent_bytes() > options_.send_hard_limit) return;  // it would not arrive in time anyway
      if (const auto error = connection().ping(wire_bytes(options_.ping_payload)))
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
  std::optional<TimePoint> deadline = rare_ ? rare_->close_deadline : std::nullopt;
  const auto consider = [&](std::optional<TimePoint> when) {
    if (when) deadline = deadline ? std::min(*deadline, *when) : *when;
  };
  if (phase_ == Phase::running && state() == State::open) {
    if (rare_) consider(rare_->keep_alive.next_deadline());
    if (options_.idle_time) consider(last_activity_ + *options_.idle_time);
    if (rare_ && rare_->progress_since) {
      consider(*rare_->progress_since + *options_.progress_time);
    }
  }
  if (!deadline || (is_scheduled() && when() <= *deadline)) return;
  loop_.timers().schedule(*this, *deadline);
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
