// net/address_rotation.cpp: the order of addresses from one attempt to the next.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sockets.hpp"
#include <wirespan/net/address_rotation.hpp>

namespace wirespan::test {
namespace {

using net::AddressRotation;
using net::Endpoint;

const Endpoint address_a = loopback(80, "127.0.0.1");
const Endpoint address_b = loopback(80, "127.0.0.2");
const Endpoint address_c = loopback(80, "127.0.0.3");
using Addresses = std::vector<Endpoint>;

void attempt(AddressRotation& rotation, const Addresses& addresses) {
  for (const Endpoint& address : addresses) rotation.note(address);
  rotation.next_attempt();
}

TEST(AddressRotation, begins_where_the_resolver_says) {
  EXPECT_EQ(AddressRotation().rotated({address_a, address_b}), (Addresses{address_a, address_b}));
  EXPECT_EQ(AddressRotation().rotated({}), Addresses{});
}

TEST(AddressRotation, begins_behind_the_address_that_was_tried_last) {
  AddressRotation rotation;
  attempt(rotation, {address_a});
  EXPECT_EQ(rotation.rotated({address_a, address_b, address_c}),
            (Addresses{address_b, address_c, address_a}));
  attempt(rotation, {address_b});
  EXPECT_EQ(rotation.rotated({address_a, address_b, address_c}),
            (Addresses{address_c, address_a, address_b}));
  attempt(rotation, {address_c});
  EXPECT_EQ(rotation.rotated({address_a, address_b, address_c}),
            (Addresses{address_a, address_b, address_c}));
}

TEST(AddressRotation, finds_the_address_in_another_order_of_the_resolver) {
  AddressRotation rotation;
  attempt(rotation, {address_a});
  EXPECT_EQ(rotation.rotated({address_b, address_a, address_c}),
            (Addresses{address_c, address_b, address_a}));
  EXPECT_EQ(rotation.rotated({address_a}), Addresses{address_a});
}

TEST(AddressRotation, keeps_the_order_of_a_list_without_the_address) {
  AddressRotation rotation;
  attempt(rotation, {address_a});
  EXPECT_EQ(rotation.rotated({address_b, address_c}), (Addresses{address_b, address_c}));
  EXPECT_EQ(rotation.rotated({address_a.with_port(81), address_b}),
            (Addresses{address_a.with_port(81), address_b}));
}

/// A redirect from ws: to wss: of the same name, or a proxy that asks for a password.
TEST(AddressRotation, goes_by_earlier_attempts_within_an_attempt) {
  AddressRotation rotation;
  rotation.next_attempt();
  rotation.note(address_a);
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_a, address_b}));
  rotation.next_attempt();
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_b, address_a}));
  rotation.note(address_b);
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_b, address_a}));
}

TEST(AddressRotation, turns_each_port_by_itself) {
  const Endpoint secure_a = address_a.with_port(443);
  const Endpoint secure_b = address_b.with_port(443);
  AddressRotation rotation;
  attempt(rotation, {address_a, secure_a});
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_b, address_a}));
  EXPECT_EQ(rotation.rotated({secure_a, secure_b}), (Addresses{secure_b, secure_a}));
  attempt(rotation, {address_b});
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_a, address_b}));
  EXPECT_EQ(rotation.rotated({secure_a, secure_b}), (Addresses{secure_b, secure_a}));
}

TEST(AddressRotation, keeps_the_latest_addresses) {
  AddressRotation rotation;
  attempt(rotation, {address_a});
  for (std::uint16_t port = 1; port < AddressRotation::most; ++port) {
    attempt(rotation, {address_c.with_port(port)});
  }
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_b, address_a}));
  rotation.note(address_c.with_port(1000));
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_a, address_b}));
  const Endpoint newest = address_c.with_port(AddressRotation::most - 1);
  EXPECT_EQ(rotation.rotated({newest, address_b}), (Addresses{address_b, newest}));
}

TEST(AddressRotation, forgets_once_an_attempt_has_succeeded) {
  AddressRotation rotation;
  attempt(rotation, {address_a});
  rotation.forget();
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_a, address_b}));
}

}  // namespace
}  // namespace wirespan::test
