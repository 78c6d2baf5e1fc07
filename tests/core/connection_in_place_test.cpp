// core/connection.cpp: send_in_place(), the zero-copy echo of a message from the input buffer.
#include <algorithm>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "support/conversation.hpp"

namespace wirespan::test {
namespace {

/// A server that was fed one read of its client's frames and has taken the first message.
class ConnectionInPlace : public ::testing::Test {
 protected:
  /// Returns the first message of the frames.
  Message receive(const ByteVector& unmasked_wire) {
    input_ = masked(unmasked_wire);
    connection_.feed(input_);
    return next();
  }
  /// Feeds the frame cut in two; both parts use the same memory, as two reads do.
  Message receive_in_two(const ByteVector& wire, std::size_t cut) {
    const auto middle = wire.begin() + static_cast<std::ptrdiff_t>(cut);
    input_.assign(wire.begin(), middle);
    connection_.feed(input_);
    EXPECT_TRUE(std::holds_alternative<NeedInput>(connection_.next()));
    input_.assign(middle, wire.end());
    connection_.feed(input_);
    return next();
  }
  Message next() {
    const Event event = connection_.next();
    EXPECT_TRUE(std::holds_alternative<Message>(event));
    return std::holds_alternative<Message>(event) ? std::get<Message>(event) : Message();
  }
  [[nodiscard]] bool lies_in_input(Bytes bytes) const {
    return bytes.data() >= input_.data() &&
           bytes.data() + bytes.size() <= input_.data() + input_.size();
  }

