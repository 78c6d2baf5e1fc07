// core/ip_address.cpp: addresses as values, and the networks they are in. RFC 4291, RFC 4632 §3.1.
#include <string>

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include <wirespan/core/ip_address.hpp>

namespace wirespan::test {
namespace {

IpAddress ip_of(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddressTest, ipv4_is_the_same_address_in_its_mapped_form) {
  EXPECT_EQ(ip_of("192.0.2.1"), ip_of("::ffff:192.0.2.1"));
  EXPECT_EQ(ip_of("192.0.2.1"), ip_of("::ffff:c000:201"));
  EXPECT_EQ(to_hex(ip_of("192.0.2.1").bytes()), "00000000000000000000ffffc0000201");
  EXPECT_EQ(to_hex(ip_of("192.0.2.1").ipv4_bytes()), "c0000201");
  EXPECT_NE(ip_of("192.0.2.1"), ip_of("::192.0.2.1"));
  EXPECT_EQ(IpAddress(), ip_of("::"));
}

TEST(IpAddressTest, only_the_mapped_form_is_ipv4) {
  for (const char* v4 : {"0.0.0.0", "127.0.0.1", "::ffff:1.2.3.4"}) {
    EXPECT_TRUE(ip_of(v4).is_ipv4()) << v4;
  }
  for (const char* v6 : {"::", "::1", "::1.2.3.4", "::fffe:1.2.3.4", "1::ffff:1.2.3.4",
                         "::1:ffff:1.2.3.4", "2001:db8::1"}) {
    EXPECT_FALSE(ip_of(v6).is_ipv4()) << v6;
  }
}

TEST(IpAddressTest, a_zone_is_no_part_of_the_address) {
  EXPECT_EQ(ip_of("fe80::1%eth0"), ip_of("fe80::1"));
  EXPECT_EQ(ip_of("fe80::1%3"), ip_of("fe80::1"));
  const auto network = IpNetwork::parse("fe80::1%eth0/64");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains(ip_of("fe80::2")));
}

// RFC 4007 §11.2: a zone is no empty text and holds no delimiter; §11.7: a prefix length follows
// it, so that "fe80::1%eth0/64" is a network and not an address in the zone "eth0/64".
TEST(IpAddressTest, RFC4007_11_2_other_texts_are_no_zone) {
  for (const char* text : {"192.0.2.1%eth0", "fe80::1%", "fe80::1%eth0/64", "fe80::1%/64",
                           "fe80::1%a%b", "%eth0", "fe80%eth0::1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  for (const char* text : {"fe80::1%/64", "fe80::1%a%b/64", "fe80::1/64%eth0", "fe80::1%a/64/64"}) {
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  }
}

TEST(IpAddressTest, other_texts_are_none) {
  for (const char* text : {"", "localhost", "1.2.3", "01.2.3.4", "1.2.3.256", ":1", "1::2::3",
                           "[::1]", "1.2.3.4:80", " 1.2.3.4", "12345::"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpNetworkTest, an_address_is_in_a_network_if_its_prefix_is) {
  struct Row {
    const char* network;
    const char* inside;
    const char* outside;
  };
  const Row rows[] = {
      {"10.0.0.0/8", "10.255.0.1", "11.0.0.0"},
      {"10.9.9.9/8", "10.0.0.0", "9.255.255.255"},
      {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
      {"192.0.2.1", "192.0.2.1", "192.0.2.0"},
      {"192.0.2.1/32", "::ffff:192.0.2.1", "::192.0.2.1"},
      {"192.0.2.0/31", "192.0.2.1", "192.0.2.2"},
      {"0.0.0.0/0", "255.255.255.255", "::1"},
      {"fd00::/8", "fdff::1", "fe00::"},
      {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
      {"2001:db8::1", "2001:db8::1", "2001:db8::2"},
      {"2001:db8::1/128", "2001:db8::1", "2001:db8::"},
      {"::/0", "2001:db8::", "192.0.2.1"},
      {"::/95", "::1", "0.0.0.0"},
      {"::ffff:0:0/96", "192.0.2.1", "::1"},
      {"::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"},
  };
  for (const Row& row : rows) {
    const auto network = IpNetwork::parse(row.network);
    ASSERT_TRUE(network) << row.network;
    EXPECT_TRUE(network->contains(ip_of(row.inside))) << row.inside << " in " << row.network;
    EXPECT_FALSE(network->contains(ip_of(row.outside))) << row.outside << " in " << row.network;
  }
}

TEST(IpNetworkTest, other_texts_are_none) {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10/8",
        "example.com/8", "10.0.0.0/ 8", "10.0.0.0/8x", "10.0.0.0/99999999999", "unix"}) {
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  }
}

}  // namespace
}  // namespace wirespan::test
