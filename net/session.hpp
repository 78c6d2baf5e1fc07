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
#include <wirespan/net/protocol_pool.hpp>
#include <wirespan/net/send_queue.hpp>
#include <wirespan/net/session_options.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// The end of a connection: its cause, the peer's Close frame, the lost bytes.
struct SessionEnd {
  /// Cause of the end; no error after a closing handshake.
  std::error_code error;
  /// Code and reason of the peer's Close frame; 1006 if there was none. RFC 6455 §7.1.5.
  CloseCode code = CloseCode::abnormal_closure;
  std::string reason;  ///< The reason of that frame.
  /// Bytes that were accepted and never reached the kernel.
  std::size_t unsent_bytes = 0;
};

/// The life of one open connection, from the end of its opening handshake to its own end. An owner
/// (Channel on an event loop, the blocking client, a simulation) moves the bytes and tells the
/// time; it decides nothing. Every rule about deadlines, keep-alive and liveness, the idle timeout,
/// admission, backpressure, the closing handshake and the count of lost bytes is in here.
///
/// Phases: `open` (frames pass; a closing handshake may be under way), `lingering` (lingering
/// close: our side has sent everything; input is discarded until the peer ends the stream or the
/// close time is over), `over` (final). Input and output end separately: after a failed write the
/// session goes on reading, so that messages and the Close frame that the peer has sent still
/// count. The owner destroys the session when it is over; destroying it earlier sends nothing.
///
/// An owner's turn: read into receive_window() while wants_input(), received(), next() until
/// NeedInput; then gather() and wrote() until all is written or the kernel takes no more,
/// end_of_write(), settle(). At deadline() it reads what the kernel has, then calls tick() and
/// settle(). It shuts its stream down when wants_shutdown(), and closes it when over().
///
/// Not thread-safe. Throws nothing but std::bad_alloc, after which the owner calls abort().
class Session {
 public:
  /// See the class.
  enum class Phase : std::uint8_t { open, lingering, over };
  /// Whether input is read and delivered and, if not, the reason.
  enum class Reading : std::uint8_t {
    on,
    paused,  ///< The user has called pause(); until resume().
    held,    ///< More than the high watermark is unsent, with SessionOptions::hold_reading.
    ended,   ///< The peer has half-closed.
  };

