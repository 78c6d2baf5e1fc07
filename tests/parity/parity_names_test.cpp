// Parity with websocket-client: names of the package. KEEP: as in Python; FIX: another way on
// purpose.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include <wirespan/net/network.hpp>

namespace wirespan::test {
namespace {

class ParityNames : public ::testing::Test {
 protected:
  void TearDown() override {
    setdefaulttimeout(std::nullopt);
    set_reconnect(std::nullopt);
  }
};

TEST_F(ParityNames, KEEP_the_default_time_out_is_none_at_first_and_can_be_set_and_unset) {
  EXPECT_EQ(getdefaulttimeout(), std::nullopt);
  for (const auto timeout : {0ms, 1ms, 5000ms}) {
    setdefaulttimeout(timeout);
    EXPECT_EQ(getdefaulttimeout(), timeout);
  }
  setdefaulttimeout(std::nullopt);
  EXPECT_EQ(getdefaulttimeout(), std::nullopt);
}

TEST_F(ParityNames, FIX_a_negative_default_time_out_is_0_and_not_for_ever) {
  for (const auto timeout : {-1ms, -2ms, std::chrono::milliseconds::min()}) {
    setdefaulttimeout(timeout);
    EXPECT_EQ(getdefaulttimeout(), 0ms);
  }
}

TEST_F(ParityNames, KEEP_the_default_time_out_is_that_of_connections_without_their_own) {
  RawServer server(echo_script);
  setdefaulttimeout(30ms);
  WebSocket ws = create_connection(server.url());
  EXPECT_EQ(ws.gettimeout(), 30ms);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout));
  EXPECT_EQ(create_connection(server.url(), {.timeout = 7s}).gettimeout(), 7s);
}

TEST_F(ParityNames, KEEP_the_default_time_out_is_that_of_an_apps_connecting) {
  RawServer silent([](RawPeer& peer) { (void)peer.read_to_end(); });
  setdefaulttimeout(100ms);
  const Stopwatch watch;
  WebSocketApp app(silent.url());
  EXPECT_EQ(app.run_forever().error, Errc::connect_timeout);
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_F(ParityNames, KEEP_set_reconnect_is_off_at_first_and_is_that_of_runs_without_their_own) {
  EXPECT_FALSE(get_reconnect());
  RawServer server({[](RawPeer& peer) { (void)peer.accept(); }, sending({}),
                    [](RawPeer& peer) { (void)peer.accept(); }});
  WebSocketApp app(server.url(), {.on_error = [](WebSocketApp&, const std::exception&) {}});
  set_reconnect(5ms);
  EXPECT_FALSE(app.run_forever().failed());
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_TRUE(app.run_forever({.reconnect = 0s}).failed());
  EXPECT_EQ(server.accepted(), 3);
}

TEST_F(ParityNames, FIX_set_reconnect_takes_a_policy_and_refuses_a_negative_time) {
  set_reconnect(ReconnectPolicy{.max_attempts = 2});
  EXPECT_EQ(get_reconnect()->max_attempts, 2U);
  EXPECT_EQ(thrown_by([] { set_reconnect(-1s); }), plain_exception(Errc::invalid_option));
}

TEST_F(ParityNames, FIX_a_bare_WebSocket_reads_the_default_too) {
  setdefaulttimeout(40ms);
  EXPECT_EQ(WebSocket().gettimeout(), 40ms);
}

/// Returns a socket option of an open connection.
int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

void expect_default_options(int fd) {
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

TEST_F(ParityNames, KEEP_DEFAULT_SOCKET_OPTION_is_set_on_every_connection) {
  RawServer server(echo_script);
  const WebSocket ws = create_connection(server.url());
  expect_default_options(ws.fileno());
  WebSocketApp app(server.url(), {.on_open = [](WebSocketApp& self) {
                     expect_default_options(self.fileno());
                     self.close();
                   }});
  EXPECT_FALSE(app.run_forever().failed());
}

/// websocket-client has five options and learns of a dead network after about 15 minutes.
TEST_F(ParityNames, FIX_DEFAULT_SOCKET_OPTION_has_one_more_for_unacknowledged_bytes) {
  EXPECT_EQ(net::default_socket_options().size(), 6U);
  RawServer server(echo_script);
  const WebSocket ws = create_connection(server.url());
  EXPECT_EQ(option_of(ws.fileno(), IPPROTO_TCP, TCP_USER_TIMEOUT), 40'000);
}

TEST_F(ParityNames, KEEP_STATUS_names_have_their_numbers) {
  const std::map<CloseCode, unsigned> numbers{{STATUS_NORMAL, 1000},
                                              {STATUS_GOING_AWAY, 1001},
                                              {STATUS_PROTOCOL_ERROR, 1002},
                                              {STATUS_UNSUPPORTED_DATA_TYPE, 1003},
                                              {STATUS_STATUS_NOT_AVAILABLE, 1005},
                                              {STATUS_ABNORMAL_CLOSED, 1006},
                                              {STATUS_INVALID_PAYLOAD, 1007},
                                              {STATUS_POLICY_VIOLATION, 1008},
                                              {STATUS_MESSAGE_TOO_BIG, 1009},
                                              {STATUS_INVALID_EXTENSION, 1010},
                                              {STATUS_UNEXPECTED_CONDITION, 1011},
                                              {STATUS_SERVICE_RESTART, 1012},
                                              {STATUS_TRY_AGAIN_LATER, 1013},
                                              {STATUS_BAD_GATEWAY, 1014},
                                              {STATUS_TLS_HANDSHAKE_ERROR, 1015}};
  EXPECT_EQ(numbers.size(), 15U);
  for (const auto& [code, number] : numbers) EXPECT_EQ(static_cast<unsigned>(code), number);
}

}  // namespace
}  // namespace wirespan::test
