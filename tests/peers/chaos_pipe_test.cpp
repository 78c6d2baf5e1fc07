// chaos_pipe_test.cpp - app/tools/chaos_pipe.cpp: one direction of chaos_proxy, by a clock of the
// test.
#include "chaos_pipe.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wirespan/core/bytes.hpp>

namespace chaos {
namespace {

using std::chrono::milliseconds;
using wirespan::Bytes;

constexpr TimePoint start{std::chrono::hours(1)};

/// A pipe between a sender that has `text` and a receiver that takes all that is due.
class Flow {
  Faults faults_;  // in front of the pipe, which refers to it

 public:
  explicit Flow(Faults faults) : faults_(faults), pipe(faults_, 1) {}

  /// Puts as much of the text into the pipe as it has room for. Returns the number of bytes.
  std::size_t put(std::string_view text) {
    const auto room = pipe.room();
    const std::size_t size = std::min(room.size(), text.size());
    std::ranges::copy(wirespan::wire_bytes(text.substr(0, size)), room.begin());
    if (size > 0) pipe.received(size, now);
    return size;
  }
  /// Takes one piece.
  std::string take() {
    std::string piece(wirespan::wire_text(pipe.due(now)));
    if (!piece.empty()) pipe.forwarded(piece.size(), now);
    return piece;
  }
  /// Takes pieces, and waits for them as the pipe says, until nothing is left to wait for.
  std::string take_all() {
    std::string all;
    while (pipe.fault() == Fault::none && !pipe.end_is_due(now)) {
      const std::string piece = take();
      all += piece;
      if (!piece.empty()) continue;
      const auto next = pipe.next_due();
      if (!next) return all;
      EXPECT_GT(*next, now) << "due, and nothing can be taken";
      now = std::max(*next, now + milliseconds(1));
    }
    return all;
  }
  [[nodiscard]] milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(now - start);
  }

  Pipe pipe;
  TimePoint now = start;
};

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST(ChaosPipe, without_faults_all_is_due_at_once) {
  Flow flow({});
  EXPECT_FALSE(flow.pipe.next_due());
  flow.put("abc");
  EXPECT_EQ(flow.take(), "abc");
  EXPECT_EQ(flow.take(), "");
  EXPECT_EQ(flow.pipe.bytes(), 3U);
  EXPECT_EQ(flow.pipe.fault(), Fault::none);
}

TEST(ChaosPipe, a_full_pipe_takes_nothing) {
  Flow flow({});
  const std::string text = pattern(100'000);
  const std::size_t held = flow.put(text);
  EXPECT_EQ(held, 65'536U);
  EXPECT_EQ(flow.put("x"), 0U);
  EXPECT_EQ(flow.take(), text.substr(0, held));
  EXPECT_EQ(flow.put("x"), 1U);
}

TEST(ChaosPipe, bytes_and_the_end_are_late_by_the_delay) {
  Flow flow({.delay = milliseconds(50)});
  flow.put("abc");
  flow.now += milliseconds(20);
  flow.put("def");
  flow.pipe.end_input(flow.now);
  flow.now += milliseconds(29);
  EXPECT_EQ(flow.take(), "");
  flow.now += milliseconds(1);
  EXPECT_EQ(flow.take(), "abc");
  EXPECT_EQ(flow.pipe.next_due(), start + milliseconds(70));
  EXPECT_EQ(flow.take_all(), "def");
  EXPECT_EQ(flow.elapsed(), milliseconds(70));
  EXPECT_TRUE(flow.pipe.end_is_due(flow.now));
  flow.pipe.end_forwarded();
  EXPECT_TRUE(flow.pipe.done());
}

TEST(ChaosPipe, jitter_lets_no_byte_overtake_another) {
  Flow flow({.delay = milliseconds(5), .jitter = milliseconds(40)});
  const std::string text = pattern(500);
  for (const char letter : text) {
    flow.put({&letter, 1});
    flow.now += milliseconds(1);
  }
  flow.now = start;
  EXPECT_EQ(flow.take_all(), text);
  EXPECT_GE(flow.elapsed(), milliseconds(500 + 4));
  EXPECT_LE(flow.elapsed(), milliseconds(500 + 45));
}

TEST(ChaosPipe, pieces_have_the_size_of_split) {
  Flow flow({.split = 3});
  flow.put("abcdefgh");
  EXPECT_EQ(flow.take(), "abc");
  EXPECT_EQ(flow.take(), "def");
  EXPECT_EQ(flow.take(), "gh");
}

TEST(ChaosPipe, a_rate_is_kept_over_time) {
  for (const std::uint64_t rate : {1U, 7U, 1000U, 10'000U}) {
    Flow flow({.rate = rate});
    const std::string text = pattern(2 * rate);
    flow.put(text);
    EXPECT_EQ(flow.take_all(), text);
    EXPECT_GE(flow.elapsed(), milliseconds(950)) << rate;
    EXPECT_LE(flow.elapsed(), milliseconds(2300)) << rate;
  }
}

TEST(ChaosPipe, a_stall_comes_once_and_at_its_byte) {
  Flow flow({.stall_after = 4, .stall = milliseconds(300)});
  flow.put("abcdefgh");
  EXPECT_EQ(flow.take(), "abcd");
  EXPECT_EQ(flow.take(), "");
  EXPECT_EQ(flow.take_all(), "efgh");
  EXPECT_EQ(flow.elapsed(), milliseconds(300));
}

TEST(ChaosPipe, a_fault_comes_at_its_byte_exactly) {
  for (std::size_t after = 0; after <= 10; ++after) {
    for (const std::size_t split : {0U, 1U, 4U}) {
      for (std::size_t written = 1; written <= 11; ++written) {
        Flow flow({.split = split, .cut_after = after});
        std::string all;
        for (std::size_t at = 0; at < 11; at += written) {
          flow.put(std::string_view("abcdefghijk").substr(at, written));
          all += flow.take_all();
        }
        EXPECT_EQ(all, std::string_view("abcdefghijk").substr(0, after));
        EXPECT_EQ(flow.pipe.fault(), Fault::cut);
        EXPECT_EQ(flow.take(), "");
      }
    }
  }
}

TEST(ChaosPipe, a_black_hole_takes_all_and_gives_nothing) {
  Flow flow({.black_hole_after = 2});
  flow.put("abcdef");
  EXPECT_EQ(flow.take_all(), "ab");
  EXPECT_EQ(flow.pipe.fault(), Fault::black_hole);
  flow.pipe.swallow();
  EXPECT_EQ(flow.pipe.fault(), Fault::none);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(flow.put(pattern(65'536)), 65'536U);
  EXPECT_EQ(flow.take(), "");
  EXPECT_FALSE(flow.pipe.done());
  flow.pipe.end_input(flow.now);
  EXPECT_FALSE(flow.pipe.end_is_due(flow.now));
  EXPECT_TRUE(flow.pipe.done());
}

}  // namespace
}  // namespace chaos
