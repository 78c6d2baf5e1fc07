// many_apps [APPS SECONDS]: clients on one loop in one thread, one in five of which loses its
// server at random. Prints memory and processor time for each app; the others are not disturbed.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>
#include <sys/resource.h>

#include "processes.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using LoadClock = std::chrono::steady_clock;

/// An echo server. It aborts the connections whose subprotocol is "sick" at random, a few at a
/// time.
void serve(Line& line) {
  std::mt19937 random(20'261'128);  // NOLINT: the same sickness in each run
  WebSocketServer server({}, {.on_request =
                                  [](PendingRequest request) {
                                    const bool sick =
                                        request.request().offer.subprotocols.size() == 1;
                                    request.accept({.subprotocol = sick ? "sick" : ""}, sick);
                                  },
                              .on_message =
                                  [&](const ServerConnection& connection, const Message& message) {
                                    const bool* sick = connection.user_data_as<bool>();
                                    if (sick != nullptr && *sick && random() % 3 == 0) {
                                      connection.abort();
                                      return;
                                    }
                                    (void)connection.send_text(message.text());
                                  }});
  line.tell(server.listen());
  std::thread running([&] { server.run(); });
  (void)line.hear();
  server.stop({.deadline = 1s});
  running.join();
}

/// One client of the crowd, and what it has seen.
struct Member {
  std::unique_ptr<WebSocketApp> app;
  std::size_t sent = 0;
  std::size_t answers = 0;
  std::size_t losses = 0;
  bool has_ended = false;
};

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

std::size_t heap_bytes() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

class Crowd {
 public:
  Crowd(std::size_t count, const std::string& url) : members_(count) {
    const std::size_t before = heap_bytes();
    for (std::size_t i = 0; i < count; ++i) add(members_[i], url, i % 5 == 0);
    turn_until([&] { return all_open(); }, 60s);
    std::printf("memory of an app: %zu bytes\n", (heap_bytes() - before) / count);
  }

  /// Each app sends five messages a second.
  void talk(std::chrono::seconds time) {
    const double before = processor_seconds();
    for (const auto end = LoadClock::now() + time; LoadClock::now() < end;) {
      for (Member& member : members_) {
        if (!member.app->ready()) continue;
        member.app->send("tick");
        ++member.sent;
      }
      turn_until([&] { return false; }, 200ms);
    }
    turn_until([&] { return are_healthy_answered(); }, 5s);
    const double each = (processor_seconds() - before) / static_cast<double>(members_.size()) /
                        static_cast<double>(time.count());
    std::printf("processor time of an app with five messages a second: %.1f us a second\n",
                each * 1e6);
  }

  void judge() {
    std::size_t losses = 0;
    bool are_healthy_spared = true;
    bool have_sick_come_back = true;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const Member& member = members_[i];
      losses += member.losses;
      if (i % 5 == 0) {
        have_sick_come_back = have_sick_come_back && member.losses > 0 && member.answers > 0;
      } else {
        are_healthy_spared = are_healthy_spared && member.losses == 0;
      }
    }
    std::printf("connections lost and opened again: %zu\n", losses);
    require(are_healthy_spared, "no healthy app has lost its connection");
    require(are_healthy_answered(), "each message of a healthy app was answered");
    require(have_sick_come_back, "each app that lost its server has come back");
  }

  void close() {
    for (Member& member : members_) member.app->close();
    turn_until([&] { return have_ended(); }, 10s);
    require(have_ended(), "each app has ended after close()");
  }

 private:
  void add(Member& member, const std::string& url, bool sick) {
    member.app = std::make_unique<WebSocketApp>(
        url,
        AppHandlers{.on_message = [&](WebSocketApp&, const Message&) { ++member.answers; },
                    .on_error = [&](WebSocketApp&, const std::exception&) { ++member.losses; }},
        AppOptions{.subprotocols =
                       sick ? std::vector<std::string>{"sick"} : std::vector<std::string>{}});
    member.app->start(loop_,
                      {.ping_interval = 1s,
                       .ping_timeout = 900ms,
                       .reconnect = ReconnectPolicy{.delay = 10ms, .max_delay = 100ms}},
                      [&](WebSocketApp&, const RunResult&) { member.has_ended = true; });
  }

  template <class Condition>
  void turn_until(Condition condition, std::chrono::milliseconds patience) {
    for (const auto end = LoadClock::now() + patience; !condition() && LoadClock::now() < end;) {
      loop_.run_once(10ms);
    }
  }

  template <class Property>
  [[nodiscard]] bool all(Property property) const {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!property(members_[i], i % 5 == 0)) return false;
    }
    return true;
  }
  [[nodiscard]] bool all_open() const {
    return all([](const Member& member, bool) { return member.app->ready(); });
  }
  [[nodiscard]] bool are_healthy_answered() const {
    return all(
        [](const Member& member, bool sick) { return sick || member.answers == member.sent; });
  }
  [[nodiscard]] bool have_ended() const {
    return all([](const Member& member, bool) { return member.has_ended; });
  }

  net::EventLoop loop_;
  std::vector<Member> members_;
};

void measure(Line& line, std::size_t count, std::size_t seconds) {
  need_descriptors(count + 100);
  Crowd crowd(count, "ws://127.0.0.1:" + std::to_string(line.hear()) + "/");
  crowd.talk(std::chrono::seconds(seconds));
  crowd.judge();
  crowd.close();
  line.tell(0);
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  Child server(serve);
  try {
    measure(server.line(), argument(argc, argv, 1, 500), argument(argc, argv, 2, 5));
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(server.join(), "the server has ended");
  return verdict();
}
