// net/session.hpp: half-close - the two directions of a stream end apart. RFC 6455 §7.1.1.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

class ChannelHalf : public RoleTest {
 protected:
  StagedChannel channel{GetParam()};
  void SetUp() override { channel.host.start(); }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelHalf);

const auto broken_pipe = make_error_code(std::errc::broken_pipe);

/// The peer has sent a message and Close 1008 and is gone: after the failed write the owner still
/// gets the message, the code and the reason.
TEST_P(ChannelHalf, R132_a_failed_write_does_not_lose_what_the_peer_has_said) {
  channel.script.write_error = broken_pipe;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100)));
  channel.turn();
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.host->send(Opcode::text, bytes_of("more")), Errc::not_open);
  channel.receive(join({text_frame("last words"), close_frame(1008, "policy")}));
  channel.script.end();
  channel.turn(2);
  EXPECT_EQ(channel.events(), List{seen::text("last words")});
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::policy_violation);
  EXPECT_EQ(channel.end().reason, "policy");
  EXPECT_GT(channel.end().unsent_bytes, 100U) << "what was accepted is told as lost";
}

TEST_P(ChannelHalf, R132_without_a_close_of_the_peer_the_write_error_is_the_cause) {
  channel.script.write_error = broken_pipe;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100)));
  channel.turn();
  channel.script.end();
  channel.turn(2);
  EXPECT_EQ(channel.end().error, std::errc::broken_pipe);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
}

TEST_P(ChannelHalf, R142_a_peer_that_only_takes_the_write_side_away_is_given_up_in_time) {
  channel.script.write_error = broken_pipe;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100)));
  channel.run_for(limits::close_time - 1ms);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(2ms);
  EXPECT_EQ(channel.end().error, std::errc::broken_pipe);
}

TEST_P(ChannelHalf, R142_pings_after_a_failed_write_grow_nothing) {
  channel.script.write_error = broken_pipe;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100)));
  channel.turn();
  for (int i = 0; i < 500; ++i) channel.deliver(frame(0x89, bytes_of("ping")));
  EXPECT_LT(channel.host->memory(), 200'000U);
  EXPECT_FALSE(channel.host.ended());
}

TEST_P(ChannelHalf, a_pause_ends_with_the_write_side) {
  channel.host->pause_reading();
  channel.receive(join({text_frame("unread"), close_frame(1001)}));
  channel.script.end();
  channel.script.write_error = broken_pipe;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100)));
  channel.turn(4);
  EXPECT_EQ(channel.events(), List{seen::text("unread")});
  EXPECT_EQ(channel.end().code, CloseCode::going_away);
}

/// Every accepted byte is either written or counted in SessionEnd::unsent_bytes.
TEST_P(ChannelHalf, R131_the_account_balances_wherever_the_stream_breaks) {
  for (std::size_t room = 0; room < 400; room += 7) {
    StagedChannel one(GetParam());
    one.host.start();
    one.script.room = room;
    std::size_t accepted = 0;
    for (int i = 0; i < 5; ++i) {
      const std::size_t before = one.host->unsent_bytes();
      EXPECT_FALSE(one.host->send(Opcode::binary, pattern_bytes(50)));
      accepted += one.host->unsent_bytes() - before;
    }
    one.turn();
    one.script.write_error = broken_pipe;
    one.script.end();
    one.script.room = SIZE_MAX;
    one.turn(3);
    if (room >= accepted) continue;
    EXPECT_EQ(one.end().unsent_bytes + one.script.written.size(), accepted) << room;
  }
}

}  // namespace
}  // namespace wirespan::test
