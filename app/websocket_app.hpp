// websocket_app.hpp - the client for a long connection: callbacks, keep-alive, run_forever().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/app/app_metrics.hpp>
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/handlers.hpp>
#include <wirespan/app/options.hpp>
#include <wirespan/app/reconnect_policy.hpp>
#include <wirespan/app/run_result.hpp>
#include <wirespan/app/send_result.hpp>
#include <wirespan/app/status.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan {

namespace net {
class EventLoop;
}

/// The treatment of a message that is sent while a run has no open connection.
enum class WhileDown : std::uint8_t {
  refuse,  ///< Throws WebSocketConnectionClosedException (Errc::not_open).
  keep,    ///< Keeps it for the next connection, up to AppOptions::down_limit.
};

/// The options of an app, for every connection that it makes. Times are in milliseconds.
struct AppOptions {
  HeaderSource header{};      ///< Further header fields. A callable is called before every attempt.
  bool keep_running = false;  ///< The answer of keep_running() before the first run; no other use.
  /// Source of the mask keys. Unset: the system's random source. An exception of it fails the
  /// connection and reaches on_error. It is called in the middle of a frame: what it sends to the
  /// app on its own thread is refused with Errc::reentrant_call, and close() takes effect behind
  /// the frame. Keys must not be guessable.
  std::function<MaskKey()> get_mask_key{};
  std::string cookie{};  ///< Value of a Cookie header, behind the cookies of the jar; empty: none.
  /// Cookies that handshakes fill and read; may be shared. Null: none.
  std::shared_ptr<CookieJar> cookie_jar{};
  std::vector<std::string> subprotocols{};  ///< Offered in this order of preference.
  bool require_subprotocol = false;         ///< Fail if the server chooses none.
  /// Descriptor of a connected stream socket to use; owned from the first attempt of a run on. The
  /// run uses it for one connection, so it does not reconnect. -1: none.
  int socket = -1;
  bool already_secured = false;  ///< Do not apply TLS to `socket`, not even for wss:.
  bool fire_cont_frame = false;  ///< Deliver fragments one by one, as a set on_cont_message does.
  /// Bytes (16 MiB) of one received message; a larger one fails the connection with 1009.
  std::size_t max_message_size = limits::message_size;
  /// Frames (131,072) of one received message; more fail the connection with 1008.
  std::uint32_t max_message_fragments = limits::message_fragments;
  /// Set: permessage-deflate (RFC 7692) is offered, and used if the server agrees. Unset: off.
  std::optional<DeflateOptions> compression{};
  /// Deadline from the look-up of the name to the open connection. 0 and below: every attempt fails
  /// at once. Unset: getdefaulttimeout() if it is above 0, else 10 s.
  std::optional<std::chrono::milliseconds> connect_timeout{};
  /// Unsent bytes (16 MiB) while the peer does not read; `overflow` decides about a message that
  /// would lift them above. With none before it a message may be larger, so 0 takes one at a time.
  std::size_t send_hard_limit = limits::send_hard_limit;
  /// The fate of a message above send_hard_limit. refuse: a send() of another thread waits for
  /// room, one on the loop's own thread and every try_send() are refused (Errc::send_queue_full).
  /// drop_oldest: the oldest unsent whole messages make room, counted in AppMetrics::dropped.
  /// close: the connection is closed with 1013, on_error is told Errc::overflow_closed, and the
  /// ReconnectPolicy may come back.
  Overflow overflow = Overflow::refuse;
  /// Unsent bytes (1 MiB, 256 KiB): on_drain is called at the low watermark, after a backlog was
  /// above the high one.
  std::size_t send_high_watermark = limits::send_high_watermark;
  std::size_t send_low_watermark = limits::send_low_watermark;
  /// Messages that are sent between two connections of a run, and before its first one. keep: they
  /// leave in order when on_open or on_reconnect has returned, behind the messages that those have
  /// sent; until then messages of other threads are kept, too, and so are those that the old
  /// connection did not take because its end had begun. Pings and pongs are refused. A
  /// message that a connection took is not sent on another one, although it may be lost with the
  /// first: nothing arrives twice.
  WhileDown while_down = WhileDown::refuse;
  /// Bytes (1 MiB) of the messages kept, 128 for each message included; a message that does not fit
  /// is refused with Errc::send_queue_full, on every thread at once. With Overflow::drop_oldest the
  /// oldest ones make room, counted in AppMetrics::dropped.
  std::size_t down_limit = limits::down_limit;
  net::Backend backend = net::Backend::automatic;  ///< automatic: epoll. Not for start().
  /// The network of a run_forever(), for tests and for networks of your own. Must outlive the run.
  /// Null: the operating system's. Not for start(), whose loop has its own.
  net::Network* network = nullptr;
  /// Busy-poll duration of the loop before it blocks in epoll_wait(). Saves the microseconds that
  /// waking a thread takes, and costs a busy core. 0 and below: the loop blocks at once.
  std::chrono::microseconds busy_poll{0};
  /// Let the kernel note the arrival of each packet, for received_at(); every read then fetches
  /// that time, too.
  bool receive_timestamps = false;
};

