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

/// A handler that was ready in the last turn, and no other was.
class LoopFavourite : public LoopBusy {
 protected:
  net::EventLoop loop = make_loop(1ms);
  Spot favourite{loop};

  void SetUp() override {
    favourite.ready = [this] { favourite.take_byte(); };
    ASSERT_FALSE(favourite.watch());
    loop.run_once(0ns);
    ASSERT_EQ(favourite.times_ready, 1);
    favourite.times_looked = 0;
    spy.waits = 0;
  }
};
INSTANTIATE_TEST_SUITE_P(BackEnds, LoopFavourite,
                         ::testing::Values(net::Backend::epoll, net::Backend::poll),
                         [](const auto& which) {
                           return which.param == net::Backend::epoll ? "epoll" : "poll";
                         });

TEST_P(LoopFavourite, looks_for_itself_three_times_for_each_look_at_the_poller) {
  loop.run_once(1ms);
  EXPECT_GE(favourite.times_looked, 3);
  EXPECT_LE(spy.waits, favourite.times_looked / 3 + 2);
  EXPECT_GE(spy.waits, favourite.times_looked / 3);
}

TEST_P(LoopFavourite, what_it_finds_ends_the_wait_and_the_turn_goes_on) {
  bool ran = false;
  favourite.look = [&] {
    loop.flush_later(favourite);
    loop.retire(std::make_unique<Mourned>([&] { ran = true; }));
    return true;
  };
  loop.run_once(std::nullopt);
  EXPECT_EQ(favourite.times_looked, 1);
  EXPECT_EQ(favourite.times_flushed, 1);
  EXPECT_TRUE(ran);
}

TEST_P(LoopFavourite, sees_the_time_of_its_look) {
  const TimePoint before = spy.now();
  TimePoint seen{};
  favourite.look = [&] {
    seen = loop.now();
    return true;
  };
  loop.run_once(std::nullopt);
  EXPECT_GE(seen, before);
  EXPECT_EQ(loop.now(), seen) << "the time of a turn does not change";
}

TEST_P(LoopFavourite, does_not_keep_others_waiting) {
  Spot other(loop, false);
  ASSERT_FALSE(other.watch());
  other.ready = [&] { other.take_byte(); };
  favourite.look = [&] {
    if (favourite.times_looked == 1) other.make_ready();
    return false;
  };
  while (other.times_ready == 0) loop.run_once(5s);
  EXPECT_LE(favourite.times_looked, 3);
  loop.run_once(1ms);
  EXPECT_GT(other.times_looked, 0) << "it is the favourite now";
  EXPECT_LE(favourite.times_looked, 3);
}

TEST_P(LoopFavourite, is_no_longer_asked_when_two_were_ready) {
  Spot other(loop);
  ASSERT_FALSE(other.watch());
  other.ready = [&] { other.take_byte(); };
  favourite.make_ready();
  loop.run_once(5s);
  ASSERT_EQ(favourite.times_ready + other.times_ready, 3);
  loop.run_once(1ms);
  EXPECT_EQ(favourite.times_looked + other.times_looked, 0);
}

TEST_P(LoopFavourite, is_no_longer_asked_once_it_is_forgotten) {
  loop.forget(favourite.fd(), favourite);
  loop.run_once(1ms);
  EXPECT_EQ(favourite.times_looked, 0);
}

TEST_P(LoopFavourite, may_be_forgotten_by_its_own_look) {
  favourite.look = [&] {
    loop.forget(favourite.fd(), favourite);
    return true;
  };
  loop.run_once(std::nullopt);
  loop.run_once(1ms);
  EXPECT_EQ(favourite.times_looked, 1);
}

TEST_P(LoopBusy, without_the_option_nobody_is_asked_to_look) {
  net::EventLoop loop = make_loop(0ns);
  Spot spot(loop);
  spot.ready = [&] { spot.take_byte(); };
  ASSERT_FALSE(spot.watch());
  for (int turn = 0; turn < 3; ++turn) loop.run_once(1ms);
  EXPECT_EQ(spot.times_ready, 1);
  EXPECT_EQ(spot.times_looked, 0);
}

}  // namespace
}  // namespace wirespan::test
