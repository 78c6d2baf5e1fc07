// net/channel_impl.hpp: the closing handshake and the end of TCP. RFC 6455 §7.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

class ChannelClose : public RoleTest {
 protected:
  StagedChannel channel{GetParam()};
  void SetUp() override { channel.host.start(); }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelClose);

/// After close() the handler gets no further message, not even those that were read with the first.
TEST_P(ChannelClose, after_ours_nothing_more_is_delivered) {
  channel.host.on_message = [&](const Message&) {
    EXPECT_FALSE(channel.host->close(CloseCode::policy_violation, "enough"));
  };
  channel.receive(join({text_frame("first"), text_frame("second"), frame(0x89, bytes_of("p")),
                        frame(0x01, bytes_of("part")), frame(0x80, bytes_of("end"))}));
  channel.turn();
  channel.deliver(text_frame("third"));
  channel.receive(close_frame(1008));
  channel.script.end();
  channel.turn(2);
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::policy_violation);
  EXPECT_EQ(channel.events(), List{seen::text("first")});
}

TEST_P(ChannelClose, R125_ours_is_answered_and_that_is_the_end) {
  EXPECT_FALSE(channel.host->close(CloseCode::going_away, "moving", {}, net::AfterClose::deliver));
  channel.turn();
  EXPECT_EQ(channel.sent(), List{"close 1001"});
  EXPECT_EQ(channel.host->state(), State::closing);
  channel.deliver(text_frame("on its way"));
  channel.receive(close_frame(1001));
  channel.script.end();
  channel.turn(2);
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::going_away);
  EXPECT_EQ(channel.events(), List{seen::text("on its way")})
      << "messages are delivered until the peer's Close comes";
  EXPECT_TRUE(channel.script.closed);
}

TEST_P(ChannelClose, R126_R127_the_peers_is_echoed_and_reported) {
  channel.receive(close_frame(4321, "reason"));
  channel.script.end();
  channel.turn(2);
  EXPECT_EQ(channel.sent(), List{"close 4321"});
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode{4321});
  EXPECT_EQ(channel.end().reason, "reason");
}

TEST_P(ChannelClose, R126_a_close_without_a_code_is_1005) {
  channel.receive(frame(0x88, {}));
  channel.script.end();
  channel.turn(2);
  EXPECT_EQ(channel.sent(), List{"close"});
  EXPECT_EQ(channel.end().code, CloseCode::no_status_received);
}

TEST_P(ChannelClose, R107_both_at_once_is_an_orderly_end) {
  EXPECT_FALSE(channel.host->close(CloseCode{3001}, ""));
  channel.receive(close_frame(3002));
  channel.script.end();
  channel.turn(3);
  EXPECT_EQ(channel.sent(), List{"close 3001"}) << "one Close from each side";
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode{3002});
}

TEST_P(ChannelClose, a_second_time_is_refused) {
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  EXPECT_EQ(channel.host->close(CloseCode::normal, ""), Errc::not_open);
  EXPECT_EQ(channel.host->send(Opcode::text, bytes_of("late")), Errc::not_open);
  EXPECT_EQ(channel.host->ping({}), Errc::not_open);
  channel.turn();
  EXPECT_EQ(channel.sent(), List{"close 1000"});
}

TEST_P(ChannelClose, what_was_sent_before_leaves_before) {
  EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("last words")));
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  channel.turn();
  EXPECT_EQ(channel.sent(), (List{"text \"last words\"", "close 1000"}));
  EXPECT_EQ(channel.script.writes, 1);
}

TEST_P(ChannelClose, R142_a_peer_that_does_not_answer_is_given_three_seconds) {
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  channel.run_for(3s - 1ns);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(5ms);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
  EXPECT_TRUE(channel.script.closed);
}

TEST_P(ChannelClose, R142_the_time_can_be_given) {
  EXPECT_FALSE(channel.host->close(CloseCode::normal, "", 100ms));
  channel.run_for(100ms - 1ns);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(5ms);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
}

TEST_P(ChannelClose, R142_data_does_not_buy_time) {
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  for (int i = 0; i < 40 && !channel.host.ended(); ++i) {
    channel.receive(text_frame("and another thing"));
    channel.run_for(100ms);
  }
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
  EXPECT_LE(channel.elapsed(), 3100ms);
}

TEST_P(ChannelClose, R132_a_stream_that_ends_without_a_close_frame_is_lost) {
  channel.deliver(text_frame("hello"));
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::connection_lost);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
  EXPECT_TRUE(channel.sent().empty()) << "nobody is there to read a Close frame";
}

