// RFC 7692 §8: decompression bombs, and messages that cost much and contain little.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/deflate_cases.hpp"
#include "support/processor_time.hpp"
#include "support/zlib_reference.hpp"

namespace wirespan::test {
namespace {

/// 1 GiB of zeros as about 1 MiB, the highest ratio of DEFLATE.
const ByteVector& bomb() {
  static const ByteVector payload = [] {
    ZlibDeflater deflater(15, 9);
    const ByteVector zeros(std::size_t{64} << 20);
    ByteVector whole;
    for (int i = 0; i < 16; ++i) {
      const ByteVector part = deflater.message(zeros);
      whole.insert(whole.end(), part.begin(), part.end());
      // Between two parts the tail of the flush is kept.
      const ByteVector tail = "0000ffff"_hex;
      if (i < 15) whole.insert(whole.end(), tail.begin(), tail.end());
    }
    return whole;
  }();
  return payload;
}

class Section8 : public ::testing::TestWithParam<std::tuple<Role, DeflateContext, std::size_t>> {};

TEST_P(Section8, R122_R162_a_bomb_stops_at_the_limit) {
  const auto& [role, context, fragment_size] = GetParam();
  ASSERT_LE(bomb().size(), std::size_t{1} << 20);
  Conversation conversation(role, compressing(context));
  const std::size_t limit = limits::message_size;
  const ByteVector wire = as_received_by(role, compressed_frames(2, bomb(), fragment_size));
  for (const Bytes piece : pieces_of(wire, 65536).pieces) conversation.receive(piece);
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::message_too_big)});
  const auto answer = parse_frames(conversation.wire());
  ASSERT_EQ(answer->size(), 1U);
  EXPECT_EQ(to_hex(Bytes(answer->at(0).payload).first(2)), "03f1") << "1009";
  EXPECT_LE(conversation.blocks().peak(), limit + limit / 2 + 8192) << "a buffer while it grows";
  EXPECT_LE(conversation.pool()->memory(), std::size_t{64} << 10) << "one inflating state";
  conversation.collect_events();
  EXPECT_EQ(conversation.connection().memory(), 0U);
}

std::string bomb_name(
    const ::testing::TestParamInfo<std::tuple<Role, DeflateContext, std::size_t>>& info) {
  const auto& [role, context, size] = info.param;
  constexpr std::array names{"none", "dictionary", "stream"};
  return std::string(role == Role::server ? "server_" : "client_") +
         names[static_cast<std::size_t>(context)] + (size == SIZE_MAX ? "_whole" : "_fragments");
}

INSTANTIATE_TEST_SUITE_P(Bombs, Section8,
                         ::testing::Combine(::testing::Values(Role::client, Role::server),
                                            ::testing::Values(DeflateContext::none,
                                                              DeflateContext::dictionary,
                                                              DeflateContext::stream),
                                            ::testing::Values(SIZE_MAX, std::size_t{1000})),
                         bomb_name);

TEST(Section8, R162_fragments_delivered_one_by_one_count_together) {
  ConversationOptions options = compressing();
  options.receive.deliver_fragments = true;
  options.receive.max_message_size = 1 << 20;
  Conversation conversation(Role::client, options);
  conversation.receive(compressed_frames(2, bomb(), 100));
  ASSERT_FALSE(conversation.events().empty());
  EXPECT_EQ(conversation.events().back(), seen::failed(Errc::message_too_big));
  EXPECT_LE(conversation.events().size(), 13U) << "a hundred bytes stand for a hundred thousand";
}

