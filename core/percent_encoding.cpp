// percent_encoding.cpp - decodes, writes and checks percent-encoded triplets. RFC 3986 §2.1.
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/percent_encoding.hpp>

namespace wirespan {
namespace {

/// True if a '%' and two hexadecimal digits stand at `place`.
bool is_triplet(std::string_view text, std::size_t place) noexcept {
  return text.size() - place >= 3 && text[place] == '%' && is_hex_digit(text[place + 1]) &&
         is_hex_digit(text[place + 2]);
}

/// Requires a hexadecimal digit.
unsigned digit_value(char digit) noexcept {
  return static_cast<unsigned>(is_digit(digit) ? digit - '0' : to_lower(digit) - 'a' + 10);
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_triplet(text, i)) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(digit_value(text[i + 1]) << 4 | digit_value(text[i + 2]));
    i += 2;
  }
  return decoded;
}

void append_percent_encoded(std::string& out, char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out.append(1, '%').append(1, digits[value >> 4]).append(1, digits[value & 15]);
}

std::size_t find_bad_triplet(std::string_view text, std::size_t from) noexcept {
  for (from = text.find('%', from); from != std::string_view::npos; from = text.find('%', from)) {
    if (!is_triplet(text, from)) return from;
    from += 3;
  }
  return std::string_view::npos;
}

}  // namespace wirespan
