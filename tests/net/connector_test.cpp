// net/connector.cpp with real sockets on loopback.
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/back_ends.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include <wirespan/net/connector.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Connected;
using net::Connector;
using net::Endpoint;

class ConnectorOnLoop : public ::testing::TestWithParam<net::Backend> {
 protected:
  std::size_t descriptors = open_descriptors();
  SpyNetwork network;
  std::optional<net::EventLoop> loop{
      std::in_place, net::EventLoopOptions{.backend = GetParam(), .network = &network}};
  std::optional<Expected<Connected>> result;
  int calls = 0;

  void TearDown() override {
    result.reset();
    loop.reset();
  }

  std::unique_ptr<Connector> connect(std::vector<Endpoint> endpoints,
                                     net::ConnectorOptions options = {}) {
    return std::make_unique<Connector>(*loop, std::move(endpoints), std::move(options),
                                       [this](Expected<Connected> what) {
                                         ++calls;
                                         result = std::move(what);
                                       });
  }
  bool wait_for_result() {
    return turn_until(*loop, [&] { return result.has_value(); });
  }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(ConnectorOnLoop);

TEST_P(ConnectorOnLoop, connects) {
  Listener listener;
  const auto connector = connect({listener.endpoint()});
  ASSERT_TRUE(wait_for_result());
  ASSERT_TRUE(*result);
  auto& socket = (*result)->socket;
  EXPECT_TRUE(socket.write_some(wire_bytes("hello")).is_ok());
  NonblockingPeer peer(listener.accept_soon());
  peer.pump();
  EXPECT_EQ(wire_text(peer.received()), "hello");
}

TEST_P(ConnectorOnLoop, goes_on_where_the_first_address_refuses) {
  const RefusingAddress nobody;
  const Listener listener("127.0.0.2");
  const auto connector = connect({nobody.endpoint(), listener.endpoint()});
  ASSERT_TRUE(wait_for_result());
  ASSERT_TRUE(*result);
  EXPECT_EQ(*network.peer_endpoint((*result)->socket.fd()), listener.endpoint());
}

TEST_P(ConnectorOnLoop, R10_reports_if_everybody_refuses) {
  const RefusingAddress one;
  const RefusingAddress two("127.0.0.2");
  const auto connector = connect({one.endpoint(), two.endpoint()});
  ASSERT_TRUE(wait_for_result());
  EXPECT_EQ(result->error(), std::errc::connection_refused);
  EXPECT_EQ(connector->tried(), one.endpoint().to_string() + ", " + two.endpoint().to_string());
  turn_for(*loop, 5ms);
  EXPECT_EQ(calls, 1);
}

TEST_P(ConnectorOnLoop, tells_four_of_the_addresses_that_it_has_tried) {
  const RefusingAddress nobody;
  const auto connector = connect(std::vector<Endpoint>(6, nobody.endpoint()));
  EXPECT_EQ(connector->tried(), "");
  ASSERT_TRUE(wait_for_result());
  const std::string one = nobody.endpoint().to_string();
  EXPECT_EQ(connector->tried(), one + ", " + one + ", " + one + ", " + one + " and 2 more");
}

TEST_P(ConnectorOnLoop, gives_a_silent_address_a_quarter_of_a_second_before_the_next_one) {
  const FullBacklogListener silent;
  const Listener listener("127.0.0.2");
  const auto begin = std::chrono::steady_clock::now();
  auto connector = connect({silent.endpoint(), listener.endpoint()});
  ASSERT_TRUE(wait_for_result());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 250ms);
  ASSERT_TRUE(*result);
  EXPECT_EQ(*network.peer_endpoint((*result)->socket.fd()), listener.endpoint());
  connector.reset();
  EXPECT_EQ(network.opens - network.closes, 1) << "the silent attempt is closed";
}

TEST_P(ConnectorOnLoop, destroyed_in_the_middle_leaves_no_descriptor) {
  const FullBacklogListener silent;
  const std::size_t before = open_descriptors();
  auto connector = connect({silent.endpoint()});
  turn_for(*loop, 5ms);
  EXPECT_EQ(open_descriptors(), before + 1);
  connector.reset();
  EXPECT_EQ(open_descriptors(), before);
  turn_for(*loop, 5ms);
  EXPECT_EQ(calls, 0);
}

TEST_P(ConnectorOnLoop, connects_over_ipv6) {
  std::optional<Listener> listener;
  try {
    listener.emplace("::1");
  } catch (const std::system_error&) {
    GTEST_SKIP() << "this system has no IPv6";
  }
  const auto connector = connect({listener->endpoint()});
  ASSERT_TRUE(wait_for_result());
  EXPECT_TRUE(*result);
}

TEST_P(ConnectorOnLoop, connects_to_a_path_and_leaves_socket_options_out) {
  std::string folder = "/tmp/wirespan-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/socket";
  const auto endpoint = *Endpoint::from_unix_path(path);
  const net::UniqueFd listener(*network.listen(endpoint, {}));
  const auto connector = connect({endpoint}, {.socket_options = {{IPPROTO_TCP, TCP_NODELAY, 1}}});
  EXPECT_TRUE(wait_for_result());
  EXPECT_TRUE(result && *result) << result->error().message();
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
}

TEST_P(ConnectorOnLoop, sets_the_options_it_was_given) {
  const Listener listener;
  const auto connector =
      connect({listener.endpoint()}, {.socket_options = {{IPPROTO_TCP, TCP_NODELAY, 1}}});
  ASSERT_TRUE(wait_for_result());
  ASSERT_TRUE(*result);
  int value = 0;
  socklen_t size = sizeof value;
  ::getsockopt((*result)->socket.fd(), IPPROTO_TCP, TCP_NODELAY, &value, &size);
  EXPECT_EQ(value, 1);
}

TEST_P(ConnectorOnLoop, an_address_without_a_family_fails_and_does_not_hang) {
  const auto connector = connect({Endpoint()});
  ASSERT_TRUE(wait_for_result());
  EXPECT_FALSE(*result);
}

/// Every system call fails once: there is one answer, and no descriptor stays open.
TEST_P(ConnectorOnLoop, R10_whatever_call_fails_there_is_one_answer) {
  const Listener listener;
  const RefusingAddress nobody("127.0.0.2");
  int connected = 0;
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    const std::size_t before = open_descriptors();
    calls = 0;
    network.fail = &fail;
    auto connector = connect({nobody.endpoint(), listener.endpoint()},
                             {.socket_options = {{IPPROTO_TCP, TCP_NODELAY, 1}}});
    ASSERT_TRUE(wait_for_result());
    EXPECT_EQ(calls, 1);
    connected += *result ? 1 : 0;
    connector.reset();
    result.reset();
    network.fail = nullptr;
    EXPECT_EQ(open_descriptors(), before);
  });
  // For each address: open, option, connect, watch, result.
  EXPECT_GE(places, 8);
  EXPECT_GE(connected, 5) << "the first address was of no use anyway";
}

}  // namespace
}  // namespace wirespan::test
