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

TEST(AddressRotation, begins_where_the_resolver_says) {
  EXPECT_EQ(AddressRotation().rotated({address_a, address_b}), (Addresses{address_a, address_b}));
  EXPECT_EQ(AddressRotation().rotated({}), Addresses{});
}

TEST(AddressRotation, begins_behind_the_address_that_was_tried_last) {
  AddressRotation rotation;
  rotation.note(address_a);
  EXPECT_EQ(rotation.rotated({address_a, address_b, address_c}),
            (Addresses{address_b, address_c, address_a}));
  rotation.note(address_b);
  EXPECT_EQ(rotation.rotated({address_a, address_b, address_c}),
            (Addresses{address_c, address_a, address_b}));
  rotation.note(address_c);
  EXPECT_EQ(rotation.rotated({address_a, address_b, address_c}),
            (Addresses{address_a, address_b, address_c}));
}

TEST(AddressRotation, finds_the_address_in_another_order_of_the_resolver) {
  AddressRotation rotation;
  rotation.note(address_a);
  EXPECT_EQ(rotation.rotated({address_b, address_a, address_c}),
            (Addresses{address_c, address_b, address_a}));
  EXPECT_EQ(rotation.rotated({address_a}), Addresses{address_a});
}

TEST(AddressRotation, keeps_the_order_of_a_list_without_the_address) {
  AddressRotation rotation;
  rotation.note(address_a);
  EXPECT_EQ(rotation.rotated({address_b, address_c}), (Addresses{address_b, address_c}));
  EXPECT_EQ(rotation.rotated({address_a.with_port(81), address_b}),
            (Addresses{address_a.with_port(81), address_b}));
}

TEST(AddressRotation, forgets_once_an_attempt_has_succeeded) {
  AddressRotation rotation;
  rotation.note(address_a);
  rotation.forget();
  EXPECT_EQ(rotation.rotated({address_a, address_b}), (Addresses{address_a, address_b}));
}

}  // namespace
}  // namespace wirespan::test
