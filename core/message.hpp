// message.hpp - what an application receives. RFC 6455 §5.6.
#pragma once

#include <string_view>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// One whole message. Borrowed: `payload` is valid until the next feed(), next() or
/// receive_window() of the connection that produced it; sending does not invalidate it.
struct Message {
  Opcode opcode = Opcode::binary;  ///< text or binary
  Bytes payload;

  [[nodiscard]] bool is_text() const noexcept { return opcode == Opcode::text; }
  /// Valid UTF-8 if is_text(), unless validation was turned off.
  [[nodiscard]] std::string_view text() const noexcept { return wire_text(payload); }
};

/// One frame of a fragmented message; only with ReceiveOptions::deliver_fragments. Borrowed as
/// above.
struct Fragment {
  Opcode opcode = Opcode::continuation;  ///< text or binary for the first one, then continuation
  Bytes payload;
  bool fin = false;  ///< The message ends here.
};

}  // namespace wirespan
