// net/endpoint.cpp: addresses as values.
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "support/case_name.hpp"
#include <wirespan/net/endpoint.hpp>

namespace wirespan::test {
namespace {

using net::Endpoint;
using net::Family;

struct NumericCase {
  std::string name;
  std::string host;
  Family family;
  std::string shown;  ///< With port 9001.
  bool is_loopback = false;
};
void PrintTo(const NumericCase& row, std::ostream* out) { *out << row.name; }

class NumericAddress : public ::testing::TestWithParam<NumericCase> {};

TEST_P(NumericAddress, is_read_and_shown) {
  const auto& row = GetParam();
  const auto endpoint = Endpoint::from_numeric(row.host, 9001);
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->family(), row.family);
  EXPECT_EQ(endpoint->port(), 9001);
  EXPECT_EQ(endpoint->to_string(), row.shown);
  EXPECT_EQ(endpoint->is_loopback(), row.is_loopback);
  EXPECT_EQ(*endpoint, *Endpoint::from_numeric(endpoint->host(), 9001)) << "and read again";
}

TEST_P(NumericAddress, takes_another_port) {
  const auto endpoint = Endpoint::from_numeric(GetParam().host, 9001).value();
  const Endpoint other = endpoint.with_port(80);
  EXPECT_EQ(other.port(), 80);
  EXPECT_EQ(other.host(), endpoint.host());
  EXPECT_NE(other, endpoint);
  EXPECT_EQ(other.with_port(9001), endpoint);
  EXPECT_EQ(endpoint.with_port(65535).port(), 65535);
  EXPECT_EQ(endpoint.with_port(0).port(), 0);
}

const NumericCase numeric_addresses[] = {
    {"v4_loopback", "127.0.0.1", Family::ipv4, "127.0.0.1:9001", true},
    {"v4_far_loopback", "127.255.0.9", Family::ipv4, "127.255.0.9:9001", true},
    {"v4_almost_loopback", "128.0.0.1", Family::ipv4, "128.0.0.1:9001"},
    {"v4_any", "0.0.0.0", Family::ipv4, "0.0.0.0:9001"},
    {"v4_documentation", "192.0.2.33", Family::ipv4, "192.0.2.33:9001"},
    {"v6_loopback", "::1", Family::ipv6, "[::1]:9001", true},
    {"v6_any", "::", Family::ipv6, "[::]:9001"},
    {"v6_documentation", "2001:DB8::0:7", Family::ipv6, "[2001:db8::7]:9001"},
    {"v6_whole", "2001:db8:1:2:3:4:5:6", Family::ipv6, "[2001:db8:1:2:3:4:5:6]:9001"},
    {"v6_mapped_loopback", "::ffff:127.0.0.1", Family::ipv6, "[::ffff:127.0.0.1]:9001", true},
    {"v6_mapped_other", "::ffff:10.0.0.1", Family::ipv6, "[::ffff:10.0.0.1]:9001"},
    {"v6_zone_by_name", "fe80::1%lo", Family::ipv6, "[fe80::1%lo]:9001"},
    {"v6_zone_by_index", "fe80::1%1", Family::ipv6, "[fe80::1%lo]:9001"},
    {"v6_zone_without_an_interface", "FE80::2%4000000000", Family::ipv6,
     "[fe80::2%4000000000]:9001"},
    {"v6_loopback_with_a_zone", "::1%lo", Family::ipv6, "[::1%lo]:9001", true},
};
INSTANTIATE_TEST_SUITE_P(Endpoint, NumericAddress, ::testing::ValuesIn(numeric_addresses),
                         case_name<NumericCase>);

struct GarbageCase {
  std::string name;
  std::string host;
};
void PrintTo(const GarbageCase& row, std::ostream* out) { *out << row.name; }

class NoAddress : public ::testing::TestWithParam<GarbageCase> {};

TEST_P(NoAddress, is_refused) { EXPECT_FALSE(Endpoint::from_numeric(GetParam().host, 80)); }

const GarbageCase garbage[] = {
    {"empty", ""},
    {"name", "localhost"},
    {"short_v4", "127.1"},
    {"one_number", "2130706433"},
    {"octal", "0177.0.0.1"},
    {"hex", "0x7f.0.0.1"},
    {"too_large", "256.0.0.1"},
    {"five_parts", "1.2.3.4.5"},
    {"blank_before", " 127.0.0.1"},
    {"blank_after", "127.0.0.1 "},
    {"port_inside", "127.0.0.1:80"},
    {"brackets", "[::1]"},
    {"three_colons", ":::1"},
    {"two_gaps", "1::2::3"},
    {"nine_groups", "1:2:3:4:5:6:7:8:9"},
    {"long_group", "12345::"},
    {"zone_of_v4", "127.0.0.1%lo"},
    {"zone_of_a_name", "localhost%lo"},
    {"empty_zone", "fe80::1%"},
    {"zone_0", "fe80::1%0"},
    {"zone_that_no_interface_has", "fe80::1%nosuchif"},
    {"zone_above_32_bits", "fe80::1%4294967296"},
    {"negative_zone", "fe80::1%-1"},
    {"number_and_more_in_the_zone", "fe80::1%1x"},
    {"two_zones", "fe80::1%lo%lo"},
    {"encoded_zone", "fe80::1%25lo"},
    {"nothing_but_a_zone", "%lo"},
    {"very_long_zone", "fe80::1%" + std::string(100'000, '1')},
    {"nul_after_the_zone", std::string("fe80::1%lo\0", 11)},
    {"nul_after_v4", std::string("127.0.0.1\0", 10)},
    {"nul_and_more_after_v4", std::string("127.0.0.1\0.example.com", 22)},
    {"nul_after_v6", std::string("::1\0x", 5)},
    {"very_long", std::string(100'000, '1')},
};
INSTANTIATE_TEST_SUITE_P(Endpoint, NoAddress, ::testing::ValuesIn(garbage), case_name<GarbageCase>);

TEST(Endpoint, of_nothing) {
  const Endpoint nothing;
  EXPECT_EQ(nothing.family(), Family::other);
  EXPECT_EQ(nothing.port(), 0);
  EXPECT_EQ(nothing.size(), 0U);
  EXPECT_FALSE(nothing.is_loopback());
  EXPECT_EQ(nothing.to_string(), "unknown");
  EXPECT_EQ(nothing.with_port(80), nothing);
}

TEST(Endpoint, a_foreign_family_is_kept_but_not_understood) {
  sockaddr address{};
  address.sa_family = AF_APPLETALK;
  const Endpoint foreign(&address, sizeof address);
  EXPECT_EQ(foreign.family(), Family::other);
  EXPECT_EQ(foreign.size(), sizeof address);
  EXPECT_EQ(foreign.with_port(80), foreign);
  EXPECT_NE(foreign, Endpoint());
}

TEST(Endpoint, what_does_not_fit_is_no_address) {
  std::array<sockaddr_storage, 2> large{};
  large[0].ss_family = AF_INET;
  const Endpoint endpoint(reinterpret_cast<const sockaddr*>(large.data()), sizeof large);
  EXPECT_EQ(endpoint, Endpoint());
}

/// The kernel may fill in less than a whole address; nothing beyond the given size is read.
TEST(Endpoint, a_short_address_is_read_as_far_as_it_goes) {
  sockaddr_in whole{};
  whole.sin_family = AF_INET;
  whole.sin_port = htons(80);
  whole.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* address = reinterpret_cast<const sockaddr*>(&whole);
  EXPECT_EQ(Endpoint(address, 1).family(), Family::other);
  EXPECT_EQ(Endpoint(address, 2).to_string(), "0.0.0.0:0");
  EXPECT_EQ(Endpoint(address, 4).to_string(), "0.0.0.0:80");
  EXPECT_EQ(Endpoint(address, 8).to_string(), "127.0.0.1:80");
}

TEST(Endpoint, of_a_unix_path) {
  const auto endpoint = Endpoint::from_unix_path("/tmp/some.socket").value();
  EXPECT_EQ(endpoint.family(), Family::unix_path);
  EXPECT_EQ(endpoint.host(), "/tmp/some.socket");
  EXPECT_EQ(endpoint.to_string(), "unix:/tmp/some.socket");
  EXPECT_EQ(endpoint.port(), 0);
  EXPECT_TRUE(endpoint.is_loopback());
  EXPECT_EQ(endpoint.with_port(80), endpoint);
  EXPECT_NE(endpoint, Endpoint::from_unix_path("/tmp/other.socket").value());
}

TEST(Endpoint, a_unix_path_has_a_length) {
  const std::size_t room = sizeof(sockaddr_un::sun_path);
  EXPECT_FALSE(Endpoint::from_unix_path(""));
  EXPECT_FALSE(Endpoint::from_unix_path(std::string(room, 'x')));
  EXPECT_FALSE(Endpoint::from_unix_path(std::string(100'000, 'x')));
  const std::string longest(room - 1, 'x');
  EXPECT_EQ(Endpoint::from_unix_path(longest).value().host(), longest);
}

TEST(Endpoint, a_unix_path_has_no_nul) {
  EXPECT_FALSE(Endpoint::from_unix_path(std::string_view("/tmp/a\0b", 8)));
  EXPECT_FALSE(Endpoint::from_unix_path(std::string_view("\0abstract", 9)));
}

TEST(Endpoint, the_same_address_in_another_zone_is_another_one) {
  EXPECT_NE(*Endpoint::from_numeric("fe80::1%1", 80), *Endpoint::from_numeric("fe80::1%2", 80));
  EXPECT_NE(*Endpoint::from_numeric("fe80::1%1", 80), *Endpoint::from_numeric("fe80::1", 80));
}

TEST(Endpoint, the_two_families_of_loopback_differ) {
  EXPECT_NE(*Endpoint::from_numeric("127.0.0.1", 80), *Endpoint::from_numeric("::1", 80));
  EXPECT_NE(*Endpoint::from_numeric("127.0.0.1", 80),
            *Endpoint::from_numeric("::ffff:127.0.0.1", 80));
}

struct TextCase {
  const char* name;
  std::string text;
  std::string shown;  ///< Empty: the text is refused.
};
void PrintTo(const TextCase& row, std::ostream* out) { *out << row.name; }

class EndpointText : public ::testing::TestWithParam<TextCase> {};

TEST_P(EndpointText, has_an_address_and_perhaps_a_port) {
  const auto endpoint = Endpoint::from_text(GetParam().text);
  EXPECT_EQ(endpoint ? endpoint->to_string() : "", GetParam().shown);
}

const TextCase endpoint_texts[] = {
    {"v4", "192.0.2.1", "192.0.2.1:0"},
    {"v4_with_port", "192.0.2.1:4000", "192.0.2.1:4000"},
    {"v4_with_largest_port", "192.0.2.1:65535", "192.0.2.1:65535"},
    {"v6", "2001:db8::1", "[2001:db8::1]:0"},
    {"v6_in_brackets", "[::1]", "[::1]:0"},
    {"v6_with_port", "[::1]:4000", "[::1]:4000"},
    {"v6_that_looks_like_a_port", "2001:db8::1:4000", "[2001:db8::1:4000]:0"},
    {"empty", "", ""},
    {"name", "localhost", ""},
    {"name_with_port", "localhost:80", ""},
    {"port_alone", ":80", ""},
    {"port_missing", "192.0.2.1:", ""},
    {"port_missing_after_brackets", "[::1]:", ""},
    {"port_too_large", "192.0.2.1:65536", ""},
    {"port_with_a_sign", "192.0.2.1:+80", ""},
    {"port_with_a_blank", "192.0.2.1: 80", ""},
    {"port_with_letters", "192.0.2.1:80a", ""},
    {"two_ports", "192.0.2.1:80:80", ""},
    {"brackets_around_v4", "[192.0.2.1]", ""},
    {"brackets_left_open", "[::1", ""},
    {"bracket_alone", "[", ""},
    {"empty_brackets", "[]", ""},
    {"bytes_behind_brackets", "[::1]80", ""},
    {"blank_before", " 192.0.2.1", ""},
    {"nul_behind", std::string("192.0.2.1\0", 10), ""},
};
INSTANTIATE_TEST_SUITE_P(Table, EndpointText, ::testing::ValuesIn(endpoint_texts),
                         case_name<TextCase>);

}  // namespace
}  // namespace wirespan::test