  ByteVector input_;
  Connection connection_{Role::server, ConnectionOptions{}};
};

TEST_F(ConnectionInPlace, the_header_is_written_in_front_and_nothing_is_copied) {
  for (const std::size_t size : {1U, 125U, 126U, 5000U, 0xFFFFU, 0x10000U, 300'000U}) {
    const ByteVector wire = frame(0x82, pattern_bytes(size));
    const Message message = receive(wire);
    const auto sent = connection_.send_in_place(Opcode::binary, message.payload);
    ASSERT_TRUE(sent) << size;
    EXPECT_EQ(owned(*sent), wire);
    EXPECT_TRUE(lies_in_input(*sent));
    EXPECT_EQ(owned(message.payload), pattern_bytes(size)) << "the handler may go on reading it";
    EXPECT_EQ(connection_.memory(), 0U);
    EXPECT_FALSE(connection_.send_in_place(Opcode::binary, message.payload)) << "once";
    EXPECT_TRUE(std::holds_alternative<NeedInput>(connection_.next()));
  }
}

TEST_F(ConnectionInPlace, the_beginning_of_a_message_may_be_sent_under_any_opcode) {
  const Message message = receive(frame(0x82, bytes_of("Hello")));
  const auto sent = connection_.send_in_place(Opcode::text, message.payload.first(4));
  ASSERT_TRUE(sent);
  EXPECT_EQ(owned(*sent), frame(0x81, bytes_of("Hell")));
}

TEST_F(ConnectionInPlace, nothing_but_the_message_itself) {
  const ByteVector other = bytes_of("Hello");
  const Message message = receive(join({frame(0x82, other), frame(0x82, other)}));
  EXPECT_FALSE(connection_.send_in_place(Opcode::binary, other));
  EXPECT_FALSE(connection_.send_in_place(Opcode::binary, message.payload.subspan(1)));
  EXPECT_FALSE(connection_.send_in_place(Opcode::binary, input_)) << "more than it";
  const Bytes first = message.payload;
  (void)next();
  EXPECT_FALSE(connection_.send_in_place(Opcode::binary, first)) << "no longer delivered";
}

TEST_F(ConnectionInPlace, nothing_where_send_would_refuse) {
  const Message message = receive(frame(0x82, "c3"_hex));
  for (const unsigned opcode : {0U, 3U, 8U, 9U, 10U, 15U}) {
    EXPECT_FALSE(connection_.send_in_place(Opcode{std::uint8_t(opcode)}, message.payload));
  }
  EXPECT_FALSE(connection_.send_in_place(Opcode::text, message.payload)) << "no UTF-8";
  ASSERT_FALSE(connection_.close());
  EXPECT_FALSE(connection_.send_in_place(Opcode::binary, message.payload)) << "closing";
}

TEST_F(ConnectionInPlace, text_that_was_cut_is_judged_again) {
  const Message message = receive(frame(0x81, "61 c3a9"_hex));
  EXPECT_FALSE(connection_.send_in_place(Opcode::text, message.payload.first(2)));
  EXPECT_EQ(connection_.send(Opcode::text, message.payload.first(2)), Errc::invalid_text);
  EXPECT_FALSE(connection_.send(Opcode::text, message.payload));
  EXPECT_TRUE(connection_.send_in_place(Opcode::text, message.payload));
}

TEST_F(ConnectionInPlace, text_that_has_come_to_lie_in_the_same_place_is_judged) {
  const Message message = receive(frame(0x81, "c3a9"_hex));
  const Bytes place = message.payload;
  EXPECT_TRUE(std::holds_alternative<NeedInput>(connection_.next()));
  input_[input_.size() - 1] = std::byte{0xFF};
  EXPECT_EQ(connection_.send(Opcode::text, place), Errc::invalid_text);
}

TEST_F(ConnectionInPlace, binary_messages_are_judged_when_they_are_sent_as_text) {
  const Message message = receive(frame(0x82, "c3a9"_hex));
  EXPECT_FALSE(connection_.send(Opcode::text, message.payload));
  const Message bad = [&] {
    (void)connection_.next();
    return receive(frame(0x82, "ffff"_hex));
  }();
  EXPECT_EQ(connection_.send(Opcode::text, bad.payload), Errc::invalid_text);
}

/// Holds even where only the header was cut: the bytes before the payload are not the frame's.
TEST_F(ConnectionInPlace, a_message_that_came_in_parts_has_no_place) {
  for (const std::size_t size : {5U, 200U, 0x10000U}) {
    const ByteVector wire = masked(frame(0x82, pattern_bytes(size)));
    for (std::size_t cut = 1; cut < std::min<std::size_t>(wire.size(), 20); ++cut) {
      const Message message = receive_in_two(wire, cut);
      EXPECT_FALSE(connection_.send_in_place(Opcode::binary, message.payload)) << cut;
      (void)connection_.next();
    }
  }
}

TEST_F(ConnectionInPlace, a_message_that_was_put_together_is_handed_over) {
  const ByteVector text = bytes_of("h\u00e9llo");
  const ByteVector wire = masked(frame(0x81, text));
  for (std::size_t cut = 7; cut < wire.size(); ++cut) {
    const Message message = receive_in_two(wire, cut);
    ASSERT_TRUE(connection_.holds_delivered(message.payload)) << cut;
    EXPECT_FALSE(connection_.holds_delivered(message.payload.subspan(1)));
    EXPECT_FALSE(connection_.holds_delivered(text)) << "others say the same";
    const auto head = connection_.begin_gather(Opcode::text, message.payload);
    ASSERT_TRUE(head);
    EXPECT_EQ(join({owned(head->bytes()), owned(message.payload)}), frame(0x81, text));
    const Block::Ptr block = connection_.take_delivered();
    ASSERT_TRUE(block);
    EXPECT_FALSE(connection_.holds_delivered(message.payload)) << "once";
    EXPECT_FALSE(connection_.take_delivered());
    EXPECT_TRUE(std::holds_alternative<NeedInput>(connection_.next()));
    EXPECT_TRUE(is_same_memory(block->used(), message.payload));
    EXPECT_EQ(owned(message.payload), text) << "it lives as long as the block";
    EXPECT_TRUE(connection_.is_like_new());
  }
}

TEST_F(ConnectionInPlace, what_lies_in_the_input_is_not_handed_over) {
  const Message message = receive(frame(0x82, bytes_of("Hello")));
  EXPECT_FALSE(connection_.holds_delivered(message.payload));
  EXPECT_FALSE(connection_.take_delivered());
}

TEST_F(ConnectionInPlace, an_empty_message_is_not_handed_over) {
  (void)receive(join({frame(0x01, ByteVector()), frame(0x80, ByteVector())}));
  EXPECT_FALSE(connection_.holds_delivered({}));
}

TEST_F(ConnectionInPlace, binary_messages_that_are_handed_over_are_judged_as_text) {
  const Message message = receive_in_two(masked(frame(0x82, "61 ff"_hex)), 7);
  ASSERT_TRUE(connection_.holds_delivered(message.payload));
  EXPECT_FALSE(connection_.begin_gather(Opcode::text, message.payload));
  EXPECT_TRUE(connection_.begin_gather(Opcode::binary, message.payload));
}

TEST_F(ConnectionInPlace, input_that_was_kept_goes_away_too_early) {
  const ByteVector hello = frame(0x82, bytes_of("Hello"));
  (void)receive(join({hello, hello, hello}));
  connection_.keep_unread_input();
  for (int kept = 0; kept < 2; ++kept) {
    const Message message = next();
    EXPECT_FALSE(connection_.send_in_place(Opcode::binary, message.payload));
  }
}

TEST_F(ConnectionInPlace, after_input_was_kept_the_last_message_has_no_place_either) {
  const Message message = receive(frame(0x82, bytes_of("Hello")));
  connection_.keep_unread_input();
  EXPECT_FALSE(connection_.send_in_place(Opcode::binary, message.payload));
}

TEST_F(ConnectionInPlace, a_connection_with_a_message_in_hand_is_not_like_new) {
  (void)receive(frame(0x81, bytes_of("Hello")));
  EXPECT_FALSE(connection_.is_like_new()) << "whoever takes it over must not know this text";
  EXPECT_TRUE(std::holds_alternative<NeedInput>(connection_.next()));
  EXPECT_TRUE(connection_.is_like_new());
}

/// A received text is valid UTF-8 as a whole. A fragment, and the rest of a message after some
/// fragments, need not be valid by itself, so it is validated again before it is sent as text.
class TextInParts : public ::testing::Test {
 protected:
  TextInParts() { options_->receive.deliver_fragments = true; }

  /// Feeds the bytes one by one and returns the last event.
  Event receive(const ByteVector& unmasked_wire) {
    Event last;
    for (const std::byte byte : masked(unmasked_wire)) {
      (void)connection_.next();  // so that the bytes before are digested
      input_ = {byte};
      connection_.feed(input_);
      last = connection_.next();
    }
    return last;
  }

  std::shared_ptr<ConnectionOptions> options_ = std::make_shared<ConnectionOptions>();
  Connection connection_{Role::server, options_};
  ByteVector input_;
};

TEST_F(TextInParts, a_fragment_is_judged_whatever_came_before) {
  EXPECT_TRUE(std::holds_alternative<Message>(receive(frame(0x81, bytes_of("valid")))));
  const Event event = receive(frame(0x02, "61 ff ff"_hex));
  ASSERT_TRUE(std::holds_alternative<Fragment>(event));
  const Bytes payload = std::get<Fragment>(event).payload;
  ASSERT_TRUE(connection_.holds_delivered(payload));
  EXPECT_EQ(connection_.send(Opcode::text, payload), Errc::invalid_text);
  EXPECT_FALSE(connection_.begin_gather(Opcode::text, payload));
}

TEST_F(TextInParts, the_end_of_a_message_whose_beginning_was_handed_out_is_judged) {
  EXPECT_TRUE(std::holds_alternative<Fragment>(receive(frame(0x01, "c3"_hex))));
  options_->receive.deliver_fragments = false;
  const Event event = receive(frame(0x80, "a9 61"_hex));
  ASSERT_TRUE(std::holds_alternative<Message>(event));
  EXPECT_EQ(connection_.send(Opcode::text, std::get<Message>(event).payload), Errc::invalid_text);
}

TEST(ConnectionInPlaceClient, a_client_has_to_mask) {
  Connection client(Role::client, ConnectionOptions{});
  ByteVector input = frame(0x82, bytes_of("Hello"));
  client.feed(input);
  const Event event = client.next();
  ASSERT_TRUE(std::holds_alternative<Message>(event));
  EXPECT_FALSE(client.send_in_place(Opcode::binary, std::get<Message>(event).payload));
}

}  // namespace
}  // namespace wirespan::test
