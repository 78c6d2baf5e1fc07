// server_stats.hpp - the counters of a server, as one snapshot.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Refusals by the name of the limit, counted since the start.
struct RefusalCounts {
  std::uint64_t handshake_time = 0;  ///< Opening handshakes that took too long.
  std::uint64_t head_size = 0;       ///< Request heads or targets that were too long.
  std::uint64_t head_fields = 0;     ///< Request heads with too many fields.
  std::uint64_t bad_request = 0;     ///< Other requests that were not valid.
  std::uint64_t tls = 0;             ///< TLS handshakes that failed.
  std::uint64_t origin = 0;          ///< Requests from an origin that ServerOptions do not allow.
  std::uint64_t rejected = 0;        ///< Requests that on_request rejected, or failed to accept.
  std::uint64_t connections = 0;     ///< Sockets above max_connections.
  std::uint64_t address = 0;         ///< Sockets and requests above max_connections_per_address.
  std::uint64_t proxy = 0;           ///< Sockets without the PROXY header of a trusted proxy.
  std::uint64_t no_descriptor = 0;   ///< Pauses of accepting: no descriptor or no memory left.
  std::uint64_t message_size = 0;    ///< Connections failed by too large a message.
  std::uint64_t fragments = 0;       ///< Connections failed by a message of too many fragments.
  std::uint64_t pings = 0;           ///< Connections failed by too many pings in a second.
  std::uint64_t idle_time = 0;       ///< Connections closed by the idle timeout.
  std::uint64_t progress = 0;        ///< Connections failed for being too slow inside a message.
  std::uint64_t pong_time = 0;       ///< Connections failed because no ping was answered in time.
  std::uint64_t protocol = 0;        ///< Connections failed by other violations of RFC 6455.
  std::uint64_t send_queue = 0;      ///< Messages refused above the hard limit.
  std::uint64_t send_budget = 0;     ///< Messages refused above the budget of the loop.
  std::uint64_t dropped = 0;         ///< Messages dropped to make room (Overflow::drop_oldest).
  /// Connections closed for a full queue (Overflow::close), or cut for the budget of their loop.
  std::uint64_t overflow_closed = 0;
  /// Sockets and connections that ended because this process or host had run out of something
  /// (Condition::resources), memory most of all.
  std::uint64_t resources = 0;
};

/// A snapshot. `open`, `handshaking`, `send_queue` and `loop_lag` are of the present; the other
/// numbers count since the start and never go back. The sums over all loops are not of one instant.
struct ServerStats {
  std::size_t open = 0;             ///< Open connections.
  std::size_t handshaking = 0;      ///< Opening handshakes under way.
  std::uint64_t accepted = 0;       ///< Sockets that listeners accepted.
  std::uint64_t opened = 0;         ///< Connections whose opening handshake succeeded.
  std::uint64_t closed = 0;         ///< Connections that have ended.
  std::uint64_t http_requests = 0;  ///< Requests given to on_http.
  std::uint64_t messages_in = 0;    ///< Messages received.
  std::uint64_t messages_out = 0;   ///< Messages accepted for sending, published ones per receiver.
  std::uint64_t bytes_in = 0;       ///< Bytes read on open connections, without TLS overhead.
  std::uint64_t bytes_out = 0;      ///< Bytes written on open connections, likewise.
  std::uint64_t published = 0;      ///< Calls of publish() that were accepted.
  std::uint64_t conflated = 0;      ///< Unsent messages that a newer one with their key replaced.
  std::uint64_t unsent_at_close = 0;  ///< Bytes accepted and never written.
  std::size_t send_queue = 0;         ///< Unsent bytes of all connections.
  /// The longest turn of a loop within the last seconds: an event may have waited that long.
  std::chrono::nanoseconds loop_lag{0};
  RefusalCounts refused;  ///< Refusals by limit.
  /// Ended connections by the code of the peer's Close frame; 1006: none came.
  std::map<std::uint16_t, std::uint64_t> closes_by_code;
};

}  // namespace wirespan
