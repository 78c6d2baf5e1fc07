// core/connection.cpp: frames that are sent, held back while output is blocked, or refused.
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/conversation.hpp"

namespace wirespan::test {
namespace {

class ConnectionOutput : public ::testing::TestWithParam<Role> {};
INSTANTIATE_TEST_SUITE_P(Roles, ConnectionOutput, ::testing::Values(Role::client, Role::server),
                         role_name);

TEST_P(ConnectionOutput, a_failed_call_changes_nothing) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  ASSERT_FALSE(connection.send(Opcode::text, bytes_of("a"), false));
  const ByteVector before = owned(std::as_const(connection.output()).data());
  EXPECT_TRUE(connection.send(Opcode::text, bytes_of("b")));
  EXPECT_TRUE(connection.send(Opcode::continuation, "ff"_hex));
  EXPECT_TRUE(connection.send(Opcode::ping, {}));
  EXPECT_TRUE(connection.ping(pattern_bytes(126)));
  EXPECT_TRUE(connection.close(CloseCode{1005}));
  EXPECT_EQ(owned(std::as_const(connection.output()).data()), before);
  EXPECT_EQ(connection.state(), State::open);
  EXPECT_FALSE(connection.send(Opcode::continuation, bytes_of("c")));
}

TEST_P(ConnectionOutput, R129_the_close_frame_of_a_failure_says_why) {
  Conversation conversation(GetParam());
  conversation.receive_from_peer("83 00"_hex);
  const auto frames = conversation.sent_frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(wire_text(Bytes(frames[0].payload).subspan(2)),
            make_error_code(Errc::reserved_opcode).message());
}

TEST(ConnectionGather, a_server_gets_the_header_alone) {
  Conversation server(Role::server);
  const ByteVector payload = pattern_bytes(70'000);
  const auto head = server.connection().begin_gather(Opcode::binary, payload);
  ASSERT_TRUE(head);
  EXPECT_EQ(owned(head->bytes()), "82 7f 0000000000011170"_hex);
  EXPECT_TRUE(server.connection().output().empty());
  const auto text = server.connection().begin_gather(Opcode::text, bytes_of("hi"));
  ASSERT_TRUE(text);
  EXPECT_EQ(owned(text->bytes()), "81 02"_hex);
}

TEST(ConnectionGather, nothing_where_send_has_to_be_used_or_would_refuse) {
  const ByteVector payload = pattern_bytes(20'000);
  Conversation client(Role::client);
  EXPECT_FALSE(client.connection().begin_gather(Opcode::binary, payload)) << "must be masked";
  Conversation waiting(Role::server);
  ASSERT_FALSE(waiting.connection().ping());
  EXPECT_FALSE(waiting.connection().begin_gather(Opcode::binary, payload)) << "order";
  Conversation server(Role::server);
  Connection& connection = server.connection();
  for (const unsigned opcode : {0U, 3U, 8U, 9U, 10U, 15U}) {
    EXPECT_FALSE(connection.begin_gather(Opcode{std::uint8_t(opcode)}, payload)) << opcode;
  }
  EXPECT_FALSE(connection.begin_gather(Opcode::text, "ff"_hex));
  connection.set_output_blocked(true);
  EXPECT_FALSE(connection.begin_gather(Opcode::binary, payload)) << "the kernel takes no more";
  connection.set_output_blocked(false);
  EXPECT_TRUE(connection.begin_gather(Opcode::binary, payload));
}

TEST_P(ConnectionOutput, R110_a_pong_held_back_is_not_sent_after_the_end) {
  Conversation closed(GetParam());
  closed.connection().set_output_blocked(true);
  closed.receive_from_peer("89 01 2a 88 02 03e8"_hex);
  closed.connection().set_output_blocked(false);
  EXPECT_EQ(closed.sent(), std::vector<std::string>{"close 1000"});
  EXPECT_EQ(closed.connection().memory(), 0U);
  Conversation failed(GetParam());
  failed.connection().set_output_blocked(true);
  failed.receive_from_peer("89 01 2a 83 00"_hex);
  failed.connection().set_output_blocked(false);
  EXPECT_EQ(failed.sent(), std::vector<std::string>{"close 1002"});
}

TEST_P(ConnectionOutput, what_the_application_sends_is_not_held_back) {
  Conversation conversation(GetParam());
  conversation.connection().set_output_blocked(true);
  conversation.receive_from_peer("89 01 2a"_hex);
  EXPECT_FALSE(conversation.connection().send(Opcode::text, bytes_of("a")));
  EXPECT_FALSE(conversation.connection().ping());
  conversation.connection().set_output_blocked(false);
  EXPECT_EQ(conversation.sent(), (std::vector<std::string>{"text \"a\"", "ping ", "pong 2a"}));
}

TEST_P(ConnectionOutput, connections_may_share_their_options) {
  CountingKeys keys;
  const auto options =
      std::make_shared<const ConnectionOptions>(ConnectionOptions{.mask_source = keys.source()});
  Connection one(GetParam(), options);
  Connection two(GetParam(), options);
  EXPECT_EQ(&one.options(), &two.options());
  EXPECT_EQ(one.role(), GetParam());
  EXPECT_FALSE(one.send(Opcode::text, bytes_of("a")));
  EXPECT_TRUE(two.output().empty());
}

TEST(ConnectionKeys, R103_a_close_that_cannot_be_answered_for_want_of_a_key_is_a_failure) {
  FailAfter fail(0);
  Conversation client(Role::client, {.fail_keys = &fail});
  client.receive("88 02 03e8"_hex);
  EXPECT_EQ(client.events(), std::vector{seen::failed(Errc::no_mask_key)});
  EXPECT_FALSE(client.connection().close_sent());
  EXPECT_TRUE(client.connection().close_received());
  EXPECT_EQ(client.connection().state(), State::closed);
}

TEST(ConnectionKeys, R87_the_nth_key_is_missing_and_no_frame_leaves_without_one) {
  const int places = run_until_nothing_fails([](FailAfter& fail) {
    Conversation client(Role::client, {.fail_keys = &fail});
    Connection& connection = client.connection();
    (void)connection.send(Opcode::text, bytes_of("a"));
    client.receive("89 01 2a 81 01 61"_hex);
    (void)connection.send(Opcode::binary, {}, false);
    connection.set_output_blocked(true);
    client.receive("89 00"_hex);
    connection.set_output_blocked(false);
    (void)connection.ping();
    (void)connection.close();
    client.receive("88 00"_hex);
    for (const WireFrame& one : client.sent_frames()) EXPECT_TRUE(one.masked);
    EXPECT_LE(client.events().size(), 4U);
  });
  EXPECT_EQ(places, 6);
}

}  // namespace
}  // namespace wirespan::test
