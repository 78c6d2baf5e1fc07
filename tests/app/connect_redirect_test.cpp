// Connecting: redirects, and the secrets that stay at their origin; credentials of the URL;
// cookies. RFC 9110 §15.4, RFC 7617, RFC 6265.
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/raw_proxy.hpp"
#include <wirespan/app/cookie_jar.hpp>

namespace wirespan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string redirect_to(const std::string& location, int status = 302,
                        const std::string& more_lines = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " Elsewhere\r\nLocation: " + location + "\r\n" +
         more_lines + "Content-Length: 0\r\n\r\n";
}

/// Accepts and echoes, and keeps each request.
RawServer::Script keeping(ProxyLog& log) {
  return [&log](RawPeer& peer) {
    log.note(peer.accept());
    peer.echo();
  };
}

/// Answers with a text, and keeps each request.
RawServer::Script answering_and_keeping(ProxyLog& log, std::string answer) {
  return [&log, answer = std::move(answer)](RawPeer& peer) {
    log.note(peer.read_head());
    (void)peer.write(answer);
  };
}

class ConnectRedirect : public OverLinks {
 protected:
  [[nodiscard]] ConnectOptions options(ConnectOptions with = {}) const {
    return options_for(GetParam(), std::move(with));
  }
  [[nodiscard]] std::string http_url(const RawServer& server, const std::string& path) const {
    return (GetParam().is_secure() ? "https://" : "http://") + server.authority() + path;
  }

  ProxyLog log;
};
INSTANTIATE_TEST_SUITE_P(Over, ConnectRedirect, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectRedirect, KEEP_every_status_of_a_redirect_is_followed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const RawServer server({answering(redirect_to("/there?x=1", status)), keeping(log)},
                           GetParam());
    WebSocket ws = create_connection(server.url("/here"), options());
    ws.close();
    EXPECT_THAT(log.requests().back(), HasSubstr("GET /there?x=1 HTTP/1.1\r\n"));
  }
}

TEST_P(ConnectRedirect, FIX_a_location_may_be_relative_or_a_url_of_http) {
  for (const std::string location : {"c", "../a/c", "/a/c", "?q"}) {
    const RawServer server({answering(redirect_to(location)), keeping(log)}, GetParam());
    create_connection(server.url("/a/b"), options()).close();
  }
  const RawServer target(keeping(log), GetParam());
  const RawServer first(answering(redirect_to(http_url(target, "/t"))), GetParam());
  create_connection(first.url(), options()).close();
  std::vector<std::string> paths;
  for (const std::string& request : log.requests()) {
    paths.push_back(request.substr(4, request.find(" HTTP/") - 4));
  }
  EXPECT_THAT(paths, ElementsAre("/a/c", "/a/c", "/a/c", "/a/b?q", "/t"));
}

TEST_P(ConnectRedirect, KEEP_the_limit_of_hops_FIX_it_a_circle_and_a_missing_location_are_errors) {
  int hops = 0;
  const RawServer endless(
      [&](RawPeer& peer) {
        (void)peer.read_head();
        (void)peer.write(redirect_to("/" + std::to_string(++hops)));
      },
      GetParam());
  EXPECT_EQ(refusal_of([&] { return create_connection(endless.url(), options()); }),
            plain_exception(Errc::too_many_redirects));
  EXPECT_EQ(hops, 4) << "redirect_limit 3: four requests in all";
  const RawServer circle(answering(redirect_to("/same")), GetParam());
  EXPECT_EQ(refusal_of([&] { return create_connection(circle.url("/same"), options()); }),
            plain_exception(Errc::too_many_redirects));
  EXPECT_EQ(circle.accepted(), 1);
  const RawServer nowhere(answering("HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n"), GetParam());
  EXPECT_EQ(refusal_of([&] { return create_connection(nowhere.url(), options()); }),
            plain_exception(Errc::bad_redirect));
  EXPECT_EQ(refusal_of([&] {
              return create_connection(circle.url(), options({.redirect_limit = 0}));
            }).type,
            "WebSocketBadStatusException");
  EXPECT_EQ(
      refusal_of([&] { return create_connection(circle.url(), options({.redirect_limit = -1})); }),
      plain_exception(Errc::invalid_option));
}

