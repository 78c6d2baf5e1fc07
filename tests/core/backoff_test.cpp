// core/backoff.cpp: the delays between attempts to connect, and when to give up. RFC 6455 §7.2.3.
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include <wirespan/core/backoff.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using Delays = std::vector<std::int64_t>;

constexpr TimePoint origin{1000s};
constexpr std::uint64_t all_bits = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t half = std::uint64_t{1} << 63;

/// The delays of attempts that fail at once, in milliseconds; -1: gave up.
Delays delays_of(Backoff& backoff, std::size_t count, std::uint64_t random = all_bits) {
  Delays delays;
  TimePoint now = origin;
  while (delays.size() < count) {
    backoff.ended(now);
    const auto delay = backoff.next_delay(now, random);
    delays.push_back(delay ? delay->count() : -1);
    if (!delay) break;
    now += *delay;
  }
  return delays;
}

struct GrowthCase {
  const char* name;
  Backoff::Options options;
  std::uint64_t random;
  Delays delays;
};
void PrintTo(const GrowthCase& row, std::ostream* out) { *out << row.name; }

std::vector<GrowthCase> growth_cases() {
  const auto none = Jitter::none;
  return {
      {"fixed", {.delay = 2s, .multiplier = 1, .jitter = none}, half, {2000, 2000, 2000, 2000}},
      {"doubled_up_to_the_largest",
       {.delay = 1s, .max_delay = 5s, .jitter = none},
       half,
       {1000, 2000, 4000, 5000, 5000}},
      {"grown_by_a_half",
       {.delay = 100ms, .multiplier = 1.5, .jitter = none},
       0,
       {100, 150, 225, 337, 506}},
      {"R35_jitter_with_the_least_number", {.delay = 1s}, 0, {0, 0, 0, 0}},
      {"R35_jitter_with_the_middle_number", {.delay = 1s}, half, {500, 1000, 2000, 4000}},
      {"R35_jitter_with_the_greatest_number", {.delay = 1s}, all_bits, {1000, 2000, 4000, 8000}},
      {"attempts_that_are_limited",
       {.delay = 1s, .multiplier = 1, .jitter = none, .max_attempts = 3},
       0,
       {1000, 1000, -1}},
      {"one_attempt", {.max_attempts = 1}, 0, {-1}},
      {"time_that_is_limited_is_used_up",
       {.delay = 2s, .multiplier = 1, .jitter = none, .give_up_after = 5s},
       0,
       {2000, 2000, 1000, -1}},
      {"no_time_at_all", {.jitter = none, .give_up_after = 0ms}, 0, {-1}},
      {"a_largest_delay_below_the_first_is_the_first",
       {.delay = 3s, .max_delay = 1s, .jitter = none},
       0,
       {3000, 3000}},
      {"a_delay_of_nothing", {.delay = 0ms, .max_delay = 0ms}, all_bits, {0, 0, 0}},
      {"a_negative_delay", {.delay = -5s, .max_delay = -7s, .jitter = none}, 0, {0, 0}},
      {"a_multiplier_below_one",
       {.delay = 1s, .multiplier = 0.5, .jitter = none},
       0,
       {1000, 1000, 1000}},
      {"a_multiplier_that_is_no_number",
       {.delay = 1s, .multiplier = std::numeric_limits<double>::quiet_NaN(), .jitter = none},
       0,
       {1000, 1000}},
      {"a_multiplier_without_end",
       {.delay = 1s, .multiplier = std::numeric_limits<double>::infinity(), .jitter = none},
       0,
       {1000, 60'000, 60'000}},
  };
}

class BackoffGrowth : public ::testing::TestWithParam<GrowthCase> {};
INSTANTIATE_TEST_SUITE_P(Core, BackoffGrowth, ::testing::ValuesIn(growth_cases()),
                         case_name<GrowthCase>);

TEST_P(BackoffGrowth, of_attempts_that_fail_at_once) {
  Backoff backoff(GetParam().options, origin);
  EXPECT_EQ(delays_of(backoff, GetParam().delays.size(), GetParam().random), GetParam().delays);
}

