// wire_case.hpp - rows of the RFC tests: bytes of the wire, the events they cause, and the answers.
#pragma once

#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/conversation.hpp"

namespace wirespan::test {

struct WireCase {
  std::string name{};
  ByteVector wire{};  ///< As a server sends it; a server under test gets it masked.
  std::vector<std::string> events{};
  std::vector<std::string> answers{};  ///< Frames that the connection sends by itself.
  ReceiveOptions receive{};
};

/// Returns a row that ends in a failure after the events `before`, and in a Close frame with
/// `code`.
[[nodiscard]] WireCase refused(std::string name, ByteVector wire, Errc error, unsigned code = 1002,
                               std::vector<std::string> before = {});

/// Runs the row whole, byte by byte and cut at every position, with both ways of reading.
void expect_in_every_chopping(const WireCase& row, Role receiver);

/// A row, and the role that receives it.
using WireParam = std::tuple<WireCase, Role>;
/// Returns a name for the list of tests: "R80_rsv1_to_a_server".
[[nodiscard]] std::string wire_param_name(const ::testing::TestParamInfo<WireParam>& info);

void PrintTo(const WireCase& row, std::ostream* out);

}  // namespace wirespan::test

/// Instantiates the suite with every row in both roles.
#define WIRESPAN_TEST_BOTH_ROLES(group, suite, rows)                                             \
  INSTANTIATE_TEST_SUITE_P(                                                                      \
      group, suite,                                                                              \
      ::testing::Combine(::testing::ValuesIn(rows),                                              \
                         ::testing::Values(::wirespan::Role::client, ::wirespan::Role::server)), \
      ::wirespan::test::wire_param_name)
