// core/cookie.hpp: Set-Cookie and its dates, who may set a cookie and which request carries it.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include <wirespan/core/cookie.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

const WallTime cookie_noon = sys_days(year(2026) / 11 / 28) + 12h;

Url cookie_url(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_TRUE(url) << text;
  return url ? *url : Url{};
}

/// The cookie that a response from `url` sets, judged at cookie_noon.
std::optional<Cookie> cookie_from(std::string_view url, std::string_view field) {
  const auto set = parse_set_cookie(field);
  if (!set) return std::nullopt;
  return make_cookie(*set, cookie_url(url), cookie_noon);
}

// Set-Cookie, RFC 6265 §5.2.

TEST(SetCookie, RFC_6265_5_2_names_and_values) {
  struct Row {
    const char* field;
    const char* name;
    const char* value;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"a=b", "a", "b"},
           {"a=", "a", ""},
           {"  a  =\t b c \t", "a", "b c"},
           {"a=b=c", "a", "b=c"},
           {"a==", "a", "="},
           {"a=\"quoted value\"", "a", "\"quoted value\""},
           {"a=\"cut;by\"", "a", "\"cut"},
           {"a=b;", "a", "b"},
           {"a=b;;;=;=x;unknown;Unknown=1;SameSite=Strict;Partitioned", "a", "b"},
           {"Path=/x", "Path", "/x"},
           {"a=b,c=d", "a", "b,c=d"},
           {"a=\xC3\xA9", "a", "\xC3\xA9"},
       }) {
    const auto set = parse_set_cookie(row.field);
    ASSERT_TRUE(set) << row.field;
    EXPECT_EQ(set->name, row.name) << row.field;
    EXPECT_EQ(set->value, row.value) << row.field;
    EXPECT_FALSE(set->secure || set->http_only || set->expires || set->max_age) << row.field;
    EXPECT_EQ(set->domain + set->path, "") << row.field;
  }
}

TEST(SetCookie, RFC_6265_5_2_ignored_ones) {
  for (const char* field : {"", ";", "a", "=", "=b", " =b", "a;b=c", "; a=b", " ; Path=/"}) {
    EXPECT_FALSE(parse_set_cookie(field)) << field;
  }
}

TEST(SetCookie, control_characters_anywhere_make_it_ignored) {
  for (int c = 0; c < 256; ++c) {
    const bool allowed = c == '\t' || (c >= 0x20 && c != 0x7F);
    for (const char* form : {"a@b=c", "a=b@c", "a=b; Path=/@c", "a=b; Domain=x@y", "a=b; x@"}) {
      std::string field = form;
      field[field.find('@')] = static_cast<char>(c);
      const auto set = parse_set_cookie(field);
      const bool ends_pair = field.find('=') > field.find(';') || field.find('=') == field.npos;
      EXPECT_EQ(set.has_value(), allowed && !ends_pair) << form << " with byte " << c;
    }
  }
  EXPECT_FALSE(parse_set_cookie("a=b\r\nX-Injected: 1"));
  EXPECT_FALSE(parse_set_cookie(std::string_view("a=b\0c", 5)));
}

TEST(SetCookie, RFC_6265_5_2_2_max_age) {
  using std::chrono::seconds;
  const std::pair<const char*, std::optional<seconds>> rows[] = {
      {"0", 0s},
      {"1", 1s},
      {"007", 7s},
      {"-1", 0s},
      {"-99999999999999999999", 0s},
      {"9223372036854775807", seconds::max()},
      {"99999999999999999999999", seconds::max()},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"+1", std::nullopt},
      {"1.5", std::nullopt},
      {"1 2", std::nullopt},
      {"--1", std::nullopt},
      {"x", std::nullopt},
  };
  for (const auto& [text, expected] : rows) {
    const auto set = parse_set_cookie("a=b; max-AGE = " + std::string(text));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->max_age, expected) << text;
  }
}

TEST(SetCookie, RFC_6265_5_2_3_domain_and_5_2_4_path) {
  struct Row {
    const char* attributes;
    const char* domain;
    const char* path;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"Domain=Example.COM", "example.com", ""},
           {"DOMAIN=.example.com", "example.com", ""},
           {"domain=..example.com", ".example.com", ""},
           {"Domain=", "", ""},
           {"Domain", "", ""},
           {"Domain=.", "", ""},
           {"Domain=a.com; Domain=b.com", "b.com", ""},
           {"Domain=a.com; Domain=", "a.com", ""},
           {"Path=/A/b", "", "/A/b"},
           {"path = /x ", "", "/x"},
           {"Path=x", "", ""},
           {"Path", "", ""},
           {"Path=/a; Path=/b", "", "/b"},
           {"Path=/a; Path=b", "", ""},
       }) {
    const auto set = parse_set_cookie("a=b; " + std::string(row.attributes));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->domain, row.domain) << row.attributes;
    EXPECT_EQ(set->path, row.path) << row.attributes;
  }
  const auto set = parse_set_cookie("a=b;secure=0;httpONLY=x");
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->secure && set->http_only) << "§5.2.5, §5.2.6: whatever their value";
}

