// session.hpp - the life of one open connection, without a socket, a thread or a clock.
// RFC 6455 §5.5, §7.1.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/connection_pool.hpp>
#include <wirespan/net/send_queue.hpp>
#include <wirespan/net/session_options.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// How a connection ended.
struct SessionEnd {
  /// The cause; none after a closing handshake.
  std::error_code error;
  /// Code and reason of the peer's Close frame; 1006 if there was none. RFC 6455 §7.1.5.
  CloseCode code = CloseCode::abnormal_closure;
  std::string reason;
  /// Bytes that were accepted and never reached the kernel.
  std::size_t unsent_bytes = 0;
};

/// How a message is sent.
struct SendHow {
  bool fin = true;  ///< False: more parts follow, with Opcode::continuation.
  Compress compress = Compress::if_agreed;
  Admission admission = Admission::ask;
};

/// One connection between its opening handshake and its end. An owner (Channel on an event loop,
/// the blocking client, a simulation) moves the bytes and tells the time, and judges nothing: every
/// rule about deadlines, liveness, admission, the closing handshake and the account of what was
/// lost is in here.
///
/// Phases: `open` (frames pass; a closing handshake may be under way), `lingering` (our side has
/// said all; input is discarded until the peer ends the stream or the close time is over), `over`.
/// Input and output end apart: after a failed write the session goes on reading, so that what the
/// peer has sent, its Close above all, still counts. The owner destroys the session when it is
/// over; destroying it earlier sends nothing.
///
/// An owner's turn: read into receive_window() while wants_input(), received(), next() until
/// NeedInput; then gather() and wrote() until all has left or the kernel takes no more,
/// end_of_write(), settle(). At deadline() it reads what the kernel has, then calls tick() and
/// settles. It shuts its stream down when wants_shutdown(), and closes it when over().
///
/// Not thread-safe. Throws nothing but std::bad_alloc, after which the owner calls abort().
class Session {
 public:
  enum class Phase : std::uint8_t { open, lingering, over };
  enum class Reading : std::uint8_t {
    on,
    paused,  ///< By the owner's user, until resume().
    held,    ///< Above the high watermark, with SessionOptions::hold_reading.
    ended,   ///< The peer has ended its direction.
  };

