// net/channel_impl.hpp: paused reading - nothing is read, nothing is lost, and the end of the
// connection is noticed all the same.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/plain_posix.hpp"
#include "support/sockets.hpp"
#include "support/staged_channel.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

class ChannelPause : public RoleTest {
 protected:
  StagedChannel channel{GetParam()};

  ByteVector numbered(int from, int to) {
    ByteVector wire;
    for (int i = from; i < to; ++i) wire = join({wire, text_frame(std::to_string(i))});
    return wire;
  }
  List seen_numbers(int from, int to) {
    List list;
    for (int i = from; i < to; ++i) list.push_back(seen::text(std::to_string(i)));
    return list;
  }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelPause);

TEST_P(ChannelPause, nothing_is_read_until_it_is_over) {
  channel.host.start();
  channel.turn();
  channel.host->pause_reading();
  channel.receive(numbered(0, 3));
  channel.turn(5);
  EXPECT_EQ(channel.script.reads, 0);
  channel.host->resume_reading();
  EXPECT_TRUE(channel.events().empty()) << "not from within the call";
  channel.turn();
  EXPECT_EQ(channel.events(), seen_numbers(0, 3));
}

TEST_P(ChannelPause, before_the_start_holds_from_the_start) {
  channel.host->pause_reading();
  channel.receive(numbered(2, 4));
  channel.host.start(as_received_by(GetParam(), numbered(0, 2)));
  channel.turn(3);
  EXPECT_TRUE(channel.events().empty());
  channel.host->resume_reading();
  channel.turn(2);
  EXPECT_EQ(channel.events(), seen_numbers(0, 4));
}

/// The rest of the batch lies in the buffer that all connections share: the channel has to copy it.
TEST_P(ChannelPause, in_the_middle_of_a_batch_keeps_the_rest_in_order) {
  channel.host.on_message = [&](const Message&) {
    if (channel.host.messages % 2 == 0) channel.host->pause_reading();
  };
  channel.host.start();
  channel.deliver(numbered(0, 7));
  EXPECT_EQ(channel.events(), seen_numbers(0, 2));
  std::fill(channel.loop.receive_buffer().begin(), channel.loop.receive_buffer().end(),
            std::byte{0xEE});
  channel.receive(numbered(7, 9));
  for (std::size_t resumed = 1; resumed <= 4; ++resumed) {
    channel.turn(2);
    EXPECT_EQ(channel.events().size(), 2 * resumed);
    channel.host->resume_reading();
  }
  channel.turn(2);
  EXPECT_EQ(channel.events(), seen_numbers(0, 9));
}

TEST_P(ChannelPause, in_the_middle_of_a_batch_at_every_byte) {
  const ByteVector wire = as_received_by(
      GetParam(), join({numbered(0, 1), frame(0x82, pattern_bytes(300)), numbered(1, 3)}));
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    StagedChannel one(GetParam());
    one.host.on_message = [&](const Message&) { one.host->pause_reading(); };
    one.host.start();
    one.script.receive(owned(Bytes(wire).first(cut)));
    one.script.receive(owned(Bytes(wire).subspan(cut)));
    for (int i = 0; i < 10; ++i) {
      one.turn();
      one.host->resume_reading();
    }
    ASSERT_EQ(one.events(),
              (List{seen::text("0"), "message of 300", seen::text("1"), seen::text("2")}))
        << cut;
  }
}

TEST_P(ChannelPause, that_is_over_at_once_is_none) {
  channel.host.on_message = [&](const Message&) {
    channel.host->pause_reading();
    channel.host->resume_reading();
  };
  channel.host.start();
  channel.deliver(numbered(0, 5));
  channel.turn(2);
  EXPECT_EQ(channel.events(), seen_numbers(0, 5));
}

TEST_P(ChannelPause, does_not_stop_writing) {
  channel.host.start();
  channel.host->pause_reading();
  channel.script.room = 10;
  EXPECT_FALSE(channel.host->send(Opcode::binary, pattern_bytes(200)));
  channel.turn(2);
  channel.script.room = SIZE_MAX;
  channel.turn(2);
  EXPECT_EQ(channel.sent().size(), 1U);
  EXPECT_EQ(channel.script.reads, 0);
}

