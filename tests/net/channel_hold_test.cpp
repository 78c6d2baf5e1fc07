// net/channel_impl.hpp: SessionOptions::hold_reading - no reading above the high watermark, so that
// a peer has to take its answers.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/sockets.hpp"
#include "support/staged_channel.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

HostOptions holding() {
  return {.channel = {.close_time = 500ms,
                      .idle_time = 60s,
                      .send_high_watermark = 1000,
                      .send_low_watermark = 200,
                      .hold_reading = true}};
}

/// Answers every message with 600 bytes; the peer takes nothing at first.
class ChannelHold : public RoleTest {
 protected:
  StagedChannel channel{GetParam(), holding()};

  void SetUp() override {
    channel.host.on_message = [&](const Message&) {
      (void)channel.host->send(Opcode::binary, pattern_bytes(600));
    };
    channel.script.room = 0;
    channel.host.start();
  }
  void ask(int times) {
    for (int i = 0; i < times; ++i) channel.receive(text_frame("more"));
    channel.turn(times + 2);
  }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelHold);

TEST_P(ChannelHold, stops_reading_above_the_high_mark_and_goes_on_below_the_low_one) {
  ask(20);
  EXPECT_LT(channel.host.messages, 5U);
  EXPECT_GE(channel.script.input.size(), 15U) << "left in the kernel";
  const std::size_t before = channel.host.messages;
  channel.script.room = 500;
  channel.turn(5);
  EXPECT_EQ(channel.host.messages, before) << "not yet";
  channel.script.room = SIZE_MAX;
  channel.turn(100);
  EXPECT_EQ(channel.host.messages, 20U);
  EXPECT_EQ(channel.sent().size(), 20U);
}

TEST_P(ChannelHold, keeps_the_rest_of_a_batch) {
  ByteVector batch;
  for (int i = 0; i < 20; ++i) batch = join({batch, text_frame(std::to_string(i))});
  channel.deliver(batch);
  channel.receive(text_frame("20"));
  for (int i = 0; i < 200; ++i) {
    channel.script.room = 300;
    channel.turn();
  }
  List all;
  for (int i = 0; i <= 20; ++i) all.push_back(seen::text(std::to_string(i)));
  List messages = channel.events();
  std::erase(messages, "drained");
  EXPECT_EQ(messages, all);
}

/// One read brings a hundred messages, but their answers must not all be queued at once.
TEST_P(ChannelHold, R142_a_batch_of_questions_is_no_batch_of_answers) {
  ByteVector batch;
  for (int i = 0; i < 100; ++i) batch = join({batch, text_frame("more")});
  channel.deliver(batch);
  EXPECT_LE(channel.host->unsent_bytes(), 1000U + 700U);
  channel.script.room = SIZE_MAX;
  channel.turn(100);
  EXPECT_EQ(channel.host.messages, 100U);
  EXPECT_EQ(channel.sent().size(), 100U);
}

TEST_P(ChannelHold, R112_a_peer_that_takes_its_time_but_takes_is_not_gone) {
  HostOptions options = holding();
  options.channel.keep_alive = {.interval = 10s, .timeout = 4s};
  StagedChannel slow(GetParam(), options);
  slow.script.room = 0;
  slow.host.on_message = [&](const Message&) {
    (void)slow.host->send(Opcode::binary, pattern_bytes(6000));
  };
  slow.host.start();
  slow.deliver(text_frame("more"));
  slow.receive(frame(0x8A, {}));  // unread while reading is held
  for (int i = 0; i < 25; ++i) {
    slow.script.room = 200;
    slow.run_for(1s);
  }
  EXPECT_FALSE(slow.host.ended());
  slow.run_for(10s);  // the peer takes nothing, not even the next ping
  EXPECT_EQ(slow.end().error, Errc::ping_timeout);
}

