// core/connection.cpp: states, lifetime of views, memory, and reading.
#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "support/conversation.hpp"
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class ConnectionTest : public ::testing::TestWithParam<Role> {
 protected:
  [[nodiscard]] ExactCopy from_peer(Bytes unmasked) const {
    return ExactCopy(as_received_by(GetParam(), unmasked));
  }
};
INSTANTIATE_TEST_SUITE_P(Roles, ConnectionTest, ::testing::Values(Role::client, Role::server),
                         role_name);

bool lies_in(Bytes part, Bytes whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// State and duties of the driver, for every combination of these facts.

struct Facts {
  bool close_sent = false;
  bool close_received = false;
  bool failed = false;
};

void expect_facts(const Connection& connection, const Facts& facts) {
  EXPECT_EQ(connection.close_sent(), facts.close_sent);
  EXPECT_EQ(connection.close_received(), facts.close_received);
  EXPECT_EQ(connection.failed(), facts.failed);
  const bool both = facts.close_sent && facts.close_received;
  const bool one = facts.close_sent || facts.close_received;
  EXPECT_EQ(connection.state(), facts.failed || both ? State::closed
                                : one                ? State::closing
                                                     : State::open);
  const auto after_both = connection.role() == Role::server ? TransportAction::close_after_flush
                                                            : TransportAction::await_peer_close;
  EXPECT_EQ(connection.transport_action(), facts.failed ? TransportAction::close_after_flush
                                           : both       ? after_both
                                                        : TransportAction::keep);
}

TEST_P(ConnectionTest, R105_R106_state_and_action_follow_from_the_facts) {
  Conversation fresh(GetParam());
  expect_facts(fresh.connection(), {});

  Conversation closing(GetParam());
  ASSERT_FALSE(closing.connection().close());
  expect_facts(closing.connection(), {.close_sent = true});
  closing.receive_from_peer("88 00"_hex);
  expect_facts(closing.connection(), {.close_sent = true, .close_received = true});
  closing.connection().fail(Errc::close_timeout);
  expect_facts(closing.connection(), {.close_sent = true, .close_received = true, .failed = true});

  Conversation answered(GetParam());
  answered.receive_from_peer("88 00"_hex);
  expect_facts(answered.connection(), {.close_sent = true, .close_received = true});

  Conversation broken(GetParam());
  broken.receive_from_peer("83 00"_hex);
  expect_facts(broken.connection(), {.close_sent = true, .failed = true});

  Conversation lost(GetParam());
  lost.end_of_stream();
  expect_facts(lost.connection(), {.failed = true});
}

// Lifetime of views.

TEST_P(ConnectionTest, whole_frames_are_delivered_where_they_lie) {
  const ExactCopy wire = from_peer("82 03 010203 89 02 6869 8a 01 21 88 05 03e8 627965"_hex);
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  connection.feed(wire.bytes());
  const Event message = connection.next();
  EXPECT_TRUE(lies_in(std::get<Message>(message).payload, wire.bytes()));
  const Event ping = connection.next();
  EXPECT_TRUE(lies_in(std::get<Ping>(ping).payload, wire.bytes()));
  const Event pong = connection.next();
  EXPECT_TRUE(lies_in(std::get<Pong>(pong).payload, wire.bytes()));
  const Event close = connection.next();
  EXPECT_TRUE(lies_in(wire_bytes(std::get<CloseReceived>(close).reason), wire.bytes()));
}

/// Makes every call that a handler may make while it holds a message.
void use(Connection& connection) {
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("answer")));
  EXPECT_FALSE(connection.send(Opcode::binary, pattern_bytes(100'000)));
  EXPECT_FALSE(connection.ping(pattern_bytes(125)));
  EXPECT_FALSE(connection.pong());
  connection.set_output_blocked(true);
  connection.set_output_blocked(false);
  connection.output().clear();
  connection.keep_unread_input();
  EXPECT_FALSE(connection.close());
}

TEST_P(ConnectionTest, sending_and_closing_leave_a_borrowed_message_alone) {
  const ByteVector payload = pattern_bytes(300);
  // One message whole in the input, one in fragments that the assembler joins.
  const ExactCopy wire = from_peer(join({frame(0x82, payload), frame(0x02, payload)}));
  const ExactCopy rest = from_peer(join({frame(0x80, payload), frame(0x82, "ff"_hex)}));
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  connection.feed(wire.bytes());
  const Event whole = connection.next();
  EXPECT_FALSE(connection.send(Opcode::binary, std::get<Message>(whole).payload)) << "an echo";
  EXPECT_EQ(owned(std::get<Message>(whole).payload), payload);
  ASSERT_TRUE(std::holds_alternative<NeedInput>(connection.next()));
  connection.feed(rest.bytes());
  const Event joined = connection.next();
  use(connection);
  EXPECT_EQ(owned(std::get<Message>(joined).payload), join({payload, payload}));
}

TEST_P(ConnectionTest, a_ping_that_was_cut_is_borrowed_until_the_next_call) {
  const ByteVector wire = as_received_by(GetParam(), "89 05 48656c6c6f 81 00"_hex);
  const ExactCopy first(Bytes(wire).first(wire.size() - 5));
  const ExactCopy second(Bytes(wire).last(5));
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  connection.feed(first.bytes());
  Event event = connection.next();
  if (std::holds_alternative<NeedInput>(event)) {
    connection.feed(second.bytes());
    event = connection.next();
  }
  use(connection);
  EXPECT_EQ(owned(std::get<Ping>(event).payload), bytes_of("Hello"));
}

TEST_P(ConnectionTest, the_last_message_of_a_batch_is_marked) {
  const ByteVector two = join({"81 01 61"_hex, "82 01 62"_hex});
  struct Case {
    const char* what;
    ByteVector after;
    bool last;
  };
  const Case cases[] = {{"nothing", {}, true},
                        {"a cut frame", "81 02 63"_hex, true},
                        {"a fragment", "01 01 63"_hex, true},
                        {"a ping", "89 00"_hex, true},
                        {"a Close frame and more", "88 00 82 01 63"_hex, true},
                        {"a reserved opcode", "83 00 82 01 63"_hex, true},
                        {"a message", "82 01 63"_hex, false},
                        {"a message in parts with a ping", "01 01 63 89 00 80 00"_hex, false},
                        {"a long message", frame(0x82, pattern_bytes(300)), false}};
  for (const auto& [what, after, last] : cases) {
    ByteVector wire = as_received_by(GetParam(), two);
    const ByteVector rest = as_received_by(GetParam(), after);
    wire.insert(wire.end(), rest.begin(), rest.end());
    const ExactCopy input(wire);
    Conversation conversation(GetParam());
    conversation.connection().feed(input.bytes());
    EXPECT_FALSE(std::get<Message>(conversation.connection().next()).last_in_batch) << what;
    EXPECT_EQ(std::get<Message>(conversation.connection().next()).last_in_batch, last) << what;
  }
}

// Memory.

TEST_P(ConnectionTest, an_idle_connection_holds_nothing) {
  const ByteVector wire =
      as_received_by(GetParam(), join({"81 02 6869 01 01 61"_hex, frame(0x89, pattern_bytes(125)),
                                       "80 01 62"_hex, frame(0x82, pattern_bytes(2000))}));
  for_every_chopping(wire, [&](const Chopping& chopping) {
    Conversation conversation(GetParam());
    for (const Bytes piece : chopping.pieces) conversation.receive(piece);
    EXPECT_EQ(conversation.events().size(), 4U);
    EXPECT_EQ(conversation.sent().size(), 1U);
    EXPECT_EQ(conversation.connection().memory(), 0U) << chopping.name;
  });
}

TEST_P(ConnectionTest, memory_counts_what_is_held) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  ASSERT_FALSE(connection.send(Opcode::binary, pattern_bytes(1000)));
  EXPECT_GE(connection.memory(), 1000U);
  (void)conversation.wire();
  EXPECT_EQ(connection.memory(), 0U);
  conversation.receive_from_peer(join({"02 7e 0400"_hex, pattern_bytes(1024)}));
  EXPECT_GE(connection.memory(), 1024U);
  conversation.receive_from_peer("80 00"_hex);
  EXPECT_EQ(connection.memory(), 0U);
}

TEST_P(ConnectionTest, memory_counts_a_cut_ping_a_pong_held_back_and_unread_input) {
  const ByteVector ping = as_received_by(GetParam(), frame(0x89, pattern_bytes(125)));
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  const auto expect_some = [&](const char* what) {
    EXPECT_GE(connection.memory(), 100U) << what;
    EXPECT_LE(connection.memory(), 1000U) << what;
  };
  conversation.receive(Bytes(ping).first(110));
  expect_some("a cut ping");
  connection.set_output_blocked(true);
  conversation.receive(Bytes(ping).subspan(110));
  expect_some("a pong held back");
  connection.set_output_blocked(false);
  expect_some("a pong in the output");
  (void)conversation.wire();
  EXPECT_EQ(connection.memory(), 0U);
  const ExactCopy input(ping);
  connection.feed(input.bytes());
  connection.keep_unread_input();
  expect_some("unread input");
}

TEST_P(ConnectionTest, R122_forty_announced_giants_hold_little) {
  std::vector<std::unique_ptr<Conversation>> connections;
  std::size_t held = 0;
  for (int i = 0; i < 40; ++i) {
    connections.push_back(std::make_unique<Conversation>(GetParam()));
    connections.back()->receive_from_peer(join({"82 7f 0000000001000000"_hex, pattern_bytes(10)}));
    EXPECT_TRUE(connections.back()->events().empty());
    held += connections.back()->connection().memory();
  }
  EXPECT_LT(held, 1U << 20);
}

// Reading.

TEST_P(ConnectionTest, receive_window_is_the_shared_buffer_except_inside_a_long_payload) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  ByteVector shared(100);
  const auto is_shared = [&] { return connection.receive_window(shared).data() == shared.data(); };
  EXPECT_TRUE(is_shared()) << "at the beginning";
  conversation.receive_from_peer("82 7e 03e8"_hex);
  EXPECT_TRUE(is_shared()) << "nothing is held yet";
  const ByteVector wire = as_received_by(GetParam(), frame(0x82, pattern_bytes(1000)));
  Conversation inside(GetParam());
  inside.receive(Bytes(wire).first(300));
  const MutableBytes window = inside.connection().receive_window(shared);
  EXPECT_NE(window.data(), shared.data());
  EXPECT_LE(window.size(), wire.size() - 300);
  ByteVector large(2000);
  EXPECT_EQ(inside.connection().receive_window(large).data(), large.data())
      << "the rest and more fits there";
  inside.connection().fail(Errc::idle_timeout);
  EXPECT_EQ(inside.connection().receive_window(shared).data(), shared.data()) << "to be discarded";
  EXPECT_FALSE(inside.connection().inside_data_frame());
}

