// core/block.cpp: raw memory with a begin and an end mark.
#include <algorithm>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include <wirespan/core/block.hpp>

namespace wirespan::test {
namespace {

TEST(Block, starts_empty_with_all_of_its_room) {
  const Block::Ptr block = Block::allocate(100);
  EXPECT_EQ(block->capacity(), 100U);
  EXPECT_TRUE(block->used().empty());
  EXPECT_EQ(block->room().size(), 100U);
  EXPECT_EQ(block->room().data(), block->bytes());
  EXPECT_EQ(block->next, nullptr);
}

TEST(Block, every_byte_of_it_may_be_written) {
  for (const std::size_t capacity : {0U, 1U, 7U, 4096U}) {
    const Block::Ptr block = Block::allocate(capacity);
    std::fill_n(block->bytes(), capacity, std::byte{0xAA});
    block->end = capacity;
    EXPECT_EQ(block->used().size(), capacity);
    EXPECT_TRUE(block->room().empty());
  }
}

TEST(Block, used_and_room_follow_begin_and_end) {
  const Block::Ptr block = Block::allocate(10);
  block->begin = 3;
  block->end = 7;
  EXPECT_EQ(block->used().data(), block->bytes() + 3);
  EXPECT_EQ(block->used().size(), 4U);
  EXPECT_EQ(block->room().data(), block->bytes() + 7);
  EXPECT_EQ(block->room().size(), 3U);
}

TEST(Block, the_heap_lends_at_least_what_was_asked_for) {
  const BlockSource& source = heap_blocks();
  for (const std::size_t size : {0U, 1U, 125U, 100'000U}) {
    Block::Ptr block = source.lend(source.context, size);
    ASSERT_NE(block, nullptr);
    EXPECT_GE(block->capacity(), size);
    source.take_back(source.context, std::move(block));
  }
}

}  // namespace
}  // namespace wirespan::test
