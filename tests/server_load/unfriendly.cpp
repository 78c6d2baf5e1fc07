// unfriendly KIND COUNT SECONDS [strict]: COUNT bad clients beside 100 good ones, on one loop.
// KIND: never_read, slow_handshakes, pings, empty_fragments. Memory stays within the limits, and
// the limit for KIND refuses. Strict, for a machine that does nothing else: the p99 round trip of
// the good clients stays within 2x of that without bad ones.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "processes.hpp"
#include "swarm.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t good_clients = 100;
constexpr std::size_t loop_budget = 32u << 20;
constexpr std::size_t hard_limit = 1u << 20;
/// Bytes allowed for the kernel's share of the process, fragmentation of the heap and the loop's
/// buffers.
constexpr std::size_t slack = 24u << 20;
constexpr int attempts = 3;

/// Returns the 99th percentile, in nanoseconds, of the round trips of clients that each send 20
/// messages a second.
std::uint64_t good_p99(std::uint16_t port, std::size_t seconds) {
  Swarm swarm(port);
  std::vector<std::int64_t> times;
  swarm.on_frame = [&](Swarm::Client& client, unsigned first, std::string_view) {
    if (first != 0x82) return;  // a published message
    times.push_back(std::chrono::nanoseconds(LoadClock::now() - client.since).count());
  };
  swarm.add(good_clients);
  if (!swarm.run_until([&] { return swarm.all_open(); }, 60s)) {
    throw std::runtime_error("the good clients cannot connect");
  }
  const std::size_t rounds = seconds * 20;
  for (std::size_t round = 0; round < rounds; ++round) {
    const auto begin = LoadClock::now();
    for (std::size_t i = 0; i < swarm.size(); ++i) {
      swarm.at(i).since = LoadClock::now();
      swarm.send(swarm.at(i), client_frame(0x82, "how long does it take?"));
    }
    const std::size_t due = (round + 1) * good_clients;
    if (!swarm.run_until([&] { return times.size() == due || swarm.ended() > 0; }, 30s)) {
      throw std::runtime_error("a good client gets no answer");
    }
    if (swarm.ended() > 0) throw std::runtime_error("a good client was closed");
    (void)swarm.run_until([&] { return LoadClock::now() - begin > 50ms; }, 1s);
  }
  std::sort(times.begin(), times.end());
  return static_cast<std::uint64_t>(times[times.size() * 99 / 100]);
}

void be_good(Line& line, std::size_t seconds) {
  const auto port = static_cast<std::uint16_t>(line.hear());
  while (line.hear() == 1) line.tell(good_p99(port, seconds));
}

/// Clients that misbehave as `kind` says.
class Bad {
 public:
  Bad(std::uint16_t port, std::string kind, std::size_t count)
      : swarm_(port), kind_(std::move(kind)), count_(count) {
    if (kind_ == "never_read") swarm_.receive_buffer = 4096;  // the default takes megabytes each
    swarm_.on_end = [this](Swarm::Client&) {
      if (kind_ != "never_read") ++again_;
    };
    if (kind_ == "slow_handshakes") {
      swarm_.most_under_way = count_;
      swarm_.on_connected = [](Swarm::Client& client) { client.since = LoadClock::now(); };
    } else {
      swarm_.on_open = [this](Swarm::Client& client) {
        if (kind_ == "never_read") client.reads = false;
        if (kind_ == "empty_fragments") swarm_.send(client, client_frame(0x01, {}));
      };
    }
    swarm_.add(count_);
  }
  /// Misbehaves for 100 ms. Clients that were refused connect again, at most a hundred a second.
  void go_on() {
    const auto end = LoadClock::now() + 100ms;
    (void)swarm_.run_until([&] { return LoadClock::now() > end; }, 10s);
    const std::size_t more = std::min<std::size_t>(again_, 10);
    again_ -= more;
    if (more > 0) swarm_.add(more);
    for (std::size_t i = 0; i < swarm_.size(); ++i) misbehave(swarm_.at(i));
  }
  [[nodiscard]] bool ready() const {
    return kind_ != "never_read" || swarm_.open() + swarm_.ended() >= count_;
  }

