// net/channel_impl.hpp: the cost of a batch - reads, writes, registrations and memory.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

ByteVector many(std::size_t count, const ByteVector& one) {
  ByteVector all;
  for (std::size_t i = 0; i < count; ++i) all.insert(all.end(), one.begin(), one.end());
  return all;
}

class ChannelBatch : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelBatch);

TEST_P(ChannelBatch, all_answers_to_one_read_leave_in_one_write) {
  StagedChannel channel(GetParam());
  channel.host.echo();
  channel.host.start();
  channel.deliver(many(256, text_frame("sixteen bytes ..")));
  EXPECT_EQ(channel.host.messages, 256U);
  EXPECT_EQ(channel.script.reads, 1);
  EXPECT_EQ(channel.script.writes, 1);
  EXPECT_EQ(channel.sent().size(), 256U);
}

TEST_P(ChannelBatch, large_answers_leave_together_too) {
  StagedChannel channel(GetParam());
  channel.host.on_message = [&](const Message&) {
    EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(40'000)));
  };
  channel.host.start();
  channel.deliver(many(5, text_frame("more")));
  EXPECT_EQ(channel.script.writes, 1);
  EXPECT_EQ(channel.sent().size(), 5U);
}

TEST_P(ChannelBatch, what_is_sent_in_one_turn_leaves_in_one_write) {
  StagedChannel channel(GetParam());
  channel.host.start();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("from a task")));
    EXPECT_FALSE(channel.host->ping({}));
  }
  EXPECT_EQ(channel.script.writes, 0);
  channel.turn();
  EXPECT_EQ(channel.script.writes, 1);
  EXPECT_EQ(channel.sent().size(), 200U);
}

TEST_P(ChannelBatch, much_copied_output_leaves_within_the_turn) {
  const ByteVector half = pattern_bytes(limits::write_at_once / 2);
  for (const bool from_handler : {true, false}) {
    StagedChannel channel(GetParam());
    std::vector<int> writes;
    const auto send = [&] {
      for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(channel.host->send(Opcode::binary, half));
        writes.push_back(channel.script.writes);
      }
    };
    if (from_handler) channel.host.on_message = [&](const Message&) { send(); };
    channel.host.start();
    from_handler ? channel.deliver(text_frame("more")) : send();
    channel.turn();
    EXPECT_EQ(writes, (std::vector{0, 1, 1, 2, 2}));
    EXPECT_EQ(channel.script.writes, 3);
    EXPECT_EQ(channel.sent(), (std::vector<std::string>(5, "binary " + readable_hex(half))));
  }
}

TEST_P(ChannelBatch, a_refused_write_is_not_tried_again_within_the_turn) {
  const ByteVector message = pattern_bytes(limits::write_at_once);
  StagedChannel channel(GetParam());
  channel.script.room = 1000;
  channel.host.start();
  std::vector<int> writes;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(channel.host->send(Opcode::binary, message));
    writes.push_back(channel.script.writes);
  }
  EXPECT_EQ(writes, std::vector<int>(3, writes[0]));
  EXPECT_TRUE(channel.host->has_backlog());
  channel.script.room = SIZE_MAX;
  channel.turn();
  EXPECT_EQ(channel.sent(), (std::vector<std::string>(3, "binary " + readable_hex(message))));
  EXPECT_EQ(channel.host->unsent_bytes(), 0U);
}

TEST_P(ChannelBatch, pings_and_messages_share_their_write) {
  StagedChannel channel(GetParam());
  channel.host.echo();
  channel.host.start();
  channel.deliver(join({text_frame("a"), frame(0x89, bytes_of("?")), text_frame("b")}));
  EXPECT_EQ(channel.script.writes, 1);
  EXPECT_EQ(channel.sent(), (std::vector<std::string>{"text \"a\"", "pong 3f", "text \"b\""}));
}

TEST_P(ChannelBatch, FIX_one_readiness_is_one_read_for_small_messages) {
  StagedChannel channel(GetParam());
  channel.host.start();
  for (int i = 0; i < 10; ++i) channel.receive(text_frame("small"));
  for (int turns = 1; turns <= 10; ++turns) {
    channel.turn();
    EXPECT_EQ(channel.script.reads, turns) << "the others have their turn, too";
    EXPECT_EQ(channel.host.messages, static_cast<std::size_t>(turns));
  }
  channel.turn();
  EXPECT_EQ(channel.script.reads, 10) << "nothing is read that was not announced";
}

TEST_P(ChannelBatch, a_large_message_is_read_on_within_the_turn) {
  StagedChannel channel(GetParam());
  channel.host.start();
  channel.deliver(frame(0x82, ByteVector(1'000'000)));
  EXPECT_EQ(channel.host.messages, 1U);
  EXPECT_GT(channel.script.reads, 2);
}

