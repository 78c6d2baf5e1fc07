// channel.hpp - drives one Session over one Stream on one EventLoop. A source that instantiates a
// channel includes channel_impl.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/session_io.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// The glue between a Session, a stream and an event loop: a channel moves bytes, tells the session
/// the time, asks the poller for the readiness that the session wants, and passes events to its
/// handler. All rules of the connection are in Session. Not thread-safe: every call belongs to the
/// loop's thread.
///
/// The owner constructs a channel after the opening handshake and calls start(). From then on the
/// loop drives the channel, until the closing handshake, a failure or abort() ends it.
///
/// Handler is a class with these functions, called directly, on the loop's thread:
///   void on_message(const Message&), void on_fragment(const Fragment&),
///   void on_ping(Bytes), void on_pong(Bytes), void on_ping_sent(): by keep-alive,
///   void on_backlog(std::size_t unsent): after each write that leaves a backlog; 0 when the kernel
///   has taken the rest,
///   void on_drained(): no more than the low watermark is left to send, after a backlog was above
///   the high watermark or something was refused,
///   void on_end(const SessionEnd&): once, last, after the descriptor was closed; the owner hands
///   the channel to EventLoop::retire() there.
/// and these if it has them:
///   void on_bytes_read(std::size_t), void on_bytes_written(std::size_t): of the stream,
///   void on_dropped(std::size_t), on_conflated(std::size_t): messages dropped, replaced.
/// They must not throw. They may send, close, abort and pause.
template <Stream S, class Handler>
class Channel final : private IoHandler, private Timer {
 public:
  /// Takes over `stream`, whose opening handshake is over. The caller calls start() next.
  Channel(EventLoop& loop, S stream, Connection connection, Handler handler,
          const SessionOptions& options);
  /// Before the end of the channel: closes the descriptor, sends nothing and calls no handler, so
  /// that a forked child may drop its copy.
  ~Channel() {
    if (!ended_) loop_.forget(stream_.fd(), *this);
  }

  /// Registers with the loop and processes `unread`, the bytes that were read together with the
  /// opening handshake. They must not lie in the loop's receive buffer and are unmasked in place.
  /// May end the channel within the call.
  void start(MutableBytes unread);

  /// As Session::send(). The output of the handlers of one read leaves in one write.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, const SendHow& how = {}) {
    return admitted([&] { return session_.send(opcode, payload, how); });
  }
  [[nodiscard]] std::error_code ping(Bytes payload) { return send(Opcode::ping, payload); }
  [[nodiscard]] std::error_code pong(Bytes payload) { return send(Opcode::pong, payload); }
  /// Queues a frame that many connections share (fan-out). Servers only. Never ends the channel
  /// within the call.
  [[nodiscard]] std::error_code send_published(const PublishedFrame::Ptr& frame) {
    return admitted([&] { return session_.send_published(frame); });
  }
  /// Makes on_drained() due when no more than the low watermark is left, in this turn or later.
  void owe_drain() {
    if (ended_) return;
    session_.owe_drain();
    loop_.flush_later(*this);
  }
  /// Starts the closing handshake, which may take `time`, or SessionOptions::close_time if unset.
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code, std::string_view reason,
                                      std::optional<std::chrono::milliseconds> time = {},
                                      AfterClose after = AfterClose::discard);
  /// Delivers no message, ping or pong from here on, for an owner that is about to call close().
  void stop_delivery() noexcept { session_.stop_delivery(); }
  /// Fails the connection: sends the Close frame for `error`; later the channel ends with `error`.
  void fail(std::error_code error) {
    if (ended_) return;
    session_.fail(error);
    loop_.flush_later(*this);  // also with a backlog: the close deadline needs a timer
  }
  /// Ends the connection without a Close frame; calls on_end() within the call, with `error` unless
  /// the connection had failed before.
  void abort(std::error_code error) {
    session_.abort(error);
    finish();
  }
  /// The same, but on_end() comes in the next turn. Needs no memory.
  void abort_later(std::error_code error) {
    session_.abort(error);
    loop_.timers().schedule(*this, loop_.now());
  }

  /// Backpressure on the peer: while paused, the channel reads nothing and delivers nothing, and
  /// the kernel's buffer fills up. A peer that leaves, close() and resume_reading() end the pause.
  void pause_reading() noexcept { session_.pause(); }
  void resume_reading() {
    if (session_.resume(now())) read_later();
  }

  /// Bytes that were accepted and not written; after a failed write or the end, bytes lost.
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return session_.unsent_bytes(); }
  /// True while the kernel refuses output: new messages wait behind the backlog.
  [[nodiscard]] bool has_backlog() const noexcept { return session_.has_backlog(); }
  [[nodiscard]] State state() const noexcept { return session_.state(); }  ///< As Connection's.
  /// As Session's functions of these names.
  [[nodiscard]] std::size_t memory() const noexcept { return session_.memory(); }
  [[nodiscard]] std::optional<ReceiveTime> received_at() const noexcept {
    return session_.received_at();
  }
  [[nodiscard]] const KeepAlive& keep_alive() { return session_.keep_alive(); }
  [[nodiscard]] bool ended() const noexcept { return ended_; }    ///< True from on_end() on.
  [[nodiscard]] S& stream() noexcept { return stream_; }          ///< As given to the constructor.
  [[nodiscard]] Handler& handler() noexcept { return handler_; }  ///< As given to the constructor.

 private:
  void on_ready(Readiness readiness) override;
  bool on_look() override;
  void on_flush() override;
  void on_timer(TimePoint) override;

  template <class Step>
  void guarded(Step step);
  [[nodiscard]] TimePoint now() { return loop_.network().now(); }
  bool pump();
  [[nodiscard]] bool take_share(const ReadOutcome& read, std::size_t& budget);
  void read_later() {
    read_again_ = true;
    loop_.flush_later(*this);
  }
  void deliver();
  [[nodiscard]] std::error_code admitted(const auto& send) {
    const std::error_code error = send();
    return error ? refused(send, error) : sent(error);
  }
  [[nodiscard, gnu::noinline]] std::error_code refused(const auto& send, std::error_code error);
  [[nodiscard]] std::error_code sent(std::error_code error);
  void write_output();
  void write_now();
  void settle();
  /// Leaves the timer alone when the deadline moves away, as the idle timeout does with every byte:
  /// on_timer() then comes early and schedules the timer again.
  void update_timer() {
    const auto deadline = session_.deadline();
    if (!deadline || (is_scheduled() && when() <= *deadline)) return;
    loop_.timers().schedule(*this, *deadline);
  }
  void finish();

  EventLoop& loop_;
  S stream_;
  Session session_;
  Handler handler_;
  SessionIo io_;
  bool read_again_ = false;  // on_flush() reads: there is input that no poller can see
  bool ended_ = false;       // => no descriptor, no timer; on_end() is being called or has been
};

}  // namespace wirespan::net
