// channel.hpp - drives one Connection over one Stream on one EventLoop. RFC 6455 §7.1.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// Shared by all channels that behave alike; must outlive them.
struct ChannelOptions {
  KeepAlive::Options keep_alive{};
  std::string ping_payload{};  ///< Of the pings that keep-alive sends; at most 125 bytes.
  std::chrono::milliseconds close_time = limits::close_time;
  std::chrono::milliseconds peer_close_time = limits::peer_close_time;  ///< Clients only.
  /// Without a byte in either direction; ends in Errc::idle_timeout.
  std::optional<std::chrono::milliseconds> idle_time{};
  std::size_t send_high_watermark = limits::send_high_watermark;
  std::size_t send_low_watermark = limits::send_low_watermark;
  std::size_t send_hard_limit = limits::send_hard_limit;
  /// Read nothing from a peer while more than the high watermark waits for it, until no more than
  /// the low one does: whoever wants answers has to take them. For servers: if both ends did it,
  /// each could wait for the other.
  bool hold_reading = false;
};

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
///   void on_drained(): the backlog fell below the low watermark after it was above the high one,
///   void on_end(const ChannelEnd&): once, last, after the descriptor was closed; the owner hands
///   the channel to EventLoop::retire() there.
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

  /// Appends one frame, or changes nothing and says why: what Connection::send() says, or
  /// Errc::send_queue_full. What is sent in one turn leaves in one write.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, bool fin = true,
                                     Compress compress = Compress::if_agreed);
  [[nodiscard]] std::error_code ping(Bytes payload);
  [[nodiscard]] std::error_code pong(Bytes payload);
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

  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return connection_.output().size(); }
  [[nodiscard]] State state() const noexcept { return connection_.state(); }
  /// Bytes of memory held for input, messages and output; 0 when idle.
  [[nodiscard]] std::size_t memory() const noexcept { return connection_.memory(); }
  [[nodiscard]] bool ended() const noexcept { return phase_ == Phase::ended; }
  [[nodiscard]] const KeepAlive& keep_alive() const noexcept { return keep_alive_; }
  [[nodiscard]] S& stream() noexcept { return stream_; }
  [[nodiscard]] Handler& handler() noexcept { return handler_; }
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }

 private:
  enum class Phase : std::uint8_t {
    running,    // frames pass
    lingering,  // our side is over; the peer may finish reading before TCP is closed
    ended,
  };

  void on_ready(Readiness readiness) override;
  void on_flush() override;
  void on_timer(TimePoint now) override;

  template <class Step>
  void guarded(Step step);
  void pump();
  [[nodiscard]] bool read_once(std::size_t& budget);
  [[nodiscard]] bool should_read_on(bool window_was_filled, std::size_t budget);
  void deliver();
  void dispatch(const Event& event);
  void on_ping(const Ping& ping);
  void settle();
  void write_output();
  void note_backlog(bool had_backlog);
  void follow_transport_action();
  void linger(std::chrono::milliseconds time);
  void discard_input();
  void try_shutdown();
  [[nodiscard]] TimePoint after(std::chrono::milliseconds time);
  void note_failure(std::error_code error);
  void finish();
  void tick_keep_alive(TimePoint now);
  void check_deadlines(TimePoint now);
  void update_timer();
  void update_interest();
  void ask_flush();
  [[nodiscard]] bool reads() const noexcept { return !paused_ && !held_ && !peer_ended_; }

  EventLoop& loop_;
  const ChannelOptions& options_;
  S stream_;
  Connection connection_;
  Handler handler_;
  KeepAlive keep_alive_;
  ChannelEnd end_;
  std::optional<TimePoint> close_deadline_;
  TimePoint timer_at_;
  TimePoint last_activity_;
  TimePoint ping_window_;
  std::uint32_t pings_in_window_ = 0;
  std::size_t discarded_ = 0;
  Phase phase_ = Phase::running;
  bool paused_ = false;
  bool held_ = false;              // see ChannelOptions::hold_reading
  bool pumping_ = false;           // what is sent now leaves at the end of the batch anyway
  bool read_again_ = false;        // there is input that no poller can see
  bool read_wants_write_ = false;  // TLS may need the other direction
  bool write_wants_read_ = false;
  bool backlog_ = false;  // the kernel has refused some of the output
  bool above_high_ = false;
  bool shutdown_wants_write_ = false;
  bool shut_down_ = false;   // our direction of the stream has ended
  bool peer_ended_ = false;  // the peer's direction has ended
};

}  // namespace wirespan::net
