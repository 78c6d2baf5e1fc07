// server_stats.hpp - what a server has done so far, as numbers.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

namespace wirespan {

/// What was refused, by the name of the limit. Counted since the start.
struct RefusalCounts {
  std::uint64_t handshake_time = 0;   ///< Opening handshakes that took too long.
  std::uint64_t head_size = 0;        ///< Request heads or targets that were too long.
  std::uint64_t head_fields = 0;      ///< Request heads with too many fields.
  std::uint64_t bad_request = 0;      ///< Anything else that is no valid request.
  std::uint64_t tls = 0;              ///< TLS handshakes that failed.
  std::uint64_t origin = 0;           ///< Origins that are not welcome.
  std::uint64_t rejected = 0;         ///< By on_request.
  std::uint64_t connections = 0;      ///< Above max_connections.
  std::uint64_t address = 0;          ///< Above max_connections_per_address.
  std::uint64_t no_descriptor = 0;    ///< Times that accepting had to rest.
  std::uint64_t message_size = 0;     ///< Messages that were too big.
  std::uint64_t fragments = 0;        ///< Messages of too many fragments.
  std::uint64_t pings = 0;            ///< Too many pings in a second.
  std::uint64_t idle_time = 0;        ///< Silent for too long.
  std::uint64_t progress = 0;         ///< Too slow inside a message.
  std::uint64_t pong_time = 0;        ///< No answer to our ping.
  std::uint64_t protocol = 0;         ///< Other violations of RFC 6455.
  std::uint64_t send_queue = 0;       ///< Messages refused above the hard limit.
  std::uint64_t send_budget = 0;      ///< Messages refused above the budget of the loop.
  std::uint64_t dropped = 0;          ///< Messages dropped to make room (Overflow::drop_oldest).
  std::uint64_t overflow_closed = 0;  ///< Connections closed for it (Overflow::close).
};

/// A snapshot. Counters never go back; the sums are not of one instant.
struct ServerStats {
  std::size_t open = 0;         ///< Connections now.
  std::size_t handshaking = 0;  ///< Handshakes under way now.
  std::uint64_t accepted = 0;   ///< Sockets since the start.
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;  ///< Accepted for sending, published ones per receiver.
  std::uint64_t bytes_in = 0;      ///< Of the stream, without TLS.
  std::uint64_t bytes_out = 0;
  std::uint64_t published = 0;        ///< Calls of publish().
  std::uint64_t conflated = 0;        ///< Unsent messages that a newer one with their key replaced.
  std::uint64_t unsent_at_close = 0;  ///< Bytes accepted and never written.
  std::size_t send_queue = 0;         ///< Unsent bytes now.
  /// The longest turn of a loop within the last seconds: how long an event may have to wait.
  std::chrono::nanoseconds loop_lag{0};
  RefusalCounts refused;
  std::map<std::uint16_t, std::uint64_t> closes_by_code;  ///< The peer's code; 1006 for none.
};

}  // namespace wirespan