TEST_P(ChannelPause, costs_one_registration_each_way_and_no_spinning) {
  channel.host.start();
  channel.receive(numbered(0, 1));
  channel.turn();
  channel.host->pause_reading();
  channel.receive(numbered(1, 2));
  channel.run_for(1s);
  EXPECT_EQ(channel.stage.calls.modify, 1);
  channel.host->resume_reading();
  channel.run_for(1s);
  EXPECT_EQ(channel.stage.calls.modify, 2);
  EXPECT_EQ(channel.events(), seen_numbers(0, 2));
}

TEST_P(ChannelPause, R132_a_reset_ends_it_all_the_same) {
  channel.host.start();
  channel.turn();
  channel.host->pause_reading();
  channel.turn();
  channel.script.hung_up = true;
  channel.script.break_off(make_error_code(std::errc::connection_reset));
  channel.turn();
  EXPECT_TRUE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::abnormal_closure);
}

TEST_P(ChannelPause, an_end_that_came_while_paused_is_found_when_it_is_over) {
  channel.host.start();
  channel.host->pause_reading();
  channel.receive(numbered(0, 1));
  channel.receive(close_frame(1000));
  channel.script.end();
  channel.turn(3);
  EXPECT_FALSE(channel.host.ended());
  channel.host->resume_reading();
  channel.turn(5);
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::normal);
}

TEST_P(ChannelPause, a_close_of_ours_ends_it_and_discards_what_was_held_back) {
  channel.host.start();
  channel.host->pause_reading();
  channel.receive(numbered(0, 3));
  channel.turn();
  EXPECT_FALSE(channel.host->close(CloseCode::normal, "", {}, net::AfterClose::deliver));
  channel.receive(close_frame(1000));
  channel.script.end();
  channel.turn(3);
  EXPECT_EQ(channel.sent(), List{"close 1000"});
  EXPECT_EQ(channel.events(), List{});
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::normal);
}

TEST_P(ChannelPause, R142_does_not_hold_up_the_deadline_of_a_close) {
  channel.host.start();
  channel.host->pause_reading();
  EXPECT_FALSE(channel.host->close(CloseCode::normal, ""));
  channel.run_for(10s);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
}

/// A failed connection reads although it is paused, and discards the input: unread input would make
/// the kernel reset the connection and destroy our Close frame on its way.
TEST_P(ChannelPause, a_failed_connection_reads_to_the_end) {
  channel.host.start();
  channel.host->pause_reading();
  channel.receive(numbered(0, 100));
  channel.turn();
  channel.host->fail(Errc::handler_failed);
  channel.script.end();
  channel.run_for(1s);
  EXPECT_TRUE(channel.script.shutdowns > 0);
  EXPECT_TRUE(channel.host.ended()) << "the peer has ended long ago";
  EXPECT_GT(channel.script.reads, 0);
}

/// As in a proxy: the reader of one connection pauses while the other one has a backlog. In one
/// turn the other one drains, while an event for the reader is still to be dispatched.
TEST_P(ChannelPause, resumed_in_the_turn_of_its_own_event_nothing_is_lost) {
  Stage stage;
  net::EventLoop loop({.receive_buffer = 65536, .network = &stage});
  Script first(stage);
  Script second(stage);  // the poller of the stage reports in this order
  ChannelHost<ScriptStream> resumer(loop, ScriptStream(first), GetParam());
  ChannelHost<ScriptStream> reader(loop, ScriptStream(second), GetParam());
  resumer.on_message = [&](const Message&) { reader->resume_reading(); };
  reader.on_message = [&](const Message&) {
    if (reader.messages == 1) reader->pause_reading();
  };
  resumer.start();
  reader.start();
  second.receive(as_received_by(GetParam(), numbered(0, 2)));
  loop.run_once(0ns);
  EXPECT_EQ(reader.messages, 1U);
  // The peer has sent more and hung up, as one end of a local socket pair may.
  second.receive(as_received_by(GetParam(), numbered(2, 3)));
  second.hung_up = true;
  first.receive(as_received_by(GetParam(), text_frame("go on")));
  loop.run_once(0ns);
  second.end();
  for (int i = 0; i < 3; ++i) loop.run_once(0ns);
  EXPECT_EQ(reader.events, seen_numbers(0, 3));
}

