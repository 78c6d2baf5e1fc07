// Connecting through proxies that close, stall, drip and refuse; the time that they are given, and
// the texts of their errors. RFC 9110 §9.3.6, RFC 1928 §6.
#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/environment.hpp"
#include "support/left_behind.hpp"
#include "support/raw_proxy.hpp"

namespace wirespan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* behind_proxy = "ws://192.0.2.1/";

[[nodiscard]] ConnectOptions by(const std::string& scheme, const RawServer& proxy,
                                const std::string& user = {}) {
  return {.timeout = 10s, .proxy = scheme + "://" + user + proxy.authority()};
}

/// Sends one answer for each request, `size` bytes in all, then ends the connection.
RawServer::Script answering_in_part(const std::vector<std::string>& answers,
                                    const std::atomic<std::size_t>& size) {
  return [&](RawPeer& peer) {
    std::size_t left = size;
    for (const std::string& answer : answers) {
      (void)peer.read_some();
      (void)peer.write(answer.substr(0, left));
      if (left < answer.size()) break;
      left -= answer.size();
    }
    peer.shutdown_write();
    (void)peer.read_to_end();
  };
}

struct ProxyAnswers {
  const char* name;
  std::string scheme;
  std::vector<std::string> answers;  // the last one opens the tunnel
};
void PrintTo(const ProxyAnswers& row, std::ostream* out) { *out << row.name; }

class ConnectClosingProxy : public ::testing::TestWithParam<ProxyAnswers> {};

TEST_P(ConnectClosingProxy, an_end_behind_every_byte_is_an_error_of_the_proxy) {
  const ProxyAnswers& row = GetParam();
  std::atomic<std::size_t> size{0};  // read by the threads of the proxy
  std::size_t whole = 0;
  for (const std::string& answer : row.answers) whole += answer.size();
  const RawServer proxy(answering_in_part(row.answers, size));
  for (; size < whole; ++size) {
    EXPECT_EQ(refusal_of([&] { return create_connection(behind_proxy, by(row.scheme, proxy)); }),
              (Thrown{"WebSocketProxyException", Errc::connection_lost}))
        << size << " bytes";
  }
  // Behind the whole answer it is the server that is gone.
  EXPECT_EQ(refusal_of([&] { return create_connection(behind_proxy, by(row.scheme, proxy)); }),
            closed_exception(Errc::connection_lost));
}

std::vector<ProxyAnswers> proxy_answers() {
  const std::string reply5("\x05\0\0\x01\x7F\0\0\x01\x04\xD2", 10);
  return {{"http", "http", {"HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n"}},
          {"socks4", "socks4", {std::string("\0\x5A\0\0\0\0\0\0", 8)}},
          {"socks5", "socks5", {std::string("\x05\0", 2), reply5}},
          {"socks5_with_a_name",
           "socks5h",
           {std::string("\x05\0", 2), std::string("\x05\0\0\x03\x03six\0\x50", 10)}}};
}
INSTANTIATE_TEST_SUITE_P(Of, ConnectClosingProxy, ::testing::ValuesIn(proxy_answers()),
                         case_name<ProxyAnswers>);

// The time that a proxy has.

TEST(ConnectSlowProxy, a_head_that_never_ends_is_cut_by_the_deadline_and_by_the_limit) {
  const RawServer dripping([](RawPeer& peer) {
    (void)peer.read_head();
    (void)peer.write("HTTP/1.1 200 OK\r\nX: ");
    while (peer.write("x")) std::this_thread::sleep_for(5ms);
  });
  ConnectOptions options = by("http", dripping);
  options.http_proxy_timeout = 200ms;
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return create_connection(behind_proxy, options); }),
            timeout_exception(Errc::connect_timeout));
  EXPECT_LT(watch.elapsed(), 5s);
  const RawServer chatting([](RawPeer& peer) {
    (void)peer.read_head();
    while (peer.write("HTTP/1.1 100 Wait\r\n\r\n")) continue;
  });
  EXPECT_EQ(refusal_of([&] { return create_connection(behind_proxy, by("http", chatting)); }),
            (Thrown{"WebSocketProxyException", Errc::proxy_protocol_error}));
}

