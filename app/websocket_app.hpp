// websocket_app.hpp - the long connection: callbacks, heartbeats, run_forever().
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

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/handlers.hpp>
#include <wirespan/app/options.hpp>
#include <wirespan/app/run_result.hpp>
#include <wirespan/app/status.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan {

/// What every connection of an app is made with.
struct AppOptions {
  HeaderSource header{};      ///< A callable is asked before every attempt.
  bool keep_running = false;  ///< What keep_running() says before the first run; a run sets it.
  /// Mask keys of your own. If it throws, the connection fails through on_error.
  std::function<MaskKey()> get_mask_key{};
  std::string cookie{};
  std::vector<std::string> subprotocols{};
  bool require_subprotocol = false;
  /// A connected stream socket to use; owned from the first run on, so there is no reconnecting.
  int socket = -1;
  bool already_secured = false;  ///< Do not apply TLS to `socket` even for wss:.
  bool fire_cont_frame = false;  ///< Deliver fragments, as setting on_cont_message does.
  std::size_t max_message_size = limits::message_size;  ///< Bytes; a larger one fails with 1009.
  std::uint32_t max_message_fragments =
      limits::message_fragments;  ///< Frames; more fail with 1008.
  /// Set: permessage-deflate (RFC 7692) is offered, and used if the server agrees.
  std::optional<DeflateOptions> compression{};
  /// From the look-up of the name to the open connection. Unset: the default time-out if there is
  /// one, else 10 s.
  std::optional<std::chrono::milliseconds> connect_timeout{};
  /// Bytes that may wait for a peer that does not read. A send beyond it waits if it comes from
  /// another thread, and is refused on the loop's own.
  std::size_t send_hard_limit = limits::send_hard_limit;
  net::Backend backend = net::Backend::automatic;  ///< epoll or poll.
  /// How long it looks again and again for input before it sleeps: the microseconds of waking up
  /// are saved, and a core is kept busy. 0: it sleeps at once.
  std::chrono::microseconds busy_poll{0};
  /// The kernel notes when each packet came, for received_at(); reads then ask it for the time too.
  bool receive_timestamps = false;
};

/// The arguments of run_forever().
struct RunOptions {
  std::vector<SocketOption> sockopt{};
  tls::ClientOptions sslopt{};
  std::chrono::milliseconds ping_interval{0};  ///< Between pings; 0: none. The first after one.
  /// How long the answer to a ping may take; above 0 and below ping_interval. Unset: for ever. Any
  /// byte of the server answers, and so does its taking output that had waited.
  std::optional<std::chrono::milliseconds> ping_timeout{};
  bool only_pongs_count = false;  ///< Only a pong answers a ping, as in Python.
  std::string ping_payload{};     ///< At most 125 bytes.
  std::string host{};             ///< Value of Host.
  std::optional<std::string> origin{};
  bool suppress_origin = false;
  bool skip_utf8_validation = false;
  /// Wait this long after a failed attempt or a lost connection, then try again; 0: do not. A
  /// closing handshake ends the run in any case.
  std::chrono::milliseconds reconnect{0};
};

/// Connects, calls handlers and keeps the connection alive until it is closed. Handlers are given
/// here, assigned later through handlers(), or overridden in a derived class; the three are equal.
///
/// send(), ping(), pong(), close(), keep_running() and the questions may be called by any thread at
/// any time, handlers included. What one thread sends arrives in its order. Handlers may be
/// assigned while nothing runs, or by handlers. An object can run again when its run has ended; it
/// must not be destroyed before.
class WebSocketApp {
 public:
  explicit WebSocketApp(std::string url, AppHandlers handlers = {}, AppOptions options = {});
  virtual ~WebSocketApp();
  WebSocketApp(const WebSocketApp&) = delete;
  WebSocketApp& operator=(const WebSocketApp&) = delete;

