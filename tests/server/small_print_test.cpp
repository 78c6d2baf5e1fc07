// Promises of the server that stand in half a sentence of its headers: what an option leaves alone,
// which thread comes first, what a handle says about a connection that has gone.
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerSmallPrint : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerSmallPrint);

/// ServerOptions::origins
TEST_P(ServerSmallPrint, origins_are_checked_before_on_request_is_asked) {
  std::atomic<int> asked{0};
  RunningServer server({.on_request =
                            [&](PendingRequest request) {
                              ++asked;
                              request.accept();
                            }},
                       link());
  RawPeer stranger = server.dial();
  stranger.write(upgrade_request("Origin: https://elsewhere.example\r\n"));
  EXPECT_TRUE(stranger.read_to_end().starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(asked, 0);
  RawPeer friendly = server.open();
  EXPECT_EQ(asked, 1);
}

/// ServerStats::handshaking
TEST_P(ServerSmallPrint, stop_ends_the_handshakes_under_way_and_counts_them_out) {
  RunningServer server(echoing(), link());
  const RawPeer silent = RawPeer::to_port(server.port());
  ASSERT_TRUE(eventually([&] { return server.server().stats().handshaking == 1; }));
  server.server().stop();
  server.wait();
  EXPECT_EQ(server.server().stats().handshaking, 0U);
}

/// ServerOptions::idle_time is of servers without pings.
TEST_P(ServerSmallPrint, with_pings_no_idle_time_counts) {
  RunningServer server(echoing(), link(), {.idle_time = 100ms, .ping_interval = 60s});
  RawPeer silent = server.open();
  EXPECT_FALSE(silent.has_input(500ms));
  silent.send_text("still here");
  EXPECT_EQ(silent.read_described(), "text \"still here\"");
}

/// ServerConnection::publish order: a message of another thread that was accepted first is first.
TEST_P(ServerSmallPrint, what_another_thread_has_sent_goes_before_what_the_loop_publishes) {
  WebSocketServer* running = nullptr;
  ServerHandlers handlers;
  handlers.on_open = [](const ServerConnection& connection) { (void)connection.subscribe("news"); };
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    std::thread([&] { EXPECT_TRUE(connection.send_text("first").accepted()); }).join();
    EXPECT_FALSE(running->publish("news", "second"));
  };
  RunningServer server(handlers, link());
  running = &server.server();
  RawPeer client = server.open();
  client.send_text("go");
  EXPECT_EQ(client.read_described(), "text \"first\"");
  EXPECT_EQ(client.read_described(), "text \"second\"");
}

/// WebSocketServer::publish(): a key belongs to its topic.
TEST_P(ServerSmallPrint, keys_of_two_topics_are_never_the_same) {
  WebSocketServer* running = nullptr;
  ServerHandlers handlers;
  handlers.on_open = [](const ServerConnection& connection) {
    (void)connection.subscribe("a");
    (void)connection.subscribe("ab");
  };
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    (void)connection.send_binary(ByteVector(12 << 20));  // the kernel does not take all of it
    connection.post([&](const ServerConnection&) {
      EXPECT_FALSE(running->publish("a", "of a", "bc"));
      EXPECT_FALSE(running->publish("ab", "of ab", "c"));
      EXPECT_FALSE(running->publish("a", "of a, newer", "bc"));
    });
  };
  RunningServer server(handlers, link());
  running = &server.server();
  RawPeer client = server.open();
  client.send_text("go");
  ASSERT_TRUE(eventually([&] { return server.server().stats().conflated == 1; }));
  EXPECT_EQ(client.read_frame().payload.size(), std::size_t{12} << 20);
  EXPECT_EQ(client.read_described(), "text \"of a, newer\"");
  EXPECT_EQ(client.read_described(), "text \"of ab\"");
}

