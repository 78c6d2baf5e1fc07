// utf8.cpp - validates UTF-8 octet by octet.
#include "wire/utf8.hpp"

#include "wire/octets.hpp"

namespace conformance {

bool Utf8Check::start(unsigned octet) noexcept {
  if (octet < 0x80) return true;
  if (octet < 0xc2 || octet > 0xf4) return false;
  missing_ = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
  // The bounds of the second octet exclude overlong forms, surrogates, and all beyond U+10FFFF.
  if (octet == 0xe0) lowest_ = 0xa0;
  if (octet == 0xed) highest_ = 0x9f;
  if (octet == 0xf0) lowest_ = 0x90;
  if (octet == 0xf4) highest_ = 0x8f;
  return true;
}

bool Utf8Check::feed(std::string_view octets) noexcept {
  for (const char c : octets) {
    const unsigned octet = value_of(c);
    if (missing_ == 0) {
      if (!start(octet)) return false;
      continue;
    }
    if (octet < lowest_ || octet > highest_) return false;
    lowest_ = 0x80;
    highest_ = 0xbf;
    --missing_;
  }
  return true;
}

bool is_utf8(std::string_view octets) noexcept {
  Utf8Check check;
  return check.feed(octets) && check.complete();
}

}  // namespace conformance
