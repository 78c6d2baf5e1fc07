// WebSocketApp against a server that does anything at random, under a fixed seed: it refuses,
// resets, stalls, redirects, breaks rules and closes with every code.
#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

constexpr int reconnections = 500;
constexpr std::uint32_t seed = 20'261'128;

/// A random source that the threads of a server share.
class Dice {
 public:
  [[nodiscard]] unsigned below(unsigned bound) {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(random_() % bound);
  }

 private:
  std::mutex mutex_;
  std::mt19937 random_{seed};  // NOLINT: the same chaos in each run
};

void talk_and_close(RawPeer& peer, Dice& dice) {
  constexpr std::array codes{1001U, 1002U, 1003U, 1008U, 1011U, 1012U, 1013U, 3000U, 4999U};
  (void)peer.send_text("a");
  (void)peer.send_ping("p");
  const unsigned index = dice.below(codes.size() + 1);
  index < codes.size() ? (void)peer.send_close(codes[index], "chaos")
                       : (void)peer.send_empty_close();
  (void)peer.read_until_close();
}

void do_something(RawPeer& peer, Dice& dice) {
  const unsigned what = dice.below(10);
  if (what == 0) return;  // ends before the request is read
  const std::string request = peer.read_head();
  if (what == 1) return peer.reset();
  if (what == 2) return std::this_thread::sleep_for(60ms);  // stalls: connect_timeout
  if (what == 3) return (void)peer.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  if (what == 4) {
    return (void)peer.write("HTTP/1.1 302 x\r\nLocation: /" + std::to_string(dice.below(1000)) +
                            "\r\nContent-Length: 0\r\n\r\n");
  }
  if (what == 5) return (void)peer.write("HTTP/1.1 101 x\r\nUpgrade: web");
  (void)peer.write(RawPeer::acceptance(request));
  if (what == 6) return;  // lost without a Close
  if (what == 7) return (void)peer.send_frame(0xF1, "rsv");
  if (what == 8) return peer.reset();
  talk_and_close(peer, dice);
}

/// One connection of the server, which does anything. The client may leave at any moment.
void do_anything(RawPeer& peer, Dice& dice) {
  try {
    do_something(peer, dice);
  } catch (const PeerError&) {
    peer.close();
  }
}

/// The legal order of handler calls: open or reconnect, messages, then an error or nothing; close
/// once, last.
class Order {
 public:
  void opened(bool again) {
    EXPECT_FALSE(is_over_);
    EXPECT_EQ(again, has_begun_) << "on_open first, on_reconnect from then on";
    has_begun_ = true;
    ++connections_;
  }
  void received() {
    EXPECT_FALSE(is_over_);
    EXPECT_GT(connections_, 0) << "a message without a connection";
  }
  void failed() {
    EXPECT_FALSE(is_over_);
    has_begun_ = true;
  }
  void closed() {
    EXPECT_FALSE(is_over_) << "on_close twice";
    is_over_ = true;
  }
  [[nodiscard]] int connections() const noexcept { return connections_; }

 private:
  bool has_begun_ = false;
  bool is_over_ = false;
  int connections_ = 0;
};

AppHandlers watching(Order& order) {
  return {.on_open = [&](WebSocketApp&) { order.opened(false); },
          .on_reconnect = [&](WebSocketApp&) { order.opened(true); },
          .on_message = [&](WebSocketApp&, const Message&) { order.received(); },
          .on_error = [&](WebSocketApp&, const std::exception&) { order.failed(); },
          .on_close = [&](WebSocketApp&, std::optional<CloseCode>,
                          std::string_view) { order.closed(); }};
}

/// Comes back whatever happens, soon.
ReconnectPolicy untiring() {
  return {.delay = 1ms, .max_delay = 4ms, .should_reconnect = [](const ConnectionEnd&) {
            return true;
          }};
}

class AppChaos : public AppTest {
 protected:
  Dice dice;
  RawServer server{[this](RawPeer& peer) { do_anything(peer, dice); }, link()};
};
INSTANTIATE_TEST_SUITE_P(Over, AppChaos, ::testing::ValuesIn(links()), link_name);

TEST_P(AppChaos, five_hundred_reconnections_keep_the_order_of_calls_and_leave_nothing) {
  Order order;
  AppHandlers handlers = watching(order);
  const auto end_at_last = [&](WebSocketApp& app) {
    if (app.metrics().attempts > reconnections) app.close(STATUS_NORMAL, {}, 50ms);
  };
  // Now and then the server is down for one attempt: its port refuses.
  const std::string down = "ws://127.0.0.1:" + std::to_string(unused_port()) + "/";
  handlers.on_error = [&](WebSocketApp& app, const std::exception&) {
    order.failed();
    app.url() = dice.below(6) == 0 ? down : server.url();
    end_at_last(app);
  };
  handlers.on_reconnect = [&](WebSocketApp& app) {
    order.opened(true);
    end_at_last(app);
  };
  AppOptions options = with();
  options.connect_timeout = 50ms;
  WebSocketApp app(server.url(), handlers, options);
  const Stopwatch watch;
  const RunResult result = app.run_forever(
      running({.ping_interval = 40ms, .ping_timeout = 30ms, .reconnect = untiring()}));
  EXPECT_EQ(result.why, EndReason::stopped);
  const AppMetrics metrics = app.metrics();
  EXPECT_GT(metrics.attempts, static_cast<std::uint64_t>(reconnections));
  EXPECT_EQ(metrics.opened, static_cast<std::uint64_t>(order.connections()));
  EXPECT_EQ(metrics.ended, metrics.opened);
  EXPECT_EQ(metrics.failed.total() + metrics.opened, metrics.attempts);
  EXPECT_LT(watch.elapsed(), 60s) << "the back-off has left its bounds";
}

TEST_P(AppChaos, close_ends_everything_at_any_moment) {
  for (int round = 0; round < 60; ++round) {
    Order order;
    AppOptions options = with();
    options.connect_timeout = 5s;
    WebSocketApp app(server.url(), watching(order), options);
    BackgroundRun run(app, running({.reconnect = untiring()}));
    std::this_thread::sleep_for(Milliseconds(dice.below(15)));
    const Stopwatch watch;
    app.close(STATUS_NORMAL, {}, 20ms);
    // A close() that comes before the run has begun does nothing, so it is repeated.
    while (!run.is_over(1ms)) app.close(STATUS_NORMAL, {}, 20ms);
    (void)run.wait();
    EXPECT_LT(watch.elapsed(), 100ms) << "round " << round;
  }
}

}  // namespace
}  // namespace wirespan::test
