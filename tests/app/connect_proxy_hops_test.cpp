// Proxies that are asked several times in one attempt: behind a redirect, and for a stale nonce;
// and the address of the server that SOCKS4 can carry. RFC 9110 §15.4, RFC 7616 §3.3.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"
#include "support/raw_proxy.hpp"
#include "support/simulated_server.hpp"
#include "support/spy_network.hpp"
#include <wirespan/tls/hash.hpp>

namespace wirespan::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string moved_to(const std::string& url) {
  return "HTTP/1.1 302 Elsewhere\r\nLocation: " + url + "\r\nContent-Length: 0\r\n\r\n";
}

std::string digest_challenge(const std::string& nonce, const std::string& more = {}) {
  return "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"" + nonce +
         "\", qop=\"auth\", algorithm=SHA-256" + more + "\r\nContent-Length: 0\r\n\r\n";
}

/// The answer is made for the host and port of one CONNECT (uri), so it is not sent with another.
TEST(ConnectProxyHops, an_answer_to_a_digest_challenge_is_not_sent_for_the_target_of_a_redirect) {
  if (!tls::hex_hash(HashAlgorithm::sha256, "")) GTEST_SKIP() << "a build without TLS";
  ProxyLog log;
  const RawServer other(echo_script);
  const RawServer first(answering(moved_to(other.url())));
  const RawServer proxy(http_proxy(log, [](const std::string& request) {
    const bool has_answer = request.find("Proxy-Authorization: Digest ") != std::string::npos;
    return has_answer ? tunnel_opened(request) : digest_challenge("n0");
  }));
  create_connection(first.url(),
                    {.timeout = 10s, .proxy = "http://user:secret@" + proxy.authority()})
      .close();
  const auto basic = [](const RawServer& server) {
    return AllOf(HasSubstr("CONNECT " + server.authority() + " "),
                 HasSubstr("Proxy-Authorization: Basic "));
  };
  const auto digest = [](const RawServer& server) {
    return AllOf(HasSubstr("CONNECT " + server.authority() + " "),
                 HasSubstr("uri=\"" + server.authority() + "\""));
  };
  EXPECT_THAT(log.requests(),
              ElementsAre(basic(first), digest(first), basic(other), digest(other)));
}

TEST(ConnectProxyHops, a_nonce_that_is_stale_once_more_ends_the_attempt) {
  if (!tls::hex_hash(HashAlgorithm::sha256, "")) GTEST_SKIP() << "a build without TLS";
  ProxyLog log;
  const RawServer proxy(http_proxy(log, [&](const std::string&) -> std::string {
    const std::size_t asked = log.requests().size();
    if (asked > 5) return "HTTP/1.1 403 Enough\r\n\r\n";
    return digest_challenge(std::to_string(asked), ", stale=true");
  }));
  EXPECT_EQ(refusal_of([&] {
              return create_connection(
                  "ws://192.0.2.1/",
                  {.timeout = 10s, .proxy = "http://user:secret@" + proxy.authority()});
            }),
            (Thrown{"WebSocketProxyException", Errc::proxy_auth_required}));
  EXPECT_THAT(log.requests(), ElementsAre(HasSubstr("Authorization: Basic "),
                                          HasSubstr("nonce=\"1\""), HasSubstr("nonce=\"2\"")));
}

/// The scripts play the proxy, then the server at the other end of the tunnel.
TEST(ConnectProxyHops, http_proxy_timeout_begins_again_with_each_hop) {
  const auto open_tunnel = [](SimulatedPeer& proxy) {
    proxy.write(tunnel_opened(proxy.read_head()));
  };
  net::SimulatedNetwork network;
  simulate_server(network, 3128,
                  {[&](SimulatedPeer& peer) {
                     open_tunnel(peer);
                     (void)peer.read_head();
                     network.sleep_for(600ms);
                     peer.write(moved_to("ws://other.example/"));
                   },
                   [&](SimulatedPeer& peer) {
                     open_tunnel(peer);
                     peer.accept();
                     (void)peer.read_some();
                   }});
  WebSocket ws = create_connection("ws://first.example/", {.connect_timeout = 10s,
                                                           .proxy = "http://127.0.0.1:3128",
                                                           .http_proxy_timeout = 400ms,
                                                           .network = &network});
  EXPECT_TRUE(ws.connected());
  ws.shutdown();
  EXPECT_TRUE(network.run());
}

TEST(ConnectProxyHops, SOCKS4_gets_the_first_IPv4_address_of_the_server) {
  threads_may_rest();  // that of the look-up
  ProxyLog log;
  const RawServer origin(echo_script);
  const RawServer proxy(socks_proxy(log));
  SpyNetwork network;
  network.resolver = [](const std::string&) -> Expected<std::vector<net::Endpoint>> {
    return std::vector{*net::Endpoint::from_numeric("::1", 0),
                       *net::Endpoint::from_numeric("127.0.0.1", 0),
                       *net::Endpoint::from_numeric("127.0.0.2", 0)};
  };
  const std::string port = std::to_string(origin.port());
  create_connection("ws://server.example:" + port + "/",
                    {.timeout = 10s, .proxy = "socks4://" + proxy.authority(), .network = &network})
      .close();
  EXPECT_THAT(log.requests(), ElementsAre("4 address 127.0.0.1 " + port + " "));
}

}  // namespace
}  // namespace wirespan::test
