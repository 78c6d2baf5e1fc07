// websocket_server.hpp - a server: many connections on one or several event loops, plain or TLS.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/app/server_connection.hpp>
#include <wirespan/app/server_handlers.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/app/server_request.hpp>
#include <wirespan/app/server_stats.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>

namespace wirespan {

/// Listens, accepts and serves connections on ServerOptions::threads event loops, each on a thread
/// of its own. Life: listen() (optional where adopt() brings the sockets), then run() or, inside
/// another event loop, run_once(); stop() begins a graceful shutdown, after which the server does
/// not serve again. The server owns its connections. Handlers and other threads hold handles
/// (ServerConnection), which may outlive it.
///
/// Functions may be called by any thread, except those whose comment names one.
class WebSocketServer {
 public:
  /// Throws WebSocketException with Errc::invalid_option if ServerOptions::threads is not 1 to 255,
  /// and std::system_error if the process has no descriptor left for a loop. listen()
  /// checks addresses, TLS and compression.
  WebSocketServer(ServerOptions options, ServerHandlers handlers);
  /// Cuts the connections that are open and calls their on_close on this thread. run() must have
  /// returned.
  ~WebSocketServer();
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;

  /// Binds and listens; clients may connect from then on. Returns the port, 0 with Unix sockets
  /// alone. Throws WebSocketException, or WebSocketTlsException for an unusable certificate or key.
  /// Call it once, before run().
  std::uint16_t listen();
  /// Listens on one more socket: with or without listen(), as often as wanted, before run().
  /// Returns its port and throws as listen() does.
  std::uint16_t listen(const ListenerOptions& listener);
  /// Serves on this thread and ServerOptions::threads - 1 more until a stop() is complete.
  /// Listening is optional: adopt() brings connections, too. Throws WebSocketException if a thread
  /// cannot be made; then nothing was served, and it may be called again.
  void run();
  /// Graceful shutdown: stops listening, ends the opening handshakes that are under way, starts the
  /// closing handshake with every connection, waits for the answers, and cuts at the deadline; then
  /// run() returns. Does not wait for any of that, so handlers may call it. The first call counts.
  /// Throws WebSocketException for a code or a reason that may not be sent.
  void stop(const StopOptions& options);
  void stop(CloseCode code = CloseCode::going_away) { stop(StopOptions{.code = code}); }
  /// stop() for a signal handler: sets a flag and wakes a loop, which then stops the server.
  void stop_from_signal() noexcept;

  /// Takes over a connected socket that the application has accepted, with the bytes that it has
  /// read: a request that another HTTP server has received, and any bytes behind it. The server
  /// owns the descriptor from then on, also after an error. `is_secured`: no TLS is applied
  /// although the server has it; without it a server with TLS takes no bytes that were read already
  /// (Errc::invalid_option). Other errors: Errc::not_open once the server is over, and those of the
  /// system or of TLS.
  std::error_code adopt(int fd, Bytes already_read = {}, bool is_secured = false);

  /// Reads certificates, keys and all else that ServerOptions::tls names again, for the connections
  /// that come from then on; open ones stay as they are. Sessions are not resumed across it. After
  /// an error nothing has changed, and `detail`, if given, names the file or option: those of
  /// tls::Context::for_server(), and Errc::invalid_option for a server without TLS. The server must
  /// have had usable ones when it was made.
  std::error_code reload_certificates(std::string* detail = nullptr);
  /// The same with other options, which later calls read again.
  std::error_code reload_certificates(const tls::ServerOptions& options,
                                      std::string* detail = nullptr);

  /// Fan-out: sends one message to all connections that have subscribed to the topic, on all loops.
  /// The frame is encoded once and shared, and so is its compressed form: it is made for the first
  /// subscriber that has agreed on compression, again for another window, and only if the message
  /// is not below DeflateOptions::threshold (on the calling thread by
  /// ServerOptions::publisher_compresses_from). Compress::never: nobody gets it compressed, for
  /// messages that mix secrets with what others choose. Messages of one thread keep their order. A
  /// connection whose Close frame was sent before its loop takes the message gets nothing of it.
  /// ServerOptions::overflow decides about subscribers that do not read. Conflation: with a key,
  /// the message takes the place of an unsent older one of the topic with that key. Errors:
  /// Errc::invalid_text; send_queue_full if a loop of another thread is behind by more than
  /// ServerOptions::publish_queue_limit (then no subscriber gets the message); not_open once the
  /// server is over.
  std::error_code publish(std::string_view topic, std::string_view text, std::string_view key = {},
                          Compress compress = Compress::if_agreed);
  std::error_code publish_binary(std::string_view topic, Bytes payload, std::string_view key = {},
                                 Compress compress = Compress::if_agreed);
  /// The same with options: `publish("room", text, {.except = sender})`.
  std::error_code publish(std::string_view topic, std::string_view text,
                          const PublishOptions& options);
  std::error_code publish_binary(std::string_view topic, Bytes payload,
                                 const PublishOptions& options);
  /// Subscribers of the topic on all loops. A subscription or its end that another thread has asked
  /// for counts once its loop has seen it.
  [[nodiscard]] std::size_t subscriber_count(std::string_view topic) const;
  /// Calls `call` soon with each open connection on that connection's thread, so on several threads
  /// at once if there are several loops. A connection that opens meanwhile may be left out. An
  /// exception is treated as one of a handler. Errc::not_open once the server is over.
  // NOLINTNEXTLINE(modernize-use-nodiscard): whoever calls it rarely minds that it is too late.
  std::error_code for_each_connection(const std::function<void(const ServerConnection&)>& call);

  /// The counters of all loops.
  [[nodiscard]] ServerStats stats() const;
  /// Open connections, handshakes not counted.
  [[nodiscard]] std::size_t connection_count() const noexcept;

  // Inside another event loop: with one thread, instead of run(). One thread calls these.

  /// Runs one turn that waits up to `timeout`, or until an event if it is unset. False once the
  /// server has stopped and its last connection has ended.
  bool run_once(std::optional<std::chrono::nanoseconds> timeout);
  /// The longest time that the next turn may wait; std::nullopt: for ever.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_timeout();
  /// Readable when run_once() has something to do; -1 with the poll back end.
  [[nodiscard]] int poll_fd() const noexcept;
  /// Calls `tell` with each descriptor to wait for, with either back end; ask again before each
  /// wait.
  void for_each_fd(const std::function<void(int fd, net::Interest interest)>& tell) const;

 private:
  std::unique_ptr<class ServerImpl> impl_;
};

}  // namespace wirespan
