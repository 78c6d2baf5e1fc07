// net/timer_wheel.cpp: who is called, when, and what a timer may do to others.
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

constexpr TimePoint start{1000s};

/// Notes when it was called, and then does what it was told to do.
class NotingTimer final : public net::Timer {
 public:
  using Action = std::function<void(TimePoint)>;
  explicit NotingTimer(Action action = {}) : action_(std::move(action)) {}
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
  net::TimerWheel wheel{start};
};

TEST_F(TimerWheel, empty_there_is_no_deadline) {
  EXPECT_FALSE(wheel.next_deadline());
  wheel.advance(start);
  wheel.advance(start + 1000h);
  EXPECT_FALSE(wheel.next_deadline());
}

TEST_F(TimerWheel, fires_once_at_its_time_and_not_before) {
  NotingTimer timer;
  wheel.schedule(timer, start + 10ms);
  EXPECT_TRUE(timer.is_scheduled());
  EXPECT_EQ(wheel.next_deadline(), start + 10ms);
  wheel.advance(start + 10ms - 1ns);
  EXPECT_TRUE(timer.fired.empty());
  wheel.advance(start + 10ms);
  EXPECT_EQ(timer.fired, std::vector{start + 10ms});
  EXPECT_FALSE(timer.is_scheduled());
  wheel.advance(start + 1h);
  EXPECT_EQ(timer.fired.size(), 1U);
  EXPECT_FALSE(wheel.next_deadline());
}

/// Nanosecond by nanosecond around the border of a tick.
TEST_F(TimerWheel, is_exact_within_a_tick) {
  for (const auto when : {4ms - 1ns, 4ms + 0ns, 4ms + 1ns, 8ms - 1ns}) {
    net::TimerWheel one(start);
    NotingTimer timer;
    one.schedule(timer, start + when);
    for (const auto now : {4ms - 2ns, 4ms - 1ns, 4ms + 0ns, 4ms + 1ns, 8ms - 1ns, 8ms + 0ns}) {
      one.advance(start + now);
      EXPECT_EQ(timer.fired.size(), now >= when ? 1U : 0U) << when.count() << " " << now.count();
    }
  }
}

TEST_F(TimerWheel, what_is_overdue_fires_in_the_next_advance) {
  NotingTimer past;
  NotingTimer long_past;
  wheel.advance(start + 10s);
  wheel.schedule(past, start + 9s);
  wheel.schedule(long_past, start - 5s);
  EXPECT_LE(wheel.next_deadline().value(), start + 9s);
  wheel.advance(start + 10s);
  EXPECT_EQ(past.fired.size(), 1U);
  EXPECT_EQ(long_past.fired.size(), 1U);
}

TEST_F(TimerWheel, far_deadlines_survive_many_rounds) {
  NotingTimer soon;
  NotingTimer minute;
  NotingTimer day;
  NotingTimer same_slot;
  wheel.schedule(soon, start + 100ms);
  wheel.schedule(same_slot, start + 100ms + 1024 * 4ms);
  wheel.schedule(minute, start + 60s);
  wheel.schedule(day, start + 24h);
  for (TimePoint now = start; now < start + 61s; now += 3ms) {
    wheel.advance(now);
    ASSERT_EQ(soon.fired.size(), now >= start + 100ms ? 1U : 0U);
    ASSERT_EQ(same_slot.fired.size(), now >= start + 4196ms ? 1U : 0U);
    ASSERT_EQ(minute.fired.size(), now >= start + 60s ? 1U : 0U);
  }
  EXPECT_EQ(wheel.next_deadline(), start + 24h);
  wheel.advance(start + 24h - 1ns);
  EXPECT_TRUE(day.fired.empty());
  wheel.advance(start + 48h);
  EXPECT_EQ(day.fired.size(), 1U);
}

TEST_F(TimerWheel, an_hour_asleep_loses_nothing) {
  std::vector<NotingTimer> timers(5000);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    wheel.schedule(timers[i], start + std::chrono::milliseconds(i * 3));
  }
  wheel.advance(start + 1h);
  for (const NotingTimer& timer : timers) ASSERT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerWheel, the_last_word_about_a_timer_counts) {
  NotingTimer timer;
  wheel.schedule(timer, start + 10ms);
  wheel.schedule(timer, start + 30ms);
  wheel.advance(start + 20ms);
  EXPECT_TRUE(timer.fired.empty());
  wheel.schedule(timer, start + 25ms);
  wheel.advance(start + 25ms);
  EXPECT_EQ(timer.fired.size(), 1U);
  wheel.advance(start + 1h);
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerWheel, cancelled_means_never) {
  NotingTimer timer;
  wheel.cancel(timer);  // not scheduled: nothing happens
  wheel.schedule(timer, start + 10ms);
  wheel.cancel(timer);
  EXPECT_FALSE(timer.is_scheduled());
  wheel.cancel(timer);
  wheel.advance(start + 1h);
  EXPECT_TRUE(timer.fired.empty());
  EXPECT_FALSE(wheel.next_deadline()) << "no deadline remains after a turn";
}

TEST_F(TimerWheel, destroyed_means_cancelled) {
  auto first = std::make_unique<NotingTimer>();
  auto middle = std::make_unique<NotingTimer>();
  auto last = std::make_unique<NotingTimer>();
  for (auto* timer : {first.get(), middle.get(), last.get()}) wheel.schedule(*timer, start + 8ms);
  middle.reset();
  wheel.advance(start + 8ms);
  EXPECT_EQ(first->fired.size(), 1U);
  EXPECT_EQ(last->fired.size(), 1U);
}

