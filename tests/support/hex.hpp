// hex.hpp - bytes of the wire as tables write them: "81 85 37fa213d"_hex.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/bytes.hpp>

namespace wirespan::test {

using ByteVector = std::vector<std::byte>;

/// Returns the value of one hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Reads pairs of digits, with blanks anywhere between them. Throws std::invalid_argument on a
/// typing error.
inline ByteVector from_hex(std::string_view text) {
  ByteVector bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int value = hex_value(c);
    if (value < 0) throw std::invalid_argument("no hexadecimal digit: " + std::string(1, c));
    if (high < 0) {
      high = value;
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + value));
      high = -1;
    }
  }
  if (high >= 0) throw std::invalid_argument("half a byte at the end");
  return bytes;
}

inline ByteVector operator""_hex(const char* text, std::size_t size) {
  return from_hex({text, size});
}

inline std::string to_hex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += "0123456789abcdef"[value >> 4];
    text += "0123456789abcdef"[value & 15];
  }
  return text;
}

inline ByteVector owned(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

inline ByteVector bytes_of(std::string_view text) { return owned(wire_bytes(text)); }

inline ByteVector join(std::initializer_list<ByteVector> parts) {
  ByteVector whole;
  for (const ByteVector& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

/// Returns bytes that differ from their neighbours, so that a shift or a swap shows.
inline ByteVector pattern_bytes(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 7 + i / 251) & 255);
  return bytes;
}

}  // namespace wirespan::test
