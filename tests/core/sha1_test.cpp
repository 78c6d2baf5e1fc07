// core/sha1.cpp: FIPS 180-4 §6.1.
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/sha1.hpp>

namespace wirespan::test {
namespace {

TEST(Sha1, published_digests) {
  const struct {
    std::string message;
    const char* digest;
  } rows[] = {
      {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
      {"The quick brown fox jumps over the lazy dog", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"},
      {std::string(1'000'000, 'a'), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(to_hex(sha1(wire_bytes(row.message))), row.digest) << row.message.substr(0, 50);
  }
}

TEST(Sha1, reads_nothing_beyond_its_input) {
  for (std::size_t size = 0; size <= 130; ++size) {
    const ByteVector message = pattern_bytes(size);
    const GuardedBytes guarded(message);
    EXPECT_EQ(sha1(guarded.bytes()), sha1(message));
  }
}

}  // namespace
}  // namespace wirespan::test
