// app/server/origin_policy.hpp: which origins may connect. RFC 6455 §10.2, RFC 6454 §4, §5.
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include <wirespan/app/server/origin_policy.hpp>

namespace wirespan::test {
namespace {

struct OriginCase {
  const char* name;
  std::string origin;
  std::string host;
  bool welcome;
};
void PrintTo(const OriginCase& row, std::ostream* out) { *out << row.name; }
std::string origin_name(const ::testing::TestParamInfo<OriginCase>& row) { return row.param.name; }

// Without a list: same origin, so the page must come from the host and port that it connects to.
const OriginCase same_origin[] = {
    {"no_origin_is_no_browser", "", "example.com", true},
    {"same_host", "http://example.com", "example.com", true},
    {"same_host_over_tls", "https://example.com", "example.com", true},
    {"same_port", "http://example.com:8080", "example.com:8080", true},
    {"default_port_written_in_host", "http://example.com", "example.com:80", true},
    {"default_port_written_in_origin", "http://example.com:80", "example.com", true},
    {"default_port_of_https", "https://example.com", "example.com:443", true},
    {"ascii_case", "HTTP://EXAMPLE.com", "example.COM", true},
    {"ipv6", "http://[::1]", "[::1]", true},
    {"ipv6_with_port", "http://[::1]:8080", "[::1]:8080", true},
    {"ipv6_default_port", "http://[::1]", "[::1]:80", true},
    {"D18_evil", "http://evil.example", "good.example", false},
    {"D18_suffix", "http://good.example.evil", "good.example", false},
    {"D18_prefix", "http://evilgood.example", "good.example", false},
    {"D18_shorter", "http://ood.example", "good.example", false},
    {"D18_null", "null", "good.example", false},
    {"D18_null_host", "null", "null", false},
    {"D18_userinfo", "http://good.example@evil.example", "good.example", false},
    {"D18_userinfo_reversed", "http://evil.example@good.example", "good.example", false},
    {"D18_other_port", "http://good.example:8081", "good.example:8080", false},
    {"D18_port_without_host_port", "http://good.example:8080", "good.example", false},
    {"D18_https_page_port_80", "https://good.example", "good.example:80", false},
    {"D18_path", "http://good.example/", "good.example", false},
    {"D18_query", "http://good.example?x", "good.example", false},
    {"D18_fragment", "http://evil.example#good.example", "good.example", false},
    {"D18_subdomain", "http://www.good.example", "good.example", false},
    {"D18_trailing_dot", "http://good.example.", "good.example", false},
    {"D18_no_scheme", "good.example", "good.example", false},
    {"D18_empty_scheme", "://good.example", "good.example", false},
    {"D18_file", "file://good.example", "good.example", false},
    {"D18_extension", "chrome-extension://good.example", "good.example", false},
    {"D18_ws_scheme", "ws://good.example", "good.example", false},
    {"D18_two_origins", "http://good.example http://evil.example", "good.example", false},
    {"D18_list", "http://evil.example,http://good.example", "good.example", false},
    {"D18_loopback_names", "http://localhost:3000", "127.0.0.1:3000", false},
    {"D19_kelvin_sign", "http://\xE2\x84\xAA.example", "k.example", false},
    {"empty_host", "http://", "good.example", false},
    {"ipv6_other", "http://[::2]", "[::1]", false},
    {"ipv6_port_is_not_the_last_group", "http://[::1:80]", "[::1]:80", false},
};

class SameOrigin : public ::testing::TestWithParam<OriginCase> {};
INSTANTIATE_TEST_SUITE_P(Table, SameOrigin, ::testing::ValuesIn(same_origin), origin_name);

TEST_P(SameOrigin, is_the_default) {
  const OriginCase& row = GetParam();
  EXPECT_EQ(is_origin_welcome({}, row.origin, row.host), row.welcome)
      << row.origin << " at " << row.host;
}

// With a list: the whole origin must match; a similar one is refused.
const OriginCase listed[] = {
    {"no_origin_is_no_browser", "", "api.example", true},
    {"listed", "https://good.example", "api.example", true},
    {"second_of_the_list", "http://localhost:3000", "api.example", true},
    {"ascii_case", "HTTPS://Good.Example", "api.example", true},
    {"D19_other_scheme", "http://good.example", "api.example", false},
    {"D18_other_port", "https://good.example:8443", "api.example", false},
    {"D18_port_spelled_out", "https://good.example:443", "api.example", false},
    {"D18_suffix", "https://good.example.evil", "api.example", false},
    {"D18_prefix", "https://evil-good.example", "api.example", false},
    {"D18_null", "null", "api.example", false},
    {"D18_path", "https://good.example/x", "api.example", false},
    {"D18_userinfo", "https://good.example@evil.example", "api.example", false},
    {"same_origin_is_not_listed", "http://api.example", "api.example", false},
    {"D19_kelvin_sign", "https://good.e\xE2\x84\xAAmple", "api.example", false},
    {"D18_longer_port", "http://localhost:30000", "api.example", false},
};

class ListedOrigin : public ::testing::TestWithParam<OriginCase> {};
INSTANTIATE_TEST_SUITE_P(Table, ListedOrigin, ::testing::ValuesIn(listed), origin_name);

TEST_P(ListedOrigin, is_compared_whole) {
  const OriginPolicy policy{.allowed = {"https://good.example", "http://localhost:3000"}};
  const OriginCase& row = GetParam();
  EXPECT_EQ(is_origin_welcome(policy, row.origin, row.host), row.welcome) << row.origin;
}

TEST(OriginPolicyTest, a_predicate_decides_alone_and_sees_both) {
  std::vector<std::string> asked;
  const OriginPolicy policy{.allowed = {"https://good.example"},
                            .predicate = [&](std::string_view origin, std::string_view host) {
                              asked.push_back(std::string(origin) + " " + std::string(host));
                              return origin == "null";
                            }};
  EXPECT_TRUE(is_origin_welcome(policy, "null", "h"));
  EXPECT_FALSE(is_origin_welcome(policy, "https://good.example", "h"));
  EXPECT_TRUE(is_origin_welcome(policy, "", "h")) << "not a browser: not asked";
  EXPECT_EQ(asked, (std::vector<std::string>{"null h", "https://good.example h"}));
}

TEST(OriginPolicyTest, any_may_be_allowed) {
  EXPECT_TRUE(is_origin_welcome({.allow_any = true}, "http://evil.example", "good.example"));
  EXPECT_TRUE(is_origin_welcome({.allow_any = true}, "null", ""));
}

}  // namespace
}  // namespace wirespan::test
