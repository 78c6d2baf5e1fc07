// net/channel_impl.hpp: lingering close - which side ends TCP, and how long it waits for the other.
// RFC 6455 §7.1.1.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

TEST(ChannelLastSteps, R105_the_server_ends_the_connection_at_once) {
  StagedChannel server(Role::server);
  server.host.start();
  server.deliver(close_frame(1000));
  EXPECT_EQ(server.sent(), List{"close 1000"});
  EXPECT_EQ(server.script.shutdowns, 1) << "in the turn in which both Close frames have passed";
  EXPECT_FALSE(server.script.closed) << "or a reset might overtake the Close frame";
  server.script.end();
  server.turn();
  EXPECT_FALSE(server.end().error);
  EXPECT_EQ(server.elapsed(), 0ns);
}

TEST(ChannelLastSteps, R105_the_server_does_so_too_when_it_began) {
  StagedChannel server(Role::server);
  server.host.start();
  EXPECT_FALSE(server.host->close(CloseCode::normal, ""));
  server.turn();
  EXPECT_EQ(server.script.shutdowns, 0) << "half of the handshake is not all of it";
  server.deliver(close_frame(1000));
  EXPECT_EQ(server.script.shutdowns, 1);
}

TEST(ChannelLastSteps, R105_a_client_that_does_not_end_does_not_keep_the_server) {
  StagedChannel server(Role::server, {.channel = {.close_time = 700ms}});
  server.host.start();
  server.deliver(close_frame(1000));
  server.run_for(700ms - 1ns);
  EXPECT_FALSE(server.host.ended());
  server.run_for(5ms);
  EXPECT_FALSE(server.end().error) << "the closing handshake was complete";
  EXPECT_EQ(server.end().code, CloseCode::normal);
}

TEST(ChannelLastSteps, R106_the_client_waits_for_the_server_to_end) {
  StagedChannel client(Role::client);
  client.host.start();
  client.deliver(close_frame(1000));
  EXPECT_EQ(client.sent(), List{"close 1000"});
  EXPECT_EQ(client.script.shutdowns, 0) << "the server ends first";
  EXPECT_FALSE(client.host.ended());
  client.run_for(5ms);
  EXPECT_FALSE(client.host.ended());
  client.script.end();
  client.turn();
  EXPECT_FALSE(client.end().error);
  EXPECT_TRUE(client.script.closed);
}

TEST(ChannelLastSteps, R106_the_client_waits_briefly) {
  StagedChannel client(Role::client);
  client.host.start();
  EXPECT_FALSE(client.host->close(CloseCode::normal, ""));
  client.deliver(close_frame(1000));
  client.run_for(20ms - 1ns);
  EXPECT_FALSE(client.host.ended());
  client.run_for(5ms);
  EXPECT_FALSE(client.end().error);
  EXPECT_EQ(client.end().code, CloseCode::normal);
}

TEST(ChannelLastSteps, R106_how_briefly_can_be_chosen) {
  StagedChannel client(Role::client, {.channel = {.peer_close_time = 900ms}});
  client.host.start();
  client.deliver(close_frame(1000));
  client.run_for(900ms - 1ns);
  EXPECT_FALSE(client.host.ended());
  client.run_for(5ms);
  EXPECT_TRUE(client.host.ended());
}

class ChannelLinger : public RoleTest {
 protected:
  StagedChannel channel{GetParam()};
  /// The peer breaks a rule; our Close frame is written, and the channel waits for the peer's end.
  void violate() {
    channel.host.start();
    channel.deliver(frame(0x83, {}));
    EXPECT_EQ(channel.sent(), List{"close 1002"});
    EXPECT_EQ(channel.script.shutdowns, 1);
    EXPECT_FALSE(channel.host.ended());
  }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelLinger);

TEST_P(ChannelLinger, what_the_peer_still_sends_is_read_and_thrown_away) {
  violate();
  for (int i = 0; i < 50; ++i) channel.deliver(frame(0x82, pattern_bytes(10'000)));
  EXPECT_TRUE(channel.script.input.empty()) << "unread input would turn the end into a reset";
  EXPECT_TRUE(channel.events().empty());
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::reserved_opcode);
}

TEST_P(ChannelLinger, a_peer_that_is_silent_is_given_the_closing_time) {
  violate();
  channel.run_for(3s - 1ns);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(5ms);
  EXPECT_EQ(channel.end().error, Errc::reserved_opcode);
}

TEST_P(ChannelLinger, a_flood_does_not_last_for_ever) {
  violate();
  std::size_t sent = 0;
  while (!channel.host.ended() && sent < std::size_t{64} << 20) {
    channel.script.receive(ByteVector(1 << 20));
    sent += 1 << 20;
    channel.turn();
  }
  EXPECT_TRUE(channel.host.ended());
  EXPECT_GE(sent, limits::linger_bytes);
  EXPECT_LE(sent, limits::linger_bytes + (std::size_t{2} << 20));
}

TEST_P(ChannelLinger, a_flood_does_not_keep_the_loop_to_itself) {
  violate();
  channel.script.receive(ByteVector(std::size_t{12} << 20));
  channel.turn();
  EXPECT_FALSE(channel.host.ended());
  EXPECT_LE(channel.script.taken(), limits::read_per_turn + (1u << 20));
}

TEST_P(ChannelLinger, a_reset_ends_it) {
  violate();
  channel.script.break_off(make_error_code(std::errc::connection_reset));
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::reserved_opcode) << "what counts is why it failed";
}

TEST_P(ChannelLinger, the_close_frame_may_have_to_wait_for_room) {
  channel.script.room = 0;
  channel.host.start();
  channel.deliver(frame(0x83, {}));
  channel.turn(3);
  EXPECT_EQ(channel.script.shutdowns, 0);
  channel.script.room = SIZE_MAX;
  channel.turn(2);
  EXPECT_EQ(channel.sent(), List{"close 1002"});
  EXPECT_EQ(channel.script.shutdowns, 1);
}

/// TLS ends with a record (close_notify), which may have to wait for room.
TEST_P(ChannelLinger, the_end_of_our_direction_is_repeated_while_it_would_block) {
  channel.script.blocked_shutdowns = 2;
  channel.host.start();
  channel.deliver(frame(0x83, {}));
  channel.turn(4);
  EXPECT_EQ(channel.script.shutdowns, 3);
  channel.turn(4);
  EXPECT_EQ(channel.script.shutdowns, 3) << "and not more often";
  channel.script.end();
  channel.turn();
  EXPECT_TRUE(channel.host.ended());
}

TEST_P(ChannelLinger, its_owner_may_cut_it_short) {
  violate();
  EXPECT_EQ(channel.host->send(Opcode::text, {}), Errc::not_open);
  EXPECT_EQ(channel.host->close(CloseCode::normal, ""), Errc::not_open);
  channel.host->abort(Errc::close_timeout);
  EXPECT_EQ(channel.end().error, Errc::reserved_opcode);
}

TEST_P(ChannelLinger, an_orderly_end_says_so_to_the_stream) {
  channel.host.start();
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  channel.receive(close_frame(1000));
  channel.script.end();
  channel.turn(3);
  ASSERT_TRUE(channel.host.ended());
  EXPECT_GE(channel.script.shutdowns, 1) << "TLS: nothing was cut off";
}

}  // namespace
}  // namespace wirespan::test
