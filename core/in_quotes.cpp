// in_quotes.cpp - escapes text for error texts and lines of a log.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/in_quotes.hpp>

namespace wirespan {

std::string in_quotes(std::string_view text, std::size_t most) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text.substr(0, std::min(most, text.size()))) {
    if ((is_visible(c) || c == ' ') && c != '"' && c != '\\') {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  if (text.size() > most) result += "...";
  return result + "\"";
}

}  // namespace wirespan
