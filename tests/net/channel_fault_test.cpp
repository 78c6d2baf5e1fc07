// net/channel_impl.hpp: fault injection - every operation and every allocation fails in turn, and
// the peer leaves after every byte. The channel ends once, with the cause, and the loop goes on.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include "support/staged_channel.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

/// A connection from start to end: messages of all kinds, a backlog, a pause and a close.
class Life {
 public:
  Life(Role role, HostOptions options) : channel(role, std::move(options)) {
    channel.host.on_message = [this](const Message& message) {
      (void)channel.host->send(message.opcode, message.payload);
      if (channel.host.messages == 2) channel.host->pause_reading();
    };
  }

  void live() {
    channel.host.start();
    channel.receive(join({text_frame("one"), text_frame("two"), text_frame("three")}));
    channel.turn(2);
    resume();
    channel.script.room = 4000;
    channel.receive(frame(0x82, pattern_bytes(9000)));
    channel.receive(join({frame(0x01, bytes_of("in ")), frame(0x89, bytes_of("?"))}));
    channel.receive(frame(0x80, bytes_of("parts")));
    channel.turn(4);
    channel.script.room = SIZE_MAX;
    channel.run_for(1100ms);
    channel.receive(frame(0x8A, {}));
    channel.turn(2);
    if (!channel.host.ended()) (void)channel.host->close(CloseCode::normal, "enough");
    channel.turn(2);
    channel.receive(close_frame(1000));
    channel.script.end();
    channel.turn(2);
    channel.run_for(10s);
  }
  void resume() {
    if (!channel.host.ended()) channel.host->resume_reading();
    channel.turn(2);
  }

  StagedChannel channel;
};

HostOptions with_keep_alive() {
  return {.channel = {.keep_alive = {.interval = 1s}, .close_time = 500ms}};
}

const List whole_life{
    seen::text("one"),         seen::text("two"),      seen::text("three"), "message of 9000",
    seen::ping(bytes_of("?")), seen::text("in parts"), "ping sent",         seen::pong({})};

bool is_prefix(const List& events) {
  return events.size() <= whole_life.size() &&
         std::equal(events.begin(), events.end(), whole_life.begin());
}

class ChannelFaults : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelFaults);

TEST_P(ChannelFaults, R132_whatever_operation_of_the_stream_fails) {
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    Life life(GetParam(), with_keep_alive());
    life.channel.script.fail = &fail;
    life.live();
    ASSERT_TRUE(life.channel.host.ended());
    EXPECT_TRUE(life.channel.script.closed);
    EXPECT_TRUE(is_prefix(life.channel.events()))
        << ::testing::PrintToString(life.channel.events());
    const net::SessionEnd end = life.channel.end();
    const bool lost = end.error == std::errc::connection_reset;
    const bool after_the_last_word = !end.error && end.code == CloseCode::normal;
    EXPECT_TRUE(lost || after_the_last_word) << end.error.message();
    if (!fail.spent()) {
      EXPECT_EQ(life.channel.events(), whole_life);
    }
  });
  EXPECT_GE(places, 12);
}

TEST_P(ChannelFaults, R132_whatever_allocation_fails) {
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    CountingBlocks blocks(&fail);
    HostOptions options = with_keep_alive();
    options.blocks = &blocks.source();
    Life life(GetParam(), options);
    try {
      life.live();
    } catch (const std::bad_alloc&) {
      // A call from outside of a handler throws to its caller, which may abort the connection.
      if (!life.channel.host.ended()) {
        life.channel.host->abort(make_error_code(std::errc::not_enough_memory));
      }
    }
    life.channel.turn(3);
    ASSERT_TRUE(life.channel.host.ended());
    if (fail.spent()) {
      EXPECT_EQ(life.channel.end().error, std::errc::not_enough_memory);
      EXPECT_TRUE(is_prefix(life.channel.events()));
    }
    EXPECT_EQ(blocks.outstanding(), 0);
  });
  EXPECT_GE(places, 8);
}

TEST_P(ChannelFaults, R132_whatever_registration_fails) {
  for (int allowed = 0; allowed < 20; ++allowed) {
    Life life(GetParam(), with_keep_alive());
    auto& stage = life.channel.stage;
    const auto out_of_room = make_error_code(std::errc::no_space_on_device);
    if (allowed == 0) stage.register_error = out_of_room;
    life.channel.host.on_backlog = [&] { stage.register_error = out_of_room; };
    life.live();
    ASSERT_TRUE(life.channel.host.ended());
    EXPECT_EQ(life.channel.end().error, std::errc::no_space_on_device);
    if (allowed == 1) break;
  }
}

