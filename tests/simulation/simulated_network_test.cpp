// net/simulated_network.hpp: the network's own promises, and that the library runs on it unchanged.
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::SimulatedNetwork;
using net::SimulatedPath;

/// An echo server as one simulated thread; serves until stop().
class SimulatedEcho {
 public:
  explicit SimulatedEcho(SimulatedNetwork& network, ServerOptions options = {})
      : server_(with(network, std::move(options)),
                {.on_message = [](const ServerConnection& connection, const Message& message) {
                  (void)connection.send(message.opcode, message.payload);
                }}) {
    port = server_.listen();
    network.start("server", [this] { server_.run(); });
  }
  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(port) + "/"; }
  void stop() { server_.stop(); }

  std::uint16_t port = 0;

 private:
  static ServerOptions with(SimulatedNetwork& network, ServerOptions options) {
    options.network = &network;
    return options;
  }
  WebSocketServer server_;
};

ConnectOptions on(SimulatedNetwork& network) {
  ConnectOptions options;
  options.network = &network;
  options.proxy_from_environment = false;
  return options;
}

/// Two connected sockets without a protocol.
class SimulatedPair {
 public:
  SimulatedPair(SimulatedNetwork& network, const SimulatedPath& path) : network_(network) {
    network.set_path([path](const net::Endpoint&) { return path; });
    const auto address = *net::Endpoint::from_text("127.0.0.1:7000");
    listener_ = *network.listen(address, {});
    up = *network.open(net::Family::ipv4);
    EXPECT_EQ(network.connect(up, address), std::errc::operation_in_progress);
    EXPECT_TRUE(network.wait_until([&] { return !network.connect_result(up); }, 1s));
    network.sleep_for(1s);
    down = network.accept(listener_)->fd;
  }
  ~SimulatedPair() {
    for (const int fd : {up, down, listener_}) network_.close(fd);
  }
  SimulatedPair(const SimulatedPair&) = delete;
  SimulatedPair& operator=(const SimulatedPair&) = delete;

  [[nodiscard]] std::string read_all(int fd) {
    std::string all;
    std::array<std::byte, 100> buffer{};
    network_.sleep_for(1s);
    while (true) {
      last = network_.read(fd, buffer);
      if (!last.is_ok()) return all;
      all += wire_text(Bytes(buffer).first(last.bytes));
    }
  }
  [[nodiscard]] net::IoResult write(int fd, std::string_view text) {
    const std::array pieces{wire_bytes(text)};
    return network_.write(fd, pieces);
  }

  int up = -1;
  int down = -1;
  net::IoResult last;

 private:
  SimulatedNetwork& network_;
  int listener_ = -1;
};

TEST(SimulatedNetwork, a_blocking_client_and_a_server_talk_in_one_thread) {
  SimulatedNetwork network(1);
  {
    SimulatedEcho echo(network);
    const TimePoint begin = network.now();
    WebSocket client = create_connection(echo.url(), on(network));
    client.send("hello");
    EXPECT_EQ(client.recv().text(), "hello");
    client.close();
    EXPECT_GE(network.now() - begin, 6ms) << "connect, handshake and echo: three round trips";
    echo.stop();
    EXPECT_TRUE(network.run());
  }
  EXPECT_EQ(network.open_descriptors(), 0U);
}

