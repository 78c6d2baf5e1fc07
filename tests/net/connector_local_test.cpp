// net/connector.cpp: the local side of connections: options, interface, hook, address, rotation.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/sockets.hpp"
#include "support/stage.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/net/connector.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Connected;
using net::Connector;
using net::Endpoint;

Endpoint web_of(const std::string& host) { return *Endpoint::from_numeric(host, 80); }

/// A connector on a Stage, which notes the steps before each connect().
class ConnectorLocalSide : public ::testing::Test {
 protected:
  Stage stage;
  net::EventLoop loop{{.network = &stage}};
  std::optional<Expected<Connected>> result;
  Connector::Failure failure;

  void TearDown() override {
    result.reset();
    EXPECT_EQ(stage.open_sockets(), 0U);
  }

  /// Connects and waits for the answer.
  void connect(std::vector<std::string> hosts, net::ConnectorOptions options) {
    result.reset();
    std::vector<Endpoint> endpoints;
    for (const std::string& host : hosts) endpoints.push_back(web_of(host));
    Connector connector(loop, std::move(endpoints), std::move(options),
                        [this](Expected<Connected> what) { result = std::move(what); });
    ASSERT_TRUE(stage.run_until(loop, [&] { return result.has_value(); }));
    failure = connector.failure();
  }
  void answer(const std::string& host, std::error_code error = {}) {
    stage.answers[web_of(host).to_string()] = {.after = 1ms, .error = error};
  }
  [[nodiscard]] std::vector<std::string> tried() const {
    std::vector<std::string> hosts;
    for (const auto& [peer, when] : stage.connects) hosts.push_back(peer);
    return hosts;
  }
};
using Lines = std::vector<std::string>;

TEST_F(ConnectorLocalSide, goes_through_its_steps_in_order) {
  answer("1.0.0.1");
  connect({"1.0.0.1"}, {.socket_options = {{1, 101, 1}, {1, 102, 1}},
                        .interface = "eth0",
                        .on_socket = [this](int) { stage.steps.push_back("hook"); },
                        .local_address = web_of("1.0.0.9")});
  EXPECT_TRUE(*result);
  EXPECT_EQ(stage.steps,
            (Lines{"option 101", "option 102", "option " + std::to_string(SO_BINDTODEVICE), "hook",
                   "bind 1.0.0.9:80"}));
}

TEST_F(ConnectorLocalSide, shows_the_hook_the_socket_of_each_address) {
  answer("1.0.0.1", make_error_code(std::errc::connection_refused));
  answer("1.0.0.2");
  std::vector<int> seen;
  connect({"1.0.0.1", "1.0.0.2"}, {.on_socket = [&](int fd) { seen.push_back(fd); }});
  ASSERT_TRUE(*result);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1], (*result)->socket.fd());
}

TEST_F(ConnectorLocalSide, ends_with_the_exception_of_the_hook_and_tries_nothing_more) {
  connect({"1.0.0.1", "1.0.0.2"}, {.on_socket = [](int) { throw std::domain_error("not this"); }});
  EXPECT_EQ(result->error(), Errc::handler_failed);
  ASSERT_TRUE(failure.exception);
  EXPECT_THROW(std::rethrow_exception(failure.exception), std::domain_error);
  EXPECT_EQ(stage.calls.open, 1);
  EXPECT_EQ(stage.calls.connect, 0);
}

TEST_F(ConnectorLocalSide, ends_at_once_although_an_earlier_attempt_is_under_way) {
  int sockets = 0;
  connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"}, {.on_socket = [&](int) {
            if (++sockets == 2) throw 7;
          }});
  EXPECT_EQ(result->error(), Errc::handler_failed);
  EXPECT_THROW(std::rethrow_exception(failure.exception), int);
  EXPECT_EQ(tried(), Lines{"1.0.0.1:80"});
}

TEST_F(ConnectorLocalSide, names_the_option_that_is_refused) {
  stage.refused_option = 102;
  connect({"1.0.0.1"}, {.socket_options = {{1, 101, 1}, {1, 102, "abc"}}});
  EXPECT_EQ(result->error(), std::errc::no_protocol_option);
  EXPECT_EQ(failure.detail, "sockopt with level 1, name 102, value of 3 bytes");
}

