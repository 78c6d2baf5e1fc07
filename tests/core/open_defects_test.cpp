// Defects of core that are known and not mended yet: each test fails until one is. Then it moves
// to the file of its clause.
#include <string>

#include <gtest/gtest.h>

#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

/// §10.4: the limit of elements holds for each header line by itself; a list over several lines
/// goes around it.
TEST(OpenDefect, R51_R122_the_limit_of_elements_holds_for_all_lines_together) {
  std::string line = "Sec-WebSocket-Extensions: a";
  for (std::size_t i = 1; i < limits::extension_elements; ++i) line += ",a";
  EXPECT_TRUE(server_verdict(adding(valid_request(), {line})).complete);
  EXPECT_EQ(server_verdict(adding(valid_request(), {line, line})).error, Errc::bad_extensions);
}

}  // namespace
}  // namespace wirespan::test
