// utf8.hpp - validates UTF-8 that comes in pieces; fails at the first impossible byte. RFC 6455
// §8.1, RFC 3629.
#pragma once

#include <cstdint>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Streaming UTF-8 validator: the text comes in pieces, cut anywhere. Surrogates, overlong
/// encodings and code points above U+10FFFF are refused at the byte that makes them so. Between
/// pieces the state is the code point that the last piece has cut, in three bytes.
class Utf8Validator {
 public:
  /// Validates the next piece. False if a byte cannot be part of valid UTF-8; the validator is then
  /// of no use until reset().
  [[nodiscard]] bool feed(Bytes bytes) noexcept;
  /// True if the text so far ends with a whole code point.
  [[nodiscard]] bool complete() const noexcept { return needed_ == 0; }
  /// Begins a new text.
  void reset() noexcept { *this = Utf8Validator(); }

 private:
  std::uint8_t needed_ = 0;   // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // bounds of the next continuation byte: tighter than 80..BF
  std::uint8_t high_ = 0xBF;  // only after E0, ED, F0 and F4
  friend bool feed_reference(Utf8Validator& validator, Bytes bytes) noexcept;
};

/// True if the whole text is valid UTF-8.
[[nodiscard]] bool is_valid_utf8(Bytes text) noexcept;

/// Reference implementation of Utf8Validator::feed(): RFC 3629 §4, a byte at a time.
[[nodiscard]] bool feed_reference(Utf8Validator& validator, Bytes bytes) noexcept;

}  // namespace wirespan
