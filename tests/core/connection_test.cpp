// core/connection.cpp: states, views, memory and what the driver is told.
#include <memory>
#include <optional>
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

// State and what to do with the transport, in every combination of facts.

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

// Views.

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

/// Everything that a handler may do with a message in its hand.
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
  // Whole in the input; in fragments, kept by the assembler; and a ping that was cut.
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

// Output.

TEST_P(ConnectionTest, a_failed_call_changes_nothing) {
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

TEST_P(ConnectionTest, R129_the_close_frame_of_a_failure_says_why) {
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

TEST_P(ConnectionTest, R110_a_pong_held_back_is_not_sent_after_the_end) {
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

TEST_P(ConnectionTest, what_the_application_sends_is_not_held_back) {
  Conversation conversation(GetParam());
  conversation.connection().set_output_blocked(true);
  conversation.receive_from_peer("89 01 2a"_hex);
  EXPECT_FALSE(conversation.connection().send(Opcode::text, bytes_of("a")));
  EXPECT_FALSE(conversation.connection().ping());
  conversation.connection().set_output_blocked(false);
  EXPECT_EQ(conversation.sent(), (std::vector<std::string>{"text \"a\"", "ping ", "pong 2a"}));
}

TEST_P(ConnectionTest, connections_may_share_their_options) {
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

}  // namespace
}  // namespace wirespan::test
