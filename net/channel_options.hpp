// channel_options.hpp - what channels that behave alike share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::net {

/// What happens to a message that would lift the unsent bytes above the hard limit.
enum class Overflow : std::uint8_t {
  refuse,       ///< Errc::send_queue_full; a published message does not reach this connection.
  drop_oldest,  ///< Whole messages that wait, the oldest first, make room; they are counted.
  close,        ///< The connection is closed with 1013: who cannot follow comes again.
};

/// Whether a message has to ask for room.
enum class Admission : std::uint8_t {
  ask,  ///< The limits decide.
  /// Room was reserved for it when it was accepted on another thread, where its text was found
  /// valid, too. With Overflow::drop_oldest older messages still make room as far as they can.
  granted,
};

/// Unsent bytes of all channels of one loop together. The owner keeps it as long as the loop.
struct SendBudget {
  std::size_t used = 0;
  std::size_t limit = limits::loop_send_budget;
};

class ConnectionPool;

/// Shared by all channels that behave alike; must outlive them.
struct ChannelOptions {
  KeepAlive::Options keep_alive{};
  std::string ping_payload{};  ///< Of the pings that keep-alive sends; at most 125 bytes.
  std::chrono::milliseconds close_time = limits::close_time;
  std::chrono::milliseconds peer_close_time = limits::peer_close_time;  ///< Clients only.
  /// Without a byte in either direction; ends in Errc::idle_timeout.
  std::optional<std::chrono::milliseconds> idle_time{};
  /// Inside a message the peer brings `progress_bytes` in every such time, or the connection fails
  /// with Errc::slow_sender.
  std::optional<std::chrono::milliseconds> progress_time{};
  std::size_t progress_bytes = limits::progress_bytes;
  std::size_t send_high_watermark = limits::send_high_watermark;
  std::size_t send_low_watermark = limits::send_low_watermark;
  std::size_t send_hard_limit = limits::send_hard_limit;
  Overflow overflow = Overflow::refuse;
  SendBudget* budget = nullptr;  ///< Null: no common bound.
  /// Read nothing from a peer while more than the high watermark waits for it, until no more than
  /// the low one does: whoever wants answers has to take them. For servers: if both ends did it,
  /// each could wait for the other.
  bool hold_reading = false;
  /// Null: a channel keeps its protocol machine also while it is idle.
  ConnectionPool* connections = nullptr;
};

}  // namespace wirespan::net
