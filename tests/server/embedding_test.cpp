// A WebSocketServer inside another event loop, and its graceful shutdown spread over time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include "support/app_test.hpp"
#include "support/plain_posix.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerEmbedding : public ServerTest {
 protected:
  ServerOptions options() const { return {.tls = link().for_server(), .backend = link().backend}; }
  /// Runs a client on another thread: it gets echoes, then makes the server stop.
  std::future<void> converse(std::uint16_t port) const {
    return std::async(std::launch::async, [link = link(), port] {
      RawPeer client = RawPeer::to_port(port);
      if (link.is_secure()) client.secure_as_client(link.for_client());
      EXPECT_TRUE(client.open().starts_with("HTTP/1.1 101 "));
      for (int i = 0; i < 20; ++i) {
        client.send_text(std::to_string(i));
        EXPECT_EQ(client.read_described(), "text \"" + std::to_string(i) + "\"");
      }
      client.send_text("stop");
      EXPECT_EQ(client.read_until_close().back(), "close 1001");
      client.send_close(1001);
      EXPECT_EQ(client.read_end(), StreamEnd::orderly);
    });
  }
  /// Handlers that echo, and stop the server at the message "stop".
  static ServerHandlers stopping(WebSocketServer*& server) {
    return {.on_message = [&](const ServerConnection& connection, const Message& message) {
      if (message.text() == "stop") return server->stop();
      (void)connection.send_text(message.text());
    }};
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerEmbedding);

int in_milliseconds(std::optional<std::chrono::nanoseconds> time) {
  if (!time) return 5000;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*time).count());
}

TEST_P(ServerEmbedding, turn_by_turn) {
  WebSocketServer* stopped = nullptr;
  WebSocketServer server(options(), stopping(stopped));
  stopped = &server;
  auto client = converse(server.listen());
  const Stopwatch watch;
  while (server.run_once(100ms)) {
    ASSERT_LT(watch.elapsed(), 20s);
  }
  EXPECT_FALSE(server.run_once(0ms)) << "once over, over";
  client.get();
}

TEST_P(ServerEmbedding, all_descriptors_in_somebody_elses_poll) {
  WebSocketServer* stopped = nullptr;
  WebSocketServer server(options(), stopping(stopped));
  stopped = &server;
  auto client = converse(server.listen());
  const Stopwatch watch;
  int turns = 0;
  do {
    ASSERT_LT(watch.elapsed(), 20s);
    std::vector<pollfd> waiting;
    server.for_each_fd([&](int fd, net::Interest interest) {
      const int events =
          (net::wants_read(interest) ? POLLIN : 0) | (net::wants_write(interest) ? POLLOUT : 0);
      waiting.push_back({.fd = fd, .events = static_cast<short>(events), .revents = 0});
    });
    ASSERT_FALSE(waiting.empty());
    ::poll(waiting.data(), waiting.size(), in_milliseconds(server.next_timeout()));
    ++turns;
  } while (server.run_once(0ms));
  EXPECT_LT(turns, 2000) << "it waits and does not spin";
  client.get();
}

TEST_P(ServerEmbedding, one_descriptor_for_all_with_epoll) {
  WebSocketServer* stopped = nullptr;
  WebSocketServer server(options(), stopping(stopped));
  stopped = &server;
  const std::uint16_t port = server.listen();
  EXPECT_EQ(server.poll_fd() >= 0, link().backend == net::Backend::epoll && !test::plain_posix);
  if (server.poll_fd() < 0) return;
  auto client = converse(port);
  const Stopwatch watch;
  do {
    ASSERT_LT(watch.elapsed(), 20s);
    pollfd waiting{.fd = server.poll_fd(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, in_milliseconds(server.next_timeout()));
  } while (server.run_once(0ms));
  client.get();
}

TEST_P(ServerEmbedding, another_thread_wakes_it_with_a_message) {
  WebSocketServer server(options(), {.on_open = [](const ServerConnection& connection) {
                           (void)connection.subscribe("news");
                         }});
  const std::uint16_t port = server.listen();
  std::atomic<bool> over{false};
  auto client = std::async(std::launch::async, [&, link = link()] {
    RawPeer peer = RawPeer::to_port(port);
    if (link.is_secure()) peer.secure_as_client(link.for_client());
    (void)peer.open();
    EXPECT_TRUE(eventually([&] { return server.connection_count() == 1; }));
    EXPECT_FALSE(server.publish("news", "from afar"));
    EXPECT_EQ(peer.read_described(), "text \"from afar\"");
    over = true;
    server.stop();
  });
  const Stopwatch watch;
  while (server.run_once(std::nullopt)) {
    ASSERT_LT(watch.elapsed(), 20s);
  }
  client.get();
  EXPECT_TRUE(over);
}

class ServerSpread : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerSpread);

/// Returns the times, sorted, at which the clients get their Close frames.
std::vector<Milliseconds> told_after(std::vector<RawPeer>& clients, const std::string& close) {
  std::vector<std::future<Milliseconds>> waiting;
  const Stopwatch watch;
  for (RawPeer& client : clients) {
    waiting.push_back(std::async(std::launch::async, [&] {
      EXPECT_EQ(client.read_until_close().back(), close);
      const Milliseconds when = watch.elapsed();
      client.send_close(1001);
      return when;
    }));
  }
  std::vector<Milliseconds> times;
  for (auto& one : waiting) times.push_back(one.get());
  std::sort(times.begin(), times.end());
  return times;
}

TEST_P(ServerSpread, clients_are_told_one_after_the_other) {
  RunningServer server(echoing(), link(), {.threads = 2});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(server.open());
  server.server().stop({.code = CloseCode::service_restart, .spread = 800ms});
  const auto times = told_after(clients, "close 1012");
  EXPECT_GE(times.back() - times.front(), 300ms);
  EXPECT_LT(times.back(), 5s);
  server.wait();
}

TEST_P(ServerSpread, whoever_is_not_told_by_the_deadline_is_cut) {
  RunningServer server(echoing(), link(), {.close_time = 60s});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(server.open());
  const Stopwatch watch;
  server.server().stop({.deadline = 300ms, .spread = 60s});
  server.wait();
  EXPECT_GE(watch.elapsed(), 300ms);
  EXPECT_LT(watch.elapsed(), 10s);
  for (RawPeer& client : clients) (void)client.read_to_end();
}

TEST_P(ServerSpread, a_deadline_ends_the_wait_for_those_who_do_not_answer) {
  RunningServer server(echoing(), link(), {.close_time = 60s});
  RawPeer silent = server.open();
  RawPeer good = server.open();
  const Stopwatch watch;
  server.server().stop({.deadline = 400ms});
  EXPECT_EQ(good.read_described(), "close 1001");
  good.send_close(1001);
  EXPECT_EQ(good.read_end(), StreamEnd::orderly);
  server.wait();
  EXPECT_GE(watch.elapsed(), 300ms);
  EXPECT_LT(watch.elapsed(), 10s);
  EXPECT_EQ(silent.read_described(), "close 1001");
}

TEST_P(ServerSpread, a_code_or_reason_that_may_not_be_sent_is_an_exception) {
  RunningServer server(echoing(), link());
  EXPECT_THROW(server.server().stop({.code = CloseCode::no_status_received}), WebSocketException);
  EXPECT_THROW(server.server().stop({.reason = std::string(124, 'x')}), WebSocketException);
  EXPECT_THROW(server.server().stop({.reason = "\xFF"}), WebSocketException);
  RawPeer client = server.open();
  client.send_text("still here");
  EXPECT_EQ(client.read_described(), "text \"still here\"");
}

}  // namespace
}  // namespace wirespan::test