  /// `gathers`: the stream writes pieces from where they lie.
  Session(Connection connection, const SessionOptions& options, WriteQueuePool& queues,
          bool gathers, TimePoint now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Input.

  /// Where to read next. What received() was given last may be overwritten from here on.
  [[nodiscard]] MutableBytes receive_window(MutableBytes shared);
  /// Bytes that were read into the window; borrowed until next() has returned NeedInput. `is_last`:
  /// the owner writes before it reads again, so that an answer may leave from where its request
  /// lies.
  void received(MutableBytes bytes, TimePoint now, bool is_last);
  /// The peer has ended its direction in order, or reading has failed.
  void read_ended(std::error_code error);
  /// The next event, until NeedInput. Views in it are valid until the next call of next() or
  /// receive_window(). After CloseReceived and Failed nothing follows.
  [[nodiscard]] Event next();
  [[nodiscard]] bool has_unread_input() const noexcept {
    return connection_ && connection_->has_unread_input();
  }
  /// Nothing is read or delivered until resume(), unless the peer leaves or our Close is sent.
  void pause() noexcept;
  /// False if nothing had been paused.
  [[nodiscard]] bool resume(TimePoint now);
  /// Both directions have ended, or the peer has left a paused reader: what came before is
  /// delivered without a pause, and then the end is told.
  void hung_up() noexcept;
  [[nodiscard]] bool wants_input() const noexcept {
    return phase_ == Phase::lingering || (phase_ == Phase::open && reading_ == Reading::on);
  }
  [[nodiscard]] bool is_paused() const noexcept { return reading_ == Reading::paused; }
  /// In the middle of a message, so that reading on finishes it while it is in the cache.
  [[nodiscard]] bool inside_data_frame() const noexcept {
    return connection_ && connection_->inside_data_frame();
  }

  // Calls of the user. Each appends whole frames, or changes nothing and says why: the errors of
  // Connection, Errc::send_queue_full, send_budget_spent or overflow_closed.

  /// A message or a part of one; a ping or pong goes the way of send_control().
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, const SendHow& how = {});
  /// A message that others send, too: nothing of it is copied. Servers only.
  [[nodiscard]] std::error_code send_published(const PublishedFrame::Ptr& frame);
  /// Opcode::ping or pong; control frames are bounded, but ask for no room below the hard limit.
  [[nodiscard]] std::error_code send_control(Opcode opcode, Bytes payload,
                                             Admission admission = Admission::ask);
  /// Something was refused on behalf of this session: take_drained() tells when there is room.
  void owe_drain() noexcept { queue_.owe_drain(); }
  /// Starts the closing handshake, which may take `time` from the next settle() on;
  /// SessionOptions::close_time if unset. A pause ends, and what it held back is discarded.
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code, std::string_view reason,
                                      std::optional<std::chrono::milliseconds> time = {},
                                      AfterClose after = AfterClose::discard);
  /// From now on no message, ping or pong is delivered; an owner that is about to close.
  void stop_delivery() noexcept { muted_ = true; }
  /// A closing handshake that is under way ends at `deadline` at the latest.
  void limit_close(TimePoint deadline);
  /// Fails the connection: Close frame for `cause`, then the end with it.
  void fail(std::error_code cause);
  /// Over at once, with `cause`.
  void abort(std::error_code cause) noexcept;
  /// A message was accepted beyond the budget: the owner writes at once, then calls
  /// collect_debts().
  [[nodiscard]] bool overdraws() const noexcept {
    return options().budget != nullptr && options().budget->overdrawn();
  }
  /// The sessions that owe the most pay until the budget is kept, or this one owes the most.
  void collect_debts() { (void)options().budget->collect(*this, 0); }
  /// Called by SendBudget: this session owes the most. It is over with Errc::overflow_closed, and
  /// what it had queued is lost and counted. No Close frame: the peer does not read.
  void pay() noexcept;

  // Output.

  /// The beginning of what waits; returns how many of `pieces` it has filled.
  [[nodiscard]] std::size_t gather(std::span<Bytes> pieces) const noexcept;
  /// `bytes` of what was gathered have left; `repeat` more have to be offered again unchanged
  /// (TLS). `all`: everything that was offered has left.
  void wrote(std::size_t bytes, std::size_t repeat, bool all);
  /// Nothing more can be written. Reading goes on; the end comes with the peer's, or in time.
  void write_failed(std::error_code error, TimePoint now);
  /// The kernel was asked for the last time in this turn. `had_backlog`: has_backlog() before it
  /// was asked. True if the backlog has changed, which the owner tells its user.
  [[nodiscard]] bool end_of_write(bool had_backlog);
  /// After each end_of_write(), where SessionOptions::budget is shared: what the kernel has refused
  /// is a debt, and `wake(owner)` is called when this session was made to pay.
  void note_debt(void* owner, SendBudget::Wake wake) {
    SendBudget* budget = options().budget;
    if (budget != nullptr && has_backlog() && !is_debtor()) budget->add_debtor(*this, owner, wake);
  }
  /// At most the low watermark is left, after a crossing of the high one or a refusal; once.
  [[nodiscard]] bool take_drained() noexcept;
  /// The same, where reading was held back: the owner reads on. The clock is asked only then.
  template <class Clock>
  [[nodiscard]] bool take_released(Clock clock) {
    const bool may_go_on = phase_ == Phase::open && reading_ == Reading::held &&
                           !queue_.is_above_low(connection_.get());
    if (may_go_on) read_on(clock());
    return may_go_on;
  }
  /// Messages that made room for newer ones since the last call.
  [[nodiscard]] std::size_t take_dropped() noexcept {
    return rare_ ? std::exchange(rare_->dropped, 0U) : 0;
  }
  /// A published message has replaced an unsent one since the last call.
  [[nodiscard]] bool take_conflated() noexcept {
    return rare_ && std::exchange(rare_->conflated, false);
  }

  // Time and ending.

  /// Call at deadline(), after what the kernel holds was received. True: a ping was appended.
  [[nodiscard]] bool tick(TimePoint now);
  /// The end of each turn: draws the consequences of everything that was told.
  void settle(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> deadline() const noexcept;
  /// The owner ends our direction of the stream, then calls shut().
  [[nodiscard]] bool wants_shutdown() const noexcept {
    return phase_ == Phase::lingering && !shut_;
  }
  void shut() noexcept { shut_ = true; }
  [[nodiscard]] bool over() const noexcept { return phase_ == Phase::over; }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  /// The last goodbye of the stream (TLS close_notify) is due: nothing has failed.
  [[nodiscard]] bool ended_well() const noexcept { return !has_failure(); }
  /// Once, when it is over.
  [[nodiscard]] SessionEnd take_end() noexcept;
  /// The owner is about to use the memory of the last input again: copies what was borrowed of it,
  /// and gives back what an idle session can do without.
  void end_turn();

  // State.

  [[nodiscard]] const SessionOptions& options() const noexcept { return queue_.options(); }
  /// Bytes that wait to be written; after the end, what was lost.
  [[nodiscard]] std::size_t unsent_bytes() const noexcept {
    return queue_.unsent(connection_.get());
  }
  /// The same with what memory each entry takes: what the limits are compared with.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return queue_.held(connection_.get()); }
  /// The kernel has refused some of the output: what is sent now waits behind it.
  [[nodiscard]] bool has_backlog() const noexcept { return queue_.is_blocked(); }
  [[nodiscard]] bool write_has_failed() const noexcept { return queue_.has_failed(); }
  /// Why; none before.
  [[nodiscard]] std::error_code write_error() const noexcept {
    return rare_ ? rare_->write_error : std::error_code{};
  }
  /// The cause of the end, once there is one; none after a closing handshake.
  [[nodiscard]] std::error_code failure() const noexcept;
  /// A message of that size would not be refused for want of room.
  [[nodiscard]] bool has_room(std::size_t size) const noexcept {
    return queue_.fits(size, connection_.get());
  }
  [[nodiscard]] State state() const noexcept {
    return connection_ ? connection_->state() : State::open;
  }
  [[nodiscard]] const Connection* protocol() const noexcept { return connection_.get(); }
  /// Bytes of memory held for input, messages and output; 0 when idle.
  [[nodiscard]] std::size_t memory() const noexcept {
    return connection_ ? connection_->memory() : 0;
  }
  /// When the kernel received the end of what was read last.
  [[nodiscard]] std::optional<ReceiveTime> received_at() const noexcept;
  void note_received_at(ReceiveTime time) {
    if (rare_ || time != ReceiveTime()) rare().received_at = time;
  }
  [[nodiscard]] const KeepAlive& keep_alive() { return rare().keep_alive; }
  /// While a batch of input is digested: what is sent leaves at the end of it.
  [[nodiscard]] bool set_digesting(bool on) noexcept { return std::exchange(digesting_, on); }
  [[nodiscard]] bool is_digesting() const noexcept { return digesting_; }
  [[nodiscard]] bool is_debtor() const noexcept { return rare_ && rare_->debt != no_debt; }

 private:
  friend class SendBudget;
  static constexpr std::uint32_t no_debt = UINT32_MAX;

  /// State that most connections never need, or only at their end: an idle one does without.
  struct Rare {
    KeepAlive keep_alive;
    SessionEnd end{};
    std::error_code write_error{};
    std::optional<std::chrono::milliseconds> close_time{};  // of this closing handshake
    std::optional<TimePoint> close_deadline{};
    std::optional<TimePoint> progress_since{};  // inside a message: when its peer is judged from
    std::size_t progress_bytes = 0;
    ReceiveTime received_at{};
    TimePoint ping_window{};
    std::uint32_t pings_in_window = 0;
    std::size_t discarded = 0;
    std::uint32_t dropped = 0;
    std::uint32_t debt = no_debt;  // our place among the debtors of the budget
    bool conflated = false;
  };

  [[nodiscard]] Rare& rare() {
    if (!rare_) rare_.reset(new Rare{.keep_alive = {options().keep_alive, last_activity_}});
    return *rare_;
  }
  /// The protocol object; one of the pool's if there was nothing to keep one for.
  [[nodiscard]] Connection& connection() {
    if (!connection_) connection_ = options().connections->lend();
    return *connection_;
  }
  [[nodiscard]] bool delivers();
  [[nodiscard]] Event next_delivered();
  [[gnu::noinline]] void judge(Event& event);
  void note_control(Event& event);
  [[nodiscard]] bool judge_ping();
  [[nodiscard]] std::error_code admit(std::size_t size);
  [[nodiscard, gnu::noinline]] std::error_code overflow(std::size_t size);
  [[nodiscard]] bool drop_for(std::size_t size);
  [[nodiscard]] bool is_affordable(std::size_t size);
  [[nodiscard]] std::error_code refuse(Errc why) noexcept;
  [[nodiscard]] bool accepts() const noexcept {
    return phase_ == Phase::open && !queue_.has_failed();
  }
  [[nodiscard, gnu::noinline]] bool send_from_where_it_lies(Opcode opcode, Bytes payload,
                                                            Compress compress);
  [[nodiscard]] bool lend_delivered(Opcode opcode, Bytes payload, Compress compress);
  [[gnu::noinline]] void own_delivered();
  void note_sent();
  void note_high_water() noexcept;
  void note_failure(std::error_code error) noexcept;
  [[nodiscard]] bool has_failure() const noexcept {
    return out_of_memory_ || (rare_ && rare_->end.error);
  }
  void read_on(TimePoint now);
  void read_through_the_end() noexcept;
  void leave_debt() noexcept;
  void note_life(TimePoint now) noexcept;
  void note_progress();
  void check_progress(TimePoint now);
  void check_idle(TimePoint now);
  [[nodiscard]] bool check_close_deadline(TimePoint now);
  [[nodiscard]] bool tick_keep_alive(TimePoint now);
  void suspend_peer_timeouts(TimePoint now);
  void suspend_peer_timeouts_until(TimePoint now);
  void follow_transport_action(TimePoint now);
  void linger(std::chrono::milliseconds time, TimePoint now);
  void finish() noexcept;

  std::unique_ptr<Connection> connection_;  // null: it would be like new
  std::unique_ptr<Rare> rare_;
  SendQueue queue_;
  TimePoint last_activity_;
  Phase phase_ = Phase::open;
  Reading reading_ = Reading::on;
  // Facts of the turn; settle() turns them into times.
  bool active_ = false;  // bytes passed
  bool alive_ = false;   // bytes came, or the peer has taken some of a backlog
  bool digesting_ = false;
  bool read_is_last_ = false;
  bool lends_delivered_ = false;  // the queue has borrowed the message that is being handled
  // Facts for good.
  bool gathers_ : 1;
  bool muted_ : 1 = false;          // nothing is delivered any more
  bool reads_to_end_ : 1 = false;   // the peer has left, or one side closes: no pause, no hold
  bool shut_ : 1 = false;           // our direction of the stream has ended
  bool out_of_memory_ : 1 = false;  // the cause, where there was no memory to note one
};

// Asked for every message.

inline bool Session::delivers() {
  // Each message of one batch may ask for much.
  const bool may_hold = options().hold_reading && !reads_to_end_ && reading_ == Reading::on;
  if (may_hold && has_unread_input() && queue_.is_above_high(connection_.get())) {
    reading_ = Reading::held;
  }
  if (reading_ == Reading::on || reading_ == Reading::ended) return true;
  if (connection_) connection_->keep_unread_input();
  return false;
}

/// One object from the protocol to the caller: an event that is copied waits for its own parts.
inline Event Session::next_delivered() {
  Event event = connection().next();
  if (muted_ || !std::holds_alternative<Message>(event)) judge(event);
  return event;
}

inline Event Session::next() {
  if (lends_delivered_) own_delivered();
  return phase_ == Phase::open && delivers() ? next_delivered() : Event();
}

}  // namespace wirespan::net
