// net/event_loop.cpp: a task that throws ends its turn, and nothing else.
#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/loop_parts.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

class LoopTaskThatThrows : public LoopTest {
 protected:
  struct Boom : std::runtime_error {
    Boom() : std::runtime_error("boom") {}
  };
  /// Runs until the loop is stopped; false if the timer of 1 s stopped it.
  bool run_without_delay() {
    bool too_late = false;
    NotingTimer guard([&] {
      too_late = true;
      loop.stop();
    });
    loop.timers().schedule(guard, std::chrono::steady_clock::now() + 1s);
    loop.run();
    return !too_late;
  }
  std::vector<int> ran;
};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopTaskThatThrows);

TEST_P(LoopTaskThatThrows, loses_no_other_task) {
  loop.post([&] { ran.push_back(1); });
  loop.post([] { throw Boom(); });
  loop.post([&] { ran.push_back(2); });
  loop.post([] { throw Boom(); });
  loop.post([&] { ran.push_back(3); });
  EXPECT_THROW(loop.run_once(10s), Boom);
  EXPECT_EQ(ran, (std::vector{1}));
  EXPECT_THROW(loop.run_once(10s), Boom);
  loop.run_once(10s);
  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

/// The wake-up for a task that is posted between the exception and the next turn must not get lost.
TEST_P(LoopTaskThatThrows, does_not_delay_what_is_posted_after_it) {
  loop.post([] { throw Boom(); });
  EXPECT_THROW(loop.run_once(10s), Boom);
  loop.post([&] {
    ran.push_back(1);
    loop.stop();
  });
  EXPECT_TRUE(run_without_delay()) << "the task waits although the loop was woken for it";
}

TEST_P(LoopTaskThatThrows, passes_through_run_and_leaves_the_loop_usable) {
  loop.post([] { throw Boom(); });
  EXPECT_THROW(loop.run(), Boom);
  EXPECT_FALSE(loop.in_loop_thread());
  loop.post([&] { loop.stop(); });
  loop.post([&] { ran.push_back(1); });
  EXPECT_TRUE(run_without_delay());
  EXPECT_EQ(ran.size(), 1U);
}

TEST_P(LoopTaskThatThrows, leaves_others_that_may_retire_what_they_own) {
  bool alive = true;
  {
    net::EventLoop short_lived({.backend = GetParam()});
    short_lived.post([] { throw Boom(); });
    auto owner = std::make_shared<Mourned>([&short_lived, &alive] {
      short_lived.retire(std::make_unique<Mourned>([&] { alive = false; }));
    });
    short_lived.post([kept = std::move(owner)] {});
    EXPECT_THROW(short_lived.run_once(10s), Boom);
  }
  EXPECT_FALSE(alive);
}

TEST_P(LoopTaskThatThrows, delays_flush_and_retirement_but_does_not_lose_them) {
  Spot spot(loop, false);
  bool alive = true;
  loop.post([&] {
    loop.flush_later(spot);
    loop.retire(std::make_unique<Mourned>([&] { alive = false; }));
    throw Boom();
  });
  EXPECT_THROW(loop.run_once(10s), Boom);
  loop.run_once(10s);
  EXPECT_EQ(spot.times_flushed, 1);
  EXPECT_FALSE(alive);
}

}  // namespace
}  // namespace wirespan::test
