// received.hpp - the owned message that the blocking receive calls return.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <wirespan/app/frame.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// One message, or one fragment with `fire_cont_frame`, copied out of the connection and owned.
struct ReceivedMessage {
  Opcode opcode = Opcode::binary;  ///< text or binary; continuation for a later fragment.
  std::string data{};              ///< The payload.
  bool fin = true;                 ///< False for a fragment that is not the last one.

  /// True for Opcode::text. The views of text() and bytes() are valid as long as `data` is.
  [[nodiscard]] bool is_text() const noexcept { return opcode == Opcode::text; }
  [[nodiscard]] std::string_view text() const noexcept { return data; }
  [[nodiscard]] Bytes bytes() const noexcept { return wire_bytes(data); }
  /// Converts to the data, as str(recv()) does in Python.
  operator std::string() const& { return data; }         // NOLINT: as str(recv())
  operator std::string() && { return std::move(data); }  // NOLINT
};

}  // namespace wirespan
