// RFC 6455 §5.4: fragmentation.
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class Section5_4Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section5_4Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

std::vector<WireCase> legal_rows() {
  return {
      {.name = "R89_unfragmented", .wire = "81 02 6869"_hex, .events = {seen::text("hi")}},
      {.name = "R90_two_fragments",
       .wire = "01 03 48656c 80 02 6c6f"_hex,
       .events = {seen::text("Hello")}},
      {.name = "R90_three_fragments",
       .wire = "02 01 01 00 01 02 80 01 03"_hex,
       .events = {seen::binary("010203"_hex)}},
      {.name = "R93_many_fragments_in_order",
       .wire = "02 01 01 00 01 02 00 01 03 00 01 04 00 01 05 00 01 06 80 01 07"_hex,
       .events = {seen::binary("01020304050607"_hex)}},
      {.name = "R95_empty_first_fragment",
       .wire = "01 00 80 02 6869"_hex,
       .events = {seen::text("hi")}},
      {.name = "R95_empty_middle_fragment",
       .wire = "01 01 68 00 00 80 01 69"_hex,
       .events = {seen::text("hi")}},
      // FIN ends the message, whether or not its last fragment has a payload.
      {.name = "R95_empty_last_fragment_then_another_message",
       .wire = "01 03 616263 80 00 81 01 64"_hex,
       .events = {seen::text("abc"), seen::text("d")}},
      {.name = "R95_nothing_but_empty_fragments",
       .wire = "01 00 00 00 00 00 80 00"_hex,
       .events = {seen::text("")}},
      {.name = "R96_both_kinds_in_turn",
       .wire = "81 01 61 01 01 62 80 01 63 82 01 00 02 01 01 80 01 02"_hex,
       .events = {seen::text("a"), seen::text("bc"), seen::binary("00"_hex),
                  seen::binary("0102"_hex)}},
      {.name = "R97_the_first_fragment_gives_the_type_text",
       .wire = "01 01 61 00 01 62 80 01 63"_hex,
       .events = {seen::text("abc")}},
      {.name = "R97_the_first_fragment_gives_the_type_binary",
       .wire = "02 01 61 00 01 62 80 01 63"_hex,
       .events = {seen::binary("616263"_hex)}},
      {.name = "R120_an_unfinished_message_is_not_delivered",
       .wire = "01 05 48656c6c6f 00 01 21"_hex,
       .events = {}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(Legal, Section5_4Rows, legal_rows());

std::vector<WireCase> control_between_fragments_rows() {
  return {
      {.name = "R91_ping_between_fragments",
       .wire = "01 03 48656c 89 02 6869 80 02 6c6f"_hex,
       .events = {seen::ping("6869"_hex), seen::text("Hello")},
       .answers = {"pong 6869"}},
      {.name = "R91_pong_between_fragments",
       .wire = "01 03 48656c 8a 00 80 02 6c6f"_hex,
       .events = {seen::pong({}), seen::text("Hello")}},
      {.name = "R91_pings_between_all_fragments",
       .wire = "02 01 01 89 01 0a 00 01 02 89 01 0b 00 00 89 01 0c 80 01 03"_hex,
       .events = {seen::ping("0a"_hex), seen::ping("0b"_hex), seen::ping("0c"_hex),
                  seen::binary("010203"_hex)},
       .answers = {"pong 0a", "pong 0b", "pong 0c"}},
      {.name = "R91_a_control_frame_as_long_as_they_come",
       .wire = join({"01 01 61"_hex, frame(0x89, pattern_bytes(125)), "80 01 62"_hex}),
       .events = {seen::ping(pattern_bytes(125)), seen::text("ab")},
       .answers = {"pong " + to_hex(pattern_bytes(125))}},
      {.name = "R91_close_between_fragments_drops_the_message",
       .wire = "01 03 48656c 88 02 03e9 80 02 6c6f"_hex,
       .events = {seen::close(1001)},
       .answers = {"close 1001"}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(ControlBetween, Section5_4Rows, control_between_fragments_rows());

std::vector<WireCase> illegal_rows() {
  const Errc stray = Errc::unexpected_continuation;
  const Errc mixed = Errc::expected_continuation;
  return {
      refused("R98_continuation_first_of_all", "80 01 61"_hex, stray),
      refused("R98_unfinished_continuation_first_of_all", "00 01 61"_hex, stray),
      refused("R98_empty_continuation", "80 00"_hex, stray),
      refused("R98_after_a_whole_message", "81 01 61 80 01 62"_hex, stray, 1002, {seen::text("a")}),
      refused("R98_after_the_last_fragment", "01 01 61 80 01 62 80 01 63"_hex, stray, 1002,
              {seen::text("ab")}),
      refused("R98_unfinished_after_the_last_fragment", "01 01 61 80 00 00 01 63"_hex, stray, 1002,
              {seen::text("a")}),
      refused("R94_text_inside_a_text", "01 01 61 81 01 62"_hex, mixed),
      refused("R94_R97_binary_inside_a_text", "01 01 61 82 01 62"_hex, mixed),
      refused("R94_R97_text_inside_a_binary", "02 01 61 81 01 62"_hex, mixed),
      refused("R94_binary_inside_a_binary", "02 01 61 82 01 62"_hex, mixed),
      refused("R94_unfinished_text_inside_a_text", "01 01 61 01 01 62"_hex, mixed),
      refused("R94_unfinished_binary_inside_a_text", "01 01 61 02 01 62"_hex, mixed),
      refused("R94_after_several_fragments", "01 01 61 00 01 62 81 00"_hex, mixed),
      refused("R94_after_an_empty_first_fragment", "01 00 81 00"_hex, mixed),
  };
}
WIRESPAN_TEST_BOTH_ROLES(Illegal, Section5_4Rows, illegal_rows());

/// The same streams with deliver_fragments: one event per frame.
std::vector<WireCase> delivered_fragment_rows() {
  ReceiveOptions by_frame;
  by_frame.deliver_fragments = true;
  const auto part = [](Opcode opcode, std::string_view text, bool fin) {
    return seen::fragment(opcode, wire_bytes(text), fin);
  };
  std::vector<WireCase> rows{
      {.name = "R93_R97_each_fragment_by_itself",
       .wire = "01 03 48656c 00 01 6c 80 01 6f"_hex,
       .events = {part(Opcode::text, "Hel", false), part(Opcode::continuation, "l", false),
                  part(Opcode::continuation, "o", true)}},
      {.name = "R89_an_unfragmented_message_stays_one",
       .wire = "81 02 6869"_hex,
       .events = {seen::text("hi")}},
      {.name = "R91_a_ping_between_them",
       .wire = "02 01 61 89 00 80 01 62"_hex,
       .events = {part(Opcode::binary, "a", false), seen::ping({}),
                  part(Opcode::continuation, "b", true)},
       .answers = {"pong "}},
      {.name = "R95_empty_ones_too",
       .wire = "01 00 00 00 80 00"_hex,
       .events = {part(Opcode::text, "", false), part(Opcode::continuation, "", false),
                  part(Opcode::continuation, "", true)}},
      {.name = "R114_one_may_end_inside_a_code_point",
       .wire = "01 01 c3 80 01 a9"_hex,
       .events = {seen::fragment(Opcode::text, "c3"_hex, false),
                  seen::fragment(Opcode::continuation, "a9"_hex, true)}},
      refused("R98_a_stray_one", "80 01 61"_hex, Errc::unexpected_continuation),
      refused("R113_bad_text_is_refused_at_its_fragment", "01 01 61 80 01 ff"_hex,
              Errc::invalid_utf8, 1007, {part(Opcode::text, "a", false)}),
  };
  for (WireCase& row : rows) row.receive = by_frame;
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(DeliveredFragments, Section5_4Rows, delivered_fragment_rows());

TEST(Section5_4, R95_any_size_and_number_of_fragments_up_to_the_limits) {
  for (const std::size_t size : {1U, 2U, 125U, 126U, 65'536U}) {
    ByteVector wire;
    ByteVector whole;
    for (unsigned i = 0; i < 50; ++i) {
      const ByteVector part(size, static_cast<std::byte>(i));
      wire = join({wire, frame(i == 0 ? 0x02 : i == 49 ? 0x80 : 0x00, part)});
      whole = join({whole, part});
    }
    for (const Reading reading : {Reading::into_shared_buffer, Reading::into_window}) {
      Conversation client(Role::client);
      for (const Bytes piece : pieces_of(wire, 1460).pieces) client.receive(piece, reading);
      EXPECT_EQ(client.events(), std::vector{seen::binary(whole)}) << size;
    }
  }
}

// Fragments that are sent.

TEST(Section5_4, R90_R119_a_message_of_ours_in_fragments) {
  for (const Role role : {Role::client, Role::server}) {
    Conversation conversation(role);
    Connection& connection = conversation.connection();
    ASSERT_FALSE(connection.send(Opcode::text, bytes_of("Hel"), false));
    ASSERT_FALSE(connection.send(Opcode::continuation, bytes_of("l"), false));
    ASSERT_FALSE(connection.send(Opcode::continuation, bytes_of("o"), true));
    ASSERT_FALSE(connection.send(Opcode::binary, "00"_hex));
    EXPECT_EQ(conversation.sent(), (std::vector<std::string>{"text... \"Hel\"", "cont... \"l\"",
                                                             "cont \"o\"", "binary 00"}));
  }
}

TEST(Section5_4, R94_a_new_message_inside_our_own_is_refused) {
  for (const Role role : {Role::client, Role::server}) {
    Conversation conversation(role);
    Connection& connection = conversation.connection();
    EXPECT_EQ(connection.send(Opcode::continuation, {}), Errc::no_message_under_way);
    EXPECT_EQ(connection.send(Opcode::continuation, {}, false), Errc::no_message_under_way);
    ASSERT_FALSE(connection.send(Opcode::binary, "01"_hex, false));
    EXPECT_EQ(connection.send(Opcode::text, bytes_of("x")), Errc::message_under_way);
    EXPECT_EQ(connection.send(Opcode::binary, "02"_hex, false), Errc::message_under_way);
    EXPECT_FALSE(connection.begin_gather(Opcode::binary, pattern_bytes(20'000)));
    ASSERT_FALSE(connection.send(Opcode::continuation, "03"_hex));
    EXPECT_EQ(connection.send(Opcode::continuation, {}), Errc::no_message_under_way);
    EXPECT_EQ(conversation.sent(), (std::vector<std::string>{"binary... 01", "cont 03"}));
  }
}

TEST(Section5_4, R91_control_frames_of_ours_may_stand_between_our_fragments) {
  Conversation server(Role::server);
  Connection& connection = server.connection();
  ASSERT_FALSE(connection.send(Opcode::binary, "01"_hex, false));
  ASSERT_FALSE(connection.ping("0a"_hex));
  server.receive_from_peer("89 01 0b"_hex);
  ASSERT_FALSE(connection.send(Opcode::continuation, "6e"_hex));
  EXPECT_EQ(server.sent(),
            (std::vector<std::string>{"binary... 01", "ping 0a", "pong 0b", "cont \"n\""}));
}

}  // namespace
}  // namespace wirespan::test