  /// `gathers`: the stream does gather writes (see net::gathers()). The options, the protocol
  /// pool in them and `queues` must outlive the session.
  Session(Connection connection, const SessionOptions& options, WriteQueuePool& queues,
          bool gathers, TimePoint now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Input.

  /// Returns the memory to read into next: `shared`, or the buffer of a message that is under way.
  /// The bytes that received() was given last may be overwritten from here on.
  [[nodiscard]] MutableBytes receive_window(MutableBytes shared);
  /// Takes bytes that were read into the window; they are borrowed until next() has returned
  /// NeedInput. `is_last`: the owner writes before it reads again, so that a zero-copy echo may
  /// send an answer from where its request lies.
  void received(MutableBytes bytes, TimePoint now, bool is_last);
  /// Ends the input: the peer has half-closed (no error), or reading has failed.
  void read_ended(std::error_code error);
  /// Returns the next event, or NeedInput when the input is digested or reading is paused or held.
  /// Views in it are valid until the next call of next() or receive_window(). After CloseReceived
  /// and Failed nothing follows.
  [[nodiscard]] Event next();
  /// True if received bytes wait for next().
  [[nodiscard]] bool has_unread_input() const noexcept {
    return connection_ && connection_->has_unread_input();
  }
  /// Stops reading and delivery until resume(). A peer that leaves, and our own Close, end the
  /// pause.
  void pause() noexcept;
  /// Ends a pause. True if the owner has to read on; false if there was no pause.
  [[nodiscard]] bool resume(TimePoint now);
  /// Ends a pause for good, because both directions have ended or the peer has half-closed: input
  /// that came before is delivered, then the end.
  void hung_up() noexcept;
  /// True if the owner should read.
  [[nodiscard]] bool wants_input() const noexcept {
    return phase_ == Phase::lingering || (phase_ == Phase::open && reading_ == Reading::on);
  }
  /// True after pause().
  [[nodiscard]] bool is_paused() const noexcept { return reading_ == Reading::paused; }
  /// True in the middle of a data frame: reading on finishes it while it is in the CPU cache.
  [[nodiscard]] bool inside_data_frame() const noexcept {
    return connection_ && connection_->inside_data_frame();
  }

  // Calls of the user. Each appends whole frames, or none and returns an error: one of
  // Connection's, Errc::send_queue_full, send_budget_spent or overflow_closed.

  /// Sends a message or a part of one; a ping or pong as send_control() does. If send_queue_full
  /// comes without a backlog, the kernel was not asked yet: the owner writes, and sends again.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, const SendHow& how = {});
  /// Sends a published message (fan-out): the frame is shared with other sessions; a small one may
  /// be copied. Conflation: it replaces an unsent one with the same key. Servers only.
  [[nodiscard]] std::error_code send_published(const PublishedFrame::Ptr& frame);
  /// Sends Opcode::ping or pong. Control frames are small: one is refused only if more than the
  /// hard limit is unsent already.
  [[nodiscard]] std::error_code send_control(Opcode opcode, Bytes payload,
                                             Admission admission = Admission::ask);
  /// Makes take_drained() due, because a sender to this session was refused elsewhere.
  void owe_drain() noexcept { queue_.owe_drain(connection_.get()); }
  /// Starts the closing handshake, which may take `time` from the next settle() on;
  /// SessionOptions::close_time if unset. A pause ends, and input that it held back is discarded.
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code, std::string_view reason,
                                      std::optional<std::chrono::milliseconds> time = {},
                                      AfterClose after = AfterClose::discard);
  /// Delivers no message, ping or pong from here on; for an owner that is about to close.
  void stop_delivery() noexcept { delivery_stopped_ = true; }
  /// Ends a closing handshake that is under way at `deadline` at the latest.
  void limit_close(TimePoint deadline);
  /// Fails the connection (RFC 6455 §7.1.7): sends a Close frame for `cause`, then ends with it.
  void fail(std::error_code cause);
  /// Ends the session at once, with `cause`.
  void abort(std::error_code cause) noexcept;
  /// True if output should not wait for the end of the turn. The owner writes at once, then calls
  /// collect_debts().
  [[nodiscard]] bool should_write_now() const noexcept {
    return queue_.should_leave_now(connection_.get());
  }
  /// Ends the largest debtors until the budget is kept or this session is the largest.
  void collect_debts();
  /// Called by SendBudget, because this session holds the most. Ends it with Errc::overflow_closed
  /// and counts its output as lost. No Close frame: the peer does not read.
  void pay() noexcept;

  // Output.

  /// Fills `pieces` with the beginning of the output, for a gather write; returns their number.
  [[nodiscard]] std::size_t gather(std::span<Bytes> pieces) const noexcept;
  /// Removes `bytes` of the gathered output, which were written; TLS needs the `repeat` bytes after
  /// them again unchanged. `all`: everything that was offered was written.
  void wrote(std::size_t bytes, std::size_t repeat, bool all);
  /// Loses the output, because a write has failed. Reading goes on; the session ends with the
  /// peer's stream or at the deadline of the closing handshake.
  void write_failed(std::error_code error, TimePoint now);
  /// Ends the writing of this turn. `had_backlog`: has_backlog() before it. True if the backlog has
  /// changed; the owner tells its user.
  [[nodiscard]] bool end_of_write(bool had_backlog);
  /// Call after each end_of_write(). Makes a session with a backlog a debtor of
  /// SessionOptions::budget; `wake(owner)` is called when the budget has ended this session.
  void note_debt(void* owner, SendBudget::Wake wake) {
    SendBudget* budget = options().budget;
    if (budget != nullptr && has_backlog() && !is_debtor()) budget->add_debtor(*this, owner, wake);
  }
  /// True if on_drained() is due: no more than the low watermark is unsent, after the high one was
  /// crossed with a backlog or a sender was refused. The call clears it.
  [[nodiscard]] bool take_drained() noexcept;
  /// True if reading was held and no more than the low watermark is unsent: the owner reads on.
  /// Only then is the clock asked.
  template <class Clock>
  [[nodiscard]] bool take_released(Clock clock) {
    const bool may_go_on = phase_ == Phase::open && reading_ == Reading::held &&
                           !queue_.is_above_low(connection_.get());
    if (may_go_on) read_on(clock());
    return may_go_on;
  }
  /// Returns the number of messages dropped for newer ones since the last call.
  [[nodiscard]] std::size_t take_dropped() noexcept {
    return rare_ ? std::exchange(rare_->dropped, 0U) : 0;
  }
  /// Returns the number of messages that newer ones have replaced since the last call (conflation).
  [[nodiscard]] std::size_t take_conflated() noexcept {
    return rare_ ? std::exchange(rare_->conflated, 0U) : 0;
  }

