// ServerStats::refused: every limit has a counter, and each of them counts what it names.
#include <atomic>
#include <cerrno>
#include <functional>
#include <ostream>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include "support/spy_network.hpp"

namespace wirespan::test {
namespace {

/// An action of a client that one limit refuses, and the counter of that limit.
struct Offence {
  const char* name;
  std::uint64_t RefusalCounts::*counter;
  ServerOptions options;
  std::function<void(const RunningServer&)> commit;
  const char* only_over = "";  // "tls" if the action needs TLS
};
void PrintTo(const Offence& row, std::ostream* out) { *out << row.name; }

/// Sends a request and reads until the server ends the stream.
void ask(const RunningServer& server, const std::string& request) {
  RawPeer client = server.dial();
  client.write(request);
  (void)client.read_to_end();
}

void expect_close(RawPeer& client, const std::string& close) {
  EXPECT_EQ(client.read_until_close().back(), close);
}

/// One connection is open; the next one is closed without an answer.
void one_too_many(const RunningServer& server) {
  RawPeer first = server.open();
  RawPeer second = RawPeer::to_port(server.port());
  EXPECT_EQ(second.read_to_end(), "");
  first.send_ping("x");
  EXPECT_EQ(first.read_described(), "pong 78") << "the first one is unharmed";
}

std::vector<Offence> offences_of_handshakes() {
  return {
      {"handshake_time",
       &RefusalCounts::handshake_time,
       {.handshake_time = 400ms},
       [](const RunningServer& server) { EXPECT_EQ(server.dial().read_to_end(), ""); }},
      {"head_size",
       &RefusalCounts::head_size,
       {.max_head_size = 300},
       [](const RunningServer& server) {
         ask(server, upgrade_request("X-Long: " + std::string(300, 'x') + "\r\n"));
       }},
      {"target_size",
       &RefusalCounts::head_size,
       {},
       [](const RunningServer& server) {
         ask(server, upgrade_request({}, "/" + std::string(9000, 'x')));
       }},
      {"head_fields",
       &RefusalCounts::head_fields,
       {.max_head_fields = 6},
       [](const RunningServer& server) { ask(server, upgrade_request("A: 1\r\nB: 2\r\n")); }},
      {"bad_request",
       &RefusalCounts::bad_request,
       {},
       [](const RunningServer& server) { ask(server, "GET / HTTP/1.1\r\n\r\n"); }},
      {"tls",
       &RefusalCounts::tls,
       {},
       [](const RunningServer& server) {
         RawPeer client = RawPeer::to_port(server.port());
         client.write("GET / HTTP/1.1\r\n\r\n");
         (void)client.read_to_end();
       },
       "tls"},
      {"origin",
       &RefusalCounts::origin,
       {},
       [](const RunningServer& server) {
         ask(server, upgrade_request("Origin: http://localhost.evil.example\r\n"));
       }},
      {"connections", &RefusalCounts::connections, {.max_connections = 1}, one_too_many},
      {"proxy",
       &RefusalCounts::proxy,
       {.proxies = {.trusted = {"127.0.0.1"}, .proxy_protocol = true}},
       [](const RunningServer& server) {
         RawPeer client = RawPeer::to_port(server.port());
         client.write("x");
         EXPECT_EQ(client.read_to_end(), "");
       }},
      {"address",
       &RefusalCounts::address,
       {.max_connections_per_address = 1, .count_loopback = true},
       one_too_many},
  };
}

std::vector<Offence> offences_of_connections() {
  return {
      {"message_size",
       &RefusalCounts::message_size,
       {.max_message_size = 100},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         client.send_text(letters(101));
         expect_close(client, "close 1009");
       }},
      {"fragments",
       &RefusalCounts::fragments,
       {.max_message_fragments = 10},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         client.send_frame(0x01, "");
         for (int i = 0; i < 10; ++i) client.send_frame(0x00, "");
         expect_close(client, "close 1008");
       }},
      {"pings",
       &RefusalCounts::pings,
       {.max_pings_per_second = 10},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         for (int i = 0; i < 40; ++i) client.send_ping("x");
         expect_close(client, "close 1008");
       }},
      {"idle_time",
       &RefusalCounts::idle_time,
       {.idle_time = 200ms},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         expect_close(client, "close 1001");
         client.send_close(1001);
       }},
      {"progress",
       &RefusalCounts::progress,
       {.progress_time = 200ms, .progress_bytes = 100},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         client.send_frame(0x01, "the beginning");
         expect_close(client, "close 1008");
       }},
      {"pong_time",
       &RefusalCounts::pong_time,
       {.ping_interval = 200ms, .ping_timeout = 100ms},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         EXPECT_EQ(client.read_described(), "ping ");
         (void)client.read_until_close();
       }},
      {"protocol",
       &RefusalCounts::protocol,
       {},
       [](const RunningServer& server) {
         RawPeer client = server.open();
         client.send_frame(0x83, "");
         expect_close(client, "close 1002");
       }},
  };
}

