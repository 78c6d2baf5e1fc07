// core/socks.cpp: the bytes of SOCKS 4, 4a and 5, and answers in every chopping. RFC 1928, RFC
// 1929.
#include <string>

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include "support/proxy_talk.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

Proxy socks_proxy(ProxyType type, std::optional<Credentials> credentials = {}) {
  return {.type = type, .host = "p", .port = 1080, .credentials = std::move(credentials)};
}

const Credentials socks_user{"user", "secret"};

/// The text with the bytes that `hex` spells.
std::string raw(std::string_view hex) { return std::string(wire_text(from_hex(hex))); }

std::string hex_of(std::string_view text) { return to_hex(wire_bytes(text)); }

/// A proxy, a target, and the answers of the proxy.
struct SocksTalk {
  Proxy proxy;
  ProxyTarget target;
  std::vector<std::string> answers;
};

template <class Check>
void run_socks(const SocksTalk& talk, const Check& check) {
  std::string detail;
  ASSERT_FALSE(check_proxy(talk.proxy, &detail)) << detail;
  ASSERT_FALSE(check_proxy_target(talk.proxy, talk.target, &detail)) << detail;
  for_every_talk([&] { return SocksConnect(talk.proxy, talk.target); }, talk.answers, check);
}

void expect_socks_error(const SocksTalk& talk, std::error_code error, std::string_view detail) {
  run_socks(talk, [&](const ProxyTalk& end) {
    EXPECT_FALSE(end.open);
    EXPECT_EQ(end.error, error);
    EXPECT_EQ(end.detail, detail);
  });
}

void expect_socks_open(const SocksTalk& talk, const std::vector<std::string>& sent_in_hex) {
  SocksTalk with_rest = talk;
  with_rest.answers.back() += "rest";
  run_socks(with_rest, [&](const ProxyTalk& end) {
    EXPECT_TRUE(end.open) << end.error.message() << ": " << end.detail;
    EXPECT_EQ(end.rest, "rest");
    EXPECT_EQ(end.detail, "");
    ASSERT_EQ(end.sent.size(), sent_in_hex.size());
    for (std::size_t i = 0; i < sent_in_hex.size(); ++i) {
      EXPECT_EQ(hex_of(end.sent[i]), to_hex(from_hex(sent_in_hex[i])));
    }
  });
}

const std::string reply5_ok = raw("05 00 00 01 00000000 0000");
const std::string method5_none = raw("05 00");
const std::string method5_password = raw("05 02");
const std::string verdict_ok = raw("01 00");

TEST(Socks5, a_name_is_sent_for_the_proxy_to_look_up) {
  expect_socks_open(
      {socks_proxy(ProxyType::socks5h), {"h.example", 443, {}}, {method5_none, reply5_ok}},
      {"05 01 00", "05 01 00 03 09 682e6578616d706c65 01bb"});
}

TEST(Socks5, an_address_that_was_looked_up_is_sent_and_so_is_a_host_that_is_one) {
  expect_socks_open(
      {socks_proxy(ProxyType::socks5), {"h", 80, "c0000201"_hex}, {method5_none, reply5_ok}},
      {"05 01 00", "05 01 00 01 c0000201 0050"});
  expect_socks_open(
      {socks_proxy(ProxyType::socks5h), {"192.0.2.1", 80, {}}, {method5_none, reply5_ok}},
      {"05 01 00", "05 01 00 01 c0000201 0050"});
  expect_socks_open(
      {socks_proxy(ProxyType::socks5h), {"2001:db8::1", 80, {}}, {method5_none, reply5_ok}},
      {"05 01 00", "05 01 00 04 20010db8000000000000000000000001 0050"});
}

TEST(Socks5, RFC1929_user_and_password_are_offered_if_given_and_sent_if_chosen) {
  const Proxy proxy = socks_proxy(ProxyType::socks5h, socks_user);
  expect_socks_open({proxy, {"h", 1, {}}, {method5_password, verdict_ok, reply5_ok}},
                    {"05 02 00 02", "01 04 75736572 06 736563726574", "05 01 00 03 01 68 0001"});
  expect_socks_open({proxy, {"h", 1, {}}, {method5_none, reply5_ok}},
                    {"05 02 00 02", "05 01 00 03 01 68 0001"});
}

TEST(Socks5, RFC1928_6_the_bound_address_is_consumed_exactly) {
  const std::string longest = raw("05 00 00 03 ff") + std::string(255, 'x') + raw("1234");
  for (const std::string& reply :
       {reply5_ok, raw("05 00 00 04") + std::string(16, '\1') + raw("ffff"),
        raw("05 00 00 03 03 612e62 0001"), raw("05 00 00 03 00 0001"), longest}) {
    expect_socks_open({socks_proxy(ProxyType::socks5h), {"h", 1, {}}, {method5_none, reply}},
                      {"05 01 00", "05 01 00 03 01 68 0001"});
  }
}

