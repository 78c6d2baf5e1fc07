// net/channel_impl.hpp: a stream that has to write in order to read, or the other way round, as TLS
// may. The connection neither waits for ever nor spins.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

class ChannelWants : public RoleTest {
 protected:
  StagedChannel channel{GetParam()};
  void SetUp() override { channel.host.start(); }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelWants);

TEST_P(ChannelWants, reading_may_wait_for_room_to_write) {
  channel.script.reads_want_write = true;
  channel.script.room = 0;
  channel.deliver(text_frame("hello"));
  channel.turn(3);
  EXPECT_TRUE(channel.events().empty());
  channel.script.room = SIZE_MAX;
  channel.turn(2);
  EXPECT_EQ(channel.events(), List{seen::text("hello")});
}

/// The input stays readable all the time: the channel must not ask the poller for a readiness that
/// does not help.
TEST_P(ChannelWants, a_reader_that_waits_for_room_does_not_spin) {
  channel.script.reads_want_write = true;
  channel.script.room = 0;
  channel.receive(text_frame("hello"));
  channel.run_for(1s);
  EXPECT_LE(channel.script.reads, 3);
}

TEST_P(ChannelWants, a_paused_reader_that_waited_for_room_does_not_spin) {
  channel.script.reads_want_write = true;
  channel.script.room = 0;
  channel.deliver(text_frame("hello"));
  channel.host->pause_reading();
  channel.script.room = SIZE_MAX;
  channel.run_for(1s);
  EXPECT_TRUE(channel.events().empty());
  channel.host->resume_reading();
  channel.turn(2);
  EXPECT_EQ(channel.events(), List{seen::text("hello")});
}

TEST_P(ChannelWants, whoever_reads_to_the_end_does_not_spin_either) {
  channel.host->fail(Errc::handler_failed);
  channel.turn();
  channel.script.reads_want_write = true;
  channel.script.room = 0;
  channel.receive(text_frame("too late"));
  channel.run_for(1s);
  EXPECT_LE(channel.script.reads, 3);
  channel.script.room = SIZE_MAX;
  channel.script.end();
  channel.turn(2);
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
}

TEST_P(ChannelWants, writing_may_wait_for_input) {
  channel.script.writes_want_read = true;
  EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("hello")));
  channel.run_for(1s);
  EXPECT_LE(channel.script.writes, 2) << "without spinning";
  EXPECT_TRUE(channel.script.written.empty());
  channel.receive(text_frame("here"));
  channel.script.writes_want_read = false;
  channel.turn(2);
  EXPECT_EQ(channel.sent(), List{"text \"hello\""});
  EXPECT_EQ(channel.events(), List{seen::text("here")});
}

TEST_P(ChannelWants, a_writer_that_waits_for_input_is_served_although_reading_is_paused) {
  channel.host->pause_reading();
  channel.script.writes_want_read = true;
  EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("hello")));
  channel.turn(2);
  channel.receive(text_frame("unread"));
  channel.turn(2);
  EXPECT_EQ(channel.sent(), List{"text \"hello\""});
  EXPECT_TRUE(channel.events().empty());
}

TEST_P(ChannelWants, the_end_of_our_direction_may_wait_for_room) {
  channel.script.blocked_shutdowns = 1;
  channel.host->fail(Errc::handler_failed);
  channel.turn();
  EXPECT_EQ(channel.script.shutdowns, 1);
  channel.turn();
  EXPECT_EQ(channel.script.shutdowns, 2);
}

/// The n-th operation of the stream wants the other direction, for every n.
TEST_P(ChannelWants, a_hiccup_at_any_operation_changes_nothing) {
  int longest = 0;
  const int places = run_until_nothing_fails([&](FailAfter& hiccup) {
    StagedChannel one(GetParam());
    one.host.echo();
    one.script.hiccup = &hiccup;
    one.script.write_size = 300;
    one.host.start();
    one.receive(join({text_frame("one"), frame(0x89, bytes_of("?"))}));
    one.receive(frame(0x82, pattern_bytes(2000)));
    one.receive(text_frame("two"));
    one.receive(close_frame(1000));
    one.script.end();
    int turns = 0;
    for (; turns < 200 && !one.host.ended(); ++turns) one.turn();
    longest = std::max(longest, turns);
    EXPECT_FALSE(one.end().error);
    EXPECT_EQ(one.events(), (List{seen::text("one"), seen::ping(bytes_of("?")), "message of 2000",
                                  seen::text("two")}));
    EXPECT_EQ(one.sent(),
              (List{"text \"one\"", "pong 3f", "binary " + readable_hex(pattern_bytes(2000)),
                    "text \"two\"", "close 1000"}));
  });
  EXPECT_GE(places, 12);
  EXPECT_LT(longest, 40) << "somewhere it had to be pushed";
}

TEST_P(ChannelWants, hiccups_all_the_time_change_nothing_either) {
  FailAfter always(-1);
  channel.script.write_size = 50;
  channel.host.echo();
  channel.receive(frame(0x82, pattern_bytes(1000)));
  for (int i = 0; i < 200; ++i) {
    always = FailAfter(i % 2);
    channel.script.hiccup = &always;
    channel.turn();
  }
  channel.script.hiccup = nullptr;
  channel.turn(40);
  EXPECT_EQ(channel.sent(), List{"binary " + readable_hex(pattern_bytes(1000))});
}

}  // namespace
}  // namespace wirespan::test
