// Connecting through proxies: HTTP CONNECT, SOCKS, credentials, the environment, and proxies that
// break their protocol. RFC 9110 §9.3.6, RFC 1928.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/environment.hpp"
#include "support/raw_proxy.hpp"
#include <wirespan/app/proxy_info.hpp>
#include <wirespan/tls/hash.hpp>

namespace wirespan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Sends a message over a connection, and expects it back.
void expect_echo(WebSocket ws) {
  ws.send("through the tunnel");
  EXPECT_EQ(ws.recv().data, "through the tunnel");
  ws.close();
}

class ConnectProxy : public OverLinks {
 protected:
  [[nodiscard]] ConnectOptions through(const std::string& scheme, const RawServer& proxy,
                                       const std::string& user = {}) const {
    return {.proxy = scheme + "://" + user + proxy.authority()};
  }
  [[nodiscard]] std::string port() const { return std::to_string(origin.port()); }

  RawServer origin{echo_script, GetParam()};
  ProxyLog log;
};
INSTANTIATE_TEST_SUITE_P(Over, ConnectProxy, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectProxy, R9_KEEP_http_connect_opens_a_tunnel_and_names_the_server) {
  const RawServer proxy(http_proxy(log));
  expect_echo(connect(origin, through("http", proxy)));
  const std::string target = "127.0.0.1:" + port();
  EXPECT_THAT(log.requests(),
              ElementsAre("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n"));
}

TEST_P(ConnectProxy, FIX_every_status_of_success_opens_the_tunnel) {
  for (const char* status : {"200 OK", "201 Created", "204 x", "299 Odd"}) {
    const RawServer proxy(http_proxy(log, [status](const std::string&) {
      return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 7\r\n\r\n";
    }));
    expect_echo(connect(origin, through("http", proxy)));
  }
}

TEST_P(ConnectProxy, KEEP_socks_sends_addresses_or_names_FIX_without_a_package) {
  const RawServer proxy(socks_proxy(log));
  const std::string name =
      (GetParam().is_secure() ? "wss://localhost:" : "ws://localhost:") + port() + "/";
  for (const char* scheme : {"socks4", "socks4a", "socks5", "socks5h"}) {
    expect_echo(connect(origin, through(scheme, proxy)));
  }
  for (const char* scheme : {"socks4", "socks4a", "socks5h"}) {
    expect_echo(create_connection(name, options_for(GetParam(), through(scheme, proxy))));
  }
  EXPECT_THAT(log.requests(),
              ElementsAre("4 address 127.0.0.1 " + port() + " ",
                          "4 address 127.0.0.1 " + port() + " ", "5 address 127.0.0.1 " + port(),
                          "5 address 127.0.0.1 " + port(), "4 address 127.0.0.1 " + port() + " ",
                          "4 name localhost " + port() + " ", "5 name localhost " + port()));
}

TEST_P(ConnectProxy, an_app_goes_through_its_proxy_on_each_attempt) {
  const RawServer proxy(http_proxy(log));
  const RawServer twice({[](RawPeer& peer) { (void)peer.accept(); }, sending({"x"})}, GetParam());
  Recorder recorder;
  WebSocketApp app(twice.url(), recorder.handlers());
  const RunResult result = app.run_forever({.proxy = "http://" + proxy.authority(),
                                            .sslopt = GetParam().for_client(),
                                            .reconnect = 1ms});
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls(called::message("x")).size(), 1U);
  EXPECT_EQ(log.requests().size(), 2U);
}

TEST_P(ConnectProxy, KEEP_credentials_go_to_the_proxy_and_not_to_the_server) {
  std::string request;
  const RawServer server(
      [&](RawPeer& peer) {
        request = peer.accept();
        peer.echo();
      },
      GetParam());
  const RawServer proxy(http_proxy(log));
  expect_echo(connect(server, through("http", proxy, "user:p%40ss@")));
  EXPECT_THAT(log.requests().front(), HasSubstr("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Authorization")));
  const RawServer socks(socks_proxy(log, true));
  expect_echo(connect(server, through("socks5", socks, "user:p%40ss@")));
  EXPECT_EQ(log.requests().back(),
            "user:p@ss 5 address 127.0.0.1 " + std::to_string(server.port()));
}

