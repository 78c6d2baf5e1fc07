// WebSocketServer: publishing to all but one, counting subscribers, calls for every connection.
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

/// Every connection is in the room "all". A message is published to it without its sender; "leave"
/// leaves the room, "count" is answered with the number of those in it and with whether the sender
/// is.
class ServerRooms : public ServerTest {
 protected:
  [[nodiscard]] ServerHandlers handlers() {
    ServerHandlers handlers;
    handlers.on_open = [this](const ServerConnection& connection) {
      EXPECT_FALSE(connection.is_subscribed("all"));
      EXPECT_FALSE(connection.subscribe("all"));
      EXPECT_TRUE(connection.is_subscribed("all"));
      EXPECT_FALSE(connection.is_subscribed("al"));
      note(connection);
      (void)connection.send_text("open");
    };
    handlers.on_message = [this](const ServerConnection& connection, const Message& message) {
      const bool leaves = message.text() == "leave";
      if (leaves) (void)connection.unsubscribe("all");
      if (leaves || message.text() == "count") {
        const bool is_in = connection.is_subscribed("all");
        (void)connection.send_text(std::to_string(server->subscriber_count("all")) +
                                   (is_in ? " in" : " out"));
      } else {
        EXPECT_FALSE(server->publish("all", message.text(), {.except = connection}));
      }
    };
    return handlers;
  }
  void note(const ServerConnection& connection) {
    const std::lock_guard lock(mutex);
    opened.push_back(connection);
  }
  static RawPeer client_of(const RunningServer& running) {
    RawPeer client = running.open();
    EXPECT_EQ(client.read_described(), "text \"open\"");
    return client;
  }

  std::mutex mutex;
  std::vector<ServerConnection> opened;
  WebSocketServer* server = nullptr;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerRooms);

TEST_P(ServerRooms, what_is_published_does_not_reach_the_connection_that_is_left_out) {
  for (const int threads : {1, 3}) {
    RunningServer running(handlers(), link(), {.threads = threads});
    server = &running.server();
    std::vector<RawPeer> clients;
    for (int i = 0; i < 6; ++i) clients.push_back(client_of(running));
    for (std::size_t sender = 0; sender < clients.size(); ++sender) {
      const std::string words = "from " + std::to_string(sender);
      clients[sender].send_text(words);
      for (std::size_t i = 0; i < clients.size(); ++i) {
        if (i == sender) continue;
        EXPECT_EQ(clients[i].read_described(), "text \"" + words + "\"");
      }
    }
    EXPECT_FALSE(server->publish("all", "the end"));
    for (RawPeer& client : clients) EXPECT_EQ(client.read_described(), "text \"the end\"");
  }
}

TEST_P(ServerRooms, other_threads_leave_one_out_as_well) {
  RunningServer running(handlers(), link(), {.threads = 2});
  server = &running.server();
  RawPeer one = client_of(running);
  RawPeer two = client_of(running);
  ASSERT_EQ(opened.size(), 2U);
  const std::byte bytes[] = {std::byte{1}, std::byte{2}};
  EXPECT_FALSE(server->publish_binary("all", bytes, {.except = opened[0]}));
  EXPECT_FALSE(server->publish("all", "x", {.key = "k", .except = opened[1]}));
  EXPECT_EQ(two.read_described(), "binary 0102");
  EXPECT_EQ(one.read_described(), "text \"x\"");
}

/// Slots are used again: the handle of a connection that has gone must not stand for the next one.
TEST_P(ServerRooms, a_connection_that_has_gone_leaves_nobody_out) {
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer first = client_of(running);
  first.close();
  EXPECT_TRUE(running.has_connections(0));
  RawPeer second = client_of(running);
  RunningServer other(handlers(), link());
  RawPeer foreign = client_of(other);
  ASSERT_EQ(opened.size(), 3U);
  for (const ServerConnection& except : {opened[0], opened[2], ServerConnection()}) {
    EXPECT_FALSE(server->publish("all", "x", {.except = except}));
    EXPECT_EQ(second.read_described(), "text \"x\"");
  }
}

