// RFC 6455 §5.5: Close, Ping and Pong.
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class Section5_5Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section5_5Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

std::vector<WireCase> shape_rows() {
  const Errc long_one = Errc::oversized_control;
  const Errc unfinished = Errc::fragmented_control;
  std::vector<WireCase> rows{
      refused("R100_ping_of_126", join({"89 7e 007e"_hex, pattern_bytes(126)}), long_one),
      refused("R100_pong_of_126", join({"8a 7e 007e"_hex, pattern_bytes(126)}), long_one),
      refused("R100_close_of_126", join({"88 7e 007e 03e8"_hex, ByteVector(124, std::byte{'x'})}),
              long_one),
      refused("R100_ping_of_65536", "89 7f 0000000000010000"_hex, long_one),
      refused("R100_ping_of_5_in_16_bits", "89 7e 0005 48656c6c6f"_hex, long_one),
      refused("R100_pong_of_0_in_64_bits", "8a 7f 0000000000000000"_hex, long_one),
      refused("R92_R100_unfinished_ping", "09 00"_hex, unfinished),
      refused("R92_R100_unfinished_pong", "0a 02 6869"_hex, unfinished),
      refused("R92_R100_unfinished_close", "08 02 03e8"_hex, unfinished),
      refused("R92_unfinished_ping_and_its_continuation", "09 01 68 80 01 69"_hex, unfinished),
      refused("R92_unfinished_ping_inside_a_message", "01 01 61 09 00 80 00"_hex, unfinished),
  };
  for (const std::size_t size : {0U, 1U, 124U, 125U}) {
    const ByteVector payload = pattern_bytes(size);
    rows.push_back({.name = "R100_R108_R109_ping_of_" + std::to_string(size),
                    .wire = frame(0x89, payload),
                    .events = {seen::ping(payload)},
                    .answers = {"pong " + to_hex(payload)}});
    rows.push_back({.name = "R100_R111_pong_of_" + std::to_string(size),
                    .wire = frame(0x8A, payload),
                    .events = {seen::pong(payload)}});
  }
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(Shape, Section5_5Rows, shape_rows());

std::vector<WireCase> ping_rows() {
  return {
      {.name = "R108_R109_the_pong_carries_the_same_bytes",
       .wire = "89 06 0080ff0d0a00"_hex,
       .events = {seen::ping("0080ff0d0a00"_hex)},
       .answers = {"pong 0080ff0d0a00"}},
      {.name = "R108_several_pings_in_order",
       .wire = "89 01 01 89 01 02 89 01 03"_hex,
       .events = {seen::ping("01"_hex), seen::ping("02"_hex), seen::ping("03"_hex)},
       .answers = {"pong 01", "pong 02", "pong 03"}},
      {.name = "R108_no_pong_after_the_peer_closed",
       .wire = "88 02 03e8 89 01 01"_hex,
       .events = {seen::close(1000)},
       .answers = {"close 1000"}},
      {.name = "R108_a_ping_before_the_close_is_answered_first",
       .wire = "89 01 01 88 02 03e8"_hex,
       .events = {seen::ping("01"_hex), seen::close(1000)},
       .answers = {"pong 01", "close 1000"}},
      {.name = "R111_an_unsolicited_pong_is_neither_answered_nor_a_failure",
       .wire = "8a 02 6869 81 01 61"_hex,
       .events = {seen::pong("6869"_hex), seen::text("a")}},
      {.name = "R111_three_equal_pongs",
       .wire = "8a 01 01 8a 01 01 8a 01 01 82 00"_hex,
       .events = {seen::pong("01"_hex), seen::pong("01"_hex), seen::pong("01"_hex),
                  seen::binary({})}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(PingAndPong, Section5_5Rows, ping_rows());

std::vector<WireCase> close_rows() {
  return {
      {.name = "R101_R103_empty_body",
       .wire = "88 00"_hex,
       .events = {seen::close_without_code()},
       .answers = {"close"}},
      {.name = "R101_R103_code_alone",
       .wire = "88 02 03e9"_hex,
       .events = {seen::close(1001)},
       .answers = {"close 1001"}},
      {.name = "R101_R103_code_and_reason",
       .wire = "88 07 0bb8 646f6e6521"_hex,
       .events = {seen::close(3000, "done!")},
       .answers = {"close 3000"}},
      {.name = "R101_the_longest_reason",
       .wire = join({"88 7d 03e8"_hex, ByteVector(123, std::byte{'r'})}),
       .events = {seen::close(1000, std::string(123, 'r'))},
       .answers = {"close 1000"}},
      {.name = "R101_a_reason_cut_inside_a_code_point",
       .wire = "88 06 03e8 c3a9e282"_hex,
       .events = {seen::failed(Errc::invalid_close_reason)},
       .answers = {"close 1007"}},
      {.name = "R101_a_whole_reason_in_utf8",
       .wire = "88 07 03e8 c3a9e282ac"_hex,
       .events = {seen::close(1000, "\xC3\xA9\xE2\x82\xAC")},
       .answers = {"close 1000"}},
      refused("R101_body_of_one_byte", "88 01 03"_hex, Errc::short_close_payload),
      refused("R101_reason_with_an_impossible_byte", "88 03 03e8 ff"_hex,
              Errc::invalid_close_reason, 1007),
      refused("R101_reason_with_a_surrogate", "88 05 03e8 eda080"_hex, Errc::invalid_close_reason,
              1007),
      {.name = "R103_only_the_first_close_is_answered",
       .wire = "88 02 03e8 88 02 03e9"_hex,
       .events = {seen::close(1000)},
       .answers = {"close 1000"}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(Close, Section5_5Rows, close_rows());

class Section5_5 : public ::testing::TestWithParam<Role> {};
INSTANTIATE_TEST_SUITE_P(Roles, Section5_5, ::testing::Values(Role::client, Role::server),
                         role_name);

TEST_P(Section5_5, R103_the_answer_is_there_when_the_event_is) {
  Conversation conversation(GetParam());
  ExactCopy wire(as_received_by(GetParam(), "88 02 03e8"_hex));
  conversation.connection().feed(wire.bytes());
  ASSERT_EQ(describe(conversation.connection().next()), seen::close(1000));
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1000"});
}

TEST_P(Section5_5, R104_what_was_sent_before_the_peers_close_goes_out_before_the_answer) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().send(Opcode::text, bytes_of("one")));
  ASSERT_FALSE(conversation.connection().send(Opcode::text, bytes_of("two")));
  conversation.receive_from_peer("88 02 03e8"_hex);
  EXPECT_EQ(conversation.sent(),
            (std::vector<std::string>{"text \"one\"", "text \"two\"", "close 1000"}));
}

TEST_P(Section5_5, R103_no_second_close_after_our_own) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().close(CloseCode::going_away));
  conversation.receive_from_peer("88 02 03e9"_hex);
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1001"});
}

TEST_P(Section5_5, R107_both_close_at_once) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().close(CloseCode::normal));
  EXPECT_EQ(conversation.connection().state(), State::closing);
  conversation.receive_from_peer("88 02 0bb8"_hex);  // sent before the peer saw our Close
  EXPECT_EQ(conversation.events(), std::vector{seen::close(3000)});
  EXPECT_EQ(conversation.connection().state(), State::closed);
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1000"});
}

TEST(Section5_5Transport, R105_a_server_closes_tcp_after_both_close_frames) {
  Conversation peer_first(Role::server);
  EXPECT_EQ(peer_first.connection().transport_action(), TransportAction::keep);
  peer_first.receive_from_peer("88 02 03e8"_hex);
  EXPECT_EQ(peer_first.connection().transport_action(), TransportAction::close_after_flush);

  Conversation we_first(Role::server);
  ASSERT_FALSE(we_first.connection().close());
  EXPECT_EQ(we_first.connection().transport_action(), TransportAction::keep);
  we_first.receive_from_peer("88 02 03e8"_hex);
  EXPECT_EQ(we_first.connection().transport_action(), TransportAction::close_after_flush);
}

TEST(Section5_5Transport, R106_a_client_waits_for_the_server_to_close_tcp) {
  Conversation peer_first(Role::client);
  peer_first.receive_from_peer("88 02 03e8"_hex);
  EXPECT_EQ(peer_first.connection().transport_action(), TransportAction::await_peer_close);

  Conversation we_first(Role::client);
  ASSERT_FALSE(we_first.connection().close());
  EXPECT_EQ(we_first.connection().transport_action(), TransportAction::keep);
  we_first.receive_from_peer("88 00"_hex);
  EXPECT_EQ(we_first.connection().transport_action(), TransportAction::await_peer_close);
}

TEST_P(Section5_5, R108_a_ping_is_answered_between_our_close_and_the_peers) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().close());
  conversation.receive_from_peer("81 01 61 89 01 2a 88 02 03e8"_hex);
  EXPECT_EQ(conversation.events(),
            (std::vector{seen::text("a"), seen::ping("2a"_hex), seen::close(1000)}));
  EXPECT_EQ(conversation.sent(), (std::vector<std::string>{"close 1000", "pong 2a"}));
}

