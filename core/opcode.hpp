// opcode.hpp - opcodes of frames, and the roles of endpoints. RFC 6455 §5.2, §11.8.
#pragma once

#include <cstdint>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Our role on a connection. It decides which side masks (§5.1) and which closes TCP first
/// (§7.1.1).
enum class Role : std::uint8_t { client, server };

/// The four bits of a frame's opcode. A received one may have any value of 0 to 15: test it with
/// is_control() and is_reserved().
enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// True for close, ping, pong and the reserved control opcodes. §5.5.
[[nodiscard]] constexpr bool is_control(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

/// True if the opcode is not one of the six that RFC 6455 defines.
[[nodiscard]] constexpr bool is_reserved(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x7) > 2;
}

/// Returns "cont", "text", "binary", "close", "ping", "pong", or "reserved".
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