TEST_P(ChannelHold, is_not_done_unasked) {
  HostOptions options = holding();
  options.channel.hold_reading = false;
  StagedChannel other(GetParam(), options);
  other.host.on_message = channel.host.on_message;
  other.script.room = 0;
  other.host.start();
  EXPECT_FALSE(other.host->send(Opcode::binary, pattern_bytes(2000)));
  other.turn();
  for (int i = 0; i < 10; ++i) other.deliver(text_frame("more"));
  EXPECT_EQ(other.host.messages, 10U);
}

TEST_P(ChannelHold, does_not_spin_and_ends_with_a_peer_that_never_reads) {
  ask(20);
  channel.run_for(61s);
  EXPECT_EQ(channel.end().error, Errc::idle_timeout);
}

TEST_P(ChannelHold, R132_notices_a_reset) {
  ask(20);
  channel.script.hung_up = true;
  channel.script.break_off(make_error_code(std::errc::connection_reset));
  channel.turn(30);
  EXPECT_TRUE(channel.end().error);
}

TEST_P(ChannelHold, and_a_pause_both_have_to_be_over) {
  ask(20);
  const std::size_t before = channel.host.messages;
  channel.host->pause_reading();
  channel.host->resume_reading();
  channel.turn(3);
  EXPECT_EQ(channel.host.messages, before) << "the hold lasts";
  channel.host->pause_reading();
  channel.script.room = SIZE_MAX;
  channel.turn(10);
  EXPECT_EQ(channel.host.messages, before) << "the pause lasts";
  channel.host->resume_reading();
  channel.turn(100);
  EXPECT_EQ(channel.host.messages, 20U);
}

TEST_P(ChannelHold, R142_does_not_keep_a_closing_connection_for_ever) {
  ask(20);
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  channel.run_for(1s);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
}

TEST_P(ChannelHold, is_over_when_the_connection_has_failed) {
  ask(20);
  channel.host->fail(Errc::handler_failed);
  channel.script.room = SIZE_MAX;
  channel.script.end();
  channel.turn(40);
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
  EXPECT_EQ(channel.sent().back(), "close 1011");
}

/// The backlog may be written at the end of a turn, just before deferred deletion destroys the
/// channel.
TEST_P(ChannelHold, whoever_aborts_when_it_is_over_is_not_called_again) {
  ask(20);
  channel.host.on_drained = [&] { channel.host->abort(Errc::handler_failed); };
  channel.loop.post([&] {
    channel.script.room = SIZE_MAX;
    channel.host->pause_reading();
    channel.host->resume_reading();  // requests a flush in this turn
  });
  channel.turn();
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
  channel.turn(5);
}

// With real sockets.

class ChannelHoldOnLoop : public LoopTest {};
WIRESPAN_TEST_BOTH_BACK_ENDS(ChannelHoldOnLoop);

/// A peer that asks for much and takes nothing costs a bounded amount of memory.
TEST_P(ChannelHoldOnLoop, a_greedy_peer_is_served_at_its_own_pace) {
  SocketPair pair = tcp_pair();
  NonblockingPeer peer(std::move(pair.theirs));
  ChannelHost<net::TcpSocket> host(
      loop, net::TcpSocket(loop.network(), pair.ours.release()), Role::server,
      {.channel = {
           .send_high_watermark = 1 << 20, .send_low_watermark = 1 << 18, .hold_reading = true}});
  const ByteVector answer = pattern_bytes(1 << 16);
  host.on_message = [&](const Message&) {
    EXPECT_FALSE(host->send(Opcode::binary, answer)) << "the hard limit is far away";
  };
  host.start();
  const ByteVector question = masked(text_frame("more"));
  for (int i = 0; i < 300; ++i) peer.send(question);
  turn_for(loop, 10ms);
  std::size_t most = 0;
  EXPECT_TRUE(turn_until(loop, [&] {
    most = std::max(most, host->unsent_bytes());
    peer.pump();
    return peer.received().size() >= 300 * answer.size();
  }));
  EXPECT_EQ(host.messages, 300U);
}

}  // namespace
}  // namespace wirespan::test