TEST_F(ConnectorLocalSide, passes_over_a_default_that_the_system_does_not_know) {
  stage.refused_option = TCP_USER_TIMEOUT;
  answer("1.0.0.1");
  connect({"1.0.0.1"}, {.default_options = true});
  EXPECT_TRUE(*result);
  EXPECT_EQ(stage.steps.size(), net::default_socket_options().size());
}

TEST_F(ConnectorLocalSide, but_not_one_that_it_refuses_for_another_reason) {
  stage.refused_option = TCP_USER_TIMEOUT;
  stage.option_error = make_error_code(std::errc::operation_not_permitted);
  connect({"1.0.0.1"}, {.default_options = true});
  EXPECT_EQ(result->error(), std::errc::operation_not_permitted);
  EXPECT_EQ(failure.detail, "sockopt with level 6, name 18 (TCP_USER_TIMEOUT), value 40000");
}

TEST_F(ConnectorLocalSide, passes_over_no_option_of_the_caller) {
  stage.refused_option = TCP_USER_TIMEOUT;
  connect({"1.0.0.1"}, {.socket_options = {{IPPROTO_TCP, TCP_USER_TIMEOUT, 1}}});
  EXPECT_EQ(result->error(), std::errc::no_protocol_option);
}

struct InterfaceError {
  std::errc error;
  const char* detail;
};

TEST_F(ConnectorLocalSide, names_the_interface_and_the_capability_that_is_missing) {
  stage.refused_option = SO_BINDTODEVICE;
  for (const auto& [error, detail] :
       {InterfaceError{std::errc::no_such_device, "interface \"eth9\""},
        InterfaceError{std::errc::operation_not_permitted,
                       "interface \"eth9\" (SO_BINDTODEVICE needs the capability CAP_NET_RAW)"}}) {
    stage.option_error = make_error_code(error);
    connect({"1.0.0.1"}, {.interface = "eth9"});
    EXPECT_EQ(result->error(), error);
    EXPECT_EQ(failure.detail, detail);
  }
}

TEST_F(ConnectorLocalSide, names_the_address_that_cannot_be_bound) {
  stage.bind_error = make_error_code(std::errc::address_not_available);
  connect({"1.0.0.1"}, {.local_address = Endpoint::from_text("1.0.0.9")});
  EXPECT_EQ(result->error(), std::errc::address_not_available);
  EXPECT_EQ(failure.detail, "local_address 1.0.0.9");
  connect({"1.0.0.1"}, {.local_address = Endpoint::from_text("1.0.0.9:4000")});
  EXPECT_EQ(failure.detail, "local_address 1.0.0.9:4000");
}

TEST_F(ConnectorLocalSide, names_nothing_of_its_own_if_the_peer_refuses) {
  answer("1.0.0.1", make_error_code(std::errc::connection_refused));
  connect({"1.0.0.1"}, {.default_options = true, .local_address = Endpoint::from_text("1.0.0.9")});
  EXPECT_EQ(result->error(), std::errc::connection_refused);
  EXPECT_EQ(failure.detail, "");
}

TEST_F(ConnectorLocalSide, names_both_addresses_if_the_kernel_does_not_even_start) {
  stage.answers["1.0.0.1:80"] = {.after = 0ms,
                                 .error = make_error_code(std::errc::invalid_argument)};
  connect({"1.0.0.1"}, {.local_address = Endpoint::from_text("127.0.0.1")});
  EXPECT_EQ(result->error(), std::errc::invalid_argument);
  EXPECT_EQ(failure.detail, "local_address 127.0.0.1, connecting to 1.0.0.1:80");
}

TEST_F(ConnectorLocalSide, tries_only_addresses_of_the_family_of_its_own_one) {
  const auto refused = make_error_code(std::errc::connection_refused);
  for (const char* host : {"::1", "::2", "1.0.0.1", "1.0.0.2"}) answer(host, refused);
  const std::vector<std::string> hosts{"::1", "1.0.0.1", "::2", "1.0.0.2"};
  connect(hosts, {.local_address = Endpoint::from_text("1.0.0.9")});
  connect(hosts, {.local_address = Endpoint::from_text("::9")});
  EXPECT_EQ(tried(), (Lines{"1.0.0.1:80", "1.0.0.2:80", "[::1]:80", "[::2]:80"}));
}

