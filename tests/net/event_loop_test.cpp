// net/event_loop.cpp: the events of a turn, their order, and objects destroyed during a turn.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/loop_parts.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include "support/stage.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Interest;

class LoopTurn : public LoopTest {
 protected:
  std::vector<std::string> order;
  auto note(std::string what) {
    return [this, what] { order.push_back(what); };
  }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopTurn);

TEST_P(LoopTurn, has_an_order) {
  Spot spot(loop);
  NotingTimer timer(note("timer"));
  spot.flush = note("flush");
  spot.ready = [&] {
    order.push_back("ready");
    loop.retire(std::make_unique<Mourned>(note("retired")));
    loop.flush_later(spot);
  };
  ASSERT_FALSE(spot.watch());
  loop.post(note("task"));
  loop.timers().schedule(timer, loop.now());
  loop.run_once(10s);
  EXPECT_EQ(order, (std::vector<std::string>{"ready", "timer", "task", "flush", "retired"}));
}

TEST_P(LoopTurn, the_clock_is_read_once) {
  Stage stage;
  net::EventLoop staged({.network = &stage});
  std::vector<TimePoint> seen;
  NotingTimer timer([&] {
    seen.push_back(staged.now());
    stage.time += 5s;  // a handler that takes 5 s
  });
  staged.timers().schedule(timer, stage.time + 1s);
  staged.post([] {});
  staged.run_once(10s);
  staged.run_once(10s);
  staged.post([&] { seen.push_back(staged.now()); });
  EXPECT_EQ(seen, std::vector{staged.now()});
  EXPECT_EQ(staged.now() + 5s, stage.time);
  staged.run_once(10s);
  EXPECT_EQ(seen.back(), stage.time);
}

TEST_P(LoopTurn, KEEP_waits_for_the_next_timer_and_no_longer) {
  bool fired = false;
  NotingTimer timer([&] { fired = true; });
  const auto due = std::chrono::steady_clock::now() + 15ms;
  loop.timers().schedule(timer, due);
  while (!fired) loop.run_once(std::nullopt);
  EXPECT_GE(std::chrono::steady_clock::now(), due);
}

TEST_P(LoopTurn, a_flush_that_many_ask_for_happens_once) {
  Spot spot(loop, false);
  for (int i = 0; i < 5; ++i) loop.flush_later(spot);
  loop.run_once(10s);
  EXPECT_EQ(spot.times_flushed, 1);
  loop.run_once(0ms);
  EXPECT_EQ(spot.times_flushed, 1);
}

TEST_P(LoopTurn, a_flush_that_asks_for_another_has_it_in_the_next_turn_without_waiting) {
  Spot spot(loop, false);
  spot.flush = [&] {
    if (spot.times_flushed < 3) loop.flush_later(spot);
  };
  loop.flush_later(spot);
  for (int turn = 1; turn <= 3; ++turn) {
    EXPECT_EQ(loop.next_timeout(), 0ns);
    loop.run_once(std::nullopt);
    EXPECT_EQ(spot.times_flushed, turn);
  }
  EXPECT_EQ(loop.next_timeout(), std::nullopt);
}

TEST_P(LoopTurn, a_flush_may_forget_another) {
  Spot one(loop, false);
  Spot two(loop, false);
  one.flush = [&] { loop.forget(two.fd(), two); };
  two.flush = [&] { loop.forget(one.fd(), one); };
  loop.flush_later(one);
  loop.flush_later(two);
  loop.run_once(10s);
  EXPECT_EQ(one.times_flushed + two.times_flushed, 1);
}

TEST_P(LoopTurn, forget_drops_a_flush) {
  auto spot = std::make_unique<Spot>(loop, false);
  loop.flush_later(*spot);
  loop.flush_later(*spot);
  spot.reset();  // calls forget()
  loop.run_once(0ms);
}

/// The handler that runs first destroys the other one, whose event was fetched already.
TEST_P(LoopTurn, forget_drops_events_that_were_fetched) {
  for (int round = 0; round < 10; ++round) {
    int delivered = 0;
    auto one = std::make_unique<Spot>(loop);
    auto two = std::make_unique<Spot>(loop);
    one->ready = [&] {
      ++delivered;
      two.reset();
    };
    two->ready = [&] {
      ++delivered;
      one.reset();
    };
    ASSERT_FALSE(one->watch());
    ASSERT_FALSE(two->watch());
    loop.run_once(10s);
    EXPECT_EQ(delivered, 1);
  }
}

TEST_P(LoopTurn, a_newcomer_gets_no_event_of_its_predecessor) {
  Spot newcomer(loop, false);
  auto old = std::make_unique<Spot>(loop);
  Spot first(loop);
  int after = 0;
  const auto replace = [&] {
    old.reset();
    // The descriptor's number is free again, and the next socket will most likely take it.
    auto pair = unix_pair();
    EXPECT_FALSE(loop.watch(newcomer.fd(), Interest::read, newcomer));
    ++after;
  };
  first.ready = [&] {
    if (old) replace();
    loop.forget(first.fd(), first);
  };
  old->ready = [&] { loop.forget(old->fd(), *old); };
  ASSERT_FALSE(first.watch());
  ASSERT_FALSE(old->watch());
  loop.run_once(10s);
  loop.run_once(0ms);
  EXPECT_EQ(after, 1);
  EXPECT_EQ(newcomer.times_ready, 0);
}