TEST_P(ServerRooms, subscribers_are_counted_over_all_loops) {
  RunningServer running(handlers(), link(), {.threads = 3});
  server = &running.server();
  std::vector<RawPeer> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(client_of(running));
  EXPECT_EQ(server->subscriber_count("all"), 5U);
  EXPECT_EQ(server->subscriber_count("nobody"), 0U);
  clients[0].send_text("count");
  EXPECT_EQ(clients[0].read_described(), "text \"5 in\"");
  clients[1].send_text("leave");
  EXPECT_EQ(clients[1].read_described(), "text \"4 out\"");
  clients[2].close();
  EXPECT_TRUE(eventually([&] { return server->subscriber_count("all") == 3; }));
  EXPECT_FALSE(opened[0].is_subscribed("all")) << "this is another thread";
}

TEST_P(ServerRooms, counting_beside_comings_and_goings_gives_a_number_that_can_be) {
  ServerHandlers coming = handlers();
  coming.on_message = [](const ServerConnection& connection, const Message& message) {
    const std::string topic(message.text());
    for (int i = 0; i < 200; ++i) {
      EXPECT_FALSE(connection.subscribe(topic));
      EXPECT_FALSE(connection.unsubscribe(topic));
    }
    (void)connection.send_text("done");
  };
  RunningServer running(coming, link(), {.threads = 2});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(client_of(running));
  std::atomic<bool> over{false};
  std::thread counting([&] {
    while (!over) {
      EXPECT_LE(running.server().subscriber_count("room"), 4U);
      EXPECT_LE(running.server().subscriber_count("other"), 4U);
    }
  });
  for (RawPeer& client : clients) {
    client.send_text("room");
    client.send_text("other");
  }
  for (RawPeer& client : clients) {
    for (int i = 0; i < 2; ++i) EXPECT_EQ(client.read_described(), "text \"done\"");
  }
  over = true;
  counting.join();
  EXPECT_EQ(running.server().subscriber_count("room"), 0U);
}

TEST_P(ServerRooms, a_call_for_every_connection_runs_once_for_each_on_its_thread) {
  RunningServer running(handlers(), link(), {.threads = 3});
  server = &running.server();
  std::vector<RawPeer> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(client_of(running));
  std::set<ServerConnection> seen;
  EXPECT_FALSE(server->for_each_connection([&](const ServerConnection& connection) {
    EXPECT_TRUE(connection.is_subscribed("all")) << "so it is the connection's thread";
    (void)connection.send_text("called");
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(seen.insert(connection).second);
  }));
  for (RawPeer& client : clients) EXPECT_EQ(client.read_described(), "text \"called\"");
  EXPECT_EQ(seen.size(), clients.size());
}

/// Kicks some, from inside a handler; the call may end its connection, or throw.
TEST_P(ServerRooms, a_call_for_every_connection_may_end_them) {
  ServerHandlers kicking = handlers();
  kicking.on_message = [this](const ServerConnection& sender, const Message& message) {
    const std::string how(message.text());
    EXPECT_FALSE(server->for_each_connection([sender, how](const ServerConnection& one) {
      if (one == sender) return;
      if (how == "abort") (void)one.abort();
      if (how == "close") (void)one.close(CloseCode::going_away, "kicked");
      if (how == "throw") throw std::runtime_error("oh");
    }));
    (void)sender.send_text("after");
  };
  for (const char* how : {"abort", "close", "throw"}) {
    RunningServer running(kicking, link(), {.threads = 2});
    server = &running.server();
    RawPeer sender = client_of(running);
    std::vector<RawPeer> others;
    for (int i = 0; i < 3; ++i) others.push_back(client_of(running));
    sender.send_text(how);
    EXPECT_EQ(sender.read_described(), "text \"after\"");
    for (RawPeer& other : others) {
      if (how != std::string("abort")) {
        EXPECT_EQ(other.read_described(),
                  how == std::string("close") ? "close 1001" : "close 1011");
      }
      other.close();
    }
    EXPECT_TRUE(running.has_connections(1)) << how;
    sender.send_ping();
    EXPECT_EQ(sender.read_described(), "pong ");
  }
}

TEST(ServerRoomsOf, a_server_that_is_over_tells_so) {
  WebSocketServer server({}, {});
  (void)server.listen();
  server.stop();
  server.run();
  EXPECT_EQ(server.for_each_connection([](const ServerConnection&) {}), Errc::not_open);
  EXPECT_EQ(server.publish("t", "x", {.except = {}}), Errc::not_open);
  EXPECT_EQ(server.subscriber_count("t"), 0U);
}

}  // namespace
}  // namespace wirespan::test
