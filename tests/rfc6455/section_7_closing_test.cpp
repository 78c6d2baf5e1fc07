// RFC 6455 §7: closing and failing a connection, and the status codes.
#include <system_error>

#include "support/wire_case.hpp"
#include <wirespan/core/utf8.hpp>

namespace wirespan::test {
namespace {

ByteVector close_with(unsigned code, std::string_view reason = {}) {
  const ByteVector both{static_cast<std::byte>(code >> 8), static_cast<std::byte>(code & 255)};
  return frame(0x88, join({both, bytes_of(reason)}));
}

class Section7Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section7Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

WireCase accepted_code(const char* requirement, unsigned code) {
  const std::string number = std::to_string(code);
  return {.name = requirement + ("_code_" + number),
          .wire = close_with(code, "why"),
          .events = {seen::close(code, "why")},
          .answers = {"close " + number}};
}

std::vector<WireCase> code_rows() {
  std::vector<WireCase> rows;
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1011U}) {
    rows.push_back(accepted_code("R134", code));
  }
  rows.push_back(accepted_code("R134_R141", 1010));
  for (const unsigned code : {1012U, 1013U, 1014U}) rows.push_back(accepted_code("R137", code));
  for (const unsigned code : {3000U, 3001U, 3999U, 4000U, 4999U}) {
    rows.push_back(accepted_code("R138", code));
  }
  const auto refuse = [&](const char* requirement, unsigned code) {
    rows.push_back(refused(requirement + ("_code_" + std::to_string(code)), close_with(code),
                           Errc::invalid_close_code));
  };
  for (const unsigned code : {1004U, 1005U, 1006U, 1015U}) refuse("R135", code);
  for (const unsigned code : {0U, 1U, 999U}) refuse("R136", code);
  for (const unsigned code : {1016U, 1100U, 2000U, 2999U}) refuse("R137", code);
  for (const unsigned code : {5000U, 5001U, 32768U, 65535U}) refuse("R139", code);
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(Codes, Section7Rows, code_rows());

std::vector<WireCase> after_the_end_rows() {
  return {
      refused("R130_nothing_after_a_failure", "81 01 61 83 00 81 01 62 89 00 88 02 03e8"_hex,
              Errc::reserved_opcode, 1002, {seen::text("a")}),
      refused("R130_a_second_failure_is_not_reported", "83 00 84 00 81 01 ff"_hex,
              Errc::reserved_opcode),
      refused("R130_the_peers_close_after_a_failure_is_ignored", "82 7e 0000 88 02 03e8"_hex,
              Errc::nonminimal_length),
      {.name = "R130_nothing_after_close",
       .wire = "88 02 03e8 81 01 61 89 00 83 00"_hex,
       .events = {seen::close(1000)},
       .answers = {"close 1000"}},
      refused("R129_a_broken_close_is_answered_with_the_reason_it_is_broken",
              "88 01 00 81 01 61"_hex, Errc::short_close_payload),
  };
}
WIRESPAN_TEST_BOTH_ROLES(AfterTheEnd, Section7Rows, after_the_end_rows());

/// The close code that is sent for each defect.
std::vector<WireCase> fitting_code_rows() {
  ReceiveOptions small;
  small.max_message_size = 4;
  small.max_fragments = 3;
  std::vector<WireCase> rows{
      refused("R129_R123_1002_for_a_broken_frame", "f1 00"_hex, Errc::reserved_bits, 1002),
      refused("R129_R123_1002_for_a_broken_sequence", "80 00"_hex, Errc::unexpected_continuation),
      refused("R129_R123_1007_for_broken_text", "81 01 ff"_hex, Errc::invalid_utf8, 1007),
      refused("R129_R123_1007_for_a_broken_reason", "88 03 03e8 ff"_hex, Errc::invalid_close_reason,
              1007),
      refused("R129_R123_1009_for_a_message_too_big", "82 05 0102030405"_hex, Errc::message_too_big,
              1009),
      refused("R129_R123_1008_for_too_many_fragments", "02 00 00 00 00 00 00 00"_hex,
              Errc::too_many_fragments, 1008),
  };
  for (WireCase& row : rows) row.receive = small;
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(FittingCodes, Section7Rows, fitting_code_rows());

class Section7 : public ::testing::TestWithParam<Role> {};
INSTANTIATE_TEST_SUITE_P(Roles, Section7, ::testing::Values(Role::client, Role::server), role_name);

TEST_P(Section7, R125_closing_starts_with_a_close_frame_with_code_and_reason) {
  const struct {
    std::optional<CloseCode> code;
    std::string_view reason;
    ByteVector body;
  } rows[] = {
      {CloseCode::normal, "", "03e8"_hex},
      {CloseCode::going_away, "bye", "03e9 627965"_hex},
      {CloseCode{4999}, "\xC3\xA9", "1387 c3a9"_hex},
      {std::nullopt, "", {}},
  };
  for (const auto& row : rows) {
    Conversation conversation(GetParam());
    ASSERT_FALSE(conversation.connection().close(row.code, row.reason));
    EXPECT_TRUE(conversation.connection().close_sent());
    EXPECT_EQ(conversation.connection().state(), State::closing);
    const auto frames = conversation.sent_frames();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].opcode(), Opcode::close);
    EXPECT_EQ(frames[0].payload, row.body);
  }
}

