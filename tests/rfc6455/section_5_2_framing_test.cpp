// RFC 6455 §5.2: the base framing protocol.
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class Section5_2Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section5_2Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

std::vector<WireCase> reserved_bit_rows() {
  const Errc error = Errc::reserved_bits;
  return {
      refused("R80_rsv1_without_extension", "c1 02 6869"_hex, error),
      refused("R80_rsv2", "a1 02 6869"_hex, error),
      refused("R80_rsv3", "91 02 6869"_hex, error),
      refused("R80_all_three", "f2 02 6869"_hex, error),
      refused("R80_rsv1_on_an_empty_frame", "c1 00"_hex, error),
      refused("R80_rsv1_on_a_first_fragment", "41 01 61 80 01 62"_hex, error),
      refused("R80_rsv1_on_a_continuation", "01 01 61 c0 01 62"_hex, error),
      refused("R80_rsv3_on_a_ping", "99 01 21"_hex, error),
      refused("R80_rsv2_on_a_pong", "aa 00"_hex, error),
      refused("R80_rsv1_on_a_close", "c8 02 03e8"_hex, error),
      refused("R80_after_a_good_message", "82 01 00 a2 01 00"_hex, error, 1002,
              {seen::binary("00"_hex)}),
  };
}
WIRESPAN_TEST_BOTH_ROLES(ReservedBits, Section5_2Rows, reserved_bit_rows());

std::vector<WireCase> reserved_opcode_rows() {
  std::vector<WireCase> rows;
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    const std::string name = "R81_opcode_" + std::to_string(opcode);
    rows.push_back(refused(name, frame(0x80 | opcode, {}), Errc::reserved_opcode));
    rows.push_back(
        refused(name + "_with_payload", frame(0x80 | opcode, "6869"_hex), Errc::reserved_opcode));
    rows.push_back(refused(name + "_inside_a_message",
                           join({"01 01 61"_hex, frame(0x80 | opcode, {})}),
                           Errc::reserved_opcode));
  }
  rows.push_back(refused("R81_unfinished_opcode_3", "03 00"_hex, Errc::reserved_opcode));
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(ReservedOpcodes, Section5_2Rows, reserved_opcode_rows());

