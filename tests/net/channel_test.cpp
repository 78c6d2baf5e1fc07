// net/channel_impl.hpp: each kind of input reaches its callback, and each call becomes frames.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using List = std::vector<std::string>;

class ChannelEvents : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelEvents);

TEST_P(ChannelEvents, each_kind_reaches_its_function) {
  StagedChannel channel(GetParam());
  channel.host.start();
  channel.deliver(text_frame("hello"));
  channel.deliver(frame(0x82, pattern_bytes(3)));
  channel.deliver(join({frame(0x01, bytes_of("in ")), frame(0x80, bytes_of("parts"))}));
  channel.deliver(frame(0x89, bytes_of("?")));
  channel.deliver(frame(0x8A, bytes_of("!")));
  EXPECT_EQ(channel.events(),
            (List{seen::text("hello"), seen::binary(pattern_bytes(3)), seen::text("in parts"),
                  seen::ping(bytes_of("?")), seen::pong(bytes_of("!"))}));
  EXPECT_EQ(channel.sent(), List{"pong 3f"});
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.host->state(), State::open);
}

TEST_P(ChannelEvents, fragments_are_delivered_where_that_was_asked_for) {
  StagedChannel channel(GetParam(), {.receive = {.deliver_fragments = true}});
  channel.host.start();
  channel.deliver(frame(0x01, bytes_of("in ")));
  channel.deliver(frame(0x80, bytes_of("parts")));
  EXPECT_EQ(channel.events(),
            (List{seen::fragment(Opcode::text, bytes_of("in "), false),
                  seen::fragment(Opcode::continuation, bytes_of("parts"), true)}));
}

TEST_P(ChannelEvents, what_came_with_the_handshake_comes_first) {
  StagedChannel channel(GetParam());
  channel.receive(text_frame("later"));
  channel.host.start(as_received_by(GetParam(), join({text_frame("early"), frame(0x89, {})})));
  EXPECT_EQ(channel.events(), (List{seen::text("early"), seen::ping({})}));
  EXPECT_EQ(channel.sent(), List{"pong "}) << "answered without waiting for a turn";
  channel.turn();
  EXPECT_EQ(channel.events().back(), seen::text("later"));
}

TEST_P(ChannelEvents, a_frame_may_have_been_cut_by_the_end_of_the_handshake) {
  const ByteVector wire = as_received_by(GetParam(), text_frame("divided"));
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    StagedChannel channel(GetParam());
    channel.host.start(owned(Bytes(wire).first(cut)));
    EXPECT_TRUE(channel.events().empty());
    channel.script.receive(owned(Bytes(wire).subspan(cut)));
    channel.turn();
    EXPECT_EQ(channel.events(), List{seen::text("divided")}) << cut;
  }
}

TEST_P(ChannelEvents, input_that_the_stream_hides_is_read_without_a_poller) {
  StagedChannel channel(GetParam());
  channel.script.hides_input = true;
  channel.receive(text_frame("read ahead"));
  channel.host.start();
  EXPECT_EQ(channel.events(), List{seen::text("read ahead")});
}

TEST_P(ChannelEvents, a_connection_may_end_before_its_first_turn) {
  StagedChannel channel(GetParam());
  channel.host.start(as_received_by(GetParam(), frame(0x83, {})));  // a reserved opcode
  EXPECT_EQ(channel.sent(), List{"close 1002"});
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::reserved_opcode);
}

class ChannelSends : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelSends);

