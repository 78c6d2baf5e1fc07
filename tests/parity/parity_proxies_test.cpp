// Parity with websocket-client: which way a connection takes. KEEP: as in Python; FIX: another way
// on purpose.
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/environment.hpp"
#include "support/raw_proxy.hpp"
#include "support/unix_pair.hpp"
#include <wirespan/app/proxy_info.hpp>

namespace wirespan::test {
namespace {

/// Connects and returns how many connections passed the proxy.
std::size_t through_proxy(const std::string& url, const ProxyLog& log, ConnectOptions options) {
  const std::size_t before = log.requests().size();
  options.timeout = 10s;
  create_connection(url, std::move(options)).close();
  return log.requests().size() - before;
}

class ParityProxies : public ::testing::Test {
 protected:
  RawServer origin{echo_script};
  ProxyLog log;
  RawServer proxy{http_proxy(log)};
};

TEST_F(ParityProxies, KEEP_a_prepared_socket_goes_through_none) {
  const UnixPair pair([](RawPeer& peer) { (void)peer.accept(); });
  const WebSocket ws = create_connection(
      origin.url(),
      {.timeout = 10s, .proxy = "http://" + proxy.authority(), .socket = pair.ours()});
  EXPECT_EQ(ws.fileno(), pair.ours());
  EXPECT_TRUE(log.requests().empty());
}

TEST_F(ParityProxies, KEEP_a_proxy_of_the_options_counts_before_the_environment) {
  const Variable variable("http_proxy", "http://127.0.0.1:" + std::to_string(unused_port()));
  EXPECT_EQ(through_proxy(origin.url(), log, {.proxy = "http://" + proxy.authority()}), 1U);
  EXPECT_EQ(through_proxy(origin.url(), log,
                          {.http_proxy_host = "127.0.0.1", .http_proxy_port = proxy.port()}),
            1U);
}

TEST_F(ParityProxies, FIX_http_no_proxy_alone_counts_against_the_environment) {
  const Variable variable("http_proxy", "http://" + proxy.authority());
  EXPECT_EQ(through_proxy(origin.url(), log, {}), 1U) << "loopback is not left out by itself";
  EXPECT_EQ(through_proxy(origin.url(), log, {.http_no_proxy = {"127.0.0.1"}}), 0U)
      << "Python: ignored without http_proxy_host";
}

TEST_F(ParityProxies, KEEP_http_no_proxy_takes_the_place_of_the_environments_list) {
  const Variable variable("no_proxy", "127.0.0.1");
  const ConnectOptions with{.proxy = "http://" + proxy.authority(),
                            .http_no_proxy = {"elsewhere.example"}};
  EXPECT_EQ(through_proxy(origin.url(), log, with), 1U);
}

TEST(ParityProxyInfo, KEEP_user_and_password_of_the_environment_are_decoded) {
  const Variable variable("http_proxy", "http://d%5Cu:p%40ss@p:1");
  EXPECT_EQ(get_proxy_info("ws://h/")->credentials, (Credentials{"d\\u", "p@ss"}));
}

TEST(ParityProxyInfo, FIX_port_0_is_the_port_of_the_type_and_no_error) {
  EXPECT_EQ(get_proxy_info("ws://h/", {.http_proxy_host = "p", .http_proxy_port = 0})->port, 80);
}

TEST(ParityProxyInfo, KEEP_types_are_in_lower_case_FIX_http_by_default_and_ProxyError_is_ours) {
  static_assert(std::is_same_v<ProxyError, WebSocketProxyException>);
  for (const char* type : {"http", "socks4", "socks4a", "socks5", "socks5h"}) {
    const auto proxy = get_proxy_info("ws://h/", {.http_proxy_host = "p", .proxy_type = type});
    EXPECT_EQ(proxy_type_name(proxy->type), type);
  }
  EXPECT_EQ(get_proxy_info("ws://h/", {.http_proxy_host = "p"})->type, ProxyType::http);
  for (const char* type : {"HTTP", "Socks5", "socks", "none"}) {
    EXPECT_THROW((void)get_proxy_info("ws://h/", {.http_proxy_host = "p", .proxy_type = type}),
                 ProxyError)
        << type;
  }
}

TEST(ParityProxyInfo, KEEP_localhost_is_no_exception) {
  const Variable variable("http_proxy", "http://p:1");
  EXPECT_EQ(get_proxy_info("ws://localhost/")->host, "p");
  EXPECT_EQ(get_proxy_info("ws://127.0.0.1/")->host, "p");
  EXPECT_EQ(get_proxy_info("ws://[::1]/")->host, "p");
}

}  // namespace
}  // namespace wirespan::test
