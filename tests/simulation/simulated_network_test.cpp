// net/simulated_network.hpp: the network's own promises, and that the library runs on it unchanged.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::SimulatedNetwork;
using net::SimulatedPath;

/// An echo server as one simulated thread; serves until stop().
class SimulatedEcho {
 public:
  explicit SimulatedEcho(SimulatedNetwork& network, ServerOptions options = {})
      : server_(with(network, std::move(options)),
                {.on_message = [](const ServerConnection& connection, const Message& message) {
                  (void)connection.send(message.opcode, message.payload);
                }}) {
    port = server_.listen();
    network.start("server", [this] { server_.run(); });
  }
  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(port) + "/"; }
  void stop() { server_.stop(); }

  std::uint16_t port = 0;

 private:
  static ServerOptions with(SimulatedNetwork& network, ServerOptions options) {
    options.network = &network;
    return options;
  }
  WebSocketServer server_;
};

TEST(SimulatedNetwork, a_blocking_client_and_a_server_talk_in_one_thread) {
  SimulatedNetwork network(1);
  {
    SimulatedEcho echo(network);
    ConnectOptions options;
    options.network = &network;
    const TimePoint begin = network.now();
    WebSocket client = create_connection(echo.url(), options);
    client.send("hello");
    EXPECT_EQ(client.recv().text(), "hello");
    client.close();
    EXPECT_GE(network.now() - begin, 6ms) << "connect, handshake and echo: three round trips";
    echo.stop();
    EXPECT_TRUE(network.run());
  }
  EXPECT_EQ(network.open_descriptors(), 0U);
}

}  // namespace
}  // namespace wirespan::test
