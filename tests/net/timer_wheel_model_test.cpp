// net/timer_wheel.cpp against a sorted map as reference: the same timers fire at the same times.
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/net/timer_wheel.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1000s};

/// The wheel and its reference model; each step acts on both.
class WheelAndModel {
 public:
  explicit WheelAndModel(unsigned seed) : random_(seed), timers_(200) {
    for (std::size_t i = 0; i < timers_.size(); ++i) renew(i);
  }

  void step() {
    const std::size_t who = below(timers_.size());
    switch (below(8)) {
      case 0:
        cancel(who);
        break;
      case 1:
        unplan(who);
        renew(who);
        break;
      case 2:
      case 3:
        advance(random_time(10ms));
        break;
      case 4:
        if (below(20) == 0) advance(random_time(20s));
        break;
      default:
        schedule(who);
    }
    check_deadline();
  }

 private:
  struct One final : net::Timer {
    One(WheelAndModel& both, std::size_t place) : owner(both), index(place) {}
    void on_timer(TimePoint now) override { owner.fired(index, now); }
    WheelAndModel& owner;
    std::size_t index;
  };

  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::chrono::nanoseconds random_time(std::chrono::nanoseconds bound) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(random_()) % bound.count());
  }

  /// Schedules into the past, this tick, this round of the wheel, or a later one.
  void schedule(std::size_t who) {
    static constexpr std::chrono::nanoseconds spans[] = {1us, 5ms, 100ms, 4096ms, 30s};
    const TimePoint when = now_ - 2ms + random_time(spans[below(5)]);
    unplan(who);
    planned_.emplace(when, who);
    wheel_.schedule(*timers_[who], when);
  }

  void cancel(std::size_t who) {
    unplan(who);
    wheel_.cancel(*timers_[who]);
  }

  void renew(std::size_t who) { timers_[who] = std::make_unique<One>(*this, who); }

  void unplan(std::size_t who) {
    due_.erase(who);
    std::erase_if(planned_, [&](const auto& entry) { return entry.second == who; });
  }

  void advance(std::chrono::nanoseconds by) {
    now_ += by;
    due_.clear();
    const auto end = planned_.upper_bound(now_);
    for (auto entry = planned_.begin(); entry != end; ++entry) due_.insert(entry->second);
    planned_.erase(planned_.begin(), end);
    wheel_.advance(now_);
    EXPECT_TRUE(due_.empty()) << due_.size() << " timers were due and not called";
  }

  /// While other timers of the same turn wait for their call, the timer moves, cancels or replaces
  /// some.
  void fired(std::size_t who, TimePoint now) {
    EXPECT_EQ(now, now_);
    EXPECT_EQ(due_.erase(who), 1U) << "called although it is not due";
    if (below(4) == 0) schedule(below(timers_.size()));
    if (below(8) == 0) cancel(below(timers_.size()));
    if (below(8) == 0) {
      const std::size_t victim = below(timers_.size());
      if (victim == who) return;  // its on_timer() is running
      unplan(victim);
      renew(victim);
    }
  }

  void check_deadline() {
    const auto deadline = wheel_.next_deadline();
    if (planned_.empty()) return;
    ASSERT_TRUE(deadline) << "a timer waits, but there is no deadline";
    ASSERT_LE(*deadline, planned_.begin()->first);
  }

  std::mt19937 random_;
  TimePoint now_ = start;
  net::TimerWheel wheel_{start};
  std::vector<std::unique_ptr<One>> timers_;
  std::multimap<TimePoint, std::size_t> planned_;
  std::set<std::size_t> due_;
};

class TimerWheelModel : public ::testing::TestWithParam<unsigned> {};

TEST_P(TimerWheelModel, calls_the_same_timers_at_the_same_times) {
  WheelAndModel both(GetParam());
  for (int i = 0; i < 4000 && !::testing::Test::HasFailure(); ++i) both.step();
}

INSTANTIATE_TEST_SUITE_P(of, TimerWheelModel, ::testing::Range(1U, 13U),
                         [](const auto& row) { return "seed_" + std::to_string(row.param); });

/// A driver that only follows next_deadline() calls every timer exactly at its time, in a bounded
/// number of steps.
TEST(TimerWheelModel, a_driver_that_sleeps_until_the_deadline_is_never_late) {
  struct Noting final : net::Timer {
    void on_timer(TimePoint now) override { fired = now; }
    TimePoint fired;
  };
  std::mt19937 random(7);
  net::TimerWheel wheel(start);
  std::vector<Noting> timers(300);
  std::vector<TimePoint> wanted;
  for (Noting& timer : timers) {
    wanted.push_back(start + std::chrono::microseconds(random() % 60'000'000));
    wheel.schedule(timer, wanted.back());
  }
  int turns = 0;
  while (const auto deadline = wheel.next_deadline()) {
    ASSERT_LT(++turns, 20'000);
    wheel.advance(*deadline);
  }
  for (std::size_t i = 0; i < timers.size(); ++i) EXPECT_EQ(timers[i].fired, wanted[i]);
}

}  // namespace
}  // namespace wirespan::test