TEST_P(ConnectionTest, receive_window_is_the_shared_buffer_inside_a_control_frame) {
  const ByteVector wire =
      as_received_by(GetParam(), join({"02 02 0102"_hex, frame(0x89, pattern_bytes(125))}));
  Conversation conversation(GetParam());
  conversation.receive(Bytes(wire).first(wire.size() - 100));
  ByteVector shared(10);
  EXPECT_EQ(conversation.connection().receive_window(shared).data(), shared.data());
}

TEST_P(ConnectionTest, inside_data_frame_is_true_while_more_of_one_is_to_come) {
  const ByteVector wire =
      as_received_by(GetParam(), join({"02 04 01020304"_hex, "89 04 05060708"_hex, "80 00"_hex}));
  const std::size_t key = GetParam() == Role::server ? 4 : 0;
  const std::size_t first = 2 + key;  // the size of the first header
  Conversation conversation(GetParam());
  for (std::size_t i = 0; i < wire.size(); ++i) {
    const bool inside = i >= first && i < first + 4;
    EXPECT_EQ(conversation.connection().inside_data_frame(), inside) << i;
    conversation.receive(Bytes(wire).subspan(i, 1));
  }
  EXPECT_FALSE(conversation.connection().inside_data_frame());
}

TEST_P(ConnectionTest, a_paused_reader_may_reuse_its_buffer) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  const ByteVector wire = as_received_by(GetParam(), "81 01 61 81 01 62 82 03 01"_hex);
  const ByteVector end = as_received_by(GetParam(), "82 03 010203"_hex);
  {
    const ExactCopy block(wire);
    connection.feed(block.bytes());
    EXPECT_EQ(describe(connection.next()), seen::text("a"));
    EXPECT_TRUE(connection.has_unread_input());
    connection.keep_unread_input();
    connection.keep_unread_input();  // once is enough, twice does no harm
  }
  EXPECT_TRUE(connection.has_unread_input());
  EXPECT_GT(connection.memory(), 0U);
  EXPECT_EQ(describe(connection.next()), seen::text("b"));
  conversation.collect_events();
  EXPECT_FALSE(connection.has_unread_input());
  conversation.receive(Bytes(end).last(2));
  EXPECT_EQ(conversation.events(), std::vector{seen::binary("010203"_hex)});
  EXPECT_EQ(connection.memory(), 0U);
}

