// net/buffer_pool.cpp: a buffer pool of blocks in size classes, lent again and again.
#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/net/buffer_pool.hpp>

namespace wirespan::test {
namespace {

using net::BufferPool;

constexpr std::size_t operator""_KiB(unsigned long long n) { return std::size_t{n} << 10; }
constexpr std::size_t operator""_MiB(unsigned long long n) { return std::size_t{n} << 20; }

struct SizeCase {
  std::string name;
  std::size_t asked;
  std::size_t capacity;
};
void PrintTo(const SizeCase& row, std::ostream* out) { *out << row.name; }

class BlockSizes : public ::testing::TestWithParam<SizeCase> {};

TEST_P(BlockSizes, are_classes) {
  BufferPool pool;
  auto block = pool.lend(GetParam().asked);
  EXPECT_EQ(block->capacity(), GetParam().capacity);
  EXPECT_EQ(block->begin, 0U);
  EXPECT_EQ(block->end, 0U);
  EXPECT_EQ(block->next, nullptr);
  block->bytes()[0] = block->bytes()[block->capacity() - 1] = std::byte{1};
}

const SizeCase sizes[] = {
    {"nothing", 0, 512},
    {"one_byte", 1, 512},
    {"first_class", 512, 512},
    {"one_more", 513, 16_KiB},
    {"second_class", 16_KiB, 16_KiB},
    {"more_than_second", 16_KiB + 1, 32_KiB},
    {"third_class", 32_KiB, 32_KiB},
    {"odd", 100'000, 128_KiB},
    {"last_class", 16_MiB, 16_MiB},
    {"beyond_all_classes", 16_MiB + 1, 16_MiB + 1},
};
INSTANTIATE_TEST_SUITE_P(BufferPool, BlockSizes, ::testing::ValuesIn(sizes), case_name<SizeCase>);

TEST(BufferPool, every_size_fits_and_wastes_at_most_half) {
  BufferPool pool;
  for (std::size_t size = 16_KiB; size <= 1_MiB; size += 997) {
    const auto block = pool.lend(size);
    ASSERT_GE(block->capacity(), size);
    ASSERT_LT(block->capacity(), 2 * size);
  }
}

TEST(BufferPool, lends_the_same_block_again) {
  BufferPool pool;
  auto block = pool.lend(1000);
  const Block* const address = block.get();
  block->begin = 5;
  block->end = 10;
  pool.take_back(std::move(block));
  EXPECT_EQ(pool.idle(), 16_KiB);
  block = pool.lend(16_KiB);
  EXPECT_EQ(block.get(), address);
  EXPECT_EQ(block->begin, 0U) << "as good as new";
  EXPECT_EQ(block->end, 0U);
  EXPECT_EQ(block->next, nullptr);
  EXPECT_EQ(pool.idle(), 0U);
}

TEST(BufferPool, a_block_of_another_size_is_not_what_was_asked_for) {
  BufferPool pool;
  pool.take_back(pool.lend(1_MiB));
  EXPECT_EQ(pool.idle(), 1_MiB);
  const auto small = pool.lend(100);
  EXPECT_EQ(small->capacity(), 512U);
  EXPECT_EQ(pool.idle(), 1_MiB);
}

TEST(BufferPool, keeps_no_more_than_it_may) {
  BufferPool pool(40_KiB);
  std::vector<Block::Ptr> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back(pool.lend(16_KiB));
  for (auto& block : blocks) pool.take_back(std::move(block));
  EXPECT_EQ(pool.idle(), 32_KiB);
  pool.take_back(pool.lend(1_MiB));
  EXPECT_EQ(pool.idle(), 32_KiB) << "one large block does not fit";
  pool.take_back(pool.lend(100));
  EXPECT_EQ(pool.idle(), 32_KiB + 512);
}

TEST(BufferPool, may_keep_nothing) {
  BufferPool pool(0);
  pool.take_back(pool.lend(1));
  EXPECT_EQ(pool.idle(), 0U);
}

TEST(BufferPool, a_foreign_block_is_kept_only_if_it_has_the_right_size) {
  BufferPool pool;
  pool.take_back(Block::allocate(1000));
  EXPECT_EQ(pool.idle(), 0U);
  pool.take_back(Block::allocate(17_MiB));
  EXPECT_EQ(pool.idle(), 0U);
  pool.take_back(Block::allocate(0));
  EXPECT_EQ(pool.idle(), 0U);
  pool.take_back(Block::allocate(32_KiB));
  EXPECT_EQ(pool.idle(), 32_KiB);
}

TEST(BufferPool, more_than_there_is_is_an_exception) {
  BufferPool pool;
  EXPECT_THROW((void)pool.lend(std::numeric_limits<std::size_t>::max() / 2), std::bad_alloc);
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_EQ(pool.lend(1)->capacity(), 512U);
}

TEST(BufferPool, serves_core_as_a_source) {
  BufferPool pool;
  {
    ByteBuffer buffer(pool.source());
    buffer.append(Bytes(std::vector<std::byte>(20'000)));
    EXPECT_EQ(buffer.capacity(), 32_KiB);
    EXPECT_EQ(pool.idle(), 0U);
    buffer.consume(20'000);
    EXPECT_EQ(buffer.capacity(), 0U) << "an empty buffer owns nothing";
    EXPECT_EQ(pool.idle(), 32_KiB);
    buffer.append(Bytes(std::vector<std::byte>(10)));
  }
  EXPECT_EQ(pool.idle(), 32_KiB + 512) << "what a buffer held comes back when it goes";
}

/// Two owners never get the same memory, and the pool's counts are right at every moment.
TEST(BufferPool, random_use_is_accounted_for) {
  BufferPool pool(2_MiB);
  std::mt19937 random(11);
  std::vector<std::pair<Block::Ptr, std::byte>> lent;
  for (int i = 0; i < 1500; ++i) {
    if (lent.size() < 30 && random() % 2 == 0) {
      auto block = pool.lend(random() % 100'000);
      const auto mark = static_cast<std::byte>(random());
      std::memset(block->bytes(), std::to_integer<int>(mark), block->capacity());
      lent.emplace_back(std::move(block), mark);
    } else if (!lent.empty()) {
      std::swap(lent[random() % lent.size()], lent.back());
      auto& [block, mark] = lent.back();
      const auto* first = block->bytes();
      ASSERT_TRUE(std::all_of(first, first + block->capacity(),
                              [&mark = mark](std::byte byte) { return byte == mark; }));
      pool.take_back(std::move(block));
      lent.pop_back();
    }
    ASSERT_LE(pool.idle(), 2_MiB);
  }
}

}  // namespace
}  // namespace wirespan::test
