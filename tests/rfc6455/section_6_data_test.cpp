// RFC 6455 §6 and §5.6: sending and receiving data.
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class Section6Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section6Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

ByteVector all_bytes() {
  ByteVector bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

std::vector<WireCase> data_rows() {
  ReceiveOptions unchecked;
  unchecked.validate_utf8 = false;
  return {
      {.name = "R116_binary_of_all_bytes",
       .wire = frame(0x82, all_bytes()),
       .events = {seen::binary(all_bytes())}},
      {.name = "R116_binary_that_is_no_utf8",
       .wire = "82 04 c080edff"_hex,
       .events = {seen::binary("c080edff"_hex)}},
      {.name = "R116_binary_in_fragments_that_is_no_utf8",
       .wire = "02 01 ff 80 01 fe"_hex,
       .events = {seen::binary("fffe"_hex)}},
      {.name = "R120_fragments_are_joined",
       .wire = "01 04 e282ac61 00 01 62 80 02 c3a9"_hex,
       .events = {seen::text("\xE2\x82\xAC"
                             "ab\xC3\xA9")}},
      {.name = "R120_nothing_is_delivered_of_an_unfinished_frame",
       .wire = "81 05 48656c6c"_hex,
       .events = {}},
      {.name = "R120_nothing_is_delivered_before_fin",
       .wire = "02 02 0102 00 02 0304"_hex,
       .events = {}},
      {.name = "R120_empty_messages_are_messages",
       .wire = "81 00 82 00"_hex,
       .events = {seen::text(""), seen::binary({})}},
      {.name = "without_the_check_text_is_passed_on_as_it_is",
       .wire = "81 02 c3ff"_hex,
       .events = {seen::text("c3ff"_hex)},
       .receive = unchecked},
  };
}
WIRESPAN_TEST_BOTH_ROLES(Data, Section6Rows, data_rows());

std::vector<WireCase> limit_rows() {
  const std::string too_big = seen::failed(Errc::message_too_big);
  std::vector<WireCase> rows{
      {.name = "R122_a_message_as_big_as_allowed",
       .wire = frame(0x82, pattern_bytes(10)),
       .events = {seen::binary(pattern_bytes(10))}},
      {.name = "R122_fragments_as_big_as_allowed",
       .wire = join({"02 05"_hex, pattern_bytes(5), "80 05"_hex, pattern_bytes(5)}),
       .events = {seen::binary(join({pattern_bytes(5), pattern_bytes(5)}))}},
      {.name = "R122_one_byte_more",
       .wire = frame(0x82, pattern_bytes(11)),
       .events = {too_big},
       .answers = {"close 1009"}},
      {.name = "R122_one_byte_more_in_the_last_fragment",
       .wire = join({"02 05"_hex, pattern_bytes(5), "80 06"_hex, pattern_bytes(6)}),
       .events = {too_big},
       .answers = {"close 1009"}},
      {.name = "R122_the_limit_is_per_message",
       .wire = join({frame(0x82, pattern_bytes(10)), frame(0x82, pattern_bytes(9)),
                     frame(0x82, pattern_bytes(10))}),
       .events = {seen::binary(pattern_bytes(10)), seen::binary(pattern_bytes(9)),
                  seen::binary(pattern_bytes(10))}},
  };
  for (WireCase& row : rows) row.receive.max_message_size = 10;
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(Limits, Section6Rows, limit_rows());

class Section6 : public ::testing::TestWithParam<Role> {};
INSTANTIATE_TEST_SUITE_P(Roles, Section6, ::testing::Values(Role::client, Role::server), role_name);

/// A state in which sending is an error, and how a conversation reaches it.
struct Situation {
  const char* name;
  void (*reach)(Conversation&);
};
const Situation not_open[] = {
    {"our close is sent", [](Conversation& c) { EXPECT_FALSE(c.connection().close()); }},
    {"their close has come", [](Conversation& c) { c.receive_from_peer("88 02 03e8"_hex); }},
    {"both closed",
     [](Conversation& c) {
       EXPECT_FALSE(c.connection().close());
       c.receive_from_peer("88 02 03e8"_hex);
     }},
    {"the peer broke a rule", [](Conversation& c) { c.receive_from_peer("83 00"_hex); }},
    {"the driver gave up", [](Conversation& c) { c.connection().fail(Errc::ping_timeout); }},
    {"the stream ended", [](Conversation& c) { c.end_of_stream(); }},
};

TEST_P(Section6, R117_sending_in_any_state_but_open_is_an_error_and_sends_nothing) {
  for (const Situation& situation : not_open) {
    SCOPED_TRACE(situation.name);
    Conversation conversation(GetParam());
    situation.reach(conversation);
    Connection& connection = conversation.connection();
    const ByteVector before = conversation.wire();
    EXPECT_NE(connection.state(), State::open);
    EXPECT_EQ(connection.send(Opcode::text, bytes_of("x")), Errc::not_open);
    EXPECT_EQ(connection.send(Opcode::binary, {}, false), Errc::not_open);
    EXPECT_EQ(connection.send(Opcode::continuation, {}), Errc::not_open);
    EXPECT_EQ(connection.ping(), Errc::not_open);
    EXPECT_EQ(connection.pong(), Errc::not_open);
    EXPECT_EQ(connection.close(), Errc::not_open);
    EXPECT_FALSE(connection.begin_gather(Opcode::binary, pattern_bytes(20'000)));
    EXPECT_EQ(conversation.wire(), before);
  }
}

TEST_P(Section6, R118_text_that_is_no_utf8_is_not_sent) {
  const ByteVector bad_texts[] = {"ff"_hex,       "c3"_hex,       "c080"_hex, "eda080"_hex,
                                  "f4908080"_hex, "6161e282"_hex, "80"_hex};
  for (const ByteVector& text : bad_texts) {
    Conversation conversation(GetParam());
    EXPECT_EQ(conversation.connection().send(Opcode::text, text), Errc::invalid_text);
    EXPECT_FALSE(conversation.connection().begin_gather(Opcode::text, text));
    EXPECT_TRUE(conversation.wire().empty()) << to_hex(text);
    EXPECT_FALSE(conversation.connection().send(Opcode::binary, text)) << "binary is opaque";
  }
}

TEST_P(Section6, R118_fragments_of_our_text_may_be_cut_inside_a_code_point) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  ASSERT_FALSE(connection.send(Opcode::text, "e2"_hex, false));
  ASSERT_FALSE(connection.send(Opcode::continuation, "82"_hex, false));
  EXPECT_EQ(connection.send(Opcode::continuation, "c3"_hex), Errc::invalid_text);
  EXPECT_EQ(connection.send(Opcode::continuation, {}, true), Errc::invalid_text)
      << "the message would end inside a code point";
  ASSERT_FALSE(connection.send(Opcode::continuation, "ac"_hex)) << "a refused one left no trace";
  ASSERT_FALSE(connection.send(Opcode::text, bytes_of("next")));
  EXPECT_EQ(conversation.sent(),
            (std::vector<std::string>{"text... e2", "cont... 82", "cont ac", "text \"next\""}));
}

TEST_P(Section6, R118_a_caller_may_vouch_for_the_text) {
  Conversation conversation(GetParam(), {.validate_sent_text = false});
  EXPECT_FALSE(conversation.connection().send(Opcode::text, "ff"_hex));
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"text ff"});
}

TEST_P(Section6, R119_opcode_and_fin_of_what_we_send) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  ASSERT_FALSE(connection.send(Opcode::text, bytes_of("t")));
  ASSERT_FALSE(connection.send(Opcode::binary, bytes_of("b")));
  ASSERT_FALSE(connection.send(Opcode::binary, {}, false));
  ASSERT_FALSE(connection.send(Opcode::continuation, {}, false));
  ASSERT_FALSE(connection.send(Opcode::continuation, {}, true));
  std::vector<unsigned> first_bytes;
  for (const WireFrame& one : conversation.sent_frames()) first_bytes.push_back(one.first_byte);
  EXPECT_EQ(first_bytes, (std::vector<unsigned>{0x81, 0x82, 0x02, 0x00, 0x80}));
}

TEST_P(Section6, R120_a_peer_that_leaves_in_mid_message_leaves_no_part_of_it_behind) {
  const ByteVector wire = as_received_by(GetParam(), "01 03 616263 00 01 64 80 02 65"_hex);
  for_every_chopping(wire, [&](const Chopping& chopping) {
    Conversation conversation(GetParam());
    for (const Bytes piece : chopping.pieces) conversation.receive(piece);
    conversation.end_of_stream();
    EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::connection_lost)});
  });
}

TEST_P(Section6, R122_a_message_too_big_is_refused_on_its_header) {
  Conversation conversation(GetParam());
  const bool is_server = GetParam() == Role::server;
  conversation.receive(is_server ? "82 ff 0000000001000001 00000000"_hex
                                 : "82 7f 0000000001000001"_hex);  // 16 MiB and one byte
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::message_too_big)});
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1009"});
  EXPECT_LT(conversation.connection().memory(), 1024U);
}

}  // namespace
}  // namespace wirespan::test