TEST(SimulatedNetwork, an_app_runs_on_a_thread_and_another_one_sends) {
  SimulatedNetwork network(2);
  SimulatedEcho echo(network);
  std::vector<std::string> got;
  AppOptions options;
  options.network = &network;
  WebSocketApp app(echo.url(),
                   {.on_message =
                        [&](WebSocketApp& self, const Message& message) {
                          got.emplace_back(wire_text(message.payload));
                          if (got.size() == 3) self.close();
                        }},
                   options);
  RunResult result;
  network.start("app", [&] {
    result = app.run_forever({.proxy_from_environment = false});
    echo.stop();
  });
  network.start("sender", [&] {
    EXPECT_TRUE(network.wait_until([&] { return app.ready(); }, 1s));
    for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(app.handle().send(text).accepted());
  });
  EXPECT_TRUE(network.run());
  EXPECT_EQ(got, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(result.why, EndReason::stopped);
}

TEST(SimulatedNetwork, hours_pass_at_once_and_both_clocks_move_together) {
  SimulatedNetwork network;
  const TimePoint begin = network.now();
  network.set_wall_clock(std::chrono::sys_days(std::chrono::year(2030) / 5 / 6));
  const auto day = network.wall_clock();
  network.sleep_for(10h);
  network.jump(1h);
  EXPECT_EQ(network.now() - begin, 11h);
  EXPECT_EQ(network.wall_clock() - day, 11h);
}

/// The clock on the wall jumps by an hour to and fro: pings, time-outs and the server's deadlines
/// go by the other one.
TEST(SimulatedNetwork, G10_jumps_of_the_wall_clock_move_no_time_out) {
  SimulatedNetwork network;
  SimulatedEcho echo(network, {.handshake_time = 3s, .idle_time = 30s, .close_time = 2s});
  const auto start = network.wall_clock();
  int pongs = 0;
  WebSocketApp app(echo.url(), {.on_pong = [&](WebSocketApp&, Bytes) { ++pongs; }}, [&] {
    AppOptions options;
    options.network = &network;
    return options;
  }());
  RunResult result;
  network.start("app", [&] {
    RunOptions options;
    options.proxy_from_environment = false;
    options.ping_interval = 10s;
    options.ping_timeout = 5s;
    result = app.run_forever(options);
  });
  network.start("wall clock", [&] {
    for (int i = 0; i < 20; ++i) {
      network.set_wall_clock(start + (i % 2 == 0 ? 1h : -1h));
      network.sleep_for(3s);
    }
    const TimePoint before = network.now();
    app.close();
    (void)network.wait_until([&] { return !app.keep_running(); }, 10s);
    echo.stop();
    EXPECT_LT(network.now() - before, 2s);
  });
  EXPECT_TRUE(network.run());
  EXPECT_FALSE(result.failed()) << result.text();
  EXPECT_GE(pongs, 4);
  EXPECT_LE(pongs, 6);
}

TEST(SimulatedNetwork, threads_that_wait_for_nothing_are_named) {
  SimulatedNetwork network;
  network.start("first", [&] { (void)network.wait_until([] { return false; }); });
  network.start("second", [&] { network.sleep_for(1s); });
  EXPECT_FALSE(network.run());
  EXPECT_EQ(network.waiting(), std::vector<std::string>{"first"});
  try {
    (void)network.wait_until([] { return false; });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const net::SimulationStuck& stuck) {
    EXPECT_STREQ(stuck.what(), "nothing can happen any more; waiting: first");
  }
}

TEST(SimulatedNetwork, threads_that_spin_are_named) {
  SimulatedNetwork network;
  network.start("busy", [&] {
    while (true) network.sleep_for(0s);
  });
  EXPECT_THROW((void)network.run(), net::SimulationStuck);
}

/// A caller outside of the threads, as an app that is run by the test itself. Its peer's end has
/// come with the last bytes; what a thread waits for is an hour away.
TEST(SimulatedNetwork, a_wait_for_what_is_there_already_lets_the_threads_go_on_but_no_time_pass) {
  SimulatedNetwork network;
  const TimePoint begin = network.now();
  bool went_on = false;
  network.start("server", [&] {
    went_on = true;
    network.sleep_for(1h);
  });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(network.wait_until([] { return true; }, 1s));
  EXPECT_TRUE(went_on);
  EXPECT_EQ(network.now(), begin);
}

TEST(SimulatedNetwork, a_caller_outside_of_the_threads_that_spins_is_told) {
  SimulatedNetwork network;
  network.start("server", [&] { network.sleep_for(1h); });
  EXPECT_THROW(
      {
        while (true) (void)network.wait_until([] { return true; });
      },
      net::SimulationStuck);
}

TEST(SimulatedNetwork, what_a_thread_throws_comes_out_of_run) {
  SimulatedNetwork network;
  network.start("careless", [&] {
    network.sleep_for(1s);
    throw std::runtime_error("oh");
  });
  EXPECT_THROW((void)network.run(), std::runtime_error);
  EXPECT_TRUE(network.waiting().empty());
}

TEST(SimulatedNetwork, an_exception_that_is_being_handled_stays_with_its_thread) {
  SimulatedNetwork network(5);
  std::vector<std::string> seen;
  for (const char* name : {"one", "two", "three"}) {
    network.start(name, [&, name] {
      try {
        throw std::runtime_error(name);
      } catch (const std::exception&) {
        network.sleep_for(std::chrono::milliseconds(network.draw(5)));
        try {
          throw;
        } catch (const std::exception& again) {
          seen.push_back(again.what() == std::string(name) ? "right" : "wrong");
        }
      }
    });
  }
  EXPECT_TRUE(network.run());
  EXPECT_EQ(seen, (std::vector<std::string>{"right", "right", "right"}));
}

TEST(SimulatedNetwork, names_and_addresses_fail_as_they_are_told_to) {
  SimulatedNetwork network;
  network.set_name("slow.test", {.addresses = {"192.0.2.1"}, .delay = 20s});
  network.set_name("broken.test", {.error = net::resolver_had_no_answer()});
  network.set_name("gone.test", {.addresses = {"192.0.2.9"}});
  network.set_path([](const net::Endpoint& peer) {
    return SimulatedPath{.answers = peer.host() != "192.0.2.1"};
  });
  const auto error_of = [&](const std::string& url) -> std::error_code {
    try {
      (void)create_connection(url, on(network));
    } catch (const WebSocketException& error) {
      return error.code();
    }
    return {};
  };
  EXPECT_EQ(error_of("ws://unknown.test/"), Errc::host_not_found);
  EXPECT_EQ(error_of("ws://broken.test/"), net::resolver_had_no_answer());
  EXPECT_EQ(error_of("ws://gone.test/"), std::errc::connection_refused);
  const TimePoint begin = network.now();
  EXPECT_EQ(error_of("ws://slow.test/"), Errc::connect_timeout);
  EXPECT_GE(network.now() - begin, 10s);
  EXPECT_LT(network.now() - begin, 10s + 10ms);
  network.sleep_for(20s);  // the look-up ends, and its thread
  EXPECT_TRUE(network.waiting().empty());
}

TEST(SimulatedNetwork, a_reset_comes_behind_that_many_bytes) {
  SimulatedNetwork network;
  SimulatedPair pair(network, {.up = {.reset_after = 5}});
  EXPECT_EQ(pair.write(pair.up, "1234567890").bytes, 5U);
  EXPECT_EQ(pair.read_all(pair.down), "12345");
  EXPECT_EQ(pair.last.error, std::errc::connection_reset);
  EXPECT_EQ(pair.write(pair.down, "x").error, std::errc::broken_pipe);
}

TEST(SimulatedNetwork, a_silent_connection_takes_bytes_and_tells_nobody) {
  SimulatedNetwork network;
  SimulatedPair pair(network, {.up = {.silent_after = 5}});
  EXPECT_EQ(pair.write(pair.up, "1234567890").bytes, 5U);
  EXPECT_EQ(pair.write(pair.up, "67890").bytes, 5U);
  EXPECT_EQ(pair.write(pair.down, "answer").bytes, 6U);
  EXPECT_EQ(pair.read_all(pair.down), "");
  EXPECT_EQ(pair.last.status, net::IoStatus::want_read);
  EXPECT_EQ(pair.read_all(pair.up), "");
}

TEST(SimulatedNetwork, bytes_and_the_end_come_in_order_in_pieces_and_late) {
  SimulatedNetwork network(9);
  SimulatedPair pair(network, {.up = {.jitter = 50ms, .buffer = 20, .most_per_write = 4}});
  std::string sent;
  while (sent.size() < 26) {
    const char letter = static_cast<char>('a' + sent.size());
    const std::string rest(1, letter);
    if (pair.write(pair.up, rest).is_ok()) {
      sent += letter;
    } else {
      EXPECT_EQ(sent.size(), 20U) << "the buffer";
      break;
    }
  }
  network.shutdown_write(pair.up);
  EXPECT_EQ(pair.read_all(pair.down), sent);
  EXPECT_EQ(pair.last.status, net::IoStatus::eof);
}

TEST(SimulatedNetwork, closing_with_unread_bytes_resets_the_peer) {
  SimulatedNetwork network;
  SimulatedPair pair(network, {});
  EXPECT_TRUE(pair.write(pair.up, "unread").is_ok());
  network.sleep_for(1s);
  network.close(pair.down);
  EXPECT_EQ(pair.read_all(pair.up), "");
  EXPECT_EQ(pair.last.error, std::errc::connection_reset);
}

TEST(SimulatedNetwork, descriptors_run_out_where_the_limit_is) {
  SimulatedNetwork network;
  network.set_descriptor_limit(2);
  const auto first = network.open(net::Family::ipv4);
  const auto poller = network.make_poller(net::Backend::automatic);
  EXPECT_EQ(network.open(net::Family::ipv4).error(), std::errc::too_many_files_open);
  EXPECT_THROW((void)network.make_poller(net::Backend::automatic), std::system_error);
  network.close(*first);
  const auto again = network.open(net::Family::ipv4);
  EXPECT_TRUE(again);
  network.close(*again);
}

}  // namespace
}  // namespace wirespan::test