  // Time and ending.

  /// Checks the deadlines of the close, of progress, of the idle timeout and of keep-alive. Call at
  /// deadline(), after the input that the kernel holds was received. True if a ping was appended.
  [[nodiscard]] bool tick(TimePoint now);
  /// Ends the owner's turn: notes the time of activity, and goes on with the closing handshake.
  void settle(TimePoint now);
  /// Returns the time at which tick() is due; none: no deadline.
  [[nodiscard]] std::optional<TimePoint> deadline() const noexcept;
  /// True if the owner has to end our direction of the stream and then to call shut().
  [[nodiscard]] bool wants_shutdown() const noexcept {
    return phase_ == Phase::lingering && !shut_;
  }
  void shut() noexcept { shut_ = true; }  ///< Our direction has ended.
  [[nodiscard]] bool over() const noexcept { return phase_ == Phase::over; }  ///< See the class.
  [[nodiscard]] Phase phase() const noexcept { return phase_; }               ///< See the class.
  /// True if nothing has failed: the owner sends the stream's own end (TLS close_notify).
  [[nodiscard]] bool ended_well() const noexcept { return !has_failure(); }
  /// Returns how the connection ended. Once, when over().
  [[nodiscard]] SessionEnd take_end() noexcept;
  /// Call before the memory of the last input is used again: copies bytes borrowed from it that are
  /// still unsent, and gives the protocol object of an idle session back to its pool.
  void end_turn();

  // State.

  /// As given to the constructor.
  [[nodiscard]] const SessionOptions& options() const noexcept { return queue_.options(); }
  /// Bytes still to be written; after a failed write or the end, the bytes that were lost.
  [[nodiscard]] std::size_t unsent_bytes() const noexcept {
    return queue_.unsent(connection_.get());
  }
  /// Bytes of memory held for unsent output, entry overhead included: the figure that limits and
  /// watermarks are compared with.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return queue_.held(connection_.get()); }
  /// True if there is a backlog: the kernel has refused some of the output, and new output waits
  /// behind it.
  [[nodiscard]] bool has_backlog() const noexcept { return queue_.is_blocked(); }
  /// True if no output leaves any more.
  [[nodiscard]] bool write_has_failed() const noexcept { return queue_.has_failed(); }
  /// Why unsent bytes are lost, with write_has_failed(): the error of the write, or the cause of
  /// the end (Errc::connection_closed if it has none). None before.
  [[nodiscard]] std::error_code write_error() const noexcept;
  /// The cause of the end, once there is one; none after a closing handshake.
  [[nodiscard]] std::error_code failure() const noexcept;
  /// True if a message of `size` bytes would not be refused with Errc::send_queue_full.
  [[nodiscard]] bool has_room(std::size_t size) const noexcept {
    return queue_.fits(size, connection_.get());
  }
  /// As Connection::state().
  [[nodiscard]] State state() const noexcept {
    return connection_ ? connection_->state() : State::open;
  }
  /// The protocol object; null while the session needs none.
  [[nodiscard]] const Connection* protocol() const noexcept { return connection_.get(); }
  /// Bytes of memory that the protocol object holds for input, messages, output and compression; 0
  /// while there is none. Entries of the write queue are not included.
  [[nodiscard]] std::size_t memory() const noexcept {
    return connection_ ? connection_->memory() : 0;
  }
  /// Time at which the kernel received the last byte that was read; none unless the stream tells.
  [[nodiscard]] std::optional<ReceiveTime> received_at() const noexcept;
  /// Tells received_at().
  void note_received_at(ReceiveTime time) {
    if (rare_ || time != ReceiveTime()) rare().received_at = time;
  }
  /// The heartbeat, for its times.
  [[nodiscard]] const KeepAlive& keep_alive() { return rare().keep_alive; }
  /// Says that a batch of input is being digested: output of that time leaves at its end,
  /// unless should_write_now(). Returns the value before.
  [[nodiscard]] bool set_digesting(bool on) noexcept { return std::exchange(digesting_, on); }
  /// True while a batch of input is being digested.
  [[nodiscard]] bool is_digesting() const noexcept { return digesting_; }
  /// True for a debtor of its loop's SendBudget.
  [[nodiscard]] bool is_debtor() const noexcept { return rare_ && rare_->debt != no_debt; }

 private:
  friend class SendBudget;
  static constexpr std::uint32_t no_debt = UINT32_MAX;

