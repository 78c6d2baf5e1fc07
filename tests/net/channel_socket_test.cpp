// net/channel_impl.hpp over TCP on loopback: messages of all sizes, in both directions.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/channel_host.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using Host = ChannelHost<net::TcpSocket>;

bool same(Bytes one, Bytes other) { return std::ranges::equal(one, other); }

/// Returns a pattern of 64 KiB pieces, each with its number in front; fast to make.
ByteVector large_pattern(std::size_t size) {
  ByteVector piece = pattern_bytes(1 << 16);
  ByteVector whole;
  whole.reserve(size);
  for (unsigned number = 0; whole.size() < size; ++number) {
    std::memcpy(piece.data(), &number, sizeof number);
    whole.insert(whole.end(), piece.begin(), piece.end());
  }
  return whole;
}

/// A client and a server on one event loop, over one connection.
class ChannelOverTcp : public ::testing::TestWithParam<net::Backend> {
 protected:
  SpyNetwork network;
  net::EventLoop loop{{.backend = GetParam(), .network = &network}};
  std::optional<Host> client;
  std::optional<Host> server;
  HostOptions options;

  void open(SocketPair pair = tcp_pair()) {
    client.emplace(loop, net::TcpSocket(network, pair.ours.release()), Role::client, options);
    server.emplace(loop, net::TcpSocket(network, pair.theirs.release()), Role::server, options);
    client->start();
    server->start();
  }
  bool both_ended() { return client->ended() && server->ended(); }
  /// 128 MiB take long under sanitizers.
  bool run_until(const std::function<bool()>& done) { return turn_until(loop, done, 60s); }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(ChannelOverTcp);

TEST_P(ChannelOverTcp, echoes_every_size) {
  open();
  server->echo();
  const std::size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
  std::size_t at = 0;
  client->on_message = [&](const Message& message) {
    EXPECT_EQ(message.payload.size(), sizes[at]);
    EXPECT_TRUE(same(message.payload, pattern_bytes(sizes[at])));
    ++at;
  };
  for (const std::size_t size : sizes) {
    ASSERT_FALSE((*client)->send(Opcode::binary, pattern_bytes(size)));
    ASSERT_TRUE(run_until([&] { return sizes[at == 0 ? 0 : at - 1] == size && at > 0; }));
  }
  EXPECT_EQ(at, std::size(sizes));
}

TEST_P(ChannelOverTcp, carries_large_messages_both_ways_at_once) {
  constexpr std::size_t size = std::size_t{64} << 20;
  options.receive.max_message_size = size;
  options.channel.send_hard_limit = 2 * size;
  open();
  const ByteVector large = large_pattern(size);
  int right = 0;
  const auto check = [&](const Message& message) {
    EXPECT_TRUE(same(message.payload, large));
    ++right;
  };
  client->on_message = check;
  server->on_message = check;
  ASSERT_FALSE((*client)->send(Opcode::binary, large));
  ASSERT_FALSE((*server)->send(Opcode::binary, large));
  EXPECT_TRUE(run_until([&] { return right == 2; }));
  EXPECT_EQ(client->backlogs.back(), 0U);
}

TEST_P(ChannelOverTcp, a_thousand_small_messages_keep_their_order) {
  open();
  server->echo();
  int next = 0;
  client->on_message = [&](const Message& message) {
    EXPECT_EQ(message.text(), std::to_string(next++));
  };
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE((*client)->send(Opcode::text, bytes_of(std::to_string(i))));
  }
  EXPECT_TRUE(run_until([&] { return next == 1000; }));
  EXPECT_LT(network.writes, 100) << "batches, not messages";
}

TEST_P(ChannelOverTcp, short_reads_and_writes_change_nothing) {
  network.most_per_write = 3;
  network.most_per_read = 5;
  open();
  server->echo();
  int right = 0;
  client->on_message = [&](const Message& message) {
    EXPECT_TRUE(same(message.payload, pattern_bytes(1000)));
    ++right;
  };
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE((*client)->send(Opcode::binary, pattern_bytes(1000)));
  }
  EXPECT_TRUE(run_until([&] { return right == 3; }));
}

