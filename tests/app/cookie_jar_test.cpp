// app/cookie_jar.hpp: storing, sending, evicting and saving cookies; Python's SimpleCookieJar.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/app/common/public_suffix.hpp>
#include <wirespan/app/cookie_jar.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

const WallTime jar_noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 28) + 12h;

Url jar_url(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_TRUE(url) << text;
  return url ? *url : Url{};
}

/// A jar and a clock that stands still.
struct JarAndClock {
  explicit JarAndClock(IsPublicSuffix is_public_suffix = {}) : jar(std::move(is_public_suffix)) {}

  void store(std::string_view url, std::initializer_list<std::string> fields) {
    Headers response{{"X-Other", "x=y"}};
    for (const std::string& field : fields) response.add("set-cookie", field);
    jar.store(jar_url(url), response, now);
  }
  [[nodiscard]] std::string sent_to(std::string_view url) {
    return jar.cookies_for(jar_url(url), now);
  }
  [[nodiscard]] std::string python(std::string_view host) const { return jar.get(host, now); }

  CookieJar jar;
  WallTime now = jar_noon;
};

TEST(CookieJar, a_response_sets_and_a_request_carries) {
  JarAndClock t;
  EXPECT_EQ(t.sent_to("ws://example.com/"), "");
  t.store("ws://example.com/", {"a=1", "no pair", "b=2; HttpOnly"});
  EXPECT_EQ(t.sent_to("ws://example.com/x"), "a=1; b=2");
  EXPECT_EQ(t.sent_to("ws://other.com/"), "");
  EXPECT_EQ(t.jar.size(), 2U);
  t.jar.clear();
  EXPECT_EQ(t.jar.size(), 0U);
  EXPECT_EQ(t.sent_to("ws://example.com/"), "");
}

TEST(CookieJar, RFC_6265_5_4_longer_paths_come_first_then_older_cookies) {
  JarAndClock t;
  t.store("ws://example.com/", {"old=1; Path=/", "long=2; Path=/a/b"});
  t.now += 1s;
  t.store("ws://www.example.com/", {"new=3; Path=/; Domain=example.com"});
  t.store("ws://example.com/", {"middle=4; Path=/a"});
  EXPECT_EQ(t.sent_to("ws://example.com/a/b/c"), "long=2; middle=4; old=1; new=3");
  EXPECT_EQ(t.sent_to("ws://example.com/a"), "middle=4; old=1; new=3");
}

TEST(CookieJar, RFC_6265_5_3_a_replaced_cookie_keeps_its_place) {
  JarAndClock t;
  t.store("ws://h/", {"a=1", "b=2"});
  t.now += 1s;
  t.store("ws://h/", {"a=3", "a=4; Path=/x"});
  EXPECT_EQ(t.sent_to("ws://h/x"), "a=4; a=3; b=2");
  EXPECT_EQ(t.jar.all(t.now)[0].created, jar_noon);
}

TEST(CookieJar, expiry_follows_the_time_that_is_given) {
  JarAndClock t;
  t.store("ws://h/", {"a=1; Max-Age=10", "b=2; Expires=Sat, 28 Nov 2026 12:00:20 GMT", "c=3"});
  t.now = jar_noon + 9s;
  EXPECT_EQ(t.sent_to("ws://h/"), "a=1; b=2; c=3");
  t.now = jar_noon + 10s;
  EXPECT_EQ(t.sent_to("ws://h/"), "b=2; c=3");
  EXPECT_EQ(t.python("h"), "b=2; c=3");
  EXPECT_EQ(t.jar.all(t.now).size(), 2U);
  t.now = jar_noon + 20s;
  EXPECT_EQ(t.sent_to("ws://h/"), "c=3");
  t.store("ws://h/", {"d=4"});
  EXPECT_EQ(t.jar.size(), 2U) << "expired ones are removed when one is stored";
}

TEST(CookieJar, a_server_removes_its_cookie) {
  JarAndClock t;
  t.store("ws://h/", {"a=1", "b=2", "c=3"});
  t.store("ws://h/",
          {"a=; Max-Age=0", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "never=was; Max-Age=-1"});
  EXPECT_EQ(t.sent_to("ws://h/"), "c=3");
  EXPECT_EQ(t.jar.size(), 1U);
}

