// net/channel_impl.hpp over tls/tls_stream.cpp and TCP on loopback: every layer below app.
#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/channel_host.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using Host = ChannelHost<tls::TlsStream>;

bool same(Bytes one, Bytes other) { return std::ranges::equal(one, other); }

/// A client and a server on one event loop, over one TLS connection.
class TlsChannel : public ::testing::TestWithParam<net::Backend> {
 protected:
  SpyNetwork network;
  net::EventLoop loop{{.backend = GetParam(), .network = &network}};
  std::optional<Host> client;
  std::optional<Host> server;
  HostOptions options;
  int client_fd = -1;

  void open() {
    SocketPair pair = tcp_pair();
    client_fd = pair.ours.get();
    auto client_stream =
        *tls::TlsStream::client(net::make_transport(net::TcpSocket(network, pair.ours.release())),
                                client_context(), "localhost");
    auto server_stream = *tls::TlsStream::server(
        net::make_transport(net::TcpSocket(network, pair.theirs.release())), server_context());
    net::IoResult ours{.status = net::IoStatus::want_read};
    net::IoResult theirs = ours;
    for (int i = 0; i < 1'000'000 && (ours.would_block() || theirs.would_block()); ++i) {
      if (ours.would_block()) ours = client_stream.handshake();
      if (theirs.would_block()) theirs = server_stream.handshake();
    }
    ASSERT_TRUE(ours.is_ok() && theirs.is_ok());
    client.emplace(loop, std::move(client_stream), Role::client, options);
    server.emplace(loop, std::move(server_stream), Role::server, options);
    client->start();
    server->start();
  }
  bool run_until(const std::function<bool()>& done) { return turn_until(loop, done); }
  bool both_ended() { return client->ended() && server->ended(); }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(TlsChannel);

TEST_P(TlsChannel, echoes_messages_from_nothing_to_sixteen_megabytes) {
  open();
  server->echo();
  for (const std::size_t size : {0U, 1U, 125U, 16'383U, 16'384U, 65'536U, 1U << 20, 16U << 20}) {
    const ByteVector payload = pattern_bytes(size);
    bool back = false;
    client->on_message = [&](const Message& message) { back = same(message.payload, payload); };
    ASSERT_FALSE((*client)->send(Opcode::binary, payload));
    ASSERT_TRUE(run_until([&] { return back; })) << size;
  }
}

TEST_P(TlsChannel, carries_large_messages_both_ways_at_once) {
  open();
  const ByteVector large = pattern_bytes(8u << 20);
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
}

TEST_P(TlsChannel, many_small_messages_keep_their_order) {
  open();
  server->echo();
  int next = 0;
  client->on_message = [&](const Message& message) {
    EXPECT_EQ(message.text(), std::to_string(next++));
  };
  for (int i = 0; i < 5000; ++i) {
    ASSERT_FALSE((*client)->send(Opcode::text, bytes_of(std::to_string(i))));
  }
  EXPECT_TRUE(run_until([&] { return next == 5000; }));
  EXPECT_LT(network.writes, 200) << "batches, not messages";
}

TEST_P(TlsChannel, short_reads_and_writes_of_the_kernel_change_nothing) {
  open();
  network.most_per_read = 100;
  network.most_per_write = 60;
  server->echo();
  const ByteVector payload = pattern_bytes(30'000);
  int back = 0;
  client->on_message = [&](const Message& message) {
    EXPECT_TRUE(same(message.payload, payload));
    ++back;
  };
  for (int i = 0; i < 3; ++i) ASSERT_FALSE((*client)->send(Opcode::binary, payload));
  EXPECT_TRUE(run_until([&] { return back == 3; }));
}

TEST_P(TlsChannel, R124_R125_closes_from_either_side_and_nobody_sees_a_cut) {
  for (const bool by_client : {true, false}) {
    open();
    Host& closer = by_client ? *client : *server;
    Host& other = by_client ? *server : *client;
    ASSERT_FALSE(closer->close(CloseCode::going_away, "moving"));
    EXPECT_TRUE(run_until([&] { return both_ended(); }));
    EXPECT_FALSE(closer.end->error) << closer.end->error.message();
    EXPECT_FALSE(other.end->error) << other.end->error.message();
    EXPECT_EQ(closer.end->code, CloseCode::going_away);
    EXPECT_EQ(other.end->reason, "moving");
  }
}

TEST_P(TlsChannel, R107_closes_from_both_sides_at_once) {
  open();
  ASSERT_FALSE((*client)->close(CloseCode{3001}, ""));
  ASSERT_FALSE((*server)->close(CloseCode{3002}, ""));
  EXPECT_TRUE(run_until([&] { return both_ended(); }));
  EXPECT_FALSE(client->end->error);
  EXPECT_FALSE(server->end->error);
  EXPECT_EQ(client->end->code, CloseCode{3002});
}

TEST_P(TlsChannel, R129_a_violation_is_told_in_a_close_frame) {
  options.receive.max_message_size = 1000;
  open();
  ASSERT_FALSE((*client)->send(Opcode::binary, pattern_bytes(100'000)));
  EXPECT_TRUE(run_until([&] { return both_ended(); }));
  EXPECT_EQ(server->end->error, Errc::message_too_big);
  EXPECT_FALSE(client->end->error) << "it was told in a Close frame";
  EXPECT_EQ(client->end->code, CloseCode::message_too_big);
}

TEST_P(TlsChannel, R124_a_connection_that_is_cut_is_told_from_one_that_ends) {
  open();
  ASSERT_FALSE((*client)->send(Opcode::text, bytes_of("whole")));
  EXPECT_TRUE(run_until([&] { return server->messages == 1; }));
  network.shutdown_write(client_fd);  // TCP ends without close_notify
  EXPECT_TRUE(run_until([&] { return server->ended(); }));
  EXPECT_EQ(server->end->error, tls::TlsErrc::truncated);
  EXPECT_EQ(server->end->code, CloseCode::abnormal_closure);
}

TEST_P(TlsChannel, R132_an_abort_is_a_cut_for_the_other_side) {
  open();
  (*client)->abort(Errc::connection_lost);
  EXPECT_TRUE(run_until([&] { return server->ended(); }));
  EXPECT_TRUE(tls::is_tls_error(server->end->error) ||
              server->end->error == std::errc::connection_reset)
      << server->end->error.message();
}

TEST_P(TlsChannel, a_pause_loses_nothing_although_input_lies_in_buffers_of_tls) {
  open();
  server->on_message = [&](const Message&) {
    if (server->messages % 3 == 0) (*server)->pause_reading();
  };
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE((*client)->send(Opcode::binary, pattern_bytes(500)));
  }
  EXPECT_TRUE(run_until([&] {
    (*server)->resume_reading();
    return server->messages == 100;
  }));
}

TEST_P(TlsChannel, backpressure_works_through_tls) {
  options.channel.send_high_watermark = 1 << 20;
  options.channel.send_low_watermark = 1 << 18;
  options.channel.send_hard_limit = 4 << 20;
  open();
  (*client)->pause_reading();
  const ByteVector payload = pattern_bytes(1 << 16);
  std::size_t accepted = 0;
  for (int rounds = 0; rounds < 5; ++rounds) {
    while (!(*server)->send(Opcode::binary, payload)) ++accepted;
    turn_for(loop, 3ms);
  }
  EXPECT_GT(server->backlogs.size(), 0U);
  (*client)->resume_reading();
  EXPECT_TRUE(run_until([&] { return client->messages == accepted; }));
  EXPECT_EQ((*server)->unsent_bytes(), 0U);
}

TEST_P(TlsChannel, R112_pings_and_pongs_pass) {
  options.channel.keep_alive = {.interval = 15ms, .timeout = 10s};
  open();
  EXPECT_TRUE(run_until([&] { return client->events.size() >= 4 && server->events.size() >= 4; }));
  EXPECT_FALSE(client->ended());
  EXPECT_TRUE((*client)->keep_alive().last_pong());
}

/// Each system call fails once: both ends get an error, and no descriptor stays open.
TEST_P(TlsChannel, R132_whatever_system_call_fails) {
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    const std::size_t before = open_descriptors();
    options.channel.close_time = 200ms;
    open();
    network.fail = &fail;
    server->echo();
    (void)(*client)->send(Opcode::text, bytes_of("hello"));
    EXPECT_TRUE(
        run_until([&] { return client->messages == 1 || client->ended() || server->ended(); }));
    if (!client->ended()) (void)(*client)->close(CloseCode::normal, "");
    EXPECT_TRUE(run_until([&] { return both_ended(); }));
    network.fail = nullptr;
    client.reset();
    server.reset();
    EXPECT_EQ(open_descriptors(), before);
  });
  EXPECT_GE(places, 8);
}

TEST_P(TlsChannel, no_descriptor_is_left) {
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 6; ++i) {
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
