// websocket_client 1.13: the rules of parse_url.
#include <gtest/gtest.h>

#include <wirespan/core/url.hpp>

namespace wirespan::test {
namespace {

TEST(ParityUrl, KEEP_host_port_resource_and_security) {
  const struct {
    const char* url;
    const char* host;
    int port;
    const char* resource;
    bool secure;
  } rows[] = {
      {"ws://www.example.com/r", "www.example.com", 80, "/r", false},
      {"ws://www.example.com/r/", "www.example.com", 80, "/r/", false},
      {"ws://www.example.com/", "www.example.com", 80, "/", false},
      {"ws://www.example.com", "www.example.com", 80, "/", false},
      {"ws://www.example.com:8080/r", "www.example.com", 8080, "/r", false},
      {"wss://www.example.com:8080/r", "www.example.com", 8080, "/r", true},
      {"wss://www.example.com:/r", "www.example.com", 443, "/r", true},
      {"ws://www.example.com:0/r?a=b", "www.example.com", 80, "/r?a=b", false},
      {"ws://WWW.Example.com/R", "www.example.com", 80, "/R", false},
      {"ws://[2a03:4000:123:83::3]/r", "2a03:4000:123:83::3", 80, "/r", false},
      {"wss://[2a03:4000:123:83::3]:8080/r", "2a03:4000:123:83::3", 8080, "/r", true},
  };
  for (const auto& row : rows) {
    const auto url = parse_url(row.url);
    ASSERT_TRUE(url) << row.url;
    EXPECT_EQ(url->host, row.host);
    EXPECT_EQ(url->port, row.port);
    EXPECT_EQ(url->resource, row.resource);
    EXPECT_EQ(url->secure, row.secure);
  }
}

TEST(ParityUrl, FIX_the_scheme_has_no_case) { EXPECT_TRUE(parse_url("WSS://h/")->secure); }

TEST(ParityUrl, FIX_parameters_of_a_segment_are_kept) {
  EXPECT_EQ(parse_url("ws://h/a;b=c?d")->resource, "/a;b=c?d") << "Python: \"/a?d\"";
}

TEST(ParityUrl, FIX_user_information_is_kept_as_credentials) {
  EXPECT_EQ(parse_url("ws://user:p%40ss@h/")->credentials(), (Credentials{"user", "p@ss"}));
}

TEST(ParityUrl, FIX_blanks_and_non_ascii_are_encoded) {
  EXPECT_EQ(parse_url("ws://h/a b?\xC3\xA9")->resource, "/a%20b?%C3%A9") << "Python: raw";
}

TEST(ParityUrl, KEEP_brackets_in_the_query) {
  EXPECT_EQ(parse_url("ws://h/?filter[]=a")->resource, "/?filter[]=a");
}

TEST(ParityUrl, FIX_a_fragment_is_refused) {
  EXPECT_FALSE(parse_url("ws://h/#x")) << "Python: dropped";
}

}  // namespace
}  // namespace wirespan::test
