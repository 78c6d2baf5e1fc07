// RFC 7692 §7.2.2: payloads that Node's zlib (1.3.1-e00f703, of Chromium) made of one text. The
// live test against Node is tests/peers/compression_test.py.
#include <string>

#include <gtest/gtest.h>

#include "support/deflate_cases.hpp"

namespace wirespan::test {
namespace {

ByteVector text() {
  std::string whole;
  for (int i = 0; i < 8; ++i) whole += "{\"price\":12.5,\"symbol\":\"価格\"},";
  return bytes_of(whole);
}

/// Output of createDeflateRaw() with flush(Z_SYNC_FLUSH) after the text, and after the text again.
const char* const first =
    "aa562a28ca4c4e55b23234d233d5512aaecc4dcacf51b2527ab26fe1b3057b946a75aa4786020000";
const char* const again = "1a5500510000";
/// Output of deflateRawSync(), with BFINAL, followed by the octet of §7.2.3.4.
const char* const final_block =
    "ab562a28ca4c4e55b23234d233d5512aaecc4dcacf51b2527ab26fe1b3057b946a75aa4786020000";

TEST(Section7_2Node, R158_streams_with_and_without_context) {
  for (const Role role : {Role::client, Role::server}) {
    for (const DeflateContext context : {DeflateContext::dictionary, DeflateContext::stream}) {
      const ByteVector wire =
          join({compressed_frames(1, from_hex(first)), compressed_frames(1, from_hex(again)),
                compressed_frames(1, from_hex(final_block), 7),
                compressed_frames(1, from_hex(again), 1), compressed_frames(1, from_hex(first))});
      for_every_chopping(as_received_by(role, wire), [&](const Chopping& chopping) {
        Conversation conversation(role, compressing(context));
        for (const Bytes piece : chopping.pieces) conversation.receive(piece);
        ASSERT_EQ(conversation.events(), std::vector(5, seen::text(text()))) << chopping.name;
      });
    }
  }
}

/// A stream made with { level: 0 }.
TEST(Section7_2Node, R157_a_stream_without_compression) {
  const ByteVector plain = text();
  ASSERT_EQ(plain.size(), 0x108U);
  const ByteVector payload = join({"000801f7fe"_hex, plain, "00"_hex});
  Conversation conversation(Role::client, compressing());
  conversation.receive(compressed_frames(1, payload, 50));
  EXPECT_EQ(conversation.events(), std::vector{seen::text(plain)});
}

}  // namespace
}  // namespace wirespan::test
