// net/channel_impl.hpp: keep-alive, idle timeout and suspended time-outs, by a clock that the test
// moves. RFC 6455 §5.5.2.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

/// A timer fires in the first turn at or after its time; a loop with no other event takes that turn
/// exactly at that time.
constexpr auto turn_later = 1ns;

HostOptions keep_alive(std::chrono::milliseconds interval,
                       std::optional<std::chrono::milliseconds> timeout = {}) {
  return {.channel = {.keep_alive = {.interval = interval, .timeout = timeout},
                      .ping_payload = "alive?"}};
}

const ByteVector pong = frame(0x8A, {});

class ChannelKeepAlive : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelKeepAlive);

TEST_P(ChannelKeepAlive, R112_the_first_ping_leaves_after_one_interval_and_then_one_each) {
  StagedChannel channel(GetParam(), keep_alive(10s));
  channel.host.start();
  channel.run_for(10s - 1ns);
  EXPECT_TRUE(channel.sent().empty());
  channel.run_for(turn_later);
  channel.turn();
  EXPECT_EQ(channel.sent(), List{"ping " + to_hex(bytes_of("alive?"))});
  EXPECT_EQ(channel.events(), List{"ping sent"});
  channel.run_for(10s - 1ns);
  EXPECT_EQ(channel.sent().size(), 1U);
  channel.run_for(turn_later);
  channel.turn();
  EXPECT_EQ(channel.sent().size(), 2U);
  channel.run_for(1h);
  EXPECT_EQ(channel.sent().size(), 362U);
  EXPECT_FALSE(channel.host.ended()) << "without a timeout silence is borne";
}

TEST_P(ChannelKeepAlive, R112_data_does_not_put_the_ping_off) {
  StagedChannel channel(GetParam(), keep_alive(1s));
  channel.host.start();
  for (int i = 0; i < 100; ++i) {
    channel.receive(text_frame("busy"));
    channel.run_for(100ms);
  }
  channel.turn();
  EXPECT_EQ(channel.sent().size(), 10U);
}

TEST_P(ChannelKeepAlive, R112_a_pong_in_time_keeps_the_connection) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  for (int i = 0; i < 20; ++i) {
    channel.run_for(10s);
    channel.turn();
    channel.run_for(3s);
    channel.receive(pong);
    channel.turn();
    channel.run_for(0s);
    ASSERT_FALSE(channel.host.ended());
    channel.run_for(7s);
    channel.turn();
    channel.receive(pong);
    channel.turn();
  }
  EXPECT_FALSE(channel.host.ended());
  EXPECT_TRUE(channel.host->keep_alive().last_pong());
}

TEST_P(ChannelKeepAlive, R112_a_missing_pong_ends_it_at_the_timeout) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.run_for(14s - 1ns);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(turn_later);
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::ping_timeout);
  EXPECT_EQ(channel.end().error, std::errc::timed_out);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
  EXPECT_EQ(channel.sent().size(), 2U) << "in case it hears us: a Close frame";
  EXPECT_TRUE(channel.script.closed) << "nobody waits for an answer";
}

TEST_P(ChannelKeepAlive, R112_a_dead_peer_whose_window_is_full_is_given_up_too) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.script.room = 100;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(5000)));
  channel.run_for(15s);
  EXPECT_EQ(channel.end().error, Errc::ping_timeout);
  EXPECT_GT(channel.end().unsent_bytes, 4900U);
}

/// Every byte is a sign of life: a peer in the middle of a long frame is alive without a pong.
TEST_P(ChannelKeepAlive, R112_any_byte_is_life) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  const ByteVector frame_of_two_minutes =
      as_received_by(GetParam(), frame(0x82, pattern_bytes(1200)));
  for (std::size_t i = 0; i < 1200; ++i) {
    channel.script.receive({frame_of_two_minutes[i]});
    channel.run_for(100ms);
  }
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(14s);
  EXPECT_EQ(channel.end().error, Errc::ping_timeout) << "once it is silent";
}

TEST_P(ChannelKeepAlive, R112_progress_of_the_output_is_life) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.script.room = 0;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(5000)));
  for (int i = 0; i < 100; ++i) {
    channel.script.room = 10;
    channel.run_for(1s);
  }
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(14s);
  EXPECT_EQ(channel.end().error, Errc::ping_timeout) << "once it takes nothing more";
}

TEST_P(ChannelKeepAlive, R112_only_pongs_count_by_option) {
  HostOptions options = keep_alive(10s, 4s);
  options.channel.keep_alive.only_pongs_count = true;
  StagedChannel channel(GetParam(), options);
  channel.host.start();
  for (int i = 0; i < 150 && !channel.host.ended(); ++i) {
    channel.receive(text_frame("I live"));
    channel.run_for(100ms);
  }
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::ping_timeout);
}

