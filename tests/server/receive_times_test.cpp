// received_at() of a server, a client and an app: the time when the kernel received the message.
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {
namespace {

using net::ReceiveTime;
using Told = std::optional<ReceiveTime>;

ReceiveTime now() { return std::chrono::system_clock::now(); }

/// Repeats the exchange: the kernel begins with timestamps a moment after the first socket has
/// asked for them.
template <class Exchange>
void expect_times(Exchange exchange) {
  Told told;
  for (int attempt = 0; attempt < 100 && !told; ++attempt) {
    const ReceiveTime before = now();
    told = exchange();
    if (!told) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    EXPECT_GE(*told, before);
    EXPECT_LE(*told, now());
  }
  EXPECT_TRUE(told);
}

class ReceiveTimes : public ServerTest {
 protected:
  /// Handlers that echo, and record received_at() of the last message.
  [[nodiscard]] ServerHandlers noting() {
    return {.on_message = [this](const ServerConnection& connection, const Message& message) {
      {
        const std::lock_guard lock(mutex_);
        told_ = connection.received_at();
      }
      (void)connection.send(message.opcode, message.payload);
    }};
  }
  [[nodiscard]] Told told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] WebSocket client_of(const RunningServer& server, bool times) const {
    return create_connection(server.url(), {.timeout = std::chrono::seconds(10),
                                            .sslopt = link().for_client(),
                                            .receive_timestamps = times});
  }
  static void exchange(WebSocket& client) {
    client.send("x");
    EXPECT_EQ(client.recv().data, "x");
  }

 private:
  std::mutex mutex_;
  Told told_;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ReceiveTimes);

TEST_P(ReceiveTimes, a_server_tells_its_handlers) {
  RunningServer server(noting(), link(), {.receive_timestamps = true});
  WebSocket client = client_of(server, false);
  expect_times([&] {
    exchange(client);
    return told();
  });
  EXPECT_FALSE(client.received_at()) << "it has not asked";
}

TEST_P(ReceiveTimes, a_client_tells_who_has_received) {
  RunningServer server(noting(), link(), {});
  WebSocket client = client_of(server, true);
  expect_times([&] {
    exchange(client);
    return client.received_at();
  });
  EXPECT_FALSE(told()) << "the server was not asked to";
  client.close();
}

TEST_P(ReceiveTimes, an_app_tells_its_handlers) {
  RunningServer server(noting(), link(), {});
  Told in_handler;
  ReceiveTime sent_at{};
  int left = 100;
  WebSocketApp app(server.url(),
                   {.on_open =
                        [&](WebSocketApp& self) {
                          sent_at = now();
                          self.send("x");
                        },
                    .on_message =
                        [&](WebSocketApp& self, const Message&) {
                          in_handler = self.received_at();
                          if (in_handler || --left == 0) return self.close();
                          std::this_thread::sleep_for(std::chrono::milliseconds(20));
                          sent_at = now();
                          self.send("x");
                        }},
                   {.receive_timestamps = true});
  (void)app.run_forever({.sslopt = link().for_client()});
  ASSERT_TRUE(in_handler);
  EXPECT_GE(*in_handler, sent_at);
  EXPECT_LE(*in_handler, now());
  EXPECT_FALSE(app.received_at()) << "outside of handlers";
}

/// A message that waited in the kernel has an earlier time than the read.
TEST_P(ReceiveTimes, it_is_the_time_of_arrival_and_not_of_reading) {
  RunningServer server(noting(), link(), {});
  WebSocket client = client_of(server, true);
  expect_times([&] {
    client.send("x");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const ReceiveTime before_reading = now();
    EXPECT_EQ(client.recv().data, "x");
    const Told told = client.received_at();
    const bool came_late = told && *told >= before_reading;  // on a busy machine
    return came_late ? std::nullopt : told;
  });
}

TEST_P(ReceiveTimes, who_has_received_nothing_is_told_nothing) {
  RunningServer server(noting(), link(), {.receive_timestamps = true});
  WebSocket client = client_of(server, true);
  EXPECT_FALSE(client.received_at());
  EXPECT_FALSE(ServerConnection().received_at());
}

TEST_P(ReceiveTimes, a_handle_tells_nothing_on_other_threads) {
  std::optional<ServerConnection> kept;
  ServerHandlers handlers = noting();
  handlers.on_open = [&](const ServerConnection& connection) { kept = connection; };
  RunningServer server(handlers, link(), {.receive_timestamps = true});
  WebSocket client = client_of(server, false);
  expect_times([&] {
    exchange(client);
    return told();
  });
  ASSERT_TRUE(kept);
  EXPECT_FALSE(kept->received_at());
}

}  // namespace
}  // namespace wirespan::test
