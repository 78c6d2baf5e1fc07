// core/url.cpp: the authority of a URL, and random text that must not pass.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan::test {
namespace {

TEST(Url, authorities_as_host_wants_them) {
  for (const char* good : {"h", "h:80", "h:", "127.0.0.1:1", "[::1]", "[::1]:9", "a-b.c_d~e", "%41",
                           "h:0", "h:65535"}) {
    EXPECT_TRUE(is_valid_authority(good)) << good;
  }
  for (const char* bad : {"", ":80", "h:x", "h:65536", "h:-1", "u@h", "h/x", "h?x", "h#x", "h h",
                          "h\r\n", "[::1", "::1", "[h]", "[::1]x", "%4", "h:80:81", "[]"}) {
    EXPECT_FALSE(is_valid_authority(bad)) << bad;
  }
}

TEST(Url, authority_and_port_of_a_hand_made_address) {
  Url url;
  url.host = "h";
  url.port = 80;
  EXPECT_TRUE(url.is_default_port());
  EXPECT_EQ(url.authority(), "h");
  url.secure = true;
  EXPECT_FALSE(url.is_default_port());
  EXPECT_EQ(url.authority(), "h:80");
  url.host = "::1";
  url.port = 443;
  EXPECT_EQ(url.authority(), "[::1]");
}

/// A URL that parses can stand in a request without breaking out of its line.
TEST(Url, R7_what_passes_is_harmless) {
  std::mt19937 random(5);
  const std::string alphabet = "ws:/[]@%?#.a1-_ \r\n\t\"\\<\x80\0";
  int passed = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text = round % 2 == 0 ? "ws://h" : "ws";
    for (auto size = random() % 12; size > 0; --size) text += alphabet[random() % alphabet.size()];
    const GuardedBytes guarded(wire_bytes(text));
    const auto url = parse_url(wire_text(guarded.bytes()));
    if (!url) continue;
    ++passed;
    ASSERT_FALSE(url->host.empty()) << text;
    ASSERT_NE(url->port, 0) << text;
    ASSERT_TRUE(url->resource.starts_with('/')) << text;
    ASSERT_TRUE(is_valid_authority(url->authority())) << text;
    for (const char c : url->host + url->resource + url->userinfo) {
      ASSERT_TRUE(is_visible(c) && c != '#') << text;
    }
  }
  EXPECT_GT(passed, 300) << "the alphabet gives too few addresses to say anything";
}

}  // namespace
}  // namespace wirespan::test
