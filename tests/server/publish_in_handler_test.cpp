// app/server/server_connections.hpp: what a handler publishes keeps its place among its other
// calls.
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

using List = std::vector<std::string>;

/// Every connection subscribes to "all". A message is a sign to run `act` with its connection.
class PublishInHandler : public ServerTest {
 protected:
  using Act = std::function<void(WebSocketServer&, const ServerConnection&)>;

  [[nodiscard]] ServerHandlers handlers() {
    ServerHandlers handlers;
    handlers.on_open = [](const ServerConnection& connection) {
      EXPECT_FALSE(connection.subscribe("all"));
      (void)connection.send_text("open");
    };
    handlers.on_message = [this](const ServerConnection& connection, const Message&) {
      act(*server, connection);
    };
    return handlers;
  }
  static RawPeer subscriber(const RunningServer& running) {
    RawPeer client = running.open();
    EXPECT_EQ(client.read_described(), "text \"open\"");
    return client;
  }
  static List read(RawPeer& client, std::size_t count) {
    List list;
    while (list.size() < count) list.push_back(client.read_described());
    return list;
  }

  Act act;
  WebSocketServer* server = nullptr;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(PublishInHandler);

std::string text(const std::string& payload) { return "text \"" + payload + "\""; }

TEST_P(PublishInHandler, every_kind_of_call_behind_it_comes_behind_it) {
  act = [](WebSocketServer& server, const ServerConnection& connection) {
    EXPECT_FALSE(server.publish("all", "1"));
    EXPECT_FALSE(connection.unsubscribe("all"));
    EXPECT_FALSE(server.publish("all", "not for the caller"));
    EXPECT_FALSE(connection.subscribe("all"));
    EXPECT_FALSE(server.publish("all", "2"));
    EXPECT_FALSE(connection.subscribe("blue"));
    EXPECT_FALSE(server.publish("blue", "3"));
    EXPECT_FALSE(server.publish("all", "4"));
    (void)connection.send_text("5");
    EXPECT_FALSE(server.publish("all", "6"));
    (void)connection.ping("7");
    EXPECT_FALSE(server.publish("blue", "8"));
    EXPECT_FALSE(connection.close(CloseCode::normal));
    EXPECT_FALSE(server.publish("all", "9"));
  };
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  RawPeer other = subscriber(running);
  caller.send_text("go");
  EXPECT_EQ(caller.read_until_close(), (List{text("1"), text("2"), text("3"), text("4"), text("5"),
                                             text("6"), "ping 37", text("8"), "close 1000"}));
  EXPECT_EQ(read(other, 6), (List{text("1"), text("not for the caller"), text("2"), text("4"),
                                  text("6"), text("9")}));
}

TEST_P(PublishInHandler, many_keep_their_order_and_large_ones_their_place) {
  act = [](WebSocketServer& server, const ServerConnection&) {
    for (int i = 0; i < 200; ++i) {
      const std::string number = std::to_string(i);
      EXPECT_FALSE(server.publish("all", i % 70 == 69 ? number + std::string(5000, ' ') : number));
    }
  };
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  RawPeer other = subscriber(running);
  caller.send_text("go");
  for (RawPeer* client : {&caller, &other}) {
    for (int i = 0; i < 200; ++i) {
      const std::string payload = payload_text(client->read_frame());
      ASSERT_EQ(payload.substr(0, payload.find(' ')), std::to_string(i));
    }
  }
}

TEST_P(PublishInHandler, a_handler_that_throws_has_published_before) {
  act = [](WebSocketServer& server, const ServerConnection&) {
    EXPECT_FALSE(server.publish("all", "before"));
    throw std::runtime_error("in the handler");
  };
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  caller.send_text("go");
  EXPECT_EQ(caller.read_until_close(), (List{text("before"), "close 1011"}));
}

TEST_P(PublishInHandler, the_handler_of_an_end_inside_it_publishes_behind_it) {
  ServerHandlers of_server = handlers();
  of_server.on_close = [this](const ServerConnection&, std::optional<CloseCode>, std::string_view,
                              std::error_code) { EXPECT_FALSE(server->publish("all", "2")); };
  act = [](WebSocketServer& server, const ServerConnection& connection) {
    EXPECT_FALSE(server.publish("all", "1"));
    EXPECT_FALSE(connection.abort());
    EXPECT_FALSE(server.publish("all", "3"));
  };
  RunningServer running(of_server, link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  RawPeer other = subscriber(running);
  caller.send_text("go");
  EXPECT_EQ(read(other, 3), (List{text("1"), text("2"), text("3")}));
}

TEST_P(PublishInHandler, the_bytes_that_wait_count_what_was_published) {
  std::size_t waiting = 0;
  act = [&](WebSocketServer& server, const ServerConnection& connection) {
    EXPECT_FALSE(server.publish("all", "12345678"));
    waiting = connection.buffered_amount();
    (void)connection.send_text("done");
  };
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  caller.send_text("go");
  EXPECT_EQ(read(caller, 2), (List{text("12345678"), text("done")}));
  EXPECT_EQ(waiting, 10U);
}

TEST_P(PublishInHandler, a_posted_task_may_publish_many) {
  act = [](WebSocketServer& server, const ServerConnection& connection) {
    (void)connection.post([&server](const ServerConnection& self) {
      EXPECT_FALSE(server.publish("all", "1"));
      (void)self.send_text("2");
      EXPECT_FALSE(server.publish("all", "3"));
    });
  };
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  caller.send_text("go");
  EXPECT_EQ(read(caller, 3), (List{text("1"), text("2"), text("3")}));
}

TEST_P(PublishInHandler, counts_each_delivery) {
  act = [](WebSocketServer& server, const ServerConnection& connection) {
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(server.publish("all", "x"));
    (void)connection.send_text("done");
  };
  RunningServer running(handlers(), link());
  server = &running.server();
  RawPeer caller = subscriber(running);
  RawPeer other = subscriber(running);
  caller.send_text("go");
  (void)read(caller, 11);
  EXPECT_EQ(running.server().stats().published, 10U);
  EXPECT_EQ(running.server().stats().messages_out, 2U + 20 + 1);
}

}  // namespace
}  // namespace wirespan::test