TEST_F(ConnectorLocalSide, fails_if_no_address_has_the_family_of_its_own_one) {
  connect({"::1", "::2"}, {.local_address = Endpoint::from_text("1.0.0.9")});
  EXPECT_EQ(result->error(), std::errc::address_family_not_supported);
  EXPECT_EQ(failure.detail, "local_address 1.0.0.9 and no address of the peer is IPv4");
  connect({"1.0.0.1"}, {.local_address = Endpoint::from_text("[::9]:70")});
  EXPECT_EQ(failure.detail, "local_address [::9]:70 and no address of the peer is IPv6");
  EXPECT_EQ(stage.calls.open, 0);
}

TEST_F(ConnectorLocalSide, a_local_address_excludes_no_unix_socket) {
  const Endpoint path = *Endpoint::from_unix_path("/run/ours.sock");
  stage.answers[path.to_string()] = {.after = 1ms, .error = {}};
  Connector connector(loop, {path}, {.local_address = web_of("1.0.0.9")},
                      [&](Expected<Connected> what) { result = std::move(what); });
  ASSERT_TRUE(stage.run_until(loop, [&] { return result.has_value(); }));
  EXPECT_TRUE(*result) << result->error().message();
}

// Rotation.

TEST_F(ConnectorLocalSide, the_next_attempt_begins_behind_the_address_that_was_reached) {
  net::AddressRotation rotation;
  for (const char* host : {"1.0.0.1", "1.0.0.2", "1.0.0.3"}) answer(host);
  for (int i = 0; i < 4; ++i) {
    connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"}, {.rotation = &rotation});
    rotation.next_attempt();
  }
  EXPECT_EQ(tried(), (Lines{"1.0.0.1:80", "1.0.0.2:80", "1.0.0.3:80", "1.0.0.1:80"}));
}

TEST_F(ConnectorLocalSide, the_next_attempt_takes_the_other_family) {
  net::AddressRotation rotation;
  for (const char* host : {"::1", "::2", "1.0.0.1", "1.0.0.2"}) answer(host);
  for (int i = 0; i < 4; ++i) {
    connect({"::1", "::2", "1.0.0.1", "1.0.0.2"}, {.rotation = &rotation});
    rotation.next_attempt();
  }
  EXPECT_EQ(tried(), (Lines{"[::1]:80", "1.0.0.1:80", "[::2]:80", "1.0.0.2:80"}));
}

TEST_F(ConnectorLocalSide, a_winner_that_was_late_counts_as_the_last_one) {
  net::AddressRotation rotation;
  stage.answers["1.0.0.1:80"] = {.after = 300ms, .error = {}};
  connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"}, {.rotation = &rotation});
  rotation.next_attempt();
  answer("1.0.0.2");
  connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"}, {.rotation = &rotation});
  EXPECT_EQ(tried(), (Lines{"1.0.0.1:80", "1.0.0.2:80", "1.0.0.2:80"}));
}

TEST_F(ConnectorLocalSide, an_attempt_that_was_given_up_counts_too) {
  net::AddressRotation rotation;
  for (int i = 0; i < 2; ++i) {
    Connector silent(loop, {web_of("1.0.0.1"), web_of("1.0.0.2")}, {.rotation = &rotation},
                     [](const Expected<Connected>&) { ADD_FAILURE(); });
    stage.run_for(loop, 100ms);
    rotation.next_attempt();
  }
  EXPECT_EQ(tried(), (Lines{"1.0.0.1:80", "1.0.0.2:80"}));
}

// On the system's network.

class ConnectorFrom : public ::testing::Test {
 protected:
  net::Network& network = net::system_network();
  net::EventLoop loop{{.receive_buffer = 4096}};
  Listener listener;
  std::optional<Expected<Connected>> result;
  std::string detail;

