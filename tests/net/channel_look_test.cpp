// net/channel_impl.hpp: a channel that is asked to look for input while its loop polls busily.
#include <chrono>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/channel_host.hpp"
#include "support/frames.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

/// A server's channel that was ready last. Its loop's poller finds nothing any more while the loop
/// polls busily, so whatever happens was found by the channel's own look.
class ChannelLook : public ::testing::Test {
 protected:
  SpyNetwork network;
  net::EventLoop loop{{.network = &network, .busy_poll = 10s}};
  SocketPair pair = tcp_pair();
  NonblockingPeer peer{std::move(pair.theirs)};
  ChannelHost<net::TcpSocket> host{loop, net::TcpSocket(network, pair.ours.release()),
                                   Role::server};

  void SetUp() override {
    host.start();
    send(frame(0x81, bytes_of("first")));
    loop.run_once(5s);
    ASSERT_EQ(host.events, List{seen::text("first")});
    host.events.clear();
    network.pollers_are_blind = true;
  }
  void send(const ByteVector& unmasked_wire) {
    peer.send(as_received_by(Role::server, unmasked_wire));
  }
};

TEST_F(ChannelLook, delivers_and_answers_in_the_same_turn) {
  host.echo();
  send(join({frame(0x81, bytes_of("second")), frame(0x89, bytes_of("?"))}));
  loop.run_once(5s);
  EXPECT_EQ(host.events, (List{seen::text("second"), seen::ping(bytes_of("?"))}));
  while (peer.received().size() < 11) peer.pump();
  EXPECT_EQ(peer.received(), join({frame(0x81, bytes_of("second")), frame(0x8A, bytes_of("?"))}));
}

TEST_F(ChannelLook, goes_on_in_the_middle_of_a_frame) {
  const ByteVector wire = as_received_by(Role::server, frame(0x81, bytes_of("in two parts")));
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    host.events.clear();
    peer.send(Bytes(wire).first(cut));
    loop.run_once(5s);
    EXPECT_EQ(host.events, List{}) << cut;
    peer.send(Bytes(wire).subspan(cut));
    loop.run_once(5s);
    EXPECT_EQ(host.events, List{seen::text("in two parts")}) << cut;
  }
}

TEST_F(ChannelLook, finds_the_peers_close_frame) {
  send(frame(0x88, ByteVector{std::byte{3}, std::byte{232}}));
  loop.run_once(5s);
  network.pollers_are_blind = false;
  peer.close();
  while (!host.ended()) loop.run_once(5s);
  EXPECT_EQ(host.end->code, CloseCode::normal);
}

TEST_F(ChannelLook, finds_the_end_of_the_stream) {
  peer.close();
  while (!host.ended()) loop.run_once(5s);
  EXPECT_TRUE(host.end->error);
}

TEST_F(ChannelLook, finds_a_reset) {
  peer.reset();
  while (!host.ended()) loop.run_once(5s);
  EXPECT_EQ(host.end->error, std::errc::connection_reset);
}

TEST_F(ChannelLook, may_drop_the_channel_from_its_handler) {
  host.on_message = [&](const Message&) { host->abort(make_error_code(std::errc::timed_out)); };
  send(frame(0x81, bytes_of("last")));
  loop.run_once(5s);
  ASSERT_TRUE(host.ended());
  loop.run_once(0ms);
}

TEST_F(ChannelLook, reads_nothing_during_a_pause) {
  host->pause_reading();
  send(frame(0x81, bytes_of("later")));
  const int reads = network.reads;
  loop.run_once(2ms);
  EXPECT_EQ(network.reads, reads);
  EXPECT_EQ(host.events, List{});
  host->resume_reading();
  loop.run_once(5s);
  EXPECT_EQ(host.events, List{seen::text("later")});
}

TEST_F(ChannelLook, writes_nothing_and_asks_for_nothing_without_input) {
  const int writes = network.writes;
  const int registrations = network.registrations;
  const int reads = network.reads;
  loop.run_once(1ms);
  EXPECT_GT(network.reads, reads);
  EXPECT_EQ(network.writes, writes);
  EXPECT_EQ(network.registrations, registrations);
}

TEST_F(ChannelLook, without_memory_the_channel_ends_and_the_turn_goes_on) {
  host.on_message = [](const Message&) { throw std::bad_alloc(); };
  send(frame(0x81, bytes_of("too much")));
  bool ran = false;
  ASSERT_TRUE(loop.post([&] { ran = true; }));
  loop.run_once(5s);
  ASSERT_TRUE(host.ended());
  EXPECT_EQ(host.end->error, std::errc::not_enough_memory);
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace wirespan::test