std::vector<WireCase> opcode_rows() {
  return {
      {.name = "R82_R89_text", .wire = "81 05 48656c6c6f"_hex, .events = {seen::text("Hello")}},
      {.name = "R82_R89_binary",
       .wire = "82 03 0080ff"_hex,
       .events = {seen::binary("0080ff"_hex)}},
      {.name = "R82_continuation",
       .wire = "01 03 48656c 80 02 6c6f"_hex,
       .events = {seen::text("Hello")}},
      {.name = "R82_ping",
       .wire = "89 05 48656c6c6f"_hex,
       .events = {seen::ping(bytes_of("Hello"))},
       .answers = {"pong 48656c6c6f"}},
      {.name = "R82_pong",
       .wire = "8a 05 48656c6c6f"_hex,
       .events = {seen::pong(bytes_of("Hello"))}},
      {.name = "R82_close",
       .wire = "88 02 03e8"_hex,
       .events = {seen::close(1000)},
       .answers = {"close 1000"}},
      {.name = "R82_one_of_each",
       .wire = "81 01 61 82 01 00 89 00 8a 00 88 00"_hex,
       .events = {seen::text("a"), seen::binary("00"_hex), seen::ping({}), seen::pong({}),
                  seen::close_without_code()},
       .answers = {"pong ", "close"}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(Opcodes, Section5_2Rows, opcode_rows());

std::vector<WireCase> length_rows() {
  std::vector<WireCase> rows;
  for (const std::size_t size : {0U, 1U, 2U, 124U, 125U, 126U, 127U, 128U, 255U, 256U, 4096U,
                                 65534U, 65535U, 65536U, 65537U}) {
    const ByteVector payload = pattern_bytes(size);
    rows.push_back({.name = "R83_R96_binary_of_" + std::to_string(size),
                    .wire = join({frame(0x82, payload), frame(0x82, "01"_hex)}),
                    .events = {seen::binary(payload), seen::binary("01"_hex)}});
  }
  rows.push_back({.name = "R83_text_with_the_16_bit_form",
                  .wire = frame(0x81, ByteVector(126, std::byte{'*'})),
                  .events = {seen::text(std::string(126, '*'))}});
  return rows;
}
WIRESPAN_TEST_BOTH_ROLES(Lengths, Section5_2Rows, length_rows());

std::vector<WireCase> bad_length_rows() {
  const Errc longer = Errc::nonminimal_length;
  const Errc overflow = Errc::length_overflow;
  return {
      refused("R85_0_in_16_bits", "81 7e 0000"_hex, longer),
      refused("R85_5_in_16_bits", "81 7e 0005 48656c6c6f"_hex, longer),
      refused("R85_125_in_16_bits", "82 7e 007d"_hex, longer),
      refused("R85_0_in_64_bits", "82 7f 0000000000000000"_hex, longer),
      refused("R85_125_in_64_bits", "82 7f 000000000000007d"_hex, longer),
      refused("R85_126_in_64_bits", "82 7f 000000000000007e"_hex, longer),
      refused("R85_65535_in_64_bits", "82 7f 000000000000ffff"_hex, longer),
      refused("R85_on_a_continuation", "02 01 00 80 7e 0001 00"_hex, longer),
      refused("R84_only_the_top_bit", "82 7f 8000000000000000"_hex, overflow),
      refused("R84_all_bits", "82 7f ffffffffffffffff"_hex, overflow),
      refused("R84_minus_8", "82 7f fffffffffffffff8"_hex, overflow),
      refused("R84_top_bit_and_5", "81 7f 8000000000000005 48656c6c6f"_hex, overflow),
      refused("R84_on_a_continuation", "01 00 80 7f 8000000000000000"_hex, overflow),
  };
}
WIRESPAN_TEST_BOTH_ROLES(BadLengths, Section5_2Rows, bad_length_rows());

/// One sent message of each length form, against header bytes written down here.
TEST(Section5_2, R83_R85_the_sender_uses_the_shortest_length) {
  const struct {
    std::size_t size;
    ByteVector head;
  } rows[] = {
      {0, "82 00"_hex},
      {1, "82 01"_hex},
      {125, "82 7d"_hex},
      {126, "82 7e 007e"_hex},
      {256, "82 7e 0100"_hex},
      {65535, "82 7e ffff"_hex},
      {65536, "82 7f 0000000000010000"_hex},
      {70000, "82 7f 0000000000011170"_hex},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.size);
    const ByteVector payload = pattern_bytes(row.size);
    Conversation server(Role::server);
    ASSERT_FALSE(server.connection().send(Opcode::binary, payload));
    EXPECT_EQ(server.wire(), join({row.head, payload}));

    Conversation client(Role::client);
    ASSERT_FALSE(client.connection().send(Opcode::binary, payload));
    ByteVector head = row.head;
    head[1] |= std::byte{0x80};
    const Bytes wire = client.wire();
    ASSERT_EQ(wire.size(), head.size() + 4 + payload.size());
    EXPECT_EQ(owned(wire.first(head.size())), head);
  }
}

TEST(Section5_2, R86_a_key_follows_the_length_exactly_if_the_mask_bit_is_set) {
  // The same nine bytes after the header: a payload for a client, a key and a payload for a server.
  Conversation client(Role::client);
  client.receive("82 09 01020304 0102030405"_hex);
  EXPECT_EQ(client.events(), std::vector{seen::binary("010203040102030405"_hex)});

  Conversation server(Role::server);
  server.receive("82 85 01020304 0102030405"_hex);
  EXPECT_EQ(server.events(), std::vector{seen::binary("0000000004"_hex)});
}

TEST(Section5_2, R84_a_refused_length_needs_no_byte_of_payload_and_no_key) {
  Conversation server(Role::server);
  server.receive("82 ff ffffffffffffffff 00000000"_hex);
  EXPECT_EQ(server.events(), std::vector{seen::failed(Errc::length_overflow)});
}

/// The examples of §5.7, byte for byte, for the role that may receive them.
TEST(Section5_2, R82_R88_the_examples_of_the_rfc) {
  Conversation client(Role::client);
  client.receive("81 05 48 65 6c 6c 6f"_hex);
  client.receive("01 03 48 65 6c"_hex);
  client.receive("80 02 6c 6f"_hex);
  client.receive("89 05 48 65 6c 6c 6f"_hex);
  EXPECT_EQ(client.events(),
            (std::vector{seen::text("Hello"), seen::text("Hello"), seen::ping(bytes_of("Hello"))}));
  Conversation server(Role::server);
  server.receive("81 85 37 fa 21 3d 7f 9f 4d 51 58"_hex);
  server.receive("8a 85 37 fa 21 3d 7f 9f 4d 51 58"_hex);
  EXPECT_EQ(server.events(), (std::vector{seen::text("Hello"), seen::pong(bytes_of("Hello"))}));
}

}  // namespace
}  // namespace wirespan::test