TEST_P(ChannelOverTcp, small_kernel_buffers_change_nothing) {
  SocketPair pair = tcp_pair();
  shrink_send_buffer(pair.ours.get());
  shrink_send_buffer(pair.theirs.get());
  open(std::move(pair));
  server->echo();
  const ByteVector payload = pattern_bytes(300'000);
  std::size_t right = 0;
  client->on_message = [&](const Message& message) {
    EXPECT_TRUE(same(message.payload, payload));
    ++right;
  };
  for (int i = 0; i < 4; ++i) {
    ASSERT_FALSE((*client)->send(Opcode::binary, payload));
  }
  EXPECT_TRUE(run_until([&] { return right == 4; }));
}

/// A round trip costs one wait, one read and one write on each side, and no registration.
TEST_P(ChannelOverTcp, a_round_trip_costs_two_system_calls_a_side) {
  open();
  server->echo();
  std::size_t answers = 0;
  client->on_message = [&](const Message&) { ++answers; };
  const auto round_trip = [&] {
    const std::size_t before = answers;
    EXPECT_FALSE((*client)->send(Opcode::text, bytes_of("ping-pong")));
    EXPECT_TRUE(run_until([&] { return answers > before; }));
  };
  round_trip();
  const int reads = network.reads;
  const int writes = network.writes;
  const int registrations = network.registrations;
  for (int i = 0; i < 100; ++i) round_trip();
  EXPECT_EQ(network.reads - reads, 200);
  EXPECT_EQ(network.writes - writes, 200);
  EXPECT_EQ(network.registrations, registrations);
}

TEST_P(ChannelOverTcp, R125_closes_from_either_side) {
  for (const bool by_client : {true, false}) {
    open();
    Host& closer = by_client ? *client : *server;
    Host& other = by_client ? *server : *client;
    ASSERT_FALSE(closer->close(CloseCode::going_away, "moving"));
    EXPECT_TRUE(run_until([&] { return both_ended(); }));
    EXPECT_FALSE(closer.end->error);
    EXPECT_FALSE(other.end->error);
    EXPECT_EQ(closer.end->code, CloseCode::going_away);
    EXPECT_EQ(other.end->reason, "moving");
    client.reset();
    server.reset();
  }
}

TEST_P(ChannelOverTcp, R107_closes_from_both_sides_at_once) {
  open();
  ASSERT_FALSE((*client)->close(CloseCode{3001}, ""));
  ASSERT_FALSE((*server)->close(CloseCode{3002}, ""));
  EXPECT_TRUE(run_until([&] { return both_ended(); }));
  EXPECT_FALSE(client->end->error);
  EXPECT_FALSE(server->end->error);
  EXPECT_EQ(client->end->code, CloseCode{3002});
  EXPECT_EQ(server->end->code, CloseCode{3001});
}

TEST_P(ChannelOverTcp, what_was_sent_before_the_close_arrives) {
  open();
  std::size_t bytes = 0;
  client->on_message = [&](const Message& message) { bytes += message.payload.size(); };
  const ByteVector payload(1 << 20);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE((*server)->send(Opcode::binary, payload));
  ASSERT_FALSE((*server)->close(CloseCode::normal, ""));
  EXPECT_TRUE(run_until([&] { return both_ended(); }));
  EXPECT_EQ(bytes, std::size_t{10} << 20);
  EXPECT_FALSE(client->end->error);
}

TEST_P(ChannelOverTcp, backpressure_is_told_and_lifted) {
  options.channel.send_high_watermark = 1 << 20;
  options.channel.send_low_watermark = 1 << 18;
  options.channel.send_hard_limit = 4 << 20;
  open();
  (*client)->pause_reading();
  const ByteVector message = pattern_bytes(1 << 16);
  std::size_t accepted = 0;
  const auto fill = [&] {
    while (!(*server)->send(Opcode::binary, message)) ++accepted;
  };
  std::size_t before = accepted - 1;
  while (accepted != before) {  // until the kernel takes nothing more, either
    before = accepted;
    fill();
    turn_for(loop, 5ms);
  }
  EXPECT_LE((*server)->unsent_bytes(), options.channel.send_hard_limit);
  EXPECT_GT((*server)->unsent_bytes(), options.channel.send_high_watermark);
  (*client)->resume_reading();
  EXPECT_TRUE(run_until([&] { return client->messages == accepted; }));
  ASSERT_FALSE(server->events.empty());
  EXPECT_EQ(server->events.back(), "drained");
}

TEST_P(ChannelOverTcp, no_descriptor_is_left) {
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    open();
    if (i % 3 == 0) (*client)->abort(Errc::connection_lost);
    if (i % 3 == 1) (void)(*server)->close(CloseCode::normal, "");
    if (i % 3 == 2) (*server)->fail(Errc::handler_failed);
    EXPECT_TRUE(run_until([&] { return both_ended(); }));
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace wirespan::test
