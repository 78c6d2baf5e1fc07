// wsbench_payload.cpp - numbered messages.
#include "wsbench_payload.hpp"

#include <array>

namespace wsbench {
namespace {

using Digits = std::array<char, smallest_payload>;

Digits digits_of(std::uint64_t number) noexcept {
  Digits digits{};
  for (std::size_t i = digits.size(); i-- > 0; number /= 10) {
    digits[i] = static_cast<char>('0' + number % 10);
  }
  return digits;
}

/// Words in an order that does not repeat within a message: one multiplication a word.
std::string words(std::size_t size) {
  static constexpr std::array<std::string_view, 16> all{
      "price ", "volume ", "bid ",    "ask ",   "order ", "trade ",  "market ", "open ",
      "close ", "high ",   "update ", "depth ", "level ", "symbol ", "time ",   "quote "};
  std::string text;
  for (std::uint32_t seed = 1; text.size() < size; seed = seed * 1'664'525 + 1'013'904'223) {
    text += all[seed >> 28];
    text += std::to_string(seed >> 12 & 0xFFFF) + ' ';
  }
  text.resize(size);
  return text;
}

}  // namespace

Payload::Payload(std::size_t size) : text_(words(size)) {}

std::string_view Payload::numbered(std::uint64_t number) {
  const Digits digits = digits_of(number);
  text_.replace(0, digits.size(), digits.data(), digits.size());
  return text_;
}

bool Payload::is(std::string_view text, std::uint64_t number) const {
  if (text.size() != text_.size()) return false;
  const Digits digits = digits_of(number);
  return text.starts_with(std::string_view(digits.data(), digits.size())) &&
         text.substr(digits.size()) == std::string_view(text_).substr(digits.size());
}

}  // namespace wsbench
