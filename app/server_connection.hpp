// server_connection.hpp - a thread-safe handle for a connection of a server; may outlive it.
#pragma once

#include <any>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <wirespan/app/connection_key.hpp>
#include <wirespan/app/send_result.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan {

class ServerHub;

/// One connection of a server, to be copied and kept as anyone likes. Using it when the connection,
/// its loop or the server has gone is harmless: Errc::not_open. All functions may be called by any
/// thread at any time unless they say otherwise.
///
/// On the connection's own thread (inside handlers) calls go straight through, without a lock and
/// without memory from the heap. From other threads a message is copied and handed over; messages
/// of one thread keep their order.
class ServerConnection {
 public:
  ServerConnection() noexcept = default;  ///< No connection: everything answers Errc::not_open.
  ServerConnection(const ServerConnection& other) noexcept;
  ServerConnection(ServerConnection&& other) noexcept
      : hub_(std::exchange(other.hub_, nullptr)), key_(other.key_) {}
  ServerConnection& operator=(ServerConnection other) noexcept {
    std::swap(hub_, other.hub_);
    std::swap(key_, other.key_);
    return *this;
  }
  ~ServerConnection();

  /// Errors, the same on every thread: Errc::not_open, send_queue_full (the peer does not read),
  /// send_budget_spent, overflow_closed, invalid_text, control_too_long, unsupported_frame.
  [[nodiscard]] SendResult send_text(std::string_view text) const;
  [[nodiscard]] SendResult send_binary(Bytes payload) const;
  /// Opcode::text, binary, ping or pong.
  [[nodiscard]] SendResult send(Opcode opcode, Bytes payload,
                                Compress compress = Compress::if_agreed) const;
  [[nodiscard]] SendResult ping(std::string_view payload = {}) const;
  /// Starts the closing handshake, behind what was sent before. Errors: Errc::not_open,
  /// close_code_not_allowed, control_too_long, invalid_text.
  [[nodiscard]] std::error_code close(CloseCode code = CloseCode::normal,
                                      std::string_view reason = {}) const;
  // NOLINTBEGIN(modernize-use-nodiscard): whoever calls these rarely minds that it is too late.

  // Error of all of these: Errc::not_open.

  /// Cuts the connection without a closing handshake.
  std::error_code abort() const;

  /// Bytes that were accepted and have not reached the kernel, those on their way from other
  /// threads included. In on_close: what was lost.
  [[nodiscard]] std::size_t buffered_amount() const noexcept;
  /// Inside a handler: when the kernel received the end of what was read last, so of this message
  /// or of what came right behind it. Nothing without ServerOptions::receive_timestamps, for what
  /// came together with the handshake, or if the kernel does not know (local sockets never do).
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;
  /// While paused nothing is read from the peer: its sends will block.
  std::error_code pause() const;
  std::error_code resume() const;

  /// Messages published under that name reach this connection. Twice is once.
  std::error_code subscribe(std::string_view topic) const;
  std::error_code unsubscribe(std::string_view topic) const;

  /// Runs on the connection's thread, unless the connection has gone by then.
  std::error_code post(std::function<void(const ServerConnection&)> task) const;
  // NOLINTEND(modernize-use-nodiscard)

  /// Anything that belongs to the connection; destroyed after on_close, on its thread. Only to be
  /// used there, inside handlers. Null once the connection has gone.
  [[nodiscard]] std::any* user_data() const noexcept;
  template <class T>
  [[nodiscard]] T* user_data_as() const noexcept {
    return std::any_cast<T>(user_data());
  }

  [[nodiscard]] bool is_open() const noexcept;
  /// Never 0 for a connection; not used again while the server lives (short of 2^32 connections in
  /// one place).
  [[nodiscard]] std::uint64_t id() const noexcept;

  std::strong_ordering operator<=>(const ServerConnection& other) const noexcept {
    const auto order = id() <=> other.id();
    return std::is_eq(order) ? std::compare_three_way()(hub_, other.hub_) : order;
  }
  bool operator==(const ServerConnection& other) const noexcept {
    return hub_ == other.hub_ && key_ == other.key_;
  }

 private:
  friend class ServerConnections;
  ServerConnection(ServerHub& hub, ConnectionKey key) noexcept;

  /// Calls it on the loop's thread: now, or later.
  template <class Call>
  std::error_code on_loop(Call call) const;

  ServerHub* hub_ = nullptr;  // one share of it
  ConnectionKey key_;
};

}  // namespace wirespan

template <>
struct std::hash<wirespan::ServerConnection> {
  std::size_t operator()(const wirespan::ServerConnection& connection) const noexcept {
    return std::hash<std::uint64_t>()(connection.id());
  }
};