TEST(Socks5, RFC1928_6_a_reply_other_than_0_is_told_in_words) {
  const char* const meanings[] = {
      "general SOCKS server failure", "connection not allowed by ruleset",
      "network unreachable",          "host unreachable",
      "connection refused",           "TTL expired",
      "command not supported",        "address type not supported"};
  const auto answers = [](int code) {
    std::string reply = reply5_ok;
    reply[1] = static_cast<char>(code);
    return std::vector<std::string>{method5_none, reply};
  };
  for (int code = 1; code <= 8; ++code) {
    expect_socks_error({socks_proxy(ProxyType::socks5h), {"h", 1, {}}, answers(code)},
                       Errc::proxy_refused,
                       "SOCKS reply " + std::to_string(code) + ": " + meanings[code - 1]);
  }
  expect_socks_error({socks_proxy(ProxyType::socks5h), {"h", 1, {}}, answers(255)},
                     Errc::proxy_refused, "SOCKS reply 255: unassigned code");
}

TEST(Socks5, RFC1928_3_credentials_that_are_missing_or_wrong) {
  const ProxyTarget target{"h", 1, {}};
  for (const auto& credentials : {std::optional<Credentials>(), std::optional(socks_user)}) {
    expect_socks_error({socks_proxy(ProxyType::socks5h, credentials), target, {raw("05 ff")}},
                       Errc::proxy_auth_required, "the proxy accepts none of the methods offered");
  }
  expect_socks_error(
      {socks_proxy(ProxyType::socks5h, socks_user), target, {method5_password, raw("01 01")}},
      Errc::proxy_auth_required, "the proxy refuses user or password");
}

TEST(Socks5, a_password_is_not_sent_to_a_proxy_that_was_not_offered_one) {
  expect_socks_error({socks_proxy(ProxyType::socks5h), {"h", 1, {}}, {method5_password}},
                     Errc::proxy_protocol_error, "the proxy chose method 2, which was not offered");
}

TEST(Socks5, an_answer_that_is_no_socks_breaks_the_protocol) {
  const Proxy proxy = socks_proxy(ProxyType::socks5h, socks_user);
  struct Row {
    std::vector<std::string> answers;
    const char* detail;
  };
  const Row rows[] = {
      {{"HTTP/1.1 400 x\r\n\r\n"}, "the proxy answers with HTTP, not with SOCKS"},
      {{raw("00 5a")}, "byte 0 where an answer of SOCKS5 begins"},
      {{raw("05 01")}, "the proxy chose method 1, which was not offered"},
      {{method5_password, raw("05 00")}, "byte 5 where an answer of RFC 1929 begins"},
      {{method5_none, raw("04 00")}, "byte 4 where an answer of SOCKS5 begins"},
      {{method5_none, raw("05 00 01 01")}, "reserved byte of the SOCKS reply is not 0"},
      {{method5_none, raw("05 00 00 02")}, "unknown type 2 of the address in the SOCKS reply"},
      {{method5_none, raw("05 00 00 00")}, "unknown type 0 of the address in the SOCKS reply"},
  };
  for (const Row& row : rows) {
    expect_socks_error({proxy, {"h", 1, {}}, row.answers}, Errc::proxy_protocol_error, row.detail);
  }
}

TEST(Socks5, an_answer_before_the_request_breaks_the_protocol) {
  SocksConnect socks(socks_proxy(ProxyType::socks5h), {"h", 1, {}});
  const std::string both = method5_none + reply5_ok;
  const auto step = socks.feed(wire_bytes(both));
  ASSERT_TRUE(std::holds_alternative<Failed>(step));
  EXPECT_EQ(std::get<Failed>(step).error, Errc::proxy_protocol_error);
  EXPECT_EQ(socks.detail(), "the proxy answers before it is asked");
}

TEST(Socks5, no_bytes_are_no_answer) {
  SocksConnect socks(socks_proxy(ProxyType::socks5h), {"h", 1, {}});
  EXPECT_TRUE(std::holds_alternative<NeedInput>(socks.feed({})));
  EXPECT_TRUE(std::holds_alternative<ProxySend>(socks.feed(wire_bytes(method5_none))));
  EXPECT_TRUE(std::holds_alternative<NeedInput>(socks.feed({})));
}

const std::string reply4_ok = raw("00 5a 0000 00000000");

TEST(Socks4, the_request_has_an_address_and_the_user) {
  expect_socks_open({socks_proxy(ProxyType::socks4), {"h", 443, "c0000201"_hex}, {reply4_ok}},
                    {"04 01 01bb c0000201 00"});
  expect_socks_open(
      {socks_proxy(ProxyType::socks4, socks_user), {"192.0.2.1", 80, {}}, {reply4_ok}},
      {"04 01 0050 c0000201 75736572 00"});
  expect_socks_open({socks_proxy(ProxyType::socks4), {"::ffff:192.0.2.1", 80, {}}, {reply4_ok}},
                    {"04 01 0050 c0000201 00"});
}

