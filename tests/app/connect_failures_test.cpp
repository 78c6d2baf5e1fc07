// Connecting: peers that cannot be reached; an error within the deadline, no descriptor left open.
// RFC 6455 §4.1.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

std::string url_of(const std::string& host, std::uint16_t port) {
  return "ws://" + host + ":" + std::to_string(port) + "/";
}

Thrown failure_of(const std::string& url, ConnectOptions options = {}) {
  if (!options.timeout) options.timeout = 10s;
  return refusal_of([&] { return create_connection(url, std::move(options)); });
}

const std::error_code refused{ECONNREFUSED, std::system_category()};

TEST(ConnectFailures, R10_R128_a_port_where_nobody_listens) {
  const int before = count_descriptors();
  for (int i = 0; i < 10; ++i) {
    const Stopwatch watch;
    EXPECT_EQ(failure_of(url_of("127.0.0.1", unused_port())), plain_exception(refused));
    EXPECT_LT(watch.elapsed(), 2s);
  }
  EXPECT_EQ(count_descriptors(), before);
}

TEST(ConnectFailures, R10_all_addresses_of_a_name_are_tried) {
  threads_may_rest();
  EXPECT_EQ(failure_of(url_of("localhost", unused_port())).code, refused);
  RawServer server(echo_script);  // on 127.0.0.1 only; the name may stand for ::1 too
  WebSocket ws = create_connection(url_of("localhost", server.port()), {.timeout = 10s});
  ws.send("x");
  EXPECT_EQ(ws.recv().data, "x");
  ws.close();
}

TEST(ConnectFailures, R10_a_name_that_nobody_knows) {
  threads_may_rest();
  const int before = count_descriptors();
  const Stopwatch watch;
  const Thrown thrown = failure_of("ws://no-such-host.invalid/", {.connect_timeout = 20s});
  EXPECT_EQ(thrown.type, "WebSocketAddressException");
  EXPECT_LT(watch.elapsed(), 20s);
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }));
}

TEST(ConnectFailures, R30_a_black_hole_ends_at_the_deadline) {
  const BlackHole hole;
  const int before = count_descriptors();
  const Stopwatch watch;
  EXPECT_EQ(failure_of(url_of("127.0.0.1", hole.port()), {.connect_timeout = 250ms}),
            timeout_exception(Errc::connect_timeout));
  EXPECT_GE(watch.elapsed(), 249ms);
  EXPECT_LT(watch.elapsed(), 2s);
  EXPECT_EQ(count_descriptors(), before);
}

TEST(ConnectFailures, R30_with_time_out_0_connecting_has_its_own_10_seconds) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 0ms});
  EXPECT_TRUE(ws.connected());
}

TEST(ConnectFailures, R10_an_address_that_cannot_be_reached_is_an_error_of_the_system) {
  const Thrown thrown = failure_of("ws://255.255.255.255:9/", {.connect_timeout = 5s});
  EXPECT_EQ(thrown.type, "WebSocketException");
  EXPECT_EQ(thrown.code.category(), std::system_category());
}

TEST(ConnectFailures, a_socket_option_that_the_system_refuses_is_an_error) {
  RawServer server(echo_script);
  const Thrown thrown = failure_of(server.url(), {.sockopt = {{12345, 6789, 1}}});
  EXPECT_EQ(thrown.type, "WebSocketException");
  EXPECT_EQ(thrown.code.category(), std::system_category());
  EXPECT_EQ(server.accepted(), 0);
}

TEST(ConnectFailures, an_object_connects_after_any_number_of_failures) {
  RawServer server({answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                    [](RawPeer& peer) { peer.reset(); }, echo_script});
  WebSocket ws({.timeout = 10s});
  EXPECT_EQ(thrown_by([&] { ws.connect(url_of("127.0.0.1", unused_port())); }),
            plain_exception(refused));
  EXPECT_EQ(thrown_by([&] { ws.connect(server.url()); }).type, "WebSocketBadStatusException");
  EXPECT_EQ(thrown_by([&] { ws.connect(server.url()); }).type,
            "WebSocketConnectionClosedException");
  ws.connect(server.url());
  ws.send("at last");
  EXPECT_EQ(ws.recv().data, "at last");
}

void allow_descriptors(rlim_t count) {
  const rlimit limit{count, 64};
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Runs in a process of its own, with room for 0, 1, 2, ... descriptors.
void connect_with_few_descriptors(const std::string& url) {
  std::string foreign;
  for (rlim_t count = 0; count < 16; ++count) {
    allow_descriptors(count);
    const Thrown thrown = failure_of(url);
    allow_descriptors(64);
    if (thrown.type != "WebSocketException") foreign += " " + thrown.type;
  }
  std::fprintf(stderr, "foreign exceptions:%s.\n", foreign.c_str());
  std::_Exit(0);
}

/// Every exception is a WebSocketException: a caller that catches it has caught all.
TEST(ConnectFailuresDeathTest, R10_without_a_descriptor_it_is_a_WebSocketException_too) {
  const std::string url = url_of("127.0.0.1", unused_port());
  EXPECT_EXIT(connect_with_few_descriptors(url), ::testing::ExitedWithCode(0),
              "foreign exceptions:\\.");
}

}  // namespace
}  // namespace wirespan::test
