// core/numeric_address.cpp: the same answers as inet_pton() for addresses, names and random text.
#include <random>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "support/hex.hpp"
#include <wirespan/core/numeric_address.hpp>

namespace wirespan::test {
namespace {

std::string address_in_hex(std::string_view text) {
  const auto address = numeric_address(text);
  return address ? to_hex(*address) : "none";
}

/// The answer of the system's parser.
std::string address_by_system(const std::string& text) {
  std::byte bytes[16];
  if (text.find('\0') != std::string::npos) return "none";
  if (::inet_pton(AF_INET, text.c_str(), bytes) == 1) return to_hex(Bytes(bytes, 4));
  if (::inet_pton(AF_INET6, text.c_str(), bytes) == 1) return to_hex(Bytes(bytes, 16));
  return "none";
}

TEST(NumericAddress, forms_of_both_families) {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"127.0.0.1", "7f000001"},
      {"255.255.255.255", "ffffffff"},
      {"0.0.0.0", "00000000"},
      {"::", "00000000000000000000000000000000"},
      {"::1", "00000000000000000000000000000001"},
      {"2001:DB8::1", "20010db8000000000000000000000001"},
      {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
      {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
      {"::2:3:4:5:6:7:8", "00000002000300040005000600070008"},
      {"::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
      {"1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"},
      {"fe80::a%eth0", "none"},
      {"", "none"},
      {"localhost", "none"},
      {"127.1", "none"},
      {"127.0.0.1.", "none"},
      {"127.0.0.01", "none"},
      {"0x7f.0.0.1", "none"},
      {"256.0.0.1", "none"},
      {"1.2.3.4.5", "none"},
      {"1..2.3", "none"},
      {"[::1]", "none"},
      {":", "none"},
      {":::", "none"},
      {"1::2::3", "none"},
      {"1:2:3:4:5:6:7", "none"},
      {"1:2:3:4:5:6:7:8:9", "none"},
      {"1:2:3:4::5:6:7:8", "none"},
      {"1:2:3:4:5:6:7:1.2.3.4", "none"},
      {"1.2.3.4::", "none"},
      {"12345::", "none"},
      {":1::2", "none"},
      {"1::2:", "none"},
      {"::1.2.3", "none"},
      {"::g", "none"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(address_in_hex(row.text), row.expected) << row.text;
    EXPECT_EQ(address_by_system(row.text), row.expected) << row.text;
  }
}

TEST(NumericAddress, random_text_is_judged_as_by_the_system) {
  std::mt19937 random(7);
  const std::string alphabet = "::::...0123459afF g";
  int addresses = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = round % 3 == 0 ? "::" : round % 3 == 1 ? "1.2." : "";
    for (auto size = random() % 16; size > 0; --size) text += alphabet[random() % alphabet.size()];
    const std::string expected = address_by_system(text);
    ASSERT_EQ(address_in_hex(text), expected) << text;
    addresses += expected == "none" ? 0 : 1;
  }
  EXPECT_GT(addresses, 1000) << "the alphabet gives too few addresses to say anything";
}

TEST(SplitAddressTest, an_address_is_split_from_its_port_and_neither_is_judged) {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"", "|no port"},
      {"192.0.2.1", "192.0.2.1|no port"},
      {"host:80", "host|80"},
      {"host:", "host|"},
      {":80", "|80"},
      {"::1", "::1|no port"},
      {"a:b:c", "a:b:c|no port"},
      {"[::1]", "::1|no port in brackets"},
      {"[]", "|no port in brackets"},
      {"[::1]:80", "::1|80 in brackets"},
      {"[::1]:", "::1| in brackets"},
      {"[::1", "none"},
      {"[::1]80", "none"},
      {"[", "none"},
      {"]", "]|no port"},
  };
  for (const Row& row : rows) {
    const auto split = split_address(row.text);
    std::string shown = "none";
    if (split) {
      shown = std::string(split->address) + "|" + std::string(split->port.value_or("no port")) +
              (split->has_brackets ? " in brackets" : "");
    }
    EXPECT_EQ(shown, row.expected) << row.text;
  }
}

TEST(NumberUpTo, decimal_digits_alone_and_nothing_above_the_most) {
  EXPECT_EQ(number_up_to(65535, "65535"), 65535U);
  EXPECT_EQ(number_up_to(65535, "0080"), 80U);
  EXPECT_EQ(number_up_to(0, "0"), 0U);
  for (const char* text : {"", "65536", "-1", "+1", " 1", "1 ", "0x1", "1.0", "99999999999999"}) {
    EXPECT_EQ(number_up_to(65535, text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace wirespan::test