TEST(ConnectSlowProxy, its_deadline_counts_from_the_connection_to_the_tunnel) {
  const BlackHole hole;
  const RawServer silent([](RawPeer& peer) { (void)peer.read_to_end(); });
  for (const std::string& proxy :
       {"http://127.0.0.1:" + std::to_string(hole.port()), "socks5://" + silent.authority(),
        "socks4a://" + silent.authority(), "https://" + silent.authority()}) {
    const Stopwatch watch;
    EXPECT_EQ(refusal_of([&] {
                return create_connection(
                    behind_proxy, {.timeout = 10s, .proxy = proxy, .http_proxy_timeout = 150ms});
              }),
              timeout_exception(Errc::connect_timeout))
        << proxy;
    EXPECT_LT(watch.elapsed(), 5s) << proxy;
  }
}

TEST(ConnectSlowProxy, an_answer_to_its_challenge_is_within_the_same_deadline) {
  const RawServer proxy({[](RawPeer& peer) {
                           (void)peer.read_head();
                           std::this_thread::sleep_for(700ms);
                           (void)peer.write(
                               "HTTP/1.1 407 x\r\nProxy-Authenticate: Digest realm=\"r\", "
                               "nonce=\"n\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n");
                         },
                         [](RawPeer& peer) { (void)peer.read_to_end(); }});
  ConnectOptions options = by("http", proxy, "user:hidden@");
  options.http_proxy_timeout = 1000ms;
  const Stopwatch watch;
  const Thrown thrown = refusal_of([&] { return create_connection(behind_proxy, options); });
  if (proxy.accepted() < 2) GTEST_SKIP() << "a build without TLS has no Digest";
  EXPECT_EQ(thrown, timeout_exception(Errc::connect_timeout));
  EXPECT_LT(watch.elapsed(), 1600ms) << "700 ms and once more 1000 ms";
}

TEST(ConnectSlowProxy, its_deadline_does_not_count_behind_the_tunnel) {
  ProxyLog log;
  const RawServer origin([](RawPeer& peer) {
    const std::string request = peer.read_head();
    std::this_thread::sleep_for(600ms);
    (void)peer.write(RawPeer::acceptance(request));
    peer.echo();
  });
  const RawServer proxy(http_proxy(log));
  ConnectOptions options = by("http", proxy);
  options.http_proxy_timeout = 400ms;
  create_connection(origin.url(), options).close();
  EXPECT_EQ(log.requests().size(), 1U);
}

// Errors and their texts.

struct SocksReply {
  const char* scheme;
  int code;
  Errc error;
  const char* text;
};