// Dates, RFC 6265 §5.1.1.

TEST(CookieDate, RFC_6265_5_1_1_forms_that_servers_send) {
  const WallTime expected = sys_days(year(1994) / 11 / 6) + 8h + 49min + 37s;
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT",   // RFC 1123
        "Sunday, 06-Nov-94 08:49:37 GMT",  // RFC 850
        "Sun Nov  6 08:49:37 1994",        // asctime()
        "Sun, 06-Nov-1994 08:49:37 GMT",   // Netscape
        "6 november 94 8:49:37", "08:49:37 6 NOV 1994", "1994 6 Nov 08:49:37",
        "Nov/6/1994/08:49:37z", "08:49:37z 06 Novo 1994x", ";06;Nov;1994;08:49:37;",
        "08:49:37 06th Nov 1994AD", "08:49:37 06 Nov 1994 00:00:00 07 Dec 1995"}) {
    EXPECT_EQ(parse_cookie_date(text), expected) << text;
  }
}

TEST(CookieDate, RFC_6265_5_1_1_texts_that_are_no_date) {
  for (const char* text : {"",
                           "x",
                           "06 Nov 1994",
                           "08:49:37",
                           "08:49:37 06 1994",
                           "08:49:37 Nov 1994",
                           "08:49:37 06 Nov",
                           "24:00:00 06 Nov 1994",
                           "08:60:37 06 Nov 1994",
                           "08:49:60 06 Nov 1994",
                           "08:49 06 Nov 1994",
                           "008:49:37 06 Nov 1994",
                           "08:49:370 06 Nov 1994",
                           "08:49:37 00 Nov 1994",
                           "08:49:37 31 Nov 1994",
                           "08:49:37 32 Nov 1994",
                           "08:49:37 29 Feb 1995",
                           "08:49:37 30 Feb 1996",
                           "08:49:37 06 No 1994",
                           "08:49:37 06 Xov 1994",
                           "08:49:37 06 Nov 1600",
                           "08:49:37 06 Nov 19940",
                           "08:49:37 06 Nov 4",
                           "08:49:37 006 Nov 1994",
                           "24:00:00 06 Nov 1994 08:49:37",
                           "-1",
                           "0",
                           "Thu, 01 Jan 1970T00:00:00",
                           "\xFF\xFE"}) {
    EXPECT_FALSE(parse_cookie_date(text)) << text;
  }
}

TEST(CookieDate, RFC_6265_5_1_1_years_of_two_digits_and_the_ends_of_time) {
  const auto first_of_march = [](const char* year_text) {
    return parse_cookie_date("00:00:00 1 Mar " + std::string(year_text));
  };
  EXPECT_EQ(first_of_march("70"), sys_days(year(1970) / 3 / 1));
  EXPECT_EQ(first_of_march("99"), sys_days(year(1999) / 3 / 1));
  EXPECT_EQ(first_of_march("00"), sys_days(year(2000) / 3 / 1));
  EXPECT_EQ(first_of_march("69"), sys_days(year(2069) / 3 / 1));
  EXPECT_EQ(parse_cookie_date("00:00:00 29 Feb 2000"), sys_days(year(2000) / 2 / 29));
  EXPECT_GE(first_of_march("9999"), sys_days(year(2262) / 1 / 1)) << "the last one there is";
  EXPECT_LE(first_of_march("1601"), sys_days(year(1678) / 1 / 1));
  EXPECT_FALSE(first_of_march("970")) << "before 1601";
}

// Hosts and paths, RFC 6265 §5.1.2 to §5.1.4.