std::vector<Offence> offences() {
  std::vector<Offence> all = offences_of_handshakes();
  for (Offence& row : offences_of_connections()) all.push_back(std::move(row));
  return all;
}

using Parameter = std::tuple<Link, Offence>;
class ServerRefuses : public ::testing::TestWithParam<Parameter> {};
INSTANTIATE_TEST_SUITE_P(Over, ServerRefuses,
                         ::testing::Combine(::testing::ValuesIn(links_and_backends()),
                                            ::testing::ValuesIn(offences())),
                         [](const ::testing::TestParamInfo<Parameter>& row) {
                           return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
                         });

/// Returns the sum of all counters, to see that no other one counts.
std::uint64_t sum(const RefusalCounts& counts) {
  return counts.handshake_time + counts.head_size + counts.head_fields + counts.bad_request +
         counts.tls + counts.origin + counts.rejected + counts.connections + counts.address +
         counts.proxy + counts.no_descriptor + counts.message_size + counts.fragments +
         counts.pings + counts.idle_time + counts.progress + counts.pong_time + counts.protocol +
         counts.send_queue + counts.send_budget + counts.dropped + counts.overflow_closed +
         counts.resources;
}

TEST_P(ServerRefuses, and_counts_it_once_under_its_name) {
  const auto& link = std::get<0>(GetParam());
  const auto& offence = std::get<1>(GetParam());
  const bool counts = offence.only_over != std::string("tls") || link.is_secure();
  RunningServer server(echoing(), link, offence.options);
  offence.commit(server);
  const std::uint64_t expected = counts ? 1 : 0;
  const auto counted = [&] { return server.server().stats().refused.*offence.counter; };
  EXPECT_TRUE(eventually([&] { return counted() >= expected; }));
  EXPECT_TRUE(eventually([&] { return server.server().connection_count() == 0; }));
  EXPECT_EQ(counted(), expected);
  EXPECT_TRUE(!counts || sum(server.server().stats().refused) == 1);
}

/// The system's network, which has no memory for a read while `is_short`.
class ShortNetwork : public SpyNetwork {
 public:
  std::atomic<bool> is_short{false};

  [[nodiscard]] net::IoResult read(int fd, MutableBytes in) override {
    if (!is_short) return SpyNetwork::read(fd, in);
    return net::IoResult::failure(std::error_code(ENOBUFS, std::system_category()));
  }
};

class ServerCounts : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerCounts);

TEST_P(ServerCounts, what_on_request_rejects) {
  RunningServer server({.on_request = [](PendingRequest request) { request.reject(); }}, link());
  ask(server, upgrade_request());
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.rejected == 1; }));
}

/// They are not its peers' fault.
TEST_P(ServerCounts, what_ends_for_lack_of_resources) {
  ShortNetwork network;
  RunningServer server(echoing(), link(), {.network = &network});
  const auto counted = [&](std::uint64_t n) {
    return eventually([&] { return server.server().stats().refused.resources == n; });
  };
  RawPeer client = server.open();
  RawPeer silent = RawPeer::to_port(server.port());
  ASSERT_TRUE(eventually([&] { return server.server().stats().handshaking == 1; }));
  network.is_short = true;
  silent.write("G");
  EXPECT_TRUE(counted(1));
  client.send_text("hello");
  EXPECT_TRUE(counted(2));
  EXPECT_TRUE(server.has_connections(0));
  EXPECT_EQ(sum(server.server().stats().refused), 2U);
  network.is_short = false;
  RawPeer next = server.open();
  next.send_text("served");
  EXPECT_EQ(next.read_described(), "text \"served\"");
}

