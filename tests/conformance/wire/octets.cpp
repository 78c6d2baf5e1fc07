// octets.cpp - hex, big-endian numbers, and excerpts for reports.
#include "wire/octets.hpp"

#include <algorithm>

#include "wire/utf8.hpp"

namespace conformance {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

}  // namespace

Octets from_hex(std::string_view digits) {
  Octets out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const auto high = hex_digits.find(digits[i]);
    const auto low = hex_digits.find(digits[i + 1]);
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::string to_hex(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() * 2);
  for (const char octet : octets) {
    out.push_back(hex_digits[value_of(octet) >> 4]);
    out.push_back(hex_digits[value_of(octet) & 15]);
  }
  return out;
}

Octets repeated(std::string_view pattern, std::size_t length) {
  Octets out;
  out.reserve(length + pattern.size());
  while (out.size() < length) out.append(pattern);
  out.resize(length);
  return out;
}

Octets big_endian(std::uint64_t value, std::size_t octets) {
  Octets out(octets, '\0');
  for (std::size_t i = octets; i-- > 0; value >>= 8) out[i] = static_cast<char>(value & 0xff);
  return out;
}

std::uint64_t from_big_endian(std::string_view octets) noexcept {
  std::uint64_t value = 0;
  for (const char octet : octets) value = value << 8 | value_of(octet);
  return value;
}

std::string excerpt(std::string_view octets, std::size_t limit) {
  const bool whole = octets.size() <= limit;
  std::string_view shown = octets.substr(0, limit);
  const std::string rest = whole ? "" : " ... (" + std::to_string(octets.size()) + " octets)";
  // The cut may split a character: up to three more octets are removed.
  for (std::size_t cut = 0; cut < (whole ? 1 : 4) && cut <= shown.size(); ++cut) {
    const auto text = shown.substr(0, shown.size() - cut);
    if (is_utf8(text)) return std::string(text) + rest;
  }
  return "0x" + to_hex(shown.substr(0, limit / 2)) + (shown.size() > limit / 2 ? "..." : "") + rest;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0;;) {
    const auto at = text.find(separator, from);
    parts.emplace_back(trimmed(text.substr(from, at - from)));
    if (at == std::string_view::npos) return parts;
    from = at + 1;
  }
}

}  // namespace conformance
