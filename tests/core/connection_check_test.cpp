// core/connection.cpp: check_message() tells in advance what send() answers, and encode_apart()
// makes the frame that send() would append.
#include <array>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/conversation.hpp"

namespace wirespan::test {
namespace {

/// The frames that a connection has sent before.
enum class Before { nothing, part_of_a_text, half_a_code_point, part_of_binary, close };

struct Asked {
  Opcode opcode;
  ByteVector payload;
  bool fin;
};

std::vector<Asked> everything_asked() {
  std::vector<Asked> all;
  for (const Opcode opcode : {Opcode::text, Opcode::binary, Opcode::continuation, Opcode::ping,
                              Opcode::close, Opcode{3}, Opcode{11}}) {
    for (const ByteVector& payload :
         {ByteVector{}, "61"_hex, "c3"_hex, "a9"_hex, "ff"_hex, "e282"_hex}) {
      for (const bool fin : {true, false}) all.push_back({opcode, payload, fin});
    }
  }
  return all;
}

void bring(Connection& connection, Before before) {
  switch (before) {
    case Before::nothing:
      return;
    case Before::part_of_a_text:
      ASSERT_FALSE(connection.send(Opcode::text, "61"_hex, false));
      return;
    case Before::half_a_code_point:
      ASSERT_FALSE(connection.send(Opcode::text, "c3"_hex, false));
      return;
    case Before::part_of_binary:
      ASSERT_FALSE(connection.send(Opcode::binary, "c3"_hex, false));
      return;
    case Before::close:
      ASSERT_FALSE(connection.close());
      return;
  }
}

class ConnectionCheck : public ::testing::TestWithParam<Role> {};
INSTANTIATE_TEST_SUITE_P(Roles, ConnectionCheck, ::testing::Values(Role::client, Role::server),
                         role_name);

TEST_P(ConnectionCheck, tells_what_send_answers) {
  int refused = 0;
  int accepted = 0;
  for (const Before before : {Before::nothing, Before::part_of_a_text, Before::half_a_code_point,
                              Before::part_of_binary, Before::close}) {
    for (const bool validates : {true, false}) {
      for (const bool compresses : {true, false}) {
        for (const Asked& asked : everything_asked()) {
          ConversationOptions options{.validate_sent_text = validates};
          if (compresses) options.deflate = DeflateOptions{};
          Conversation conversation(GetParam(), options);
          Connection& connection = conversation.connection();
          bring(connection, before);
          const auto told = connection.check_message(asked.opcode, asked.payload, asked.fin);
          const auto answered = connection.send(asked.opcode, asked.payload, asked.fin);
          EXPECT_EQ(told, answered)
              << "opcode " << static_cast<int>(asked.opcode) << ", " << readable(asked.payload)
              << (asked.fin ? ", fin" : "") << ", before " << static_cast<int>(before)
              << (validates ? "" : ", not validated");
          ++(answered ? refused : accepted);
        }
      }
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(accepted, 190);
}

TEST_P(ConnectionCheck, without_a_message_it_tells_of_the_state_alone) {
  for (const auto& [before, expected] :
       {std::pair{Before::nothing, std::error_code{}},
        {Before::part_of_a_text, make_error_code(Errc::message_under_way)},
        {Before::close, make_error_code(Errc::not_open)}}) {
    Conversation conversation(GetParam());
    bring(conversation.connection(), before);
    EXPECT_EQ(conversation.connection().check_message(), expected);
  }
}

TEST_P(ConnectionCheck, a_frame_made_apart_is_the_one_that_send_appends) {
  for (const bool compresses : {true, false}) {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
      ConversationOptions options;
      if (compresses) options.deflate = DeflateOptions{};
      Conversation apart(GetParam(), options);
      Conversation appended(GetParam(), options);
      const ByteVector payload = pattern_bytes(size);
      const auto frame =
          apart.connection().encode_apart(Opcode::binary, payload, "key", TextCheck::needed);
      ASSERT_TRUE(frame);
      EXPECT_EQ((*frame)->key(), "key");
      EXPECT_TRUE(apart.connection().output().empty());
      ASSERT_FALSE(appended.connection().send(Opcode::binary, payload, true, Compress::never));
      EXPECT_EQ(owned((*frame)->bytes()), appended.wire());
    }
  }
}

TEST_P(ConnectionCheck, a_frame_apart_is_refused_as_send_refuses_it) {
  struct Row {
    Before before;
    Opcode opcode;
    ByteVector payload;
    TextCheck check;
    std::error_code expected;
  };
  const std::array rows{
      Row{Before::nothing, Opcode::text, "ff"_hex, TextCheck::needed, Errc::invalid_text},
      Row{Before::nothing, Opcode::text, "c3a9"_hex, TextCheck::needed, {}},
      Row{Before::nothing, Opcode::text, "c3a9"_hex, TextCheck::done, {}},
      Row{Before::nothing, Opcode::continuation, {}, TextCheck::needed, Errc::unsupported_frame},
      Row{Before::nothing, Opcode::ping, {}, TextCheck::needed, Errc::unsupported_frame},
      Row{Before::part_of_binary, Opcode::text, {}, TextCheck::needed, Errc::message_under_way},
      Row{Before::part_of_a_text,
          Opcode::continuation,
          {},
          TextCheck::needed,
          Errc::unsupported_frame},
      Row{Before::close, Opcode::text, {}, TextCheck::needed, Errc::not_open},
  };
  for (const Row& row : rows) {
    Conversation conversation(GetParam());
    bring(conversation.connection(), row.before);
    const auto frame =
        conversation.connection().encode_apart(row.opcode, row.payload, "key", row.check);
    EXPECT_EQ(frame ? std::error_code{} : frame.error(), row.expected)
        << static_cast<int>(row.opcode) << " " << readable(row.payload);
  }
}

TEST(ConnectionCheckKeys, R87_without_a_key_no_frame_is_made_apart) {
  FailAfter fail(0);
  Conversation client(Role::client, {.fail_keys = &fail});
  const auto frame = client.connection().encode_apart(Opcode::text, {}, "key", TextCheck::needed);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error(), Errc::no_mask_key);
}

/// Replies of a batch are planned for: one block, as long as the input, instead of one that grows.
TEST(ConnectionBatch, the_first_reply_reserves_room_for_those_that_follow) {
  Conversation server(Role::server);
  const ByteVector payload = pattern_bytes(1000);
  ByteVector input;
  for (int i = 0; i < 8; ++i) {
    const ByteVector one = as_received_by(Role::server, frame(0x82, payload));
    input.insert(input.end(), one.begin(), one.end());
  }
  Connection& connection = server.connection();
  connection.feed(input);
  ASSERT_TRUE(std::holds_alternative<Message>(connection.next()));
  ASSERT_FALSE(connection.send(Opcode::binary, payload));
  const int lent = server.blocks().lent();
  for (int i = 1; i < 8; ++i) {
    ASSERT_TRUE(std::holds_alternative<Message>(connection.next()));
    ASSERT_FALSE(connection.send(Opcode::binary, payload));
  }
  EXPECT_EQ(server.blocks().lent(), lent) << "the block is not moved while it grows";
}

TEST(ConnectionState, a_message_is_received_from_its_first_byte_of_a_frame_to_its_end) {
  Conversation server(Role::server);
  const auto is_receiving = [&] { return server.connection().receiving_message(); };
  EXPECT_FALSE(is_receiving());
  server.receive_from_peer("01 01 61"_hex);
  EXPECT_TRUE(is_receiving()) << "a fragment";
  server.receive_from_peer("80 00"_hex);
  EXPECT_FALSE(is_receiving());
  const ByteVector whole = as_received_by(Role::server, frame(0x82, pattern_bytes(10)));
  server.receive(Bytes(whole).first(9));
  EXPECT_TRUE(is_receiving()) << "a part of a payload";
  server.receive(Bytes(whole).subspan(9));
  EXPECT_FALSE(is_receiving());
}

}  // namespace
}  // namespace wirespan::test
