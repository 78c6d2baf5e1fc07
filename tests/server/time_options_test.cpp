// WebSocketServer: every option of time, with 0, negative values and values beyond the clock.
#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerTimes : public ServerTest {};
INSTANTIATE_TEST_SUITE_P(Over, ServerTimes, ::testing::ValuesIn(links_and_backends()), link_name);

struct TimeCase {
  const char* name;
  void (*set)(ServerOptions& options, Milliseconds time);
};

constexpr TimeCase options_of_time[] = {
    {"handshake_time", [](ServerOptions& o, Milliseconds t) { o.handshake_time = t; }},
    {"idle_time", [](ServerOptions& o, Milliseconds t) { o.idle_time = t; }},
    {"progress_time", [](ServerOptions& o, Milliseconds t) { o.progress_time = t; }},
    {"close_time", [](ServerOptions& o, Milliseconds t) { o.close_time = t; }},
    {"ping_interval", [](ServerOptions& o, Milliseconds t) { o.ping_interval = t; }},
    {"ping_timeout",
     [](ServerOptions& o, Milliseconds t) {
       o.ping_interval = 10ms;
       o.ping_timeout = t;
     }},
};

/// An echo and a closing handshake work with each value.
TEST_P(ServerTimes, no_value_breaks_a_connection_or_overflows) {
  for (const TimeCase& option : options_of_time) {
    for (const auto time :
         {Milliseconds::min(), Milliseconds(-1), Milliseconds(0), Milliseconds::max()}) {
      ServerOptions options;
      option.set(options, time);
      RunningServer server(echoing(), link(), std::move(options));
      RawPeer client = server.open();
      std::this_thread::sleep_for(30ms);
      client.send_text("hello");
      EXPECT_EQ(describe(client.read_message()), "text \"hello\"")
          << option.name << " " << time.count();
      client.send_close(1000);
      EXPECT_EQ(client.read_until_close().back(), "close 1000");
    }
  }
}

/// ServerOptions say "0: off" where net::KeepAlive::Options say unset; a 0 that got through would
/// close each client at its first ping.
TEST_P(ServerTimes, a_ping_timeout_of_0_waits_for_no_pong) {
  RunningServer server(echoing(), link(), {.ping_interval = 20ms});
  RawPeer client = server.open();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.read_described(), "ping ");
  client.send_text("unanswered, and still here");
  EXPECT_EQ(describe(client.read_message()), "text \"unanswered, and still here\"");
}

/// The timeout counts from the oldest unanswered ping: later pings do not move the deadline.
TEST_P(ServerTimes, a_ping_timeout_above_the_interval_finds_a_dead_client) {
  RunningServer server(echoing(), link(), {.ping_interval = 30ms, .ping_timeout = 100ms});
  RawPeer client = server.open();
  EXPECT_TRUE(server.has_connections(0));
}

TEST_P(ServerTimes, messages_answer_a_ping_unless_only_pongs_count) {
  for (const bool only_pongs : {false, true}) {
    RunningServer server(
        {}, link(), {.ping_interval = 100ms, .ping_timeout = 80ms, .only_pongs_count = only_pongs});
    RawPeer client = server.open();
    for (int i = 0; i < 100 && client.send_text("alive"); ++i) std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(server.has_connections(only_pongs ? 0 : 1));
    EXPECT_EQ(server.server().stats().refused.pong_time, only_pongs ? 1U : 0U);
  }
}

/// With match_pongs pings are numbered, and neither a pong for none of them nor a message answers.
TEST_P(ServerTimes, with_match_pongs_only_the_number_of_an_unanswered_ping_counts) {
  for (const bool answers : {true, false}) {
    RunningServer server(echoing(), link(),
                         {.ping_interval = 100ms, .ping_timeout = 80ms, .match_pongs = true});
    RawPeer client = server.open();
    for (int i = 1; i <= 3; ++i) {
      const WireFrame ping = client.read_frame();
      if (ping.opcode() != Opcode::ping) break;
      EXPECT_EQ(wire_text(ping.payload), std::to_string(i));
      client.send_pong(answers ? std::to_string(i) : "0");
      client.send_text("alive");
      if (client.read_frame().opcode() != Opcode::text) break;
    }
    EXPECT_TRUE(server.has_connections(answers ? 1 : 0));
  }
}