TEST_P(Section5_5, R110_while_the_output_is_blocked_only_the_latest_ping_is_answered) {
  Conversation conversation(GetParam());
  conversation.connection().set_output_blocked(true);
  conversation.receive_from_peer("89 01 01 89 01 02 89 01 03"_hex);
  EXPECT_EQ(conversation.events().size(), 3U);
  EXPECT_TRUE(conversation.wire().empty());
  conversation.connection().set_output_blocked(false);
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"pong 03"});
  conversation.connection().set_output_blocked(true);
  conversation.connection().set_output_blocked(false);
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"pong 03"}) << "answered once";
}

TEST_P(Section5_5, R109_a_held_back_pong_of_no_bytes_is_still_owed) {
  Conversation conversation(GetParam());
  conversation.connection().set_output_blocked(true);
  conversation.receive_from_peer("89 01 01 89 00"_hex);
  conversation.connection().set_output_blocked(false);
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"pong "});
}

TEST_P(Section5_5, R100_a_longer_control_frame_of_ours_is_refused) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  EXPECT_EQ(connection.ping(pattern_bytes(126)), Errc::control_too_long);
  EXPECT_EQ(connection.pong(pattern_bytes(126)), Errc::control_too_long);
  EXPECT_EQ(connection.close(CloseCode::normal, std::string(124, 'r')), Errc::control_too_long);
  EXPECT_TRUE(conversation.wire().empty());
  EXPECT_FALSE(connection.ping(pattern_bytes(125)));
  EXPECT_FALSE(connection.pong(pattern_bytes(125)));
  EXPECT_FALSE(connection.close(CloseCode::normal, std::string(123, 'r')));
  EXPECT_EQ(conversation.sent_frames().size(), 3U);
}

TEST_P(Section5_5, R111_a_pong_that_nobody_asked_for_may_be_sent) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().pong("cafe"_hex));
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"pong cafe"});
}

TEST_P(Section5_5, R92_control_frames_cannot_be_sent_as_messages) {
  Conversation conversation(GetParam());
  for (const unsigned opcode : {3U, 7U, 8U, 9U, 10U, 11U, 15U}) {
    for (const bool fin : {false, true}) {
      EXPECT_EQ(conversation.connection().send(Opcode{std::uint8_t(opcode)}, {}, fin),
                Errc::unsupported_frame)
          << opcode;
    }
  }
  EXPECT_TRUE(conversation.wire().empty());
}

}  // namespace
}  // namespace wirespan::test
