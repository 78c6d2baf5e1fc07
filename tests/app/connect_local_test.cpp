// Connecting: where from. Local address, interface, sockets shown to a hook, options in bytes, and
// the addresses of a name by turns.
#include <array>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/left_behind.hpp"
#include "support/raw_proxy.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include "support/thrown.hpp"
#include <wirespan/app/client/dialer.hpp>

namespace wirespan::test {
namespace {

/// Tells each client the address that it comes from, and closes.
void tell_source(RawPeer& peer) {
  (void)peer.accept();
  const auto source = net::system_network().peer_endpoint(peer.fd());
  (void)peer.send_text(source->host());
  (void)peer.send_close(1000);
  (void)peer.read_until_close();
}

/// Runs an app until it ends; returns its first message, or the text of its first error.
std::string first_word(const std::string& url, const RunOptions& options) {
  std::string word;
  const auto keep = [&](std::string_view text) {
    if (word.empty()) word = text;
  };
  WebSocketApp app(
      url, {.on_message = [&](WebSocketApp&, const Message& m) { keep(m.text()); },
            .on_error = [&](WebSocketApp&, const std::exception& error) { keep(error.what()); }});
  (void)app.run_forever(options);
  return word;
}

TEST(ConnectFrom, a_local_address) {
  RawServer server(tell_source);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s, .local_address = "127.0.0.66"});
  EXPECT_EQ(ws.recv().data, "127.0.0.66");
  ws.close();
  EXPECT_EQ(first_word(server.url(), {.local_address = "127.0.0.67"}), "127.0.0.67");
}

TEST(ConnectFrom, a_local_address_of_the_other_family_is_named) {
  RawServer server(echo_script);
  EXPECT_EQ(what_of([&] { return create_connection(server.url(), {.local_address = "::1"}); }),
            "local_address ::1 and no address of the peer is IPv6: "
            "Address family not supported by protocol");
  EXPECT_EQ(server.accepted(), 0);
}

TEST(ConnectFrom, a_local_address_of_another_machine_is_named) {
  RawServer server(echo_script);
  const std::string text = "local_address 192.0.2.1: Cannot assign requested address";
  EXPECT_EQ(
      what_of([&] { return create_connection(server.url(), {.local_address = "192.0.2.1"}); }),
      text);
  EXPECT_EQ(first_word(server.url(), {.local_address = "192.0.2.1"}), text);
}

struct RefusedPlace {
  const char* name;
  std::string local_address;
  std::string interface;
  std::string text;
};
void PrintTo(const RefusedPlace& row, std::ostream* out) { *out << row.name; }

class ConnectFromNowhere : public ::testing::TestWithParam<RefusedPlace> {};

TEST_P(ConnectFromNowhere, is_refused_before_anything_is_done) {
  const RefusedPlace& row = GetParam();
  const Thrown expected = plain_exception(make_error_code(Errc::invalid_option));
  const auto connect = [&] {
    return create_connection("ws://127.0.0.1:1/",
                             {.local_address = row.local_address, .interface = row.interface});
  };
  EXPECT_EQ(refusal_of(connect), expected);
  EXPECT_EQ(what_of(connect), row.text + ": invalid option");
  WebSocketApp app("ws://127.0.0.1:1/");
  EXPECT_EQ(
      refusal_of([&] {
        return app.run_forever({.local_address = row.local_address, .interface = row.interface});
      }),
      expected);
}

const RefusedPlace refused_places[] = {
    {"name", "localhost", "", "local_address \"localhost\" is no numeric address"},
    {"port", "127.0.0.1:x", "", "local_address \"127.0.0.1:x\" is no numeric address"},
    {"long_interface", "", "0123456789abcdef",
     "interface \"0123456789abcdef\" is no name of an interface"},
    {"interface_with_nul", "", std::string("lo\0x", 4),
     "interface \"lo\\x00x\" is no name of an interface"},
};
INSTANTIATE_TEST_SUITE_P(Table, ConnectFromNowhere, ::testing::ValuesIn(refused_places),
                         case_name<RefusedPlace>);

TEST(ConnectFrom, an_interface) {
  RawServer server(tell_source);
  const std::string word = first_word(server.url(), {.interface = "lo"});
  if (word.find("CAP_NET_RAW") != std::string::npos) GTEST_SKIP() << word;
  EXPECT_EQ(word, "127.0.0.1");
  const std::string text =
      what_of([&] { return create_connection(server.url(), {.interface = "no-such-if"}); });
  EXPECT_EQ(text, "interface \"no-such-if\": No such device");
}

TEST(ConnectFrom, a_socket_that_a_hook_has_seen) {
  RawServer server(echo_script);
  int seen = -1;
  int no_delay = 0;
  WebSocket ws = create_connection(server.url(), {.timeout = 10s, .on_socket = [&](int fd) {
                                                    seen = fd;
                                                    socklen_t size = sizeof no_delay;
                                                    ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY,
                                                                 &no_delay, &size);
                                                  }});
  EXPECT_EQ(ws.fileno(), seen);
  EXPECT_NE(no_delay, 0) << "options are set before";
  ws.close();
}

TEST(ConnectFrom, an_exception_of_the_hook_reaches_the_caller) {
  RawServer server(echo_script);
  const int before = count_descriptors();
  EXPECT_THROW((void)create_connection(server.url(),
                                       {.on_socket = [](int) { throw std::domain_error("no"); }}),
               std::domain_error);
  EXPECT_EQ(count_descriptors(), before);
  EXPECT_EQ(server.accepted(), 0);
}