TEST_P(ChannelBatch, but_a_very_large_one_does_not_keep_others_waiting) {
  StagedChannel channel(GetParam());
  channel.host.start();
  channel.receive(frame(0x82, ByteVector(9u << 20)));
  int turns = 0;
  while (channel.host.messages == 0 && turns < 100) {
    const std::size_t before = channel.script.taken();
    channel.turn();
    ++turns;
    if (channel.script.input.empty()) break;
    EXPECT_LE(channel.script.taken() - before, 2 * limits::read_per_turn);
  }
  EXPECT_EQ(channel.host.messages, 1U);
  EXPECT_GE(turns, 2);
}

TEST_P(ChannelBatch, KEEP_input_that_is_hidden_for_longer_than_a_turn_is_not_forgotten) {
  StagedChannel channel(GetParam());
  channel.script.hides_input = true;
  channel.script.hides_from_poller = true;
  channel.script.read_size = 1 << 20;
  for (int i = 0; i < 6; ++i) channel.receive(frame(0x82, ByteVector(1u << 20)));
  channel.host.start();
  EXPECT_LT(channel.host.messages, 6U) << "less than one turn's share";
  for (int i = 0; i < 20; ++i) channel.turn();
  EXPECT_EQ(channel.host.messages, 6U);
}

/// The fast path makes no system call but reads and writes.
TEST_P(ChannelBatch, messages_cost_no_registration_and_no_timer) {
  StagedChannel channel(GetParam(),
                        {.channel = {.keep_alive = {.interval = 10s}, .idle_time = 20s}});
  channel.host.echo();
  channel.host.start();
  channel.turn();
  const int registrations = channel.stage.calls.registrations();
  EXPECT_EQ(registrations, 1);
  for (int i = 0; i < 1000; ++i) channel.deliver(text_frame("message"));
  EXPECT_EQ(channel.host.messages, 1000U);
  EXPECT_EQ(channel.stage.calls.registrations(), registrations);
}

TEST_P(ChannelBatch, waiting_for_the_peer_costs_two_registrations) {
  StagedChannel channel(GetParam());
  channel.host.start();
  channel.script.room = 10;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(1000)));
  channel.turn(3);
  EXPECT_EQ(channel.stage.calls.modify, 1) << "now it waits for room, too";
  const int writes = channel.script.writes;
  channel.turn(3);
  EXPECT_EQ(channel.script.writes, writes) << "and does not try in vain";
  channel.script.room = SIZE_MAX;
  channel.turn(3);
  EXPECT_EQ(channel.stage.calls.modify, 2) << "and no longer";
  EXPECT_EQ(channel.sent().size(), 1U);
}

TEST_P(ChannelBatch, an_idle_connection_owns_no_buffer) {
  CountingBlocks blocks;
  StagedChannel channel(GetParam(), {.blocks = &blocks.source()});
  channel.host.echo();
  channel.host.start();
  EXPECT_EQ(blocks.outstanding(), 0);
  channel.deliver(text_frame("hello"));
  EXPECT_EQ(blocks.outstanding(), 0);
  // The channel holds memory in the middle of a header, a frame, a message or a control frame, and
  // none between messages.
  const ByteVector wire = as_received_by(
      GetParam(), join({frame(0x82, pattern_bytes(5000)), frame(0x01, bytes_of("a")),
                        frame(0x89, pattern_bytes(100)), frame(0x80, bytes_of("b"))}));
  for (const std::byte byte : wire) {
    channel.script.receive({byte});
    channel.turn();
  }
  EXPECT_EQ(channel.host.messages, 3U);
  channel.deliver(frame(0x89, {}));  // the next event releases a delivered message
  EXPECT_EQ(blocks.outstanding(), 0);
  EXPECT_GT(blocks.lent(), 0);
}

TEST_P(ChannelBatch, a_connection_that_ends_gives_all_memory_back) {
  CountingBlocks blocks;
  StagedChannel channel(GetParam(), {.blocks = &blocks.source()});
  channel.host.start();
  channel.script.room = 0;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(100'000)));
  ByteVector cut = frame(0x82, pattern_bytes(100'000));
  cut.resize(50'000);
  channel.deliver(std::move(cut));
  EXPECT_GE(blocks.outstanding(), 2);
  channel.host->abort(Errc::connection_lost);
  channel.turn(2);
  EXPECT_EQ(blocks.outstanding(), 0);
}

/// A busy peer does not starve the other connections of its loop.
TEST(ChannelFairness, everybody_has_a_turn) {
  Stage stage;
  net::EventLoop loop({.receive_buffer = 65536, .network = &stage});
  Script busy(stage);
  Script quiet(stage);
  ChannelHost<ScriptStream> busy_host(loop, ScriptStream(busy), Role::client);
  ChannelHost<ScriptStream> quiet_host(loop, ScriptStream(quiet), Role::client);
  busy_host.start();
  quiet_host.start();
  for (int i = 0; i < 1000; ++i) busy.receive(many(100, text_frame("busy")));
  for (std::size_t i = 1; i <= 20; ++i) {
    quiet.receive(text_frame("quiet"));
    loop.run_once(0ns);
    EXPECT_EQ(quiet_host.messages, i);
    EXPECT_EQ(busy_host.messages, 100 * i);
  }
}

}  // namespace
}  // namespace wirespan::test