TEST_P(Section7, R125_messages_of_the_peer_still_arrive_until_its_close) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().close());
  conversation.receive_from_peer("81 01 61 02 01 00 80 01 01 88 02 03e8 81 01 62"_hex);
  EXPECT_EQ(conversation.events(),
            (std::vector{seen::text("a"), seen::binary("0001"_hex), seen::close(1000)}));
}

TEST_P(Section7, R126_R127_code_and_reason_are_reported_as_received) {
  const struct {
    ByteVector wire;
    std::string event;
  } rows[] = {
      {close_with(1001, "going"), seen::close(1001, "going")},
      {close_with(4000, ""), seen::close(4000, "")},
      {"88 00"_hex, seen::close(1005, "")},
  };
  for (const auto& row : rows) {
    Conversation they_begin(GetParam());
    they_begin.receive_from_peer(row.wire);
    EXPECT_EQ(they_begin.events(), std::vector{row.event});
    Conversation we_begin(GetParam());
    ASSERT_FALSE(we_begin.connection().close(CloseCode{3500}));
    we_begin.receive_from_peer(row.wire);
    EXPECT_EQ(we_begin.events(), std::vector{row.event}) << "theirs, not ours";
  }
}

TEST_P(Section7, R126_without_a_close_frame_there_is_no_close_event) {
  Conversation conversation(GetParam());
  conversation.receive_from_peer("81 01 61"_hex);
  conversation.end_of_stream();
  EXPECT_EQ(conversation.events(),
            (std::vector{seen::text("a"), seen::failed(Errc::connection_lost)}));
  EXPECT_FALSE(conversation.connection().close_received());
  EXPECT_EQ(conversation.connection().state(), State::closed);
}

TEST_P(Section7, R129_a_failure_that_the_driver_found_is_told_to_the_peer) {
  const struct {
    std::error_code error;
    const char* answer;
  } rows[] = {
      {Errc::ping_flood, "close 1008"},
      {Errc::ping_timeout, "close 1011"},
      {Errc::idle_timeout, "close 1011"},
      {Errc::message_too_big, "close 1009"},
      {make_error_code(std::errc::not_enough_memory), "close 1011"},
  };
  for (const auto& row : rows) {
    Conversation conversation(GetParam());
    conversation.connection().fail(row.error);
    EXPECT_TRUE(conversation.connection().failed());
    EXPECT_EQ(conversation.connection().state(), State::closed);
    EXPECT_EQ(conversation.connection().transport_action(), TransportAction::close_after_flush);
    conversation.receive_from_peer("81 01 61 88 02 03e8"_hex);
    EXPECT_TRUE(conversation.events().empty()) << "the driver knows already";
    conversation.connection().fail(Errc::reserved_bits);
    EXPECT_EQ(conversation.sent(), std::vector<std::string>{row.answer});
  }
}

TEST_P(Section7, R129_no_second_close_when_ours_was_sent_before_the_failure) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().close());
  conversation.receive_from_peer("83 00"_hex);
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::reserved_opcode)});
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1000"});
}

TEST_P(Section7, R130_input_that_is_waiting_is_dropped_by_a_failure) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  const ExactCopy wire(as_received_by(GetParam(), "81 01 61 81 01 62"_hex));
  connection.feed(wire.bytes());
  EXPECT_EQ(describe(connection.next()), seen::text("a"));
  EXPECT_TRUE(connection.has_unread_input());
  connection.fail(Errc::idle_timeout);
  EXPECT_FALSE(connection.has_unread_input());
  conversation.collect_events();
  EXPECT_TRUE(conversation.events().empty());
}

