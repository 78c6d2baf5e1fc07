// WebSocketServer: limits of the time, memory and descriptors that clients take. RFC 6455 §10.4.
#include <atomic>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/app_test.hpp"
#include "support/left_behind.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerLimits : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerLimits);

TEST_P(ServerLimits, a_client_that_sends_nothing_for_the_idle_time_is_closed_with_1001) {
  Recorder calls;
  ServerHandlers handlers = echoing();
  handlers.on_close = [&](const ServerConnection&, CloseCode code, std::string_view) {
    calls.note(std::to_string(static_cast<unsigned>(code)));
  };
  RunningServer server(handlers, link(), {.idle_time = 250ms});
  const Stopwatch watch;  // before the idle time begins
  RawPeer idle = server.open();
  RawPeer busy = server.open();
  while (!idle.has_input(0ms) && watch.elapsed() < 5s) {
    busy.send_ping("x");
    EXPECT_EQ(busy.read_described(), "pong 78");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_GE(watch.elapsed(), 200ms);
  EXPECT_LT(watch.elapsed(), 3s);
  EXPECT_EQ(idle.read_described(), "close 1001");
  idle.send_close(1001);
  EXPECT_EQ(idle.read_end(), StreamEnd::orderly);
  idle.close();
  calls.wait_for("1001");
  busy.send_text("still here");
  EXPECT_EQ(busy.read_message().opcode(), Opcode::text);
}

TEST_P(ServerLimits, an_idle_time_of_0_is_none) {
  RunningServer server(echoing(), link(), {.idle_time = 0ms});
  RawPeer client = server.open();
  EXPECT_FALSE(client.has_input(200ms));
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
}

TEST_P(ServerLimits, R122_the_message_limit_can_be_set) {
  RunningServer server(echoing(), link(), {.max_message_size = 100});
  RawPeer client = server.open();
  client.send_text(letters(100));
  EXPECT_EQ(client.read_frame().payload.size(), 100U);
  client.send_frame(0x01, letters(99));
  client.send_frame(0x80, "ab");
  EXPECT_EQ(client.read_described(), "close 1009");
}

TEST_P(ServerLimits, the_limit_of_fragments_can_be_set) {
  RunningServer server(echoing(), link(), {.max_message_fragments = 2});
  RawPeer client = server.open();
  client.send_frame(0x01, "a");
  client.send_frame(0x80, "b");
  EXPECT_EQ(client.read_described(), "text \"ab\"");
  client.send_frame(0x01, "a");
  client.send_frame(0x00, "b");
  client.send_frame(0x80, "c");
  EXPECT_EQ(client.read_described(), "close 1008");
}

TEST_P(ServerLimits, B7_sending_to_a_client_that_does_not_read_is_refused_at_the_limit) {
  constexpr std::size_t limit = 256 << 10;
  std::atomic<std::size_t> accepted{0};
  std::atomic<std::size_t> held{0};
  std::error_code last;
  Signal refused;
  ServerHandlers handlers;
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    const std::string piece(10'000, 'x');
    for (int i = 0; i < 2000 && !last; ++i) {
      last = connection.send_text(piece).error();
      if (!last) accepted += piece.size();
    }
    held = connection.buffered_amount();
    refused.set();
  };
  RunningServer server(handlers, link(), {.send_hard_limit = limit});
  RawPeer client = server.open();
  client.send_text("go");
  refused.wait();
  EXPECT_EQ(last, Errc::send_queue_full);
  EXPECT_GT(accepted, limit / 2);
  EXPECT_GT(held, limit / 2);
  EXPECT_LE(held, limit);
  for (std::size_t got = 0; got < accepted; got += 10'000) {
    EXPECT_EQ(client.read_frame().payload.size(), 10'000U) << "what was accepted arrives";
  }
}

TEST_P(ServerLimits, B6_a_flood_of_pings_is_closed_with_1008) {
  RunningServer server(echoing(), link());
  RawPeer client = server.open();
  std::string flood;
  for (int i = 0; i < 3000; ++i) flood += std::string(wire_text("89 80 00000000"_hex));
  client.write(flood);
  EXPECT_EQ(client.read_until_close().back(), "close 1008");
}

TEST_P(ServerLimits, E14_resets_at_every_byte_of_a_conversation_harm_nobody) {
  RunningServer server(echoing(), link());
  RawPeer bystander = server.open();
  const std::string talk = upgrade_request() + std::string(wire_text("81 83 00000000 616263 "
                                                                     "88 80 00000000"_hex));
  for (std::size_t cut = 0; cut <= talk.size(); cut += link().is_secure() ? 5 : 1) {
    RawPeer client = server.dial();
    client.write(talk.substr(0, cut));
    client.reset();
  }
  bystander.send_text("still here");
  EXPECT_EQ(bystander.read_described(), "text \"still here\"");
  EXPECT_TRUE(server.has_connections(1));
}

TEST_P(ServerLimits, B11_many_short_connections_leave_nothing) {
  RunningServer server(echoing(), link());
  server.open().close();
  ASSERT_TRUE(server.has_connections(0));
  const int before = count_descriptors();
  for (int i = 0; i < 100; ++i) {
    RawPeer client = server.open();
    if (i % 3 == 0) client.send_close();
    if (i % 3 == 1) client.reset();
  }
  EXPECT_TRUE(server.has_connections(0));
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }));
}