TEST(CookieMatch, RFC_6265_5_1_3_domains_match_at_a_label_and_never_inside_an_address) {
  struct Row {
    const char* host;
    const char* domain;
    bool matches;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"example.com", "example.com", true},
           {"a.example.com", "example.com", true},
           {"a.b.example.com", "example.com", true},
           {"badexample.com", "example.com", false},
           {"example.com", "a.example.com", false},
           {"example.com.evil.org", "example.com", false},
           {"example.com", "", false},
           {"", "", false},
           {"example.com", "com", true},  // the public suffix list refuses it, not this function
           {"127.0.0.1", "127.0.0.1", true},
           {"127.0.0.1", "0.0.1", false},
           {"127.0.0.1", "1", false},
           {"10.127.1", "127.1", false},
           {"a.0x7f", "0x7f", false},
           {"::1", "::1", true},
           {"::ffff:1.2.3.4", "2.3.4", false},
       }) {
    EXPECT_EQ(domain_matches(row.host, row.domain), row.matches) << row.host << " " << row.domain;
  }
}

TEST(CookieMatch, hosts_that_a_resolver_takes_for_an_address) {
  for (const char* host : {"1.2.3.4", "127.1", "2130706433", "0x7f000001", "0X7F.1", "a.1", "a.0x",
                           "::1", "fe80::1%25eth0", "::ffff:1.2.3.4"}) {
    EXPECT_TRUE(is_ip_address(host)) << host;
  }
  for (const char* host : {"", "a", "1.a", "1.2.3.4a", "0xg", "x0", "a.0xyz", "127.0.0.1."}) {
    EXPECT_FALSE(is_ip_address(host)) << host;
  }
  EXPECT_EQ(canonical_host("WWW.Example.COM."), "www.example.com");
  EXPECT_EQ(canonical_host("a.."), "a.");
  EXPECT_EQ(canonical_host(""), "");
}

TEST(CookieMatch, RFC_6265_5_1_4_default_path) {
  const std::pair<const char*, const char*> rows[] = {
      {"/", "/"},     {"", "/"},        {"x", "/"},        {"/a", "/"},
      {"/a/", "/a"},  {"/a/b", "/a"},   {"/a/b/", "/a/b"}, {"/a?x=/y/z", "/"},
      {"?/a/b", "/"}, {"/a/b?c", "/a"}, {"//", "/"},       {"//a", "/"},
  };
  for (const auto& [resource, path] : rows) {
    EXPECT_EQ(default_cookie_path(resource), path) << resource;
  }
}

TEST(CookieMatch, RFC_6265_5_1_4_paths_match_at_a_slash) {
  struct Row {
    const char* request;
    const char* cookie;
    bool matches;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"/", "/", true},
           {"/foo", "/foo", true},
           {"/foo/", "/foo", true},
           {"/foo/bar", "/foo", true},
           {"/foobar", "/foo", false},
           {"/foo", "/foo/", false},
           {"/foo/bar", "/foo/", true},
           {"/Foo", "/foo", false},
           {"/anything", "/", true},
           {"/", "/foo", false},
       }) {
    EXPECT_EQ(path_matches(row.request, row.cookie), row.matches) << row.request << row.cookie;
  }
}

// Setting, RFC 6265 §5.3.

TEST(MakeCookie, fields_without_attributes) {
  const auto cookie = cookie_from("ws://Www.Example.com/a/b?c", "n=v");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(*cookie, (Cookie{.name = "n",
                             .value = "v",
                             .domain = "www.example.com",
                             .path = "/a",
                             .created = cookie_noon,
                             .last_used = cookie_noon}));
}

TEST(MakeCookie, FIX_who_may_set_which_domain) {
  struct Row {
    const char* url;
    const char* domain;
    const char* stored;  // null: refused
    bool host_only;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"ws://a.example.com/", "example.com", "example.com", false},
           {"ws://a.example.com/", ".EXAMPLE.com", "example.com", false},
           {"ws://a.example.com/", "a.example.com", "a.example.com", false},
           {"ws://a.example.com/", "b.example.com", nullptr, false},
           {"ws://example.com/", "a.example.com", nullptr, false},
           {"ws://badexample.com/", "example.com", nullptr, false},
           {"ws://a.example.com/", "evil.org", nullptr, false},
           {"ws://a.example.com/", "..example.com", nullptr, false},
           {"ws://a.example.com/", "example.com.", nullptr, false},
           {"ws://a.example.com./", "example.com", "example.com", false},
           {"ws://127.0.0.1/", "127.0.0.1", "127.0.0.1", true},
           {"ws://127.0.0.1/", "0.0.1", nullptr, false},
           {"ws://127.0.0.1./", "0.0.1", nullptr, false},
           {"ws://[::1]/", "::1", "::1", true},
           {"ws://[::1]/", "1", nullptr, false},
       }) {
    const auto cookie = cookie_from(row.url, "a=b; Domain=" + std::string(row.domain));
    ASSERT_EQ(cookie.has_value(), row.stored != nullptr) << row.url << " " << row.domain;
    if (!cookie) continue;
    EXPECT_EQ(cookie->domain, row.stored) << row.url << " " << row.domain;
    EXPECT_EQ(cookie->host_only, row.host_only) << row.url << " " << row.domain;
  }
}

