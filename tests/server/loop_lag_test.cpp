// ServerStats::loop_lag on a simulated clock: the longest turn of the last seconds, and no older
// one.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "support/running_server.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {
namespace {

/// Runs a server that echoes, with 700 ms for the message "slow", and `talk` with a client of it.
template <class Talk>
void talk_to_a_slow_server(Talk talk) {
  net::SimulatedNetwork network;
  ServerHandlers handlers;
  handlers.on_message = [&](const ServerConnection& connection, const Message& message) {
    if (message.text() == "slow") network.sleep_for(700ms);
    (void)connection.send_text(message.text());
  };
  WebSocketServer server({.network = &network}, handlers);
  const std::string url = "ws://127.0.0.1:" + std::to_string(server.listen()) + "/";
  network.start("server", [&] { server.run(); });
  network.start("client", [&] {
    ConnectOptions options;
    options.network = &network;
    options.proxy_from_environment = false;
    WebSocket client = create_connection(url, options);
    talk(network, client, server);
    client.close();
    server.stop();
  });
  EXPECT_TRUE(network.run());
}

void expect_answer(WebSocket& client, const std::string& text) {
  client.send(text);
  EXPECT_EQ(client.recv().data, text);
}

TEST(ServerLoopLag, a_long_turn_is_told_for_seconds_and_then_forgotten) {
  talk_to_a_slow_server(
      [](net::SimulatedNetwork& network, WebSocket& client, const WebSocketServer& server) {
        expect_answer(client, "quick");
        EXPECT_EQ(server.stats().loop_lag, 0ms);
        expect_answer(client, "slow");
        network.sleep_for(1s);
        expect_answer(client, "quick");
        EXPECT_EQ(server.stats().loop_lag, 700ms);
        for (int second = 0; second < 5; ++second) {
          network.sleep_for(1s);
          expect_answer(client, "quick");
        }
        EXPECT_EQ(server.stats().loop_lag, 0ms);
      });
}

/// A loop without events has no turns that could push an old one out.
TEST(ServerLoopLag, an_idle_loop_forgets_it_too) {
  talk_to_a_slow_server(
      [](net::SimulatedNetwork& network, WebSocket& client, const WebSocketServer& server) {
        expect_answer(client, "slow");
        network.sleep_for(3s);
        EXPECT_EQ(server.stats().loop_lag, 700ms);
        network.sleep_for(2s);
        EXPECT_EQ(server.stats().loop_lag, 0ms);
        expect_answer(client, "quick");
        EXPECT_EQ(server.stats().loop_lag, 0ms);
      });
}

}  // namespace
}  // namespace wirespan::test