// Attacks.

TEST(CookieJar, a_subdomain_cannot_replace_what_its_parent_keeps_to_itself) {
  JarAndClock t;
  t.store("wss://example.com/", {"sid=real", "__Host-sid=real; Secure; Path=/"});
  t.now += 1s;
  t.store("wss://evil.example.com/",
          {"sid=tossed; Domain=example.com; Path=/",
           "__Host-sid=tossed; Domain=example.com; Secure; Path=/", "x=y; Domain=other.com"});
  EXPECT_EQ(t.sent_to("wss://example.com/"), "sid=real; __Host-sid=real; sid=tossed");
  EXPECT_EQ(t.sent_to("wss://evil.example.com/"), "sid=tossed");
  EXPECT_EQ(t.sent_to("wss://other.com/"), "");
}

TEST(CookieJar, RFC_6265bis_a_plain_connection_leaves_secure_cookies_alone) {
  JarAndClock t;
  t.store("wss://example.com/", {"sid=real; Secure; Path=/app", "x=1; Secure"});
  t.store("ws://example.com/", {"sid=fake; Path=/app", "sid=fake; Path=/app/below",
                                "sid=fake; Domain=example.com; Path=/app",
                                "sid=fake; Secure; Path=/app", "x=; Max-Age=0"});
  t.store("ws://sub.example.com/", {"x=fake; Domain=example.com"});
  EXPECT_EQ(t.sent_to("wss://example.com/app/below"), "sid=real; x=1");
  EXPECT_EQ(t.sent_to("ws://example.com/app"), "");
  t.store("ws://example.com/", {"sid=elsewhere; Path=/other"});
  EXPECT_EQ(t.sent_to("ws://example.com/other"), "sid=elsewhere");
  t.store("wss://example.com/", {"sid=new; Path=/app"});
  EXPECT_EQ(t.sent_to("ws://example.com/app"), "sid=new") << "its own server may";
}

TEST(CookieJar, a_plain_connection_cannot_push_secure_cookies_out) {
  JarAndClock t;
  t.store("wss://example.com/", {"sid=real; Secure"});
  t.now += 1h;
  for (std::size_t i = 0; i < 3 * limits::cookies_per_domain; ++i) {
    t.store("ws://example.com/", {"n" + std::to_string(i) + "=x"});
  }
  EXPECT_EQ(t.jar.size(), limits::cookies_per_domain);
  EXPECT_TRUE(t.sent_to("wss://example.com/").starts_with("sid=real; "));
}

