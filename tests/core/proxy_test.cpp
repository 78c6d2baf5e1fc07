// core/proxy.cpp, core/no_proxy.cpp: the URL of a proxy, its check, and the list of servers that
// are reached without one.
#include <string>

#include <gtest/gtest.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/proxy.hpp>

namespace wirespan::test {
namespace {

constexpr ProxyType every_proxy_type[] = {ProxyType::http,   ProxyType::https,
                                          ProxyType::socks4, ProxyType::socks4a,
                                          ProxyType::socks5, ProxyType::socks5h};

TEST(ProxyKind, names_are_those_of_python_in_lower_case_only) {
  for (const ProxyType type : every_proxy_type) {
    EXPECT_EQ(proxy_type_of(proxy_type_name(type)), type);
  }
  EXPECT_EQ(proxy_type_of("socks5h"), ProxyType::socks5h);
  for (const char* unknown : {"", "HTTP", "Socks5", "socks", "socks6", "http ", "httpx"}) {
    EXPECT_FALSE(proxy_type_of(unknown)) << unknown;
  }
}

TEST(ProxyKind, the_side_that_looks_up_the_name_and_the_language_spoken) {
  int resolving = 0;
  int speaking_http = 0;
  for (const ProxyType type : every_proxy_type) {
    const bool by_address = type == ProxyType::socks4 || type == ProxyType::socks5;
    EXPECT_EQ(resolves_at_proxy(type), !by_address) << proxy_type_name(type);
    resolving += resolves_at_proxy(type) ? 1 : 0;
    speaking_http += speaks_http(type) ? 1 : 0;
  }
  EXPECT_EQ(resolving, 4);
  EXPECT_EQ(speaking_http, 2);
}

struct ProxyUrlCase {
  const char* text;
  Proxy expected;
};

TEST(ProxyUrl, KEEP_forms_that_the_environment_has) {
  const ProxyUrlCase cases[] = {
      {"http://p:3128", {ProxyType::http, "p", 3128, {}}},
      {"http://p:3128/", {ProxyType::http, "p", 3128, {}}},
      {"p:3128", {ProxyType::http, "p", 3128, {}}},
      {"p", {ProxyType::http, "p", 80, {}}},
      {"p:", {ProxyType::http, "p", 80, {}}},
      {"p:0", {ProxyType::http, "p", 80, {}}},
      {"  http://p  ", {ProxyType::http, "p", 80, {}}},
      {"HTTP://Proxy.Example", {ProxyType::http, "proxy.example", 80, {}}},
      {"https://p", {ProxyType::https, "p", 443, {}}},
      {"socks4://p", {ProxyType::socks4, "p", 1080, {}}},
      {"socks4a://p", {ProxyType::socks4a, "p", 1080, {}}},
      {"socks5://p:9", {ProxyType::socks5, "p", 9, {}}},
      {"SOCKS5H://p", {ProxyType::socks5h, "p", 1080, {}}},
      {"http://127.0.0.1:1", {ProxyType::http, "127.0.0.1", 1, {}}},
      {"http://[::1]:3128", {ProxyType::http, "::1", 3128, {}}},
      {"[2001:DB8::1]", {ProxyType::http, "2001:db8::1", 80, {}}},
      {"http://u:w@p", {ProxyType::http, "p", 80, Credentials{"u", "w"}}},
      {"u:w@p:1", {ProxyType::http, "p", 1, Credentials{"u", "w"}}},
      {"u@p", {ProxyType::http, "p", 80, Credentials{"u", ""}}},
      {":w@p", {ProxyType::http, "p", 80, Credentials{"", "w"}}},
      {"@p", {ProxyType::http, "p", 80, {}}},
      {"u:w:x@p", {ProxyType::http, "p", 80, Credentials{"u", "w:x"}}},
      {"u:w@x@p", {ProxyType::http, "p", 80, Credentials{"u", "w@x"}}},
      {"d%5Cu:p%40s%2Fs%25@p", {ProxyType::http, "p", 80, Credentials{"d\\u", "p@s/s%"}}},
      {"u:50%@p", {ProxyType::http, "p", 80, Credentials{"u", "50%"}}},
      {"u:%zz%4@p", {ProxyType::http, "p", 80, Credentials{"u", "%zz%4"}}},
      {"socks5://u:w@p", {ProxyType::socks5, "p", 1080, Credentials{"u", "w"}}},
      {"socks4://u@p", {ProxyType::socks4, "p", 1080, Credentials{"u", ""}}},
  };
  for (const ProxyUrlCase& row : cases) {
    std::string detail;
    const auto proxy = parse_proxy_url(row.text, &detail);
    ASSERT_TRUE(proxy) << row.text << ": " << detail;
    EXPECT_EQ(*proxy, row.expected) << row.text;
    EXPECT_EQ(detail, "") << row.text;
    EXPECT_FALSE(check_proxy(*proxy)) << row.text;
  }
}

struct BadProxyUrlCase {
  const char* text;
  const char* named;  // a word of the detail
};

TEST(ProxyUrl, a_defect_is_named_without_the_credentials) {
  const BadProxyUrlCase cases[] = {
      {"", "host"},
      {"http://", "host"},
      {"http://u:hush@", "host"},
      {"ftp://u:hush@p", "\"ftp\""},
      {"socks://u:hush@p", "\"socks\""},
      {"u:hush://x@p", "scheme"},
      {"://u:hush@p", "scheme"},
      {"http://u:hush@p:70000", "port"},
      {"http://u:hush@p:-1", "port"},
      {"http://p:hush", "port"},
      {"http://u:hush", "port"},
      {"http://u:hu/sh@p", "path"},
      {"http://u:hush@p/x", "path"},
      {"http://u:hush@p?x", "query"},
      {"http://u:hush@p#x", "fragment"},
      {"http://u:hush@p//", "path"},
      {"http://u:hush@::1", "host"},
      {"http://u:hush@[::1", "host"},
      {"http://u:hush@[1::2::3]", "host"},
      {"http://u:hush@[abc]", "host"},
      {"http://u:hush@p q", "host"},
      {"http://u:hush@p%41", "host"},
      {"http://u:hush@p\r\nX: y", "host"},
      {"http://u%3A:hush@p", "user"},
      {"http://u:hush%0D%0A@p", "control"},
      {"socks5://u@p", "1 to 255"},
      {"socks5://:hush@p", "1 to 255"},
      {"socks4://u%00:hush@p", "NUL"},
  };
  for (const BadProxyUrlCase& row : cases) {
    std::string detail;
    const auto proxy = parse_proxy_url(row.text, &detail);
    EXPECT_EQ(proxy.error(), Errc::invalid_proxy) << row.text;
    EXPECT_NE(detail.find(row.named), std::string::npos) << row.text << ": " << detail;
    EXPECT_EQ(detail.find("hu"), std::string::npos) << row.text << ": " << detail;
    EXPECT_EQ(parse_proxy_url(row.text).error(), Errc::invalid_proxy) << row.text;
  }
}

TEST(CheckProxy, limits_of_each_protocol) {
  const std::string most(255, 'x');
  const std::string more(256, 'x');
  struct Row {
    Proxy proxy;
    bool usable;
  };
  const Row rows[] = {
      {{ProxyType::http, "p", 0, {}}, false},
      {{ProxyType::http, "", 1, {}}, false},
      {{ProxyType::http, "p:1", 1, {}}, false},
      {{ProxyType::http, "p/", 1, {}}, false},
      {{ProxyType::http, "[::1]", 1, {}}, false},
      {{ProxyType::http, "::1", 1, {}}, true},
      {{ProxyType::http, "p", 1, Credentials{more, more}}, true},
      {{ProxyType::https, "p", 1, Credentials{"a:b", "c"}}, false},
      {{ProxyType::https, "p", 1, Credentials{"a", "b:c"}}, true},
      {{ProxyType::socks5, "p", 1, Credentials{most, most}}, true},
      {{ProxyType::socks5, "p", 1, Credentials{more, most}}, false},
      {{ProxyType::socks5h, "p", 1, Credentials{most, more}}, false},
      {{ProxyType::socks5h, "p", 1, Credentials{"", "x"}}, false},
      {{ProxyType::socks5, "p", 1, Credentials{"a:b", std::string(1, '\0')}}, true},
      {{ProxyType::socks4, "p", 1, Credentials{most, more}}, true},
      {{ProxyType::socks4, "p", 1, Credentials{more, ""}}, false},
      {{ProxyType::socks4a, "p", 1, Credentials{std::string("a\0b", 3), ""}}, false},
      {{ProxyType::socks4a, "p", 1, Credentials{"", ""}}, true},
  };
  for (const Row& row : rows) {
    std::string detail;
    const auto error = check_proxy(row.proxy, &detail);
    const auto number = &row - rows;
    EXPECT_EQ(detail.empty(), row.usable) << "row " << number;
    EXPECT_EQ(error, row.usable ? std::error_code() : Errc::invalid_proxy) << "row " << number;
  }
}

struct NoProxyCase {
  const char* list;
  const char* host;
  bool bypassed;
  std::uint16_t port = 80;
};

void check_no_proxy(std::initializer_list<NoProxyCase> cases) {
  for (const NoProxyCase& row : cases) {
    EXPECT_EQ(bypasses_proxy(row.list, row.host, row.port), row.bypassed)
        << row.list << " | " << row.host << ":" << row.port;
  }
}

TEST(NoProxy, KEEP_lists_and_the_asterisk) {
  check_no_proxy({
      {"", "h", false},
      {" , ,", "h", false},
      {"*", "h", true},
      {"*", "::1", true},
      {"a,*", "h", true},
      {"a, b", "b", true},
      {"a b\tc", "c", true},
      {"a,b", "c", false},
      {"**", "h", false},
      {"*:80", "h", true},
      {"*:81", "h", false},
  });
}

TEST(NoProxy, FIX_names_match_whole_labels) {
  check_no_proxy({
      {"example.com", "example.com", true},
      {"example.com", "EXAMPLE.com", true},
      {"Example.COM", "example.com", true},
      {"example.com", "a.b.example.com", true},
      {"example.com", "notexample.com", false},
      {".example.com", "example.com", true},
      {".example.com", "a.example.com", true},
      {".example.com", "notexample.com", false},
      {"*.example.com", "a.example.com", true},
      {"*.example.com", "example.com", true},
      {"*.example.com", "notexample.com", false},
      {"*example.com", "notexample.com", false},
      {"example.com", "com", false},
      {"a.example.com", "example.com", false},
      {"example.com.", "example.com", true},
      {"example.com", "example.com.", true},
      {".example.com.", "a.example.com.", true},
      {".", "h", false},
      {"..", "h", false},
      {"*.", "h", false},
      {"localhost", "localhost", true},
      {"example.com", "", false},
  });
}

TEST(NoProxy, FIX_a_port_narrows_an_entry) {
  check_no_proxy({
      {"h:80", "h", true},
      {"h:80", "h", false, 81},
      {"h:80", "a.h", true},
      {"h:", "h", false},
      {"h:x", "h", false},
      {"h:80x", "h", false},
      {"h:65616", "h", false},
      {"127.0.0.1:80", "127.0.0.1", true},
      {"127.0.0.1:80", "127.0.0.1", false, 8080},
      {"[::1]:80", "::1", true},
      {"[::1]:80", "::1", false, 81},
  });
}

TEST(NoProxy, addresses_match_in_any_spelling) {
  check_no_proxy({
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "127.0.0.1.", true},
      {"127.0.0.1", "127.0.0.2", false},
      {"0.0.1", "127.0.0.1", false},
      {".1", "127.0.0.1", false},
      {"127.0.0.1", "a.127.0.0.1", true},  // a name, however odd
      {"::1", "::1", true},
      {"[::1]", "0:0::1", true},
      {"2001:DB8:0::1", "2001:db8::1", true},
      {"2001:db8::1", "2001:db8::2", false},
      {"::ffff:127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "::ffff:7f00:1", true},
      {"fe80::1", "fe80::1%eth0", true},
      {"fe80::1%eth1", "fe80::1", true},
      {"[::1", "::1", false},
      {"::1]", "::1", false},
  });
}

TEST(NoProxy, KEEP_networks_FIX_with_host_bits_too) {
  check_no_proxy({
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"127.0.0.1/8", "127.9.9.9", true},
      {"192.0.2.0/25", "192.0.2.127", true},
      {"192.0.2.0/25", "192.0.2.128", false},
      {"192.0.2.7/32", "192.0.2.7", true},
      {"192.0.2.7/32", "192.0.2.6", false},
      {"0.0.0.0/0", "192.0.2.6", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "::1", true},
      {"::/0", "127.0.0.1", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"fe80::/10", "fe80::1%eth0", true},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "11.1.2.3", false},
      {"2001:db8::1/128", "2001:db8::1", true},
      {"2001:db8::1/128", "2001:db8::", false},
      {"10.0.0.0/33", "10.0.0.1", false},
      {"::/129", "::1", false},
      {"10.0.0.0/", "10.0.0.1", false},
      {"10.0.0.0/x", "10.0.0.1", false},
      {"10.0.0.0/8/8", "10.0.0.1", false},
      {"10.0.0.0/-1", "10.0.0.1", false},
      {"10.0.0.0/99999999999", "10.0.0.1", false},
      {"/8", "10.0.0.1", false},
      {"10.0.0.0/8", "ten.example", false},
      {"example.com/8", "example.com", false},
  });
}

}  // namespace
}  // namespace wirespan::test