/// The arguments of one run_forever(). Times are in milliseconds.
struct RunOptions {
  /// As the fields of these names in ConnectOptions.
  int redirect_limit = 3;
  bool allow_insecure_redirect = false;
  std::string proxy{};
  std::string http_proxy_host{};
  std::uint16_t http_proxy_port = 0;
  std::optional<Credentials> http_proxy_auth{};
  std::string proxy_type = "http";
  std::vector<std::string> http_no_proxy{};
  std::optional<std::chrono::milliseconds> http_proxy_timeout{};
  tls::ClientOptions proxy_sslopt{};
  bool proxy_from_environment = true;

  /// Set after net::default_socket_options(): no delay, TCP keep-alive, TCP_USER_TIMEOUT.
  std::vector<SocketOption> sockopt{};
  std::string local_address{};  ///< As ConnectOptions::local_address.
  std::string interface {};     ///< As ConnectOptions::interface.
  /// As ConnectOptions::on_socket, for each attempt of the run. An exception fails the attempt with
  /// Errc::handler_failed and reaches on_error.
  std::function<void(int fd)> on_socket{};
  /// At most one attempt per address is in state CONNECTING on one loop; the apps of a loop that
  /// have the same server wait for each other (RFC 6455 §4.1). False: no such wait.
  bool one_connecting_per_address = true;
  /// For wss: URLs. Default: verified, TLS 1.2 and up; the app keeps the context and resumes
  /// sessions from one connection to the next.
  tls::ClientOptions sslopt{};
  /// Time between keep-alive pings; the first one after one interval. 0: none.
  std::chrono::milliseconds ping_interval{0};
  /// Time for the answer to a ping, above 0 and below ping_interval; a peer that does not answer is
  /// gone (Errc::ping_timeout). Any byte from the server is an answer, and so is its reading of
  /// output from a backlog. Unset: no answer is expected.
  std::optional<std::chrono::milliseconds> ping_timeout{};
  bool only_pongs_count = false;  ///< Only a pong is an answer to a ping, as in Python.
  std::string ping_payload{};     ///< Payload of those pings; at most 125 bytes.
  /// Strict matching: each ping carries a number behind ping_payload (of at most 105 bytes), and
  /// only a pong that brings back the payload of an unanswered ping is an answer. As
  /// only_pongs_count, it lets no other byte count.
  bool match_pongs = false;
  std::string host{};  ///< Value of Host. Empty: the URL's host and port.
  /// Value of Origin. Unset: the URL's own, http for ws and https for wss. suppress_origin wins.
  std::optional<std::string> origin{};
  bool suppress_origin = false;  ///< Send no Origin, not even one from AppOptions::header.
  /// Accept received text without checking its UTF-8, which RFC 6455 §8.1 asks for.
  bool skip_utf8_validation = false;
  /// A duration: the fixed delay before each attempt to connect again; 0: the run ends instead. Or
  /// a ReconnectPolicy, with back-off, limits and a judgement of its own. Without one
  /// reconnects_by_default() judges: after a lost connection the run comes back, after Close 1000
  /// it ends. Unset: get_reconnect(), by default no reconnecting.
  ReconnectOption reconnect{};
};

class AppHandle;
class WebSocketApp;
/// Called when a run of WebSocketApp::start() has ended, behind on_close, on the loop's thread. It
/// may start the app again, or destroy it.
using RunEnded = std::function<void(WebSocketApp&, const RunResult&)>;

/// A client for a long connection. run_forever() connects, calls handlers and keeps the connection
/// alive until it is closed; with RunOptions::reconnect it connects again. Handlers
/// are given here, assigned later through handlers(), or overridden in a derived class; the three
/// are equal.
///
/// The caller owns the object. It has no thread of its own: a run, with its event loop and its
/// connection, lives on the thread that is inside run_forever(), or on that of the loop given to
/// start(). An object can run again when its run has ended, and must not be destroyed before.
///
/// Threads: send(), ping(), pong(), close(), keep_running() and the const functions may be called
/// by any thread at any time, handlers included. The messages of one thread arrive in the order of
/// its calls. Handlers, url() and options() may be changed while nothing runs, or by handlers.
class WebSocketApp {
 public:
  /// Keeps its arguments; a run reads them.
  explicit WebSocketApp(std::string url, AppHandlers handlers = {}, AppOptions options = {});
  virtual ~WebSocketApp();
  WebSocketApp(const WebSocketApp&) = delete;
  WebSocketApp& operator=(const WebSocketApp&) = delete;

