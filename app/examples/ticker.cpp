// ticker.cpp - prices for all subscribers with conflation: a slow reader gets the newest price of
// each name, not all of them. `ticker PORT SECONDS`.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include <wirespan/app/websocket_server.hpp>

using namespace std::chrono_literals;

namespace {

/// Publishes a thousand prices a second, from a thread of the application.
void quote(wirespan::WebSocketServer& server, const std::stop_token& stop) {
  std::minstd_rand random(7);
  double prices[] = {100, 250, 40};
  const char* const names[] = {"ABC", "XYZ", "QRS"};
  while (!stop.stop_requested()) {
    const auto i = random() % 3;
    prices[i] *= 1 + (static_cast<double>(random() % 2001) - 1000) / 1e6;
    const std::string text = std::string(names[i]) + " " + std::to_string(prices[i]);
    // Conflation key: a newer price replaces an unsent one with the same key.
    (void)server.publish("prices", text, names[i]);
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

int main(int argc, char** argv) {
  wirespan::ServerOptions options{.threads = 2, .overflow = wirespan::Overflow::drop_oldest};
  options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  const std::chrono::seconds time(argc > 2 ? std::atoi(argv[2]) : 3600);
  wirespan::WebSocketServer server(options,
                                   {.on_open = [](const wirespan::ServerConnection& connection) {
                                     (void)connection.subscribe("prices");
                                   }});
  std::printf("ws://localhost:%d/\n", server.listen());
  std::fflush(stdout);
  std::jthread quoting([&](const std::stop_token& stop) { quote(server, stop); });
  std::jthread ending([&] {
    std::this_thread::sleep_for(time);
    quoting.request_stop();
    // Graceful shutdown. The closes are spread over 500 ms, so that clients do not all reconnect at
    // once.
    server.stop({.deadline = 3s, .spread = 500ms});
  });
  server.run();
  const auto stats = server.stats();
  std::printf("published %llu, delivered %llu, replaced %llu\n",
              static_cast<unsigned long long>(stats.published),
              static_cast<unsigned long long>(stats.messages_out),
              static_cast<unsigned long long>(stats.conflated));
}