TEST_P(ConnectProxy, KEEP_pythons_options_name_the_proxy_FIX_with_their_documented_defaults) {
  const RawServer proxy(http_proxy(log));
  expect_echo(connect(origin, {.http_proxy_host = "127.0.0.1",
                               .http_proxy_port = proxy.port(),
                               .http_proxy_auth = Credentials{"user", "password"}}));
  EXPECT_THAT(log.requests().front(), HasSubstr("Basic dXNlcjpwYXNzd29yZA=="));
  EXPECT_EQ(get_proxy_info("ws://h/", {.http_proxy_host = "p"})->port, 80);
  EXPECT_EQ(get_proxy_info("ws://h/", {.http_proxy_host = "p", .proxy_type = "socks5"})->port,
            1080);
  EXPECT_EQ(
      refusal_of([&] { return connect(origin, {.http_proxy_host = "p", .proxy_type = "SOCKS5"}); }),
      (Thrown{"WebSocketProxyException", Errc::invalid_proxy}));
}

TEST_P(ConnectProxy, KEEP_no_proxy_leads_past_the_proxy_FIX_past_socks_too) {
  const RawServer proxy(http_proxy(log));
  for (const char* scheme : {"http", "socks5"}) {
    ConnectOptions options = through(scheme, proxy);
    options.http_no_proxy = {"example.com", "127.0.0.0/8"};
    expect_echo(connect(origin, std::move(options)));
  }
  EXPECT_TRUE(log.requests().empty());
}

TEST_P(ConnectProxy, FIX_https_speaks_tls_with_the_proxy) {
  for (const Link& secure : links()) {
    if (!secure.is_secure()) continue;
    const RawServer proxy(http_proxy(log), secure);
    ConnectOptions options = through("https", proxy);
    EXPECT_EQ(refusal_of([&] { return connect(origin, options); }).type, "WebSocketProxyException")
        << "the certificate of the proxy is verified";
    options.proxy_sslopt = secure.for_client();
    expect_echo(connect(origin, options));
    EXPECT_EQ(log.requests().size(), 1U);
  }
}

// Challenges.

std::string challenge_407(const std::string& fields) {
  return "HTTP/1.1 407 Who are you\r\n" + fields + "Content-Length: 0\r\n\r\n";
}

/// Opens the tunnel for the right answer to a Digest challenge, which the test computes anew.
ProxyAnswer digest_proxy(HashAlgorithm algorithm, const std::string& name) {
  return [=](const std::string& request) -> std::string {
    const auto field = [&](const std::string& key) {
      const std::size_t begin = request.find(" " + key + "=\"");
      if (begin == std::string::npos) return std::string();
      const std::size_t value = begin + key.size() + 3;
      return request.substr(value, request.find('"', value) - value);
    };
    const auto hash = [&](const std::string& text) { return *tls::hex_hash(algorithm, text); };
    const std::string target = request.substr(8, request.find(" HTTP/") - 8);
    const std::string expected =
        hash(hash("user:realm:secret") + ":n0:00000001:" + field("cnonce") +
             ":auth:" + hash("CONNECT:" + target));
    if (request.find("Proxy-Authorization: Digest ") != std::string::npos &&
        field("response") == expected) {
      return tunnel_opened(request);
    }
    return challenge_407(
        "Proxy-Authenticate: Basic realm=\"realm\"\r\nProxy-Authenticate: Digest "
        "realm=\"realm\", nonce=\"n0\", qop=\"auth\", algorithm=" +
        name + "\r\n");
  };
}

TEST_P(ConnectProxy, FIX_a_digest_challenge_is_answered) {
  if (!tls::hex_hash(HashAlgorithm::sha256, "")) GTEST_SKIP() << "a build without TLS";
  for (const auto& [algorithm, name] :
       {std::pair(HashAlgorithm::sha256, "SHA-256"), std::pair(HashAlgorithm::md5, "MD5")}) {
    const RawServer proxy(http_proxy(log, digest_proxy(algorithm, name)));
    expect_echo(connect(origin, through("http", proxy, "user:secret@")));
    EXPECT_EQ(refusal_of([&] { return connect(origin, through("http", proxy, "user:wrong@")); }),
              (Thrown{"WebSocketProxyException", Errc::proxy_auth_required}));
  }
}