/// ServerConnection::buffered_amount() from another thread.
TEST_P(ServerSmallPrint, a_handle_of_a_closed_connection_knows_nothing_of_its_successor) {
  std::optional<ServerConnection> first;
  std::atomic<bool> has_backlog{false};
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) {
    if (!first) first.emplace(connection);
  };
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    (void)connection.send_binary(ByteVector(12 << 20));
    connection.post(
        [&](const ServerConnection& self) { has_backlog = self.buffered_amount() > 0; });
  };
  RunningServer server(handlers, link(), {.max_connections = 1});
  server.open().reset();
  ASSERT_TRUE(eventually([&] { return server.server().stats().closed == 1; }));
  RawPeer second = server.open();
  second.send_text("go");
  ASSERT_TRUE(eventually([&] { return has_backlog.load(); }));
  EXPECT_EQ(first->buffered_amount(), 0U);
}

/// ServerHandlers::on_close
TEST_P(ServerSmallPrint, abort_is_told_as_connection_closed) {
  std::atomic<int> value{0};
  ServerHandlers handlers;
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    (void)connection.abort();
  };
  handlers.on_close = [&](const ServerConnection&, CloseCode, std::string_view,
                          std::error_code error) { value = error.value(); };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("go");
  EXPECT_TRUE(eventually([&] { return value != 0; }));
  EXPECT_EQ(value, static_cast<int>(Errc::connection_closed));
}

/// Within on_close the handle tells the lost bytes of its own connection, whatever ends in it.
TEST_P(ServerSmallPrint, an_end_within_on_close_leaves_the_outer_account_alone) {
  std::vector<ServerConnection> open;
  std::vector<std::size_t> told;
  std::atomic<int> ended{0};
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) { open.push_back(connection); };
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    (void)connection.send_binary(ByteVector(12 << 20));
    connection.post([](const ServerConnection& self) { (void)self.abort(); });
  };
  handlers.on_close = [&](const ServerConnection& gone, CloseCode, std::string_view) {
    if (gone.id() == open.front().id()) (void)open.back().abort();
    told.push_back(gone.buffered_amount());
    ++ended;
  };
  RunningServer server(handlers, link());
  RawPeer first = server.open();
  RawPeer second = server.open();
  ASSERT_TRUE(server.has_connections(2));
  first.send_text("go");
  ASSERT_TRUE(eventually([&] { return ended == 2; }));
  server.server().stop();
  server.wait();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(std::min(told[0], told[1]), 0U);
  EXPECT_GT(std::max(told[0], told[1]), 0U);
}

/// ServerStats::loop_lag is that of the slowest loop.
TEST_P(ServerSmallPrint, the_lag_is_that_of_the_slowest_loop) {
  ServerHandlers handlers;
  handlers.on_message = [](const ServerConnection&, const Message& message) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 * message.payload.size()));
  };
  RunningServer server(handlers, link(), {.threads = 2});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 2; ++i) clients.push_back(server.open());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string slower(i + 1, 's');
    clients[i].send_text(slower);
    const auto is_told = [&] {
      return server.server().stats().loop_lag >= std::chrono::milliseconds(50 * slower.size());
    };
    EXPECT_TRUE(eventually(is_told)) << i;
  }
}

/// stop_from_signal() wakes the server: it is idle, and nothing else does.
TEST_P(ServerSmallPrint, a_stop_from_a_signal_is_seen_at_once) {
  RunningServer server(echoing(), link());
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  std::this_thread::sleep_for(50ms);  // the turn of the handshake is over
  const Stopwatch watch;
  server.server().stop_from_signal();
  EXPECT_EQ(client.read_until_close().back(), "close 1001");
  EXPECT_LT(watch.elapsed(), 500ms);
}

/// Lingering of a refusal: at most limits::linger_bytes are read.
TEST_P(ServerSmallPrint, a_refused_client_that_sends_on_is_cut) {
  RunningServer server(echoing(), link(), {.handshake_time = 60s});
  RawPeer client = server.dial();
  client.write("GET / HTTP/1.1\r\nno colon\r\n\r\n");
  const std::string chunk(1 << 20, 'x');
  std::size_t sent = 0;
  while (sent < 4 * limits::linger_bytes && client.write(chunk)) sent += chunk.size();
  EXPECT_LT(sent, 2 * limits::linger_bytes);
}

}  // namespace
}  // namespace wirespan::test