/// RFC 6455 §4.1 item 8. A server may refuse the origin of another one.
TEST_P(ConnectRedirect, each_server_gets_an_origin_of_its_own) {
  const RawServer other(keeping(log), GetParam());
  const RawServer first(answering_and_keeping(log, redirect_to(other.url())), GetParam());
  create_connection(first.url(), options()).close();
  EXPECT_THAT(log.requests(), ElementsAre(HasSubstr("Origin: " + http_url(first, "\r\n")),
                                          HasSubstr("Origin: " + http_url(other, "\r\n"))));
}

TEST_P(ConnectRedirect, a_server_that_hangs_up_without_an_answer_is_told_as_one) {
  const RawServer silent([](RawPeer& peer) { (void)peer.read_head(); }, GetParam());
  const RawServer first(answering(redirect_to(silent.url())), GetParam());
  EXPECT_THAT(what_of([&] { return create_connection(first.url(), options()); }),
              HasSubstr(silent.authority() + ", ended without an answer"));
}

TEST_P(ConnectRedirect, FIX_wss_becomes_ws_only_if_that_is_allowed) {
  if (!GetParam().is_secure()) return;
  const RawServer plain(keeping(log));
  const RawServer secure(answering(redirect_to(plain.url())), GetParam());
  EXPECT_EQ(refusal_of([&] { return create_connection(secure.url(), options()); }),
            plain_exception(Errc::insecure_redirect));
  EXPECT_EQ(plain.accepted(), 0);
  create_connection(secure.url(), options({.allow_insecure_redirect = true})).close();
  EXPECT_EQ(plain.accepted(), 1);
}

/// Secrets of all kinds: each is a word that no other part of a request holds.
ConnectOptions with_secrets(const std::string& proxy, const std::shared_ptr<CookieJar>& jar) {
  return {.header = {{"Authorization", "Bearer s3cret-token"},
                     {"X-Api-Key", "s3cret-key"},
                     {"Cookie", "c=s3cret-header-cookie"},
                     {"User-Agent", "harmless/1"}},
          .cookie = "session=s3cret-cookie",
          .cookie_jar = jar,
          .host = "s3cret-host",
          .proxy = proxy};
}