TEST(MakeCookie, Max_Age_wins_over_Expires_and_times_saturate) {
  const char* past = "Expires=Sun, 06 Nov 1994 08:49:37 GMT";
  const auto expires = [](const std::string& attributes, WallTime now = cookie_noon) {
    const auto set = parse_set_cookie("a=b; " + attributes);
    return make_cookie(*set, cookie_url("ws://h/"), now)->expires;
  };
  EXPECT_EQ(expires("x"), std::nullopt);
  EXPECT_EQ(expires("Max-Age=60"), cookie_noon + 60s);
  EXPECT_EQ(expires(std::string("Max-Age=60; ") + past), cookie_noon + 60s);
  EXPECT_EQ(expires(std::string(past) + "; Max-Age=60"), cookie_noon + 60s);
  EXPECT_EQ(expires(past), sys_days(year(1994) / 11 / 6) + 8h + 49min + 37s);
  EXPECT_EQ(expires("Max-Age=x; " + std::string(past)),
            sys_days(year(1994) / 11 / 6) + 8h + 49min + 37s);
  EXPECT_EQ(expires("Max-Age=0"), WallTime::min());
  EXPECT_EQ(expires("Max-Age=-5"), WallTime::min());
  EXPECT_EQ(expires("Expires=never"), std::nullopt);
  EXPECT_GT(expires("Max-Age=99999999999999999999"), cookie_noon + 24h * 365 * 200);
  EXPECT_GT(expires("Max-Age=99999999999", WallTime::max()), cookie_noon);
  EXPECT_LT(expires("Max-Age=1", WallTime::min()), cookie_noon);

  Cookie cookie{.expires = cookie_noon};
  EXPECT_TRUE(cookie.is_expired(cookie_noon));
  EXPECT_FALSE(cookie.is_expired(cookie_noon - 1s));
  EXPECT_FALSE(Cookie{}.is_expired(WallTime::max()));
}

TEST(MakeCookie, RFC_6265bis_prefixes_keep_their_promise) {
  struct Row {
    const char* url;
    const char* field;
    bool stored;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"wss://a.example.com/", "a=b; Secure", true},
           {"ws://a.example.com/", "a=b; Secure", false},
           {"wss://a.example.com/", "__Secure-a=b; Secure", true},
           {"wss://a.example.com/", "__Secure-a=b; Secure; Domain=example.com", true},
           {"wss://a.example.com/", "__Secure-a=b", false},
           {"wss://a.example.com/", "__sEcUrE-a=b", false},
           {"ws://a.example.com/", "__Secure-a=b; Secure", false},
           {"wss://a.example.com/", "__Host-a=b; Secure; Path=/", true},
           {"wss://a.example.com/", "__Host-a=b; Secure", false},
           {"wss://a.example.com/", "__Host-a=b; Secure; Path=/x", false},
           {"wss://a.example.com/", "__Host-a=b; Path=/", false},
           {"wss://a.example.com/", "__host-a=b; Path=/", false},
           {"wss://a.example.com/", "__Host-a=b; Secure; Path=/; Domain=example.com", false},
           {"wss://a.example.com/", "__Host-a=b; Secure; Path=/; Domain=a.example.com", false},
           {"ws://a.example.com/", "__Host-a=b; Secure; Path=/", false},
           {"ws://a.example.com/", "__Hosta=b", true},
           {"ws://a.example.com/", "__=b", true},
       }) {
    EXPECT_EQ(cookie_from(row.url, row.field).has_value(), row.stored) << row.url << row.field;
  }
}

TEST(MakeCookie, cookie_size_is_the_limit_of_all_its_texts) {
  const std::size_t others = std::string("a/h").size();
  const std::string largest(limits::cookie_size - others, 'v');
  EXPECT_TRUE(cookie_from("ws://h/", "a=" + largest));
  EXPECT_TRUE(cookie_from("ws://h/", "a=" + largest + "; Expires=Sun, 06 Nov 1994 08:49:37 GMT"));
  EXPECT_FALSE(cookie_from("ws://h/", "a=" + largest + "v"));
  EXPECT_FALSE(cookie_from("ws://h/", "aa=" + largest));
  EXPECT_FALSE(cookie_from("ws://h/", "a=" + largest + "; Path=/x"));
  EXPECT_FALSE(cookie_from("ws://h/" + std::string(limits::cookie_size, 'p') + "/", "a=b"));
  EXPECT_FALSE(parse_set_cookie("a=" + std::string(limits::cookie_size, 'v')));
}

