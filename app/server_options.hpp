// server_options.hpp - how a WebSocketServer behaves: addresses, limits, backpressure, origins.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/close_code.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/session_options.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan {

/// Which pages of browsers may connect. RFC 6455 §10.2. A request without an Origin does not come
/// from a browser and is not judged. Others get 403, and a warning in the log names origin and
/// host.
struct OriginPolicy {
  /// The origins that may, "https://example.com" or "http://localhost:3000", compared whole and
  /// without case. Empty: the page must come from the host and port that it connects to.
  std::vector<std::string> allowed{};
  /// Asked instead, if set. On the server's threads.
  std::function<bool(std::string_view origin, std::string_view host)> predicate{};
  bool allow_any = false;  ///< For servers whose answers are no secret.
};

using Overflow = net::Overflow;
using AfterClose = net::AfterClose;

/// All limits stand in core/limits.hpp with their reasons. Times in milliseconds.
struct ServerOptions {
  /// A numeric address to listen on ("0.0.0.0" or "::" for all), or "unix:" and a path.
  /// "::" takes IPv4 connections too, unless an IPv4 address is listed beside it.
  std::string address = "127.0.0.1";
  std::vector<std::string> more_addresses{};  ///< The same, with the same port.
  std::uint16_t port = 0;  ///< 0: one that is free at all addresses, which listen() tells.
  int backlog = 0;         ///< 0: as many as the system allows.
  /// Loops, each on a thread of its own; run() is one of them. With more than one the kernel
  /// spreads connections over them (SO_REUSEPORT), or the first one does for Unix sockets. A port
  /// that any other socket listens on is refused all the same (std::errc::address_in_use). While
  /// the server runs, Linux lets only programs of the same user in that ask for SO_REUSEPORT.
  int threads = 1;
  std::optional<tls::ServerOptions> tls{};  ///< Set: wss: only.
  OriginPolicy origins{};

  std::size_t max_message_size = limits::message_size;  ///< Bytes; a larger one fails with 1009.
  std::uint32_t max_message_fragments = limits::message_fragments;
  std::uint32_t max_pings_per_second = limits::pings_per_second;
  /// Hand out fragments of messages as they come: on_fragment instead of on_message.
  bool deliver_fragments = false;
  /// From accept to the end of the opening handshake: TLS, request, and the answer to it. 0 and
  /// below: as long as it takes.
  std::chrono::milliseconds handshake_time = limits::handshake_time;
  std::size_t max_head_size = limits::head_size;      ///< Bytes of a request head.
  std::size_t max_head_fields = limits::head_fields;  ///< At most limits::head_fields.
  /// A connection on which no byte passes in either direction for this long is closed with 1001; 0
  /// and below: never. While pings are on, they judge instead.
  std::chrono::milliseconds idle_time = limits::idle_time;
  bool idle_ignores_output = false;  ///< Only what the client sends puts the end of idle_time off.
  /// A client that is inside a message has to bring `progress_bytes` of it in every
  /// `progress_time`, or is closed with 1008; 0 and below: no such duty.
  std::chrono::milliseconds progress_time = limits::progress_time;
  std::size_t progress_bytes = limits::progress_bytes;
  /// For the closing handshake; 0 and below: the client's answer is not waited for.
  std::chrono::milliseconds close_time = limits::close_time;
  /// Whether messages that come after a handler's close() are delivered.
  AfterClose after_close = AfterClose::discard;
  std::chrono::milliseconds ping_interval{0};  ///< Between pings of ours; 0 and below: none.
  /// How long the answer to a ping may take, judged from the oldest unanswered one; 0 and below: it
  /// is not waited for. May be above or below ping_interval. Any byte of the client answers, and so
  /// does its taking output that had waited.
  std::chrono::milliseconds ping_timeout{0};
  bool only_pongs_count = false;  ///< Only a pong answers a ping.

  std::size_t send_high_watermark = limits::send_high_watermark;  ///< Told by on_drain below low.
  std::size_t send_low_watermark = limits::send_low_watermark;
  std::size_t send_hard_limit = limits::send_hard_limit;    ///< Unsent bytes of one connection.
  std::size_t loop_send_budget = limits::loop_send_budget;  ///< Unsent bytes of one loop.
  /// Bytes of published messages on their way from other threads to one loop. While a loop is that
  /// far behind, publish() is refused. A message that finds none before it may be of any size.
  std::size_t publish_queue_limit = limits::publish_queue;
  Overflow overflow = Overflow::refuse;  ///< What happens to a message above the hard limit.
  /// Read nothing more from a peer that leaves more than the high watermark unread.
  bool hold_reading = true;

  /// Set: permessage-deflate (RFC 7692) is agreed on with clients that offer it.
  std::optional<DeflateOptions> compression{};

  std::size_t max_connections = limits::connections;  ///< Handshakes count too.
  std::size_t max_connections_per_address = limits::connections_per_address;
  bool count_loopback = false;  ///< Let the cap for an address hold for 127.0.0.0/8 and ::1 too.

  net::Backend backend = net::Backend::automatic;
  /// How long each loop looks again and again for input before it sleeps: the microseconds of
  /// waking up are saved, and its core is kept busy. 0: it sleeps at once.
  std::chrono::microseconds busy_poll{0};
  /// The kernel notes when each packet came, for ServerConnection::received_at(). Reads then ask it
  /// for the time too, and a connection that has read keeps it in a small allocation of its own.
  bool receive_timestamps = false;
  net::Network* network = nullptr;  ///< Null: the system's. Must outlive the server.
};

/// How to end a server.
struct StopOptions {
  CloseCode code = CloseCode::going_away;  ///< Or service_restart: 1012.
  std::string reason{};                    ///< At most 123 bytes.
  /// After it what is still open is cut; 0 and below: at once. Unset: ServerOptions::close_time
  /// after the last Close.
  std::optional<std::chrono::milliseconds> deadline{};
  /// A graceful end delivers until the client's Close comes.
  AfterClose after_close = AfterClose::deliver;
  /// Connections are told one after the other over this time, so that they do not all come back at
  /// once.
  std::chrono::milliseconds spread{0};
};

}  // namespace wirespan
