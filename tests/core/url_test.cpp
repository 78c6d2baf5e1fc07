// core/url.cpp: the parts of a URL, what is encoded, reasons to refuse one, and random text.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan::test {
namespace {

TEST(Url, authorities_as_host_wants_them) {
  for (const char* good : {"h", "h:80", "h:", "127.0.0.1:1", "[::1]", "[::1]:9", "a-b.c_d~e", "%41",
                           "h:0", "h:65535"}) {
    EXPECT_TRUE(is_valid_authority(good)) << good;
  }
  for (const char* bad : {"", ":80", "h:x", "h:65536", "h:-1", "u@h", "h/x", "h?x", "h#x", "h h",
                          "h\r\n", "[::1", "::1", "[h]", "[::1]x", "%4", "h:80:81", "[]"}) {
    EXPECT_FALSE(is_valid_authority(bad)) << bad;
  }
}

TEST(Url, authority_and_port_of_a_hand_made_address) {
  Url url;
  url.host = "h";
  url.port = 80;
  EXPECT_TRUE(url.is_default_port());
  EXPECT_EQ(url.authority(), "h");
  url.secure = true;
  EXPECT_FALSE(url.is_default_port());
  EXPECT_EQ(url.authority(), "h:80");
  url.host = "::1";
  url.port = 443;
  EXPECT_EQ(url.authority(), "[::1]");
}

struct EncodedCase {
  const char* written;
  const char* sent;
};

TEST(Url, a_resource_is_encoded_where_it_is_not) {
  const EncodedCase rows[] = {
      {"/?filter[]=a&filter[]=b", "/?filter[]=a&filter[]=b"},
      {R"(/?q={"a":1})", "/?q=%7B%22a%22:1%7D"},
      {"/a|b?a|b", "/a%7Cb?a%7Cb"},
      {"/a b/c?d e", "/a%20b/c?d%20e"},
      {"/ ", "/%20"},
      {"?a b", "/?a%20b"},
      {R"(/\^`<>"{}|?\^`<>"{}|)", "/%5C%5E%60%3C%3E%22%7B%7D%7C?%5C%5E%60%3C%3E%22%7B%7D%7C"},
      {"/it's?it's", "/it's?it%27s"},
      {"/[]?[]", "/[]?[]"},
      {"/-._~!$&()*+,;=:@", "/-._~!$&()*+,;=:@"},
      {"/?-._~!$&()*+,;=:@/?", "/?-._~!$&()*+,;=:@/?"},
      {"/%7b%7D%20%c3%A9", "/%7b%7D%20%c3%A9"},
      {"/\xC3\xA9%C3%A9", "/%C3%A9%C3%A9"},
      {"/?\xE6\x97\xA5\xF0\x9F\x98\x80", "/?%E6%97%A5%F0%9F%98%80"},
      {"/../a/./b", "/../a/./b"},
  };
  for (const auto& row : rows) {
    const auto url = parse_url(std::string("wss://h") + row.written);
    ASSERT_TRUE(url) << row.written;
    EXPECT_EQ(url->resource, row.sent);
    const auto again = parse_url("wss://h" + url->resource);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->resource, url->resource) << "encoded once, not twice";
  }
}

struct RefusedUrl {
  std::string url;
  const char* detail;
};

TEST(Url, FIX_a_refusal_names_the_character_and_its_place) {
  const RefusedUrl rows[] = {
      {"", "no \"ws://\" or \"wss://\" at byte 0"},
      {"h/x", "character \"/\" at byte 1 stands where \"ws://\" or \"wss://\" is expected"},
      {"//h", "character \"/\" at byte 0 stands where \"ws://\" or \"wss://\" is expected"},
      {"://h", "no \"ws://\" or \"wss://\" at byte 0"},
      {" ws://h", "a blank at byte 0 stands where \"ws://\" or \"wss://\" is expected"},
      {"w\xC5\xBF://h", "byte 0xC5 at byte 1 stands where \"ws://\" or \"wss://\" is expected"},
      {"ftp://h/", "scheme \"ftp\" at byte 0 is neither ws nor wss"},
      {"http://h/", "scheme \"http\" at byte 0 is neither ws nor wss (use ws)"},
      {"HTTPS://h/", "scheme \"HTTPS\" at byte 0 is neither ws nor wss (use wss)"},
      {"localhost:80", "scheme \"localhost\" at byte 0 is neither ws nor wss"},
      {"ws:h", "no \"//\" behind the scheme at byte 3"},
      {"wss:/h", "no \"//\" behind the scheme at byte 4"},
      {"ws://h/\r\nX: 1", "control character 0x0D at byte 7 cannot stand in a URL"},
      {"ws://h\t", "control character 0x09 at byte 6 cannot stand in a URL"},
      {std::string("ws://h/\0", 8), "control character 0x00 at byte 7 cannot stand in a URL"},
      {"ws://h/x#y", "a fragment, which this URL may not have (\"#\" is written %23), at byte 8"},
      {"ws://", "no host at byte 5"},
      {"ws://:80/", "no host at byte 5"},
      {"ws://h h/", "a blank at byte 6 cannot stand in a host"},
      {"ws://h{/", "character \"{\" at byte 6 cannot stand in a host"},
      {"ws://b\xC3\xBC.de/",
       "byte 0xC3 at byte 6 cannot stand in a host: write the name in its xn-- form"},
      {"ws://h%4/", "character \"%\" at byte 6 is not followed by two hexadecimal digits"},
      {"ws://h:70000/", "port \"70000\" at byte 7 is not a number up to 65535"},
      {"ws://h:x y/", "port \"x y\" at byte 7 is not a number up to 65535"},
      {"ws://fe80::1/",
       "port \":1\" at byte 10 is not a number up to 65535; an IPv6 address needs brackets"},
      {"ws://[::1/", "character \"[\" at byte 5 is not closed by \"]\""},
      {"ws://[h]/", "no IPv6 address between brackets at byte 6"},
      {"ws://[::1]x/", "character \"x\" at byte 10 follows \"]\", where only a port may"},
      {"ws://[::1%]/", "no name of an IPv6 zone at byte 10"},
      {"ws://[::1%a b]/", "a blank at byte 11 cannot stand in an IPv6 zone"},
      {"ws://[::1%25a%0a]/",
       "blank, control character or byte above 0x7F in an IPv6 zone at byte 12"},
      {"ws://h/%zz", "character \"%\" at byte 7 is not followed by two hexadecimal digits"},
      {"ws://h/?%20%2", "character \"%\" at byte 11 is not followed by two hexadecimal digits"},
      {"ws://h/\xC3\xA9\xC3/", "byte 0xC3 at byte 9 is not UTF-8"},
      {"ws://h/?\xED\xA0\x80", "byte 0xED at byte 8 is not UTF-8"},
      {"ws://h/a\xE2\x82", "byte 0xE2 at byte 8 is not UTF-8"},
      {"ws+unix://host/x", "no absolute path of a Unix socket at byte 10"},
      {"ws+unix:run/x", "no absolute path of a Unix socket at byte 8"},
      {"ws+unix:///run/x:chat",
       "no \"/\" or \"?\" behind the path of a Unix socket and \":\" at byte 17"},
      {"ws+unix:///run/x%00", "NUL in the path of a Unix socket at byte 10"},
      {"ws+unix:///run/x:/%",
       "character \"%\" at byte 18 is not followed by two hexadecimal digits"},
  };
  for (const auto& row : rows) {
    std::string detail = "untouched";
    const auto url = parse_url(row.url, &detail);
    ASSERT_FALSE(url) << row.url;
    EXPECT_EQ(url.error(), Errc::invalid_url);
    EXPECT_EQ(detail, row.detail) << row.url;
  }
}

TEST(Url, a_url_that_is_accepted_leaves_the_detail_alone) {
  std::string detail = "untouched";
  EXPECT_TRUE(parse_url("ws://h", &detail));
  EXPECT_EQ(detail, "untouched");
}

TEST(Url, a_refusal_never_tells_user_information_or_query) {
  for (const char* url : {"http://SECRET:SECRET@h/",
                          "SECRET:SECRET@h",
                          "SECRET@h:80",
                          "ws:SECRET@h",
                          "ws://SECRET:SEC{RET@h/",
                          "ws://SECRET:SEC@RET@h/",
                          "ws://u:SECRET/SECRET@h/",
                          "ws://u:SECRET?SECRET@h/",
                          "ws://SECRET{/SECRET@h/",
                          "ws://u:SECRET#SECRET@h/",
                          "ws://SECRET@h:x/",
                          "ws://SECRET@h h/",
                          "ws://SECRET@/",
                          "ws://SECRET%@h/",
                          "ws://SECRET\n@h/",
                          "ws://h/?SECRET%",
                          "ws://h/?SECRET\xFF",
                          "ws://h:x/?SECRET",
                          "ws://h/?SECRET#SECRET",
                          "http://h/?SECRET",
                          "://SECRET@h",
                          "SECRET /@h"}) {
    std::string detail;
    ASSERT_FALSE(parse_url(url, &detail)) << url;
    EXPECT_NE(detail, "");
    EXPECT_EQ(detail.find("SEC"), std::string::npos) << detail;
    EXPECT_EQ(detail.find("RET"), std::string::npos) << detail;
    EXPECT_EQ(detail.find("{"), std::string::npos) << detail;
  }
}

TEST(Url, a_refusal_of_a_long_url_is_short) {
  const std::string much(100'000, 'x');
  for (const std::string& url :
       {much, much + "://h", "ws://h:" + much, "ws://" + much + " ", "ws://h/" + much + "%"}) {
    std::string detail;
    ASSERT_FALSE(parse_url(url, &detail));
    EXPECT_LT(detail.size(), 300U);
  }
}

TEST(Url, zones_of_ipv6) {
  const struct {
    const char* url;
    const char* host;
    const char* zone;
    const char* looked_up;
  } rows[] = {
      {"ws://[fe80::1%25eth0]/", "fe80::1", "eth0", "fe80::1%eth0"},
      {"ws://[fe80::1%eth0]:81/", "fe80::1", "eth0", "fe80::1%eth0"},
      {"ws://[FE80::1%25Eth0.5]/", "fe80::1", "Eth0.5", "fe80::1%Eth0.5"},
      {"ws://[fe80::1%25a%2Fb]/", "fe80::1", "a/b", "fe80::1%a/b"},
      {"ws://[fe80::1%25]/", "fe80::1", "25", "fe80::1%25"},
      {"ws://[fe80::1%251]/", "fe80::1", "1", "fe80::1%1"},
      {"ws://[fe80::1%2]/", "fe80::1", "2", "fe80::1%2"},
      {"ws://[fe80::1]/", "fe80::1", "", "fe80::1"},
      {"ws://h/", "h", "", "h"},
  };
  for (const auto& row : rows) {
    const auto url = parse_url(row.url);
    ASSERT_TRUE(url) << row.url;
    EXPECT_EQ(url->host, row.host);
    EXPECT_EQ(url->zone, row.zone);
    EXPECT_EQ(url->host_and_zone(), row.looked_up);
    EXPECT_EQ(url->authority().find('%'), std::string::npos) << "a zone is never sent";
  }
  EXPECT_FALSE(is_valid_authority("[fe80::1%25eth0]"));
  EXPECT_FALSE(is_valid_authority("[fe80::1%eth0]"));
}

TEST(Url, unix_sockets) {
  const struct {
    const char* url;
    bool secure;
    const char* path;
    const char* resource;
  } rows[] = {
      {"ws+unix:///run/app.sock:/chat?x=1", false, "/run/app.sock", "/chat?x=1"},
      {"wss+unix:///run/app.sock:/chat", true, "/run/app.sock", "/chat"},
      {"WS+Unix:/run/app.sock:/chat", false, "/run/app.sock", "/chat"},
      {"ws+unix:///run/app.sock", false, "/run/app.sock", "/"},
      {"ws+unix:///run/app.sock:", false, "/run/app.sock", "/"},
      {"ws+unix:///run/app.sock:?x=a:b", false, "/run/app.sock", "/?x=a:b"},
      {"ws+unix:///run/app.sock?x=1", false, "/run/app.sock", "/?x=1"},
      {"ws+unix:///run/a%20b%3Ac%3F:/%20", false, "/run/a b:c?", "/%20"},
      {"ws+unix:///run/a b:/a b", false, "/run/a b", "/a%20b"},
      {"ws+unix:///run/\xC3\xA9", false, "/run/\xC3\xA9", "/"},
  };
  for (const auto& row : rows) {
    const auto url = parse_url(row.url);
    ASSERT_TRUE(url) << row.url;
    EXPECT_EQ(url->secure, row.secure);
    EXPECT_EQ(url->unix_path, row.path);
    EXPECT_EQ(url->resource, row.resource);
    EXPECT_EQ(url->authority(), "localhost");
    EXPECT_EQ(url->port, row.secure ? 443 : 80);
  }
  EXPECT_EQ(parse_url("ws://h/run/app.sock:/x")->unix_path, "");
}

TEST(Url, the_name_for_tls_has_no_trailing_dot) {
  const EncodedCase rows[] = {
      {"h.example", "h.example"}, {"H.Example.", "h.example"}, {"h..", "h."}, {".", "."},
      {"[::1]", "::1"},           {"127.0.0.1", "127.0.0.1"}};
  for (const auto& [written, name] : rows) {
    const auto url = parse_url(std::string("wss://") + written + "/");
    ASSERT_TRUE(url) << written;
    EXPECT_EQ(url->name_for_tls(), name);
    EXPECT_EQ(url->authority(), to_lower(written)) << "Host keeps the dot";
  }
  EXPECT_EQ(Url().name_for_tls(), "");
}

TEST(Url, credentials_are_decoded) {
  const auto credentials = [](const std::string& user) {
    return parse_url("ws://" + user + "h/")->credentials();
  };
  EXPECT_EQ(credentials(""), std::nullopt);
  EXPECT_EQ(credentials("@"), std::nullopt);
  EXPECT_EQ(credentials("user:pass@"), (Credentials{"user", "pass"}));
  EXPECT_EQ(credentials("user@"), (Credentials{"user", ""}));
  EXPECT_EQ(credentials("user:@"), (Credentials{"user", ""}));
  EXPECT_EQ(credentials(":pass@"), (Credentials{"", "pass"}));
  EXPECT_EQ(credentials("u:p:q@"), (Credentials{"u", "p:q"}));
  EXPECT_EQ(credentials("u%40h%3A:p%2f%C3%A9%25@"), (Credentials{"u@h:", "p/\xC3\xA9%"}));
}

/// A URL that parses can stand in a request without breaking out of its line.
TEST(Url, R7_what_passes_is_harmless) {
  std::mt19937 random(5);
  const std::string alphabet("ws:/[]@%?#.a1-_ \r\n\t\"\\<{|'\xC3\x80\0", 29);
  int passed = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text = round % 2 == 0 ? "ws://h" : "ws";
    for (auto size = random() % 12; size > 0; --size) text += alphabet[random() % alphabet.size()];
    const GuardedBytes guarded(wire_bytes(text));
    const auto url = parse_url(wire_text(guarded.bytes()));
    if (!url) continue;
    ++passed;
    ASSERT_FALSE(url->host.empty()) << text;
    ASSERT_NE(url->port, 0) << text;
    ASSERT_TRUE(url->resource.starts_with('/')) << text;
    ASSERT_TRUE(is_valid_authority(url->authority())) << text;
    ASSERT_EQ(parse_url("ws://h" + url->resource)->resource, url->resource) << text;
    for (const char c : url->host + url->resource + url->userinfo) {
      ASSERT_TRUE(is_visible(c) && c != '#') << text;
    }
  }
  EXPECT_GT(passed, 300) << "the alphabet gives too few addresses to say anything";
}

}  // namespace
}  // namespace wirespan::test