TEST(ConnectFrom, an_exception_of_the_hook_reaches_on_error_and_the_next_attempt_is_made) {
  RawServer server(tell_source);
  std::vector<std::string> errors;
  WebSocketApp app(server.url(), {.on_error = [&](WebSocketApp&, const std::exception& error) {
                     errors.push_back(error.what());
                   }});
  int calls = 0;
  const auto hook = [&](int) {
    if (++calls == 1) throw std::domain_error("not today");
  };
  EXPECT_FALSE(app.run_forever({.on_socket = hook, .reconnect = 5ms}).failed());
  EXPECT_EQ(errors, std::vector<std::string>{"not today"});
  EXPECT_EQ(calls, 2);
  const auto never = [](int) { throw std::domain_error("never"); };
  EXPECT_EQ(app.run_forever({.on_socket = never}).error, Errc::handler_failed);
}

TEST(ConnectFrom, options_in_bytes_are_set_and_named_if_refused) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(
      server.url(), {.sockopt = {{SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 3}},
                                 {IPPROTO_TCP, TCP_CONGESTION, "reno"}}});
  linger kept{};
  socklen_t size = sizeof kept;
  ASSERT_EQ(::getsockopt(ws.fileno(), SOL_SOCKET, SO_LINGER, &kept, &size), 0);
  EXPECT_EQ(kept.l_linger, 3);
  ws.abort();
  const std::string text = what_of([&] {
    return create_connection(server.url(), {.sockopt = {{IPPROTO_TCP, TCP_CONGESTION, "magic"}}});
  });
  EXPECT_EQ(text.find("sockopt with level 6, name 13 (TCP_CONGESTION), value of 5 bytes: "), 0U)
      << text;
}

TEST(ConnectErrors, a_resolver_without_an_answer_is_named_as_such) {
  const std::error_code error = net::resolver_had_no_answer();
  EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
  const auto fail = [&]() -> int { throw_for(error, "connecting to name.example:80"); };
  EXPECT_EQ(refusal_of(fail).type, "WebSocketAddressException");
  EXPECT_EQ(what_of(fail),
            "connecting to name.example:80: "
            "the resolver had no answer (temporary failure in name resolution)");
}

/// The attempts of one run to a name with several addresses.
class ConnectByTurns : public ::testing::Test {
 protected:
  SpyNetwork network;
  net::EventLoop loop{{.network = &network}};
  net::AddressRotation rotation;

  bool is_readable(int fd, Milliseconds patience) {
    std::array entries{net::Waiting{.fd = fd, .interest = net::Interest::read}};
    return network.wait(entries, patience);
  }
  /// Makes one attempt; returns its error, or nothing.
  std::error_code attempt(std::uint16_t port, const ConnectOptions& options = {}) {
    std::string detail;
    auto plan = make_dial_plan("ws://name.example:" + std::to_string(port), options, detail);
    rotation.next_attempt();
    plan->connector.rotation = &rotation;
    std::optional<Dialer::Result> result;
    Dialer dialer(loop, std::move(*plan), [&](Dialer::Result r) { result = std::move(r); });
    while (!result) loop.run_once(std::nullopt);
    const auto* failure = std::get_if<DialFailure>(&*result);
    return failure != nullptr ? failure->error : std::error_code();
  }
};

/// The first address of the name accepts TCP and then resets, for ever.
TEST_F(ConnectByTurns, an_address_that_accepts_and_resets_does_not_hide_the_next_one) {
  threads_may_rest();
  RawServer good(echo_script);
  const net::Endpoint bad = loopback(good.port(), "127.0.0.2");
  const net::UniqueFd listener(*network.listen(bad, {}));
  std::atomic<bool> over{false};
  int resets = 0;
  std::thread resetting([&] {
    while (!over) {
      if (!is_readable(listener.get(), 10ms)) continue;
      const auto accepted = network.accept(listener.get());
      NonblockingPeer peer{net::UniqueFd(accepted->fd)};
      EXPECT_TRUE(is_readable(peer.fd(), 10s)) << "no request";
      peer.reset();
      ++resets;
    }
  });
  network.resolver = [&](const std::string&) -> Expected<std::vector<net::Endpoint>> {
    return std::vector{bad, loopback(good.port())};
  };
  EXPECT_TRUE(attempt(good.port())) << "the first address has reset it";
  EXPECT_FALSE(attempt(good.port())) << "the second address is good";
  rotation.forget();
  EXPECT_TRUE(attempt(good.port())) << "the first address is the first again";
  over = true;
  resetting.join();
  EXPECT_EQ(resets, 2);
}

/// A nonce of Digest may be known to that one address of the proxy only.
TEST_F(ConnectByTurns, the_answer_to_a_407_goes_to_the_address_that_asked) {
  threads_may_rest();
  RawServer origin(echo_script);
  ProxyLog log;
  const RawServer proxy(http_proxy(log, [](const std::string& request) -> std::string {
    if (request.find("Proxy-Authorization: Digest") != std::string::npos)
      return tunnel_opened(request);
    return "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"1\", "
           "qop=\"auth\"\r\nContent-Length: 0\r\n\r\n";
  }));
  network.resolver = [&](const std::string&) -> Expected<std::vector<net::Endpoint>> {
    return std::vector{loopback(proxy.port()), loopback(proxy.port(), "127.0.0.2")};
  };
  const ConnectOptions options{.proxy = "http://user:secret@name.example:" +
                                        std::to_string(proxy.port())};
  EXPECT_FALSE(attempt(origin.port(), options));
  EXPECT_EQ(log.requests().size(), 2U);
  EXPECT_EQ(network.connects, 2) << "none to the second address";
}

}  // namespace
}  // namespace wirespan::test