  /// Connects and serves the connection. Blocks until it is closed, by either side, and all
  /// handlers have returned. Throws WebSocketException, before anything is done or called, for a
  /// malformed URL or header, for ping_timeout <= 0, ping_interval < 0, ping_interval <=
  /// ping_timeout, a ReconnectPolicy out of its range, if the object runs already, and if the
  /// process has no descriptor left for its loop. Later failures reach handlers. `stop` ends the
  /// run as close() does, before it begins, too.
  RunResult run_forever(const RunOptions& options = {}, const std::stop_token& stop = {});

  /// Starts a run on a loop of yours and returns at once: many apps share one thread, each with its
  /// own options and policy. Handlers are called on the loop's thread. The run ends as one of
  /// run_forever() does, and then calls `on_ended` with the result. Throws as run_forever(). Any
  /// thread; the loop must outlive the run. To destroy the app, wait for on_ended, or do it on the
  /// loop's thread outside of its other handlers: that drops the connection and calls no handler.
  void start(net::EventLoop& loop, const RunOptions& options = {}, RunEnded on_ended = {});

  /// Sends one message, or a ping or pong. Throws WebSocketConnectionClosedException while there is
  /// no open connection (unless AppOptions::while_down keeps messages), and WebSocketException for
  /// text that is not UTF-8. On the loop's thread the frame leaves with the others of this turn,
  /// and above send_hard_limit it is refused with Errc::send_queue_full. Other threads wait there
  /// for room (backpressure), up to getdefaulttimeout() if it is set: after
  /// WebSocketTimeoutException nothing was sent.
  void send(std::string_view payload, Opcode opcode = Opcode::text,
            Compress compress = Compress::if_agreed);
  /// Conflation: as send(), but the message, which is never compressed, replaces an unsent one with
  /// the same key in its place: a connection that is too slow, or down (AppOptions::while_down),
  /// gets the newest price of each symbol and not the history. A message that has left in part is
  /// not replaced. The key is not sent; an empty one means none. Above 1,024 bytes:
  /// Errc::key_too_long.
  void send(std::string_view payload, std::string_view key, Opcode opcode = Opcode::text);
  /// The same for a text, and for binary messages.
  void send_text(std::string_view text) { send(text, Opcode::text); }
  void send_bytes(Bytes payload, Compress compress = Compress::if_agreed);
  void send_binary(Bytes payload) { send_bytes(payload); }
  /// As send(), but never waits and never throws: the result says whether the message was sent,
  /// queued or refused. Errors: Errc::not_open, send_queue_full (on_drain follows when there is
  /// room), overflow_closed, invalid_text, control_too_long, key_too_long, unsupported_frame,
  /// std::errc::not_enough_memory.
  [[nodiscard]] SendResult try_send(std::string_view payload, Opcode opcode = Opcode::text,
                                    Compress compress = Compress::if_agreed) noexcept;
  [[nodiscard]] SendResult try_send(std::string_view payload, std::string_view key,
                                    Opcode opcode = Opcode::text) noexcept;
  /// A handle for other threads and parts of a program, which may outlive the app.
  [[nodiscard]] AppHandle handle() const noexcept;
  /// Flow control: stops reading from the server until resume(): the kernel's buffer fills up, and
  /// the server's sends block. Pongs are not read either, so a ping_timeout may end a long pause.
  /// Nothing happens without a connection, and a new connection is not paused.
  void pause();
  void resume();
  /// Sends a ping, or a pong that no ping asked for, of at most 125 bytes.
  void ping(std::string_view payload = {});
  void pong(std::string_view payload = {});
  /// Ends the run: a graceful shutdown. Starts the closing handshake, behind the messages sent
  /// before; without a connection it stops connecting, or waiting to reconnect. Does not block:
  /// run_forever() returns when the peer has answered, or after `timeout`. Messages that arrive
  /// afterwards are not delivered. Does nothing without a run. Throws WebSocketException for a code
  /// or a reason that may not be sent.
  void close(CloseCode status = STATUS_NORMAL, std::string_view reason = {},
             std::chrono::milliseconds timeout = limits::close_time);

