// net/timer_wheel.cpp: which timers fire, when, and changes to other timers from inside a timer.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/net/timer_wheel.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint wheel_start{1000s};

/// Notes the time of each call, then runs an action.
class WheelTimer final : public net::Timer {
 public:
  using Action = std::function<void(TimePoint)>;
  explicit WheelTimer(Action action = {}) : action_(std::move(action)) {}
  void on_timer(TimePoint now) override {
    EXPECT_FALSE(is_scheduled()) << "it may schedule itself again";
    fired.push_back(now);
    if (const Action action = action_) action(now);
  }
  std::vector<TimePoint> fired;

 private:
  Action action_;
};

class TimerWheel : public ::testing::Test {
 protected:
  net::TimerWheel wheel{wheel_start};
};

TEST_F(TimerWheel, empty_there_is_no_deadline) {
  EXPECT_FALSE(wheel.next_deadline());
  wheel.advance(wheel_start);
  wheel.advance(wheel_start + 1000h);
  EXPECT_FALSE(wheel.next_deadline());
}

TEST_F(TimerWheel, fires_once_at_its_time_and_not_before) {
  WheelTimer timer;
  wheel.schedule(timer, wheel_start + 10ms);
  EXPECT_TRUE(timer.is_scheduled());
  EXPECT_EQ(wheel.next_deadline(), wheel_start + 10ms);
  wheel.advance(wheel_start + 10ms - 1ns);
  EXPECT_TRUE(timer.fired.empty());
  wheel.advance(wheel_start + 10ms);
  EXPECT_EQ(timer.fired, std::vector{wheel_start + 10ms});
  EXPECT_FALSE(timer.is_scheduled());
  wheel.advance(wheel_start + 1h);
  EXPECT_EQ(timer.fired.size(), 1U);
  EXPECT_FALSE(wheel.next_deadline());
}

/// Around the border of a tick, nanosecond by nanosecond.
TEST_F(TimerWheel, is_exact_within_a_tick) {
  for (const auto when : {4ms - 1ns, 4ms + 0ns, 4ms + 1ns, 8ms - 1ns}) {
    net::TimerWheel one(wheel_start);
    WheelTimer timer;
    one.schedule(timer, wheel_start + when);
    for (const auto now : {4ms - 2ns, 4ms - 1ns, 4ms + 0ns, 4ms + 1ns, 8ms - 1ns, 8ms + 0ns}) {
      one.advance(wheel_start + now);
      EXPECT_EQ(timer.fired.size(), now >= when ? 1U : 0U) << when.count() << " " << now.count();
    }
  }
}

TEST_F(TimerWheel, what_is_overdue_fires_in_the_next_advance) {
  WheelTimer past;
  WheelTimer long_past;
  wheel.advance(wheel_start + 10s);
  wheel.schedule(past, wheel_start + 9s);
  wheel.schedule(long_past, wheel_start - 5s);
  EXPECT_LE(wheel.next_deadline().value(), wheel_start + 9s);
  wheel.advance(wheel_start + 10s);
  EXPECT_EQ(past.fired.size(), 1U);
  EXPECT_EQ(long_past.fired.size(), 1U);
}

TEST_F(TimerWheel, far_deadlines_survive_many_rounds) {
  WheelTimer soon;
  WheelTimer minute;
  WheelTimer day;
  WheelTimer same_slot;
  wheel.schedule(soon, wheel_start + 100ms);
  wheel.schedule(same_slot, wheel_start + 100ms + 1024 * 4ms);
  wheel.schedule(minute, wheel_start + 60s);
  wheel.schedule(day, wheel_start + 24h);
  for (TimePoint now = wheel_start; now < wheel_start + 61s; now += 3ms) {
    wheel.advance(now);
    ASSERT_EQ(soon.fired.size(), now >= wheel_start + 100ms ? 1U : 0U);
    ASSERT_EQ(same_slot.fired.size(), now >= wheel_start + 4196ms ? 1U : 0U);
    ASSERT_EQ(minute.fired.size(), now >= wheel_start + 60s ? 1U : 0U);
  }
  EXPECT_EQ(wheel.next_deadline(), wheel_start + 24h);
  wheel.advance(wheel_start + 24h - 1ns);
  EXPECT_TRUE(day.fired.empty());
  wheel.advance(wheel_start + 48h);
  EXPECT_EQ(day.fired.size(), 1U);
}

