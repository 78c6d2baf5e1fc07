// net/write_queue.hpp: queued bytes in order, partly written frames, dropping and conflation.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/hex.hpp"
#include <wirespan/net/buffer_pool.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::test {
namespace {

using net::WriteQueue;
using net::WriteQueuePool;

Block::Ptr block_of(std::string_view text) {
  Block::Ptr block = Block::allocate(text.size() + 10);
  block->begin = 3;  // as after a partial write
  block->end = 3 + text.size();
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(block->bytes()) + 3);
  return block;
}

PublishedFrame::Ptr published(std::string_view text, std::string_view key = {}) {
  return PublishedFrame::make(Opcode::text, wire_bytes(text), key);
}
/// Returns the text as a frame of the wire.
std::string wire_of(std::string_view text) {
  return std::string(wire_text(published(text)->bytes()));
}

/// Returns all queued bytes without consuming them.
std::string waiting_in(const WriteQueue& queue) {
  std::vector<Bytes> pieces(1000);
  std::string text;
  const std::size_t count = queue.gather(pieces);
  for (std::size_t i = 0; i < count; ++i) text += wire_text(pieces[i]);
  return text;
}

class WriteQueueTest : public ::testing::Test {
 protected:
  void push(std::string_view text) { queue.push(block_of(text)); }
  void push_message(std::string_view text) { queue.push_message(wire_bytes(text)); }
  void expect(std::string_view text) {
    EXPECT_EQ(waiting_in(queue), text);
    EXPECT_EQ(queue.size(), text.size());
    EXPECT_EQ(queue.empty(), text.empty());
  }

  WriteQueue queue{heap_blocks()};
};

