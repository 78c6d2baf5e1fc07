// net/event_loop.cpp: EventLoopOptions::busy_poll - a loop that polls before it blocks.
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/loop_parts.hpp"
#include "support/spy_network.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

class LoopBusy : public ::testing::TestWithParam<net::Backend> {
 protected:
  SpyNetwork spy;
  [[nodiscard]] net::EventLoop make_loop(std::chrono::nanoseconds busy) {
    return net::EventLoop({.backend = GetParam(), .network = &spy, .busy_poll = busy});
  }
};
INSTANTIATE_TEST_SUITE_P(BackEnds, LoopBusy,
                         ::testing::Values(net::Backend::epoll, net::Backend::poll),
                         [](const auto& which) {
                           return which.param == net::Backend::epoll ? "epoll" : "poll";
                         });

TEST_P(LoopBusy, looks_many_times_and_then_sleeps_for_the_rest) {
  net::EventLoop loop = make_loop(2ms);
  const auto begin = std::chrono::steady_clock::now();
  loop.run_once(20ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
  EXPECT_GT(spy.waits, 2);
}

TEST_P(LoopBusy, without_the_option_one_wait_is_a_turn) {
  net::EventLoop loop = make_loop(0ns);
  loop.run_once(1ms);
  EXPECT_EQ(spy.waits, 1);
}

TEST_P(LoopBusy, a_turn_without_time_looks_once) {
  net::EventLoop loop = make_loop(1s);
  loop.run_once(0ns);
  EXPECT_LE(spy.waits, 2);
}

TEST_P(LoopBusy, what_is_ready_ends_the_looking) {
  net::EventLoop loop = make_loop(10s);
  Spot spot(loop);
  ASSERT_FALSE(spot.watch());
  loop.run_once(std::nullopt);
  EXPECT_EQ(spot.times_ready, 1);
}

TEST_P(LoopBusy, tasks_of_other_threads_and_stop_end_the_looking) {
  net::EventLoop loop = make_loop(10s);
  std::atomic<bool> ran{false};
  std::thread other([&] {
    std::this_thread::sleep_for(5ms);
    loop.post([&] { ran = true; });
    while (!ran) std::this_thread::yield();
    loop.stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  loop.run();
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_P(LoopBusy, timers_end_the_looking) {
  net::EventLoop loop = make_loop(10s);
  bool fired = false;
  NotingTimer timer([&] { fired = true; });
  loop.timers().schedule(timer, loop.now() + 5ms);
  const auto begin = std::chrono::steady_clock::now();
  while (!fired) loop.run_once(std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

}  // namespace
}  // namespace wirespan::test
