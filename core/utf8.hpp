// utf8.hpp - a streaming check of UTF-8 that fails at the first impossible byte. RFC 6455 §8.1,
// RFC 3629.
#pragma once

#include <cstdint>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Judges a text that comes in pieces, cut anywhere. Surrogates, overlong forms and code points
/// above U+10FFFF are refused at the byte that makes them so.
class Utf8Validator {
 public:
  /// False at the first byte that cannot be part of valid UTF-8; the validator is useless then
  /// until reset().
  [[nodiscard]] bool feed(Bytes bytes) noexcept;
  /// True when the text so far does not end inside a code point.
  [[nodiscard]] bool complete() const noexcept { return needed_ == 0; }
  void reset() noexcept { *this = Utf8Validator(); }

 private:
  std::uint8_t needed_ = 0;   // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // bounds of the next continuation byte: tighter than 80..BF
  std::uint8_t high_ = 0xBF;  // only after E0, ED, F0 and F4
  friend bool feed_reference(Utf8Validator& validator, Bytes bytes) noexcept;
};

/// The whole of a text at once.
[[nodiscard]] bool is_valid_utf8(Bytes text) noexcept;

/// The plain twin of Utf8Validator::feed: RFC 3629 §4, a byte at a time.
[[nodiscard]] bool feed_reference(Utf8Validator& validator, Bytes bytes) noexcept;

}  // namespace wirespan
