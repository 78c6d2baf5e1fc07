// core/percent_encoding.cpp: RFC 3986 §2.1.
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include <wirespan/core/percent_encoding.hpp>

namespace wirespan::test {
namespace {

TEST(PercentEncoding, triplets_are_decoded_and_other_text_stays) {
  const struct {
    std::string text;
    std::string decoded;
  } rows[] = {
      {"", ""},
      {"abc", "abc"},
      {"%41%62", "Ab"},
      {"a%20b", "a b"},
      {"%c3%A9", "\xC3\xA9"},
      {"%", "%"},
      {"%4", "%4"},
      {"%zz", "%zz"},
      {"%%41", "%A"},
      {"%2541", "%41"},
      {"100%", "100%"},
      {"+", "+"},
      {"%0d%0A", "\r\n"},
      {"%00", std::string(1, '\0')},
      {"%fF", "\xFF"},
      {"%G0%0g", "%G0%0g"},
  };
  for (const auto& row : rows) {
    const GuardedBytes guarded(wire_bytes(row.text));
    EXPECT_EQ(percent_decode(wire_text(guarded.bytes())), row.decoded) << row.text;
  }
}

TEST(PercentEncoding, every_byte_survives_encoding_and_decoding) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string text;
    append_percent_encoded(text, static_cast<char>(byte));
    EXPECT_EQ(text.size(), 3U);
    EXPECT_EQ(find_bad_triplet(text), std::string::npos);
    EXPECT_EQ(percent_decode(text), std::string(1, static_cast<char>(byte)));
  }
  std::string text;
  append_percent_encoded(text, '\xAF');
  EXPECT_EQ(text, "%AF") << "upper case";
}

TEST(PercentEncoding, the_first_bad_triplet_is_found) {
  EXPECT_EQ(find_bad_triplet(""), std::string::npos);
  EXPECT_EQ(find_bad_triplet("%41%aF"), std::string::npos);
  EXPECT_EQ(find_bad_triplet("ab%4"), 2U);
  EXPECT_EQ(find_bad_triplet("%41%%41"), 3U);
  EXPECT_EQ(find_bad_triplet("%zz%", 1), 3U);
  EXPECT_EQ(find_bad_triplet("%zz", 1), std::string::npos);
}

}  // namespace
}  // namespace wirespan::test
