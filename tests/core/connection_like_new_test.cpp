// core/connection.cpp: is_like_new(), where a protocol pool may exchange a connection for another
// one. rfc6455_tests.renewed checks over all conversations of the suite that the exchange is
// invisible.
#include <string>

#include <gtest/gtest.h>

#include "support/conversation.hpp"
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class ConnectionLikeNew : public ::testing::TestWithParam<Role> {
 protected:
  [[nodiscard]] bool is_like_new() { return conversation_.connection().is_like_new(); }
  void receive(Bytes unmasked) { conversation_.receive_from_peer(unmasked); }
  void take_output() { (void)conversation_.wire(); }
  [[nodiscard]] Connection& connection() { return conversation_.connection(); }

 private:
  Conversation conversation_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Roles, ConnectionLikeNew, ::testing::Values(Role::client, Role::server),
                         role_name);

TEST_P(ConnectionLikeNew, at_first_and_between_messages) {
  EXPECT_TRUE(is_like_new());
  receive("81 02 68 69"_hex);
  EXPECT_TRUE(is_like_new());
  receive("8A 00"_hex);
  EXPECT_TRUE(is_like_new()) << "a pong leaves nothing";
  ASSERT_FALSE(connection().send(Opcode::text, wire_bytes("hi")));
  EXPECT_FALSE(is_like_new()) << "there is output";
  take_output();
  EXPECT_TRUE(is_like_new());
}

TEST_P(ConnectionLikeNew, not_while_a_ping_waits_for_its_pong_to_leave) {
  receive("89 01 61"_hex);
  EXPECT_FALSE(is_like_new());
  take_output();
  EXPECT_TRUE(is_like_new());
  connection().set_output_blocked(true);
  EXPECT_FALSE(is_like_new()) << "pongs are held back";
  receive("89 01 61"_hex);
  EXPECT_FALSE(is_like_new());
  connection().set_output_blocked(false);
  take_output();
  EXPECT_TRUE(is_like_new());
}

TEST_P(ConnectionLikeNew, not_at_any_cut_of_a_message) {
  const ByteVector whole = as_received_by(GetParam(), "01 01 61 00 00 80 01 62"_hex);
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    Conversation conversation(GetParam());
    conversation.receive(Bytes(whole).first(cut));
    EXPECT_FALSE(conversation.connection().is_like_new()) << cut;
    conversation.receive(Bytes(whole).subspan(cut));
    EXPECT_TRUE(conversation.connection().is_like_new()) << cut;
  }
}

TEST_P(ConnectionLikeNew, not_within_a_message_of_ours) {
  ASSERT_FALSE(connection().send(Opcode::text, wire_bytes("a"), false));
  take_output();
  EXPECT_FALSE(is_like_new());
  ASSERT_FALSE(connection().send(Opcode::continuation, wire_bytes("b")));
  take_output();
  EXPECT_TRUE(is_like_new());
}

TEST_P(ConnectionLikeNew, never_again_once_an_end_has_begun) {
  ASSERT_FALSE(connection().close());
  take_output();
  EXPECT_FALSE(is_like_new());

  Conversation closed(GetParam());
  closed.receive_from_peer("88 00"_hex);
  (void)closed.wire();
  EXPECT_FALSE(closed.connection().is_like_new());

  Conversation failed(GetParam());
  failed.connection().fail(Errc::idle_timeout);
  (void)failed.wire();
  EXPECT_FALSE(failed.connection().is_like_new());

  Conversation ended(GetParam());
  ended.connection().feed_eof();
  EXPECT_FALSE(ended.connection().is_like_new());
}

TEST_P(ConnectionLikeNew, not_with_input_that_a_paused_reader_keeps) {
  const ExactCopy input(as_received_by(GetParam(), "81 01 61"_hex));
  connection().feed(input.bytes());
  EXPECT_FALSE(is_like_new());
  connection().keep_unread_input();
  EXPECT_FALSE(is_like_new());
}

}  // namespace
}  // namespace wirespan::test
