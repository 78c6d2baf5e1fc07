// app/server/address_counter.hpp: the limit for connections from one address.
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/app/server/address_counter.hpp>

namespace wirespan::test {
namespace {

using Ticket = AddressCounter::Ticket;

net::Endpoint from(std::string_view host, std::uint16_t port = 4711) {
  return *net::Endpoint::from_numeric(host, port);
}

TEST(AddressCounterTest, an_address_has_as_many_as_it_may_whatever_its_ports) {
  AddressCounter counter(2, false);
  auto one = counter.take(from("10.0.0.1", 1));
  auto two = counter.take(from("10.0.0.1", 2));
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(counter.take(from("10.0.0.1", 3)));
  EXPECT_TRUE(counter.take(from("10.0.0.2"))) << "others are not concerned";
  one.reset();
  EXPECT_TRUE(counter.take(from("10.0.0.1", 3))) << "given back";
}

TEST(AddressCounterTest, a_share_that_moves_is_given_back_once) {
  AddressCounter counter(1, false);
  auto taken = counter.take(from("10.0.0.1"));
  ASSERT_TRUE(taken);
  Ticket moved = *std::move(taken);
  taken.reset();
  EXPECT_FALSE(counter.take(from("10.0.0.1")));
  Ticket assigned;
  assigned = std::move(moved);
  EXPECT_FALSE(counter.take(from("10.0.0.1")));
  assigned = Ticket();
  EXPECT_TRUE(counter.take(from("10.0.0.1")));
}

TEST(AddressCounterTest, an_ipv6_host_has_its_whole_64_bit_prefix) {
  AddressCounter counter(1, false);
  const auto held = counter.take(from("2001:db8:1:2::1"));
  ASSERT_TRUE(held);
  EXPECT_FALSE(counter.take(from("2001:db8:1:2:ffff::9"))) << "the same /64";
  EXPECT_TRUE(counter.take(from("2001:db8:1:3::1"))) << "another one";
}

/// On a dual-stack listener all of IPv4 lies in one /64.
TEST(AddressCounterTest, ipv4_inside_ipv6_is_counted_as_ipv4) {
  AddressCounter counter(1, false);
  const auto held = counter.take(from("::ffff:10.0.0.1"));
  ASSERT_TRUE(held);
  EXPECT_TRUE(counter.take(from("::ffff:10.0.0.2")));
  EXPECT_FALSE(counter.take(from("::ffff:10.0.0.1")));
  EXPECT_FALSE(counter.take(from("10.0.0.1"))) << "the same host by its other name";
}

TEST(AddressCounterTest, loopback_is_counted_on_demand_only) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    AddressCounter lenient(1, false);
    AddressCounter strict(1, true);
    const auto first = lenient.take(from(host));
    const auto second = lenient.take(from(host));
    EXPECT_TRUE(first && second) << host;
    const auto third = strict.take(from(host));
    EXPECT_TRUE(third) << host;
    EXPECT_FALSE(strict.take(from(host))) << host;
  }
}

TEST(AddressCounterTest, without_a_limit_or_an_address_nothing_is_counted) {
  AddressCounter unlimited(0, true);
  AddressCounter strict(1, true);
  const auto path = *net::Endpoint::from_unix_path("/tmp/a socket");
  std::vector<std::optional<Ticket>> held;
  for (int i = 0; i < 10; ++i) {
    held.push_back(unlimited.take(from("10.0.0.1")));
    held.push_back(strict.take(path));
    held.push_back(strict.take(net::Endpoint()));
  }
  for (const auto& ticket : held) EXPECT_TRUE(ticket);
}

TEST(AddressCounterTest, threads_share_it) {
  AddressCounter counter(1000, false);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) {
        const auto one = counter.take(from("10.0.0.1"));
        const auto two = counter.take(from("10.0.0." + std::to_string(n % 5)));
        EXPECT_TRUE(one && two);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::optional<Ticket>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(counter.take(from("10.0.0.1")));
  EXPECT_TRUE(all.back()) << "everything was given back";
  EXPECT_FALSE(counter.take(from("10.0.0.1")));
}

}  // namespace
}  // namespace wirespan::test
