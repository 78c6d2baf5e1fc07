// utf8.hpp - UTF-8 that arrives in pieces. RFC 3629 §4.
#pragma once

#include <string_view>

namespace conformance {

class Utf8Check {
 public:
  /// False at the first octet that no UTF-8 text can have at this place.
  [[nodiscard]] bool feed(std::string_view octets) noexcept;
  /// Whether no character is left half.
  [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }

 private:
  [[nodiscard]] bool start(unsigned octet) noexcept;

  unsigned missing_ = 0;
  unsigned lowest_ = 0x80;
  unsigned highest_ = 0xbf;
};

[[nodiscard]] bool is_utf8(std::string_view octets) noexcept;

}  // namespace conformance
