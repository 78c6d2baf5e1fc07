// stress SECONDS CONNECTIONS: 8 threads send, publish, close and drop handles at random. Every
// accepted message is delivered, unless its connection was closed; each thread's order holds. For
// the thread sanitizer.
#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "processes.hpp"
#include "swarm.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t senders = 8;

/// A connection, and the number of messages that each sender had accepted for it.
struct Sent {
  ServerConnection connection;
  std::uint64_t id = 0;
  std::array<std::atomic<std::uint32_t>, senders> accepted{};
};

/// Returns a message: the sender, its number for this connection, and the id of the connection.
std::string message_of(std::size_t sender, std::uint64_t number, std::uint64_t id) {
  return std::to_string(sender) + " " + std::to_string(number) + " " + std::to_string(id);
}

class Senders {
 public:
  void enter(const ServerConnection& connection) {
    auto sent = std::make_shared<Sent>();
    sent->connection = connection;
    sent->id = connection.id();
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(sent));
  }
  void run(std::size_t sender, WebSocketServer& server, const std::atomic<bool>& over) {
    std::mt19937 random(static_cast<unsigned>(sender));
    std::uint64_t published = 0;
    while (!over) {
      if (const auto target = pick(random)) step(sender, random, *target, server, published);
      if (random() % 64 == 0) std::this_thread::sleep_for(1ms);
    }
  }
  std::atomic<std::uint64_t> messages{0}, publications{0}, closes{0}, dropped{0};

 private:
  std::shared_ptr<Sent> pick(std::mt19937& random) {
    const std::lock_guard lock(mutex_);
    return all_.empty() ? nullptr : all_[random() % all_.size()];
  }
  /// Drops the handle of a connection, which stays open without one.
  void drop(std::mt19937& random) {
    const std::lock_guard lock(mutex_);
    if (all_.empty()) return;
    std::swap(all_[random() % all_.size()], all_.back());
    all_.pop_back();
    ++dropped;
  }
  void step(std::size_t sender, std::mt19937& random, Sent& target, WebSocketServer& server,
            std::uint64_t& published) {
    const unsigned what = static_cast<unsigned>(random() % 1000);
    const ServerConnection copy = target.connection;
    if (what < 1) {
      closes += !copy.close();
    } else if (what < 2) {
      drop(random);
    } else if (what < 30) {
      publications +=
          !server.publish("all", std::string("p").append(message_of(sender, published, 0)));
      ++published;
    } else {
      auto& number = target.accepted.at(sender);
      const SendResult result = copy.send_text(message_of(sender, number.load(), target.id));
      if (result.failed()) return;
      ++number;
      ++messages;
    }
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Sent>> all_;
};

/// The next number that a client expects of each sender: messages without a gap, published ones in
/// order.
struct Seen {
  std::array<std::uint64_t, senders> next{};
  std::array<std::uint64_t, senders> next_published{};
};

class Checker {
 public:
  std::uint64_t messages = 0;
  std::uint64_t wrong = 0;

  void check(std::size_t client, std::string_view payload) {
    if (seen_.size() <= client) seen_.resize(client + 1);
    Seen& seen = seen_[client];
    const bool published = payload.starts_with('p');
    const std::string text(payload.substr(published ? 1 : 0));
    const auto sender = static_cast<std::size_t>(text[0] - '0');
    const std::uint64_t number = std::stoull(text.substr(2));
    if (published) {  // begins at any number; publish() may refuse some
      wrong += number < seen.next_published.at(sender);
      seen.next_published.at(sender) = number + 1;
    } else {
      ++messages;
      wrong += number != seen.next.at(sender)++;
    }
  }

 private:
  std::vector<Seen> seen_;
};

void be_clients(Line& line, std::size_t count, std::size_t seconds) {
  Swarm swarm(static_cast<std::uint16_t>(line.hear()));
  Checker checker;
  bool over = false;
  swarm.on_frame = [&](Swarm::Client& client, unsigned, std::string_view payload) {
    checker.check(client.index, payload);
  };
  swarm.on_end = [&](Swarm::Client&) {
    if (!over) swarm.add(1);  // the number of clients stays the same
  };
  swarm.add(count);
  const auto end = LoadClock::now() + std::chrono::seconds(seconds);
  (void)swarm.run_until([&] { return LoadClock::now() > end; }, 1000s);
  line.tell(swarm.size());
  over = true;
  const bool gone = swarm.run_until([&] { return swarm.open() == 0; }, 100s);
  line.tell(checker.wrong);
  line.tell(checker.messages);
  line.tell(gone ? 1 : 0);
}

void serve(Line& line, std::size_t seconds) {
  Senders all;
  WebSocketServer server({.threads = 3}, {.on_open = [&](const ServerConnection& connection) {
                           (void)connection.subscribe("all");
                           all.enter(connection);
                         }});
  line.tell(server.listen());
  std::thread running([&] { server.run(); });
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < senders; ++i) {
    threads.emplace_back([&, i] { all.run(i, server, over); });
  }
  const std::uint64_t clients = line.hear(std::chrono::seconds(seconds + 200));
  over = true;
  for (std::thread& thread : threads) thread.join();
  server.stop({.deadline = 60s});
  running.join();
  const std::uint64_t wrong = line.hear();
  const std::uint64_t received = line.hear();
  require(line.hear() == 1, "all clients were closed");
  require(wrong == 0, "each sender's order holds for each of " + std::to_string(clients) +
                          " clients, without a gap");
  const ServerStats stats = server.stats();
  std::printf(
      "%llu messages accepted, %llu received, %llu published, %llu closes, %llu dropped\n",
      static_cast<unsigned long long>(all.messages), static_cast<unsigned long long>(received),
      static_cast<unsigned long long>(all.publications),
      static_cast<unsigned long long>(all.closes), static_cast<unsigned long long>(all.dropped));
  require(received <= all.messages && received > 0, "no message arrives that was not accepted");
  require(stats.opened == stats.closed, "every connection has ended");
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  const std::size_t seconds = argument(argc, argv, 1, 5);
  const std::size_t connections = argument(argc, argv, 2, 500);
  need_descriptors(connections + 200);
  Child clients([&](Line& line) { be_clients(line, connections, seconds); });
  try {
    serve(clients.line(), seconds);
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(clients.join(), "the clients are content");
  return verdict();
}