  /// Blocks until the connection is closed, by whom ever, and all handlers have returned. Throws
  /// WebSocketException, before anything is done or called, for a malformed URL or header, for
  /// ping_timeout <= 0, ping_interval < 0, ping_interval <= ping_timeout, if it runs already, and
  /// if the process has no descriptor left for its loop.
  /// Everything later is told to handlers. `stop` ends the run as close() does, also before it.
  RunResult run_forever(const RunOptions& options = {}, const std::stop_token& stop = {});

  /// Throws WebSocketConnectionClosedException while there is no open connection,
  /// WebSocketException for text that is not UTF-8. On the loop's thread the frame leaves with the
  /// others of this turn, and beyond send_hard_limit it is refused with Errc::send_queue_full;
  /// other threads wait there, with the default time-out if there is one
  /// (WebSocketTimeoutException: nothing was sent).
  void send(std::string_view payload, Opcode opcode = Opcode::text,
            Compress compress = Compress::if_agreed);
  void send_text(std::string_view text) { send(text, Opcode::text); }
  void send_bytes(Bytes payload, Compress compress = Compress::if_agreed);
  void send_binary(Bytes payload) { send_bytes(payload); }
  /// At most 125 bytes.
  void ping(std::string_view payload = {});
  void pong(std::string_view payload = {});
  /// Ends the run: starts the closing handshake if there is a connection, behind what was sent
  /// before, gives up connecting or waiting to reconnect otherwise. Does not block: run_forever()
  /// returns when the peer has answered, or after `timeout`. Without a run it does nothing.
  /// Throws WebSocketException for a code or a reason that may not be sent.
  void close(CloseCode status = STATUS_NORMAL, std::string_view reason = {},
             std::chrono::milliseconds timeout = limits::close_time);

  /// True while a run wants to go on.
  [[nodiscard]] bool keep_running() const noexcept;
  /// False ends the run at once, as close() does.
  void keep_running(bool run);
  /// There is an open connection.
  [[nodiscard]] bool ready() const noexcept;
  /// Of the latest connection, as the server spells it.
  [[nodiscard]] std::string subprotocol() const;
  /// Of the latest connection's response.
  [[nodiscard]] Headers headers() const;
  /// Compression as agreed on for the latest connection; nothing if messages are not compressed.
  [[nodiscard]] std::optional<DeflateParameters> compression() const;
  /// 101 once there was a connection.
  [[nodiscard]] int status() const noexcept;
  /// -1 while there is no connection.
  [[nodiscard]] int fileno() const noexcept;
  /// Bytes that wait to be written.
  [[nodiscard]] std::size_t buffered_amount() const noexcept;
  /// Inside a handler: when the kernel received the end of what was read last, so of this message
  /// or of what came right behind it. Nothing without AppOptions::receive_timestamps, for what came
  /// together with the handshake, or if the kernel does not know (local sockets never do).
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;
  [[nodiscard]] std::optional<TimePoint> last_ping_tm() const noexcept;
  [[nodiscard]] std::optional<TimePoint> last_pong_tm() const noexcept;
  /// The latest run has met an error.
  [[nodiscard]] bool has_errored() const noexcept;

  /// Read before every attempt; change it while nothing runs, or in a handler.
  [[nodiscard]] std::string& url() noexcept { return url_; }
  [[nodiscard]] AppHandlers& handlers() noexcept { return handlers_; }
  [[nodiscard]] AppOptions& options() noexcept { return options_; }

  /// As the fields of AppHandlers, which the default implementations call. An override that does
  /// not call the base replaces the handler.
  virtual void on_open();
  /// By default: the handler if there is one, else on_open().
  virtual void on_reconnect();
  virtual void on_message(const Message& message);
  virtual void on_error(const std::exception& error);
  virtual void on_close(std::optional<CloseCode> code, std::string_view reason);
  virtual void on_ping(Bytes payload);
  virtual void on_pong(Bytes payload);
  virtual void on_cont_message(const Fragment& fragment);
  virtual void on_data(Bytes data, Opcode type, bool fin);

 private:
  class Run;
  class Shared;

  std::string url_;
  AppHandlers handlers_;
  AppOptions options_;
  std::shared_ptr<Shared> shared_;  // what other threads may touch
};

}  // namespace wirespan
