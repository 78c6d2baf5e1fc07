// wslay_peer.hpp - receives a stream of frames with wslay, a WebSocket library in C that shares
// nothing with this one.
#pragma once

#include <system_error>

#include "fuzz_input.hpp"
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan::fuzz {

/// Bytes of a message that both accept.
inline constexpr std::size_t longest_message = 60'000;
/// Bytes of a stream that are compared: one read of wslay. It takes the first two bytes of each
/// piece of a Close for a code, so that a Close must come in one piece.
inline constexpr std::size_t most_wslay_reads_at_once = 4096;

enum class Verdict : std::uint8_t { open, closed, failed };

struct ReceivedEvent {
  Opcode opcode = Opcode::binary;
  OwnedBytes payload{};  ///< Of a Close: the reason.
  bool operator==(const ReceivedEvent&) const = default;
};

/// Result of receiving a stream.
struct Received {
  std::vector<ReceivedEvent> events;  ///< Messages, pings, pongs and the Close, in order.
  Verdict verdict = Verdict::open;
  CloseCode code = CloseCode::no_status_received;  ///< Of the peer's Close, or of ours if failed.
  std::error_code error{};                         ///< Of Connection, if failed.
};

[[nodiscard]] Received receive_with_wslay(Role role, Bytes wire);

}  // namespace wirespan::fuzz