TEST_P(ChannelSends, every_kind_of_frame) {
  StagedChannel channel(GetParam());
  channel.host.start();
  EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("hello")));
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(2)));
  EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("in "), {.fin = false}));
  EXPECT_FALSE(channel.host->ping(bytes_of("?")));
  EXPECT_FALSE(channel.host->send(Opcode::continuation, bytes_of("parts")));
  EXPECT_FALSE(channel.host->pong(bytes_of("!")));
  EXPECT_GT(channel.host->unsent_bytes(), 20U);
  EXPECT_TRUE(channel.script.written.empty()) << "not before the end of the turn";
  channel.turn();
  EXPECT_EQ(channel.host->unsent_bytes(), 0U);
  EXPECT_EQ(channel.sent(), (List{"text \"hello\"", "binary 0007", "text... \"in \"", "ping 3f",
                                  "cont \"parts\"", "pong 21"}));
}

TEST_P(ChannelSends, what_may_not_be_sent_is_refused_and_nothing_leaves) {
  StagedChannel channel(GetParam());
  channel.host.start();
  EXPECT_EQ(channel.host->send(Opcode::text, ByteVector(1, std::byte{0xFF})), Errc::invalid_text);
  EXPECT_EQ(channel.host->send(Opcode::continuation, {}), Errc::no_message_under_way);
  EXPECT_EQ(channel.host->send(Opcode{5}, {}), Errc::unsupported_frame);
  EXPECT_EQ(channel.host->ping(ByteVector(126)), Errc::control_too_long);
  EXPECT_EQ(channel.host->pong(ByteVector(126)), Errc::control_too_long);
  EXPECT_EQ(channel.host->close(CloseCode::abnormal_closure, ""), Errc::close_code_not_allowed);
  channel.turn();
  EXPECT_TRUE(channel.script.written.empty());
  EXPECT_EQ(channel.host->state(), State::open);
}

TEST_P(ChannelSends, an_ended_channel_refuses_everything) {
  StagedChannel channel(GetParam());
  channel.host.on_end = [&] {
    EXPECT_TRUE(channel.host->ended());
    EXPECT_EQ(channel.host->send(Opcode::text, {}), Errc::not_open);
    EXPECT_EQ(channel.host->ping({}), Errc::not_open);
    EXPECT_EQ(channel.host->pong({}), Errc::not_open);
    EXPECT_EQ(channel.host->close(CloseCode::normal, ""), Errc::not_open);
    channel.host->fail(Errc::handler_failed);
    channel.host->abort(Errc::handler_failed);
    channel.host->pause_reading();
    channel.host->resume_reading();
    EXPECT_TRUE(channel.script.closed) << "the descriptor is closed before anybody hears of it";
  };
  channel.host.start();
  channel.host->abort(Errc::connection_lost);
  EXPECT_EQ(channel.end().error, Errc::connection_lost);
  channel.turn(3);
}

/// RFC 6455 §5.3: without a mask key a client sends nothing, not even the echo of a Close.
TEST(ChannelWithoutKeys, a_client_fails) {
  StagedChannel channel(Role::client);
  channel.stage.random_works = false;
  channel.host.start();
  EXPECT_EQ(channel.host->send(Opcode::text, bytes_of("x")), Errc::no_mask_key);
  channel.deliver(frame(0x89, bytes_of("?")));
  channel.script.end();
  channel.run_for(std::chrono::seconds(5));
  EXPECT_EQ(channel.end().error, Errc::no_mask_key);
  EXPECT_TRUE(channel.script.written.empty());
}

TEST_P(ChannelSends, a_channel_that_is_dropped_says_nothing_and_is_not_called_again) {
  for (const bool with_output : {false, true}) {
    StagedChannel channel(GetParam(), {.channel = {.keep_alive = {std::chrono::seconds(1)}}});
    channel.host.start();
    channel.turn();
    if (with_output) {
      EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("too late")));
    }
    channel.receive(text_frame("unread"));
    channel.host.drop();
    EXPECT_TRUE(channel.script.closed);
    channel.run_for(std::chrono::seconds(10));
    EXPECT_TRUE(channel.script.written.empty());
    EXPECT_TRUE(channel.events().empty());
    EXPECT_FALSE(channel.host.ended());
  }
}

}  // namespace
}  // namespace wirespan::test
