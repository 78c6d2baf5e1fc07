// session.cpp - Session: input, deadlines and the closing handshake. Sending is in
// session_send.cpp.
#include <algorithm>
#include <new>

#include <wirespan/net/session.hpp>

namespace wirespan::net {

Session::Session(Connection connection, const SessionOptions& options, WriteQueuePool& queues,
                 bool gathers, TimePoint now)
    : connection_(std::make_unique<Connection>(std::move(connection))),
      queue_(options, queues),
      last_activity_(now),
      gathers_(gathers) {
  if (options.keep_alive.interval.count() > 0) (void)rare();
}

Session::~Session() { finish(); }

/// match_pongs would be void if other bytes answered pings.
void Session::make_rare() {
  KeepAlive::Options keep_alive = options().keep_alive;
  keep_alive.only_pongs_count = keep_alive.only_pongs_count || options().match_pongs;
  rare_.reset(new Rare{.keep_alive = {keep_alive, last_activity_}});
}

// Input.

MutableBytes Session::receive_window(MutableBytes shared) {
  queue_.own();
  if (phase_ != Phase::open) return shared;
  return connection().receive_window(shared);
}

void Session::received(MutableBytes bytes, TimePoint now, bool is_last) {
  active_ = alive_ = true;
  last_activity_ = now;
  if (phase_ == Phase::open) {
    if (rare_ && rare_->progress_since) rare_->progress_bytes += bytes.size();
    read_is_last_ = is_last;
    connection().feed(bytes);
  } else if (phase_ == Phase::lingering) {
    rare().discarded += bytes.size();
    if (rare_->discarded > limits::linger_bytes) finish();
  }
}

void Session::read_ended(std::error_code error) {
  if (error) note_failure(error);
  if (error || phase_ == Phase::lingering) return finish();
  if (phase_ == Phase::over) return;
  reading_ = Reading::ended;
  connection().feed_eof();
}

/// Slow path of next(): every event but a message, and every event after our own close(), from when
/// on only the peer's Close and the end are delivered.
void Session::judge(Event& event) {
  const auto is_passed_over = [](const Event& one) {
    return std::holds_alternative<Message>(one) || std::holds_alternative<Fragment>(one) ||
           std::holds_alternative<Ping>(one) || std::holds_alternative<Pong>(one);
  };
  note_control(event);
  while (delivery_stopped_ && is_passed_over(event)) {
    event = connection().next();
    note_control(event);
  }
}

/// Records progress, pongs, the peer's Close and failures. Turns a ping above the limit into the
/// failure that it is.
void Session::note_control(Event& event) {
  if (std::holds_alternative<NeedInput>(event)) {
    note_progress();
  } else if (std::holds_alternative<Ping>(event)) {
    if (!judge_ping()) event = Failed{make_error_code(Errc::ping_flood)};
  } else if (std::holds_alternative<Pong>(event)) {
    note_pong(std::get<Pong>(event).payload);
  } else if (const auto* close = std::get_if<CloseReceived>(&event)) {
    rare().end.code = close->code;
    rare().end.reason = close->reason;
  } else if (const auto* failed = std::get_if<Failed>(&event)) {
    note_failure(failed->error);
  }
}

/// Tells keep-alive of a pong. With match_pongs only one that answers a numbered ping counts; RFC
/// 6455 §5.5.3 lets a peer answer the latest of several pings alone.
void Session::note_pong(Bytes payload) {
  Rare& own = rare();
  if (!options().match_pongs) return own.keep_alive.on_pong(last_activity_);
  const std::uint64_t number = number_of_ping(wire_text(payload), options().ping_payload);
  if (number <= own.pings_answered || number > own.pings_sent) return;
  own.pings_answered = number;
  own.keep_alive.on_pong(last_activity_, number == own.pings_sent);
}

/// Sends a ping of keep-alive.
std::error_code Session::send_keep_alive_ping() {
  if (!options().match_pongs) return connection().ping(wire_bytes(options().ping_payload));
  const std::uint64_t number = rare().pings_sent + 1;
  const auto error = connection().ping(wire_bytes(numbered_ping(options().ping_payload, number)));
  if (!error) rare().pings_sent = number;
  return error;
}

/// Counts a ping. False if it exceeds max_pings_per_second: the connection has failed.
bool Session::judge_ping() {
  Rare& own = rare();
  if (last_activity_ - own.ping_window >= std::chrono::seconds(1)) {
    own.ping_window = last_activity_;
    own.pings_in_window = 0;
  }
  if (++own.pings_in_window <= connection().options().receive.max_pings_per_second) return true;
  fail(Errc::ping_flood);
  return false;
}

void Session::pause() noexcept {
  if (delivery_stopped_ || reads_to_end_ || reading_ == Reading::ended) return;
  reading_ = Reading::paused;
}

bool Session::resume(TimePoint now) {
  if (reading_ != Reading::paused) return false;
  read_on(now);
  return phase_ == Phase::open;
}

void Session::read_on(TimePoint now) {
  reading_ = Reading::on;
  suspend_peer_timeouts_until(now);
}

void Session::hung_up() noexcept { read_through_the_end(); }

/// The end is always read: neither a pause nor the high watermark holds it up.
void Session::read_through_the_end() noexcept {
  reads_to_end_ = true;
  if (reading_ == Reading::paused || reading_ == Reading::held) reading_ = Reading::on;
}

// Time.

/// Restarts the pong and idle timeouts at `now`: until then nothing was read, so the peer is not
/// late.
void Session::suspend_peer_timeouts_until(TimePoint now) {
  if (rare_) rare_->keep_alive.listen_from(now);
  if (!has_backlog()) last_activity_ = now;
}

/// While reading is paused or held, the progress timeout is suspended, and so are the pong and idle
/// timeouts, unless there is a backlog: a peer that lives could read it.
void Session::suspend_peer_timeouts(TimePoint now) {
  if (reading_ != Reading::paused && reading_ != Reading::held) return;
  if (!has_backlog()) last_activity_ = now;
  if (!rare_) return;
  if (rare_->progress_since) rare_->progress_since = now;
  rare_->keep_alive.listen_from(last_activity_);
}

/// Turns the facts of the turn into the time of the last activity and a sign of life.
void Session::note_life(TimePoint now) noexcept {
  if (std::exchange(active_, false)) last_activity_ = now;
  if (std::exchange(alive_, false) && rare_) rare_->keep_alive.on_life();
}

bool Session::tick(TimePoint now) {
  note_life(now);
  suspend_peer_timeouts(now);
  if (check_close_deadline(now) || phase_ != Phase::open) return false;
  if (state() != State::open || queue_.has_failed()) return false;
  check_progress(now);
  check_idle(now);
  return state() == State::open && tick_keep_alive(now);
}

bool Session::check_close_deadline(TimePoint now) {
  if (!rare_ || !rare_->close_deadline || now < *rare_->close_deadline) return false;
  if (phase_ == Phase::open) note_failure(Errc::close_timeout);
  finish();
  return true;
}

/// Starts or ends the measurement of the receive rate: inside a message the peer has to send
/// progress_bytes in each progress_time.
void Session::note_progress() {
  if (!options().progress_time) return;
  if (!connection_ || !connection_->receiving_message()) {
    if (rare_) rare_->progress_since.reset();
  } else if (!rare().progress_since) {
    rare_->progress_since = last_activity_;
    rare_->progress_bytes = 0;
  }
}

void Session::check_progress(TimePoint now) {
  const auto since = rare_ ? rare_->progress_since : std::nullopt;
  if (!since || now < later(*since, *options().progress_time)) return;
  if (rare_->progress_bytes < options().progress_bytes) return fail(Errc::slow_sender);
  rare_->progress_since = now;
  rare_->progress_bytes = 0;
}

void Session::check_idle(TimePoint now) {
  if (!options().idle_time || now < later(last_activity_, *options().idle_time)) return;
  if (state() != State::open) return;
  note_failure(Errc::idle_timeout);
  delivery_stopped_ = true;
  if (connection().close(CloseCode::going_away, "idle")) finish();
}

bool Session::tick_keep_alive(TimePoint now) {
  if (!rare_) return false;
  switch (rare_->keep_alive.tick(now)) {
    case KeepAliveAction::none:
      return false;
    case KeepAliveAction::send_ping: {
      if (!queue_.fits(0, connection_.get())) return false;  // its pong would be late anyway
      const auto error = send_keep_alive_ping();
      if (error) fail(error);
      return !error;
    }
    case KeepAliveAction::peer_is_gone:
      // The Close frame is written once, in case the peer is alive after all; no answer is awaited.
      fail(Errc::ping_timeout);
      rare_->close_deadline = now;
      return false;
  }
  return false;
}

std::optional<TimePoint> Session::deadline() const noexcept {
  std::optional<TimePoint> first = rare_ ? rare_->close_deadline : std::nullopt;
  const auto consider = [&](std::optional<TimePoint> when) {
    if (when) first = first ? std::min(*first, *when) : *when;
  };
  if (!accepts() || state() != State::open) return first;
  if (rare_) consider(rare_->keep_alive.next_deadline());
  if (options().idle_time) consider(later(last_activity_, *options().idle_time));
  if (rare_ && rare_->progress_since) {
    consider(later(*rare_->progress_since, *options().progress_time));
  }
  return first;
}

// The end.

void Session::settle(TimePoint now) {
  note_life(now);
  if (phase_ == Phase::over || check_close_deadline(now)) return;
  if (phase_ == Phase::open && connection_) follow_transport_action(now);
}

void Session::follow_transport_action(TimePoint now) {
  const TransportAction action = connection_->transport_action();
  const bool peer_ended = reading_ == Reading::ended;
  const bool closing = action != TransportAction::keep || connection_->close_sent();
  if ((closing || queue_.has_failed()) && !rare().close_deadline) {
    rare_->close_deadline = later(now, rare_->close_time.value_or(options().close_time));
  }
  if (closing) read_through_the_end();
  if (queue_.has_failed()) {  // no output any more, but the peer's last input still counts
    const bool heard_all = peer_ended || connection_->failed() || connection_->close_received();
    return heard_all ? finish() : void();
  }
  if (action == TransportAction::keep) return;
  if (peer_ended && connection_->failed()) return finish();
  if (unsent_bytes() > 0) return;  // close_deadline bounds this wait
  if (peer_ended) return finish();
  if (action == TransportAction::await_peer_close) {
    shut_ = true;  // §7.1.1: the server closes TCP first, not the client
    linger(options().peer_close_time, now);
  } else {
    linger(options().close_time, now);
  }
}

/// Lingering close: our side has sent everything, and the peer gets time to read it. If we closed
/// at once, the kernel would answer further bytes of the peer with a reset, which destroys our
/// Close frame on its way.
void Session::linger(std::chrono::milliseconds time, TimePoint now) {
  phase_ = Phase::lingering;
  const TimePoint end = later(now, time);
  // A deadline given to close() bounds the whole closing handshake, lingering included.
  rare_->close_deadline = rare_->close_time ? std::min(*rare_->close_deadline, end) : end;
}

/// Records the cause of the end. Only the first failure counts, and none after the peer's Close
/// frame. A write error is the cause of every failure that follows it.
void Session::note_failure(std::error_code error) noexcept {
  if (has_failure() || (connection_ && connection_->close_received())) return;
  try {
    const std::error_code cause = rare().write_error ? rare().write_error : error;
    rare().end.error = cause;
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
  }
}

void Session::limit_close(TimePoint deadline) {
  auto& own = rare().close_deadline;
  own = own ? std::min(*own, deadline) : deadline;
}

void Session::fail(std::error_code cause) {
  if (phase_ != Phase::open) return;
  note_failure(cause);
  connection().fail(cause);
}

void Session::abort(std::error_code cause) noexcept {
  if (phase_ != Phase::over) note_failure(cause);
  finish();
}

void Session::collect_debts() {
  if (options().budget != nullptr) (void)options().budget->collect(*this, 0);
}

void Session::pay() noexcept {
  note_failure(Errc::overflow_closed);
  finish();
}

void Session::leave_debt() noexcept {
  if (is_debtor()) options().budget->remove_debtor(*this);
}

void Session::finish() noexcept {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  queue_.fail(connection_.get());
  leave_debt();
}

std::error_code Session::failure() const noexcept {
  if (out_of_memory_) return make_error_code(std::errc::not_enough_memory);
  return rare_ ? rare_->end.error : std::error_code{};
}

SessionEnd Session::take_end() noexcept {
  SessionEnd end = rare_ ? std::move(rare_->end) : SessionEnd();
  if (out_of_memory_) end.error = failure();
  end.unsent_bytes = unsent_bytes();
  return end;
}

void Session::end_turn() {
  queue_.own();
  ProtocolPool* pool = options().connections;
  if (pool == nullptr || !connection_ || !connection_->is_like_new()) return;
  pool->take_back(std::move(connection_));
}

std::optional<ReceiveTime> Session::received_at() const noexcept {
  const bool is_known = rare_ && rare_->received_at != ReceiveTime();
  return is_known ? std::optional(rare_->received_at) : std::nullopt;
}

}  // namespace wirespan::net
