// Fault injection on real sockets, with both pollers: the n-th call to the network fails, for every
// n, once on the server's side and once on the client's. The error is told, nothing is left, and
// the next connection is served.
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include "support/spy_network.hpp"
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {
namespace {

std::error_code system_error(int number) { return {number, std::system_category()}; }

/// Errors that a call may have for reasons of its peer, and of this host.
constexpr std::array error_numbers{ECONNRESET, ENOBUFS};

/// Runs scenario(network, fail) once for each call that can fail and each error; returns their
/// number.
template <class Scenario>
int fail_each_call(Scenario scenario) {
  int points = 0;
  for (const int number : error_numbers) {
    points += run_until_nothing_fails([&](FailAfter& fail) {
      SpyNetwork network;
      network.error = system_error(number);
      scenario(network, fail);
    });
  }
  return points;
}

ServerHandlers handlers_of_server() {
  ServerHandlers handlers = echoing();
  handlers.on_open = [](const ServerConnection& connection) {
    (void)connection.send_text(std::string(100'000, 'w'));
  };
  return handlers;
}

/// "done", or the text of the error that the client was told.
std::string converse(const std::string& url, const ConnectOptions& options) {
  try {
    WebSocket client = create_connection(url, options);
    if (client.recv().data.size() != 100'000) return "another greeting";
    client.send("echo");
    if (client.recv().data != "echo") return "another echo";
    client.close(CloseCode::normal, {}, 200ms);
    return "done";
  } catch (const WebSocketException& error) {
    return error.what();
  }
}

class NetworkFaults : public ServerTest {
 protected:
  [[nodiscard]] ConnectOptions for_client() const {
    return {.timeout = 400ms, .sslopt = link().for_client()};
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(NetworkFaults);

TEST_P(NetworkFaults, whatever_call_of_the_server_fails) {
  const int points = fail_each_call([&](SpyNetwork& network, FailAfter& fail) {
    network.fail = &fail;
    try {
      RunningServer server(handlers_of_server(), link(),
                           {.handshake_time = 200ms,
                            .close_time = 200ms,
                            .max_connections = 1,
                            .network = &network});
      EXPECT_FALSE(converse(server.url(), for_client()).empty());
      EXPECT_TRUE(eventually([&] { return converse(server.url(), for_client()) == "done"; }));
      EXPECT_TRUE(server.has_connections(0));
    } catch (const std::system_error& refused) {
      EXPECT_EQ(refused.code(), network.error) << "of listen()";
    }
  });
  EXPECT_GT(points, 40);
}

TEST_P(NetworkFaults, whatever_call_of_the_blocking_client_fails) {
  RunningServer server(handlers_of_server(), link());
  const int points = fail_each_call([&](SpyNetwork& network, FailAfter& fail) {
    network.fail = &fail;
    ConnectOptions options = for_client();
    options.network = &network;
    const std::string told = converse(server.url(), options);
    const std::string text = network.error.message();
    EXPECT_TRUE(told == "done" || told.find(text) != std::string::npos) << told;
    network.fail = nullptr;
    EXPECT_EQ(converse(server.url(), options), "done");
  });
  EXPECT_GT(points, 20);
}

TEST_P(NetworkFaults, whatever_call_of_the_app_fails) {
  RunningServer server(handlers_of_server(), link());
  const int points = fail_each_call([&](SpyNetwork& network, FailAfter& fail) {
    std::string told;
    WebSocketApp app(
        server.url(),
        {.on_message = [](WebSocketApp& self, const Message&) { self.close(); },
         .on_error = [&](WebSocketApp&, const std::exception& error) { told = error.what(); }},
        {.backend = link().backend, .network = &network});
    network.fail = &fail;
    const RunOptions run{.sslopt = link().for_client()};
    const RunResult first = app.run_forever(run);
    EXPECT_EQ(first.failed(), !told.empty()) << told;
    network.fail = nullptr;
    EXPECT_FALSE(app.run_forever(run).failed());
  });
  EXPECT_GT(points, 20);
}

}  // namespace
}  // namespace wirespan::test