TEST_P(ConnectProxy, a_refusal_is_told_with_its_status_challenge_and_proxy_and_no_secret) {
  const RawServer proxy(http_proxy(log, [](const std::string&) {
    return challenge_407("Proxy-Authenticate: Basic realm=\"r\"\r\n");
  }));
  try {
    (void)connect(origin, through("http", proxy, "user:hidden@"));
    ADD_FAILURE() << "connected";
  } catch (const WebSocketProxyException& refused) {
    EXPECT_EQ(refused.code(), Errc::proxy_auth_required);
    EXPECT_EQ(refused.status_code(), 407);
    EXPECT_EQ(refused.resp_headers().get("Proxy-Authenticate"), "Basic realm=\"r\"");
    EXPECT_THAT(refused.what(), HasSubstr("http://" + proxy.authority()));
    EXPECT_THAT(refused.what(), Not(HasSubstr("hidden")));
  }
  EXPECT_EQ(log.requests().size(), 1U) << "the same Basic is not sent twice";
}

// Proxies that break their protocol.

struct BadProxy {
  const char* name;
  std::string scheme;
  std::string answer;
  Errc error;
};
void PrintTo(const BadProxy& row, std::ostream* out) { *out << row.name; }

class ConnectBadProxy : public ::testing::TestWithParam<BadProxy> {};

TEST_P(ConnectBadProxy, KEEP_ends_the_attempt_with_an_error_of_the_proxy) {
  const BadProxy& row = GetParam();
  const RawServer proxy([&](RawPeer& peer) {
    (void)peer.read_some();
    (void)peer.write(row.answer);
    peer.shutdown_write();
    (void)peer.read_to_end();
  });
  EXPECT_EQ(refusal_of([&] {
              return create_connection(
                  "ws://192.0.2.1/",
                  {.timeout = 10s, .proxy = row.scheme + "://" + proxy.authority()});
            }),
            (Thrown{"WebSocketProxyException", row.error}));
}

std::vector<BadProxy> bad_proxies() {
  const std::string ok = "HTTP/1.1 200 OK\r\n\r\n";
  return {
      {"closes", "http", "", Errc::connection_lost},
      {"half_a_head", "http", ok.substr(0, ok.size() - 1), Errc::connection_lost},
      {"no_http", "http", "220 smtp\r\n\r\n", Errc::proxy_protocol_error},
      {"huge_head", "http", "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'),
       Errc::proxy_protocol_error},
      {"forbidden", "http", "HTTP/1.1 403 No\r\n\r\n", Errc::proxy_refused},
      {"redirect", "http", "HTTP/1.1 302 x\r\nLocation: /\r\n\r\n", Errc::proxy_refused},
      {"bytes_behind", "http", ok + "HTTP/1.1 101", Errc::proxy_protocol_error},
      {"socks_no_method", "socks5", "\x05\xff", Errc::proxy_auth_required},
      {"socks_other_version", "socks5", std::string("\x04\0", 2), Errc::proxy_protocol_error},
      {"socks4_refuses", "socks4", std::string("\0\x5b\0\0\0\0\0\0", 8), Errc::proxy_refused},
      {"socks4_garbage", "socks4", "HTTP/1.1 400 x\r\n\r\n", Errc::proxy_protocol_error},
  };
}
INSTANTIATE_TEST_SUITE_P(Of, ConnectBadProxy, ::testing::ValuesIn(bad_proxies()),
                         case_name<BadProxy>);