TEST(MakeCookie, a_hand_made_address_or_cookie_injects_nothing) {
  const auto set = parse_set_cookie("a=b");
  ASSERT_TRUE(set);
  EXPECT_FALSE(make_cookie(*set, {.host = "h\r\nx", .resource = "/", .userinfo = {}}, {}));
  EXPECT_FALSE(make_cookie(*set, {.host = "h", .resource = "/\r\n/", .userinfo = {}}, {}));
  EXPECT_FALSE(make_cookie(*set, {.host = "", .resource = "/", .userinfo = {}}, {}));

  const Cookie good{.name = "a", .value = "b", .domain = "example.com"};
  EXPECT_TRUE(is_valid_cookie(good));
  const auto with = [&](std::string Cookie::*member, std::string text) {
    Cookie cookie = good;
    cookie.*member = std::move(text);
    return is_valid_cookie(cookie);
  };
  EXPECT_TRUE(with(&Cookie::value, ""));
  for (const char* name : {"", "a=b", "a;b", " a", "a ", "a\nb"}) {
    EXPECT_FALSE(with(&Cookie::name, name)) << name;
  }
  for (const char* value : {"a;b", " a", "a\r\nb", "a\x7F"}) {
    EXPECT_FALSE(with(&Cookie::value, value)) << value;
  }
  for (const char* domain : {"", ".a", "a.", "a..b", "A.com", "a\nb"}) {
    EXPECT_FALSE(with(&Cookie::domain, domain)) << domain;
  }
  for (const char* path : {"", "a", "/a;b", "/a\n", "/a "}) {
    EXPECT_FALSE(with(&Cookie::path, path)) << path;
  }
}

// Sending, RFC 6265 §5.4.

TEST(CookieBelongsTo, host_path_and_scheme_decide) {
  struct Row {
    const char* from;
    const char* field;
    const char* to;
    bool sent;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"ws://example.com/", "a=b", "ws://example.com/", true},
           {"ws://example.com/", "a=b", "wss://example.com/x?y", true},
           {"ws://example.com/", "a=b", "ws://example.com:8080/", true},
           {"ws://example.com/", "a=b", "ws://example.com./", true},
           {"ws://example.com/", "a=b", "ws://www.example.com/", false},
           {"ws://example.com/", "a=b; Domain=example.com", "ws://www.example.com/", true},
           {"ws://example.com/", "a=b; Domain=example.com", "ws://wwwexample.com/", false},
           {"wss://example.com/", "a=b; Secure", "wss://example.com/", true},
           {"wss://example.com/", "a=b; Secure", "ws://example.com/", false},
           {"ws://example.com/", "a=b; HttpOnly", "ws://example.com/", true},
           {"ws://example.com/", "a=b; Path=/foo", "ws://example.com/foo?x", true},
           {"ws://example.com/", "a=b; Path=/foo", "ws://example.com/foo/bar", true},
           {"ws://example.com/", "a=b; Path=/foo", "ws://example.com/foobar", false},
           {"ws://example.com/", "a=b; Path=/foo", "ws://example.com/?/foo", false},
           {"ws://127.0.0.1/", "a=b; Domain=127.0.0.1", "ws://127.0.0.1/", true},
           {"ws://127.0.0.1/", "a=b", "ws://x.127.0.0.1/", false},
           {"ws://[::1]/", "a=b", "ws://[::1]/", true},
       }) {
    const auto cookie = cookie_from(row.from, row.field);
    ASSERT_TRUE(cookie) << row.field;
    EXPECT_EQ(belongs_to(*cookie, cookie_url(row.to)), row.sent) << row.field << " " << row.to;
  }
}

TEST(SetCookie, every_prefix_of_a_field_stays_inside_it) {
  const std::string field =
      "__Host-name=\"v a\"; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=12; Domain=.a.example; "
      "Path=/p/q; Secure; HttpOnly; SameSite=None; x";
  for (std::size_t size = 0; size <= field.size(); ++size) {
    const GuardedBytes guarded(wire_bytes(std::string_view(field).substr(0, size)));
    const auto set = parse_set_cookie(wire_text(guarded.bytes()));
    EXPECT_EQ(set.has_value(), size >= std::string("__Host-name=").size()) << size;
    (void)parse_cookie_date(wire_text(guarded.bytes()));
  }
}

}  // namespace
}  // namespace wirespan::test
