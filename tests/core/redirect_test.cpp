// core/redirect.cpp: Location of a redirect. RFC 9110 §15.4, RFC 3986 §5.
#include <string>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/guard_page.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/redirect.hpp>

namespace wirespan::test {
namespace {

/// Returns a URL with all that redirects can change.
std::string whole_url(const Url& url) {
  const std::string scheme = url.secure ? "wss" : "ws";
  if (!url.unix_path.empty()) return scheme + "+unix://" + url.unix_path + ":" + url.resource;
  const std::string user = url.userinfo.empty() ? "" : url.userinfo + "@";
  const std::string zone = url.zone.empty() ? "" : "%" + url.zone + " ";
  return scheme + "://" + user + zone + url.authority() + url.resource;
}

struct LocationCase {
  std::string name;
  std::string from;
  std::string location;
  std::string target;
};
void PrintTo(const LocationCase& row, std::ostream* out) { *out << row.location; }

class RedirectTarget : public ::testing::TestWithParam<LocationCase> {};

TEST_P(RedirectTarget, is_resolved) {
  const auto& row = GetParam();
  const GuardedBytes location(wire_bytes(row.location));
  std::string detail = "untouched";
  const auto target = redirect_target(*parse_url(row.from), wire_text(location.bytes()), &detail);
  ASSERT_TRUE(target) << detail;
  EXPECT_EQ(whole_url(*target), row.target);
  EXPECT_EQ(detail, "untouched");
}

const std::string base = "wss://a.example:8/b/c/d;p?q";

const LocationCase absolute_locations[] = {
    {"ws", base, "ws://h/x", "ws://h/x"},
    {"wss", base, "wss://h/x", "wss://h/x"},
    {"http", base, "http://h/x", "ws://h/x"},
    {"https", base, "https://h/x", "wss://h/x"},
    {"scheme_in_capitals", base, "HTTPS://H/X", "wss://h/X"},
    {"default_port_follows_the_scheme", base, "http://h:443/", "ws://h:443/"},
    {"port", base, "https://h:81", "wss://h:81/"},
    {"no_path_but_a_query", base, "https://h?x", "wss://h/?x"},
    {"dot_segments", base, "https://h/a/../../b/./c/..", "wss://h/b/"},
    {"dots_in_the_query_stay", base, "https://h/x?/../y", "wss://h/x?/../y"},
    {"fragment", base, "https://h/x#y?z", "wss://h/x"},
    {"raw_characters", base, "https://h/a b?\xC3\xA9", "wss://h/a%20b?%C3%A9"},
    {"ipv6", base, "https://[::1]:9/", "wss://[::1]:9/"},
    {"same_url", base, base, base},
};
INSTANTIATE_TEST_SUITE_P(Absolute, RedirectTarget, ::testing::ValuesIn(absolute_locations),
                         case_name<LocationCase>);

// RFC 3986 §5.4: the examples, but for those with another scheme; fragments are dropped.
const std::string at = "wss://a.example:8";
const LocationCase examples_of_rfc_3986[] = {
    {"g", base, "g", at + "/b/c/g"},
    {"dot_g", base, "./g", at + "/b/c/g"},
    {"g_slash", base, "g/", at + "/b/c/g/"},
    {"slash_g", base, "/g", at + "/g"},
    {"authority", base, "//g", "wss://g/"},
    {"query", base, "?y", at + "/b/c/d;p?y"},
    {"g_query", base, "g?y", at + "/b/c/g?y"},
    {"fragment", base, "#s", at + "/b/c/d;p?q"},
    {"g_fragment", base, "g#s", at + "/b/c/g"},
    {"g_query_fragment", base, "g?y#s", at + "/b/c/g?y"},
    {"semicolon", base, ";x", at + "/b/c/;x"},
    {"g_semicolon", base, "g;x?y#s", at + "/b/c/g;x?y"},
    {"nothing", base, "", at + "/b/c/d;p?q"},
    {"dot", base, ".", at + "/b/c/"},
    {"dot_slash", base, "./", at + "/b/c/"},
    {"up", base, "..", at + "/b/"},
    {"up_slash", base, "../", at + "/b/"},
    {"up_g", base, "../g", at + "/b/g"},
    {"up_up", base, "../..", at + "/"},
    {"up_up_slash", base, "../../", at + "/"},
    {"up_up_g", base, "../../g", at + "/g"},
    {"up_too_far", base, "../../../g", at + "/g"},
    {"up_far_too_far", base, "../../../../g", at + "/g"},
    {"slash_dot_g", base, "/./g", at + "/g"},
    {"slash_up_g", base, "/../g", at + "/g"},
    {"g_dot", base, "g.", at + "/b/c/g."},
    {"dot_before_g", base, ".g", at + "/b/c/.g"},
    {"g_two_dots", base, "g..", at + "/b/c/g.."},
    {"two_dots_g", base, "..g", at + "/b/c/..g"},
    {"dot_up_g", base, "./../g", at + "/b/g"},
    {"dot_g_dot", base, "./g/.", at + "/b/c/g/"},
    {"g_dot_h", base, "g/./h", at + "/b/c/g/h"},
    {"g_up_h", base, "g/../h", at + "/b/c/h"},
    {"semicolon_dot", base, "g;x=1/./y", at + "/b/c/g;x=1/y"},
    {"semicolon_up", base, "g;x=1/../y", at + "/b/c/y"},
    {"dots_in_a_query", base, "g?y/../x", at + "/b/c/g?y/../x"},
};
INSTANTIATE_TEST_SUITE_P(Rfc3986, RedirectTarget, ::testing::ValuesIn(examples_of_rfc_3986),
                         case_name<LocationCase>);

const LocationCase other_references[] = {
    {"scheme_of_the_base", "ws://a/", "//h:81/x", "ws://h:81/x"},
    {"query_with_slashes_is_no_path", "ws://a/b?c/d", "e", "ws://a/e"},
    {"base_without_a_path", "ws://a", "e", "ws://a/e"},
    {"empty_segments_stay", "ws://a/b//c", "../d", "ws://a/b/d"},
    {"path_that_looks_like_an_authority", "ws://a/b/c", "/.//h/x", "ws://a//h/x"},
    {"encoded_dots_are_no_dot_segments", "ws://a/b/c", "%2e%2E/d", "ws://a/b/%2e%2E/d"},
    {"backslashes_are_no_slashes", "ws://a/b/", "/\\h/x", "ws://a/%5Ch/x"},
    {"colon_in_a_later_segment", "ws://a/b/", "./x:y", "ws://a/b/x:y"},
    {"colon_in_the_query", "ws://a/b/", "?x://y", "ws://a/b/?x://y"},
    {"colon_in_front", "ws://a/b/", ":80", "ws://a/b/:80"},
    {"raw_characters", "ws://a/b/", "x y?\"", "ws://a/b/x%20y?%22"},
    {"dot_segments_of_the_base_without_a_path", "ws://a/b/../c?x", "?y", "ws://a/b/../c?y"},
    {"dot_segments_of_the_base", "ws://a/b/../c/d", "e", "ws://a/c/e"},
};
INSTANTIATE_TEST_SUITE_P(Other, RedirectTarget, ::testing::ValuesIn(other_references),
                         case_name<LocationCase>);

const LocationCase secrets_and_zones[] = {
    {"relative_keeps_the_user", "ws://u:p@a/", "/x", "ws://u:p@a/x"},
    {"same_origin_keeps_the_user", "ws://u:p@a/", "http://A:80/x", "ws://u:p@a/x"},
    {"same_origin_takes_no_other_user", "ws://u:p@a/", "http://v:q@a/x", "ws://u:p@a/x"},
    {"no_user_comes_from_a_location", "ws://a/", "http://v:q@a/x", "ws://a/x"},
    {"another_host_gets_no_user", "ws://u:p@a/", "//b/x", "ws://b/x"},
    {"another_host_gets_no_user_of_its_own", "ws://u:p@a/", "//v:q@b/x", "ws://b/x"},
    {"another_port_gets_no_user", "ws://u:p@a/", "//a:81/x", "ws://a:81/x"},
    {"another_scheme_gets_no_user", "wss://u:p@a/", "ws://a:443/x", "ws://a:443/x"},
    {"zone_stays_with_a_path", "ws://[fe80::1%eth0]/", "/x", "ws://%eth0 [fe80::1]/x"},
    {"zone_stays_with_the_host", "ws://u@[fe80::1%eth0]/", "http://[FE80::1]/x",
     "ws://u@%eth0 [fe80::1]/x"},
    {"zone_stays_with_the_host_only", "ws://[fe80::1%eth0]/", "//[fe80::2]/", "ws://[fe80::2]/"},
    {"unix_stays_with_a_path", "ws+unix:///run/s:/a/b", "../c", "ws+unix:///run/s:/c"},
    {"unix_is_left_by_a_host", "ws+unix:///run/s:/a", "http://localhost/x", "ws://localhost/x"},
    {"unix_is_left_by_an_authority", "wss+unix:///run/s:/a", "//h/x", "wss://h/x"},
};
INSTANTIATE_TEST_SUITE_P(Secrets, RedirectTarget, ::testing::ValuesIn(secrets_and_zones),
                         case_name<LocationCase>);

struct BadLocationCase {
  std::string name;
  std::string location;
  std::string detail;
};
void PrintTo(const BadLocationCase& row, std::ostream* out) { *out << row.name; }

class BadRedirect : public ::testing::TestWithParam<BadLocationCase> {};

TEST_P(BadRedirect, is_refused) {
  const auto& row = GetParam();
  std::string detail;
  const auto target = redirect_target(*parse_url(base), row.location, &detail);
  ASSERT_FALSE(target) << whole_url(*target);
  EXPECT_EQ(target.error(), Errc::bad_redirect);
  EXPECT_EQ(detail, row.detail);
  EXPECT_FALSE(redirect_target(*parse_url(base), row.location));
}

const std::string no_scheme = "Location: its scheme is none of ws, wss, http and https";
const std::string no_url = "Location: not a URL of a WebSocket: ";

const BadLocationCase bad_locations[] = {
    {"ftp", "ftp://h/", no_scheme},
    {"file", "file:///etc/passwd", no_scheme},
    {"data", "data:text/plain,x", no_scheme},
    {"unix", "ws+unix:///run/s:/x", no_scheme},
    {"secure_unix", "WSS+UNIX:/run/s:/x", no_scheme},
    {"name_and_port", "localhost:80", no_scheme},
    {"address_and_port", "127.0.0.1:80/x", no_scheme},
    {"no_authority", "http:/x", no_url + "no \"//\" behind the scheme at byte 3"},
    {"no_slashes", "http:x", no_url + "no \"//\" behind the scheme at byte 3"},
    {"no_host", "http:///x", no_url + "no host at byte 5"},
    {"no_host_behind_slashes", "///x", no_url + "no host at byte 6"},
    {"port", "http://h:70000/", no_url + "port \"70000\" at byte 7 is not a number up to 65535"},
    {"blank_in_the_host", "http://h h/", no_url + "a blank at byte 6 cannot stand in a host"},
    {"line_break", "/x\r\nEvil: 1",
     no_url + "control character 0x0D at byte 19 cannot stand in a URL"},
    {"nul", std::string("/x\0", 3),
     no_url + "control character 0x00 at byte 19 cannot stand in a URL"},
    {"half_a_triplet", "/%4",
     no_url + "character \"%\" at byte 18 is not followed by two hexadecimal digits"},
    {"no_utf8", "/\xFF", no_url + "byte 0xFF at byte 18 is not UTF-8"},
    {"zone", "http://[fe80::1%25lo]/", "Location: it names an IPv6 zone"},
    {"too_long", std::string(limits::request_target_size + 1, 'x'),
     "Location: more than 8192 bytes"},
};
INSTANTIATE_TEST_SUITE_P(Table, BadRedirect, ::testing::ValuesIn(bad_locations),
                         case_name<BadLocationCase>);

TEST(Redirect, statuses) {
  for (int status = 0; status < 1000; ++status) {
    const bool expected =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    EXPECT_EQ(is_redirect(status), expected) << status;
  }
}

TEST(Redirect, a_location_of_the_largest_size_is_resolved) {
  for (const std::string piece : {"x", "/", "../", "./", "a/../", " "}) {
    std::string location;
    while (location.size() + piece.size() <= limits::request_target_size) location += piece;
    const auto target = redirect_target(*parse_url(base), "/a" + location.substr(2));
    ASSERT_TRUE(target) << piece;
    EXPECT_TRUE(target->resource.starts_with('/'));
  }
}

TEST(Redirect, the_detail_tells_no_user_and_no_query) {
  for (const char* location : {"http://SECRET:SECRET@h:x/", "//SECRET@h h/", "/x?SECRET%",
                               "http://u:SECRET/SECRET@h/", "SECRET:SECRET@h"}) {
    std::string detail;
    ASSERT_FALSE(redirect_target(*parse_url("ws://SECRET@a/?SECRET"), location, &detail));
    EXPECT_EQ(detail.find("SECRET"), std::string::npos) << detail;
  }
}

TEST(Redirect, a_hand_made_url_without_a_resource_keeps_its_host) {
  Url from;
  from.host = "h";
  from.port = 80;
  EXPECT_EQ(whole_url(*redirect_target(from, "x")), "ws://h/x");
  EXPECT_EQ(whole_url(*redirect_target(from, "")), "ws://h/");
  EXPECT_EQ(whole_url(*redirect_target(from, "?x")), "ws://h/?x");
}

TEST(Redirect, R_6454_the_same_origin) {
  const struct {
    const char* a;
    const char* b;
    bool same;
  } rows[] = {
      {"ws://h/a", "ws://H:80/b?c", true},
      {"wss://h/", "wss://h:443/", true},
      {"ws://u:p@h/", "ws://h/", true},
      {"ws://h/", "wss://h/", false},
      {"ws://h:443/", "wss://h/", false},
      {"ws://h/", "ws://h:81/", false},
      {"ws://h/", "ws://i/", false},
      {"ws://h/", "ws://h./", false},
      {"ws://h/", "ws://x.h/", false},
      {"ws://[::1]/", "ws://[::1]/", true},
      {"ws://[fe80::1%a]/", "ws://[fe80::1%25a]/", true},
      {"ws://[fe80::1%a]/", "ws://[fe80::1%b]/", false},
      {"ws://localhost/", "ws+unix:///s", false},
      {"ws+unix:///s:/a", "ws+unix:///s:/b", true},
      {"ws+unix:///s", "ws+unix:///t", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(same_origin(*parse_url(row.a), *parse_url(row.b)), row.same) << row.a << row.b;
    EXPECT_EQ(same_origin(*parse_url(row.b), *parse_url(row.a)), row.same) << row.b << row.a;
  }
  Url a = *parse_url("ws://h/");
  Url b = a;
  b.host = "H";
  EXPECT_TRUE(same_origin(a, b)) << "a host has no case";
}

}  // namespace
}  // namespace wirespan::test
