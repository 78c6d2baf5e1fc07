// core/http_connect.cpp: the request for a tunnel, and responses in every chopping.
#include <string>

#include <gtest/gtest.h>

#include "support/proxy_talk.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

HttpConnect plain_connect() { return HttpConnect(ProxyTarget{"h", 443, {}}); }

TEST(HttpConnect, the_request) {
  EXPECT_EQ(plain_connect().first_bytes(), "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
  const HttpConnect full(ProxyTarget{"example.com", 80, {}}, "Basic dTp3",
                         {{"User-Agent", "x"}, {"X-Trace", "1"}});
  EXPECT_EQ(full.first_bytes(),
            "CONNECT example.com:80 HTTP/1.1\r\n"
            "Host: example.com:80\r\n"
            "Proxy-Authorization: Basic dTp3\r\n"
            "User-Agent: x\r\n"
            "X-Trace: 1\r\n"
            "\r\n");
}

TEST(HttpConnect, an_ipv6_address_stands_in_brackets_and_the_name_is_sent_even_if_looked_up) {
  EXPECT_EQ(connect_authority({"2001:db8::1", 443, {}}), "[2001:db8::1]:443");
  EXPECT_EQ(HttpConnect(ProxyTarget{"::1", 9, {}}).first_bytes(),
            "CONNECT [::1]:9 HTTP/1.1\r\nHost: [::1]:9\r\n\r\n");
  EXPECT_EQ(connect_authority({"h", 1, std::vector<std::byte>(4)}), "h:1");
}

TEST(HttpConnect, fields_that_may_not_be_added) {
  std::string detail;
  EXPECT_FALSE(check_connect_headers({{"User-Agent", "x"}, {"Proxy-Connection", "y"}}, &detail));
  EXPECT_EQ(detail, "");
  for (const char* name : {"Host", "proxy-authorization", "Content-Length", "Transfer-Encoding"}) {
    EXPECT_EQ(check_connect_headers({{"A", "b"}, {name, "x"}}, &detail), Errc::reserved_header);
    EXPECT_EQ(detail, "header \"" + std::string(name) + "\"");
  }
  EXPECT_EQ(check_connect_headers({{"A", "hush\r\nB: c"}}, &detail), Errc::invalid_header);
  EXPECT_EQ(detail, "header \"A\"");
  EXPECT_EQ(check_connect_headers({{"", "x"}}), Errc::invalid_header);
}

TEST(HttpConnect, RFC9110_9_3_6_any_2xx_opens_the_tunnel_and_its_length_means_nothing) {
  for (const char* head : {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
                           "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 201 x\r\nA: b\r\n\r\n",
                           "HTTP/1.1 299 \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    SCOPED_TRACE(head);
    for_every_talk(plain_connect, {std::string(head) + "hello"}, [](const ProxyTalk& talk) {
      EXPECT_TRUE(talk.open);
      EXPECT_EQ(talk.rest, "hello");
      EXPECT_EQ(talk.detail, "");
    });
  }
}

TEST(HttpConnect, RFC9110_15_2_informational_responses_are_skipped_up_to_the_limit) {
  std::string many;
  for (int i = 0; i < limits::informational_responses; ++i)
    many += "HTTP/1.1 103 x\r\nA: b\r\n\r\n";
  const std::string final_response = "HTTP/1.1 200 OK\r\n\r\nrest";
  for_every_talk(plain_connect, {many + final_response}, [](const ProxyTalk& talk) {
    EXPECT_TRUE(talk.open);
    EXPECT_EQ(talk.rest, "rest");
  });
  const std::string too_many = "HTTP/1.1 100 x\r\n\r\n" + many + final_response;
  for_every_talk(plain_connect, {too_many}, [](const ProxyTalk& talk) {
    EXPECT_EQ(talk.error, Errc::proxy_protocol_error);
    EXPECT_EQ(talk.detail, "more than 8 informational responses of the proxy");
  });
}

TEST(HttpConnect, a_refusal_carries_status_fields_and_the_place_of_its_body) {
  const std::string response = "HTTP/1.1 403 Not here\r\nContent-Length: 4\r\nX: y\r\n\r\nbody";
  for_every_talk(plain_connect, {response}, [](const ProxyTalk& talk) {
    ASSERT_TRUE(talk.refusal);
    EXPECT_EQ(talk.refusal->status, 403);
    EXPECT_EQ(talk.refusal->reason, "Not here");
    EXPECT_EQ(talk.refusal->headers, (Headers{{"Content-Length", "4"}, {"X", "y"}}));
    EXPECT_TRUE(talk.refusal->challenges.empty());
    EXPECT_EQ(talk.refusal->error(), Errc::proxy_refused);
    EXPECT_EQ(talk.rest, "body");
  });
}

TEST(HttpConnect, RFC9110_15_5_8_status_407_carries_the_challenges) {
  const std::string response =
      "HTTP/1.1 407 x\r\n"
      "Proxy-Authenticate: Basic realm=\"a, b\"\r\n"
      "WWW-Authenticate: Negotiate\r\n"
      "proxy-authenticate: Digest realm=\"c\", nonce=d\r\n\r\n";
  for_every_talk(plain_connect, {response}, [](const ProxyTalk& talk) {
    ASSERT_TRUE(talk.refusal);
    EXPECT_EQ(talk.refusal->error(), Errc::proxy_auth_required);
    ASSERT_EQ(talk.refusal->challenges.size(), 2U);
    EXPECT_EQ(talk.refusal->challenges[0].scheme, "Basic");
    EXPECT_EQ(*talk.refusal->challenges[0].find("realm"), "a, b");
    EXPECT_EQ(*talk.refusal->challenges[1].find("nonce"), "d");
  });
}

TEST(HttpConnect, every_final_status_but_2xx_is_a_refusal) {
  for (const int status : {300, 302, 400, 407, 500, 502, 999}) {
    auto connect = plain_connect();
    const std::string response = "HTTP/1.1 " + std::to_string(status) + " x\r\n\r\n";
    const auto step = connect.feed(wire_bytes(response));
    const auto* refused = std::get_if<ProxyRefused>(&step);
    ASSERT_NE(refused, nullptr) << status;
    EXPECT_EQ(refused->status, status);
    EXPECT_EQ(refused->consumed, response.size());
  }
}

struct NoHttpCase {
  const char* name;
  std::string answer;
  const char* detail;  // a part of it
};

TEST(HttpConnect, an_answer_that_is_no_http_breaks_the_protocol) {
  const NoHttpCase cases[] = {
      {"ssh", "SSH-2.0-x\r\n", "response of the proxy: "},
      {"tls_alert", std::string("\x15\x03\x01\x00\x02\x02\x46", 7), "TLS"},
      {"socks", std::string("\x05\x00", 2), "SOCKS5"},
      {"version", "HTTP/2.0 200 OK\r\n\r\n", "response of the proxy: "},
      {"status", "HTTP/1.1 20 OK\r\n\r\n", "response of the proxy: "},
      {"field", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "response of the proxy: "},
      {"bare_line_feed", "HTTP/1.1 200 OK\n\n", "response of the proxy: "},
      {"upgrade", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "101"},
      {"too_long", "HTTP/1.1 200 OK\r\nA: " + std::string(limits::head_size, 'x'),
       "response of the proxy: "},
  };
  for (const NoHttpCase& row : cases) {
    SCOPED_TRACE(row.name);
    for_every_talk(plain_connect, {row.answer}, [&](const ProxyTalk& talk) {
      EXPECT_EQ(talk.error, Errc::proxy_protocol_error);
      EXPECT_NE(talk.detail.find(row.detail), std::string::npos) << talk.detail;
    });
  }
}

TEST(HttpConnect, a_head_up_to_the_limits_passes_and_one_beyond_fails) {
  const std::string start = "HTTP/1.1 200 OK\r\nA: ";
  const std::string end = "\r\n\r\n";
  const std::string filler(limits::head_size - start.size() - end.size(), 'x');
  for_every_talk(plain_connect, {start + filler + end + "rest"}, [](const ProxyTalk& talk) {
    EXPECT_TRUE(talk.open);
    EXPECT_EQ(talk.rest, "rest");
  });
  for_every_talk(plain_connect, {start + filler + "x" + end},
                 [](const ProxyTalk& talk) { EXPECT_EQ(talk.error, Errc::proxy_protocol_error); });
  std::string fields = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i <= limits::head_fields; ++i) fields += "A: b\r\n";
  auto connect = plain_connect();
  EXPECT_TRUE(std::holds_alternative<Failed>(connect.feed(wire_bytes(fields + "\r\n"))));
}

TEST(HttpConnect, no_bytes_are_no_answer) {
  auto connect = plain_connect();
  EXPECT_TRUE(std::holds_alternative<NeedInput>(connect.feed({})));
  const auto step = connect.feed(wire_bytes("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_TRUE(std::holds_alternative<TunnelOpen>(step));
}

}  // namespace
}  // namespace wirespan::test
