// channel.hpp - drives one Connection over one Stream on one EventLoop. RFC 6455 §7.1.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/channel_options.hpp>
#include <wirespan/net/connection_pool.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/stream.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::net {

/// How a connection ended.
struct ChannelEnd {
  /// No error after a closing handshake.
  std::error_code error;
  /// What the peer's Close frame said; 1006 if there was none. RFC 6455 §7.1.5.
  CloseCode code = CloseCode::abnormal_closure;
  std::string reason;
  /// Bytes that were accepted by send() and never reached the kernel.
  std::size_t unsent_bytes = 0;
};

/// Handler is a class with these functions, called directly, on the loop's thread:
///   void on_message(const Message&), void on_fragment(const Fragment&),
///   void on_ping(Bytes), void on_pong(Bytes), void on_ping_sent(): by keep-alive,
///   void on_backlog(std::size_t unsent): the kernel took less than all, or some of what it had
///   left before; 0 when it has taken the rest,
///   void on_drained(): no more than the low watermark is left to send, after a backlog was above
///   the high one or something was refused,
///   void on_end(const ChannelEnd&): once, last, after the descriptor was closed; the owner hands
///   the channel to EventLoop::retire() there.
/// and these if it has them:
///   void on_bytes_read(std::size_t), void on_bytes_written(std::size_t): of the stream,
///   void on_dropped(std::size_t): so many messages made room for a newer one,
///   void on_conflated(): a published message has replaced an unsent one.
/// They must not throw. They may send, close, abort and pause.
///
/// The definitions are in channel_impl.hpp; a source that instantiates a channel includes it.
template <Stream S, class Handler>
class Channel final : private IoHandler, private Timer {
 public:
  /// `unread` came together with the opening handshake. start() has to be called next.
  Channel(EventLoop& loop, S stream, Connection connection, Handler handler,
          const ChannelOptions& options);
  ~Channel();

  /// Registers with the loop and digests `unread`, which must not lie in the loop's buffer and is
  /// changed in place. May end the channel.
  void start(MutableBytes unread);

