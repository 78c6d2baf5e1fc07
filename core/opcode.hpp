// opcode.hpp - what a frame is. RFC 6455 §5.2, §11.8.
#pragma once

#include <cstdint>
#include <string_view>

namespace wirespan {

/// Who we are on a connection: it decides who masks (§5.1) and who closes TCP first (§7.1.1).
enum class Role : std::uint8_t { client, server };

/// The four bits of a frame's opcode. Any value may come from the wire, so ask the questions below.
enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// Close, ping, pong and the reserved control opcodes. §5.5.
[[nodiscard]] constexpr bool is_control(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

/// Not one of the six that RFC 6455 defines.
[[nodiscard]] constexpr bool is_reserved(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x7) > 2;
}

/// "cont", "text", "binary", "close", "ping", "pong", or "reserved".
[[nodiscard]] constexpr std::string_view name(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::continuation:
      return "cont";
    case Opcode::text:
      return "text";
    case Opcode::binary:
      return "binary";
    case Opcode::close:
      return "close";
    case Opcode::ping:
      return "ping";
    case Opcode::pong:
      return "pong";
  }
  return "reserved";
}

}  // namespace wirespan