TEST_P(ServerCounts, messages_above_the_hard_limit) {
  std::atomic<std::uint64_t> refused{0};
  ServerHandlers handlers;
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    for (int i = 0; i < 300; ++i) {
      const SendResult result = connection.send_text(std::string(100'000, 'x'));
      refused += result == Errc::send_queue_full;
    }
    (void)connection.abort();
  };
  RunningServer server(handlers, link(), {.send_hard_limit = 1 << 20});
  RawPeer client = server.open();
  client.send_text("go");
  ASSERT_TRUE(eventually([&] { return server.server().stats().closed == 1; }));
  EXPECT_GT(refused, 0U);
  EXPECT_EQ(server.server().stats().refused.send_queue, refused);
  EXPECT_EQ(server.server().stats().messages_out, 300 - refused);
  EXPECT_GT(server.server().stats().unsent_at_close, 0U);
  EXPECT_EQ(server.server().stats().send_queue, 0U);
}

/// No connection reaches its hard limit; all of them together reach the budget of the loop.
TEST_P(ServerCounts, messages_above_the_budget_of_the_loop) {
  RunningServer server({.on_open = [](const ServerConnection& c) { (void)c.subscribe("all"); }},
                       link(), {.loop_send_budget = 2 << 20});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(server.open());
  ASSERT_TRUE(server.has_connections(3));
  const std::string piece(200'000, 'x');
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(server.server().publish("all", piece));
  // A message to a connection above its fair share is refused, or the connection with the largest
  // backlog is closed.
  ASSERT_TRUE(eventually([&] {
    const ServerStats stats = server.server().stats();
    return stats.refused.send_budget + stats.refused.overflow_closed > 0;
  }));
  const ServerStats stats = server.server().stats();
  EXPECT_EQ(stats.refused.overflow_closed, stats.closed);
  EXPECT_EQ(stats.refused.send_queue, 0U);
  // The budget admits a message to a connection without a backlog: one for each connection.
  EXPECT_LE(stats.send_queue, (std::size_t{2} << 20) + 3 * 200'010);
  for (RawPeer& client : clients) client.reset();
  ASSERT_TRUE(server.has_connections(0));
  RawPeer next = server.open();
  ASSERT_TRUE(server.has_connections(1));
  EXPECT_FALSE(server.server().publish("all", "room again"));
  EXPECT_EQ(next.read_described(), "text \"room again\"");
}

TEST_P(ServerCounts, everything_that_came_and_went) {
  RunningServer server(echoing(), link());
  for (int i = 0; i < 5; ++i) {
    RawPeer client = server.open();
    client.send_text("hello");
    EXPECT_EQ(client.read_described(), "text \"hello\"");
    if (i < 3) {
      client.send_close(4000);
      expect_close(client, "close 4000");
    } else {
      client.reset();
    }
  }
  ASSERT_TRUE(server.has_connections(0));
  const ServerStats stats = server.server().stats();
  EXPECT_EQ(stats.open, 0U);
  EXPECT_EQ(stats.handshaking, 0U);
  EXPECT_EQ(stats.accepted, 5U);
  EXPECT_EQ(stats.opened, 5U);
  EXPECT_EQ(stats.closed, 5U);
  EXPECT_EQ(stats.messages_in, 5U);
  EXPECT_EQ(stats.messages_out, 5U);
  EXPECT_EQ(stats.bytes_in, 5U * 11 + 3 * 8);
  EXPECT_EQ(stats.bytes_out, 5U * 7 + 3 * 4);
  EXPECT_EQ(stats.send_queue, 0U);
  EXPECT_EQ(stats.closes_by_code, (std::map<std::uint16_t, std::uint64_t>{{1006, 2}, {4000, 3}}));
  EXPECT_EQ(sum(stats.refused), 0U);
}

}  // namespace
}  // namespace wirespan::test
