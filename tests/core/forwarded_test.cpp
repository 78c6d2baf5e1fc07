// core/forwarded.cpp: the client behind trusted proxies. RFC 7239, and X-Forwarded-For.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include <wirespan/core/forwarded.hpp>

namespace wirespan::test {
namespace {

std::string shown_node(const std::optional<IpEndpoint>& node) {
  if (!node) return "nobody";
  const IpAddress& address = node->address;
  const std::string hex =
      address.is_ipv4() ? to_hex(address.ipv4_bytes()) : to_hex(address.bytes());
  return node->port == 0 ? hex : hex + ":" + std::to_string(node->port);
}

/// The proxies are 10.0.0.0/8 and fd00::/8.
std::string client_behind(const std::vector<std::string_view>& values, ForwardedSyntax syntax) {
  const IpNetwork trusted[] = {IpNetwork::parse("10.0.0.0/8").value(),
                               IpNetwork::parse("fd00::/8").value()};
  return shown_node(forwarded_client(values, syntax, trusted));
}

std::string by_list(const std::vector<std::string_view>& values) {
  return client_behind(values, ForwardedSyntax::addresses);
}

std::string by_rfc7239(const std::vector<std::string_view>& values) {
  return client_behind(values, ForwardedSyntax::rfc7239);
}

TEST(ForwardedNode, forms_with_and_without_a_port) {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"192.0.2.1", "c0000201"},
      {"192.0.2.1:4000", "c0000201:4000"},
      {"192.0.2.1:_hidden", "c0000201"},
      {"192.0.2.1:65535", "c0000201:65535"},
      {"2001:db8::1", "20010db8000000000000000000000001"},
      {"[2001:db8::1]", "20010db8000000000000000000000001"},
      {"[2001:db8::1]:80", "20010db8000000000000000000000001:80"},
      {"[2001:db8::1]:_x", "20010db8000000000000000000000001"},
      {"::ffff:192.0.2.1", "c0000201"},
      {"", "nobody"},
      {"unknown", "nobody"},
      {"_hidden", "nobody"},
      {"localhost", "nobody"},
      {"192.0.2", "nobody"},
      {"192.0.2.1:", "nobody"},
      {"192.0.2.1:x", "nobody"},
      {"192.0.2.1:_", "nobody"},
      {"192.0.2.1:65536", "nobody"},
      {"192.0.2.1:-1", "nobody"},
      {"[192.0.2.1]", "nobody"},
      {"[::1", "nobody"},
      {"::1]", "nobody"},
      {"[::1]x", "nobody"},
      {"[::1]80", "nobody"},
      {"[]", "nobody"},
  };
  for (const Row& row : rows) EXPECT_EQ(shown_node(parse_node(row.text)), row.expected) << row.text;
}

TEST(ForwardedList, the_last_address_that_is_no_proxys_is_the_clients) {
  EXPECT_EQ(by_list({}), "nobody");
  EXPECT_EQ(by_list({""}), "nobody");
  EXPECT_EQ(by_list({"192.0.2.1"}), "c0000201");
  EXPECT_EQ(by_list({"192.0.2.1, 10.0.0.1"}), "c0000201");
  EXPECT_EQ(by_list({"192.0.2.1, 10.0.0.1, fd00::1"}), "c0000201");
  EXPECT_EQ(by_list({"192.0.2.1", "10.0.0.1", "10.0.0.2"}), "c0000201") << "in several fields";
  EXPECT_EQ(by_list({" ,192.0.2.1:99 ,\t, 10.0.0.1,"}), "c0000201:99") << "empty elements";
}

TEST(ForwardedList, a_client_cannot_choose_its_address) {
  EXPECT_EQ(by_list({"198.51.100.9, 192.0.2.1"}), "c0000201");
  EXPECT_EQ(by_list({"198.51.100.9", "192.0.2.1"}), "c0000201");
  EXPECT_EQ(by_list({"10.0.0.9, 192.0.2.1, 10.0.0.1"}), "c0000201") << "nor be a proxy";
  EXPECT_EQ(by_list({"garbage, 192.0.2.1"}), "c0000201");
}

