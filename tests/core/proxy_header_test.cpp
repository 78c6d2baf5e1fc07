// core/proxy_header.cpp: the PROXY protocol, versions 1 and 2, in every chopping.
#include <string>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include "support/hex.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/proxy_header.hpp>

namespace wirespan::test {
namespace {

/// The outcome: "192.0.2.1 port 4000", "nobody", or the detail of a failure, and the bytes behind.
struct HeaderRead {
  std::string outcome = "more";
  std::string rest;
};

std::string proxied_client(const ProxyHeader& header) {
  if (!header.client) return "nobody";
  const IpAddress& address = header.client->address;
  const std::string hex =
      address.is_ipv4() ? to_hex(address.ipv4_bytes()) : to_hex(address.bytes());
  return hex + " port " + std::to_string(header.client->port);
}

HeaderRead read_header(const Chopping& chopping) {
  ProxyHeaderDecoder decoder;
  HeaderRead read;
  for (const Bytes piece : chopping.pieces) {
    const ExactCopy copy(piece);
    if (read.outcome != "more") {
      read.rest += wire_text(copy.bytes());
      continue;
    }
    const ProxyHeaderStep step = decoder.feed(copy.bytes());
    if (const auto* header = std::get_if<ProxyHeader>(&step)) {
      read.outcome = proxied_client(*header);
      read.rest = wire_text(Bytes(copy.bytes()).subspan(header->consumed));
    } else if (const auto* failed = std::get_if<Failed>(&step)) {
      EXPECT_EQ(failed->error, Errc::bad_proxy_header);
      read.outcome = decoder.detail();
    }
  }
  return read;
}

/// Reads as a server does that must leave what is behind the header unread. Returns the bytes read.
std::size_t read_no_more_than_surely_left(Bytes wire) {
  ProxyHeaderDecoder decoder;
  std::size_t at = 0;
  while (at < wire.size()) {
    const std::size_t size = decoder.surely_left();
    EXPECT_GE(size, 1U);
    const Bytes piece = wire.subspan(at, std::min(size, wire.size() - at));
    at += piece.size();
    if (!std::holds_alternative<NeedInput>(decoder.feed(piece))) break;
  }
  return at;
}

void expect_header(const std::string& wire, const std::string& expected) {
  const std::string with_rest = wire + "GET / HTTP/1.1";
  for_every_chopping(wire_bytes(with_rest), [&](const Chopping& chopping) {
    SCOPED_TRACE(chopping.name);
    const HeaderRead read = read_header(chopping);
    EXPECT_EQ(read.outcome, expected);
    EXPECT_EQ(read.rest, "GET / HTTP/1.1");
  });
  EXPECT_EQ(read_no_more_than_surely_left(wire_bytes(with_rest)), wire.size()) << expected;
  for (std::size_t size = 0; size < wire.size(); ++size) {
    const std::string part = wire.substr(0, size);
    EXPECT_EQ(read_header({.name = "a part", .pieces = {wire_bytes(part)}}).outcome, "more")
        << size;
  }
}

void expect_no_header(const std::string& wire, const std::string& why) {
  for_every_chopping(wire_bytes(wire), [&](const Chopping& chopping) {
    SCOPED_TRACE(chopping.name);
    EXPECT_EQ(read_header(chopping).outcome, why);
  });
}

TEST(ProxyHeaderLine, tells_the_client) {
  expect_header("PROXY TCP4 192.0.2.1 192.0.2.2 4000 443\r\n", "c0000201 port 4000");
  expect_header("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "00000000 port 0");
  expect_header("PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "01010101 port 1");
  expect_header("PROXY TCP6 2001:db8::1 ::1 65535 80\r\n",
                "20010db8000000000000000000000001 port 65535");
  expect_header("PROXY TCP6 :: :: 1 1\r\n", "00000000000000000000000000000000 port 1");
  expect_header("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "c0000201 port 1");
  expect_header(
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
      std::string(32, 'f') + " port 65535");
}

TEST(ProxyHeaderLine, of_an_unknown_client_means_nothing_behind_the_word) {
  expect_header("PROXY UNKNOWN\r\n", "nobody");
  expect_header("PROXY UNKNOWN \r\n", "nobody");
  expect_header("PROXY UNKNOWN 1.2.3.4 what ever\t\x01\r\n", "nobody");
  expect_header("PROXY UNKNOWN " + std::string(107 - 16, 'x') + "\r\n", "nobody");
}

TEST(ProxyHeaderLine, that_breaks_the_grammar_is_refused) {
  for (const std::string line : {
           "PROXY",
           "PROXY ",
           "PROXY TCP4",
           "PROXY TCP4 1.1.1.1 1.1.1.1 1",
           "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 ",
           "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1",
           "PROXY TCP4  1.1.1.1 1.1.1.1 1 1",
           "PROXY  TCP4 1.1.1.1 1.1.1.1 1 1",
           "PROXY TCP4 1.1.1.1 1.1.1.1 1 65536",
           "PROXY TCP4 1.1.1.1 1.1.1.1 65536 1",
           "PROXY TCP4 1.1.1.1 1.1.1.1 01 1",
           "PROXY TCP4 1.1.1.1 1.1.1.1 1 00",
           "PROXY TCP4 1.1.1.1 1.1.1.1 -1 1",
           "PROXY TCP4 1.1.1.1 1.1.1.1 +1 1",
           "PROXY TCP4 1.1.1.1 1.1.1.1 0x1 1",
           "PROXY TCP4 ::1 ::1 1 1",
           "PROXY TCP4 ::ffff:1.1.1.1 1.1.1.1 1 1",
           "PROXY TCP6 1.1.1.1 1.1.1.1 1 1",
           "PROXY TCP6 ::1 1.1.1.1 1 1",
           "PROXY TCP6 fe80::1%eth0 ::1 1 1",
           "PROXY TCP6 [::1] ::1 1 1",
           "PROXY TCP4 01.1.1.1 1.1.1.1 1 1",
           "PROXY TCP4 localhost 1.1.1.1 1 1",
           "PROXY tcp4 1.1.1.1 1.1.1.1 1 1",
           "PROXY UDP4 1.1.1.1 1.1.1.1 1 1",
           "PROXY UNKNOWNS",
           "PROXY unknown",
       }) {
    const bool is_beginning = std::string_view("PROXY ").starts_with(line);
    const std::string wire = line + "\r\n";
    expect_no_header(wire, is_beginning && line.size() < 6
                               ? "no PROXY header: the connection begins with \"" + line + "\\x0d\""
                               : "not a line of a PROXY header: \"" + line + "\"");
  }
}

TEST(ProxyHeaderLine, ends_with_cr_and_lf_within_107_bytes) {
  expect_no_header("PROXY UNKNOWN\n", "LF without CR in the line of a PROXY header");
  expect_no_header("PROXY UNKNOWN\rx", "CR without LF in the line of a PROXY header");
  expect_no_header("PROXY UNKNOWN\r\r\n", "CR without LF in the line of a PROXY header");
  expect_no_header("PROXY UNKNOWN" + std::string(200, ' '),
                   "the line of a PROXY header has more than 107 bytes");
}

TEST(ProxyHeaderTest, something_else_is_refused_at_its_first_wrong_byte) {
  const std::string begins = "no PROXY header: the connection begins with ";
  expect_no_header("GET / HTTP/1.1\r\n", begins + "\"G\"");
  expect_no_header("PRI * HTTP/2.0\r\n", begins + "\"PRI\"");
  expect_no_header("proxy TCP4", begins + "\"p\"");
  expect_no_header("\x16\x03\x01", begins + "\"\\x16\"");
  expect_no_header("\r\n\r\nGET", begins + "\"\\x0d\\x0a\\x0d\\x0aG\"");
}

const std::string proxy_signature("\r\n\r\n\0\r\nQUIT\n", 12);

/// A header of version 2: everything behind the proxy_signature, in hexadecimal digits.
std::string proxy_block(std::string_view hex) {
  return proxy_signature + std::string(wire_text(from_hex(hex)));
}

TEST(ProxyHeaderBlock, tells_the_client) {
  expect_header(proxy_block("21 11 000c c0000201 c0000202 0fa0 01bb"), "c0000201 port 4000");
  expect_header(proxy_block("21 12 000c c0000201 c0000202 ffff 01bb"), "c0000201 port 65535");
  const std::string two = "20010db8000000000000000000000001 00000000000000000000000000000001";
  expect_header(proxy_block("21 21 0024" + two + "0050 01bb"),
                "20010db8000000000000000000000001 port 80");
  expect_header(proxy_block("21 22 0024" + two + "0050 01bb"),
                "20010db8000000000000000000000001 port 80");
  expect_header(proxy_block("21 21 0024 00000000000000000000ffffc0000201"
                            "00000000000000000000000000000001 0001 0002"),
                "c0000201 port 1");
}

TEST(ProxyHeaderBlock, may_tell_more_which_is_skipped) {
  // An authority (type 02), and a checksum that is none (type 03).
  expect_header(
      proxy_block("21 11 001a c0000201 c0000202 0fa0 01bb 02 0004 61626364 03 0004 00000000"),
      "c0000201 port 4000");
  const std::string addresses = "c0000201 c0000202 0fa0 01bb";
  const std::size_t most = limits::proxy_header_size - 16 - 12;
  std::string longest = proxy_block("21 11 0ff0" + addresses) + std::string(most, 'x');
  ASSERT_EQ(longest.size(), limits::proxy_header_size);
  EXPECT_EQ(read_header(pieces_of(wire_bytes(longest), 1000)).outcome, "c0000201 port 4000");
  expect_no_header(proxy_block("21 11 0ff1"), "a PROXY header that is too long");
  expect_no_header(proxy_block("20 00 ffff"), "a PROXY header that is too long");
}

TEST(ProxyHeaderBlock, of_a_proxy_for_itself_and_of_other_families_tells_nobody) {
  expect_header(proxy_block("20 00 0000"), "nobody");
  expect_header(proxy_block("20 11 000c c0000201 c0000202 0fa0 01bb"), "nobody");
  expect_header(proxy_block("20 ff 0003 010203"), "nobody");
  expect_header(proxy_block("21 00 0000"), "nobody");
  expect_header(proxy_block("21 00 0002 ffff"), "nobody");
  for (const std::string family : {"31", "32"}) {
    expect_header(proxy_block("21" + family + "00d8") + std::string(216, 'p'), "nobody");
  }
}

TEST(ProxyHeaderBlock, that_breaks_the_grammar_is_refused) {
  for (const std::string version : {"01", "11", "31", "f0"}) {
    expect_no_header(proxy_block(version + "11 000c"),
                     "a PROXY header of a version other than 1 and 2");
  }
  for (const std::string command : {"22", "2f"}) {
    expect_no_header(proxy_block(command + "11 000c"), "a PROXY header with an unknown command");
  }
  for (const std::string family : {"01", "02", "10", "13", "20", "23", "30", "33", "41", "ff"}) {
    expect_no_header(proxy_block("21" + family + "00ff"),
                     "a PROXY header with an unknown address family or transport");
  }
  for (const std::string size : {"11 0000", "11 000b", "21 0023", "22 000c", "31 00d7"}) {
    expect_no_header(proxy_block("21" + size), "a PROXY header that ends within its addresses");
  }
}

}  // namespace
}  // namespace wirespan::test
