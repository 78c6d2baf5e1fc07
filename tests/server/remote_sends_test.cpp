// ServerConnection and publish() from other threads: the same limits and errors as on the loop.
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

/// A server whose loop blocks inside on_message until the test lets it go on.
class BusyServer {
 public:
  explicit BusyServer(const ServerOptions& options)
      : server_(handlers(), Link{}, options), client_(server_.open()) {
    client_.send_text("hold the loop up");
    EXPECT_TRUE(eventually([&] { return busy_.load(); }));
  }
  ~BusyServer() { go_on_.set(); }

  [[nodiscard]] ServerConnection connection() {
    const std::lock_guard lock(mutex_);
    return connection_;
  }
  void go_on() { go_on_.set(); }
  void go_on_and_close() {
    closes_ = true;
    go_on_.set();
  }
  [[nodiscard]] RawPeer& client() noexcept { return client_; }
  [[nodiscard]] WebSocketServer& server() noexcept { return server_.server(); }
  [[nodiscard]] ServerStats stats() { return server_.server().stats(); }
  [[nodiscard]] int drains() const { return drains_; }
  [[nodiscard]] std::error_code cause() {
    EXPECT_TRUE(eventually([&] { return closed_.load(); }));
    return cause_;
  }
  [[nodiscard]] std::size_t lost() const { return lost_; }

 private:
  ServerHandlers handlers() {
    ServerHandlers handlers;
    handlers.on_open = [this](const ServerConnection& connection) {
      const std::lock_guard lock(mutex_);
      connection_ = connection;
      (void)connection.subscribe("news");
    };
    handlers.on_message = [this](const ServerConnection& connection, const Message&) {
      busy_ = true;
      go_on_.wait();
      if (closes_) {
        EXPECT_FALSE(connection.close());
      }
    };
    handlers.on_drain = [this](const ServerConnection&) { ++drains_; };
    handlers.on_close = [this](const ServerConnection& connection, CloseCode, std::string_view,
                               std::error_code cause) {
      cause_ = cause;
      lost_ = connection.buffered_amount();
      closed_ = true;
    };
    return handlers;
  }

  std::mutex mutex_;
  ServerConnection connection_;
  Signal go_on_;
  std::atomic<bool> busy_{false};
  std::atomic<bool> closes_{false};
  std::atomic<bool> closed_{false};
  std::atomic<int> drains_{0};
  std::error_code cause_;
  std::atomic<std::size_t> lost_{0};
  RunningServer server_;
  RawPeer client_;
};

/// Sends 1 KiB until it is refused; returns how many were accepted.
int fill(const ServerConnection& connection, std::error_code& refusal) {
  for (int n = 0; n < 1'000'000; ++n) {
    const SendResult result = connection.send_text(std::string(1024, 'x'));
    if (!result.failed()) continue;
    refusal = result.error();
    return n;
  }
  return 0;
}

TEST(ServerRemoteSends, what_was_accepted_while_the_loop_was_busy_reaches_a_client_that_reads) {
  BusyServer busy({.send_hard_limit = std::size_t{1} << 20});
  std::error_code refusal;
  const int accepted = fill(busy.connection(), refusal);
  EXPECT_EQ(refusal, Errc::send_queue_full);
  EXPECT_GT(accepted, 1000);
  EXPECT_EQ(busy.stats().refused.send_queue, 1U);
  busy.go_on();
  for (int n = 0; n < accepted; ++n) ASSERT_EQ(busy.client().read_frame().payload.size(), 1024U);
  EXPECT_TRUE(eventually([&] { return busy.drains() == 1; })) << "after the refusal, once";
  EXPECT_TRUE(busy.connection().send_text("and on").accepted());
  EXPECT_EQ(busy.client().read_described(), "text \"and on\"");
  EXPECT_TRUE(eventually([&] { return busy.connection().buffered_amount() == 0; }));
}

