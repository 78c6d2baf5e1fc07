#include <algorithm>
#include <cstddef>
#include <cstring>

#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

/// Length of the run of ASCII at the front, looked at eight bytes at a time.
std::size_t ascii_prefix(Bytes bytes) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::size_t i = 0;
  for (; i + 4 * sizeof(std::uint64_t) <= bytes.size(); i += 4 * sizeof(std::uint64_t)) {
    std::uint64_t words[4];
    std::memcpy(words, bytes.data() + i, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
  }
  while (i < bytes.size() && (bytes[i] & std::byte{0x80}) == std::byte{}) ++i;
  return i;
}

}  // namespace

bool Utf8Validator::feed(Bytes bytes) noexcept {
  constexpr std::size_t run = 64;  // text that is not ASCII here is not ASCII a little further
  while (!bytes.empty()) {
    if (needed_ == 0) bytes = bytes.subspan(ascii_prefix(bytes));
    const Bytes next = bytes.first(std::min(bytes.size(), run));
    if (!feed_reference(*this, next)) return false;
    bytes = bytes.subspan(next.size());
  }
  return true;
}

bool feed_reference(Utf8Validator& validator, Bytes bytes) noexcept {
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<std::uint8_t>(byte);
    if (validator.needed_ > 0) {
      if (value < validator.low_ || value > validator.high_) return false;
      validator.low_ = 0x80;
      validator.high_ = 0xBF;
      --validator.needed_;
    } else if (value >= 0x80) {
      if (value < 0xC2 || value > 0xF4) return false;
      validator.needed_ = value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3;
      if (value == 0xE0) validator.low_ = 0xA0;   // no overlong forms
      if (value == 0xED) validator.high_ = 0x9F;  // no surrogates
      if (value == 0xF0) validator.low_ = 0x90;   // no overlong forms
      if (value == 0xF4) validator.high_ = 0x8F;  // nothing above U+10FFFF
    }
  }
  return true;
}

bool is_valid_utf8(Bytes text) noexcept {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace wirespan
