// net/socket_option.cpp: values of each kind, their bytes, names in error texts, the defaults.
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "support/case_name.hpp"
#include "support/sockets.hpp"
#include <wirespan/net/network.hpp>

namespace wirespan::test {
namespace {

using net::OptionValue;
using net::SocketOption;

bool is_one(const OptionValue& value) { return value == 1; }

TEST(SocketOptionValue, a_number_has_the_bytes_of_an_int) {
  const SocketOption option{SOL_SOCKET, SO_REUSEADDR, 0x01020304};
  int number = 0;
  ASSERT_EQ(option.value.bytes().size(), sizeof number);
  std::memcpy(&number, option.value.bytes().data(), sizeof number);
  EXPECT_EQ(number, 0x01020304);
  EXPECT_EQ(option.value, 0x01020304);
  EXPECT_TRUE(option.value.is_number());
  const int read = option.value;
  EXPECT_EQ(read, 0x01020304);
}

TEST(SocketOptionValue, can_be_given_by_name_and_is_0_by_default) {
  const SocketOption option{.level = SOL_SOCKET, .name = SO_KEEPALIVE, .value = 1};
  EXPECT_TRUE(is_one(option.value));
  EXPECT_EQ(SocketOption{}.value, 0);
}

TEST(SocketOptionValue, a_text_has_its_own_bytes_and_no_nul) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(wire_text(OptionValue(text).bytes()), text);
  EXPECT_EQ(wire_text(OptionValue("eth0").bytes()), "eth0");
  EXPECT_EQ(wire_text(OptionValue(wire_bytes("xy")).bytes()), "xy");
  EXPECT_TRUE(OptionValue("").bytes().empty());
  EXPECT_FALSE(OptionValue("").is_number());
  EXPECT_EQ(int(OptionValue("eth0")), 0);
}

TEST(SocketOptionValue, a_struct_has_its_bytes) {
  const timeval time{.tv_sec = 3, .tv_usec = 500'000};
  const OptionValue value(time);
  ASSERT_EQ(value.bytes().size(), sizeof time);
  EXPECT_EQ(std::memcmp(value.bytes().data(), &time, sizeof time), 0);
}

TEST(SocketOptionValue, a_number_and_the_same_bytes_are_different_values) {
  const OptionValue number(7);
  const OptionValue bytes(number.bytes());
  EXPECT_FALSE(number == bytes);
  EXPECT_FALSE(bytes == 0);
  EXPECT_EQ(number, OptionValue(7));
  EXPECT_EQ(bytes, OptionValue(number.bytes()));
  EXPECT_EQ((SocketOption{1, 2, "x"}), (SocketOption{1, 2, "x"}));
  EXPECT_NE((SocketOption{1, 2, "x"}), (SocketOption{1, 2, "y"}));
  EXPECT_NE((SocketOption{1, 2, 3}), (SocketOption{1, 3, 3}));
}

TEST(SocketOptionValue, each_kind_reaches_the_system) {
  net::Network& network = net::system_network();
  const net::UniqueFd fd(*network.open(net::Family::ipv4));
  EXPECT_FALSE(
      network.set_option(fd.get(), {SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 4}}));
  linger kept{};
  socklen_t size = sizeof kept;
  ASSERT_EQ(::getsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &kept, &size), 0);
  EXPECT_EQ(kept.l_linger, 4);

  EXPECT_FALSE(network.set_option(fd.get(), {IPPROTO_TCP, TCP_CONGESTION, "reno"}));
  char name[16]{};
  size = sizeof name;
  ASSERT_EQ(::getsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
  EXPECT_STREQ(name, "reno");

  EXPECT_TRUE(network.set_option(fd.get(), {SOL_SOCKET, SO_LINGER, "x"})) << "too short";
}

struct ShownOption {
  const char* name;
  SocketOption option;
  std::string shown;
};
void PrintTo(const ShownOption& row, std::ostream* out) { *out << row.name; }

class ShownOptions : public ::testing::TestWithParam<ShownOption> {};

TEST_P(ShownOptions, name_the_option) { EXPECT_EQ(to_string(GetParam().option), GetParam().shown); }

const ShownOption shown_options[] = {
    {"unknown", {12345, 6789, -1}, "level 12345, name 6789, value -1"},
    {"known", {IPPROTO_TCP, TCP_NODELAY, 1}, "level 6, name 1 (TCP_NODELAY), value 1"},
    {"same_name_of_another_level", {99, TCP_NODELAY, 1}, "level 99, name 1, value 1"},
    {"text",
     {IPPROTO_TCP, TCP_CONGESTION, "reno"},
     "level 6, name " + std::to_string(TCP_CONGESTION) + " (TCP_CONGESTION), value of 4 bytes"},
};
INSTANTIATE_TEST_SUITE_P(Table, ShownOptions, ::testing::ValuesIn(shown_options),
                         case_name<ShownOption>);

TEST(DefaultSocketOptions, end_a_connection_over_a_dead_network_within_a_minute) {
  const auto value_of = [](int level, int name) {
    for (const SocketOption& option : net::default_socket_options()) {
      if (option.level == level && option.name == name) return int(option.value);
    }
    return -1;
  };
  const int idle = value_of(IPPROTO_TCP, TCP_KEEPIDLE) * 1000;
  const int interval = value_of(IPPROTO_TCP, TCP_KEEPINTVL) * 1000;
  const int unacknowledged = value_of(IPPROTO_TCP, TCP_USER_TIMEOUT);
  EXPECT_GT(unacknowledged, idle) << "else the first probe would end an idle connection";
  EXPECT_LT(unacknowledged + interval, 60'000);
}

TEST(AcceptedSocketOptions, are_those_of_a_client_without_the_time_for_slow_readers) {
  const auto accepted = net::accepted_socket_options();
  EXPECT_EQ(accepted.size() + 1, net::default_socket_options().size());
  for (const SocketOption& option : accepted) EXPECT_NE(option.name, TCP_USER_TIMEOUT);
}

}  // namespace
}  // namespace wirespan::test
