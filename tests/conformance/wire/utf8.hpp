// utf8.hpp - validates UTF-8 that arrives in pieces. RFC 3629 §4.
#pragma once

#include <string_view>

namespace conformance {

class Utf8Check {
 public:
  /// False at the first octet at which the text cannot be UTF-8.
  [[nodiscard]] bool feed(std::string_view octets) noexcept;
  /// True if the text does not end inside a character.
  [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }

 private:
  [[nodiscard]] bool start(unsigned octet) noexcept;

  unsigned missing_ = 0;
  unsigned lowest_ = 0x80;
  unsigned highest_ = 0xbf;
};

[[nodiscard]] bool is_utf8(std::string_view octets) noexcept;

}  // namespace conformance
