// net/channel_impl.hpp against raw peers on TCP: floods, resets, half-close, silence.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/back_ends.hpp"
#include "support/channel_host.hpp"
#include "support/frames.hpp"
#include "support/sockets.hpp"
#include "support/staged_channel.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using Host = ChannelHost<net::TcpSocket>;

class ChannelPeer : public ::testing::TestWithParam<std::tuple<net::Backend, Role>> {
 protected:
  net::EventLoop loop{{.backend = std::get<0>(GetParam())}};
  Role role = std::get<1>(GetParam());
  std::optional<NonblockingPeer> peer;
  std::optional<Host> host;

  void open(HostOptions options = {}, SocketPair pair = tcp_pair()) {
    peer.emplace(std::move(pair.theirs));
    host.emplace(loop, net::TcpSocket(loop.network(), pair.ours.release()), role,
                 std::move(options));
    host->start();
  }
  void send(const ByteVector& unmasked_wire) { peer->send(as_received_by(role, unmasked_wire)); }
  /// Returns everything that the peer has received, as frames.
  std::vector<std::string> frames() const {
    std::vector<std::string> list;
    const auto parsed = parse_frames(peer->received());
    EXPECT_TRUE(parsed);
    for (const WireFrame& one : parsed.value_or(std::vector<WireFrame>{})) {
      list.push_back(describe(one));
    }
    return list;
  }
  template <class Done>
  bool run_until(Done done) {
    return turn_until(loop, [&] {
      peer->pump();
      return done();
    });
  }
};

std::string peer_param_name(const ::testing::TestParamInfo<std::tuple<net::Backend, Role>>& param) {
  const auto [back_end, role] = param.param;
  return std::string(role == Role::server ? "server" : "client") + "_on_" +
         (back_end == net::Backend::epoll ? "epoll" : "poll");
}
INSTANTIATE_TEST_SUITE_P(of, ChannelPeer,
                         ::testing::Combine(::testing::Values(net::Backend::epoll,
                                                              net::Backend::poll),
                                            ::testing::Values(Role::client, Role::server)),
                         peer_param_name);

/// If the channel closed the connection at once, the kernel would answer the flood with a reset,
/// and the peer would never read the Close frame.
TEST_P(ChannelPeer, R129_one_that_floods_still_gets_the_close_frame) {
  open();
  send(join({text_frame("fine"), frame(0x83, {})}));
  for (int i = 0; i < 100; ++i) send(frame(0x82, pattern_bytes(1 << 16)));
  EXPECT_TRUE(run_until([&] { return peer->ended() || peer->broken(); }));
  EXPECT_FALSE(peer->broken()) << "a reset may have destroyed what was on its way";
  EXPECT_EQ(frames(), std::vector<std::string>{"close 1002"});
  peer->close();
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_EQ(host->end->error, Errc::reserved_opcode);
}