/// Each place of max_connections comes back with the end of its connection, however that ends.
TEST_P(ServerLimits, the_next_client_gets_the_place_of_one_that_has_left) {
  ServerHandlers handlers;
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    (void)connection.abort();
  };
  RunningServer server(handlers, link(), {.max_connections = 1});
  const std::function<void(RawPeer&)> endings[] = {
      [](RawPeer& client) { client.send_close(); },
      [](RawPeer& client) { client.reset(); },
      [](RawPeer& client) { client.send_text("abort"); },
      [](RawPeer& client) { client.write("\xC1\x80"); },
  };
  for (const auto& end : endings) {
    {
      RawPeer client = server.open();
      ASSERT_TRUE(server.has_connections(1));
      end(client);
    }
    ASSERT_TRUE(server.has_connections(0));
  }
  EXPECT_EQ(server.server().stats().opened, std::size(endings));
  EXPECT_EQ(server.server().stats().refused.connections, 0U);
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void allow_descriptors(rlim_t count) {
  const rlimit limit{count, 1024};
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Connects a socket that was made before the descriptors ran out.
void connect_to(std::uint16_t port, int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

/// Runs in a process of its own: every descriptor is in use while clients connect.
void serve_without_descriptors(const Link& link) {
  RunningServer server(echoing(), link);
  RawPeer before = server.open();
  std::vector<int> later;
  for (int i = 0; i < 5; ++i) later.push_back(::socket(AF_INET, SOCK_STREAM, 0));
  allow_descriptors(64);
  std::vector<int> fillers;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.push_back(fd);
  for (const int fd : later) connect_to(server.port(), fd);

  const double start = cpu_seconds();
  std::this_thread::sleep_for(500ms);
  const bool idles = cpu_seconds() - start < 0.2;
  before.send_text("x");
  const bool serves = before.read_described() == "text \"x\"";
  const bool counts = server.server().stats().refused.no_descriptor > 0;

  for (const int fd : fillers) ::close(fd);
  int accepted = 0;
  for (const int fd : later) {
    RawPeer client(fd, Role::client);
    if (link.is_secure()) client.secure_as_client(link.for_client());
    accepted += client.open().starts_with("HTTP/1.1 101 ") ? 1 : 0;
  }
  std::fprintf(stderr, "idles %d, serves %d, counts %d, accepts %d\n", idles, serves, counts,
               accepted);
  std::_Exit(0);
}

class ServerLimitsDeathTest : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerLimitsDeathTest);

TEST_P(ServerLimitsDeathTest, B14_without_descriptors_it_neither_spins_nor_loses_its_listener) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(serve_without_descriptors(link()), ::testing::ExitedWithCode(0),
              "idles 1, serves 1, counts 1, accepts 5");
}

}  // namespace
}  // namespace wirespan::test