TEST_P(ChannelClose, R132_a_stream_that_ends_before_the_answer_is_lost) {
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  channel.turn();
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::connection_lost);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
}

TEST_P(ChannelClose, R132_a_broken_stream_says_why) {
  channel.script.break_off(make_error_code(std::errc::connection_reset));
  channel.turn();
  EXPECT_EQ(channel.end().error, std::errc::connection_reset);
}

TEST_P(ChannelClose, after_the_peers_close_frame_nothing_is_an_error_any_more) {
  channel.receive(close_frame(1000));
  channel.script.break_off(make_error_code(std::errc::connection_reset));
  channel.turn(3);
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::normal);
}

TEST_P(ChannelClose, nothing_is_delivered_after_the_peers_close_frame) {
  channel.deliver(join({text_frame("before"), close_frame(1000), text_frame("after"),
                        frame(0x89, {}), frame(0x83, {})}));
  channel.deliver(text_frame("much later"));
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.events(), List{seen::text("before")});
  EXPECT_EQ(channel.sent(), List{"close 1000"});
  EXPECT_FALSE(channel.end().error);
}

TEST_P(ChannelClose, an_abort_is_immediate_and_says_nothing) {
  EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("never")));
  channel.host->abort(Errc::close_timeout);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
  EXPECT_TRUE(channel.script.closed);
  EXPECT_TRUE(channel.script.written.empty());
  EXPECT_EQ(channel.script.shutdowns, 0) << "a cut is not to look like an end";
  EXPECT_GT(channel.end().unsent_bytes, 0U);
}

TEST_P(ChannelClose, R129_a_failure_of_ours_is_told_to_the_peer) {
  channel.host->fail(Errc::handler_failed);
  EXPECT_EQ(channel.host->state(), State::closed);
  EXPECT_EQ(channel.host->send(Opcode::text, {}), Errc::not_open);
  channel.turn();
  EXPECT_EQ(channel.sent(), List{"close 1011"});
  channel.script.end();
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
}

TEST_P(ChannelClose, the_first_failure_counts) {
  channel.host->fail(Errc::handler_failed);
  channel.host->fail(Errc::no_mask_key);
  channel.turn();
  channel.script.break_off(make_error_code(std::errc::connection_reset));
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
}

struct Violation {
  std::string name;
  ByteVector wire;
  Errc error;
  std::string answer;
  ReceiveOptions receive{};
};
void PrintTo(const Violation& row, std::ostream* out) { *out << row.name; }

class ChannelViolation : public ::testing::TestWithParam<Violation> {};

TEST_P(ChannelViolation, R129_R130_ends_with_its_code_and_nothing_after_it_is_digested) {
  const Violation& row = GetParam();
  for (const Role role : {Role::client, Role::server}) {
    StagedChannel channel(role, {.receive = row.receive});
    channel.host.start();
    channel.deliver(join({text_frame("ok"), row.wire, text_frame("after"), close_frame(1000)}));
    channel.deliver(text_frame("later"));
    EXPECT_FALSE(channel.host.ended()) << "the peer gets time to read why";
    EXPECT_EQ(channel.sent(), List{row.answer});
    EXPECT_EQ(channel.script.shutdowns, 1);
    channel.script.end();
    channel.turn();
    EXPECT_EQ(channel.end().error, row.error);
    EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
    EXPECT_EQ(channel.events(), List{seen::text("ok")});
  }
}

const Violation violations[] = {
    {"reserved_opcode", frame(0x83, {}), Errc::reserved_opcode, "close 1002"},
    {"reserved_bits", frame(0xC1, {}), Errc::reserved_bits, "close 1002"},
    {"stray_continuation", frame(0x80, {}), Errc::unexpected_continuation, "close 1002"},
    {"half_a_close_code", frame(0x88, pattern_bytes(1)), Errc::short_close_payload, "close 1002"},
    {"no_utf8", frame(0x81, "ff"_hex), Errc::invalid_utf8, "close 1007"},
    {"too_big",
     frame(0x82, pattern_bytes(101)),
     Errc::message_too_big,
     "close 1009",
     {.max_message_size = 100}},
    {"too_many_fragments",
     join({frame(0x01, {}), frame(0x00, {}), frame(0x00, {})}),
     Errc::too_many_fragments,
     "close 1008",
     {.max_fragments = 2}},
};
INSTANTIATE_TEST_SUITE_P(of, ChannelViolation, ::testing::ValuesIn(violations),
                         case_name<Violation>);

}  // namespace
}  // namespace wirespan::test
