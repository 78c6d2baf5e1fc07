// core/close_code.cpp, core/opcode.hpp: close codes and opcodes on the wire, and their names.
#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include <wirespan/core/close_code.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan::test {
namespace {

TEST(CloseCode, every_code_has_a_name) {
  for (unsigned value = 0; value <= 0xFFFF; ++value) {
    ASSERT_FALSE(name(CloseCode{static_cast<std::uint16_t>(value)}).empty()) << value;
  }
}

TEST(CloseCode, every_assigned_code_has_a_name_of_its_own) {
  std::set<std::string_view> names{name(CloseCode{2000}), name(CloseCode{3000}),
                                   name(CloseCode{4000})};
  EXPECT_EQ(names.size(), 3U);
  for (unsigned value = 1000; value <= 1015; ++value) {
    if (value == 1004) continue;
    EXPECT_TRUE(names.insert(name(CloseCode{static_cast<std::uint16_t>(value)})).second) << value;
  }
  EXPECT_EQ(name(CloseCode{3999}), name(CloseCode{3000}));
  EXPECT_EQ(name(CloseCode{4999}), name(CloseCode{4000}));
  for (const unsigned value : {0U, 999U, 1004U, 1016U, 2999U, 5000U, 65535U}) {
    EXPECT_EQ(name(CloseCode{static_cast<std::uint16_t>(value)}), name(CloseCode{2000})) << value;
  }
}

TEST(CloseCode, R135_R136_R137_R138_R139_which_codes_may_stand_in_a_frame) {
  for (unsigned value = 0; value <= 0xFFFF; ++value) {
    const bool assigned = value >= 1000 && value <= 1014;
    const bool never = value == 1004 || value == 1005 || value == 1006;
    const bool open_range = value >= 3000 && value <= 4999;
    ASSERT_EQ(may_be_on_the_wire(CloseCode{static_cast<std::uint16_t>(value)}),
              (assigned && !never) || open_range)
        << value;
  }
}

TEST(Opcode, R81_R82_questions_about_all_sixteen) {
  const std::string_view names[] = {
      "cont",  "text", "binary", "reserved", "reserved", "reserved", "reserved", "reserved",
      "close", "ping", "pong",   "reserved", "reserved", "reserved", "reserved", "reserved"};
  for (unsigned value = 0; value < 16; ++value) {
    const Opcode opcode{static_cast<std::uint8_t>(value)};
    EXPECT_EQ(is_control(opcode), value >= 8) << value;
    EXPECT_EQ(is_reserved(opcode), names[value] == "reserved") << value;
    EXPECT_EQ(name(opcode), names[value]);
  }
}

}  // namespace
}  // namespace wirespan::test