TEST(ServerRemoteSends, a_close_on_the_loop_follows_what_other_threads_were_told_is_accepted) {
  BusyServer busy({});
  EXPECT_TRUE(busy.connection().send_text("accepted before").accepted());
  busy.go_on_and_close();
  EXPECT_EQ(busy.client().read_described(), "text \"accepted before\"");
  EXPECT_EQ(busy.client().read_described(), "close 1000");
  busy.client().send_close();
  EXPECT_EQ(busy.cause(), std::error_code());
  EXPECT_EQ(busy.lost(), 0U);
}

TEST(ServerRemoteSends, stop_follows_what_other_threads_were_told_is_accepted) {
  BusyServer busy({});
  EXPECT_TRUE(busy.connection().send_text("accepted before").accepted());
  busy.server().stop();
  busy.go_on();
  EXPECT_EQ(busy.client().read_described(), "text \"accepted before\"");
  EXPECT_EQ(busy.client().read_described(), "close 1001");
  busy.client().send_close(1001);
  EXPECT_EQ(busy.lost(), 0U);
}

TEST(ServerRemoteSends, drop_oldest_drops_and_counts) {
  BusyServer busy({.send_hard_limit = 10'000, .overflow = Overflow::drop_oldest});
  for (int n = 0; n < 100; ++n) {
    EXPECT_TRUE(busy.connection().send_text(std::string(999, 'x') + std::to_string(n)).accepted());
  }
  EXPECT_GT(busy.stats().refused.dropped, 80U);
  EXPECT_LE(busy.connection().buffered_amount(), 10'000U);
  busy.go_on();
  std::string last;
  while (!last.ends_with("x99")) last = wire_text(busy.client().read_frame().payload);
}

TEST(ServerRemoteSends, close_closes_with_1013_behind_what_was_accepted) {
  BusyServer busy({.send_hard_limit = 10'000, .overflow = Overflow::close});
  std::error_code refusal;
  const int accepted = fill(busy.connection(), refusal);
  EXPECT_EQ(refusal, Errc::overflow_closed);
  EXPECT_EQ(busy.connection().send_text("more"), Errc::not_open);
  EXPECT_EQ(busy.stats().refused.overflow_closed, 1U);
  busy.go_on();
  for (int n = 0; n < accepted; ++n) ASSERT_EQ(busy.client().read_frame().payload.size(), 1024U);
  EXPECT_TRUE(busy.client().read_described().starts_with("close 1013"));
}

TEST(ServerRemoteSends, empty_messages_and_publications_have_a_bound) {
  BusyServer busy({.send_hard_limit = 10'000, .publish_queue_limit = 10'000});
  int empty = 0;
  while (empty < 100'000 && busy.connection().send_text("").accepted()) ++empty;
  EXPECT_LT(empty, 10'000);
  int published = 0;
  std::error_code refusal;
  while (published < 100'000 && !refusal) {
    refusal = busy.server().publish("news", "x");
    if (!refusal) ++published;
  }
  EXPECT_EQ(refusal, Errc::send_queue_full);
  EXPECT_GT(published, 10);
  EXPECT_LT(published, 1000);
  busy.go_on();
  for (int n = 0; n < empty + published; ++n) (void)busy.client().read_frame();
  EXPECT_FALSE(busy.server().publish("news", "and on"));
  EXPECT_EQ(busy.client().read_described(), "text \"and on\"");
}

TEST(ServerRemoteSends, messages_publications_and_close_of_one_thread_keep_their_order) {
  BusyServer busy({});
  const ServerConnection connection = busy.connection();
  EXPECT_TRUE(connection.send_text("1").accepted());
  EXPECT_FALSE(busy.server().publish("news", "2"));
  EXPECT_TRUE(connection.send_text("3").accepted());
  EXPECT_FALSE(busy.server().publish("news", "4"));
  EXPECT_TRUE(connection.send_text("5").accepted());
  EXPECT_FALSE(connection.close(CloseCode::normal, "6"));
  busy.go_on();
  for (const char* text : {"1", "2", "3", "4", "5"}) {
    EXPECT_EQ(wire_text(busy.client().read_frame().payload), text);
  }
  EXPECT_TRUE(busy.client().read_described().starts_with("close 1000"));
}

}  // namespace
}  // namespace wirespan::test
