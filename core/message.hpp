// message.hpp - messages and fragments as an application receives them. RFC 6455 §5.6.
#pragma once

#include <cstdint>
#include <string_view>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// Whether a message that is sent may be compressed. `if_agreed`: permessage-deflate was agreed on
/// and the message has at least DeflateOptions::threshold bytes. `never`: for secrets, which must
/// not be compressed together with data that an attacker chooses, because the compressed size tells
/// something about both (RFC 7692 §8); and for data that is compressed already.
enum class Compress : std::uint8_t { if_agreed, never };

/// Whether a text that is sent must still be validated as UTF-8 (RFC 6455 §8.1). `done`: the caller
/// has validated it, and the connection does not repeat the check.
enum class TextCheck : std::uint8_t { needed, done };

/// One whole message. `payload` is a borrowed buffer: valid until the next feed(), next() or
/// receive_window() of the connection that produced it; sending does not invalidate it.
struct Message {
  Opcode opcode = Opcode::binary;  ///< text or binary
  Bytes payload;                   ///< Without its frames, decompressed.
  /// True: no further whole message came with this one, so work that was put off for the batch is
  /// due. False: another message follows before the connection waits for input, or the connection
  /// fails.
  bool last_in_batch = true;

  /// True for Opcode::text.
  [[nodiscard]] bool is_text() const noexcept { return opcode == Opcode::text; }
  /// Valid UTF-8 if is_text(), unless validation was turned off.
  [[nodiscard]] std::string_view text() const noexcept { return wire_text(payload); }
};

/// One frame of a fragmented message; only with ReceiveOptions::deliver_fragments. `payload` is
/// borrowed as that of Message is.
struct Fragment {
  Opcode opcode = Opcode::continuation;  ///< text or binary for the first one, then continuation
  Bytes payload;                         ///< Decompressed, if the message is.
  bool fin = false;                      ///< The message ends here.
};

}  // namespace wirespan