/// A client cannot answer a ping in the middle of its frame; the bytes of the frame count instead.
TEST_P(ServerTimes, a_client_inside_a_long_frame_is_not_cut_for_want_of_a_pong) {
  RunningServer server(echoing(), link(), {.ping_interval = 60ms, .ping_timeout = 50ms});
  RawPeer client = server.open();
  std::string wire("\x82\xFE\x03\xE8\0\0\0\0", 8);
  wire.append(1000, 'x');
  for (std::size_t i = 0; i < wire.size(); i += 20) {
    ASSERT_TRUE(client.write(wire.substr(i, 20)));
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(payload_text(client.read_message()), std::string(1000, 'x'));
}

/// Both directions count for idle_time, unless idle_ignores_output is set.
TEST_P(ServerTimes, idle_time_counts_output_unless_it_is_ignored) {
  for (const bool ignored : {false, true}) {
    RunningServer server({.on_open = [](const ServerConnection& c) { (void)c.subscribe("all"); }},
                         link(), {.idle_time = 250ms, .idle_ignores_output = ignored});
    RawPeer client = server.open();
    ASSERT_TRUE(server.has_connections(1));
    std::string last;
    for (int i = 0; i < 40 && last != "close 1001"; ++i) {
      (void)server.server().publish("all", "tick");
      std::this_thread::sleep_for(20ms);
      while (client.has_input(0ms) && last != "close 1001") last = client.read_described();
    }
    EXPECT_EQ(last == "close 1001", ignored);
  }
}

TEST_P(ServerTimes, no_time_of_stop_overflows) {
  for (const auto time : {Milliseconds::min(), Milliseconds(-1), Milliseconds(0)}) {
    RunningServer server(echoing(), link());
    RawPeer client = server.open();
    ASSERT_TRUE(server.has_connections(1));
    server.server().stop({.deadline = time, .spread = time});
    server.wait();
  }
  RunningServer server(echoing(), link());
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  server.server().stop({.deadline = Milliseconds::max()});
  EXPECT_EQ(client.read_described(), "close 1001");
  client.send_close(1001);
  server.wait();
}

/// After a handler's close() no message reaches on_message; stop(), a graceful shutdown, still
/// delivers until the client's Close.
TEST_P(ServerTimes, messages_after_close_are_discarded_and_after_stop_delivered) {
  std::atomic<int> messages{0};
  ServerHandlers handlers;
  handlers.on_message = [&](const ServerConnection& connection, const Message& message) {
    ++messages;
    if (message.text() == "close") (void)connection.close(CloseCode::policy_violation, "enough");
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("close");
  for (int i = 0; i < 100; ++i) client.send_text("late");
  EXPECT_EQ(client.read_described(), "close 1008");
  client.send_close(1008);
  EXPECT_TRUE(server.has_connections(0));
  EXPECT_EQ(messages, 1);
  RawPeer graceful = server.open();
  ASSERT_TRUE(server.has_connections(1));
  server.server().stop();
  EXPECT_EQ(graceful.read_described(), "close 1001");
  for (int i = 0; i < 100; ++i) graceful.send_text("on its way");
  graceful.send_close(1001);
  server.wait();
  EXPECT_EQ(messages, 101);
}

/// close() ends a pause, so the client's answer is read: no wait for the deadline, no 1006.
TEST_P(ServerTimes, a_paused_connection_closes_in_order) {
  for (const bool by_stop : {false, true}) {
    std::atomic<int> code{0};
    ServerHandlers handlers;
    ServerConnection opened;
    Signal is_open;
    handlers.on_open = [&](const ServerConnection& connection) {
      (void)connection.pause();
      opened = connection;
      is_open.set();
    };
    handlers.on_close = [&](const ServerConnection&, CloseCode closed, std::string_view) {
      code = static_cast<int>(closed);
    };
    RunningServer server(handlers, link());
    RawPeer client = server.open();
    is_open.wait();
    client.send_text("not read");
    const Stopwatch watch;
    if (by_stop) {
      server.server().stop();
    } else {
      (void)opened.close();
    }
    EXPECT_EQ(client.read_described(), by_stop ? "close 1001" : "close 1000");
    client.send_close(by_stop ? 1001 : 1000);
    EXPECT_EQ(client.read_end(), StreamEnd::orderly);
    client.close();
    EXPECT_TRUE(eventually([&] { return code != 0; }));
    EXPECT_EQ(code, by_stop ? 1001 : 1000);
    EXPECT_LT(watch.elapsed(), 2s);
  }
}

TEST_P(ServerTimes, a_client_that_leaves_a_paused_connection_is_told) {
  std::atomic<int> messages{0};
  std::atomic<bool> closed{false};
  ServerHandlers handlers;
  handlers.on_open = [](const ServerConnection& connection) { (void)connection.pause(); };
  handlers.on_message = [&](const ServerConnection&, const Message&) { ++messages; };
  handlers.on_close = [&](const ServerConnection&, CloseCode, std::string_view) { closed = true; };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("before it left");
  client.close();
  EXPECT_TRUE(eventually([&] { return closed.load(); }));
  EXPECT_EQ(messages, 1);
}

}  // namespace
}  // namespace wirespan::test
