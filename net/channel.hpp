// channel.hpp - drives one Session over one Stream on one EventLoop.
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

/// The glue between a Session, a stream and an event loop: it moves bytes, tells the time, asks the
/// poller for what the session wants, and passes events to its handler. It judges nothing.
///
/// Handler is a class with these functions, called directly, on the loop's thread:
///   void on_message(const Message&), void on_fragment(const Fragment&),
///   void on_ping(Bytes), void on_pong(Bytes), void on_ping_sent(): by keep-alive,
///   void on_backlog(std::size_t unsent): the kernel took less than all, or some of what it had
///   left before; 0 when it has taken the rest,
///   void on_drained(): no more than the low watermark is left to send, after a backlog was above
///   the high one or something was refused,
///   void on_end(const SessionEnd&): once, last, after the descriptor was closed; the owner hands
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
          const SessionOptions& options);
  /// Before the end: closes the descriptor and sends nothing, so that a forked child may drop its
  /// copy.
  ~Channel() {
    if (!ended_) loop_.forget(stream_.fd(), *this);
  }

  /// Registers with the loop and digests `unread`, which must not lie in the loop's buffer and is
  /// changed in place. May end the channel.
  void start(MutableBytes unread);

  /// As Session::send(). What is sent in one turn leaves in one write.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, bool fin = true,
                                     Compress compress = Compress::if_agreed,
                                     Admission admission = Admission::ask);
  /// A message that others send, too: nothing of it is copied. Servers only. Never ends the channel
  /// within the call.
  [[nodiscard]] std::error_code send_published(const PublishedFrame::Ptr& frame) {
    return sent(session_.send_published(frame));
  }
  [[nodiscard]] std::error_code ping(Bytes payload) { return send(Opcode::ping, payload); }
  [[nodiscard]] std::error_code pong(Bytes payload) { return send(Opcode::pong, payload); }
  /// Something was refused on behalf of this channel: on_drained() follows when no more than the
  /// low watermark is left, at once if that is so already.
  void owe_drain() {
    if (ended_) return;
    session_.owe_drain();
    loop_.flush_later(*this);
  }
  /// Starts the closing handshake, which may take SessionOptions::close_time, or `time`.
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code, std::string_view reason,
                                      std::optional<std::chrono::milliseconds> time = {},
                                      AfterClose after = AfterClose::discard);
  /// Nothing more is delivered, although close() is still to come.
  void stop_delivery() noexcept { session_.stop_delivery(); }
  /// Fails the connection: Close frame for `error`, then the end with `error`.
  void fail(std::error_code error) {
    if (ended_) return;
    session_.fail(error);
    loop_.flush_later(*this);  // with a backlog, too: the timer is due
  }
  /// Cuts the connection now; on_end() follows within the call, with `error`.
  void abort(std::error_code error) {
    session_.abort(error);
    finish();
  }

  /// While paused nothing is read and nothing delivered; the kernel's buffer fills up. A peer that
  /// leaves, and close(), end the pause.
  void pause_reading() noexcept { session_.pause(); }
  void resume_reading() {
    if (session_.resume(now())) read_later();
  }

  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return session_.unsent_bytes(); }
  /// The kernel has refused some of the output: what is sent now waits behind it.
  [[nodiscard]] bool has_backlog() const noexcept { return session_.has_backlog(); }
  [[nodiscard]] State state() const noexcept { return session_.state(); }
  /// Bytes of memory held for input, messages and output; 0 when idle.
  [[nodiscard]] std::size_t memory() const noexcept { return session_.memory(); }
  /// When the kernel received the end of what was read last, so of the message that is being
  /// handled or of what came behind it in the same read; nothing unless the stream tells.
  [[nodiscard]] std::optional<ReceiveTime> received_at() const noexcept {
    return session_.received_at();
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] const KeepAlive& keep_alive() { return session_.keep_alive(); }
  [[nodiscard]] S& stream() noexcept { return stream_; }
  [[nodiscard]] Handler& handler() noexcept { return handler_; }
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }

 private:
  void on_ready(Readiness readiness) override;
  void on_flush() override;
  void on_timer(TimePoint) override;

  template <class Step>
  void guarded(Step step);
  [[nodiscard]] TimePoint now() { return loop_.network().now(); }
  void pump();
  [[nodiscard]] bool read_share(std::size_t& budget);
  void read_later() {
    read_again_ = true;
    loop_.flush_later(*this);
  }
  void deliver();
  void dispatch(const Event& event);
  [[nodiscard]] std::error_code sent(std::error_code error);
  void write_output();
  void write_now();
  void settle();
  /// A deadline that moves away does not touch the timer: it looks again when it fires.
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
  bool read_again_ = false;  // there is input that no poller can see
  bool ended_ = false;
};

}  // namespace wirespan::net