  /// State that most connections need at their end or never. Allocated on first use, or at once
  /// with keep-alive.
  struct Rare {
    KeepAlive keep_alive;
    SessionEnd end{};
    std::error_code write_error{};
    std::optional<std::chrono::milliseconds> close_time{};  // given to close(); unset: the options'
    std::optional<TimePoint> close_deadline{};
    std::optional<TimePoint> progress_since{};  // start of a progress_time, inside a message
    std::size_t progress_bytes = 0;             // received since then
    ReceiveTime received_at{};
    TimePoint ping_window{};  // start of the second in which pings are counted
    std::uint32_t pings_in_window = 0;
    std::size_t discarded = 0;         // bytes, while lingering
    std::uint32_t dropped = 0;         // messages, since take_dropped()
    std::uint32_t debt = no_debt;      // index among the debtors of the budget
    std::uint64_t pings_sent = 0;      // numbers of pings, with SessionOptions::match_pongs:
    std::uint64_t pings_answered = 0;  // the latest sent, and the latest answered
    std::uint32_t conflated = 0;       // messages, since take_conflated()
  };

  [[nodiscard]] Rare& rare() {
    if (!rare_) make_rare();
    return *rare_;
  }
  [[gnu::noinline]] void make_rare();
  /// Returns the protocol object; lent by the pool if there is none.
  [[nodiscard]] Connection& connection() {
    if (!connection_) connection_ = options().connections->lend();
    return *connection_;
  }
  [[nodiscard]] bool delivers();
  [[nodiscard]] Event next_delivered();
  [[gnu::noinline]] void judge(Event& event);
  void note_control(Event& event);
  void note_pong(Bytes payload);
  [[nodiscard]] std::error_code send_keep_alive_ping();
  [[nodiscard]] bool judge_ping();
  [[nodiscard]] std::error_code send_keyed(Opcode opcode, Bytes payload, const SendHow& how);
  [[nodiscard]] std::error_code queue_frame(const PublishedFrame::Ptr& frame, Admission admission);
  template <class Check>
  [[nodiscard]] std::error_code admit(std::size_t size, Check check);
  [[nodiscard, gnu::noinline]] std::error_code overflow(std::size_t size);
  [[nodiscard]] bool drop_for(std::size_t size);
  [[nodiscard]] std::size_t least_to_drop(std::size_t size) const noexcept;
  [[nodiscard]] bool is_in_budget(std::size_t size) const noexcept;
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

  // debt != no_debt => has_backlog().
  // lingering       => nothing is unsent, and close_deadline is set.
  // over            => queue_ has failed, and this is no debtor.
  std::unique_ptr<Connection> connection_;  // null: it was like new and went back to the pool
  std::unique_ptr<Rare> rare_;
  SendQueue queue_;
  TimePoint last_activity_;
  Phase phase_ = Phase::open;
  Reading reading_ = Reading::on;
  // Facts of this turn; settle() and tick() turn them into times.
  bool active_ = false;           // bytes passed that put off the idle timeout
  bool alive_ = false;            // bytes came, or the peer took some of a backlog
  bool digesting_ = false;        // see set_digesting()
  bool read_is_last_ = false;     // see received()
  bool lends_delivered_ = false;  // the write queue borrows the message that is being handled
  // Facts that hold until the end.
  bool gathers_ : 1;                   // the stream does gather writes
  bool delivery_stopped_ : 1 = false;  // no message, ping or pong is delivered any more
  bool reads_to_end_ : 1 = false;      // the peer has left or a side closes => not paused, not held
  bool shut_ : 1 = false;              // our direction of the stream has ended
  bool out_of_memory_ : 1 = false;     // cause of the end for which there was no memory in rare_
};

// Fast path: inline, because every message takes it.

inline bool Session::delivers() {
  // Checked between two messages of one read, because each may ask for a large answer.
  const bool may_hold = options().hold_reading && !reads_to_end_ && reading_ == Reading::on;
  if (may_hold && has_unread_input() && queue_.is_above_high(connection_.get())) {
    reading_ = Reading::held;
  }
  if (reading_ == Reading::on || reading_ == Reading::ended) return true;
  if (connection_) connection_->keep_unread_input();
  return false;
}

/// Fast path: the event is built in the caller's object. Copying it would cause a store-forwarding
/// stall.
inline Event Session::next_delivered() {
  Event event = connection().next();
  if (delivery_stopped_ || !std::holds_alternative<Message>(event)) judge(event);
  return event;
}

inline Event Session::next() {
  if (lends_delivered_) own_delivered();
  return phase_ == Phase::open && delivers() ? next_delivered() : Event();
}

}  // namespace wirespan::net