TEST_P(LoopTurn, one_that_is_not_watched_is_not_called) {
  Spot spot(loop);
  loop.run_once(0ms);
  ASSERT_FALSE(spot.watch());
  loop.run_once(0ms);
  EXPECT_EQ(spot.times_ready, 1);
  ASSERT_FALSE(spot.watch(Interest::none));
  loop.run_once(0ms);
  loop.forget(spot.fd(), spot);
  loop.forget(spot.fd(), spot);
  loop.run_once(0ms);
  EXPECT_EQ(spot.times_ready, 1);
  ASSERT_FALSE(spot.watch());
  loop.run_once(0ms);
  EXPECT_EQ(spot.times_ready, 2) << "and may come back";
}

TEST_P(LoopTurn, watching_the_same_again_costs_no_system_call) {
  SpyNetwork network;
  net::EventLoop watched({.backend = GetParam(), .network = &network});
  Spot spot(watched);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(spot.watch());
  EXPECT_EQ(network.registrations, 1);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(spot.watch(Interest::both));
  EXPECT_EQ(network.registrations, 2);
  watched.forget(spot.fd(), spot);
  watched.forget(spot.fd(), spot);
  EXPECT_EQ(network.registrations, 3);
}

TEST_P(LoopTurn, what_cannot_be_watched_is_told) {
  SpyNetwork network;
  net::EventLoop watched({.backend = GetParam(), .network = &network});
  Spot spot(watched);
  FailAfter none(0);
  network.fail = &none;
  network.error = make_error_code(std::errc::no_space_on_device);
  EXPECT_EQ(spot.watch(), std::errc::no_space_on_device);
  EXPECT_FALSE(spot.watch()) << "asked again, it is tried again";
  FailAfter change(0);
  network.fail = &change;
  EXPECT_EQ(spot.watch(Interest::both), std::errc::no_space_on_device);
  EXPECT_FALSE(spot.watch(Interest::both));
}

TEST_P(LoopTurn, what_is_retired_lives_until_the_end_of_the_turn) {
  bool alive = true;
  loop.post([&] {
    loop.retire(std::make_unique<Mourned>([&] { alive = false; }));
    EXPECT_TRUE(alive);
  });
  loop.post([&] { EXPECT_TRUE(alive); });
  loop.run_once(10s);
  EXPECT_FALSE(alive);
  loop.retire(std::unique_ptr<Mourned>());  // null: nothing happens
  loop.run_once(0ms);
}

/// A retired server retires its connections while it is destroyed.
TEST_P(LoopTurn, what_is_retired_may_retire_others_while_it_goes) {
  int gone = 0;
  const auto retire_child = [&] {
    for (int i = 0; i < 20; ++i) {
      loop.retire(std::make_unique<Mourned>([&] { ++gone; }));
    }
    ++gone;
  };
  for (int i = 0; i < 3; ++i) loop.retire(std::make_unique<Mourned>(retire_child));
  loop.run_once(0ms);
  loop.run_once(0ms);
  EXPECT_EQ(gone, 63);
}

TEST_P(LoopTurn, what_is_retired_between_turns_needs_no_other_event) {
  bool alive = true;
  loop.retire(std::make_unique<Mourned>([&] { alive = false; }));
  EXPECT_EQ(loop.next_timeout(), 0ns);
  loop.run_once(std::nullopt);
  EXPECT_FALSE(alive);
  EXPECT_EQ(loop.next_timeout(), std::nullopt);
}

TEST_P(LoopTurn, one_that_is_not_watched_any_more_keeps_its_flush) {
  Spot spot(loop);
  ASSERT_FALSE(spot.watch());
  loop.flush_later(spot);
  loop.unwatch(spot.fd(), spot);
  loop.run_once(10s);
  EXPECT_EQ(spot.times_ready, 0);
  EXPECT_EQ(spot.times_flushed, 1);
  ASSERT_FALSE(spot.watch());
  loop.run_once(10s);
  EXPECT_EQ(spot.times_ready, 1);
}

TEST_P(LoopTurn, the_end_of_the_loop_is_the_end_of_what_was_retired) {
  int gone = 0;
  {
    net::EventLoop short_lived({.backend = GetParam()});
    short_lived.retire(std::make_unique<Mourned>([&] {
      short_lived.retire(std::make_unique<Mourned>([&] { ++gone; }));
      ++gone;
    }));
  }
  EXPECT_EQ(gone, 2);
}

TEST_P(LoopTurn, lends_one_large_buffer) {
  EXPECT_EQ(loop.receive_buffer().size(), std::size_t{512} << 10);
  EXPECT_EQ(loop.receive_buffer().data(), loop.receive_buffer().data());
  net::EventLoop small({.backend = GetParam(), .receive_buffer = 4096});
  EXPECT_EQ(small.receive_buffer().size(), 4096U);
}

TEST_P(LoopTurn, a_loop_leaves_no_descriptor_behind) {
  const std::size_t before = open_descriptors();
  {
    net::EventLoop short_lived({.backend = GetParam()});
    Spot spot(short_lived);
    ASSERT_FALSE(spot.watch());
    short_lived.run_once(10s);
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace wirespan::test