TEST_P(Section7, R131_tcp_is_kept_while_nobody_closed_or_failed) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  const auto expect_kept = [&](const char* when) {
    EXPECT_EQ(connection.transport_action(), TransportAction::keep) << when;
  };
  expect_kept("at the beginning");
  conversation.receive_from_peer("81 01 61 02 00 89 00 80 00 8a 00"_hex);
  expect_kept("after all kinds of frames");
  EXPECT_EQ(connection.send(Opcode::continuation, {}), Errc::no_message_under_way);
  EXPECT_EQ(connection.ping(pattern_bytes(126)), Errc::control_too_long);
  EXPECT_EQ(connection.close(CloseCode{1005}), Errc::close_code_not_allowed);
  expect_kept("after misuse by the caller");
  connection.set_output_blocked(true);
  conversation.receive_from_peer("89 01 01 89 01 02"_hex);
  expect_kept("while the peer does not read");
  ASSERT_FALSE(connection.close());
  expect_kept("until the peer has answered");
}

TEST_P(Section7, R132_the_stream_may_end_at_every_byte) {
  const ByteVector wire =
      as_received_by(GetParam(), "81 02 6869 01 01 61 89 02 0102 80 01 62 82 7e 0080"_hex);
  for (std::size_t end = 0; end <= wire.size(); ++end) {
    SCOPED_TRACE(end);
    Conversation conversation(GetParam());
    conversation.receive(Bytes(wire).first(end));
    const std::size_t before = conversation.events().size();
    conversation.end_of_stream();
    ASSERT_EQ(conversation.events().size(), before + 1);
    EXPECT_EQ(conversation.events().back(), seen::failed(Errc::connection_lost));
    for (const WireFrame& one : conversation.sent_frames()) {
      EXPECT_NE(one.opcode(), Opcode::close) << "there is nobody to read it";
    }
    conversation.collect_events();
    EXPECT_EQ(conversation.events().size(), before + 1) << "reported once";
  }
}

TEST_P(Section7, R132_the_end_of_the_stream_after_close_is_no_failure) {
  Conversation conversation(GetParam());
  conversation.receive_from_peer("88 02 03e8"_hex);
  conversation.end_of_stream();
  EXPECT_EQ(conversation.events(), std::vector{seen::close(1000)});
  EXPECT_FALSE(conversation.connection().failed());
}

TEST_P(Section7, R132_the_end_of_the_stream_instead_of_the_answer_to_our_close) {
  Conversation conversation(GetParam());
  ASSERT_FALSE(conversation.connection().close());
  conversation.end_of_stream();
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::connection_lost)});
  EXPECT_EQ(conversation.connection().transport_action(), TransportAction::close_after_flush);
}

TEST_P(Section7, R132_what_came_before_the_end_is_delivered_first) {
  Conversation conversation(GetParam());
  const ExactCopy wire(as_received_by(GetParam(), "81 01 61 88 02 03e8"_hex));
  conversation.connection().feed(wire.bytes());
  conversation.connection().feed_eof();
  conversation.collect_events();
  EXPECT_EQ(conversation.events(), (std::vector{seen::text("a"), seen::close(1000)}));
}

TEST_P(Section7, R140_codes_that_may_not_stand_in_a_frame_cannot_be_sent) {
  Conversation conversation(GetParam());
  for (unsigned code = 0; code <= 65535; ++code) {
    const bool is_assigned = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    if (is_assigned || (code >= 3000 && code <= 4999)) continue;
    ASSERT_EQ(conversation.connection().close(CloseCode{std::uint16_t(code)}),
              Errc::close_code_not_allowed)
        << code;
  }
  EXPECT_TRUE(conversation.wire().empty());
  EXPECT_EQ(conversation.connection().state(), State::open);
}

TEST_P(Section7, R138_R140_all_private_and_registered_codes_can_be_sent) {
  for (unsigned code = 3000; code <= 4999; ++code) {
    Conversation conversation(GetParam());
    ASSERT_FALSE(conversation.connection().close(CloseCode{std::uint16_t(code)})) << code;
    ASSERT_EQ(conversation.sent(), std::vector{"close " + std::to_string(code)});
  }
}