/// The rest that a partial write has left of a large block is copied, so that the memory stays
/// close to the bytes that are counted: a long rest to a recycled block, a short one to one of its
/// size.
TEST(WriteQueueMemory, a_block_that_is_less_than_half_full_is_copied) {
  net::BufferPool pool;
  constexpr std::size_t capacity = std::size_t{512} << 10;
  for (const std::size_t rest : {capacity / 2, capacity / 2 - 1, std::size_t{20'000}}) {
    WriteQueue queue(pool.source());
    Block::Ptr block = pool.lend(capacity);
    block->begin = capacity - rest;
    block->end = capacity;
    std::fill(block->bytes(), block->bytes() + capacity, std::byte{'x'});
    queue.push(std::move(block));
    EXPECT_EQ(waiting_in(queue), std::string(rest, 'x'));
    EXPECT_EQ(pool.idle() > 0, rest < capacity / 2) << rest;
    const std::size_t before = pool.idle();
    queue.clear();
    EXPECT_GE(pool.idle() - before, rest) << "recycled";
    EXPECT_LE(pool.idle() - before, 2 * rest);
  }
}

TEST(WriteQueueMemory, a_message_that_may_be_dropped_holds_no_more_than_its_size) {
  net::BufferPool pool;
  WriteQueue queue(pool.source());
  queue.push_message(pattern_bytes(17'000));
  queue.clear();
  EXPECT_EQ(pool.idle(), 0U) << "no block of the pool";
}

TEST_F(WriteQueueTest, small_frames_without_a_key_join) {
  const auto first = published("a");
  EXPECT_FALSE(queue.join(*first.get())) << "nothing to join";
  queue.push(first);
  EXPECT_TRUE(queue.join(*published("b").get()));
  EXPECT_TRUE(queue.join(*published("c").get()));
  expect(wire_of("a") + wire_of("b") + wire_of("c"));
  std::array<Bytes, 3> pieces;
  EXPECT_EQ(queue.gather(pieces), 1U);
  EXPECT_EQ(queue.drop_oldest(), 0U) << "they leave together or not at all";
  queue.consume(wire_of("a").size() + 1);
  EXPECT_TRUE(queue.join(*published("d").get())) << "behind what has left in part";
  expect(wire_of("b").substr(1) + wire_of("c") + wire_of("d"));
}

TEST_F(WriteQueueTest, what_must_stay_as_it_is_does_not_join) {
  struct Case {
    const char* what;
    PublishedFrame::Ptr first, second;
  };
  const std::string large(200, 'x');
  const Case cases[] = {{"the first has a key", published("a", "k"), published("b")},
                        {"the second has a key", published("a"), published("b", "k")},
                        {"the first is large", published(large), published("b")},
                        {"the second is large", published("a"), published(large)}};
  for (const auto& [what, first, second] : cases) {
    WriteQueue separate{heap_blocks()};
    separate.push(first);
    EXPECT_FALSE(separate.join(*second.get())) << what;
  }
  push("block");
  EXPECT_FALSE(queue.join(*published("a").get())) << "blocks of others are not added to";
  queue.push(published("a"));
  queue.pin(3);
  EXPECT_FALSE(queue.join(*published("b").get())) << "TLS holds on to what is there";
}

TEST_F(WriteQueueTest, what_is_borrowed_is_copied_when_its_owner_needs_the_memory) {
  for (std::size_t sent = 0; sent < 15; ++sent) {
    WriteQueue borrowing{heap_blocks()};
    std::string first = "first";
    std::string second = "second";
    borrowing.push_borrowed(wire_bytes(first));
    borrowing.push(block_of("own"));
    borrowing.push_borrowed(wire_bytes(second));
    borrowing.push(published("p"));
    std::string expected = "firstownsecond" + wire_of("p");
    EXPECT_EQ(waiting_in(borrowing), expected);
    borrowing.consume(sent);
    expected.erase(0, sent);
    borrowing.pin(1);
    borrowing.own();
    first.assign(first.size(), '?');
    second.assign(second.size(), '?');
    EXPECT_EQ(waiting_in(borrowing), expected);
    EXPECT_EQ(borrowing.size(), expected.size());
    borrowing.own();  // copies nothing
    borrowing.consume(expected.size());
    EXPECT_TRUE(borrowing.empty());
  }
}

FrameHead head_of(std::string_view payload) {
  return make_frame_head({.payload_size = payload.size(), .opcode = Opcode::text});
}

TEST_F(WriteQueueTest, what_is_borrowed_is_taken_over_with_its_block) {
  for (const bool later : {false, true}) {
    Block::Ptr block = block_of("a long payload");
    const Bytes payload = block->used();
    push("before");
    queue.push_borrowed(head_of("a long payload"), payload);
    if (later) push("behind");
    queue.adopt(std::move(block));
    queue.own();  // copies nothing
    const std::string behind = later ? "behind" : "";
    expect("before" + wire_of("a long payload") + behind);
    std::array<Bytes, 3> pieces;
    ASSERT_EQ(queue.gather(pieces), 3U);
    EXPECT_TRUE(is_same_memory(pieces[2], payload));
    queue.consume(6 + 2 + 7);
    expect("payload" + behind);
    queue.clear();
  }
}

TEST_F(WriteQueueTest, a_block_that_nothing_was_borrowed_from_goes_back) {
  CountingBlocks blocks;
  WriteQueue counted{blocks.source()};
  Block::Ptr block = blocks.source().lend(blocks.source().context, 100);
  counted.adopt(std::move(block));
  EXPECT_TRUE(counted.empty());
  EXPECT_EQ(blocks.outstanding(), 0);
}

TEST_F(WriteQueueTest, a_block_that_is_taken_over_is_not_mostly_empty) {
  Block::Ptr block = Block::allocate(1000);
  block->end = 10;
  std::fill_n(block->bytes(), 10, std::byte{'x'});
  const Bytes payload = block->used();
  queue.push_borrowed(head_of("xxxxxxxxxx"), payload);
  queue.adopt(std::move(block));
  expect(wire_of("xxxxxxxxxx"));
  std::array<Bytes, 2> pieces;
  ASSERT_EQ(queue.gather(pieces), 2U);
  EXPECT_FALSE(is_same_memory(pieces[1], payload)) << "it was copied to its size";
}

/// The reference for join() is push().
TEST_F(WriteQueueTest, joined_and_listed_frames_are_the_same_bytes) {
  WriteQueue listed{heap_blocks()};
  std::mt19937 random(1);
  for (int step = 0; step < 20'000; ++step) {
    const std::string text(random() % 150, static_cast<char>('a' + step % 26));
    const auto frame =
        published(text, random() % 8 == 0 ? std::string("key").append(std::to_string(step)) : "");
    listed.push(frame);
    if (!queue.join(*frame.get())) queue.push(frame);
    if (random() % 3 == 0) {
      const std::size_t size = random() % (queue.size() + 1);
      queue.consume(size);
      listed.consume(size);
    }
    ASSERT_EQ(queue.size(), listed.size());
    if (step % 50 != 0) continue;
    ASSERT_EQ(waiting_in(queue), waiting_in(listed));
  }
}

TEST_F(WriteQueueTest, keeps_the_order_of_blocks_messages_and_frames) {
  expect("");
  push("one");
  push_message("two");
  queue.push(published("three"));
  push("four");
  expect("onetwo" + wire_of("three") + "four");
  queue.push(Block::Ptr());
  expect("onetwo" + wire_of("three") + "four");
}

TEST_F(WriteQueueTest, gathers_as_much_as_there_is_room_for) {
  for (const char* text : {"a", "b", "c"}) push(text);
  std::array<Bytes, 2> two;
  EXPECT_EQ(queue.gather(two), 2U);
  EXPECT_EQ(wire_text(two[1]), "b");
  std::array<Bytes, 5> five;
  EXPECT_EQ(queue.gather(five), 3U);
  EXPECT_EQ(queue.gather({}), 0U);
}

TEST_F(WriteQueueTest, can_be_consumed_at_every_byte) {
  const std::string all = "one" + wire_of("two") + "three";
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); ++second) {
      WriteQueue one(heap_blocks());
      one.push(block_of("one"));
      one.push(published("two"));
      one.push_message(wire_bytes("three"));
      one.consume(first);
      ASSERT_EQ(waiting_in(one), all.substr(first));
      one.consume(second - first);
      ASSERT_EQ(waiting_in(one), all.substr(second)) << first << " " << second;
      ASSERT_EQ(one.size(), all.size() - second);
    }
  }
}

TEST_F(WriteQueueTest, drops_the_oldest_whole_message_and_no_block) {
  push("keep");
  push_message("first");
  queue.push(published("second"));
  push("keep");
  EXPECT_EQ(queue.drop_oldest(), 5U);
  expect("keep" + wire_of("second") + "keep");
  EXPECT_EQ(queue.drop_oldest(), 8U);
  EXPECT_EQ(queue.drop_oldest(), 0U);
  expect("keepkeep");
}

TEST_F(WriteQueueTest, never_drops_what_was_partly_sent) {
  for (std::size_t sent = 1; sent < 5; ++sent) {
    WriteQueue one(heap_blocks());
    one.push_message(wire_bytes("first"));
    one.push_message(wire_bytes("second"));
    one.consume(sent);
    EXPECT_EQ(one.drop_oldest(), 6U);
    EXPECT_EQ(one.drop_oldest(), 0U);
    EXPECT_EQ(waiting_in(one), std::string("first").substr(sent));
  }
}

TEST_F(WriteQueueTest, never_drops_nor_replaces_what_is_pinned) {
  for (std::size_t pinned = 0; pinned <= 8; ++pinned) {  // "x", 3 bytes of a frame, 3 of another
    WriteQueue one(heap_blocks());
    one.push(block_of("xx"));
    one.push(published("1", "a"));
    one.push(published("2", "b"));
    one.pin(pinned);
    EXPECT_EQ(one.replace(published("A", "a")), pinned <= 2) << pinned;
    EXPECT_EQ(one.replace(published("B", "b")), pinned <= 5) << pinned;
    std::size_t dropped = 0;
    while (one.drop_oldest() > 0) ++dropped;
    EXPECT_EQ(dropped, pinned <= 2 ? 2U : pinned <= 5 ? 1U : 0U) << pinned;
  }
}

TEST_F(WriteQueueTest, what_was_pinned_is_free_once_it_has_left) {
  push("xx");
  queue.push(published("1", "a"));
  queue.pin(3);
  EXPECT_FALSE(queue.replace(published("2", "a")));
  queue.consume(2);
  EXPECT_FALSE(queue.replace(published("2", "a"))) << "its first byte is pinned still";
  queue.pin(0);
  EXPECT_TRUE(queue.replace(published("2", "a")));
  expect(wire_of("2"));
}

TEST_F(WriteQueueTest, a_newer_frame_takes_the_place_of_an_unsent_one_with_its_key) {
  queue.push(published("1", "a"));
  queue.push(published("2", "b"));
  push("block");
  EXPECT_TRUE(queue.replace(published("longer", "a")));
  expect(wire_of("longer") + wire_of("2") + "block");
  EXPECT_FALSE(queue.replace(published("3", "c"))) << "none with that key";
  EXPECT_FALSE(queue.replace(published("3"))) << "no key at all";
  queue.consume(1);
  EXPECT_FALSE(queue.replace(published("3", "a"))) << "it has begun to leave";
  EXPECT_TRUE(queue.replace(published("3", "b")));
}

TEST_F(WriteQueueTest, of_two_frames_with_one_key_the_newer_one_is_replaced) {
  queue.push(published("1", "a"));
  queue.consume(1);
  queue.push(published("2", "a"));
  EXPECT_TRUE(queue.replace(published("3", "a")));
  queue.consume(2);  // the rest of the first frame: its key belongs to the second one
  EXPECT_TRUE(queue.replace(published("4", "a")));
  expect(wire_of("4"));
  queue.consume(queue.size());
  EXPECT_FALSE(queue.replace(published("5", "a")));
}

/// The index borrows the keys of the frames; the address sanitizer sees one that outlives its
/// frame.
TEST_F(WriteQueueTest, a_key_lives_as_long_as_its_frame_is_queued) {
  const std::string key(100, 'k');
  queue.push(published("1", key));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(queue.replace(published(std::to_string(i), key)));
  EXPECT_EQ(queue.drop_oldest(), 3U);
  EXPECT_FALSE(queue.replace(published("x", key)));
  queue.push(published("2", key));
  queue.clear();
  EXPECT_FALSE(queue.replace(published("x", key)));
  expect("");
}

struct CountingSource {
  int lent = 0;
  int returned = 0;
  BlockSource source{
      .lend = [](void* context, std::size_t size) -> Block::Ptr {
        ++static_cast<CountingSource*>(context)->lent;
        return Block::allocate(size);
      },
      .take_back = [](void* context,
                      Block::Ptr) noexcept { ++static_cast<CountingSource*>(context)->returned; },
      .context = this};
};

TEST_F(WriteQueueTest, blocks_go_back_where_they_came_from) {
  CountingSource counting;
  {
    WriteQueue one(counting.source);
    const std::string full(20, 'x');
    one.push(block_of(full));
    one.push(block_of(full));
    one.consume(full.size());
    EXPECT_EQ(counting.returned, 1);
  }
  EXPECT_EQ(counting.returned, 2);
}

TEST_F(WriteQueueTest, a_block_that_is_mostly_empty_goes_back_at_once) {
  CountingSource counting;
  WriteQueue one(counting.source);
  Block::Ptr large = Block::allocate(16'384);
  large->end = 100;
  const std::byte* before = large->bytes();
  one.push(std::move(large));
  EXPECT_EQ(counting.returned, 1) << "what is held is not much more than what is counted";
  std::array<Bytes, 1> piece;
  ASSERT_EQ(one.gather(piece), 1U);
  EXPECT_EQ(piece[0].size(), 100U);
  EXPECT_NE(piece[0].data(), before);
}

TEST_F(WriteQueueTest, a_queue_of_the_pool_comes_back_empty) {
  WriteQueuePool pool(heap_blocks());
  auto one = pool.lend();
  one->push(block_of("x"));
  one->push(published("y", "key"));
  one->pin(2);
  const WriteQueue* address = one.get();
  pool.take_back(std::move(one));
  auto again = pool.lend();
  EXPECT_EQ(again.get(), address) << "used again";
  EXPECT_TRUE(again->empty());
  EXPECT_EQ(again->size(), 0U);
  again->push(published("1", "key"));
  EXPECT_TRUE(again->replace(published("2", "key"))) << "nothing is pinned any more";
}

TEST_F(WriteQueueTest, a_queue_that_was_long_keeps_few_nodes) {
  for (int i = 0; i < 1000; ++i) push("x");
  queue.consume(1000);
  expect("");
  for (int i = 0; i < 200; ++i) push_message("y");
  while (queue.drop_oldest() > 0) {
  }
  expect("");
}

/// One entry of the reference model.
struct Modelled {
  std::string text;
  std::string key;
  bool droppable = false;
  std::size_t sent = 0;
};

class QueueModel {
 public:
  std::vector<Modelled> entries;
  std::size_t pinned = 0;

  [[nodiscard]] std::string waiting() const {
    std::string all;
    for (const Modelled& entry : entries) all += entry.text.substr(entry.sent);
    return all;
  }
  void consume(std::size_t size) {
    pinned -= std::min(pinned, size);
    while (size > 0) {
      Modelled& first = entries.front();
      const std::size_t here = std::min(size, first.text.size() - first.sent);
      first.sent += here;
      size -= here;
      if (first.sent == first.text.size()) entries.erase(entries.begin());
    }
  }
  [[nodiscard]] bool untouched(std::size_t index) const {
    std::size_t before = 0;
    for (std::size_t i = 0; i < index; ++i) before += entries[i].text.size() - entries[i].sent;
    return entries[index].sent == 0 && before >= pinned;
  }
  std::size_t drop_oldest() {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!entries[i].droppable || !untouched(i)) continue;
      const std::size_t size = entries[i].text.size();
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
      return size;
    }
    return 0;
  }
  /// Replaces the newest entry with the key, if it is unchanged since it was queued.
  bool replace(const std::string& key, const std::string& text) {
    for (std::size_t i = entries.size(); i-- > 0;) {
      if (entries[i].key != key) continue;
      if (!untouched(i)) return false;
      entries[i].text = text;
      return true;
    }
    return false;
  }
};

