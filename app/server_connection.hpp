// server_connection.hpp - a thread-safe handle to a server connection; may outlive it.
#pragma once

#include <any>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <wirespan/app/connection_key.hpp>
#include <wirespan/app/send_result.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan {

class ServerHub;
struct ServerRequest;

/// A handle to one connection of a server. The server owns the connection; handles name it by slot
/// and generation, cost 16 bytes, and may be copied and kept. Using one after the connection, its
/// loop or the server has gone is harmless: Errc::not_open. Any thread may call any function at any
/// time unless its comment says otherwise.
///
/// Fast path: on the connection's own thread (inside handlers) a call goes straight to the
/// connection, without a lock and without heap memory. Slow path: from another thread a message is
/// copied into an outbox and handed over to the loop; messages of one thread keep their order.
class ServerConnection {
 public:
  ServerConnection() noexcept = default;  ///< No connection: each call answers Errc::not_open.
  ServerConnection(const ServerConnection& other) noexcept;
  ServerConnection(ServerConnection&& other) noexcept
      : hub_(std::exchange(other.hub_, nullptr)), key_(other.key_) {}
  ServerConnection& operator=(ServerConnection other) noexcept {
    std::swap(hub_, other.hub_);
    std::swap(key_, other.key_);
    return *this;
  }
  ~ServerConnection();

  /// Sends one message. Errors, the same on every thread: Errc::not_open, send_queue_full (the peer
  /// does not read: backpressure), send_budget_spent, overflow_closed, invalid_text (not UTF-8),
  /// control_too_long, unsupported_frame, no_message_under_way (Opcode::continuation).
  [[nodiscard]] SendResult send_text(std::string_view text) const;
  [[nodiscard]] SendResult send_binary(Bytes payload) const;
  /// Sends a whole message, or a control frame: Opcode::text, binary, ping or pong.
  [[nodiscard]] SendResult send(Opcode opcode, Bytes payload,
                                Compress compress = Compress::if_agreed) const;
  /// Sends a ping of at most 125 bytes. on_pong tells of the answer.
  [[nodiscard]] SendResult ping(std::string_view payload = {}) const;
  /// Starts the closing handshake, behind the messages sent before. Errors: Errc::not_open,
  /// close_code_not_allowed, control_too_long (a reason above 123 bytes), invalid_text.
  [[nodiscard]] std::error_code close(CloseCode code = CloseCode::normal,
                                      std::string_view reason = {}) const;
  // NOLINTBEGIN(modernize-use-nodiscard): whoever calls these rarely minds that it is too late.

  // The only error of the calls below is Errc::not_open.

  /// Cuts the connection without a closing handshake; on_close follows.
  std::error_code abort() const;

  /// Returns the bytes that were accepted and have not reached the kernel, including those on their
  /// way from other threads. Inside on_close: the bytes that were lost. Messages that the loop has
  /// taken count with their frames, and so do pings and a Close frame behind them.
  [[nodiscard]] std::size_t buffered_amount() const noexcept;
  /// Inside a handler: the time at which the kernel received the end of the latest read, so of this
  /// message or of bytes right behind it. std::nullopt on other threads, without
  /// ServerOptions::receive_timestamps, for bytes that came with the handshake, and where the
  /// kernel tells no time (local sockets).
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;
  /// Flow control: stops reading until resume(): the kernel's buffer fills up, and the peer's sends
  /// block. The peer's end of the stream and close() end the pause.
  std::error_code pause() const;
  /// Reads on after pause().
  std::error_code resume() const;

  /// Subscribes this connection to the topic: it receives the messages published under that name,
  /// each once, however often it subscribes.
  std::error_code subscribe(std::string_view topic) const;
  /// Ends the subscription.
  std::error_code unsubscribe(std::string_view topic) const;
  /// True if it has subscribed to the topic. Only for handlers and tasks of that connection; false
  /// on other threads.
  [[nodiscard]] bool is_subscribed(std::string_view topic) const noexcept;

  /// Runs `task` later on the connection's thread, unless the connection has gone by then. An
  /// exception of the task is treated as one of a handler.
  std::error_code post(std::function<void(const ServerConnection&)> task) const;
  // NOLINTEND(modernize-use-nodiscard)

  /// The application's own data of the connection, from PendingRequest::accept() or set here. Only
  /// for handlers and tasks of that connection; null on other threads and once it has gone.
  /// Destroyed after on_close, on the connection's thread.
  [[nodiscard]] std::any* user_data() const noexcept;
  /// The same as a T; null if it holds another type.
  template <class T>
  [[nodiscard]] T* user_data_as() const noexcept {
    return std::any_cast<T>(user_data());
  }

  /// With ServerOptions::keep_request: the request that the connection began with (target, headers,
  /// the client's address, its certificate), and the subprotocol that was chosen. Only for handlers
  /// and tasks of that connection, on_close included, and borrowed for them; null and empty on
  /// other threads, without the option and once it has gone.
  [[nodiscard]] const ServerRequest* request() const noexcept;
  [[nodiscard]] std::string_view subprotocol() const noexcept;
  /// The address of the server that the client has reached (in front of a proxy: that the proxy
  /// has), by a system call. Only for handlers and tasks of that connection; nothing on other
  /// threads and inside on_close.
  [[nodiscard]] std::optional<net::Endpoint> local_endpoint() const;
  /// Version and cipher of the server's own TLS: "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without
  /// TLS, and where local_endpoint() is nothing.
  [[nodiscard]] std::string tls_description() const;

  /// True until the connection has ended; its closing handshake may be under way.
  [[nodiscard]] bool is_open() const noexcept;
  /// A number that names the connection: 0 for no connection; not used again while the server lives
  /// (short of 2^32 connections in one slot).
  [[nodiscard]] std::uint64_t id() const noexcept;

  /// Handles are equal if they name the same connection of the same server; the order is by id().
  std::strong_ordering operator<=>(const ServerConnection& other) const noexcept {
    const auto order = id() <=> other.id();
    return std::is_eq(order) ? std::compare_three_way()(hub_, other.hub_) : order;
  }
  /// True for handles of the same connection.
  bool operator==(const ServerConnection& other) const noexcept {
    return hub_ == other.hub_ && key_ == other.key_;
  }

 private:
  friend class ServerConnections;
  ServerConnection(ServerHub& hub, ConnectionKey key) noexcept;

  [[nodiscard]] SendResult send_directly(Opcode opcode, Bytes payload, Compress compress) const;
  /// Calls `call` on the loop's thread: at once on that thread, from others as a posted task.
  template <class Call>
  std::error_code on_loop(Call call) const;

  ServerHub* hub_ = nullptr;  // one reference of its count; null: no connection
  ConnectionKey key_;
};

/// How WebSocketServer::publish() sends a message.
struct PublishOptions {
  /// Conflation: the message takes the place of an unsent older one of the topic with that key.
  /// Empty: none.
  std::string_view key{};
  Compress compress = Compress::if_agreed;  ///< never: nobody gets it compressed.
  /// The subscriber that gets nothing, such as the sender of what is published. A handle without a
  /// connection, or of one that has gone, leaves nobody out.
  ServerConnection except{};
};

}  // namespace wirespan

/// Lets connections be keys of unordered containers.
template <>
struct std::hash<wirespan::ServerConnection> {
  /// The hash of id().
  std::size_t operator()(const wirespan::ServerConnection& connection) const noexcept {
    return std::hash<std::uint64_t>()(connection.id());
  }
};