/// With a timeout above the interval, the oldest unanswered ping sets the deadline: later pings do
/// not move it.
TEST_P(ChannelKeepAlive, R112_the_oldest_unanswered_ping_counts) {
  StagedChannel channel(GetParam(), keep_alive(2s, 7s));
  channel.host.start();
  channel.run_for(9s - 1ns);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(1s);
  EXPECT_EQ(channel.end().error, Errc::ping_timeout);
}

/// When a handler has blocked for longer than the timeout, the input that waits in the kernel is
/// read before the deadline is checked, so that a pong that has come counts.
TEST_P(ChannelKeepAlive, R112_what_the_kernel_holds_is_read_before_the_peer_is_judged) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.run_for(10s);
  channel.turn();
  channel.script.hides_from_poller = true;
  channel.receive(pong);
  channel.stage.time += 20s;  // another handler blocks
  channel.turn();
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.events(), (List{"ping sent", seen::pong({}), "ping sent"}));
}

TEST_P(ChannelKeepAlive, R112_stops_when_the_closing_handshake_begins) {
  StagedChannel channel(GetParam(), keep_alive(1s, 500ms));
  channel.host.start();
  EXPECT_FALSE(channel.host->close(CloseCode::normal, "", 5s));
  channel.run_for(4900ms);
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.sent(), List{"close 1000"});
  channel.run_for(1s);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
}

TEST_P(ChannelKeepAlive, R112_after_twelve_hours_of_sleep_the_peer_gets_a_chance) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.run_for(10s);
  channel.turn();
  channel.deliver(pong);
  channel.stage.time += 12h;
  channel.turn();
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.sent().size(), 2U) << "one ping, not thousands";
  channel.deliver(pong);
  channel.run_for(5s);
  EXPECT_FALSE(channel.host.ended());
}

class ChannelPatience : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelPatience);

TEST_P(ChannelPatience, R131_without_options_nothing_ends_a_silent_connection) {
  StagedChannel channel(GetParam());
  channel.host.start();
  channel.run_for(24h);
  EXPECT_FALSE(channel.host.ended());
  channel.deliver(text_frame("good morning"));
  EXPECT_EQ(channel.host.messages, 1U);
}

/// While reading is paused by the application, silence of the peer does not count.
TEST_P(ChannelPatience, R112_a_pause_of_ours_is_no_silence_of_the_peer) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.host->pause_reading();
  for (int i = 0; i < 6; ++i) {
    channel.receive(pong);
    channel.run_for(10s);
  }
  ASSERT_FALSE(channel.host.ended()) << "the pongs are here, unread";
  channel.host->resume_reading();
  channel.run_for(1s);
  EXPECT_FALSE(channel.host.ended());
}

TEST_P(ChannelPatience, a_pause_of_ours_is_no_idleness_of_the_peer) {
  StagedChannel channel(GetParam(), {.channel = {.idle_time = 30s}});
  channel.host.start();
  channel.host->pause_reading();
  channel.receive(text_frame("unread"));
  channel.run_for(60s);
  EXPECT_TRUE(channel.sent().empty()) << "sent away although it has spoken";
}

TEST_P(ChannelPatience, a_pause_of_ours_does_not_excuse_who_takes_nothing) {
  StagedChannel channel(GetParam(), {.channel = {.idle_time = 30s}});
  channel.host.start();
  channel.script.room = 10;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100)));
  channel.turn();
  channel.host->pause_reading();
  channel.run_for(40s);
  EXPECT_EQ(channel.end().error, Errc::idle_timeout);
}

TEST_P(ChannelPatience, R112_after_a_pause_the_peer_has_its_whole_time) {
  StagedChannel channel(GetParam(), keep_alive(10s, 4s));
  channel.host.start();
  channel.host->pause_reading();
  channel.run_for(13s);
  channel.host->resume_reading();
  channel.run_for(4s - 1ms);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(10ms);
  EXPECT_EQ(channel.end().error, Errc::ping_timeout);
}

/// Without a timeout nothing ends a connection whose peer takes nothing; its memory is bounded.
TEST_P(ChannelPatience, R142_pings_of_keep_alive_are_no_exception_to_the_hard_limit) {
  HostOptions options = keep_alive(10s);
  options.channel.send_hard_limit = 1000;
  StagedChannel channel(GetParam(), options);
  channel.host.start();
  channel.script.room = 0;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(900)));
  channel.run_for(3h);
  EXPECT_LE(channel.host->unsent_bytes(), 1000U + 20U);
  EXPECT_FALSE(channel.host.ended());
}