TEST(CookieJar, ten_thousand_fields_stay_within_the_limit_of_a_domain) {
  CookieJar jar;
  Headers response;
  for (int i = 0; i < 10'000; ++i) response.add("Set-Cookie", "n" + std::to_string(i) + "=x");
  jar.store(jar_url("ws://example.com/"), response, jar_noon);
  EXPECT_EQ(jar.size(), limits::cookies_per_domain);
  EXPECT_EQ(jar.all(jar_noon).back().name, "n9999") << "the oldest ones have gone";
}

TEST(CookieJar, large_cookies_make_no_line_that_servers_refuse) {
  JarAndClock t;
  t.store("ws://example.com/", {"sid=1; Path=/"});
  const std::string large(4000, 'x');
  for (int i = 0; i < 9; ++i) {
    t.store("ws://evil.example.com/",
            {std::to_string(i) + "=" + large + "; Domain=example.com; Path=/"});
  }
  const std::string sent = t.sent_to("ws://example.com/");
  EXPECT_LE(sent.size(), limits::cookie_field_size);
  EXPECT_TRUE(sent.starts_with("sid=1; 0=xx"));
  EXPECT_EQ(std::count(sent.begin(), sent.end(), '='), 3);
}

// Eviction, RFC 6265 §5.3.

TEST(CookieJar, RFC_6265_5_3_eviction_takes_expired_ones_first) {
  JarAndClock t;
  t.store("ws://h/", {"old=1", "short=1; Max-Age=5"});
  for (std::size_t i = 2; i < limits::cookies_per_domain; ++i) {
    t.store("ws://h/", {"n" + std::to_string(i) + "=x"});
  }
  EXPECT_EQ(t.jar.size(), limits::cookies_per_domain);
  t.now += 5s;
  t.store("ws://h/", {"new=1"});
  EXPECT_EQ(t.jar.size(), limits::cookies_per_domain);
  EXPECT_TRUE(t.sent_to("ws://h/").starts_with("old=1; n2=x"));
}

TEST(CookieJar, RFC_6265_5_3_eviction_in_a_domain_takes_the_one_used_longest_ago) {
  JarAndClock t;
  t.store("ws://h/", {"used=1; Path=/used", "unused=1; Path=/unused"});
  for (std::size_t i = 2; i < limits::cookies_per_domain; ++i) {
    t.store("ws://h/", {"n" + std::to_string(i) + "=x; Path=/n"});
  }
  t.store("ws://other/", {"oldest=of all"});
  t.now += 1s;
  EXPECT_EQ(t.sent_to("ws://h/used"), "used=1");
  t.store("ws://h/", {"new=1"});
  EXPECT_EQ(t.sent_to("ws://h/used"), "used=1; new=1");
  EXPECT_EQ(t.sent_to("ws://h/unused"), "new=1");
  EXPECT_EQ(t.sent_to("ws://other/"), "oldest=of all") << "another domain pays nothing";
}

TEST(CookieJar, RFC_6265_5_3_eviction_in_a_full_jar_takes_the_one_used_longest_ago) {
  JarAndClock t;
  for (std::size_t i = 0; i < limits::cookies; ++i) {
    t.store("ws://h" + std::to_string(i) + ".example/", {"a=1"});
  }
  EXPECT_EQ(t.jar.size(), limits::cookies);
  t.now += 1s;
  EXPECT_EQ(t.sent_to("ws://h0.example/"), "a=1");
  t.store("ws://new.example/", {"a=1"});
  EXPECT_EQ(t.jar.size(), limits::cookies);
  EXPECT_EQ(t.sent_to("ws://h0.example/"), "a=1");
  EXPECT_EQ(t.sent_to("ws://h1.example/"), "");
  EXPECT_EQ(t.sent_to("ws://h2.example/"), "a=1");
  EXPECT_EQ(t.sent_to("ws://new.example/"), "a=1");
}

// Public suffixes.

TEST(PublicSuffix, without_a_list_a_domain_needs_an_inner_dot) {
  for (const char* domain : {"com", "localhost", "com.", ".com", "", "."}) {
    EXPECT_TRUE(lacks_inner_dot(domain)) << domain;
  }
  for (const char* domain : {"a.b", "example.com", "co.uk", "a.b.c"}) {
    EXPECT_FALSE(lacks_inner_dot(domain)) << domain;
  }
}

TEST(PublicSuffix, with_a_list_domains_of_registries_are_known) {
  for (const char* domain : {"com", "localhost"}) EXPECT_TRUE(is_public_suffix(domain)) << domain;
  EXPECT_FALSE(is_public_suffix("example.com"));
  for (const char* domain : {"co.uk", "github.io", "xn--p1ai"}) {
    EXPECT_EQ(is_public_suffix(domain), has_public_suffix_list() || domain[0] == 'x') << domain;
  }
}

TEST(PublicSuffix, the_jar_refuses_one_that_is_not_the_host) {
  const auto co_uk = [](std::string_view domain) { return domain == "co.uk" || domain == "uk"; };
  JarAndClock listed{co_uk};
  listed.store("ws://evil.co.uk/", {"a=1; Domain=co.uk", "b=2; Domain=uk", "c=3"});
  EXPECT_EQ(listed.sent_to("ws://bank.co.uk/"), "");
  EXPECT_EQ(listed.sent_to("ws://evil.co.uk/"), "c=3");
  listed.store("ws://co.uk/", {"d=4; Domain=co.uk"});
  EXPECT_EQ(listed.sent_to("ws://co.uk/"), "d=4");
  EXPECT_EQ(listed.sent_to("ws://bank.co.uk/"), "") << "host-only, RFC 6265 §5.3, step 5";

  JarAndClock plain{lacks_inner_dot};
  plain.store("ws://evil.co.uk/", {"a=1; Domain=co.uk", "b=2; Domain=uk"});
  EXPECT_EQ(plain.sent_to("ws://bank.co.uk/"), "a=1") << "the guess of a build without a list";
  plain.store("ws://localhost/", {"d=4; Domain=localhost"});
  EXPECT_EQ(plain.sent_to("ws://localhost/"), "d=4");

  JarAndClock built_in;
  built_in.store("ws://evil.co.uk/", {"a=1; Domain=co.uk", "b=2; Domain=uk"});
  EXPECT_EQ(built_in.sent_to("ws://bank.co.uk/"), has_public_suffix_list() ? "" : "a=1");
}

// Saving and sharing.

TEST(CookieJar, a_saved_jar_can_be_loaded) {
  JarAndClock t;
  t.store("wss://www.example.com/a/b",
          {"a=1; Max-Age=100; Secure; HttpOnly", "b=2; Domain=example.com", "gone=3; Max-Age=1"});
  t.now += 2s;
  const std::vector<Cookie> saved = t.jar.all(t.now);
  EXPECT_EQ(saved.size(), 2U);
  CookieJar loaded;
  for (const Cookie& cookie : saved) EXPECT_TRUE(loaded.insert(cookie, t.now));
  for (const Cookie& cookie : saved) EXPECT_TRUE(loaded.insert(cookie, t.now));
  EXPECT_EQ(loaded.all(t.now), saved);
  EXPECT_EQ(loaded.cookies_for(jar_url("wss://www.example.com/a"), t.now), "a=1; b=2");
}

TEST(CookieJar, a_spoilt_file_injects_nothing) {
  CookieJar jar;
  const Cookie good{.name = "a", .value = "b", .domain = "example.com", .expires = jar_noon};
  const auto taken = [&](auto change) {
    Cookie cookie = good;
    change(cookie);
    return jar.insert(cookie, jar_noon - 1s);
  };
  EXPECT_FALSE(taken([](Cookie& c) { c.value = "b\r\nX: y"; }));
  EXPECT_FALSE(taken([](Cookie& c) { c.name = "a=c; d"; }));
  EXPECT_FALSE(taken([](Cookie& c) { c.domain = "Example.com"; }));
  EXPECT_FALSE(taken([](Cookie& c) { c.path = "x"; }));
  EXPECT_FALSE(taken([](Cookie& c) { c.value.assign(limits::cookie_size, 'x'); }));
  EXPECT_FALSE(taken([](Cookie& c) { c.expires = jar_noon - 1s; }));
  EXPECT_FALSE(taken([](Cookie& c) { c.domain = "com", c.host_only = false; }));
  EXPECT_EQ(jar.size(), 0U);
  EXPECT_TRUE(taken([](Cookie&) {}));
  EXPECT_EQ(jar.size(), 1U);
}

TEST(CookieJar, clients_on_many_threads_share_one) {
  const auto jar = std::make_shared<CookieJar>();
  const Url all = jar_url("ws://example.com/");
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([jar, i, &all, &wrong] {
      const std::string name = "t" + std::to_string(i);
      const Url own = jar_url("ws://" + name + ".example.com/");
      for (int round = 0; round < 200; ++round) {
        const std::string value = std::to_string(round);
        jar->store(own, {{"Set-Cookie", name + "=" + value + "; Domain=example.com"},
                         {"Set-Cookie", "own=" + value}});
        const std::string sent = jar->cookies_for(own);
        if (sent.find(name + "=" + value) == std::string::npos) ++wrong;
        if (sent.find("own=" + value) == std::string::npos) ++wrong;
        if (jar->get("example.com").empty() || jar->cookies_for(all).empty()) ++wrong;
        jar->add("p" + name + "=1; Domain=python.example");
        for (const Cookie& cookie : jar->all()) {
          if (cookie.domain == "python.example" && !jar->insert(cookie)) ++wrong;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(jar->size(), 12U);
}

// Python's SimpleCookieJar, section 1.10.

TEST(ParityCookieJar, KEEP_add_merges_per_domain_and_needs_one) {
  JarAndClock t;
  for (const char* text : {"", "a=b", "a=b; Path=/", ";;", "Domain=abc.com"})
    t.jar.add(text, t.now);
  EXPECT_EQ(t.jar.size(), 0U);
  t.jar.add("a=b; c=d; domain=abc.com", t.now);
  t.jar.add("e=f; domain=.ABC.com", t.now);
  EXPECT_EQ(t.python("abc.com"), "a=b; c=d; e=f");
  t.jar.add("c=new; domain=abc.com; ; Path=/", t.now);
  EXPECT_EQ(t.python("abc.com"), "a=b; c=new; e=f");
  t.jar.add("h=i; domain=xyz.com", t.now);
  EXPECT_EQ(t.python("xyz.com"), "h=i");
  EXPECT_EQ(t.python("something.com"), "");
  EXPECT_EQ(t.python(""), "");
}

TEST(ParityCookieJar, KEEP_set_replaces_per_domain) {
  JarAndClock t;
  t.jar.set("a=b; c=d; domain=abc.com", t.now);
  t.jar.set("h=i; domain=xyz.com", t.now);
  t.jar.set("e=f; domain=abc.com", t.now);
  EXPECT_EQ(t.python("abc.com"), "e=f");
  EXPECT_EQ(t.python("xyz.com"), "h=i");
  t.jar.set("a=b", t.now);
  EXPECT_EQ(t.jar.size(), 2U);
}

TEST(ParityCookieJar, KEEP_get_is_sorted_and_matches_the_domain_and_below) {
  JarAndClock t;
  t.jar.add("c=d; a=b; domain=.abc.com", t.now);
  for (const char* host : {"abc.com", "x.abc.com", "X.Abc.COM"}) {
    EXPECT_EQ(t.python(host), "a=b; c=d") << host;
  }
  for (const char* host : {"xabc.com", "abc.com.es", "com"}) EXPECT_EQ(t.python(host), "") << host;
}

TEST(ParityCookieJar, FIX_domains_of_one_text_do_not_leak_into_each_other) {
  JarAndClock t;
  t.jar.add("a=b; domain=abc.com; c=d; Path=/x; domain=xyz.com; e=f", t.now);
  EXPECT_EQ(t.python("abc.com"), "a=b");
  EXPECT_EQ(t.python("xyz.com"), "c=d");
  EXPECT_EQ(t.jar.size(), 2U) << "e has no domain";
}

TEST(ParityCookieJar, FIX_a_public_suffix_is_one_host_and_quotes_stay) {
  JarAndClock t;
  t.jar.add("a=\"b c\"; domain=abc", t.now);
  EXPECT_EQ(t.python("abc"), "a=\"b c\"") << "the server gets back what it sent";
  EXPECT_EQ(t.python("x.abc"), "");
}

TEST(ParityCookieJar, FIX_path_Secure_and_expiry_count_in_requests) {
  JarAndClock t;
  t.jar.add("a=b; domain=abc.com; Secure; Path=/x; Max-Age=10", t.now);
  EXPECT_EQ(t.python("abc.com"), "a=b");
  EXPECT_EQ(t.sent_to("wss://www.abc.com/x"), "a=b");
  EXPECT_EQ(t.sent_to("ws://www.abc.com/x"), "");
  EXPECT_EQ(t.sent_to("wss://www.abc.com/"), "");
  t.now += 10s;
  EXPECT_EQ(t.python("abc.com"), "");
}

TEST(ParityCookieJar, FIX_jars_know_nothing_of_each_other) {
  CookieJar one;
  CookieJar two;
  one.add("a=b; domain=abc.com");
  EXPECT_EQ(one.get("abc.com"), "a=b");
  EXPECT_EQ(two.get("abc.com"), "");
}

}  // namespace
}  // namespace wirespan::test
