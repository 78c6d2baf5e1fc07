// WebSocketServer behind proxies: whose word about a client's address is taken. RFC 7239, the PROXY
// protocol.
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/app_test.hpp"
#include "support/hex.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerProxies : public ServerTest {
 protected:
  /// Handlers that note whom each request comes from, "192.0.2.1:4000 by 127.0.0.1".
  ServerHandlers noting() {
    ServerHandlers handlers = echoing();
    handlers.on_request = [this](PendingRequest request) {
      note(request.request());
      request.accept();
    };
    handlers.on_http = [this](const HttpRequest& request) {
      note(request);
      return HttpResponse{.body = "answer"};
    };
    return handlers;
  }
  template <class Request>
  void note(const Request& request) {
    const std::string by = request.proxy ? " by " + request.proxy->host() : "";
    clients.note(request.peer.to_string() + by);
  }
  /// A client whose bytes come behind `header`, through TLS if the link has it.
  [[nodiscard]] RawPeer behind(const std::string& header, const RunningServer& server) const {
    RawPeer peer = RawPeer::to_port(server.port());
    peer.write(header);
    if (link().is_secure()) peer.secure_as_client(link().for_client());
    return peer;
  }
  static void expect_open(RawPeer& client, std::string_view more_lines = {}) {
    EXPECT_TRUE(client.open(more_lines).starts_with("HTTP/1.1 101 "));
    client.send_text("x");
    EXPECT_EQ(client.read_described(), "text \"x\"");
  }
  /// The client that the server sees; without the port of a socket of ours.
  [[nodiscard]] std::string seen() const {
    const std::string last = clients.last();
    return last.starts_with("127.0.0.1:") ? "127.0.0.1" : last;
  }

  Recorder clients;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerProxies);

const ServerOptions believing_list{
    .proxies = {.trusted = {"127.0.0.1", "10.0.0.0/8"}, .header = "X-Forwarded-For"}};
const ServerOptions believing_protocol{
    .proxies = {.trusted = {"127.0.0.1"}, .proxy_protocol = true}};

const std::string proxy_line = "PROXY TCP4 192.0.2.1 192.0.2.2 4000 443\r\n";

std::string proxy_block(std::string_view hex) {
  return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + std::string(wire_text(from_hex(hex)));
}

TEST_P(ServerProxies, the_header_of_a_trusted_proxy_names_the_client) {
  RunningServer server(noting(), link(), believing_list);
  RawPeer direct = server.dial();
  expect_open(direct);
  EXPECT_EQ(seen(), "127.0.0.1") << "a proxy that names nobody is the client";
  RawPeer client = server.dial();
  expect_open(client, "X-Forwarded-For: 198.51.100.9, 192.0.2.1\r\nX-Forwarded-For: 10.0.0.7\r\n");
  EXPECT_EQ(seen(), "192.0.2.1:0 by 127.0.0.1");
  RawPeer plain = server.dial();
  plain.write("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 2001:db8::1\r\n\r\n");
  EXPECT_TRUE(plain.read_to_end().ends_with("answer"));
  EXPECT_EQ(seen(), "[2001:db8::1]:0 by 127.0.0.1");
}

TEST_P(ServerProxies, R7239_forwarded_is_read_by_its_own_grammar) {
  RunningServer server(noting(), link(),
                       {.proxies = {.trusted = {"127.0.0.0/8"}, .header = "forwarded"}});
  RawPeer client = server.dial();
  expect_open(client, "Forwarded: for=\"192.0.2.1:4000\";proto=https\r\n");
  EXPECT_EQ(seen(), "192.0.2.1:4000 by 127.0.0.1");
}

TEST_P(ServerProxies, nobody_else_is_believed) {
  for (const ProxyPolicy& policy :
       {ProxyPolicy{}, ProxyPolicy{.trusted = {"127.0.0.2"}, .header = "X-Forwarded-For"},
        ProxyPolicy{.trusted = {"unix"}, .header = "X-Forwarded-For"},
        ProxyPolicy{.trusted = {"127.0.0.1"}},
        ProxyPolicy{.trusted = {"127.0.0.1"}, .header = "X-Real-IP"}}) {
    RunningServer server(noting(), link(), {.proxies = policy});
    RawPeer client = server.dial();
    expect_open(client, "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n");
    EXPECT_EQ(seen(), "127.0.0.1");
  }
}

