// random_payload.cpp - random bytes, and random UTF-8 with code points of all lengths.
#include "peers/random_payload.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace wirespan::test {
namespace {

/// The code points of one, two, three and four bytes; those of three end below the surrogates.
struct Range {
  std::uint32_t first;
  std::uint32_t count;
};
constexpr std::array<Range, 4> ranges{
    {{0x00, 0x80}, {0x80, 0x780}, {0x800, 0xD000}, {0x10000, 0x100000}}};

void append_code_point(std::string& text, std::uint32_t point, std::size_t size) {
  constexpr std::array<unsigned, 4> first_byte{0x00, 0xC0, 0xE0, 0xF0};
  const auto rest = static_cast<unsigned>(6 * (size - 1));
  text.push_back(static_cast<char>(first_byte[size - 1] | (point >> rest)));
  for (unsigned shift = rest; shift > 0;) {
    shift -= 6;
    text.push_back(static_cast<char>(0x80 | ((point >> shift) & 0x3F)));
  }
}

}  // namespace

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string random_text(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  text.reserve(size);
  while (text.size() < size) {
    const std::uint64_t draw = random();
    const std::size_t length = 1 + std::min<std::size_t>(draw % 4, size - text.size() - 1);
    const Range range = ranges[length - 1];
    append_code_point(text, range.first + static_cast<std::uint32_t>((draw >> 32) % range.count),
                      length);
  }
  return text;
}

}  // namespace wirespan::test
