// core/byte_buffer.cpp: a queue of bytes in a block from a BlockSource.
#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/hex.hpp"
#include <wirespan/core/byte_buffer.hpp>

namespace wirespan::test {
namespace {

std::string text_of(const ByteBuffer& buffer) { return std::string(wire_text(buffer.data())); }

TEST(ByteBuffer, an_empty_one_owns_nothing) {
  CountingBlocks blocks;
  ByteBuffer buffer(blocks.source());
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_TRUE(buffer.data().empty());
  EXPECT_TRUE(buffer.room().empty());
  buffer.append({});
  buffer.consume(0);
  buffer.commit(0);
  buffer.clear();
  EXPECT_EQ(blocks.lent(), 0);
  EXPECT_EQ(buffer.release(), nullptr);
  EXPECT_EQ(&buffer.source(), &blocks.source());
}

TEST(ByteBuffer, the_last_byte_takes_the_block_back) {
  CountingBlocks blocks;
  ByteBuffer buffer(blocks.source());
  buffer.append(wire_bytes("hello"));
  EXPECT_EQ(blocks.outstanding(), 1);
  buffer.consume(2);
  EXPECT_EQ(text_of(buffer), "llo");
  EXPECT_EQ(blocks.outstanding(), 1);
  buffer.consume(3);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_EQ(blocks.outstanding(), 0);
}

TEST(ByteBuffer, what_is_prepared_counts_when_it_is_committed) {
  ByteBuffer buffer;
  const MutableBytes room = buffer.prepare(10);
  ASSERT_GE(room.size(), 10U);
  EXPECT_TRUE(buffer.empty());
  std::ranges::copy(wire_bytes("abc"), room.begin());
  buffer.commit(3);
  EXPECT_EQ(text_of(buffer), "abc");
  EXPECT_EQ(buffer.room().data(), room.data() + 3);
  EXPECT_EQ(buffer.room().size(), room.size() - 3);
}

TEST(ByteBuffer, growing_keeps_the_bytes_and_their_order) {
  CountingBlocks blocks;
  ByteBuffer buffer(blocks.source());
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string part = std::to_string(i) + ",";
    buffer.append(wire_bytes(part));
    expected += part;
  }
  EXPECT_EQ(text_of(buffer), expected);
  EXPECT_EQ(blocks.outstanding(), 1);
  EXPECT_LE(blocks.lent(), 15) << "growth by doubling";
}

TEST(ByteBuffer, room_that_was_consumed_is_used_again) {
  CountingBlocks blocks;
  ByteBuffer buffer(blocks.source());
  (void)buffer.prepare(100);
  buffer.commit(100);
  buffer.consume(90);
  EXPECT_GE(buffer.prepare(50).size(), 50U);
  EXPECT_EQ(blocks.lent(), 1) << "the ten bytes were moved to the front";
  EXPECT_EQ(buffer.size(), 10U);
}

/// Moving a long rest to the front at each call would cost quadratic time.
TEST(ByteBuffer, a_rest_longer_than_the_gap_is_not_moved_within_the_block) {
  CountingBlocks blocks;
  ByteBuffer buffer(blocks.source());
  (void)buffer.prepare(100);
  buffer.commit(100);
  buffer.consume(20);
  EXPECT_GE(buffer.prepare(10).size(), 10U);
  EXPECT_EQ(blocks.lent(), 2);
  EXPECT_EQ(blocks.outstanding(), 1);
}

TEST(ByteBuffer, a_refused_block_changes_nothing) {
  FailAfter fail(1);
  CountingBlocks blocks(&fail);
  ByteBuffer buffer(blocks.source());
  buffer.append(wire_bytes("abc"));
  const std::size_t capacity = buffer.capacity();
  EXPECT_THROW(buffer.append(pattern_bytes(1000)), std::bad_alloc);
  EXPECT_EQ(text_of(buffer), "abc");
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.append(pattern_bytes(1000));
  EXPECT_EQ(buffer.size(), 1003U);
}

/// A BlockSource may lend blocks with the marks of their last use.
TEST(ByteBuffer, marks_that_a_lent_block_already_has_do_not_matter) {
  const BlockSource source{.lend =
                               [](void*, std::size_t at_least) {
                                 Block::Ptr block = Block::allocate(at_least + 10);
                                 block->begin = 5;
                                 block->end = 9;
                                 return block;
                               },
                           .take_back = [](void*, Block::Ptr block) noexcept { block.reset(); }};
  ByteBuffer buffer(source);
  buffer.append(wire_bytes("abc"));
  EXPECT_EQ(text_of(buffer), "abc");
  buffer.append(pattern_bytes(100));
  EXPECT_EQ(buffer.size(), 103U);
  EXPECT_TRUE(text_of(buffer).starts_with("abc"));
}

TEST(ByteBuffer, moving_hands_over_block_and_source) {
  CountingBlocks blocks;
  CountingBlocks others;
  ByteBuffer first(blocks.source());
  first.append(wire_bytes("first"));
  ByteBuffer second(std::move(first));
  EXPECT_EQ(text_of(second), "first");
  EXPECT_TRUE(first.empty());  // NOLINT: empty is what a moved-from buffer promises

  ByteBuffer third(others.source());
  third.append(wire_bytes("third"));
  third = std::move(second);
  EXPECT_EQ(text_of(third), "first");
  EXPECT_EQ(&third.source(), &blocks.source());
  EXPECT_EQ(others.outstanding(), 0) << "what was overwritten went back";
  ByteBuffer& alias = third;
  third = std::move(alias);
  EXPECT_EQ(text_of(third), "first");
  third.clear();
  EXPECT_EQ(blocks.outstanding(), 0);
}

TEST(ByteBuffer, release_hands_over_the_block_with_its_data) {
  CountingBlocks blocks;
  ByteBuffer buffer(blocks.source());
  buffer.append(wire_bytes("abcdef"));
  buffer.consume(2);
  Block::Ptr block = buffer.release();
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(wire_text(block->used()), "cdef");
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0U);
  blocks.source().take_back(blocks.source().context, std::move(block));
  EXPECT_EQ(blocks.outstanding(), 0);
}

/// Compares the buffer with a std::string that gets the same calls.
TEST(ByteBuffer, random_use_agrees_with_a_string) {
  std::mt19937 random(3);
  CountingBlocks blocks;
  {
    ByteBuffer buffer(blocks.source());
    std::string expected;
    for (int step = 0; step < 20'000; ++step) {
      if (random() % 2 == 0) {
        const std::string part(random() % 40, static_cast<char>('a' + random() % 26));
        buffer.append(wire_bytes(part));
        expected += part;
      } else {
        const std::size_t size = random() % (expected.size() + 1);
        buffer.consume(size);
        expected.erase(0, size);
      }
      ASSERT_EQ(text_of(buffer), expected);
      ASSERT_EQ(buffer.capacity() == 0, expected.empty());
    }
  }
  EXPECT_EQ(blocks.outstanding(), 0);
}

}  // namespace
}  // namespace wirespan::test
