// test_your_reconnect.cpp - tests the reconnecting of an application on a simulated network: a day
// of outages takes milliseconds, and a failure can be repeated by its seed.
// `test_your_reconnect [SEED] [WORLDS]`.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/simulated_network.hpp>

using namespace std::chrono_literals;
using wirespan::net::SimulatedNetwork;
using wirespan::net::SimulatedPath;

namespace {

/// The application: a counter that must not skip a number, whatever the network does. It asks for
/// what it has missed when it is connected again.
class Counter {
 public:
  Counter(std::string url, SimulatedNetwork* network)
      : app_(std::move(url),
             {.on_open = [this](wirespan::WebSocketApp&) { ask(); },
              .on_message =
                  [this](wirespan::WebSocketApp&, const wirespan::Message& message) {
                    take(std::string(message.text()));
                  },
              .on_error = [this](wirespan::WebSocketApp&, const std::exception&) { ++outages_; }},
             {.network = network}) {}

  void run() {
    (void)app_.run_forever(
        {.proxy_from_environment = false,
         .ping_interval = 20s,
         .ping_timeout = 10s,
         .reconnect = wirespan::ReconnectPolicy{.delay = 1s, .max_delay = 1min}});
  }
  void stop() { app_.close(); }

  [[nodiscard]] int next() const noexcept { return next_; }
  [[nodiscard]] int gaps() const noexcept { return gaps_; }
  [[nodiscard]] int outages() const noexcept { return outages_; }

 private:
  void ask() { app_.send("from " + std::to_string(next_)); }
  void take(const std::string& number) {
    gaps_ += std::stoi(number) != next_ ? 1 : 0;
    next_ = std::stoi(number) + 1;
  }

  int next_ = 0;
  int gaps_ = 0;
  int outages_ = 0;
  wirespan::WebSocketApp app_;
};

/// The server that the application talks to: counts ten times a minute from where it is asked to.
class CountingServer {
 public:
  explicit CountingServer(SimulatedNetwork& network)
      : network_(network),
        server_({.network = &network},
                {.on_message = [this](const wirespan::ServerConnection& connection,
                                      const wirespan::Message& message) {
                  peer_ = connection;
                  number_ = std::stoi(std::string(message.text().substr(5)));
                }}) {
    port_ = server_.listen();
    network_.start("server", [this] { server_.run(); });
    network_.start("counting", [this] { count(); });
  }
  void stop() {
    over_ = true;
    server_.stop();
  }
  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  void count() {
    while (!over_) {
      network_.sleep_for(6s);
      if (peer_.send_text(std::to_string(number_)).accepted()) ++number_;
    }
  }

  SimulatedNetwork& network_;
  wirespan::WebSocketServer server_;
  wirespan::ServerConnection peer_;
  int number_ = 0;
  std::uint16_t port_ = 0;
  bool over_ = false;
};

/// A day with an outage of some kind every hour or so. Returns true if the application has kept
/// its promise.
bool day(std::uint64_t seed) {
  SimulatedNetwork network(seed);
  network.set_path([&](const wirespan::net::Endpoint&) {
    SimulatedPath path;
    path.down.jitter = 200ms;
    path.answers = network.draw(5) != 0;
    if (network.draw(4) == 0) path.down.reset_after = network.draw(500);
    return path;
  });
  CountingServer server(network);
  Counter counter(server.url(), &network);
  network.start("application", [&] { counter.run(); });
  network.start("outages", [&] {
    for (int hour = 0; hour < 24; ++hour) {
      network.sleep_for(std::chrono::minutes(30 + network.draw(60)));
      if (network.draw(2) == 0) {
        network.reset_connections();
      } else {
        network.silence_connections();  // nobody is told: the ping time-out has to find out
      }
    }
    network.sleep_for(10min);
    counter.stop();
    server.stop();
  });
  const bool has_ended = network.run();
  const bool is_right =
      has_ended && counter.gaps() == 0 && counter.next() > 12'000 && counter.outages() >= 24;
  if (!is_right) {
    std::printf("seed %llu: %d numbers, %d gaps, %d outages\n",
                static_cast<unsigned long long>(seed), counter.next(), counter.gaps(),
                counter.outages());
  }
  return is_right;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t worlds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5;
  for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
    if (!day(seed)) return 1;
  }
  std::printf("%llu days without a gap\n", static_cast<unsigned long long>(worlds));
  return 0;
}
