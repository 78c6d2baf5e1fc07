// frame.hpp - one frame that owns its payload, as Python's ABNF. RFC 6455 §5.2.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/mask.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// One frame with its payload, owned: the argument of send_frame(), the result of recv_frame().
struct Frame {
  Opcode opcode = Opcode::text;  ///< §5.2; a later fragment has continuation.
  bool fin = true;               ///< False: more fragments of the message follow.
  bool rsv1 = false;             ///< permessage-deflate has compressed the message.
  bool rsv2 = false;             ///< For extensions, of which none is known.
  bool rsv3 = false;             ///< Likewise.
  std::string data{};            ///< The payload, not masked.

  /// Returns a frame without RSV bits: the last or only one of its message unless `fin` is false.
  [[nodiscard]] static Frame create_frame(std::string_view data, Opcode opcode, bool fin = true);
  /// Returns the bytes on the wire, masked if there is a key. Formats invalid frames, too: only
  /// validate() judges.
  [[nodiscard]] std::string format() const;
  [[nodiscard]] std::string format(MaskKey key) const;
  /// Returns `data` masked with `key` (RFC 6455 §5.3). Masking twice gives `data` again.
  [[nodiscard]] static std::string mask(MaskKey key, std::string_view data);
  /// Returns the first defect that a receiver without extensions finds in this frame by itself: RSV
  /// bits, opcode, the rules for control frames, the body of a Close. `skip_utf8_validation` leaves
  /// the reason of a Close unchecked; the UTF-8 of a text is never checked here.
  [[nodiscard]] std::error_code validate(bool skip_utf8_validation = false) const;
  /// Returns the bytes on the wire when a client sends the frame, which masks it.
  [[nodiscard]] std::size_t wire_size() const noexcept;
  /// Returns a text for logs: "fin=1 opcode=1 data=b'hello'".
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Frame&) const = default;
};

/// Writes frame.to_string().
std::ostream& operator<<(std::ostream& out, const Frame& frame);

/// Returns `bytes` as Python prints them, b'...': printable ASCII as it is, but for the quote and
/// the backslash, which get a backslash; `\r`, `\n` and `\t`; every other byte as `\xNN`.
[[nodiscard]] std::string escaped(std::string_view bytes);

}  // namespace wirespan
