// core/utf8.cpp: the fast validator against its reference implementation and a second one. RFC
// 3629.
#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/utf8.hpp>

namespace wirespan::test {
namespace {

using Sequence = std::vector<unsigned>;

/// Validates by decoding: computes the code point, which must need that many bytes. Returns the
/// length of the code point at the front, or 0.
std::size_t decoded_length(const Sequence& bytes, std::size_t at) {
  const unsigned lead = bytes[at];
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC0 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF8 ? 4
                                         : 0;
  if (size <= 1) return size;
  if (at + size > bytes.size()) return 0;
  unsigned point = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((bytes[at + i] & 0xC0U) != 0x80U) return 0;
    point = point << 6 | (bytes[at + i] & 0x3FU);
  }
  constexpr std::array<unsigned, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool legal =
      point >= smallest[size] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  return legal ? size : 0;
}

bool is_valid_by_decoding(const Sequence& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = decoded_length(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

ByteVector to_bytes(const Sequence& sequence) {
  ByteVector bytes;
  for (const unsigned value : sequence) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

bool is_valid_by_reference(Bytes bytes) {
  Utf8Validator validator;
  return feed_reference(validator, bytes) && validator.complete();
}

void expect_agreement(const Sequence& sequence) {
  const ByteVector bytes = to_bytes(sequence);
  const bool expected = is_valid_by_decoding(sequence);
  ASSERT_EQ(is_valid_utf8(bytes), expected) << to_hex(bytes);
  ASSERT_EQ(is_valid_by_reference(bytes), expected) << to_hex(bytes);
}

TEST(Utf8, R113_every_sequence_of_one_and_two_bytes) {
  for (unsigned a = 0; a < 256; ++a) {
    expect_agreement({a});
    for (unsigned b = 0; b < 256; ++b) expect_agreement({a, b});
  }
}

TEST(Utf8, R113_every_sequence_of_three_bytes) {
  std::array<std::byte, 3> bytes;
  Sequence sequence(3);
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (unsigned c = 0; c < 256; ++c) {
        bytes = {static_cast<std::byte>(a), static_cast<std::byte>(b), static_cast<std::byte>(c)};
        sequence[0] = a;
        sequence[1] = b;
        sequence[2] = c;
        const bool expected = is_valid_by_decoding(sequence);
        if (is_valid_utf8(bytes) != expected || is_valid_by_reference(bytes) != expected) {
          ADD_FAILURE() << to_hex(bytes);
        }
      }
    }
  }
}

/// Tries all lead bytes with the continuation bytes at which a rule begins or ends.
TEST(Utf8, R113_four_bytes_at_the_bounds) {
  const Sequence edges{0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F,
                       0xA0, 0xBE, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF};
  for (unsigned lead = 0x80; lead < 256; ++lead) {
    for (const unsigned b : edges) {
      for (const unsigned c : edges) {
        for (const unsigned d : edges) expect_agreement({lead, b, c, d});
      }
    }
  }
}

/// Encodes a code point, also one that UTF-8 must not have.
Sequence encoded(unsigned point) {
  const auto tail = [&](unsigned shift) { return 0x80U | (point >> shift & 63U); };
  if (point < 0x80) return {point};
  if (point < 0x800) return {0xC0U | point >> 6, tail(0)};
  if (point < 0x10000) return {0xE0U | point >> 12, tail(6), tail(0)};
  return {0xF0U | point >> 18, tail(12), tail(6), tail(0)};
}

TEST(Utf8, R113_every_code_point) {
  for (unsigned point = 0; point <= 0x110000; point += point < 0x20000 ? 1 : 61) {
    const bool expected = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    ASSERT_EQ(is_valid_utf8(to_bytes(encoded(point))), expected) << std::hex << point;
  }
}

/// Puts valid and invalid sequences at every offset of a long text: blocks of no width may hide
/// one.
TEST(Utf8, R113_sequences_at_every_offset_of_long_text) {
  const char* sequences[] = {"c3a9",   "e282ac",   "f09f9880", "ff",     "c0af",
                             "eda080", "f4908080", "80",       "e28261", "c3"};
  for (const char* text : sequences) {
    const ByteVector sequence = from_hex(text);
    for (std::size_t offset = 0; offset <= 130; ++offset) {
      for (const std::size_t behind : {0U, 1U, 3U, 64U}) {
        const ByteVector bytes = join(
            {ByteVector(offset, std::byte{'x'}), sequence, ByteVector(behind, std::byte{'y'})});
        Sequence values;
        for (const std::byte byte : bytes) values.push_back(std::to_integer<unsigned>(byte));
        ASSERT_EQ(is_valid_utf8(bytes), is_valid_by_decoding(values)) << text << " at " << offset;
      }
    }
  }
}

/// Mostly valid text with mistakes, cut at random: the verdict after each piece is the reference's.
TEST(Utf8, R114_R115_pieces_are_judged_as_by_the_reference) {
  std::mt19937 random(11);
  const ByteVector parts[] = {"61"_hex, "c3a9"_hex, "e282ac"_hex, "f09f9880"_hex,
                              "6162636465666768696a6b6c6d6e6f70"_hex};
  for (int round = 0; round < 4000; ++round) {
    ByteVector text;
    while (text.size() < 100) text = join({text, parts[random() % std::size(parts)]});
    if (round % 2 == 0) text[random() % text.size()] = static_cast<std::byte>(random() & 255);
    Utf8Validator fast;
    Utf8Validator reference;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = std::min<std::size_t>(random() % 40, text.size() - at);
      const ExactCopy piece(Bytes(text).subspan(at, size));
      const bool expected = feed_reference(reference, piece.bytes());
      ASSERT_EQ(fast.feed(piece.bytes()), expected) << to_hex(text) << " at " << at;
      if (!expected) break;
      ASSERT_EQ(fast.complete(), reference.complete());
      at += size;
    }
  }
}

TEST(Utf8, a_reset_validator_is_like_new) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed("e2"_hex));
  EXPECT_FALSE(validator.complete());
  validator.reset();
  EXPECT_TRUE(validator.complete());
  EXPECT_TRUE(validator.feed("41"_hex));
  EXPECT_FALSE(validator.feed("ff"_hex));
  validator.reset();
  EXPECT_TRUE(validator.feed("e282ac"_hex));
  EXPECT_TRUE(validator.complete());
}

TEST(Utf8, reads_nothing_beyond_its_input) {
  for (std::size_t size = 0; size <= 200; ++size) {
    const GuardedBytes ascii(ByteVector(size, std::byte{'a'}));
    EXPECT_TRUE(is_valid_utf8(ascii.bytes()));
    const GuardedBytes cut(join({ByteVector(size, std::byte{'a'}), "f09f98"_hex}));
    EXPECT_FALSE(is_valid_utf8(cut.bytes()));
  }
}

}  // namespace
}  // namespace wirespan::test