TEST_F(TimerWheel, an_hour_asleep_loses_nothing) {
  std::vector<WheelTimer> timers(5000);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    wheel.schedule(timers[i], wheel_start + std::chrono::milliseconds(i * 3));
  }
  wheel.advance(wheel_start + 1h);
  for (const WheelTimer& timer : timers) ASSERT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerWheel, the_last_word_about_a_timer_counts) {
  WheelTimer timer;
  wheel.schedule(timer, wheel_start + 10ms);
  wheel.schedule(timer, wheel_start + 30ms);
  wheel.advance(wheel_start + 20ms);
  EXPECT_TRUE(timer.fired.empty());
  wheel.schedule(timer, wheel_start + 25ms);
  wheel.advance(wheel_start + 25ms);
  EXPECT_EQ(timer.fired.size(), 1U);
  wheel.advance(wheel_start + 1h);
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerWheel, cancelled_means_never) {
  WheelTimer timer;
  wheel.cancel(timer);  // not scheduled: nothing happens
  wheel.schedule(timer, wheel_start + 10ms);
  wheel.cancel(timer);
  EXPECT_FALSE(timer.is_scheduled());
  wheel.cancel(timer);
  wheel.advance(wheel_start + 1h);
  EXPECT_TRUE(timer.fired.empty());
  EXPECT_FALSE(wheel.next_deadline()) << "no deadline remains after a turn";
}

TEST_F(TimerWheel, destroyed_means_cancelled) {
  auto first = std::make_unique<WheelTimer>();
  auto middle = std::make_unique<WheelTimer>();
  auto last = std::make_unique<WheelTimer>();
  for (auto* timer : {first.get(), middle.get(), last.get()})
    wheel.schedule(*timer, wheel_start + 8ms);
  middle.reset();
  wheel.advance(wheel_start + 8ms);
  EXPECT_EQ(first->fired.size(), 1U);
  EXPECT_EQ(last->fired.size(), 1U);
}

TEST_F(TimerWheel, a_timer_that_repeats_itself_fires_once_per_advance) {
  WheelTimer* self = nullptr;
  WheelTimer timer([&](TimePoint now) { wheel.schedule(*self, now); });
  self = &timer;
  wheel.schedule(timer, wheel_start);
  for (int i = 1; i <= 5; ++i) {
    wheel.advance(wheel_start + i * 1ms);
    EXPECT_EQ(timer.fired.size(), static_cast<std::size_t>(i));
  }
}

TEST_F(TimerWheel, a_timer_may_cancel_those_that_are_due_with_it) {
  std::vector<WheelTimer*> all;
  const auto cancel_others = [&](TimePoint) {
    for (WheelTimer* timer : all) wheel.cancel(*timer);
  };
  WheelTimer one(cancel_others);
  WheelTimer two(cancel_others);
  WheelTimer three(cancel_others);
  all = {&one, &two, &three};
  for (WheelTimer* timer : all) wheel.schedule(*timer, wheel_start + 10ms);
  wheel.advance(wheel_start + 10ms);
  EXPECT_EQ(one.fired.size() + two.fired.size() + three.fired.size(), 1U);
  EXPECT_FALSE(wheel.next_deadline());
}

