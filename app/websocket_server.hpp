// websocket_server.hpp - a server on one loop: plain or TLS, callbacks, handles for any thread.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/app/options.hpp>
#include <wirespan/core/agreement.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan {

struct ServerOptions {
  std::string address = "127.0.0.1";        ///< A numeric address to listen on; "::" for all.
  std::uint16_t port = 0;                   ///< 0: any free port, which listen() tells.
  std::optional<tls::ServerOptions> tls{};  ///< Set: wss: only.
  std::size_t max_message_size = limits::message_size;  ///< Bytes; a larger one fails with 1009.
  std::uint32_t max_message_fragments =
      limits::message_fragments;  ///< Frames; more fail with 1008.
  /// From accept to the end of the opening handshake, TLS included.
  std::chrono::milliseconds handshake_time = limits::handshake_time;
  /// A connection that sends nothing for this long is closed with 1001; 0: never.
  std::chrono::milliseconds idle_time = limits::idle_time;
  std::chrono::milliseconds close_time = limits::close_time;  ///< For the closing handshake.
  std::size_t send_hard_limit = limits::send_hard_limit;      ///< Unsent bytes of one connection.
  /// Set: permessage-deflate (RFC 7692) is agreed on with clients that offer it.
  std::optional<DeflateOptions> compression{};
  net::Backend backend = net::Backend::automatic;
};

class WebSocketServer;

/// One connection of a server, to be copied and kept as anyone likes. Using it when the connection,
/// or the server, has gone is harmless: Errc::not_open. All functions may be called by any thread.
class ServerConnection {
 public:
  ServerConnection() = default;  ///< No connection: everything answers Errc::not_open.

  /// On the server's own thread the frame goes into the output, and the answer is final. For other
  /// threads the message is copied and the answer says whether it was queued.
  [[nodiscard]] std::error_code send_text(std::string_view text) const;
  [[nodiscard]] std::error_code send_binary(Bytes payload) const;
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload,
                                     Compress compress = Compress::if_agreed) const;
  [[nodiscard]] std::error_code ping(std::string_view payload = {}) const;
  /// Starts the closing handshake, behind what was sent before.
  [[nodiscard]] std::error_code close(CloseCode code = CloseCode::normal,
                                      std::string_view reason = {}) const;

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  auto operator<=>(const ServerConnection& other) const noexcept { return id_ <=> other.id_; }
  bool operator==(const ServerConnection& other) const noexcept { return id_ == other.id_; }

 private:
  friend class WebSocketServer;
  class Hub;
  ServerConnection(std::shared_ptr<Hub> hub, std::uint64_t id) noexcept
      : hub_(std::move(hub)), id_(id) {}

  std::shared_ptr<Hub> hub_;
  std::uint64_t id_ = 0;
};

/// A request that is about to become a connection.
struct ServerRequest {
  const ClientOffer& offer;
  const net::Endpoint& peer;
};

/// Called on the server's thread, one at a time. What they are given is borrowed: valid until they
/// return. An exception that one throws closes that connection with 1011.
struct ServerHandlers {
  /// Decides on a request: fills in the agreement and returns nothing, or returns a rejection.
  /// Without it everything is accepted, and no subprotocol is chosen. Compression is in the
  /// agreement already, if both sides want it; without it the connection does without.
  std::function<std::optional<Rejection>(const ServerRequest&, Agreement&)> on_request{};
  std::function<void(const ServerConnection&)> on_open{};
  std::function<void(const ServerConnection&, const Message&)> on_message{};
  std::function<void(const ServerConnection&, Bytes payload)> on_ping{};
  std::function<void(const ServerConnection&, Bytes payload)> on_pong{};
  /// Once for each connection that was open, last.
  std::function<void(const ServerConnection&, CloseCode, std::string_view reason)> on_close{};
};

/// Listens, accepts, and drives all connections on the thread that calls run().
class WebSocketServer {
 public:
  WebSocketServer(ServerOptions options, ServerHandlers handlers);
  /// Cuts what is open. run() must have returned.
  ~WebSocketServer();
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;

  /// Binds and listens; returns the port. Throws WebSocketException, or WebSocketTlsException for
  /// an unusable certificate or key. Clients may connect from then on.
  std::uint16_t listen();
  /// Serves until stop(). Requires listen().
  void run();
  /// Stops listening, closes every connection with `code`, waits for the closing handshakes up to
  /// ServerOptions::close_time, then cuts; run() returns. Any thread, and handlers.
  void stop(CloseCode code = CloseCode::going_away);
  /// stop() from a signal handler: sets a flag and wakes the loop.
  void stop_from_signal() noexcept;
  /// Open connections, handshakes not counted. Any thread.
  [[nodiscard]] std::size_t connection_count() const noexcept;

 private:
  friend class ServerConnection;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wirespan