TEST_P(ChannelPeer, R129_too_big_a_message_is_refused_before_it_comes) {
  open({.receive = {.max_message_size = 1000}});
  ByteVector wire = frame(0x82, ByteVector(100'000));
  wire.resize(20);
  send(wire);
  EXPECT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(frames(), std::vector<std::string>{"close 1009"});
}

TEST_P(ChannelPeer, one_that_floods_for_ever_is_cut_off) {
  open({.channel = {.close_time = 60s}});
  send(frame(0x83, {}));
  const ByteVector more(1 << 20);
  EXPECT_TRUE(run_until([&] {
    if (peer->unsent() < more.size() && !peer->broken()) peer->send(more);
    return host->ended();
  }));
  EXPECT_EQ(host->end->error, Errc::reserved_opcode);
}

TEST_P(ChannelPeer, R132_that_vanishes_in_the_middle_of_a_frame_is_lost) {
  ByteVector wire = join({text_frame("whole"), frame(0x82, pattern_bytes(1000))});
  wire.resize(500);
  open();
  send(wire);
  peer->close();
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_TRUE(host->end->error);
  EXPECT_EQ(host->end->code, CloseCode::abnormal_closure);
  EXPECT_EQ(host->events, std::vector<std::string>{seen::text("whole")});
}

TEST_P(ChannelPeer, R132_that_resets_is_lost) {
  open();
  send(text_frame("hello"));
  EXPECT_TRUE(run_until([&] { return host->messages == 1; }));
  peer->reset();
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_EQ(host->end->error, std::errc::connection_reset);
}

TEST_P(ChannelPeer, R132_that_resets_while_we_have_a_backlog_is_lost) {
  open({.channel = {.send_hard_limit = std::size_t{64} << 20}});
  ASSERT_FALSE((*host)->send(Opcode::binary, ByteVector(32u << 20)));
  turn_for(loop, 5ms);
  EXPECT_FALSE(host->ended());
  peer->reset();
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_TRUE(host->end->error);
  EXPECT_GT(host->end->unsent_bytes, 0U);
}

TEST_P(ChannelPeer, R132_that_has_gone_is_found_out_by_writing) {
  open();
  (*host)->pause_reading();
  turn_for(loop, 2ms);
  peer->close();
  for (int i = 0; i < 1000 && !host->ended(); ++i) {
    (void)(*host)->send(Opcode::text, bytes_of("anybody?"));
    turn_for(loop, 1ms);
  }
  EXPECT_TRUE(host->ended());
}

TEST_P(ChannelPeer, that_ends_its_direction_may_read_the_answer) {
  open();
  host->echo();
  send(join({text_frame("question"), close_frame(1000)}));
  peer->shutdown_write();
  EXPECT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(frames(), (std::vector<std::string>{"text \"question\"", "close 1000"}));
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_FALSE(host->end->error);
}

TEST_P(ChannelPeer, R142_that_does_not_answer_a_close_is_cut_off) {
  const auto begin = std::chrono::steady_clock::now();
  open({.channel = {.close_time = 40ms}});
  ASSERT_FALSE((*host)->close(CloseCode::normal, ""));
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 40ms);
  EXPECT_EQ(host->end->error, Errc::close_timeout);
}

TEST_P(ChannelPeer, R142_that_does_not_read_is_cut_off) {
  open({.channel = {.close_time = 40ms, .send_hard_limit = std::size_t{64} << 20}});
  ASSERT_FALSE((*host)->send(Opcode::binary, ByteVector(32u << 20)));
  turn_for(loop, 5ms);
  ASSERT_FALSE((*host)->close(CloseCode::normal, ""));
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_EQ(host->end->error, Errc::close_timeout);
}

TEST_P(ChannelPeer, R112_that_is_silent_is_given_up) {
  const auto begin = loop.now();  // from the turn in which a channel is made its times count
  open({.channel = {.keep_alive = {.interval = 30ms, .timeout = 20ms}}});
  EXPECT_TRUE(turn_until(loop, [&] { return host->ended(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
  EXPECT_EQ(host->end->error, Errc::ping_timeout);
}

TEST_P(ChannelPeer, R112_that_answers_pings_is_kept) {
  open({.channel = {.keep_alive = {.interval = 20ms, .timeout = 15s}}});
  EXPECT_TRUE(run_until([&] {
    if (peer->received().size() > 0) send(frame(0x8A, {}));
    return host->events.size() > 8;
  }));
  EXPECT_FALSE(host->ended());
}

TEST_P(ChannelPeer, that_says_nothing_at_all_is_sent_away) {
  open({.channel = {.close_time = 20ms, .idle_time = 30ms}});
  EXPECT_TRUE(run_until([&] { return host->ended(); }));
  EXPECT_EQ(host->end->error, Errc::idle_timeout);
  EXPECT_EQ(frames(), std::vector<std::string>{"close 1001"});
}

TEST_P(ChannelPeer, on_a_local_socket_is_a_peer_like_any_other) {
  open({}, unix_pair());
  host->echo();
  send(text_frame("hello"));
  EXPECT_TRUE(run_until([&] { return !peer->received().empty(); }));
  send(close_frame(1000));
  peer->shutdown_write();
  EXPECT_TRUE(run_until([&] { return host->ended(); }));
  EXPECT_EQ(frames(), (std::vector<std::string>{"text \"hello\"", "close 1000"}));
  EXPECT_FALSE(host->end->error);
}

}  // namespace
}  // namespace wirespan::test
