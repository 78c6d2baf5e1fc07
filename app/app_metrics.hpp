// app_metrics.hpp - the counters of a client, as one snapshot.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Attempts to connect that failed, by their phase, counted since the app was made.
struct FailedAttempts {
  std::uint64_t resolve = 0;    ///< The name of the server or of the proxy.
  std::uint64_t connect = 0;    ///< TCP.
  std::uint64_t proxy = 0;      ///< The proxy refused, or its conversation failed.
  std::uint64_t tls = 0;        ///< TLS handshake with the server.
  std::uint64_t handshake = 0;  ///< Opening handshake: the response was refused or not valid.
  std::uint64_t refused = 0;    ///< Opening handshake: an HTTP status other than 101.
  std::uint64_t options = 0;    ///< Before the first phase: options, header callable.

  /// Returns the sum.
  [[nodiscard]] std::uint64_t total() const noexcept {
    return resolve + connect + proxy + tls + handshake + refused + options;
  }
};

/// A snapshot of a WebSocketApp's counters, over all its runs. Each number is right by itself; they
/// are not of one instant.
struct AppMetrics {
  std::uint64_t attempts = 0;      ///< Attempts to connect that have begun.
  std::uint64_t opened = 0;        ///< Connections whose opening handshake succeeded.
  std::uint64_t reconnects = 0;    ///< Of these: all but the first one of each run.
  std::uint64_t ended = 0;         ///< Connections that have ended, in whatever way.
  FailedAttempts failed{};         ///< Attempts that failed.
  std::uint64_t messages_in = 0;   ///< Whole messages and fragments given to handlers.
  std::uint64_t messages_out = 0;  ///< Messages that a connection has accepted.
  std::uint64_t bytes_in = 0;      ///< Payload bytes of messages_in.
  std::uint64_t bytes_out = 0;     ///< Bytes of frames that the kernel has taken.
  std::uint64_t dropped = 0;       ///< Messages dropped to make room (Overflow::drop_oldest).
  std::uint64_t conflated = 0;     ///< Unsent messages that a newer one with their key replaced.
  /// Round-trip time of the latest keep-alive ping that was answered; unset before the first.
  std::optional<std::chrono::nanoseconds> round_trip{};
};

}  // namespace wirespan