  void connect(net::ConnectorOptions options) {
    Connector connector(loop, {listener.endpoint()}, std::move(options),
                        [this](Expected<Connected> what) { result = std::move(what); });
    while (!result) loop.run_once(std::nullopt);
    detail = connector.failure().detail;
  }
  /// Connects; returns the address that the peer sees.
  [[nodiscard]] std::string source(net::ConnectorOptions options) {
    connect(std::move(options));
    const net::UniqueFd accepted = listener.accept_soon();
    return network.peer_endpoint(accepted.get())->to_string();
  }
};

TEST_F(ConnectorFrom, an_address) {
  const std::string seen = source({.local_address = Endpoint::from_text("127.0.0.77")});
  EXPECT_EQ(seen.substr(0, seen.find(':')), "127.0.0.77");
  EXPECT_FALSE(seen.ends_with(":0"));
}

/// The port is in TIME_WAIT after the first round, because this side closes first.
TEST_F(ConnectorFrom, an_address_and_a_port_again_and_again) {
  const std::string local = RefusingAddress("127.0.0.78").endpoint().to_string();
  for (int round = 0; round < 2; ++round) {
    const Listener other("127.0.0.79");
    Connector connector(loop, {other.endpoint()}, {.local_address = Endpoint::from_text(local)},
                        [this](Expected<Connected> what) { result = std::move(what); });
    while (!result) loop.run_once(std::nullopt);
    ASSERT_TRUE(*result) << result->error().message();
    EXPECT_EQ(network.local_endpoint((*result)->socket.fd())->to_string(), local);
    result.reset();
  }
}

TEST_F(ConnectorFrom, an_address_of_another_machine_is_an_error) {
  connect({.local_address = Endpoint::from_text("192.0.2.1")});
  EXPECT_EQ(result->error(), std::errc::address_not_available);
  EXPECT_EQ(detail, "local_address 192.0.2.1");
}

TEST_F(ConnectorFrom, the_loopback_interface) {
  connect({.interface = "lo"});
  if (result->error() == std::errc::operation_not_permitted) GTEST_SKIP() << detail;
  ASSERT_TRUE(*result) << result->error().message();
  char name[16]{};
  socklen_t size = sizeof name;
  ASSERT_EQ(::getsockopt((*result)->socket.fd(), SOL_SOCKET, SO_BINDTODEVICE, name, &size), 0);
  EXPECT_STREQ(name, "lo");
}

TEST_F(ConnectorFrom, an_interface_that_does_not_exist_is_an_error) {
  connect({.interface = "no-such-if"});
  EXPECT_FALSE(*result);
  EXPECT_EQ(detail.find("interface \"no-such-if\""), 0U) << detail;
}

/// A decorator of Network that was written before there was bind().
TEST(NetworkBind, is_not_supported_unless_a_network_says_so) {
  class Old final : public net::Network {
    Expected<int> open(net::Family) override { return -1; }
    std::error_code connect(int, const Endpoint&) override { return {}; }
    std::error_code connect_result(int) override { return {}; }
    Expected<int> listen(const Endpoint&, const net::ListenOptions&) override { return -1; }
    Expected<net::Accepted> accept(int) override { return net::Accepted{}; }
    net::IoResult read(int, MutableBytes) override { return {}; }
    net::IoResult write(int, std::span<const Bytes>) override { return {}; }
    void shutdown_write(int) noexcept override {}
    void shutdown_both(int) noexcept override {}
    void close(int) noexcept override {}
    std::error_code set_nonblocking(int) override { return {}; }
    std::error_code set_option(int, const net::SocketOption&) override { return {}; }
    Expected<Endpoint> local_endpoint(int) override { return Endpoint(); }
    Expected<Endpoint> peer_endpoint(int) override { return Endpoint(); }
    Expected<std::vector<Endpoint>> resolve(const std::string&, std::uint16_t) override {
      return std::vector<Endpoint>();
    }
    bool wait(std::span<net::Waiting>, std::optional<std::chrono::nanoseconds>) override {
      return false;
    }
    std::unique_ptr<net::Poller> make_poller(net::Backend) override { return nullptr; }
    TimePoint now() noexcept override { return {}; }
    std::error_code random(MutableBytes) noexcept override { return {}; }
  };
  Old old;
  EXPECT_EQ(static_cast<net::Network&>(old).bind(3, web_of("1.0.0.1")), std::errc::not_supported);
}

}  // namespace
}  // namespace wirespan::test