TEST_P(ServerProxies, a_proxy_header_comes_before_tls) {
  RunningServer server(noting(), link(), believing_protocol);
  struct Row {
    std::string header;
    const char* client;
  };
  const Row rows[] = {
      {proxy_line, "192.0.2.1:4000 by 127.0.0.1"},
      {"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "[2001:db8::1]:1 by 127.0.0.1"},
      {"PROXY UNKNOWN\r\n", "127.0.0.1"},
      {proxy_block("21 11 000c c0000201 c0000202 0fa0 01bb"), "192.0.2.1:4000 by 127.0.0.1"},
      {proxy_block("21 11 0010 c0000201 c0000202 0fa0 01bb 04 0001 00"),
       "192.0.2.1:4000 by 127.0.0.1"},
      {proxy_block("20 00 0000"), "127.0.0.1"},
  };
  for (const Row& row : rows) {
    RawPeer client = behind(row.header, server);
    expect_open(client);
    EXPECT_EQ(seen(), row.client) << row.header;
  }
}

TEST_P(ServerProxies, a_proxy_header_may_come_in_pieces_or_with_all_that_follows) {
  RunningServer server(noting(), link(), believing_protocol);
  RawPeer slow = RawPeer::to_port(server.port());
  slow.write_slowly(proxy_line, 1ms);
  if (link().is_secure()) slow.secure_as_client(link().for_client());
  expect_open(slow);
  EXPECT_EQ(seen(), "192.0.2.1:4000 by 127.0.0.1");
  if (link().is_secure()) return;
  RawPeer fast = RawPeer::to_port(server.port());
  fast.write(proxy_line + upgrade_request() + std::string("\x81\x81\0\0\0\0x", 7));
  EXPECT_TRUE(fast.read_head().starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(fast.read_described(), "text \"x\"");
}

TEST_P(ServerProxies, without_its_header_a_connection_is_closed_and_counted) {
  RunningServer server(noting(), link(), believing_protocol);
  std::uint64_t refused = 0;
  for (const std::string& begin :
       {upgrade_request(), std::string("\x16\x03\x01\x02\x00\x01", 6),
        std::string("PROXY TCP4 nonsense\r\n"), proxy_block("21 99 0000")}) {
    RawPeer client = RawPeer::to_port(server.port());
    client.write(begin);
    EXPECT_NO_THROW((void)client.read_end()) << "bytes came";
    EXPECT_TRUE(eventually([&] { return server.server().stats().refused.proxy == refused + 1; }));
    ++refused;
  }
  RawPeer gone = RawPeer::to_port(server.port());
  gone.close();
  EXPECT_TRUE(eventually([&] { return server.server().stats().handshaking == 0; }));
  EXPECT_EQ(server.server().stats().refused.proxy, refused) << "a check that the port is open";
  RawPeer client = behind(proxy_line, server);
  expect_open(client);
}

TEST_P(ServerProxies, a_proxy_header_of_somebody_else_is_not_read) {
  RunningServer server(noting(), link(),
                       {.proxies = {.trusted = {"192.0.2.0/24"}, .proxy_protocol = true}});
  RawPeer client = RawPeer::to_port(server.port());
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.proxy == 1; }));
}

TEST_P(ServerProxies, an_unfinished_proxy_header_ends_with_the_handshake_timeout) {
  ServerOptions options = believing_protocol;
  options.handshake_time = 300ms;
  RunningServer server(noting(), link(), options);
  for (const std::string& begin : {std::string(), proxy_line.substr(0, 20), proxy_block("21")}) {
    const Stopwatch watch;
    RawPeer client = RawPeer::to_port(server.port());
    client.write(begin);
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_GE(watch.elapsed(), 250ms);
  }
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.handshake_time == 3; }));
}

