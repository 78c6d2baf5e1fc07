// Fault injection: a server whose n-th allocation fails, on any of its threads, for every n.
// [new.delete]
#include <atomic>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/failing_new.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/exceptions.hpp>

namespace {

constexpr long never = std::numeric_limits<long>::max();

std::atomic<long> allowed{never};
std::atomic<bool> has_failed{false};
/// The test's own allocations never fail.
thread_local bool is_exempt = false;

}  // namespace

namespace wirespan::test {

bool allocation_fails() noexcept {
  if (is_exempt || allowed.load(std::memory_order_relaxed) == never) return false;
  if (allowed.fetch_sub(1) != 0) return false;
  has_failed = true;
  return true;
}

namespace {

/// Calls of on_open and on_close.
struct Tally {
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
};

ServerHandlers counting(Tally& tally, WebSocketServer*& server) {
  ServerHandlers handlers = echoing();
  handlers.on_open = [&](const ServerConnection& connection) {
    ++tally.opened;
    (void)connection.subscribe("news");
    connection.post([&](const ServerConnection& self) { (void)self.send_text("posted"); });
    (void)server->publish("news", "opened", "key");
  };
  handlers.on_close = [&](const ServerConnection&, CloseCode, std::string_view) { ++tally.closed; };
  return handlers;
}

/// True if the connection opened and an echo came back; false if the server ended it before.
bool converse(std::uint16_t port) {
  try {
    RawPeer client = RawPeer::to_port(port);
    client.set_patience(5s);
    if (!client.open().starts_with("HTTP/1.1 101 ")) return false;
    client.send_text("echo");
    std::string got;
    while (got != "echo") {
      const WireFrame frame = client.read_frame();
      got = wire_text(frame.payload);
      if (frame.payload.empty()) return false;
    }
    client.send_close();
    (void)client.read_until_close();
    return true;
  } catch (const PeerError&) {
    return false;
  }
}

/// Runs a server whose n-th allocation fails. If that ends a connection, the next one still finds
/// the server whole: no place of max_connections is lost, and each on_open has its on_close.
void serve_with_failure(long n, int threads, net::Backend backend) {
  Tally tally;
  WebSocketServer* running = nullptr;
  has_failed = false;
  std::unique_ptr<WebSocketServer> server;
  std::uint16_t port = 0;
  allowed = n;
  try {
    is_exempt = false;
    server = std::make_unique<WebSocketServer>(
        ServerOptions{.threads = threads, .max_connections = 1, .backend = backend},
        counting(tally, running));
    running = server.get();
    port = server->listen();
    is_exempt = true;
  } catch (const std::bad_alloc&) {
    is_exempt = true;
    allowed = never;
    return;
  }
  std::atomic<bool> over{false};
  std::thread loop([&] {
    try {
      server->run();
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(has_failed);
    }
    over = true;
  });
  if (!over) (void)converse(port);
  allowed = never;
  EXPECT_TRUE(over || eventually([&] { return over || converse(port); }))
      << "after allocation " << n;
  server->stop();
  loop.join();
  EXPECT_EQ(tally.opened, tally.closed) << "after allocation " << n;
  EXPECT_EQ(server->stats().send_queue, 0U);
}

void serve_for_every_n(int threads) {
  is_exempt = true;
  for (const net::Backend backend : {net::Backend::epoll, net::Backend::poll}) {
    long n = 0;
    do {
      serve_with_failure(n++, threads, backend);
    } while (has_failed && n < 2000);
    EXPECT_FALSE(has_failed);
    EXPECT_GT(n, 20);
  }
}

/// Six subscribers; the first one's message publishes to all, and allocation n of that fails. The
/// connection that ends by it takes the others out of the topic, by every way there is.
void fan_out_with_failure(long n) {
  std::vector<ServerConnection> open;
  ServerHandlers handlers;
  WebSocketServer* running = nullptr;
  std::atomic<bool> published{false};
  handlers.on_open = [&](const ServerConnection& connection) {
    (void)connection.subscribe("news");
    open.push_back(connection);
    (void)connection.send_text("open");
  };
  handlers.on_message = [&](const ServerConnection&, const Message&) {
    has_failed = false;
    allowed = n;
    try {
      (void)running->publish("news", std::string(4000, 'n'));
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(has_failed);
    }
    allowed = never;
    published = true;
  };
  handlers.on_close = [&](const ServerConnection& gone, CloseCode, std::string_view) {
    std::erase_if(open, [&](const ServerConnection& one) { return one.id() == gone.id(); });
    for (std::size_t i = 0; i < open.size(); ++i) {
      const ServerConnection other = open[i];
      (void)(i % 2 == 0 ? other.unsubscribe("news") : other.subscribe("more"));
    }
    if (!open.empty()) (void)ServerConnection(open.back()).abort();
  };
  RunningServer server(std::move(handlers), Link{});
  running = &server.server();
  std::vector<RawPeer> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(server.open());
    EXPECT_EQ(clients.back().read_described(), "text \"open\"");
  }
  clients.front().send_text("publish");
  EXPECT_TRUE(eventually([&] { return published.load(); }));
  RawPeer next = server.open();
  EXPECT_EQ(next.read_described(), "text \"open\"") << "after allocation " << n;
}

TEST(ServerAllocation, a_fan_out_survives_members_that_leave_when_one_of_them_ends) {
  is_exempt = true;
  long n = 0;
  do {
    fan_out_with_failure(n++);
  } while (has_failed && n < 500);
  EXPECT_FALSE(has_failed);
  EXPECT_GT(n, 3);
}

TEST(ServerAllocation, one_thread_survives_every_allocation_that_fails) { serve_for_every_n(1); }
TEST(ServerAllocation, four_threads_survive_every_allocation_that_fails) { serve_for_every_n(4); }

}  // namespace
}  // namespace wirespan::test