TEST(ForwardedList, a_client_in_the_network_of_the_proxies_is_the_first_of_them) {
  EXPECT_EQ(by_list({"10.0.0.3"}), "0a000003");
  EXPECT_EQ(by_list({"10.0.0.3, 10.0.0.2, 10.0.0.1"}), "0a000003");
}

TEST(ForwardedList, behind_a_hidden_hop_one_cannot_see) {
  EXPECT_EQ(by_list({"192.0.2.1, unknown"}), "nobody");
  EXPECT_EQ(by_list({"192.0.2.1, unknown, 10.0.0.2, 10.0.0.1"}), "0a000002");
  EXPECT_EQ(by_list({"192.0.2.1", "nonsense", "10.0.0.1"}), "0a000001");
}

TEST(Forwarded, R7239_4_the_parameter_for_of_each_element) {
  EXPECT_EQ(by_rfc7239({"for=192.0.2.1"}), "c0000201");
  EXPECT_EQ(by_rfc7239({"For=192.0.2.1;proto=https;by=10.0.0.1"}), "c0000201");
  EXPECT_EQ(by_rfc7239({"proto=https ; FOR = 192.0.2.1"}), "nobody") << "no space at '='";
  EXPECT_EQ(by_rfc7239({R"(by=_p ; for="192.0.2.1:4000" , for=10.0.0.1)"}), "c0000201:4000");
  EXPECT_EQ(by_rfc7239({R"(for="[2001:db8::1]:80", for="[fd00::1]")"}),
            "20010db8000000000000000000000001:80");
  EXPECT_EQ(by_rfc7239({R"(for="\1\9\2.0.2.1")"}), "c0000201") << "escaped";
  EXPECT_EQ(by_rfc7239({"for=192.0.2.1", "for=10.0.0.1"}), "c0000201");
  EXPECT_EQ(by_rfc7239({", ,for=192.0.2.1,,"}), "c0000201");
}

TEST(Forwarded, R7239_6_unknown_and_obfuscated_hops_are_hidden) {
  for (const char* hidden : {"for=unknown", "for=_x", R"(for="_x:9")", "proto=http", "for=name"}) {
    EXPECT_EQ(by_rfc7239({hidden}), "nobody") << hidden;
    const std::string seen = "for=192.0.2.1," + std::string(hidden) + ", for=10.0.0.1";
    EXPECT_EQ(by_rfc7239({seen}), "0a000001") << hidden;
  }
}

/// Proxies add their element behind a comma, whatever the client has sent.
TEST(Forwarded, malformed_text_of_a_client_hides_and_never_speaks) {
  for (const char* sent :
       {R"(for=6.6.6.6;x=")", R"(for="6.6.6.6)", R"(for=6.6.6.6, for=")", R"(for=6.6.6.6;x="\)",
        "for=6.6.6.6;", "for=6.6.6.6;for=7.7.7.7", "for", "for=", "=", "for=6.6.6.6 x=1",
        R"(for=6"6)", R"(for="6.6.6.6"x)", "f(r=6.6.6.6"}) {
    for (const char* added : {"for=192.0.2.1", R"(for="[2001:db8::1]")"}) {
      const std::string value = std::string(sent) + ", " + added;
      EXPECT_EQ(by_rfc7239({value}), "nobody") << value;
    }
    EXPECT_EQ(by_rfc7239({sent, "for=192.0.2.1"}), "c0000201") << "a field of its own: " << sent;
  }
}

TEST(Forwarded, the_end_of_a_long_field_counts_too) {
  std::string value;
  for (int i = 0; i < 2000; ++i) value += "for=198.51.100.9, ";
  EXPECT_EQ(by_rfc7239({value + "for=192.0.2.1"}), "c0000201");
}

}  // namespace
}  // namespace wirespan::test