TEST(ConnectSocksReply, every_code_is_told_in_words_with_the_proxy_and_without_its_credentials) {
  const SocksReply replies[] = {
      {"socks5", 1, Errc::proxy_refused, "general SOCKS server failure"},
      {"socks5", 2, Errc::proxy_refused, "not allowed by ruleset"},
      {"socks5", 3, Errc::proxy_refused, "network unreachable"},
      {"socks5", 4, Errc::proxy_refused, "host unreachable"},
      {"socks5h", 5, Errc::proxy_refused, "connection refused"},
      {"socks5h", 6, Errc::proxy_refused, "TTL expired"},
      {"socks5h", 7, Errc::proxy_refused, "command not supported"},
      {"socks5h", 8, Errc::proxy_refused, "address type not supported"},
      {"socks5", 9, Errc::proxy_refused, "9"},
      {"socks5", 255, Errc::proxy_refused, "255"},
      {"socks4", 91, Errc::proxy_refused, "rejected or failed"},
      {"socks4a", 92, Errc::proxy_refused, "cannot reach identd"},
      {"socks4", 93, Errc::proxy_auth_required, "another user"},
      {"socks4", 94, Errc::proxy_protocol_error, "94"},
      {"socks4", 0, Errc::proxy_protocol_error, "SOCKS4"},
  };
  for (const SocksReply& row : replies) {
    const bool is_4 = std::string_view(row.scheme).starts_with("socks4");
    const std::string code(1, static_cast<char>(row.code));
    const std::string reply = is_4 ? std::string(1, '\0') + code + std::string(6, '\0')
                                   : "\x05" + code + std::string("\0\x01\0\0\0\0\0\0", 8);
    const RawServer proxy([&](RawPeer& peer) {
      (void)peer.read_some();
      if (!is_4) {
        (void)peer.write(std::string("\x05\0", 2));
        (void)peer.read_some();
      }
      (void)peer.write(reply);
    });
    try {
      (void)create_connection(behind_proxy, by(row.scheme, proxy, "hidden-user:hidden-word@"));
      ADD_FAILURE() << "connected";
    } catch (const WebSocketProxyException& refused) {
      EXPECT_EQ(refused.code(), row.error) << row.scheme << " " << row.code;
      EXPECT_THAT(refused.what(), HasSubstr(row.text));
      EXPECT_THAT(refused.what(), HasSubstr(std::string(row.scheme) + "://" + proxy.authority()));
      EXPECT_THAT(refused.what(), Not(HasSubstr("hidden")));
    }
  }
}

TEST(ConnectProxyErrors, a_proxy_that_is_not_there_is_named) {
  const std::string proxy = "127.0.0.1:" + std::to_string(unused_port());
  for (const std::string scheme : {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}) {
    const std::string url = scheme + "://hidden-user:hidden-word@" + proxy;
    try {
      (void)create_connection(behind_proxy, {.timeout = 10s, .proxy = url});
      ADD_FAILURE() << "connected";
    } catch (const WebSocketProxyException& refused) {
      EXPECT_EQ(refused.code(), std::errc::connection_refused);
      EXPECT_THAT(refused.what(), HasSubstr(std::string(scheme).append("://").append(proxy)));
      EXPECT_THAT(refused.what(), Not(HasSubstr("hidden")));
    }
  }
}

TEST(ConnectProxyErrors, a_name_of_the_server_that_is_unknown_here_is_no_error_of_the_proxy) {
  threads_may_rest();  // threads of the resolver
  const RawServer proxy([](RawPeer& peer) { (void)peer.read_to_end(); });
  const auto call = [&] {
    return create_connection("ws://no-such-name.invalid/", by("socks5", proxy));
  };
  EXPECT_EQ(refusal_of(call).type, "WebSocketAddressException");
  EXPECT_EQ(refusal_of([] {
              return create_connection(behind_proxy, {.proxy = "http://no-such-name.invalid"});
            }).type,
            "WebSocketProxyException");
  EXPECT_EQ(proxy.accepted(), 0);
}

TEST(ConnectProxyErrors, other_protocols_are_recognised) {
  const RawServer plain([](RawPeer& peer) {
    (void)peer.read_some();
    (void)peer.write("HTTP/1.1 400 Bad\r\n\r\n");
  });
  EXPECT_EQ(refusal_of([&] { return create_connection(behind_proxy, by("https", plain)); }).type,
            "WebSocketProxyException");
  const RawServer speaks_tls([](RawPeer& peer) {
    (void)peer.read_some();
    (void)peer.write(std::string("\x15\x03\x01\0\x02\x02\x46", 7));
  });
  EXPECT_THAT(what_of([&] { return create_connection(behind_proxy, by("http", speaks_tls)); }),
              HasSubstr("the proxy answers with TLS"));
}