/// The last message of a kept copy empties the input without a NeedInput; the next input is kept
/// like the first.
TEST_P(ConnectionTest, a_reader_may_pause_twice) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  {
    const ExactCopy block = from_peer("81 01 61 81 01 62"_hex);
    connection.feed(block.bytes());
    EXPECT_EQ(describe(connection.next()), seen::text("a"));
    connection.keep_unread_input();
  }
  EXPECT_EQ(describe(connection.next()), seen::text("b"));
  ASSERT_FALSE(connection.has_unread_input());
  ByteVector reused = as_received_by(GetParam(), "81 01 63 81 01 64"_hex);
  connection.feed(reused);
  EXPECT_EQ(describe(connection.next()), seen::text("c"));
  connection.keep_unread_input();
  std::fill(reused.begin(), reused.end(), std::byte{0xEE});
  EXPECT_EQ(describe(connection.next()), seen::text("d"));
}

/// A handler may call fail() while it holds a message of the kept input.
TEST_P(ConnectionTest, failing_leaves_a_borrowed_message_alone) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  {
    const ExactCopy block = from_peer("81 01 61 81 05 48656c6c6f 81 01 63"_hex);
    connection.feed(block.bytes());
    EXPECT_EQ(describe(connection.next()), seen::text("a"));
    connection.keep_unread_input();
  }
  const Event event = connection.next();
  connection.fail(Errc::no_mask_key);
  EXPECT_EQ(describe(event), seen::text("Hello"));
  EXPECT_TRUE(std::holds_alternative<NeedInput>(connection.next()));
}