 private:
  void misbehave(Swarm::Client& client) {
    if (kind_ == "slow_handshakes" && client.state == Swarm::State::opening &&
        LoadClock::now() - client.since > 1s && client.count < client_request().size()) {
      client.since = LoadClock::now();
      swarm_.send(client, client_request().substr(client.count++, 1));
    }
    if (client.state != Swarm::State::open || client.out.size() > 100'000) return;
    const unsigned first = kind_ == "pings" ? 0x89 : 0x00;
    if (kind_ == "pings" || kind_ == "empty_fragments") {
      std::string flood;
      for (int n = 0; n < 300; ++n) flood += client_frame(first, {});
      swarm_.send(client, flood);
    }
  }

  Swarm swarm_;
  std::string kind_;
  std::size_t count_;
  std::size_t again_ = 0;
};

void be_bad(Line& line, const std::string& kind, std::size_t count) {
  const auto port = static_cast<std::uint16_t>(line.hear());
  Bad bad(port, kind, count);
  while (!bad.ready()) bad.go_on();
  line.tell(1);
  while (true) bad.go_on();  // until the other process kills this one
}

/// The budget of a loop refuses a message or cuts the connection with the most unsent bytes: which
/// one depends on how even the machine makes the connections.
std::uint64_t refused_by_its_limit(const std::string& kind, const RefusalCounts& refused) {
  if (kind == "never_read") {
    return refused.send_queue + refused.send_budget + refused.overflow_closed;
  }
  if (kind == "slow_handshakes") return refused.handshake_time;
  return kind == "pings" ? refused.pings : refused.fragments;
}

ServerOptions options_for(const std::string& kind) {
  ServerOptions options{.send_hard_limit = hard_limit, .loop_send_budget = loop_budget};
  if (kind == "slow_handshakes") options.handshake_time = 1500ms;
  if (kind == "empty_fragments") options.max_message_fragments = 1000;
  return options;
}

/// Publishes all the time, so that the load is the same with and without bad clients.
class Publisher {
 public:
  explicit Publisher(WebSocketServer& server)
      : thread_([this, &server](const std::stop_token& stop) {
          const std::string news(16'000, 'n');
          while (!stop.stop_requested()) {
            (void)server.publish("news", news);
            most = std::max<std::size_t>(most, resident_bytes());
            std::this_thread::sleep_for(20ms);
          }
        }) {}
  std::atomic<std::size_t> most{0};

 private:
  std::jthread thread_;
};

double measure(Line& good) {
  good.tell(1);
  return static_cast<double>(good.hear()) / 1e6;
}

void serve(Line& good, const std::string& kind, std::size_t count, bool strict) {
  WebSocketServer server(options_for(kind),
                         {.on_open = [](const ServerConnection& c) { (void)c.subscribe("news"); },
                          .on_message =
                              [](const ServerConnection& connection, const Message& message) {
                                (void)connection.send(message.opcode, message.payload);
                              }});
  const std::uint16_t port = server.listen();
  // Forks before this process has its first thread.
  Child bad_ones([&](Line& line) { be_bad(line, kind, count); });
  std::thread running([&] { server.run(); });
  good.tell(port);
  const std::size_t before = resident_bytes();
  {
    Publisher publisher(server);
    const double without = std::max(measure(good), measure(good));
    bad_ones.line().tell(port);
    (void)bad_ones.line().hear();
    double with = measure(good);
    for (int attempt = 1; attempt < attempts && with > 2 * without; ++attempt) {
      with = std::min(with, measure(good));
    }
    std::printf("%s: p99 %.2f ms without, %.2f ms with them: ratio %.2f\n", kind.c_str(), without,
                with, with / without);
    // How soon the kernel's buffers of clients that do not read are full depends on the machine.
    const auto end = LoadClock::now() + 60s;
    while (refused_by_its_limit(kind, server.stats().refused) == 0 && LoadClock::now() < end) {
      std::this_thread::sleep_for(50ms);
    }
    require(with <= 2 * without || !strict, "the p99 of the good clients stays within 2x");
    const std::size_t grown = publisher.most - std::min<std::size_t>(before, publisher.most);
    const std::size_t bound = (kind == "never_read" ? loop_budget : 0) + slack;
    require(grown <= bound, std::to_string(grown >> 10) + " KiB more in memory, " +
                                std::to_string(bound >> 10) + " are allowed");
  }
  const ServerStats stats = server.stats();
  const std::uint64_t refused = refused_by_its_limit(kind, stats.refused);
  require(refused > 0, std::to_string(refused) + " refused by the limit for " + kind);
  std::printf("refused: %llu by the hard limit, %llu by the budget, which cut %llu connections\n",
              static_cast<unsigned long long>(stats.refused.send_queue),
              static_cast<unsigned long long>(stats.refused.send_budget),
              static_cast<unsigned long long>(stats.refused.overflow_closed));
  std::printf("unsent %zu KiB, %zu open, %zu handshakes\n", stats.send_queue >> 10, stats.open,
              stats.handshaking);
  require(stats.send_queue <= loop_budget + count * 16'100, "unsent bytes stay in the budget");
  server.stop({.deadline = 500ms});
  running.join();
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  const std::string kind = argc > 1 ? argv[1] : "never_read";
  const std::size_t count = argument(argc, argv, 2, 1000);
  const std::size_t seconds = argument(argc, argv, 3, 5);
  need_descriptors(count + 1000);
  Child good([&](Line& line) { be_good(line, seconds); });
  try {
    serve(good.line(), kind, count, argc > 4);
    good.line().tell(0);
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(good.join(), "the good clients are content");
  return verdict();
}