TEST_F(TimerWheel, a_timer_that_repeats_itself_fires_once_per_advance) {
  NotingTimer* self = nullptr;
  NotingTimer timer([&](TimePoint now) { wheel.schedule(*self, now); });
  self = &timer;
  wheel.schedule(timer, start);
  for (int i = 1; i <= 5; ++i) {
    wheel.advance(start + i * 1ms);
    EXPECT_EQ(timer.fired.size(), static_cast<std::size_t>(i));
  }
}

TEST_F(TimerWheel, a_timer_may_cancel_those_that_are_due_with_it) {
  std::vector<NotingTimer*> all;
  const auto cancel_others = [&](TimePoint) {
    for (NotingTimer* timer : all) wheel.cancel(*timer);
  };
  NotingTimer one(cancel_others);
  NotingTimer two(cancel_others);
  NotingTimer three(cancel_others);
  all = {&one, &two, &three};
  for (NotingTimer* timer : all) wheel.schedule(*timer, start + 10ms);
  wheel.advance(start + 10ms);
  EXPECT_EQ(one.fired.size() + two.fired.size() + three.fired.size(), 1U);
  EXPECT_FALSE(wheel.next_deadline());
}

TEST_F(TimerWheel, a_timer_may_destroy_those_that_are_due_with_it) {
  std::vector<std::unique_ptr<NotingTimer>> victims;
  int fired = 0;
  NotingTimer* firing = nullptr;
  const auto destroy_others = [&](TimePoint) {
    ++fired;
    for (auto& victim : victims) {
      if (victim && victim->fired.empty() && victim.get() != firing) victim.reset();
    }
  };
  for (int i = 0; i < 20; ++i) {
    victims.push_back(std::make_unique<NotingTimer>(destroy_others));
    // In the same slot, in others, and in later rounds of the same slot.
    wheel.schedule(*victims.back(), start + (i % 3) * 4ms + (i % 2) * 4096ms);
  }
  wheel.advance(start + 10ms);
  EXPECT_EQ(fired, 1) << "the first one leaves no other";
  wheel.advance(start + 1h);
  EXPECT_EQ(fired, 1);
}

TEST_F(TimerWheel, a_timer_may_put_off_those_that_are_due_with_it) {
  std::vector<NotingTimer*> all;
  const auto put_off = [&](TimePoint now) {
    for (NotingTimer* timer : all) wheel.schedule(*timer, now + 5ms);
  };
  NotingTimer one(put_off);
  NotingTimer two(put_off);
  all = {&one, &two};
  wheel.schedule(one, start + 4ms);
  wheel.schedule(two, start + 4ms);
  wheel.advance(start + 4ms);
  EXPECT_EQ(one.fired.size() + two.fired.size(), 1U);
  EXPECT_EQ(wheel.next_deadline(), start + 9ms);
  wheel.advance(start + 9ms - 1ns);
  EXPECT_EQ(one.fired.size() + two.fired.size(), 1U);
  wheel.advance(start + 9ms);
  EXPECT_EQ(one.fired.size() + two.fired.size(), 2U);
}

TEST_F(TimerWheel, what_a_timer_schedules_in_the_past_waits_for_the_next_advance) {
  NotingTimer other;
  NotingTimer timer([&](TimePoint) { wheel.schedule(other, start); });
  wheel.schedule(timer, start + 10ms);
  wheel.advance(start + 10ms);
  EXPECT_TRUE(other.fired.empty());
  EXPECT_LE(wheel.next_deadline().value(), start + 10ms);
  wheel.advance(start + 10ms);
  EXPECT_EQ(other.fired.size(), 1U);
}

TEST_F(TimerWheel, those_left_over_are_free_when_the_wheel_goes) {
  NotingTimer timer;
  {
    net::TimerWheel short_lived(start);
    short_lived.schedule(timer, start + 1h);
  }
  EXPECT_FALSE(timer.is_scheduled());
  wheel.schedule(timer, start + 1ms);
  wheel.advance(start + 1ms);
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerWheel, the_end_of_time_is_never_reached) {
  NotingTimer never;
  NotingTimer soon;
  wheel.schedule(never, TimePoint::max());
  wheel.schedule(soon, start + 5ms);
  EXPECT_EQ(wheel.next_deadline(), start + 5ms);
  wheel.advance(start + 1000h);
  EXPECT_TRUE(never.fired.empty());
  EXPECT_EQ(soon.fired.size(), 1U);
  wheel.cancel(never);
}

/// Idle connections: many timers far away, put off again and again while others come and go.
TEST_F(TimerWheel, a_hundred_thousand_timers_are_no_burden) {
  std::vector<NotingTimer> timers(100'000);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    wheel.schedule(timers[i], start + 30s + std::chrono::microseconds(i * 50));
  }
  for (std::size_t i = 0; i < timers.size(); i += 2) {
    wheel.schedule(timers[i], start + 45s + std::chrono::microseconds(i * 50));
  }
  for (std::size_t i = 0; i < timers.size(); i += 5) wheel.cancel(timers[i]);
  for (TimePoint now = start; now < start + 60s; now += 10ms) wheel.advance(now);
  std::size_t fired = 0;
  for (const NotingTimer& timer : timers) fired += timer.fired.size();
  EXPECT_EQ(fired, 80'000U);
  EXPECT_FALSE(wheel.next_deadline());
}

}  // namespace
}  // namespace wirespan::test