TEST(Section8, a_ratio_may_be_the_limit) {
  ConversationOptions options = compressing();
  options.deflate->max_inflate_ratio = 100;
  const auto events_for = [&](const ByteVector& message) {
    Conversation conversation(Role::client, options);
    conversation.receive(compressed_frames(2, ZlibDeflater().message(message), 100));
    return conversation.events();
  };
  const ByteVector small(limits::inflate_ratio_floor);
  EXPECT_EQ(events_for(small), std::vector{seen::binary(small)});
  EXPECT_EQ(events_for(ByteVector(small.size() + 1)),
            std::vector{seen::failed(Errc::inflate_ratio)});
  const ByteVector text = compressible_text(300'000);
  EXPECT_EQ(events_for(text), std::vector{seen::binary(text)});
}

/// A long message before, badly compressed, earns nothing for the next one.
TEST(Section8, the_ratio_is_that_of_each_message) {
  ConversationOptions options = compressing();
  options.deflate->max_inflate_ratio = 100;
  Conversation conversation(Role::client, options);
  ZlibDeflater deflater;
  const ByteVector before = noise(100'000);
  conversation.receive(compressed_frames(2, deflater.message(before)));
  const ByteVector zeros(limits::inflate_ratio_floor + 1);
  conversation.receive(compressed_frames(2, deflater.message(zeros)));
  EXPECT_EQ(conversation.events(),
            (std::vector{seen::binary(before), seen::failed(Errc::inflate_ratio)}));
}

TEST(Section8, a_ratio_that_is_exceeded_is_answered_with_1008) {
  EXPECT_EQ(close_code_for(Errc::inflate_ratio), CloseCode::policy_violation);
  EXPECT_EQ(close_code_for(Errc::bad_compressed_data), CloseCode::invalid_payload);
}

/// Empty blocks produce no bytes, so the limit for the plain size never applies.
TEST(Section8, R122_empty_blocks_without_end_are_a_message_too_big) {
  ConversationOptions options = compressing();
  options.receive.max_message_size = 10'000;
  ByteVector blocks;
  for (int i = 0; i < 4000; ++i) blocks = join({std::move(blocks), "000000ffff"_hex});
  Conversation whole(Role::client, options);
  whole.receive(compressed_frames(2, blocks));
  EXPECT_EQ(whole.events(), std::vector{seen::failed(Errc::message_too_big)});
  Conversation pieces(Role::client, options);
  pieces.receive(compressed_frames(2, blocks, 100));
  EXPECT_EQ(pieces.events(), std::vector{seen::failed(Errc::message_too_big)});
}

/// Each final block ends a stream and begins one. With a copy of the window each, this test would
/// take minutes.
TEST(Section8, R161_a_million_final_blocks_cost_no_more_than_their_bytes) {
  ByteVector blocks = ZlibDeflater().final_message(noise(40'000));
  blocks.pop_back();  // the octet that ends the message
  const std::size_t before = blocks.size();
  blocks.resize(before + 2'000'000, std::byte{0});
  for (std::size_t at = before; at < blocks.size(); at += 2) blocks[at] = std::byte{0x03};
  blocks.push_back(std::byte{0});
  Conversation conversation(Role::client, compressing());
  const auto start = processor_time();
  conversation.receive(compressed_frames(2, blocks));
  EXPECT_EQ(conversation.events(), std::vector{seen::binary(noise(40'000))});
  EXPECT_LT(processor_time() - start, std::chrono::seconds(10));
}

/// Each block allocation fails in turn: the outcome is bad_alloc or the end of the connection, and
/// nothing leaks.
TEST(Section8, every_block_may_be_refused) {
  const ByteVector wire = compressed_frames(1, ZlibDeflater().message(compressible_text(200'000)));
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    ConversationOptions options = compressing();
    options.fail_blocks = &fail;
    try {
      Conversation conversation(Role::server, options);
      conversation.receive_from_peer(wire);
      (void)conversation.connection().send(Opcode::text, compressible_text(100'000));
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(fail.spent());
    }
  });
  EXPECT_GE(places, 5);
}

/// Random payloads with every kind of context: the outcome is an error or a message, nothing else.
TEST(Section8, R160_noise_is_refused_or_understood) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    ConversationOptions options =
        compressing(seed % 2 == 0 ? DeflateContext::stream : DeflateContext::dictionary);
    options.receive.max_message_size = 1 << 20;
    Conversation conversation(Role::client, options);
    for (unsigned i = 0; i < 3; ++i) {
      conversation.receive(compressed_frames(2, noise(1 + (seed * 7 + i) % 60, seed * 3 + i), 17));
    }
    EXPECT_LE(conversation.events().size(), 3U);
  }
}

}  // namespace
}  // namespace wirespan::test