TEST_P(Section7, R140_a_reason_is_at_most_123_bytes_of_utf8_and_needs_a_code) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  EXPECT_EQ(connection.close(CloseCode::normal, std::string(124, 'x')), Errc::control_too_long);
  EXPECT_EQ(connection.close(CloseCode::normal, "\xFF"), Errc::invalid_text);
  EXPECT_EQ(connection.close(CloseCode::normal, "\xE2\x82"), Errc::invalid_text);
  EXPECT_EQ(connection.close(std::nullopt, "why"), Errc::close_code_not_allowed);
  EXPECT_TRUE(conversation.wire().empty());
  EXPECT_EQ(connection.state(), State::open);
  EXPECT_FALSE(connection.close(CloseCode::normal, std::string(123, 'x')));
}

TEST(Section7Codes, R140_R141_what_a_close_frame_may_say_can_be_asked_before) {
  EXPECT_FALSE(check_close(Role::client, CloseCode::mandatory_extension, "x"));
  EXPECT_EQ(check_close(Role::server, CloseCode::mandatory_extension, "x"),
            Errc::close_code_not_allowed);
  EXPECT_FALSE(check_close(Role::server, CloseCode::internal_error, "x"));
  EXPECT_FALSE(check_close(Role::client, std::nullopt, ""));
  EXPECT_FALSE(check_close(Role::client, CloseCode::normal, ""));
  EXPECT_FALSE(check_close(Role::client, CloseCode{3000}, "\xC3\xA9" + std::string(121, 'x')));
  EXPECT_EQ(check_close(Role::client, std::nullopt, "x"), Errc::close_code_not_allowed);
  EXPECT_EQ(check_close(Role::client, CloseCode::no_status_received, ""),
            Errc::close_code_not_allowed);
  EXPECT_EQ(check_close(Role::client, CloseCode{999}, ""), Errc::close_code_not_allowed);
  EXPECT_EQ(check_close(Role::client, CloseCode::normal, std::string(124, 'x')),
            Errc::control_too_long);
  EXPECT_EQ(check_close(Role::client, CloseCode::normal, "\xC3"), Errc::invalid_text);
}

TEST(Section7Codes, R134_names_and_values) {
  const struct {
    CloseCode code;
    unsigned value;
  } rows[] = {
      {CloseCode::normal, 1000},
      {CloseCode::going_away, 1001},
      {CloseCode::protocol_error, 1002},
      {CloseCode::unsupported_data, 1003},
      {CloseCode::invalid_payload, 1007},
      {CloseCode::policy_violation, 1008},
      {CloseCode::message_too_big, 1009},
      {CloseCode::mandatory_extension, 1010},
      {CloseCode::internal_error, 1011},
      {CloseCode::service_restart, 1012},
      {CloseCode::try_again_later, 1013},
      {CloseCode::bad_gateway, 1014},
      {CloseCode::no_status_received, 1005},
      {CloseCode::abnormal_closure, 1006},
      {CloseCode::tls_handshake, 1015},
  };
  for (const auto& [code, value] : rows) EXPECT_EQ(static_cast<unsigned>(code), value);
}

TEST(Section7Codes, R141_a_server_does_not_send_1010) {
  Conversation server(Role::server);
  EXPECT_EQ(server.connection().close(CloseCode::mandatory_extension),
            Errc::close_code_not_allowed);
  EXPECT_TRUE(server.wire().empty());
}

class WordyCategory final : public std::error_category {
 public:
  explicit WordyCategory(std::string message) : message_(std::move(message)) {}
  [[nodiscard]] const char* name() const noexcept override { return "wordy"; }
  [[nodiscard]] std::string message(int) const override { return message_; }

 private:
  std::string message_;
};

/// Messages of foreign errors may be long, and in any language and encoding.
TEST(Section7Codes, R101_the_reason_of_a_failure_is_utf8_whatever_the_error_says) {
  std::string accents = "xy";  // so that the longest reason would end inside an accent
  while (accents.size() < 200) accents += "\xC3\xA9";
  for (const std::string& message : {accents, std::string("D\xE9lai d\xE9pass\xE9")}) {
    const WordyCategory category(message);
    Conversation conversation(Role::server);
    conversation.connection().fail(std::error_code(1, category));
    const auto frames = conversation.sent_frames();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_TRUE(is_valid_utf8(Bytes(frames[0].payload).subspan(2))) << to_hex(frames[0].payload);
  }
}

TEST(Section7Codes, R141_a_client_may_say_that_it_needs_an_extension) {
  Conversation client(Role::client);
  EXPECT_FALSE(client.connection().close(CloseCode::mandatory_extension, "needs x"));
  EXPECT_EQ(client.sent(), std::vector<std::string>{"close 1010"});
}

}  // namespace
}  // namespace wirespan::test