TEST(Backoff, R35_jitter_is_spread_evenly_over_the_whole_delay) {
  std::mt19937_64 random(7);
  std::vector<int> tenths(10);
  for (int i = 0; i < 10'000; ++i) {
    Backoff backoff({.delay = 999ms}, origin);
    const auto delay = backoff.next_delay(origin, random());
    ASSERT_TRUE(delay && *delay >= 0ms && *delay <= 999ms);
    ++tenths[static_cast<std::size_t>(delay->count() / 100)];
  }
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 150);
}

TEST(Backoff, delays_never_exceed_the_longest_wait) {
  const auto longest = std::chrono::milliseconds::max();
  Backoff backoff({.delay = longest, .max_delay = longest}, origin);
  for (int i = 0; i < 3; ++i) {
    const auto delay = backoff.next_delay(origin, all_bits, longest);
    EXPECT_EQ(delay, longest_wait);
  }
}

TEST(Backoff, a_stable_connection_makes_everything_as_new) {
  Backoff backoff({.delay = 1s, .jitter = Jitter::none, .max_attempts = 4, .stable_after = 10s},
                  origin);
  EXPECT_EQ(delays_of(backoff, 3), (Delays{1000, 2000, 4000}));
  EXPECT_EQ(backoff.failures(), 3U);
  backoff.opened(origin);
  backoff.ended(origin + 10s);
  EXPECT_EQ(backoff.failures(), 0U);
  EXPECT_EQ(backoff.next_delay(origin + 10s, 0), 1s);
}

TEST(Backoff, a_connection_that_was_not_stable_is_one_more_failure) {
  Backoff backoff({.delay = 1s, .jitter = Jitter::none, .max_attempts = 3, .stable_after = 10s},
                  origin);
  EXPECT_EQ(delays_of(backoff, 1), Delays{1000});
  backoff.opened(origin);
  backoff.ended(origin + 10s - 1ms);
  EXPECT_EQ(backoff.failures(), 2U);
  EXPECT_EQ(backoff.next_delay(origin + 10s, 0), 2s);
  backoff.opened(origin + 12s);
  backoff.ended(origin + 13s);
  EXPECT_EQ(backoff.next_delay(origin + 13s, 0), std::nullopt);
}

TEST(Backoff, with_a_stable_time_of_nothing_every_connection_is_stable) {
  Backoff backoff({.delay = 1s, .jitter = Jitter::none, .stable_after = 0ms}, origin);
  for (int i = 0; i < 3; ++i) {
    backoff.opened(origin);
    backoff.ended(origin);
    EXPECT_EQ(backoff.next_delay(origin, 0), 1s);
  }
}

TEST(Backoff, the_time_to_give_up_runs_from_the_latest_loss) {
  Backoff backoff({.delay = 4s, .multiplier = 1, .jitter = Jitter::none, .give_up_after = 10s},
                  origin);
  backoff.opened(origin + 100s);
  backoff.ended(origin + 101s);
  EXPECT_EQ(backoff.next_delay(origin + 101s, 0), 4s) << "from the loss, not from the start";
  backoff.ended(origin + 109s);
  EXPECT_EQ(backoff.next_delay(origin + 109s, 0), 2s) << "the last attempt begins just in time";
  backoff.ended(origin + 111s);
  EXPECT_EQ(backoff.next_delay(origin + 111s, 0), std::nullopt);
}

TEST(Backoff, a_wait_that_the_server_asked_for) {
  Backoff exact({.delay = 2s, .multiplier = 1, .jitter = Jitter::none}, origin);
  EXPECT_EQ(exact.next_delay(origin, 0, 5s), 5s);
  EXPECT_EQ(exact.next_delay(origin, 0, 1s), 2s);
  EXPECT_EQ(exact.next_delay(origin, 0, -1s), 2s);
  Backoff spread({.delay = 2s, .multiplier = 1}, origin);
  EXPECT_EQ(spread.next_delay(origin, 0, 5s), 5s) << "never before that time";
  EXPECT_EQ(spread.next_delay(origin, half, 5s), 6s) << "and not all at that time";
  Backoff ending({.delay = 2s, .jitter = Jitter::none, .give_up_after = 10s}, origin);
  EXPECT_EQ(ending.next_delay(origin, 0, 11s), std::nullopt) << "too late for this client";
}

}  // namespace
}  // namespace wirespan::test
