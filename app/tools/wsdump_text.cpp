// wsdump_text.cpp - escapes control characters, formats and parses hexadecimal.
#include "wsdump_text.hpp"

#include <algorithm>
#include <cstdint>

#include <wirespan/app/frame.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/utf8.hpp>

namespace wsdump {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

std::string two_digits(unsigned char byte) { return {digits[byte >> 4], digits[byte & 15]}; }

bool is_c0_or_delete(unsigned char byte) { return byte < 0x20 || byte == 0x7F; }

/// True if a character of C1, U+0080 to U+009F, begins at `at`.
bool is_c1(std::string_view text, std::size_t at) {
  return byte_at(text, at) == 0xC2 && at + 1 < text.size() && byte_at(text, at + 1) >= 0x80 &&
         byte_at(text, at + 1) < 0xA0;
}

/// Appends a text that is UTF-8.
void append_for_terminal(std::string_view text, std::string& to) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = byte_at(text, i);
    if (is_c1(text, i)) {
      to += "\\u00" + two_digits(byte_at(text, ++i));
    } else if (is_c0_or_delete(byte) && byte != '\n' && byte != '\t') {
      to += "\\x" + two_digits(byte);
    } else {
      to += static_cast<char>(byte);
    }
  }
}

/// Size of the character that begins `text`; 0 if its first byte begins none.
std::size_t character_size(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (wirespan::is_valid_utf8(wirespan::wire_bytes(text.substr(0, size)))) return size;
  }
  return 0;
}

int value_of(char digit) {
  return static_cast<int>(digits.find(wirespan::to_lower(digit)));  // a hexadecimal digit
}

}  // namespace

std::string for_terminal(std::string_view text) {
  std::string shown;
  if (wirespan::is_valid_utf8(wirespan::wire_bytes(text))) {
    append_for_terminal(text, shown);
    return shown;
  }
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) {
      shown += "\\x" + two_digits(byte_at(text, 0));
    } else {
      append_for_terminal(text.substr(0, size), shown);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = byte_at(text, i);
    if (byte == '"' || byte == '\\') {
      json += {'\\', static_cast<char>(byte)};
    } else if (byte == '\n') {
      json += "\\n";
    } else if (is_c0_or_delete(byte)) {
      json += "\\u00" + two_digits(byte);
    } else if (is_c1(text, i)) {
      json += "\\u00" + two_digits(byte_at(text, ++i));
    } else {
      json += static_cast<char>(byte);
    }
  }
  return json + '"';
}

std::string to_hex(wirespan::Bytes bytes) {
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    hex += digits[std::to_integer<unsigned>(byte) >> 4];
    hex += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\t' || text[i] == '\r') {
      ++i;
      continue;
    }
    if (i + 1 == text.size()) return std::nullopt;
    if (!wirespan::is_hex_digit(text[i]) || !wirespan::is_hex_digit(text[i + 1])) {
      return std::nullopt;
    }
    bytes += static_cast<char>(value_of(text[i]) * 16 + value_of(text[i + 1]));
    i += 2;
  }
  return bytes;
}

std::string shown_binary(wirespan::Bytes data) {
  const std::string_view text = wirespan::wire_text(data);
  const bool is_gzip = text.starts_with("\x1f\x8b");
  const auto plain =
      inflated(data, is_gzip ? Deflated::gzip : Deflated::raw, wirespan::limits::message_size);
  if (plain && !plain->empty() && wirespan::is_valid_utf8(wirespan::wire_bytes(*plain))) {
    return (is_gzip ? "[gzip] " : "[zlib] ") + *plain;
  }
  return wirespan::escaped(text);
}

}  // namespace wsdump