class ChannelIdle : public RoleTest {
 protected:
  StagedChannel channel{GetParam(), {.channel = {.close_time = 2s, .idle_time = 30s}}};
  void SetUp() override { channel.host.start(); }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelIdle);

TEST_P(ChannelIdle, a_peer_that_says_nothing_is_sent_away) {
  channel.run_for(30s - 1ns);
  EXPECT_TRUE(channel.sent().empty());
  channel.run_for(turn_later);
  channel.turn();
  EXPECT_EQ(channel.sent(), List{"close 1001"});
  channel.receive(close_frame(1001));
  channel.script.end();
  channel.turn(3);
  EXPECT_EQ(channel.end().error, Errc::idle_timeout);
  EXPECT_EQ(channel.end().code, CloseCode::going_away);
}

TEST_P(ChannelIdle, R142_and_cut_off_if_it_does_not_answer) {
  channel.run_for(32s + 10ms);
  EXPECT_EQ(channel.end().error, Errc::idle_timeout);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
}

TEST_P(ChannelIdle, every_byte_counts_as_a_sign_of_life) {
  const ByteVector wire = as_received_by(GetParam(), frame(0x82, pattern_bytes(20)));
  for (const std::byte byte : wire) {
    channel.run_for(29s);
    channel.script.receive({byte});
    channel.turn();
  }
  EXPECT_EQ(channel.host.messages, 1U);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(31s);
  EXPECT_EQ(channel.sent().size(), 1U);
}

TEST_P(ChannelIdle, what_the_peer_takes_counts_as_well) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("news")));
    channel.run_for(1s);
  }
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.sent().size(), 100U);
}

/// Bytes that the peer does not take are no sign of life.
TEST_P(ChannelIdle, what_the_peer_does_not_take_does_not_count) {
  channel.script.room = 100;
  for (int i = 0; i < 40 && !channel.host.ended(); ++i) {
    (void)channel.host->send(Opcode::text, bytes_of("is anybody reading this?"));
    channel.run_for(1s);
  }
  EXPECT_EQ(channel.end().error, Errc::idle_timeout);
  EXPECT_GT(channel.end().unsent_bytes, 0U);
}

TEST_P(ChannelIdle, a_busy_connection_does_not_touch_its_timer) {
  const int waits = channel.stage.calls.wait;
  for (int i = 0; i < 100; ++i) channel.deliver(text_frame("busy"));
  EXPECT_EQ(channel.stage.calls.wait - waits, 100);
  EXPECT_FALSE(channel.host.ended());
}

class ChannelPingFlood : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelPingFlood);

TEST_P(ChannelPingFlood, as_many_as_allowed_in_each_second_are_answered) {
  StagedChannel channel(GetParam(), {.receive = {.max_pings_per_second = 50}});
  channel.host.start();
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 50; ++i) channel.deliver(frame(0x89, {}));
    channel.run_for(1s);
  }
  EXPECT_EQ(channel.sent().size(), 250U);
  EXPECT_FALSE(channel.host.ended());
}

TEST_P(ChannelPingFlood, one_more_is_a_violation_of_policy) {
  StagedChannel channel(GetParam(), {.receive = {.max_pings_per_second = 50}});
  channel.host.start();
  ByteVector flood;
  for (int i = 0; i < 200; ++i) flood = join({flood, frame(0x89, {})});
  channel.deliver(join({flood, text_frame("after the flood")}));
  EXPECT_EQ(channel.events(), List(50, seen::ping({})));
  EXPECT_EQ(channel.sent().back(), "close 1008");
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::ping_flood);
}

TEST_P(ChannelPingFlood, the_default_allows_a_thousand) {
  StagedChannel channel(GetParam());
  channel.host.start();
  for (int i = 0; i < 1000; ++i) channel.deliver(frame(0x89, {}));
  EXPECT_EQ(channel.host->state(), State::open);
  channel.deliver(frame(0x89, {}));
  EXPECT_EQ(channel.host->state(), State::closed);
}

TEST_P(ChannelPingFlood, pongs_cost_nothing_and_may_come_unasked) {
  StagedChannel channel(GetParam());
  channel.host.start();
  for (int i = 0; i < 5000; ++i) channel.deliver(pong);
  EXPECT_TRUE(channel.sent().empty());
  EXPECT_FALSE(channel.host.ended());
}

}  // namespace
}  // namespace wirespan::test
