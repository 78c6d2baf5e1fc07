// frame.hpp - one frame with its payload, as Python's ABNF. RFC 6455 §5.2.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/mask.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// An owned frame: what send_frame() takes and recv_frame() gives.
struct Frame {
  Opcode opcode = Opcode::text;
  bool fin = true;
  bool rsv1 = false;
  bool rsv2 = false;
  bool rsv3 = false;
  std::string data{};

  /// A last or only frame unless `fin` is false.
  [[nodiscard]] static Frame create_frame(std::string_view data, Opcode opcode, bool fin = true);
  /// The bytes on the wire; masked if there is a key. Errors do not matter here: see validate().
  [[nodiscard]] std::string format() const;
  [[nodiscard]] std::string format(MaskKey key) const;
  /// `data` combined with `key`, RFC 6455 §5.3; twice gives `data` again.
  [[nodiscard]] static std::string mask(MaskKey key, std::string_view data);
  /// What a receiver without extensions has to say about this frame by itself.
  [[nodiscard]] std::error_code validate(bool skip_utf8_validation = false) const;
  /// Bytes on the wire when a client sends it.
  [[nodiscard]] std::size_t wire_size() const noexcept;
  /// "fin=1 opcode=1 data=b'hello'"
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Frame&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Frame& frame);

/// b'...': printable ASCII as it is, everything else as \xNN, \r, \n, \t.
[[nodiscard]] std::string escaped(std::string_view bytes);

}  // namespace wirespan
