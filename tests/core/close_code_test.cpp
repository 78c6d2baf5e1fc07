#include <gtest/gtest.h>

#include <wirespan/core/close_code.hpp>

namespace wirespan {
namespace {

TEST(CloseCode, every_code_has_a_name) {
  for (unsigned value = 0; value <= 0xFFFF; ++value) {
    EXPECT_FALSE(name(CloseCode{static_cast<std::uint16_t>(value)}).empty()) << value;
  }
}

}  // namespace
}  // namespace wirespan