void random_step(std::mt19937& random, WriteQueue& queue, QueueModel& model, int n) {
  const std::string text = std::to_string(n) + std::string(random() % 20, '.');
  const std::string key = "key" + std::to_string(random() % 4);
  switch (random() % 6) {
    case 0:
      queue.push(block_of(text));
      return model.entries.push_back({.text = text, .key = {}});
    case 1:
      queue.push_message(wire_bytes(text));
      return model.entries.push_back({.text = text, .key = {}, .droppable = true});
    case 2: {
      const bool replaced = queue.replace(published(text, key));
      EXPECT_EQ(replaced, model.replace(key, wire_of(text))) << n;
      if (replaced) return;
      for (Modelled& older : model.entries) {
        if (older.key == key) older.key.clear();  // partly written, or pinned by TLS
      }
      queue.push(published(text, key));
      return model.entries.push_back({.text = wire_of(text), .key = key, .droppable = true});
    }
    case 3:
      EXPECT_EQ(queue.drop_oldest(), model.drop_oldest()) << n;
      return;
    case 4:
      model.pinned = std::min<std::size_t>(random() % 40, queue.size());
      return queue.pin(model.pinned);
    default: {
      const std::size_t size = queue.size() == 0 ? 0 : random() % (queue.size() + 1);
      queue.consume(size);
      return model.consume(size);
    }
  }
}

TEST_F(WriteQueueTest, behaves_as_the_model_for_random_steps) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    WriteQueue one(heap_blocks());
    QueueModel model;
    for (int n = 0; n < 500; ++n) {
      random_step(random, one, model, n);
      ASSERT_EQ(waiting_in(one), model.waiting()) << "seed " << seed << ", step " << n;
      ASSERT_EQ(one.size(), model.waiting().size());
    }
  }
}

}  // namespace
}  // namespace wirespan::test
