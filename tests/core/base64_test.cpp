// core/base64.cpp: RFC 4648 §4.
#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/base64.hpp>

namespace wirespan::test {
namespace {

TEST(Base64, the_examples_of_rfc_4648) {
  const struct {
    const char* text;
    const char* encoded;
  } rows[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"}};
  for (const auto& row : rows) {
    EXPECT_EQ(base64_encode(wire_bytes(row.text)), row.encoded);
    EXPECT_EQ(base64_decode(row.encoded), row.text);
    EXPECT_EQ(base64_size(std::string_view(row.text).size()), std::string_view(row.encoded).size());
    EXPECT_TRUE(is_canonical_base64(row.encoded, std::string_view(row.text).size()));
  }
}

TEST(Base64, all_digits) {
  EXPECT_EQ(base64_encode("00108310518720928b30d38f41149351559761969b71d79f8218a39259a7a29aabb2dbaf"
                          "c31cb3d35db7e39ebbf3dfbf"_hex),
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

TEST(Base64, reads_nothing_beyond_its_input) {
  for (std::size_t size = 0; size < 20; ++size) {
    const GuardedBytes input(pattern_bytes(size));
    const std::string encoded = base64_encode(input.bytes());
    const GuardedBytes text(wire_bytes(encoded));
    EXPECT_TRUE(is_canonical_base64(wire_text(text.bytes()), size));
  }
}

TEST(Base64, every_byte_at_every_place_comes_back) {
  for (std::size_t size = 0; size < 300; ++size) {
    const auto bytes = pattern_bytes(size);
    const std::string text(wire_text(bytes));
    EXPECT_EQ(base64_decode(base64_encode(bytes)), text);
  }
}

TEST(Base64, what_is_not_canonical_is_not_decoded) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "==", "====",
                                      "Zm8 ", "Zm-_", "Z=g=", "Zg==Zg==", " Zg==", "Zg==\n"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

TEST(Base64, only_one_encoding_of_the_right_size_is_canonical) {
  EXPECT_FALSE(is_canonical_base64("Zg==", 2));
  EXPECT_FALSE(is_canonical_base64("Zm8=", 1));
  EXPECT_FALSE(is_canonical_base64("Zm9v", 4));
  EXPECT_FALSE(is_canonical_base64("Zm9vYmFy", 3)) << "too long, and right otherwise";
  EXPECT_FALSE(is_canonical_base64("Zm9v", 6)) << "too short, and right otherwise";
  EXPECT_FALSE(is_canonical_base64("Zm9vZg==", 1));
  EXPECT_FALSE(is_canonical_base64("Zg==", 4));
  EXPECT_FALSE(is_canonical_base64("", 1));
  EXPECT_FALSE(is_canonical_base64("Zg==", 0));
  EXPECT_FALSE(is_canonical_base64("Zh==", 1)) << "unused bits";
  EXPECT_FALSE(is_canonical_base64("Zm9=", 2)) << "unused bits";
  EXPECT_FALSE(is_canonical_base64("Z===", 1));
  EXPECT_FALSE(is_canonical_base64("====", 1));
  EXPECT_FALSE(is_canonical_base64("Zm==", 2));
  EXPECT_FALSE(is_canonical_base64("=m8=", 2));
  EXPECT_FALSE(is_canonical_base64("Zm8 ", 2));
  EXPECT_FALSE(is_canonical_base64("Zm-_", 3));
  EXPECT_FALSE(is_canonical_base64(std::string_view("Zm\0v", 4), 3));
}

/// Tries every last digit before the padding: those with unused bits set are refused.
TEST(Base64, the_last_digit_is_judged_exactly) {
  const std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::string digit(1, digits[i]);
    EXPECT_EQ(is_canonical_base64("A" + digit + "==", 1), i % 16 == 0) << digit;
    EXPECT_EQ(is_canonical_base64("AA" + digit + "=", 2), i % 4 == 0) << digit;
    EXPECT_TRUE(is_canonical_base64("AAA" + digit, 3)) << digit;
  }
}

TEST(Base64, no_other_character_is_a_digit) {
  for (int c = 0; c < 256; ++c) {
    const bool is_digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                          (c >= '0' && c <= '9') || c == '+' || c == '/';
    EXPECT_EQ(is_canonical_base64(std::string("AAA") + static_cast<char>(c), 3), is_digit) << c;
  }
}

}  // namespace
}  // namespace wirespan::test