TEST_P(ServerProxies, the_client_behind_a_proxy_counts_for_the_limit_per_address) {
  ServerOptions options = believing_list;
  options.max_connections_per_address = 1;
  options.count_loopback = true;
  RunningServer server(noting(), link(), options);
  const auto ask = [&](const std::string& client) {
    RawPeer peer = server.dial();
    const std::string head = peer.open("X-Forwarded-For: " + client + "\r\n");
    return std::pair(head.substr(9, 3), std::move(peer));
  };
  auto first = ask("192.0.2.1");
  const auto second = ask("192.0.2.1");
  const auto other = ask("192.0.2.2");
  EXPECT_EQ(first.first, "101");
  EXPECT_EQ(second.first, "429");
  EXPECT_EQ(other.first, "101") << "the proxy itself is not counted";
  EXPECT_EQ(server.server().stats().refused.address, 1U);
  EXPECT_EQ(server.server().stats().refused.rejected, 0U);
  RawPeer page = server.dial();
  page.write("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
  EXPECT_TRUE(page.read_to_end().starts_with("HTTP/1.1 429 "));
  first.second.close();
  EXPECT_TRUE(eventually([&] { return ask("192.0.2.1").first == "101"; })) << "given back";
}

TEST_P(ServerProxies, the_client_of_a_proxy_header_counts_for_the_limit_per_address) {
  ServerOptions options = believing_protocol;
  options.max_connections_per_address = 1;
  options.count_loopback = true;
  RunningServer server(noting(), link(), options);
  RawPeer first = behind(proxy_line, server);
  expect_open(first);
  RawPeer second = RawPeer::to_port(server.port());
  second.write(proxy_line);
  EXPECT_EQ(second.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.address == 1; }));
  RawPeer other = behind("PROXY TCP4 192.0.2.9 192.0.2.2 4000 443\r\n", server);
  expect_open(other);
  first.close();
  EXPECT_TRUE(eventually([&] { return server.server().connection_count() == 1; }));
  RawPeer again = behind(proxy_line, server);
  expect_open(again);
}

/// A balancer that speaks the PROXY protocol to nginx, which adds a header.
TEST_P(ServerProxies, a_chain_of_proxies_is_followed_as_far_as_it_is_trusted) {
  ServerOptions options = believing_list;
  options.proxies.proxy_protocol = true;
  options.max_connections_per_address = 1;
  RunningServer server(noting(), link(), options);
  std::vector<RawPeer> kept;
  for (const std::string client : {"192.0.2.1", "192.0.2.2"}) {
    kept.push_back(behind("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", server));
    expect_open(kept.back(), "X-Forwarded-For: " + client + "\r\n");
    EXPECT_EQ(seen(), client + ":0 by 127.0.0.1");
  }
  RawPeer client = behind("PROXY TCP4 192.0.2.3 10.0.0.2 1 2\r\n", server);
  expect_open(client, "X-Forwarded-For: 203.0.113.1\r\n");
  EXPECT_EQ(seen(), "192.0.2.3:1 by 127.0.0.1") << "which is no proxy";
}

TEST_P(ServerProxies, adopted_sockets_have_no_proxy_header_but_may_name_a_client) {
  ServerOptions options = believing_list;
  options.proxies.proxy_protocol = true;
  options.proxies.trusted.emplace_back("unix");
  RunningServer server(noting(), link(), options);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  EXPECT_FALSE(server.server().adopt(ends[0]));
  RawPeer client(ends[1], Role::client);
  if (link().is_secure()) client.secure_as_client(link().for_client());
  expect_open(client, "X-Forwarded-For: 192.0.2.1\r\n");
  EXPECT_TRUE(seen().starts_with("192.0.2.1:0 by ")) << seen();
}

TEST_P(ServerProxies, a_proxy_may_come_over_a_unix_socket_of_several_loops) {
  const auto path =
      std::filesystem::temp_directory_path() / ("wirespan_proxies_" + std::to_string(::getpid()));
  for (const bool protocol : {false, true}) {
    ServerOptions options{.address = "unix:" + path.string(), .threads = 2};
    options.proxies = {.trusted = {"unix"}, .proxy_protocol = protocol, .header = "X-Real-IP"};
    RunningServer server(noting(), link(), options);
    const auto address = *net::Endpoint::from_unix_path(path.string());
    for (int i = 0; i < 3; ++i) {
      const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      ASSERT_EQ(::connect(fd, address.data(), address.size()), 0);
      RawPeer client(fd, Role::client);
      if (protocol) client.write("PROXY UNKNOWN\r\n");
      if (link().is_secure()) client.secure_as_client(link().for_client());
      expect_open(client, "X-Real-IP: 192.0.2.1\r\n");
      EXPECT_TRUE(seen().starts_with("192.0.2.1:0 by ")) << seen();
    }
  }
}

TEST(ServerProxiesOf, a_policy_with_a_defect_adopts_nothing) {
  WebSocketServer server({.proxies = {.trusted = {"nonsense"}}}, {});
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  EXPECT_EQ(server.adopt(ends[0]), Errc::invalid_option);
  ::close(ends[1]);
}

}  // namespace
}  // namespace wirespan::test
