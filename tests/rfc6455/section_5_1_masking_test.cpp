// RFC 6455 §5.1: clients mask and servers do not, and a peer that gets it wrong is failed.
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

void expect_refusal(const ByteVector& wire, Role role, Errc error) {
  for_every_chopping(wire, [&](const Chopping& chopping) {
    SCOPED_TRACE(chopping.name);
    Conversation conversation(role);
    for (const Bytes piece : chopping.pieces) conversation.receive(piece);
    EXPECT_EQ(conversation.events(), std::vector{seen::failed(error)});
    EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1002"});
  });
}

struct WrongMaskCase {
  const char* name;
  ByteVector wire;
};

void PrintTo(const WrongMaskCase& row, std::ostream* out) { *out << row.name; }

class UnmaskedFrames : public ::testing::TestWithParam<WrongMaskCase> {};
TEST_P(UnmaskedFrames, are_refused_by_a_server) {
  expect_refusal(GetParam().wire, Role::server, Errc::missing_mask);
}
INSTANTIATE_TEST_SUITE_P(
    Section5_1, UnmaskedFrames,
    ::testing::Values(WrongMaskCase{"R76_text", "81 05 48656c6c6f"_hex},
                      WrongMaskCase{"R76_empty_text", "81 00"_hex},
                      WrongMaskCase{"R76_binary_of_126", frame(0x82, pattern_bytes(126))},
                      WrongMaskCase{"R76_header_of_a_huge_frame", "82 7f 0000000100000000"_hex},
                      WrongMaskCase{"R76_first_fragment", "01 01 61 80 81 00000000 62"_hex},
                      WrongMaskCase{"R76_ping", "89 00"_hex},
                      WrongMaskCase{"R76_pong", "8a 02 6869"_hex},
                      WrongMaskCase{"R76_close", "88 02 03e8"_hex}),
    case_name<WrongMaskCase>);

class MaskedFrames : public ::testing::TestWithParam<WrongMaskCase> {};
TEST_P(MaskedFrames, are_refused_by_a_client) {
  expect_refusal(GetParam().wire, Role::client, Errc::unexpected_mask);
}
INSTANTIATE_TEST_SUITE_P(
    Section5_1, MaskedFrames,
    ::testing::Values(WrongMaskCase{"R78_text", "81 85 37fa213d 7f9f4d5158"_hex},
                      WrongMaskCase{"R78_empty_text", "81 80 37fa213d"_hex},
                      WrongMaskCase{"R78_key_of_zeros", "81 85 00000000 48656c6c6f"_hex},
                      WrongMaskCase{"R78_binary_of_126", masked(frame(0x82, pattern_bytes(126)))},
                      WrongMaskCase{"R78_header_of_a_huge_frame", "82 ff 0000000100000000"_hex},
                      WrongMaskCase{"R78_first_fragment", "01 81 00000000 61 80 01 62"_hex},
                      WrongMaskCase{"R78_ping", "89 80 00000000"_hex},
                      WrongMaskCase{"R78_pong", "8a 82 00000000 6869"_hex},
                      WrongMaskCase{"R78_close", "88 82 00000000 03e8"_hex}),
    case_name<WrongMaskCase>);

TEST(Section5_1, R76_the_mask_bit_is_judged_before_the_rest_of_the_frame_is_there) {
  Conversation server(Role::server);
  server.receive("81 7e"_hex);
  EXPECT_EQ(server.events(), std::vector{seen::failed(Errc::missing_mask)});
  Conversation client(Role::client);
  client.receive("81 fe"_hex);
  EXPECT_EQ(client.events(), std::vector{seen::failed(Errc::unexpected_mask)});
}

TEST(Section5_1, R76_a_good_frame_before_the_unmasked_one_is_delivered_and_nothing_after_it) {
  Conversation server(Role::server);
  server.receive(join({masked("81 01 61"_hex), "81 01 62"_hex, masked("81 01 63"_hex)}));
  EXPECT_EQ(server.events(), (std::vector{seen::text("a"), seen::failed(Errc::missing_mask)}));
}

/// Returns every kind of frame that an endpoint can send, from one conversation.
std::vector<WireFrame> all_kinds_of_frames(Role role) {
  Conversation conversation(role);
  Connection& connection = conversation.connection();
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("Hello")));
  EXPECT_FALSE(connection.send(Opcode::binary, {}));
  EXPECT_FALSE(connection.send(Opcode::binary, pattern_bytes(70'000)));
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("Hel"), false));
  EXPECT_FALSE(connection.send(Opcode::continuation, bytes_of("l"), false));
  EXPECT_FALSE(connection.send(Opcode::continuation, bytes_of("o")));
  EXPECT_FALSE(connection.ping(bytes_of("ping")));
  EXPECT_FALSE(connection.pong(bytes_of("pong")));
  conversation.receive_from_peer("89 02 6869"_hex);
  EXPECT_FALSE(connection.close(CloseCode::going_away, "bye"));
  return conversation.sent_frames();
}

TEST(Section5_1, R75_R119_a_client_masks_every_frame) {
  const auto frames = all_kinds_of_frames(Role::client);
  ASSERT_EQ(frames.size(), 10U);
  for (const WireFrame& one : frames) EXPECT_TRUE(one.masked) << describe(one);
}

TEST(Section5_1, R77_R119_a_server_masks_no_frame) {
  const auto frames = all_kinds_of_frames(Role::server);
  ASSERT_EQ(frames.size(), 10U);
  for (const WireFrame& one : frames) EXPECT_FALSE(one.masked) << describe(one);
}

TEST(Section5_1, R75_the_close_frame_of_a_failed_client_is_masked_too) {
  Conversation client(Role::client);
  client.receive("83 00"_hex);
  const auto frames = client.sent_frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(frames[0].masked);
  EXPECT_EQ(describe(frames[0]), "close 1002");
}

TEST(Section5_1, R79_R102_no_data_frame_after_close) {
  for (const Role role : {Role::client, Role::server}) {
    Conversation conversation(role);
    Connection& connection = conversation.connection();
    ASSERT_FALSE(connection.close());
    EXPECT_EQ(connection.send(Opcode::text, bytes_of("late")), Errc::not_open);
    EXPECT_EQ(connection.send(Opcode::binary, {}), Errc::not_open);
    EXPECT_EQ(connection.send(Opcode::binary, {}, false), Errc::not_open);
    EXPECT_FALSE(connection.begin_gather(Opcode::binary, pattern_bytes(20'000)));
    EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1000"});
  }
}

}  // namespace
}  // namespace wirespan::test
