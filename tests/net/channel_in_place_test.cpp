// net/channel_output.hpp: zero-copy echo - messages sent back from the buffer they were read into.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

std::string letters(std::size_t size, unsigned first) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (first + i) % 26);
  return text;
}

std::string as_sent(Opcode opcode, Bytes payload) {
  const auto frames = parse_frames(frame(0x80U | static_cast<unsigned>(opcode), payload));
  return describe(frames.value().front());
}

class ChannelInPlace : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelInPlace);

TEST_P(ChannelInPlace, a_server_copies_nothing_of_a_batch_that_leaves_at_once) {
  StagedChannel channel(GetParam());
  std::vector<std::size_t> copied;
  channel.host.on_message = [&](const Message& message) {
    EXPECT_FALSE(channel.host->send(message.opcode, message.payload));
    EXPECT_GT(channel.host->unsent_bytes(), message.payload.size());
    copied.push_back(channel.host->memory());
  };
  channel.host.start();
  const ByteVector large = frame(0x82, pattern_bytes(limits::least_in_place));
  const ByteVector small = frame(0x82, pattern_bytes(limits::least_in_place - 1));
  channel.deliver(join({large, large, small}));
  EXPECT_EQ(channel.sent().size(), 3U);
  ASSERT_EQ(copied.size(), 3U);
  const bool is_server = GetParam() == Role::server;
  EXPECT_EQ(copied[0] == 0, is_server);
  EXPECT_EQ(copied[1] == 0, is_server);
  EXPECT_GE(copied[2], limits::least_in_place);
}

TEST_P(ChannelInPlace, what_the_kernel_does_not_take_is_kept_before_the_next_read) {
  const std::string a = letters(5000, 'a');
  const std::string b = letters(6000, 'b');
  const std::string c = letters(7000, 'c');
  for (const std::size_t room :
       {0U, 1U, 3U, 4U, 5U, 5003U, 5004U, 5005U, 5007U, 5010U, 11'014U, 20'000U}) {
    StagedChannel channel(GetParam());
    channel.host.echo();
    channel.host.start();
    channel.script.room = room;
    channel.deliver(join({text_frame(a), text_frame("small"), text_frame(b)}));
    channel.deliver(join({text_frame(c), text_frame(a)}));  // reuses the buffer of the first
    channel.script.room = SIZE_MAX;
    channel.turn(3);
    const std::vector<std::string> expected{as_sent(Opcode::text, wire_bytes(a)), "text \"small\"",
                                            as_sent(Opcode::text, wire_bytes(b)),
                                            as_sent(Opcode::text, wire_bytes(c)),
                                            as_sent(Opcode::text, wire_bytes(a))};
    EXPECT_EQ(channel.sent(), expected) << room;
  }
}

/// The reference is a list of the payloads given to send(): whichever part of a message a handler
/// sends, and whenever the kernel takes it, the peer gets exactly that list.
TEST_P(ChannelInPlace, what_leaves_is_what_was_asked_for) {
  constexpr std::size_t sizes[] = {0, 10, 4095, 4096, 5000, 20'000};
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    StagedChannel channel(GetParam());
    std::vector<std::string> expected;
    const auto send = [&](Opcode opcode, Bytes payload) {
      ASSERT_FALSE(channel.host->send(opcode, payload));
      expected.push_back(as_sent(opcode, payload));
    };
    channel.host.on_message = [&](const Message& message) {
      const Bytes payload = message.payload;
      const auto other = message.is_text() ? Opcode::binary : Opcode::text;
      const auto action = random() % 8;
      if (action == 0) send(Opcode::text, bytes_of("before"));
      if (action == 1) send(other, payload);
      if (action == 2) send(message.opcode, payload.first(payload.size() / 2));
      if (action == 3 && !payload.empty()) send(message.opcode, payload.subspan(1));
      if (action != 4) send(message.opcode, payload);
      if (action == 5) send(Opcode::text, bytes_of("behind"));
      if (action == 6) send(message.opcode, payload);
    };
    channel.host.start();
    for (int turn = 0; turn < 12; ++turn) {
      ByteVector batch;
      for (auto n = random() % 5; n > 0; --n) {
        const std::string text = letters(sizes[random() % 6], static_cast<unsigned>(random() % 26));
        const unsigned opcode = random() % 2 == 0 ? 1 : 2;
        const std::size_t cut = random() % 3 == 0 ? random() % (text.size() + 1) : 0;
        if (cut > 0) batch = join({batch, frame(opcode, wire_bytes(text.substr(0, cut)))});
        const unsigned last = 0x80U | (cut > 0 ? 0U : opcode);
        batch = join({batch, frame(last, wire_bytes(text.substr(cut)))});
      }
      const ByteVector wire = as_received_by(GetParam(), batch);
      const auto middle = wire.begin() + static_cast<std::ptrdiff_t>(random() % (wire.size() + 1));
      for (const ByteVector& part :
           {ByteVector(wire.begin(), middle), ByteVector(middle, wire.end())}) {
        channel.script.room = random() % 3 == 0 ? SIZE_MAX : random() % 30'000;
        channel.script.receive(part);
        channel.turn();
      }
    }
    channel.script.room = SIZE_MAX;
    channel.turn(20);
    EXPECT_EQ(channel.sent(), expected) << seed;
    EXPECT_EQ(channel.host->unsent_bytes(), 0U);
  }
}