TEST(ConnectProxyErrors, an_app_hears_of_the_proxy_and_ends_or_comes_back) {
  const RawServer proxy({answering("HTTP/1.1 503 Busy\r\n\r\n"),
                         answering("HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"r\"\r\n"
                                   "Content-Length: 0\r\n\r\n")});
  Recorder recorder;
  WebSocketApp app(behind_proxy, recorder.handlers());
  const RunResult result =
      app.run_forever({.proxy = "http://" + proxy.authority(), .reconnect = 1ms});
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(result.error, Errc::proxy_auth_required);
  EXPECT_THAT(recorder.calls("error"),
              ElementsAre(called::error("WebSocketProxyException", Errc::proxy_refused),
                          called::error("WebSocketProxyException", Errc::proxy_auth_required)));
}

// The server as the proxy hears of it.

class ConnectProxyTarget : public OverLinks {
 protected:
  RawServer origin{echo_script, GetParam()};
  ProxyLog log;
};
INSTANTIATE_TEST_SUITE_P(Over, ConnectProxyTarget, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectProxyTarget, FIX_an_ipv6_literal_is_in_brackets) {
  const RawServer proxy(http_proxy(log));
  const std::string target = "[::1]:" + std::to_string(origin.port());
  ConnectOptions options = options_for(GetParam(), by("http", proxy, "user:word@"));
  create_connection(GetParam().scheme() + "://" + target + "/", options).close();
  EXPECT_THAT(log.requests(), ElementsAre("CONNECT " + target + " HTTP/1.1\r\nHost: " + target +
                                          "\r\nProxy-Authorization: Basic dXNlcjp3b3Jk\r\n\r\n"));
}

TEST_P(ConnectProxyTarget, socks5_carries_an_ipv6_literal_and_socks4_does_not) {
  const RawServer proxy(socks_proxy(log));
  const std::string url = GetParam().scheme() + "://[::1]:" + std::to_string(origin.port()) + "/";
  for (const char* scheme : {"socks5", "socks5h"}) {
    create_connection(url, options_for(GetParam(), by(scheme, proxy))).close();
  }
  const RawServer socks4([](RawPeer& peer) { EXPECT_EQ(peer.read_to_end(), ""); });
  for (const char* scheme : {"socks4", "socks4a"}) {
    EXPECT_EQ(refusal_of([&] {
                return create_connection(url, options_for(GetParam(), by(scheme, socks4)));
              }),
              (Thrown{"WebSocketProxyException", Errc::invalid_proxy}));
  }
  EXPECT_EQ(log.requests().size(), 2U);
}

TEST_P(ConnectProxyTarget, an_app_takes_every_kind_of_proxy) {
  const RawServer http(http_proxy(log));
  const RawServer socks(socks_proxy(log));
  const RawServer server(sending({"x"}), GetParam());
  for (const std::string scheme : {"http", "socks4", "socks4a", "socks5", "socks5h"}) {
    const RawServer& proxy = scheme == "http" ? http : socks;
    Recorder recorder;
    WebSocketApp app(server.url(), recorder.handlers());
    const RunResult result = app.run_forever(
        {.proxy = scheme + "://" + proxy.authority(), .sslopt = GetParam().for_client()});
    EXPECT_EQ(result.why, EndReason::closed_by_peer) << scheme;
    EXPECT_EQ(recorder.calls(called::message("x")).size(), 1U) << scheme;
  }
  EXPECT_EQ(log.requests().size(), 5U);
}

TEST_P(ConnectProxyTarget, KEEP_the_environment_counts_when_a_connection_is_made) {
  const RawServer proxy(http_proxy(log));
  const Variable variable(GetParam().is_secure() ? "https_proxy" : "http_proxy",
                          "http://" + proxy.authority());
  connect(origin).close();
  EXPECT_EQ(log.requests().size(), 1U);
  connect(origin, {.proxy_from_environment = false}).close();
  const Variable direct("no_proxy", origin.authority());
  connect(origin).close();
  EXPECT_EQ(log.requests().size(), 1U);
}

}  // namespace
}  // namespace wirespan::test