  /// Appends one frame, or changes nothing and says why: what Connection::send() says,
  /// Errc::send_queue_full, send_budget_spent or overflow_closed. What is sent in one turn leaves
  /// in one write.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, bool fin = true,
                                     Compress compress = Compress::if_agreed,
                                     Admission admission = Admission::ask);
  /// A message that others send, too: nothing of it is copied. Servers only. Never ends the channel
  /// within the call.
  [[nodiscard]] std::error_code send_published(const PublishedFrame::Ptr& frame);
  [[nodiscard]] std::error_code ping(Bytes payload, Admission admission = Admission::ask);
  [[nodiscard]] std::error_code pong(Bytes payload, Admission admission = Admission::ask);
  /// Something was refused on behalf of this channel: on_drained() follows when no more than the
  /// low watermark is left, at once if that is so already.
  void owe_drain();
  /// Starts the closing handshake, which may take ChannelOptions::close_time, or `time`.
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code, std::string_view reason,
                                      std::optional<std::chrono::milliseconds> time = {});
  /// Fails the connection: Close frame for `error`, then the end with `error`.
  void fail(std::error_code error);
  /// Cuts the connection now; on_end() follows within the call, with `error`.
  void abort(std::error_code error);

  /// While paused nothing is read and nothing delivered; the kernel's buffer fills up.
  void pause_reading() noexcept { paused_ = true; }
  void resume_reading();

  [[nodiscard]] std::size_t unsent_bytes() const noexcept {
    return (queue_ ? queue_->size() : 0) + (connection_ ? connection_->output().size() : 0);
  }
  /// The kernel has refused some of the output: what is sent now waits behind it.
  [[nodiscard]] bool has_backlog() const noexcept { return backlog_; }
  [[nodiscard]] State state() const noexcept {
    return connection_ ? connection_->state() : State::open;
  }
  /// Bytes of memory held for input, messages and output; 0 when idle.
  [[nodiscard]] std::size_t memory() const noexcept {
    return connection_ ? connection_->memory() : 0;
  }
  /// When the kernel received the end of what was read last, so of the message that is being
  /// handled or of what came behind it in the same read; nothing unless the stream tells.
  [[nodiscard]] std::optional<ReceiveTime> received_at() const noexcept {
    const bool is_known = rare_ && rare_->received_at != ReceiveTime();
    return is_known ? std::optional(rare_->received_at) : std::nullopt;
  }
  [[nodiscard]] bool ended() const noexcept { return phase_ == Phase::ended; }
  [[nodiscard]] const KeepAlive& keep_alive() { return rare().keep_alive; }
  [[nodiscard]] S& stream() noexcept { return stream_; }
  [[nodiscard]] Handler& handler() noexcept { return handler_; }
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }

 private:
  enum class Phase : std::uint8_t {
    running,    // frames pass
    lingering,  // our side is over; the peer may finish reading before TCP is closed
    ended,
  };

  /// What most connections never need, or only at their end: an idle one does without.
  struct Rare {
    KeepAlive keep_alive;
    ChannelEnd end{};
    std::optional<TimePoint> close_deadline{};
    std::optional<TimePoint> progress_since{};  // inside a message: when its peer is judged from
    std::size_t progress_bytes = 0;
    ReceiveTime received_at{};
    TimePoint ping_window{};
    std::uint32_t pings_in_window = 0;
    std::size_t discarded = 0;
  };

  [[nodiscard]] Rare& rare() {
    if (!rare_) rare_.reset(new Rare{.keep_alive = {options_.keep_alive, loop_.now()}});
    return *rare_;
  }

  /// The protocol machine; one of the pool's if there was nothing to keep one for.
  [[nodiscard]] Connection& connection() {
    if (!connection_) connection_ = options_.connections->lend();
    return *connection_;
  }
  void release_connection() noexcept;
  [[nodiscard]] std::error_code unchanged(std::error_code error);

  void on_ready(Readiness readiness) override;
  void on_flush() override;
  void on_timer(TimePoint now) override;

  template <class Step>
  void guarded(Step step);
  void pump();
  void listen_again();
  void read_later();
  [[nodiscard]] bool read_once(std::size_t& budget);
  [[nodiscard]] bool should_read_on(bool window_was_filled, std::size_t budget);
  void deliver();
  void dispatch(const Event& event);
  void on_ping(const Ping& ping);
  void settle();
  void note_sent();
  [[gnu::noinline]] void note_waiting();
  [[nodiscard]] std::error_code refuse(Errc why = Errc::send_queue_full);
  void write_output();
  void note_backlog(bool had_backlog);
  void note_high_water();
  [[nodiscard]] std::error_code make_room(std::size_t size);
  [[nodiscard, gnu::noinline]] std::error_code overflow(std::size_t size, bool affordable);
  [[nodiscard]] bool drop_for(std::size_t size);
  [[nodiscard]] bool fits(std::size_t size) const noexcept;
  [[nodiscard]] WriteQueue& queue();
  void spill_output();
  [[nodiscard, gnu::noinline]] bool send_from_where_it_lies(Opcode opcode, Bytes payload,
                                                            Compress compress);
  [[nodiscard]] bool lend_delivered(Opcode opcode, Bytes payload, Compress compress);
  [[gnu::noinline]] void own_delivered();
  void own_output();
  void release_queue() noexcept;
  [[nodiscard]] IoResult write_once(std::size_t& offered);
  [[nodiscard]] IoResult offer(std::size_t& size);
  void account() noexcept;
  void note_progress(std::size_t size);
  void note_received_at(ReceiveTime time);
  void check_progress(TimePoint now);
  void follow_transport_action();
  void linger(std::chrono::milliseconds time);
  void discard_input();
  void try_shutdown();
  [[nodiscard]] TimePoint after(std::chrono::milliseconds time);
  void note_failure(std::error_code error);
  void finish();
  void excuse_silence(TimePoint now);
  void tick_keep_alive(TimePoint now);
  void check_deadlines(TimePoint now);
  void update_timer();
  void update_interest();
  [[nodiscard]] bool is_above_high() const noexcept {
    return unsent_bytes() > options_.send_high_watermark;
  }
  [[nodiscard]] bool reads() const noexcept { return !paused_ && !held_ && !peer_ended_; }

  EventLoop& loop_;
  const ChannelOptions& options_;
  S stream_;
  std::unique_ptr<Connection> connection_;  // null: it would be like new
  Handler handler_;
  std::unique_ptr<Rare> rare_;
  std::unique_ptr<WriteQueue> queue_;  // before the newest output, while there is a need
  std::size_t accounted_ = 0;          // our share of ChannelOptions::budget
  TimePoint last_activity_;
  std::error_code failure_;
  Phase phase_ = Phase::running;
  bool paused_ = false;
  bool held_ = false;              // see ChannelOptions::hold_reading
  bool read_is_last_ = false;      // of this turn: what it brought is digested, then comes a write
  bool lends_delivered_ = false;   // the queue has borrowed the message that is being handled
  bool pumping_ = false;           // what is sent now leaves at the end of the batch anyway
  bool read_again_ = false;        // there is input that no poller can see
  bool read_wants_write_ = false;  // TLS may need the other direction
  bool write_wants_read_ = false;
  bool backlog_ = false;     // the kernel has refused some of the output
  bool above_high_ = false;  // or something was refused: the owner waits for on_drained()
  bool shutdown_wants_write_ = false;
  bool shut_down_ = false;   // our direction of the stream has ended
  bool peer_ended_ = false;  // the peer's direction has ended
  bool hung_up_ = false;     // both directions have, and there may be input left
};

}  // namespace wirespan::net