TEST_P(ChannelInPlace, a_server_hands_over_the_memory_of_a_message_that_came_in_parts) {
  StagedChannel channel(GetParam());
  std::vector<std::size_t> after;
  channel.host.on_message = [&](const Message& message) {
    const std::size_t before = channel.host->memory();
    EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("first")));
    EXPECT_FALSE(channel.host->send(message.opcode, message.payload));
    EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("last")));
    after.push_back(channel.host->memory() - before);
  };
  channel.host.start();
  const std::string text = letters(20'000, 0);
  for (const std::size_t room : {SIZE_MAX, std::size_t{100}}) {
    channel.script.room = room;
    channel.deliver(join({frame(0x01, wire_bytes(text.substr(0, 9000))),
                          frame(0x80, wire_bytes(text.substr(9000)))}));
  }
  channel.deliver(text_frame("overwrites the buffer of the loop"));
  channel.script.room = SIZE_MAX;
  channel.turn(3);
  const std::vector<std::string> one{"text \"first\"", as_sent(Opcode::text, wire_bytes(text)),
                                     "text \"last\""};
  std::vector<std::string> expected = one;
  expected.insert(expected.end(), one.begin(), one.end());
  expected.insert(expected.end(), {"text \"first\"", "text \"overwrites the buffer of the loop\"",
                                   "text \"last\""});
  EXPECT_EQ(channel.sent(), expected);
  ASSERT_EQ(after.size(), 3U);
  EXPECT_EQ(after[0] < text.size(), GetParam() == Role::server) << after[0];
}

TEST_P(ChannelInPlace, a_message_that_is_handed_over_outlives_the_end_of_its_connection) {
  StagedChannel channel(GetParam());
  const std::string text = letters(20'000, 0);
  channel.host.on_message = [&](const Message& message) {
    EXPECT_FALSE(channel.host->send(message.opcode, message.payload));
    channel.host->abort(Errc::connection_closed);
    // Writes over the memory, as its next borrower would.
    for (const std::size_t size : {20'000U, 30'000U}) {
      const Block::Ptr next = channel.loop.buffers().lend(size);
      std::fill_n(next->bytes(), next->capacity(), std::byte{'?'});
    }
    EXPECT_EQ(wire_text(message.payload), text) << "the handler may go on reading it";
  };
  channel.host.start();
  channel.deliver(join(
      {frame(0x01, wire_bytes(text.substr(0, 9000))), frame(0x80, wire_bytes(text.substr(9000)))}));
  EXPECT_TRUE(channel.host.ended());
}

TEST_P(ChannelInPlace, what_may_be_dropped_one_by_one_is_copied) {
  StagedChannel channel(GetParam(), {.channel = {.overflow = net::Overflow::drop_oldest}});
  channel.host.on_message = [&](const Message& message) {
    EXPECT_FALSE(channel.host->send(message.opcode, message.payload));
    EXPECT_GE(channel.host->memory(), message.payload.size());
  };
  channel.host.start();
  channel.deliver(frame(0x82, pattern_bytes(10'000)));
  EXPECT_EQ(channel.sent().size(), 1U);
}

TEST_P(ChannelInPlace, a_pause_in_the_batch_keeps_both_what_was_sent_and_what_was_not_read) {
  StagedChannel channel(GetParam());
  channel.host.on_message = [&](const Message& message) {
    EXPECT_FALSE(channel.host->send(message.opcode, message.payload));
    channel.host->pause_reading();
  };
  channel.host.start();
  channel.script.room = 100;
  const std::string a = letters(5000, 'a');
  const std::string b = letters(6000, 'b');
  channel.deliver(join({text_frame(a), text_frame(b)}));
  channel.host->resume_reading();
  channel.turn();
  channel.script.room = SIZE_MAX;
  channel.turn(3);
  EXPECT_EQ(channel.sent(), (std::vector<std::string>{as_sent(Opcode::text, wire_bytes(a)),
                                                      as_sent(Opcode::text, wire_bytes(b))}));
}

}  // namespace
}  // namespace wirespan::test
