// ascii.hpp - the character classes of HTTP, in ASCII only: no locale, no Unicode folding.
// RFC 9110 §5.6, RFC 5234 appendix B.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// True for "0" to "9".
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// True for the letters of ASCII.
[[nodiscard]] constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// True for a hexadecimal digit, in either case.
[[nodiscard]] constexpr bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// True for a visible character, RFC 5234 VCHAR.
[[nodiscard]] constexpr bool is_visible(char c) noexcept { return c > ' ' && c <= '~'; }

/// True for a control character, RFC 5234 CTL.
[[nodiscard]] constexpr bool is_control_char(char c) noexcept {
  const auto value = static_cast<unsigned char>(c);
  return value < 0x20 || value == 0x7F;
}

/// True for a character of a token, RFC 9110 §5.6.2.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
  return is_alpha(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// True if `text` is a token: one or more characters of tokens. RFC 9110 §5.6.2.
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// True if `text` may be a field value: visible characters, spaces, tabs and bytes from 0x80 up. No
/// other control character passes; CR, LF and NUL would allow header injection. RFC 9110 §5.5.
[[nodiscard]] constexpr bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_visible(c) || c == ' ' || c == '\t' || (static_cast<unsigned char>(c) & 0x80) != 0;
  });
}

/// Returns the lower case of an ASCII letter, and any other character as it is.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Returns `text` with its ASCII letters in lower case.
[[nodiscard]] inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

/// True if the texts are equal apart from the case of ASCII letters.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

/// Returns `text` without the spaces and tabs at either end. RFC 9110 §5.6.3.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace wirespan
