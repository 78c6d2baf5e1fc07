// core/keep_alive.cpp: keep-alive pings and the pong timeout, as a function of time.
#include <gtest/gtest.h>

#include <wirespan/core/keep_alive.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1000s};

TEST(KeepAlive, R112_off_by_default) {
  KeepAlive keep_alive({}, start);
  EXPECT_FALSE(keep_alive.next_deadline());
  EXPECT_EQ(keep_alive.tick(start + 100h), KeepAliveAction::none);
  EXPECT_FALSE(keep_alive.last_ping());
  KeepAlive negative({.interval = -5ms}, start);
  EXPECT_FALSE(negative.next_deadline());
  EXPECT_EQ(negative.tick(start + 100h), KeepAliveAction::none);
}

TEST(KeepAlive, R112_the_first_ping_is_due_after_one_interval_and_then_one_each) {
  KeepAlive keep_alive({.interval = 10s}, start);
  EXPECT_EQ(keep_alive.next_deadline(), start + 10s);
  EXPECT_EQ(keep_alive.tick(start + 10s - 1ns), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.last_ping(), start + 10s);
  EXPECT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.next_deadline(), start + 20s);
  keep_alive.on_pong(start + 11s);
  EXPECT_EQ(keep_alive.last_pong(), start + 11s);
  EXPECT_EQ(keep_alive.tick(start + 20s), KeepAliveAction::send_ping);
}

TEST(KeepAlive, R112_a_pong_for_an_earlier_ping_leaves_the_latest_one_to_be_answered) {
  KeepAlive keep_alive({.interval = 2s, .timeout = 5s, .only_pongs_count = true}, start);
  EXPECT_EQ(keep_alive.tick(start + 2s), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.tick(start + 4s), KeepAliveAction::send_ping);
  keep_alive.on_pong(start + 5s, false);
  EXPECT_EQ(keep_alive.tick(start + 7s), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.tick(start + 9s - 1ns), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.tick(start + 9s), KeepAliveAction::peer_is_gone);
}

TEST(KeepAlive, a_numbered_ping_is_recognised_by_its_pong_alone) {
  EXPECT_EQ(numbered_ping("tick ", 7), "tick 7");
  EXPECT_EQ(numbered_ping("", UINT64_MAX).size(), 20U) << "the most that a number adds";
  EXPECT_EQ(number_of_ping("tick 7", "tick "), 7U);
  EXPECT_EQ(number_of_ping(numbered_ping("", UINT64_MAX), ""), UINT64_MAX);
  for (const char* other : {"", "tick ", "tick", "tick 07", "tick 0", "tick 7 ", "tick -7",
                            "tick x7", "tock 7", "tick 18446744073709551616"}) {
    EXPECT_EQ(number_of_ping(other, "tick "), 0U) << other;
  }
}

TEST(KeepAlive, R112_any_sign_of_life_is_an_answer_unless_only_pongs_count) {
  for (const bool only_pongs : {false, true}) {
    KeepAlive keep_alive({.interval = 10s, .timeout = 5s, .only_pongs_count = only_pongs}, start);
    ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
    keep_alive.on_life();
    EXPECT_EQ(keep_alive.tick(start + 15s),
              only_pongs ? KeepAliveAction::peer_is_gone : KeepAliveAction::none);
  }
}

TEST(KeepAlive, R112_a_pong_for_an_earlier_ping_without_one_that_waits_changes_nothing) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 5s}, start);
  keep_alive.on_pong(start + 1s, false);
  EXPECT_EQ(keep_alive.tick(start + 9s), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
}

TEST(KeepAlive, R112_the_shortest_interval_is_a_millisecond) {
  KeepAlive keep_alive({.interval = 1ms, .timeout = 0ms}, start);
  EXPECT_EQ(keep_alive.next_deadline(), start + 1ms);
  EXPECT_EQ(keep_alive.tick(start + 1ms), KeepAliveAction::send_ping);
}

TEST(KeepAlive, R112_the_peer_is_gone_when_no_pong_comes_in_time) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 4s}, start);
  EXPECT_EQ(keep_alive.next_deadline(), start + 10s) << "nothing to miss yet";
  ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.next_deadline(), start + 14s);
  EXPECT_EQ(keep_alive.tick(start + 14s - 1ns), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.tick(start + 14s), KeepAliveAction::peer_is_gone);
}

TEST(KeepAlive, R112_a_pong_in_time_saves_the_peer_until_the_next_ping) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 4s}, start);
  for (auto now = start + 10s; now < start + 200s; now += 10s) {
    ASSERT_EQ(keep_alive.tick(now), KeepAliveAction::send_ping);
    keep_alive.on_pong(now + 3s);
    EXPECT_EQ(keep_alive.tick(now + 4s), KeepAliveAction::none);
    EXPECT_EQ(keep_alive.next_deadline(), now + 10s);
  }
}

TEST(KeepAlive, R112_a_pong_from_before_the_ping_does_not_answer_it) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 4s}, start);
  keep_alive.on_pong(start + 9s);
  ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.tick(start + 14s), KeepAliveAction::peer_is_gone);
}

TEST(KeepAlive, R112_a_pong_at_the_instant_of_the_ping_answers_it) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 4s}, start);
  ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  keep_alive.on_pong(start + 10s);
  EXPECT_EQ(keep_alive.tick(start + 14s), KeepAliveAction::none);
}

TEST(KeepAlive, R112_without_a_timeout_silence_is_borne_for_ever) {
  KeepAlive keep_alive({.interval = 10s}, start);
  for (auto now = start + 10s; now < start + 1000s; now += 10s) {
    ASSERT_EQ(keep_alive.tick(now), KeepAliveAction::send_ping);
    EXPECT_EQ(keep_alive.next_deadline(), now + 10s);
  }
}

TEST(KeepAlive, R112_after_a_long_sleep_there_is_one_ping_and_no_verdict_on_the_sleep) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 4s}, start);
  ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  keep_alive.on_pong(start + 11s);
  const TimePoint awake = start + 12h;
  EXPECT_EQ(keep_alive.tick(awake), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.tick(awake), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.next_deadline(), awake + 4s);
}

TEST(KeepAlive, R112_a_timeout_of_zero_demands_the_pong_at_once) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 0ms}, start);
  ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  EXPECT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::peer_is_gone);
}

TEST(KeepAlive, R112_while_nobody_listens_a_pong_is_not_late) {
  KeepAlive keep_alive({.interval = 10s, .timeout = 4s}, start);
  ASSERT_EQ(keep_alive.tick(start + 10s), KeepAliveAction::send_ping);
  keep_alive.listen_from(start + 14s);
  EXPECT_EQ(keep_alive.tick(start + 14s), KeepAliveAction::none);
  EXPECT_EQ(keep_alive.next_deadline(), start + 18s);
  EXPECT_EQ(keep_alive.tick(start + 18s), KeepAliveAction::peer_is_gone);
}

/// A driver that follows next_deadline() and tick() to the letter never spins.
TEST(KeepAlive, R112_at_every_deadline_there_is_something_to_do) {
  KeepAlive keep_alive({.interval = 7s, .timeout = 3s}, start);
  TimePoint now = start;
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(keep_alive.next_deadline());
    ASSERT_GT(*keep_alive.next_deadline(), now);
    now = *keep_alive.next_deadline();
    ASSERT_EQ(keep_alive.tick(now), KeepAliveAction::send_ping);
    ASSERT_EQ(keep_alive.tick(now), KeepAliveAction::none);
    now += 1s;
    keep_alive.on_pong(now);
  }
}

}  // namespace
}  // namespace wirespan::test