TEST(ConnectProxyOther, FIX_a_proxy_that_never_answers_ends_at_http_proxy_timeout) {
  const RawServer proxy([](RawPeer& peer) { (void)peer.read_to_end(); });
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] {
              return create_connection("ws://192.0.2.1/", {.timeout = 10s,
                                                           .proxy = "http://" + proxy.authority(),
                                                           .http_proxy_timeout = 150ms});
            }),
            timeout_exception(Errc::connect_timeout));
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST(ConnectProxyOther, a_proxy_byte_by_byte_is_as_good_as_any) {
  ProxyLog log;
  RawServer origin(echo_script);
  const RawServer proxy([&](RawPeer& peer) {
    (void)peer.read_head();
    (void)peer.write_slowly("HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 1ms);
    RawPeer server = RawPeer::to_port(origin.port());
    relay(peer, server);
  });
  expect_echo(
      create_connection(origin.url(), {.timeout = 10s, .proxy = "http://" + proxy.authority()}));
}

// The environment.

struct EnvironmentCase {
  const char* name;
  std::vector<std::pair<const char*, const char*>> variables;
  const char* url;
  std::string proxy;  // "kind host port"; empty: a direct connection
};
void PrintTo(const EnvironmentCase& row, std::ostream* out) { *out << row.name; }

class ProxyEnvironment : public ::testing::TestWithParam<EnvironmentCase> {};

TEST_P(ProxyEnvironment, chooses_the_proxy) {
  std::vector<std::unique_ptr<Variable>> variables;
  for (const auto& [name, value] : GetParam().variables) {
    variables.push_back(std::make_unique<Variable>(name, value));
  }
  const auto proxy = get_proxy_info(GetParam().url);
  EXPECT_EQ(proxy ? std::string(proxy_type_name(proxy->type)) + " " + proxy->host + " " +
                        std::to_string(proxy->port)
                  : "",
            GetParam().proxy);
  EXPECT_EQ(get_proxy_info(GetParam().url, {.proxy_from_environment = false}), std::nullopt);
}

const EnvironmentCase environment_cases[] = {
    {"KEEP_nothing_set", {}, "ws://h/", ""},
    {"KEEP_http_proxy_is_for_ws", {{"http_proxy", "http://p:3128"}}, "ws://h/", "http p 3128"},
    {"KEEP_http_proxy_is_not_for_wss", {{"http_proxy", "http://p:3128"}}, "wss://h/", ""},
    {"KEEP_https_proxy_is_for_wss", {{"https_proxy", "http://p:3128"}}, "wss://h/", "http p 3128"},
    {"KEEP_upper_case", {{"HTTP_PROXY", "http://p:1"}}, "ws://h/", "http p 1"},
    {"KEEP_lower_before_upper",
     {{"HTTP_PROXY", "u:1"}, {"http_proxy", "l:2"}},
     "ws://h/",
     "http l 2"},
    {"KEEP_empty_disables", {{"HTTP_PROXY", "u:1"}, {"http_proxy", ""}}, "ws://h/", ""},
    {"FIX_all_proxy", {{"all_proxy", "socks5h://s"}}, "wss://h/", "socks5h s 1080"},
    {"empty_hides_all_proxy", {{"all_proxy", "a:1"}, {"http_proxy", ""}}, "ws://h/", ""},
    {"FIX_no_scheme", {{"http_proxy", "p:3128"}}, "ws://h/", "http p 3128"},
    {"FIX_https_value", {{"https_proxy", "https://p"}}, "wss://h/", "https p 443"},
    {"KEEP_no_proxy", {{"http_proxy", "p:1"}, {"no_proxy", "x, .h"}}, "ws://a.h/", ""},
    {"FIX_no_proxy_boundary", {{"http_proxy", "p:1"}, {"no_proxy", ".h"}}, "ws://ah/", "http p 1"},
    {"KEEP_no_proxy_upper", {{"http_proxy", "p:1"}, {"NO_PROXY", "*"}}, "ws://h/", ""},
    {"unix_socket", {{"http_proxy", "p:1"}}, "ws+unix:///run/s:/", ""},
};
INSTANTIATE_TEST_SUITE_P(Of, ProxyEnvironment, ::testing::ValuesIn(environment_cases),
                         case_name<EnvironmentCase>);

TEST(ConnectProxyOther, a_value_of_the_environment_that_is_no_proxy_is_named_without_its_secret) {
  const Variable variable("http_proxy", "ftp://user:hidden@p");
  const std::string text = what_of([] { return create_connection("ws://127.0.0.1:1/"); });
  EXPECT_THAT(text, HasSubstr("http_proxy"));
  EXPECT_THAT(text, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace wirespan::test
