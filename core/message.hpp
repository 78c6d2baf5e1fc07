// message.hpp - what an application receives. RFC 6455 §5.6.
#pragma once

#include <cstdint>
#include <string_view>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// Whether a message that is sent may be compressed: if it was agreed on and the message is long
/// enough, or never. Never is for what must not share a stream with what an attacker chooses, since
/// the size tells something about both (RFC 7692 §8), and for what is compressed already.
enum class Compress : std::uint8_t { if_agreed, never };

/// Whether a text that is sent has still to be found valid UTF-8 (RFC 6455 §8.1).
enum class TextCheck : std::uint8_t { needed, done };

/// One whole message. Borrowed: `payload` is valid until the next feed(), next() or
/// receive_window() of the connection that produced it; sending does not invalidate it.
struct Message {
  Opcode opcode = Opcode::binary;  ///< text or binary
  Bytes payload;
  /// No other whole message came with it, so what was put off for the sake of a batch is due now.
  /// If false, another one follows before anything is waited for, or the connection fails.
  bool last_in_batch = true;

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
