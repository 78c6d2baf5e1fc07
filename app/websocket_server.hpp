// websocket_server.hpp - a server: many connections, one or many loops, plain or TLS.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

/// Listens, accepts and serves. Its functions may be called by any thread, except those that say
/// who may.
class WebSocketServer {
 public:
  WebSocketServer(ServerOptions options, ServerHandlers handlers);
  /// Cuts the connections that are open; their on_close is called here. run() must have returned.
  ~WebSocketServer();
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;

  /// Binds and listens; returns the port, 0 with Unix sockets alone. Throws WebSocketException, or
  /// WebSocketTlsException for an unusable certificate or key. Clients may connect from then on.
  /// Call it once, before run().
  std::uint16_t listen();
  /// Serves until stop(), on this thread and ServerOptions::threads - 1 more. Listening is
  /// optional: adopt() brings connections too. Throws WebSocketException if a thread cannot be
  /// made; then nothing was served, and it may be called again.
  void run();
  /// Stops listening, closes every connection, waits for the closing handshakes, then cuts; run()
  /// returns. Handlers may call it.
  void stop(const StopOptions& options);
  void stop(CloseCode code = CloseCode::going_away) { stop(StopOptions{.code = code}); }
  /// stop() from a signal handler: sets a flag and wakes a loop.
  void stop_from_signal() noexcept;

  /// Takes a connected socket that somebody else accepted, with what was already read from it: a
  /// request that another HTTP server has received, and what came behind it. The descriptor is the
  /// server's from then on. `is_secured`: no TLS of ours although the server has it; without it a
  /// server with TLS takes no bytes that were already read (Errc::invalid_option).
  std::error_code adopt(int fd, Bytes already_read = {}, bool is_secured = false);

  /// Sends one message to all connections that have subscribed to the topic, on all loops. It is
  /// encoded once. Messages of one thread keep their order. A subscriber that does not read falls
  /// under ServerOptions::overflow. With a key, an unsent older message of the topic with that key
  /// is replaced by this one. Errors: Errc::invalid_text; send_queue_full if a loop of another
  /// thread is behind by more than ServerOptions::publish_queue_limit (no subscriber gets it then);
  /// not_open once the server is over.
  std::error_code publish(std::string_view topic, std::string_view text, std::string_view key = {});
  std::error_code publish_binary(std::string_view topic, Bytes payload, std::string_view key = {});

  [[nodiscard]] ServerStats stats() const;
  /// Open connections, handshakes not counted.
  [[nodiscard]] std::size_t connection_count() const noexcept;

  // Inside somebody else's loop: with one thread, instead of run(), by one thread.

  /// One turn that waits up to `timeout`, without one until something happens. False once stopped
  /// and over.
  bool run_once(std::optional<std::chrono::nanoseconds> timeout);
  /// How long the next turn may wait at most; nothing: for ever.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_timeout();
  /// Readable when run_once() has something to do; -1 with the poll back end.
  [[nodiscard]] int poll_fd() const noexcept;
  /// Tells all descriptors to wait for, whatever the back end; ask again before each wait.
  void for_each_fd(const std::function<void(int fd, net::Interest interest)>& tell) const;

 private:
  std::unique_ptr<class ServerImpl> impl_;
};

}  // namespace wirespan
