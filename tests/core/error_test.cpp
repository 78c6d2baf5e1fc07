// core/error.cpp: one code per defect, conditions for groups, close codes for the peer.
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::test {
namespace {

constexpr int first_error = static_cast<int>(Errc::reserved_bits);
constexpr int last_error = static_cast<int>(Errc::invalid_option);

constexpr std::array all_conditions{Condition::protocol_violation, Condition::handshake_failed,
                                    Condition::misuse, Condition::backpressure,
                                    Condition::resources};

std::vector<Errc> all_errors() {
  std::vector<Errc> errors;
  for (int value = first_error; value <= last_error; ++value) errors.push_back(Errc{value});
  return errors;
}

TEST(Error, every_code_has_a_message_of_its_own) {
  std::set<std::string> messages{make_error_code(Errc{9999}).message()};
  for (const Errc error : all_errors()) {
    const std::string message = make_error_code(error).message();
    EXPECT_FALSE(message.empty());
    EXPECT_TRUE(messages.insert(message).second) << message << " says a second error too";
    EXPECT_TRUE(is_valid_utf8(wire_bytes(message)));
    EXPECT_LE(message.size(), 60U) << message << " has to fit into a Close frame";
  }
  EXPECT_FALSE(make_error_code(Errc{last_error + 1}).message() ==
               make_error_code(Errc::invalid_option).message());
}

TEST(Error, zero_is_no_error) {
  EXPECT_EQ(first_error, 1);
  for (const Errc error : all_errors()) EXPECT_TRUE(make_error_code(error));
}

/// The expected properties of one code, repeated here on purpose and not taken from the library.
struct Grouping {
  std::optional<Condition> condition{};
  bool timed_out = false;
  unsigned close_code = 1011;
};

Grouping expected_grouping(Errc error) {
  switch (error) {
    case Errc::reserved_bits:
    case Errc::reserved_opcode:
    case Errc::fragmented_control:
    case Errc::oversized_control:
    case Errc::nonminimal_length:
    case Errc::length_overflow:
    case Errc::unexpected_mask:
    case Errc::missing_mask:
    case Errc::unexpected_continuation:
    case Errc::expected_continuation:
    case Errc::short_close_payload:
    case Errc::invalid_close_code:
      return {.condition = Condition::protocol_violation, .close_code = 1002};
    case Errc::invalid_utf8:
    case Errc::invalid_close_reason:
    case Errc::bad_compressed_data:
      return {.condition = Condition::protocol_violation, .close_code = 1007};
    case Errc::message_too_big:
      return {.condition = Condition::protocol_violation, .close_code = 1009};
    case Errc::too_many_fragments:
    case Errc::inflate_ratio:
    case Errc::ping_flood:
    case Errc::slow_sender:
      return {.condition = Condition::protocol_violation, .close_code = 1008};
    case Errc::connect_timeout:
    case Errc::handshake_timeout:
    case Errc::ping_timeout:
    case Errc::close_timeout:
    case Errc::receive_timeout:
    case Errc::send_timeout:
    case Errc::idle_timeout:
      return {.timed_out = true};
    default:
      break;
  }
  if (error >= Errc::malformed_start_line && error <= Errc::too_many_informational) {
    return {.condition = Condition::handshake_failed};
  }
  if (error == Errc::send_queue_full || error == Errc::send_budget_spent ||
      error == Errc::overflow_closed) {
    return {.condition = Condition::backpressure};
  }
  if (error == Errc::no_mask_key) return {.condition = Condition::resources};
  if (error >= Errc::not_open) return {.condition = Condition::misuse};
  return {};
}

TEST(Error, R129_every_code_has_its_condition_and_its_close_code) {
  for (const Errc error : all_errors()) {
    const std::error_code code = error;
    const Grouping expected = expected_grouping(error);
    for (const Condition condition : all_conditions) {
      EXPECT_EQ(code == condition, expected.condition == condition)
          << code.message() << " is a " << make_error_condition(condition).message();
    }
    EXPECT_EQ(code == std::errc::timed_out, expected.timed_out) << code.message();
    EXPECT_EQ(static_cast<unsigned>(close_code_for(code)), expected.close_code) << code.message();
    EXPECT_TRUE(may_be_on_the_wire(close_code_for(code)));
  }
}

/// A full process or host is not an error that the caller can mend in code.
TEST(Error, a_shortage_of_the_system_is_one_of_resources) {
  for (const int value : {ENOMEM, EMFILE, ENFILE, ENOBUFS}) {
    for (const std::error_category* category :
         {&std::system_category(), &std::generic_category()}) {
      const std::error_code code(value, *category);
      EXPECT_EQ(code, Condition::resources) << code.message();
      EXPECT_NE(code, Condition::misuse);
      EXPECT_NE(code, Condition::backpressure);
    }
  }
  for (const int value : {0, ECONNRESET, EAGAIN, ENOENT}) {
    EXPECT_NE(std::error_code(value, std::system_category()), Condition::resources) << value;
  }
  EXPECT_NE(make_error_code(Errc::send_queue_full), Condition::resources);
}

TEST(Error, the_ends_of_the_groups) {
  EXPECT_EQ(make_error_code(Errc::malformed_start_line), Condition::handshake_failed);
  EXPECT_EQ(make_error_code(Errc::too_many_informational), Condition::handshake_failed);
  EXPECT_NE(make_error_code(Errc::host_not_found), Condition::handshake_failed);
  EXPECT_NE(make_error_code(Errc::tls_unavailable), Condition::misuse);
  EXPECT_EQ(make_error_code(Errc::not_open), Condition::misuse);
  EXPECT_EQ(make_error_code(Errc::invalid_option), Condition::misuse);
  EXPECT_NE(make_error_code(Errc::connection_lost), Condition::protocol_violation);
  EXPECT_NE(make_error_code(Errc::connection_closed), Condition::protocol_violation);
}

TEST(Error, codes_of_others_are_not_the_peers_fault) {
  EXPECT_EQ(close_code_for(make_error_code(std::errc::not_enough_memory)),
            CloseCode::internal_error);
  EXPECT_EQ(close_code_for(
                std::error_code(static_cast<int>(Errc::invalid_utf8), std::generic_category())),
            CloseCode::internal_error);
  EXPECT_NE(std::error_code(1, std::generic_category()), Condition::protocol_violation);
}

TEST(Error, categories_have_names_and_conditions_have_messages) {
  EXPECT_STREQ(wirespan_category().name(), "wirespan");
  EXPECT_STREQ(condition_category().name(), "wirespan.condition");
  std::set<std::string> messages{make_error_condition(Condition{99}).message()};
  for (const Condition condition : all_conditions) {
    EXPECT_TRUE(messages.insert(make_error_condition(condition).message()).second);
  }
}

}  // namespace
}  // namespace wirespan::test