/// The memory of a message that will never be finished is released at once, not after the driver's
/// lingering close.
TEST_P(ConnectionTest, R122_the_end_gives_the_memory_of_an_unfinished_message_back) {
  const ByteVector unfinished = frame(0x02, pattern_bytes(1'000'000));
  for (const ByteVector& end : {"83 00"_hex, "88 02 03e8"_hex}) {
    Conversation conversation(GetParam());
    conversation.receive_from_peer(unfinished);
    conversation.receive_from_peer(end);
    ASSERT_EQ(conversation.events().size(), 1U);
    (void)conversation.wire();
    EXPECT_LT(conversation.connection().memory(), 4096U) << to_hex(end);
  }
}

TEST_P(ConnectionTest, the_end_gives_unread_input_back) {
  Conversation conversation(GetParam());
  Connection& connection = conversation.connection();
  const ExactCopy block = from_peer("81 01 61 81 01 62"_hex);
  connection.feed(block.bytes());
  EXPECT_EQ(describe(connection.next()), seen::text("a"));
  connection.keep_unread_input();
  connection.fail(Errc::idle_timeout);
  conversation.collect_events();
  EXPECT_TRUE(conversation.events().empty());
  (void)conversation.wire();
  EXPECT_EQ(connection.memory(), 0U);
}

TEST_P(ConnectionTest, without_unread_input_there_is_nothing_to_keep) {
  Conversation conversation(GetParam());
  conversation.connection().keep_unread_input();
  EXPECT_EQ(conversation.connection().memory(), 0U);
  conversation.receive_from_peer("81 01 61"_hex);
  conversation.connection().keep_unread_input();
  EXPECT_EQ(conversation.connection().memory(), 0U);
}

TEST_P(ConnectionTest, no_input_is_no_event) {
  Conversation conversation(GetParam());
  conversation.receive({});
  conversation.collect_events();
  EXPECT_TRUE(conversation.events().empty());
  EXPECT_FALSE(conversation.connection().failed());
}

}  // namespace
}  // namespace wirespan::test