TEST_P(ConnectRedirect, FIX_no_secret_reaches_another_origin_and_all_stay_at_their_own) {
  ProxyLog first_log;
  ProxyLog proxy_log;
  const RawServer other(keeping(log), GetParam());
  const RawServer first({answering_and_keeping(first_log, redirect_to("/again")),
                         answering_and_keeping(first_log, redirect_to(other.url("/x")))},
                        GetParam());
  const RawServer proxy(http_proxy(proxy_log));
  const auto jar = std::make_shared<CookieJar>();
  jar->store(*parse_url(first.url()), {{"Set-Cookie", "jar=s3cret-jar-cookie; Path=/again"}});
  std::string url = first.url();
  url.insert(url.find("://") + 3, "user:s3cret-password@");
  create_connection(url, options(with_secrets("http://p:s3cret-proxy@" + proxy.authority(), jar)))
      .close();
  ASSERT_EQ(log.requests().size(), 1U);
  EXPECT_THAT(log.requests().front(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(log.requests().front(), Not(HasSubstr("Authorization")));
  EXPECT_THAT(log.requests().front(), HasSubstr("User-Agent: harmless/1"));
  EXPECT_THAT(log.requests().front(), HasSubstr("Host: " + other.authority() + "\r\n"));
  for (const std::string& request : first_log.requests()) {
    for (const char* secret : {"s3cret-token", "s3cret-key", "s3cret-cookie", "s3cret-host"}) {
      EXPECT_THAT(request, HasSubstr(secret));
    }
    EXPECT_THAT(request, Not(HasSubstr("s3cret-proxy")));
  }
  EXPECT_THAT(first_log.requests().back(), HasSubstr("jar=s3cret-jar-cookie"));
  EXPECT_EQ(proxy_log.requests().size(), 3U);
}

// Credentials of the URL.

TEST_P(ConnectRedirect, FIX_user_information_becomes_basic_unless_there_is_an_own_field) {
  const RawServer server(keeping(log), GetParam());
  std::string url = server.url();
  url.insert(url.find("://") + 3, "user:p%40ss@");
  create_connection(url, options()).close();
  create_connection(url, options({.header = {{"Authorization", "Bearer own"}}})).close();
  EXPECT_THAT(log.requests().front(), HasSubstr("Authorization: Basic dXNlcjpwQHNz\r\n"));
  EXPECT_THAT(log.requests().back(), HasSubstr("Authorization: Bearer own\r\n"));
  EXPECT_THAT(log.requests().back(), Not(HasSubstr("Basic")));
}

TEST_P(ConnectRedirect, control_characters_in_user_information_inject_nothing) {
  const RawServer server(keeping(log), GetParam());
  std::string url = server.url();
  url.insert(url.find("://") + 3, "user:a%0d%0aX-Injected%3a1@");
  const std::string text = what_of([&] { return create_connection(url, options()); });
  EXPECT_THAT(text, Not(HasSubstr("Injected")));
  for (const std::string& request : log.requests()) {
    EXPECT_THAT(request, Not(HasSubstr("X-Injected")));
  }
}

TEST_P(ConnectRedirect, a_401_carries_its_challenge) {
  const RawServer server(
      answering(
          "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n"),
      GetParam());
  try {
    (void)create_connection(server.url(), options());
    ADD_FAILURE() << "connected";
  } catch (const WebSocketBadStatusException& refused) {
    EXPECT_EQ(refused.status_code(), 401);
    EXPECT_EQ(refused.resp_headers().get("WWW-Authenticate"), "Basic realm=\"r\"");
  }
}

// Cookies.

TEST_P(ConnectRedirect, KEEP_a_jar_is_filled_and_read_FIX_by_every_response) {
  const auto jar = std::make_shared<CookieJar>();
  const RawServer server({answering(redirect_to("/", 302, "Set-Cookie: a=redirect\r\n")),
                          answering("HTTP/1.1 503 x\r\nSet-Cookie: b=refused\r\n"
                                    "Content-Length: 0\r\n\r\n"),
                          [&](RawPeer& peer) {
                            log.note(peer.accept("Set-Cookie: c=accepted\r\n"));
                            peer.echo();
                          }},
                         GetParam());
  Recorder recorder;
  WebSocketApp app(server.url("/"), recorder.handlers(), {.cookie = "own=1", .cookie_jar = jar});
  BackgroundRun run(app, {.sslopt = GetParam().for_client(), .reconnect = 1ms});
  recorder.wait_for(called::reconnect);
  app.close();
  (void)run.wait();
  EXPECT_THAT(log.requests().back(), HasSubstr("Cookie: a=redirect; b=refused; own=1\r\n"));
  EXPECT_EQ(jar->get("127.0.0.1"), "a=redirect; b=refused; c=accepted");
}

TEST_P(ConnectRedirect, a_redirect_to_itself_that_sets_a_cookie_is_no_circle) {
  const RawServer server({answering(redirect_to("/", 302, "Set-Cookie: a=1\r\n")), keeping(log)},
                         GetParam());
  create_connection(server.url("/"), options({.cookie_jar = std::make_shared<CookieJar>()}))
      .close();
  EXPECT_THAT(log.requests().back(), HasSubstr("Cookie: a=1\r\n"));
}

}  // namespace
}  // namespace wirespan::test