/// The owner learns that the peer has left while reading is paused, without resume_reading(), and
/// first gets the messages the peer had sent.
TEST_P(ChannelPause, a_peer_that_has_left_is_told_after_what_it_had_sent) {
  channel.host.start();
  channel.host->pause_reading();
  channel.turn();
  channel.receive(join({numbered(0, 2), close_frame(1000)}));
  channel.run_for(60s);
  EXPECT_FALSE(channel.host.ended());
  EXPECT_EQ(channel.script.reads, 0);
  channel.script.end();
  channel.script.ended = true;
  channel.turn(3);
  EXPECT_EQ(channel.events(), seen_numbers(0, 2));
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.end().code, CloseCode::normal);
}

TEST_P(ChannelPause, asked_for_again_by_the_handler_of_a_peer_that_has_left_is_passed_over) {
  channel.host.on_message = [&](const Message&) { channel.host->pause_reading(); };
  channel.host.start();
  channel.host->pause_reading();
  channel.receive(numbered(0, 3));
  channel.script.end();
  channel.script.ended = true;
  channel.turn(3);
  EXPECT_EQ(channel.events(), seen_numbers(0, 3));
  EXPECT_EQ(channel.end().error, Errc::connection_lost);
}

// With real sockets.

class ChannelPauseOnLoop : public LoopTest {
 protected:
  using Host = ChannelHost<net::TcpSocket>;

  Host make_host(SocketPair& pair) {
    return Host(loop, net::TcpSocket(loop.network(), pair.ours.release()), Role::server);
  }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(ChannelPauseOnLoop);

/// The kernel's buffers fill up, and the channel's do not.
TEST_P(ChannelPauseOnLoop, the_peer_has_to_wait_and_nothing_is_lost) {
  SocketPair pair = tcp_pair();
  NonblockingPeer peer(std::move(pair.theirs));
  Host host = make_host(pair);
  host.start();
  host->pause_reading();
  const ByteVector message = masked(frame(0x82, pattern_bytes(1 << 16)));
  for (int i = 0; i < 512; ++i) peer.send(message);
  turn_for(loop, 10ms);
  EXPECT_GT(peer.unsent(), std::size_t{8} << 20);
  EXPECT_EQ(host.messages, 0U);
  host->resume_reading();
  EXPECT_TRUE(turn_until(loop, [&] {
    peer.push();
    return host.messages == 512;
  }));
  EXPECT_LE(loop.buffers().idle(), std::size_t{16} << 20);
}

TEST_P(ChannelPauseOnLoop, R132_a_reset_is_noticed) {
  SocketPair pair = tcp_pair();
  NonblockingPeer peer(std::move(pair.theirs));
  Host host = make_host(pair);
  host.start();
  host->pause_reading();
  peer.send(masked(text_frame("unread")));
  turn_for(loop, 5ms);
  peer.reset();
  EXPECT_TRUE(turn_until(loop, [&] { return host.ended(); }));
  EXPECT_TRUE(host.end->error);
}

TEST_P(ChannelPauseOnLoop, a_peer_that_has_left_is_told) {
  if (plain_posix) GTEST_SKIP() << "poll() does not tell of a half-close";
  SocketPair pair = tcp_pair();
  NonblockingPeer peer(std::move(pair.theirs));
  Host host = make_host(pair);
  host.start();
  host->pause_reading();
  peer.send(masked(join({text_frame("unread"), close_frame(1000)})));
  peer.close();
  EXPECT_TRUE(turn_until(loop, [&] { return host.ended(); }));
  EXPECT_EQ(host.events, List{seen::text("unread")});
}

TEST_P(ChannelPauseOnLoop, a_peer_that_has_left_is_told_on_a_local_socket) {
  SocketPair pair = unix_pair();
  NonblockingPeer peer(std::move(pair.theirs));
  Host host = make_host(pair);
  host.start();
  host->pause_reading();
  peer.send(masked(join({text_frame("unread"), close_frame(1000)})));
  peer.close();
  EXPECT_TRUE(turn_until(loop, [&] { return host.ended(); }));
  EXPECT_EQ(host.events, List{seen::text("unread")});
}

}  // namespace
}  // namespace wirespan::test
