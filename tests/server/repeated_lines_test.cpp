// app/common/repeated_line.hpp and its users: log lines limited in rate, which a peer or a shortage
// can repeat.
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/log_lines.hpp"
#include "support/running_server.hpp"
#include "support/spy_network.hpp"
#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

TEST(RepeatedLine, is_logged_once_and_then_once_a_minute_with_its_number) {
  LogLines lines;
  RepeatedLine line;
  const TimePoint start{};
  for (int tenths = 0; tenths <= 1200; ++tenths) {
    line.log(LogLevel::warning, "no room", start + tenths * 100ms);
  }
  EXPECT_EQ(lines.get(), (std::vector<std::string>{"no room", "no room (and 599 times before)",
                                                   "no room (and 599 times before)"}));
}

TEST(RepeatedLine, comes_once_from_many_threads) {
  LogLines lines;
  RepeatedLine line;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) line.log(LogLevel::warning, "no room", TimePoint{});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lines.get().size(), 1U);
  line.log(LogLevel::warning, "no room", TimePoint{} + limits::repeated_line_time);
  EXPECT_EQ(lines.get().back(), "no room (and 7999 times before)");
}

/// A network that has no descriptor for a connection, with a clock that the test moves.
class FullNetwork final : public SpyNetwork {
 public:
  std::atomic<std::chrono::nanoseconds> passed{0ns};
  std::atomic<int> refused{0};

  Expected<net::Accepted> accept(int) override {
    ++refused;
    return make_error_code(std::errc::too_many_files_open);
  }
  TimePoint now() noexcept override { return SpyNetwork::now() + passed.load(); }
};

TEST(ServerWithoutDescriptors, says_so_once_and_then_once_a_minute) {
  LogLines lines;
  FullNetwork network;
  WebSocketServer server({.network = &network}, {});
  const RawPeer client = RawPeer::to_port(server.listen());
  for (int rests = 0; rests < 1500; ++rests) {  // 100 ms each: two and a half minutes
    (void)server.run_once(0ms);
    network.passed = network.passed.load() + 100ms;
  }
  EXPECT_GE(network.refused, 500) << "it goes on trying";
  const auto said = lines.get();
  ASSERT_EQ(said.size(), 3U) << said.front();
  for (const std::string& line : said) EXPECT_NE(line.find("no descriptor"), std::string::npos);
}

TEST(ServerWithoutDescriptors, says_so_once_and_not_once_for_each_loop) {
  LogLines lines;
  FullNetwork network;
  {
    RunningServer server({}, Link{}, {.threads = 3, .network = &network});
    std::vector<RawPeer> clients;
    for (int i = 0; i < 30; ++i) clients.push_back(RawPeer::to_port(server.port()));
    EXPECT_TRUE(eventually([&] { return network.refused >= 9; }));
  }
  EXPECT_EQ(lines.get().size(), 1U);
}

TEST(ServerWithBadAnswers, says_so_once_and_not_for_each_request) {
  LogLines lines;
  ServerHandlers handlers;
  handlers.on_request = [](PendingRequest request) {
    request.accept({.subprotocol = "that nobody has offered"});
  };
  RunningServer server(handlers, Link{});
  for (int i = 0; i < 5; ++i) {
    RawPeer client = server.dial();
    client.write(upgrade_request());
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 500 "));
  }
  const auto said = lines.get();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_TRUE(said.front().starts_with("the answer to a request cannot be sent: "));
}

TEST(ServerWithHandlersThatThrow, says_so_once_and_tells_on_error_each_time) {
  LogLines lines;
  std::atomic<int> told{0};
  ServerHandlers handlers;
  handlers.on_message = [](const ServerConnection&, const Message&) {
    throw std::runtime_error("a message that nobody expects");
  };
  handlers.on_error = [&](const ServerConnection&, const std::exception&) {
    ++told;
    throw std::runtime_error("on_error does not expect it either");
  };
  RunningServer server(handlers, Link{});
  for (int i = 0; i < 5; ++i) {
    RawPeer client = server.open();
    client.send_text("x");
    EXPECT_EQ(client.read_described(), "close 1011");
  }
  EXPECT_EQ(told, 5);
  EXPECT_EQ(lines.get().size(), 2U) << "one of on_message, one of on_error";
}

}  // namespace
}  // namespace wirespan::test