TEST_F(TimerWheel, a_timer_may_destroy_those_that_are_due_with_it) {
  std::vector<std::unique_ptr<WheelTimer>> victims;
  int fired = 0;
  WheelTimer* firing = nullptr;
  const auto destroy_others = [&](TimePoint) {
    ++fired;
    for (auto& victim : victims) {
      if (victim && victim->fired.empty() && victim.get() != firing) victim.reset();
    }
  };
  for (int i = 0; i < 20; ++i) {
    victims.push_back(std::make_unique<WheelTimer>(destroy_others));
    // In the same slot, in others, and in later rounds of the same slot.
    wheel.schedule(*victims.back(), wheel_start + (i % 3) * 4ms + (i % 2) * 4096ms);
  }
  wheel.advance(wheel_start + 10ms);
  EXPECT_EQ(fired, 1) << "the first one leaves no other";
  wheel.advance(wheel_start + 1h);
  EXPECT_EQ(fired, 1);
}

TEST_F(TimerWheel, a_timer_may_put_off_those_that_are_due_with_it) {
  std::vector<WheelTimer*> all;
  const auto put_off = [&](TimePoint now) {
    for (WheelTimer* timer : all) wheel.schedule(*timer, now + 5ms);
  };
  WheelTimer one(put_off);
  WheelTimer two(put_off);
  all = {&one, &two};
  wheel.schedule(one, wheel_start + 4ms);
  wheel.schedule(two, wheel_start + 4ms);
  wheel.advance(wheel_start + 4ms);
  EXPECT_EQ(one.fired.size() + two.fired.size(), 1U);
  EXPECT_EQ(wheel.next_deadline(), wheel_start + 9ms);
  wheel.advance(wheel_start + 9ms - 1ns);
  EXPECT_EQ(one.fired.size() + two.fired.size(), 1U);
  wheel.advance(wheel_start + 9ms);
  EXPECT_EQ(one.fired.size() + two.fired.size(), 2U);
}

TEST_F(TimerWheel, what_a_timer_schedules_in_the_past_waits_for_the_next_advance) {
  WheelTimer other;
  WheelTimer timer([&](TimePoint) { wheel.schedule(other, wheel_start); });
  wheel.schedule(timer, wheel_start + 10ms);
  wheel.advance(wheel_start + 10ms);
  EXPECT_TRUE(other.fired.empty());
  EXPECT_LE(wheel.next_deadline().value(), wheel_start + 10ms);
  wheel.advance(wheel_start + 10ms);
  EXPECT_EQ(other.fired.size(), 1U);
}

TEST_F(TimerWheel, those_left_over_are_free_when_the_wheel_goes) {
  WheelTimer timer;
  {
    net::TimerWheel short_lived(wheel_start);
    short_lived.schedule(timer, wheel_start + 1h);
  }
  EXPECT_FALSE(timer.is_scheduled());
  wheel.schedule(timer, wheel_start + 1ms);
  wheel.advance(wheel_start + 1ms);
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerWheel, the_end_of_time_is_never_reached) {
  WheelTimer never;
  WheelTimer soon;
  wheel.schedule(never, TimePoint::max());
  wheel.schedule(soon, wheel_start + 5ms);
  EXPECT_EQ(wheel.next_deadline(), wheel_start + 5ms);
  wheel.advance(wheel_start + 1000h);
  EXPECT_TRUE(never.fired.empty());
  EXPECT_EQ(soon.fired.size(), 1U);
  wheel.cancel(never);
}

/// As with idle connections: many distant timers, postponed again and again while others come and
/// go.
TEST_F(TimerWheel, a_hundred_thousand_timers_are_no_burden) {
  std::vector<WheelTimer> timers(100'000);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    wheel.schedule(timers[i], wheel_start + 30s + std::chrono::microseconds(i * 50));
  }
  for (std::size_t i = 0; i < timers.size(); i += 2) {
    wheel.schedule(timers[i], wheel_start + 45s + std::chrono::microseconds(i * 50));
  }
  for (std::size_t i = 0; i < timers.size(); i += 5) wheel.cancel(timers[i]);
  for (TimePoint now = wheel_start; now < wheel_start + 60s; now += 10ms) wheel.advance(now);
  std::size_t fired = 0;
  for (const WheelTimer& timer : timers) fired += timer.fired.size();
  EXPECT_EQ(fired, 80'000U);
  EXPECT_FALSE(wheel.next_deadline());
}

}  // namespace
}  // namespace wirespan::test