TEST(Socks4, version_4a_sends_a_name_behind_an_address_that_cannot_be) {
  expect_socks_open({socks_proxy(ProxyType::socks4a, socks_user), {"h.x", 80, {}}, {reply4_ok}},
                    {"04 01 0050 00000001 75736572 00 682e78 00"});
  expect_socks_open({socks_proxy(ProxyType::socks4a), {"192.0.2.1", 80, {}}, {reply4_ok}},
                    {"04 01 0050 c0000201 00"});
}

TEST(Socks4, a_refusal_is_told_in_words) {
  struct Row {
    const char* reply;
    Errc error;
    const char* detail;
  };
  const Row rows[] = {
      {"00 5b 0000 00000000", Errc::proxy_refused, "SOCKS4 reply 91: request rejected or failed"},
      {"00 5c 0000 00000000", Errc::proxy_refused,
       "SOCKS4 reply 92: the proxy cannot reach identd on the client"},
      {"00 5d 0000 00000000", Errc::proxy_auth_required,
       "SOCKS4 reply 93: identd on the client names another user"},
      {"00 5e 0000 00000000", Errc::proxy_protocol_error, "SOCKS4 reply 94: unknown code"},
      {"00 00 0000 00000000", Errc::proxy_protocol_error, "SOCKS4 reply 0: unknown code"},
      {"05 ff", Errc::proxy_protocol_error, "byte 5 where an answer of SOCKS4 begins"},
      {"48 54", Errc::proxy_protocol_error, "the proxy answers with HTTP, not with SOCKS"},
  };
  for (const Row& row : rows) {
    expect_socks_error({socks_proxy(ProxyType::socks4a), {"h", 1, {}}, {raw(row.reply)}}, row.error,
                       row.detail);
  }
}

TEST(ProxyTarget, targets_that_a_proxy_cannot_be_asked_for) {
  const std::string longest(255, 'x');
  struct Row {
    ProxyType type;
    ProxyTarget target;
    const char* detail;  // empty: it can
  };
  const Row rows[] = {
      {ProxyType::http, {"h", 1, {}}, ""},
      {ProxyType::https, {"::1", 1, {}}, ""},
      {ProxyType::socks5h, {longest, 1, {}}, ""},
      {ProxyType::socks4a, {longest, 1, {}}, ""},
      {ProxyType::http, {longest + "x", 1, {}}, "host for the proxy is longer than 255 bytes"},
      {ProxyType::socks5h, {longest + "x", 1, {}}, "host for the proxy is longer than 255 bytes"},
      {ProxyType::http, {"h", 0, {}}, "port for the proxy is missing"},
      {ProxyType::http, {"", 1, {}}, "host for the proxy is malformed"},
      {ProxyType::http, {"h\r\nX: y", 1, {}}, "host for the proxy is malformed"},
      {ProxyType::socks5h, {std::string("h\0i", 3), 1, {}}, "host for the proxy is malformed"},
      {ProxyType::socks4a, {std::string("h\0i", 3), 1, {}}, "host for the proxy is malformed"},
      {ProxyType::socks5, {"h", 1, {}}, "host was not looked up"},
      {ProxyType::socks4, {"h", 1, {}}, "host was not looked up"},
      {ProxyType::socks5, {"h", 1, "7f000001"_hex}, ""},
      {ProxyType::socks5, {"127.0.0.1", 1, {}}, ""},
      {ProxyType::socks5, {"h", 1, "7f0000"_hex}, "address has neither 4 nor 16 bytes"},
      {ProxyType::socks4, {"::1", 1, {}}, "SOCKS4 cannot reach an IPv6 address"},
      {ProxyType::socks4a, {"::1", 1, {}}, "SOCKS4 cannot reach an IPv6 address"},
      {ProxyType::socks4, {"0.0.0.9", 1, {}}, "SOCKS4 cannot reach an address of 0.0.0.0/24"},
      {ProxyType::socks4, {"0.0.0.0", 1, {}}, ""},
      {ProxyType::socks5, {"0.0.0.9", 1, {}}, ""},
  };
  for (const Row& row : rows) {
    std::string detail;
    const auto error = check_proxy_target(socks_proxy(row.type), row.target, &detail);
    const std::string where = std::string(proxy_type_name(row.type)) + " " + row.target.host;
    EXPECT_EQ(detail, row.detail) << where;
    EXPECT_EQ(error, detail.empty() ? std::error_code() : Errc::invalid_proxy) << where;
    EXPECT_EQ(error, check_proxy_target(socks_proxy(row.type), row.target)) << where;
  }
}

}  // namespace
}  // namespace wirespan::test
