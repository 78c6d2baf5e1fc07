// base64.cpp - encodes and decodes base64, and checks that a text is canonical base64. RFC 4648 §4,
// §3.5.
#include <algorithm>
#include <cstdint>

#include <wirespan/core/base64.hpp>

namespace wirespan {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void base64_encode(Bytes from, char* to) noexcept {
  while (!from.empty()) {
    const std::size_t taken = std::min<std::size_t>(from.size(), 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < taken ? std::to_integer<std::uint32_t>(from[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      *to++ = i <= taken ? alphabet[group >> (18 - 6 * i) & 0x3F] : '=';
    }
    from = from.subspan(taken);
  }
}

std::string base64_encode(Bytes from) {
  std::string text(base64_size(from.size()), '\0');
  base64_encode(from, text.data());
  return text;
}

bool is_canonical_base64(std::string_view text, std::size_t size) noexcept {
  if (text.size() != base64_size(size)) return false;
  const std::size_t padding = (3 - size % 3) % 3;
  if (padding > text.size()) return false;
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (text.substr(digits.size()).find_first_not_of('=') != std::string_view::npos) return false;
  if (digits.find_first_not_of(alphabet) != std::string_view::npos) return false;
  if (padding == 0) return true;
  const std::size_t unused_bits = 2 * padding;
  return (alphabet.find(digits.back()) & ((1U << unused_bits) - 1)) == 0;
}

std::optional<std::string> base64_decode(std::string_view text) {
  const std::size_t digits = std::min(text.find('='), text.size());
  const std::size_t size = digits * 6 / 8;
  if (!is_canonical_base64(text, size)) return std::nullopt;
  std::string bytes;
  bytes.reserve(size);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    group = group << 6 | static_cast<std::uint32_t>(alphabet.find(text[i]));
    if (i % 4 != 0) bytes += static_cast<char>(group >> (6 - 2 * (i % 4)) & 0xFF);
  }
  return bytes;
}

}  // namespace wirespan
