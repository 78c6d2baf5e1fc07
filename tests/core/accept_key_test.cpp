// core/accept_key.cpp: Sec-WebSocket-Key, its Sec-WebSocket-Accept, and comparing them. RFC 6455
// §4.2.2.
#include <string>

#include <gtest/gtest.h>

#include "support/handshakes.hpp"
#include <wirespan/core/accept_key.hpp>

namespace wirespan::test {
namespace {

TEST(AcceptKey, R53_the_example_of_the_rfc) {
  const AcceptKey accept = accept_for(sample_key);
  EXPECT_EQ(std::string_view(accept.data(), accept.size()), sample_accept);
}

TEST(AcceptKey, R19_a_key_is_made_of_all_its_bytes) {
  ByteVector nonce = bytes_of("the sample nonce");
  ASSERT_EQ(nonce.size(), 16U);
  const HandshakeKey key = make_key(std::span(nonce).first<16>());
  EXPECT_EQ(std::string_view(key.data(), key.size()), sample_key);
}

TEST(AcceptKey, R41_what_is_a_key) {
  EXPECT_TRUE(is_valid_key(sample_key));
  EXPECT_TRUE(is_valid_key("AAAAAAAAAAAAAAAAAAAAAA=="));
  EXPECT_FALSE(is_valid_key(""));
  EXPECT_FALSE(is_valid_key("AAAAAAAAAAAAAAAAAAAAAB=="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ"));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ== "));
}

TEST(AcceptKey, equal_in_constant_time_is_equal) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_in_constant_time("abcd", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", ""));
  EXPECT_TRUE(equal_in_constant_time("\xFF\x80", "\xFF\x80"));
  const std::string text(28, 'x');
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[at] = static_cast<char>(other[at] ^ (1 << bit));
      EXPECT_FALSE(equal_in_constant_time(text, other)) << at << " bit " << bit;
    }
  }
}

}  // namespace
}  // namespace wirespan::test
