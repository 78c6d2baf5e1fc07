// core/time.hpp: durations of options, whatever value they have.
#include <gtest/gtest.h>

#include <wirespan/core/time.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

TEST(Time, a_duration_is_clamped_to_what_a_clock_can_add) {
  EXPECT_EQ(bounded(-1ms), 0ms);
  EXPECT_EQ(bounded(5ms), 5ms);
  EXPECT_EQ(bounded(std::chrono::milliseconds::max()), longest_wait);
  EXPECT_EQ(bounded_busy_poll(-1us), 0us);
  EXPECT_EQ(bounded_busy_poll(7us), 7us);
  EXPECT_EQ(bounded_busy_poll(std::chrono::microseconds::max()), longest_wait);
}

TEST(Time, zero_and_negative_options_are_off) {
  EXPECT_EQ(unless_off(0ms), std::nullopt);
  EXPECT_EQ(unless_off(std::chrono::milliseconds::min()), std::nullopt);
  EXPECT_EQ(unless_off(1ms), 1ms);
  EXPECT_EQ(unless_off(std::chrono::milliseconds::max()), longest_wait);
}

TEST(Time, later_is_never_before_now) {
  const TimePoint now(1h);
  EXPECT_EQ(later(now, std::chrono::milliseconds::min()), now);
  EXPECT_EQ(later(now, 3ms), now + 3ms);
  EXPECT_GT(later(now, std::chrono::milliseconds::max()), now + 24h * 365 * 99);
}

}  // namespace
}  // namespace wirespan::test
