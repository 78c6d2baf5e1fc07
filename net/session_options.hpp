// session_options.hpp - what sessions that behave alike share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/net/send_budget.hpp>

namespace wirespan::net {

/// The fate of a message that would lift the unsent bytes above the hard limit.
enum class Overflow : std::uint8_t {
  refuse,       ///< Errc::send_queue_full; a published message does not reach this connection.
  drop_oldest,  ///< Whole messages that wait, the oldest first, make room; they are counted.
  close,        ///< The connection is closed with 1013: a peer that cannot follow comes again.
};

/// Whether a message has to ask for room.
enum class Admission : std::uint8_t {
  ask,  ///< The limits of the session decide.
  /// Room was reserved for it when it was accepted on another thread, where its text was found
  /// valid, too. With Overflow::drop_oldest older messages still make room as far as they can.
  granted,
};

/// The fate of messages that come after our own Close frame.
enum class AfterClose : std::uint8_t {
  discard,  ///< Nothing more is delivered.
  deliver,  ///< Messages are delivered until the peer's Close comes.
};

class ConnectionPool;

/// Shared by all sessions that behave alike; must outlive them. Every time is bounded where it is
/// used: 0 and below mean what their comment says, milliseconds::max() is as good as for ever.
struct SessionOptions {
  KeepAlive::Options keep_alive{};
  std::string ping_payload{};  ///< Of the pings that keep-alive sends; at most 125 bytes.
  /// From our Close frame to the end of the connection; 0 and below: the peer is not waited for.
  std::chrono::milliseconds close_time = limits::close_time;
  std::chrono::milliseconds peer_close_time = limits::peer_close_time;  ///< Clients only.
  /// Without a byte in either direction; ends in Errc::idle_timeout. Unset: for ever.
  std::optional<std::chrono::milliseconds> idle_time{};
  /// Only received bytes put the end of idle_time off.
  bool idle_ignores_output = false;
  /// Inside a message the peer brings `progress_bytes` in every such time, or the connection fails
  /// with Errc::slow_sender. Unset: no such duty.
  std::optional<std::chrono::milliseconds> progress_time{};
  std::size_t progress_bytes = limits::progress_bytes;
  std::size_t send_high_watermark = limits::send_high_watermark;
  std::size_t send_low_watermark = limits::send_low_watermark;
  std::size_t send_hard_limit = limits::send_hard_limit;
  Overflow overflow = Overflow::refuse;
  SendBudget* budget = nullptr;  ///< Null: no common bound.
  /// Read nothing from a peer while more than the high watermark waits for it, until no more than
  /// the low one does: a peer that wants answers has to take them. For servers: if both ends did
  /// it, each could wait for the other.
  bool hold_reading = false;
  /// Null: a session keeps its protocol object also while it is idle.
  ConnectionPool* connections = nullptr;
};

}  // namespace wirespan::net
