// core/sha1.cpp, core/base64.cpp: against OpenSSL's implementation, over every length that matters.
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "support/hex.hpp"
#include <wirespan/core/accept_key.hpp>
#include <wirespan/core/base64.hpp>
#include <wirespan/core/sha1.hpp>

namespace wirespan::test {
namespace {

ByteVector other_sha1(Bytes message) {
  ByteVector digest(20);
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest(message.data(), message.size(),
                       reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha1(), nullptr),
            1);
  EXPECT_EQ(size, digest.size());
  return digest;
}

std::string other_base64(Bytes bytes) {
  std::string text(base64_size(bytes.size()) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

TEST(OpensslReference, sha1_of_every_length_up_to_five_blocks) {
  for (std::size_t size = 0; size <= 320; ++size) {
    const ByteVector message = pattern_bytes(size);
    EXPECT_EQ(owned(sha1(message)), other_sha1(message)) << size;
  }
  const ByteVector long_message = pattern_bytes(1'000'003);
  EXPECT_EQ(owned(sha1(long_message)), other_sha1(long_message));
}

TEST(OpensslReference, base64_of_every_length_up_to_300) {
  for (std::size_t size = 0; size <= 300; ++size) {
    const ByteVector bytes = pattern_bytes(size);
    const std::string encoded = base64_encode(bytes);
    EXPECT_EQ(encoded, other_base64(bytes)) << size;
    EXPECT_TRUE(is_canonical_base64(encoded, size)) << size;
  }
}

TEST(OpensslReference, R53_accept_of_many_keys) {
  for (std::size_t i = 0; i < 500; ++i) {
    ByteVector random = pattern_bytes(16 + i);
    random.erase(random.begin(), random.begin() + static_cast<std::ptrdiff_t>(i));
    const std::string key = base64_encode(random);
    const AcceptKey accept = accept_for(key);
    const std::string joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    EXPECT_EQ(std::string(accept.data(), accept.size()),
              other_base64(other_sha1(wire_bytes(joined))));
  }
}

}  // namespace
}  // namespace wirespan::test