  /// True from the beginning of a run until it ends or close() is called. Before the first run:
  /// AppOptions::keep_running.
  [[nodiscard]] bool keep_running() const noexcept;
  /// False ends the run as close() does; true does nothing.
  void keep_running(bool run);
  /// True while there is an open connection.
  [[nodiscard]] bool ready() const noexcept;
  /// The subprotocol of the latest connection, in the server's spelling; empty for none.
  [[nodiscard]] std::string subprotocol() const;
  /// The header fields of the latest connection's response.
  [[nodiscard]] Headers headers() const;
  /// The compression parameters of the latest connection; std::nullopt if messages are not
  /// compressed.
  [[nodiscard]] std::optional<DeflateParameters> compression() const;
  /// The status of the latest connection's response, 101; 0 before the first one.
  [[nodiscard]] int status() const noexcept;
  /// The descriptor of the socket; -1 while there is no connection.
  [[nodiscard]] int fileno() const noexcept;
  /// Unsent bytes: accepted, and not yet taken by the kernel; those kept while down included.
  [[nodiscard]] std::size_t buffered_amount() const noexcept;
  /// Inside a handler: the time at which the kernel received the end of the latest read, so of this
  /// message or of bytes right behind it. std::nullopt on other threads, without
  /// AppOptions::receive_timestamps, for bytes that came with the handshake, and where the kernel
  /// tells no time (local sockets).
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;
  /// The times of the latest keep-alive ping and of the latest pong of this run; monotonic.
  [[nodiscard]] std::optional<TimePoint> last_ping_tm() const noexcept;
  [[nodiscard]] std::optional<TimePoint> last_pong_tm() const noexcept;
  /// The counters of this app, over all its runs.
  [[nodiscard]] AppMetrics metrics() const noexcept;
  /// True if the latest run has met an error, in a handler or outside of one.
  [[nodiscard]] bool has_errored() const noexcept;

  /// The URL, the handlers and the options. A run reads them when it begins or before each attempt;
  /// change them while nothing runs, or in a handler.
  [[nodiscard]] std::string& url() noexcept { return url_; }
  [[nodiscard]] AppHandlers& handlers() noexcept { return handlers_; }
  [[nodiscard]] AppOptions& options() noexcept { return options_; }

  /// The virtual forms of the fields of AppHandlers, which the default implementations call. An
  /// override that does not call the base replaces the handler. An override of on_cont_message
  /// needs AppOptions::fire_cont_frame. Without a handler, on_error() logs the error.
  virtual void on_open();
  /// By default: the handler if there is one, else on_open().
  virtual void on_reconnect();
  /// By default: the handler if there is one; else on_error() logs, and the others do nothing.
  virtual void on_message(const Message& message);
  virtual void on_error(const std::exception& error);
  virtual void on_close(std::optional<CloseCode> code, std::string_view reason);
  virtual void on_ping(Bytes payload);
  virtual void on_pong(Bytes payload);
  virtual void on_cont_message(const Fragment& fragment);
  virtual void on_data(Bytes data, Opcode type, bool fin);
  virtual void on_drain();

 private:
  friend class AppHandle;
  class Run;
  class Shared;

  std::string url_;
  AppHandlers handlers_;
  AppOptions options_;
  std::shared_ptr<Shared> shared_;  // the part that other threads may touch
};

/// A handle to a WebSocketApp, for threads and parts of a program that must not care whether the
/// app still lives. May be copied and kept; after the end of the app every call answers
/// Errc::not_open. Any thread may call any function at any time; none throws. Sends name the app,
/// not one connection: after a reconnect they go to the new connection.
class AppHandle {
 public:
  AppHandle() noexcept = default;  ///< No app: each call answers Errc::not_open.

  /// As WebSocketApp::try_send().
  [[nodiscard]] SendResult send(std::string_view payload, Opcode opcode = Opcode::text,
                                Compress compress = Compress::if_agreed) const noexcept;
  [[nodiscard]] SendResult send(std::string_view payload, std::string_view key,
                                Opcode opcode = Opcode::text) const noexcept;
  [[nodiscard]] SendResult send_text(std::string_view text) const noexcept { return send(text); }
  [[nodiscard]] SendResult send_binary(Bytes payload) const noexcept {
    return send(wire_text(payload), Opcode::binary);
  }
  [[nodiscard]] SendResult ping(std::string_view payload = {}) const noexcept {
    return send(payload, Opcode::ping);
  }
  /// As WebSocketApp::close(). Errors: Errc::not_open without a run, close_code_not_allowed,
  /// control_too_long, invalid_text, std::errc::not_enough_memory.
  // NOLINTNEXTLINE(modernize-use-nodiscard): whoever closes rarely minds that it is too late.
  std::error_code close(CloseCode status = STATUS_NORMAL, std::string_view reason = {},
                        std::chrono::milliseconds timeout = limits::close_time) const noexcept;
  /// True while the app has an open connection.
  [[nodiscard]] bool ready() const noexcept;
  /// As WebSocketApp::buffered_amount().
  [[nodiscard]] std::size_t buffered_amount() const noexcept;

 private:
  friend class WebSocketApp;
  explicit AppHandle(std::shared_ptr<WebSocketApp::Shared> shared) noexcept
      : shared_(std::move(shared)) {}

  std::shared_ptr<WebSocketApp::Shared> shared_;
};

}  // namespace wirespan
