// Connecting: user information of the URL as Basic, its limits, and cookies that outlast a
// connection. RFC 7617 §2, RFC 6265.
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/raw_proxy.hpp"
#include <wirespan/app/cookie_jar.hpp>

namespace wirespan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string with_user(const RawServer& server, const std::string& userinfo) {
  std::string url = server.url();
  return url.insert(url.find("://") + 3, userinfo + "@");
}

struct UserInfo {
  const char* name;
  const char* text;
  const char* basic;  // the value behind "Basic "; empty: no Authorization is sent
};
void PrintTo(const UserInfo& row, std::ostream* out) { *out << row.name; }

class ConnectUserInfo : public ::testing::TestWithParam<UserInfo> {};

TEST_P(ConnectUserInfo, is_decoded_and_sent_as_basic_and_not_in_host) {
  ProxyLog log;
  const RawServer server([&](RawPeer& peer) {
    log.note(peer.accept());
    peer.echo();
  });
  create_connection(with_user(server, GetParam().text), {.timeout = 10s}).close();
  const std::string request = log.requests().front();
  EXPECT_THAT(request, HasSubstr("\r\nHost: " + server.authority() + "\r\n"));
  const std::string expected = "\r\nAuthorization: Basic " + std::string(GetParam().basic) + "\r\n";
  EXPECT_EQ(request.find("Authorization") != std::string::npos, *GetParam().basic != '\0');
  if (*GetParam().basic != '\0') {
    EXPECT_THAT(request, HasSubstr(expected));
  }
}

constexpr UserInfo user_infos[] = {
    {"user_and_password", "user:password", "dXNlcjpwYXNzd29yZA=="},
    {"no_password", "user", "dXNlcjo="},
    {"no_user", ":pw", "OnB3"},
    {"colon_in_the_password", "a:b:c", "YTpiOmM="},
    {"encoded_colon_in_the_password", "a:b%3Ac", "YTpiOmM="},
    {"utf_8", "%C3%A9:x", "w6k6eA=="},
    {"empty", "", ""},
};
INSTANTIATE_TEST_SUITE_P(Of, ConnectUserInfo, ::testing::ValuesIn(user_infos), case_name<UserInfo>);

TEST(ConnectCredentials, those_that_basic_cannot_carry_are_refused_before_anything_is_connected) {
  const RawServer server(echo_script);
  for (const std::string user :
       {"hid%3Aden:word", "hidden%0d%0aX-A%3a:1", "hidden:word%0a", "hidden:%00", "hidden%7F:w"}) {
    const std::string url = with_user(server, user);
    EXPECT_EQ(refusal_of([&] { return create_connection(url, {.timeout = 10s}); }),
              plain_exception(Errc::invalid_url))
        << user;
    const std::string text = what_of([&] { return create_connection(url, {.timeout = 10s}); });
    EXPECT_THAT(text, HasSubstr("user information"));
    EXPECT_THAT(text, Not(HasSubstr("hid")));
    EXPECT_THAT(text, Not(HasSubstr("word")));
    WebSocketApp app(url, {});
    EXPECT_EQ(what_of([&] { return app.run_forever(); }), text);
  }
  EXPECT_EQ(server.accepted(), 0);
  create_connection(with_user(server, "a%3Ab:c"),
                    {.header = {{"authorization", "Bearer own"}}, .timeout = 10s})
      .close();
}

TEST(ConnectCredentials, a_refusal_of_them_does_not_tell_them) {
  const RawServer server(
      answering("HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", "
                "nonce=\"n\"\r\nContent-Length: 2\r\n\r\nno"));
  try {
    (void)create_connection(with_user(server, "hidden:word"), {.timeout = 10s});
    ADD_FAILURE() << "connected";
  } catch (const WebSocketBadStatusException& refused) {
    EXPECT_EQ(refused.status_code(), 401);
    EXPECT_EQ(refused.resp_headers().get("www-authenticate"), "Digest realm=\"r\", nonce=\"n\"");
    EXPECT_EQ(refused.resp_body(), "no");
    EXPECT_THAT(refused.what(), Not(HasSubstr("hidden")));
  }
  EXPECT_EQ(server.accepted(), 1);
}

// Cookies.

class ConnectCookies : public OverLinks {
 protected:
  /// Sets a cookie at each connection, and cuts the first one.
  [[nodiscard]] std::vector<RawServer::Script> setting() {
    return {[this](RawPeer& peer) { log.note(peer.accept("Set-Cookie: a=1; Path=/\r\n")); },
            [this](RawPeer& peer) {
              log.note(peer.accept("Set-Cookie: b=2; Path=/\r\n"));
              (void)peer.send_close(1000);
              (void)peer.read_until_close();
            }};
  }

  ProxyLog log;
  std::shared_ptr<CookieJar> jar = std::make_shared<CookieJar>();
};
INSTANTIATE_TEST_SUITE_P(Over, ConnectCookies, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectCookies, those_of_a_101_are_sent_by_the_next_connection_before_the_option) {
  const RawServer server(setting(), GetParam());
  for (int i = 0; i < 2; ++i) {
    connect(server, {.cookie = "own=3", .cookie_jar = jar}).close();
  }
  EXPECT_THAT(log.requests().front(), HasSubstr("\r\nCookie: own=3\r\n"));
  EXPECT_THAT(log.requests().back(), HasSubstr("\r\nCookie: a=1; own=3\r\n"));
  EXPECT_EQ(jar->get("127.0.0.1"), "a=1; b=2");
}

TEST_P(ConnectCookies, those_of_a_101_are_sent_when_an_app_comes_back) {
  const RawServer server(setting(), GetParam());
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers(), {.cookie_jar = jar});
  const RunResult result = app.run_forever({.sslopt = GetParam().for_client(), .reconnect = 1ms});
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_THAT(log.requests().front(), Not(HasSubstr("Cookie")));
  EXPECT_THAT(log.requests().back(), HasSubstr("\r\nCookie: a=1\r\n"));
}

TEST_P(ConnectCookies, without_a_jar_nothing_is_kept) {
  const RawServer server(setting(), GetParam());
  for (int i = 0; i < 2; ++i) connect(server).close();
  EXPECT_THAT(log.requests().back(), Not(HasSubstr("Cookie")));
}

}  // namespace
}  // namespace wirespan::test
