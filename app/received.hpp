// received.hpp - what the blocking receive calls return, owned.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <wirespan/app/frame.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// One message, or one fragment with `fire_cont_frame`, copied out of the connection.
struct ReceivedMessage {
  Opcode opcode = Opcode::binary;
  std::string data{};
  bool fin = true;  ///< False for a fragment that is not the last one.

  [[nodiscard]] bool is_text() const noexcept { return opcode == Opcode::text; }
  [[nodiscard]] std::string_view text() const noexcept { return data; }
  [[nodiscard]] Bytes bytes() const noexcept { return wire_bytes(data); }
  operator std::string() const& { return data; }         // NOLINT: as str(recv())
  operator std::string() && { return std::move(data); }  // NOLINT
};

}  // namespace wirespan