/// The stream ends, or is reset, after every single byte.
TEST_P(ChannelFaults, R132_the_peer_goes_at_every_byte) {
  const ByteVector wire = as_received_by(
      GetParam(), join({text_frame("one"), frame(0x01, bytes_of("tw")), frame(0x89, bytes_of("?")),
                        frame(0x80, bytes_of("o")), frame(0x82, pattern_bytes(130))}));
  const List all{seen::text("one"), seen::ping(bytes_of("?")), seen::text("two"),
                 seen::binary(pattern_bytes(130))};
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    for (const bool orderly : {true, false}) {
      StagedChannel channel(GetParam());
      channel.host.start();
      channel.script.receive(owned(Bytes(wire).first(cut)));
      if (cut == 0) channel.script.input.clear();
      orderly ? channel.script.end()
              : channel.script.break_off(make_error_code(std::errc::connection_reset));
      channel.turn(3);
      ASSERT_TRUE(channel.host.ended()) << cut;
      EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
      EXPECT_TRUE(channel.end().error);
      const auto& seen_events = channel.events();
      ASSERT_LE(seen_events.size(), all.size());
      EXPECT_TRUE(std::equal(seen_events.begin(), seen_events.end(), all.begin()))
          << "a part of a message was delivered as a whole, at " << cut;
      if (cut == wire.size()) {
        EXPECT_EQ(seen_events, all);
      }
    }
  }
}

TEST_P(ChannelFaults, R131_a_neighbour_does_not_notice) {
  Stage stage;
  net::EventLoop loop({.receive_buffer = 65536, .network = &stage});
  Script poor(stage);
  Script rich(stage);
  FailAfter at_once(0);
  CountingBlocks no_blocks(&at_once);
  ChannelHost<ScriptStream> poor_host(loop, ScriptStream(poor), GetParam(),
                                      {.blocks = &no_blocks.source()});
  ChannelHost<ScriptStream> rich_host(loop, ScriptStream(rich), GetParam());
  poor_host.echo();
  rich_host.echo();
  poor_host.start();
  rich_host.start();
  for (Script* script : {&poor, &rich}) {
    script->receive(as_received_by(GetParam(), text_frame("hello")));
  }
  loop.run_once(0ns);
  ASSERT_TRUE(poor_host.ended());
  EXPECT_EQ(poor_host.end->error, std::errc::not_enough_memory);
  EXPECT_FALSE(rich_host.ended());
  EXPECT_FALSE(rich.written.empty());
}

// With real sockets.

class ChannelFaultsOnLoop : public ::testing::TestWithParam<net::Backend> {};
WIRESPAN_TEST_BOTH_BACK_ENDS(ChannelFaultsOnLoop);

/// Each system call fails once, with each of four errors.
TEST_P(ChannelFaultsOnLoop, R132_whatever_system_call_fails) {
  for (const std::errc error : {std::errc::connection_reset, std::errc::not_enough_memory,
                                std::errc::no_buffer_space, std::errc::timed_out}) {
    const int places = run_until_nothing_fails([&](FailAfter& fail) {
      const std::size_t before = open_descriptors();
      {
        SpyNetwork network;
        network.error = make_error_code(error);
        net::EventLoop loop({.backend = GetParam(), .receive_buffer = 65536, .network = &network});
        SocketPair pair = tcp_pair();
        NonblockingPeer peer(std::move(pair.theirs));
        network.fail = &fail;
        ChannelHost<net::TcpSocket> host(loop, net::TcpSocket(network, pair.ours.release()),
                                         Role::server, {.channel = {.close_time = 100ms}});
        host.echo();
        host.start();
        peer.send(masked(text_frame("hello")));
        EXPECT_TRUE(turn_until(loop, [&] {
          peer.pump();
          return host.ended() || !peer.received().empty();
        }));
        peer.send(masked(close_frame(1000)));
        peer.shutdown_write();
        EXPECT_TRUE(turn_until(loop, [&] { return host.ended(); }));
        if (fail.spent() && host.end->error) {
          EXPECT_EQ(host.end->error, error);
        }
      }
      EXPECT_EQ(open_descriptors(), before);
    });
    EXPECT_GE(places, 4) << "registering, reading, writing, reading again";
  }
}

}  // namespace
}  // namespace wirespan::test
