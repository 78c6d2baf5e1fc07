// RFC 6455 §8.1: text messages that are not UTF-8.
#include <optional>

#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

struct TextCase {
  std::string name;
  ByteVector text;
  std::optional<std::size_t> bad_at{};  ///< Index of the first impossible byte.
  bool unfinished = false;              ///< The text ends inside a code point.
};

void PrintTo(const TextCase& row, std::ostream* out) { *out << row.name << to_hex(row.text); }

bool is_valid(const TextCase& row) { return !row.bad_at && !row.unfinished; }

std::vector<TextCase> valid_rows() {
  return {
      {"R113_empty", {}},
      {"R113_ascii", "48656c6c6f"_hex},
      {"R113_a_zero_byte", "00"_hex},
      {"R113_two_bytes_first", "c280"_hex},
      {"R113_two_bytes_last", "dfbf"_hex},
      {"R113_three_bytes_first", "e0a080"_hex},
      {"R113_three_bytes_last", "efbfbf"_hex},
      {"R113_before_the_surrogates", "ed9fbf"_hex},
      {"R113_behind_the_surrogates", "ee8080"_hex},
      {"R113_four_bytes_first", "f0908080"_hex},
      {"R113_the_last_code_point", "f48fbfbf"_hex},
      {"R113_a_noncharacter_is_valid", "efbfbe"_hex},
      {"R113_a_mark_of_byte_order_is_valid", "efbbbf"_hex},
      {"R113_greek", "cebae1bdb9cf83cebcceb5"_hex},
      {"R113_long_ascii_and_one_accent",
       join({ByteVector(100, std::byte{'a'}), "c3a9"_hex, ByteVector(100, std::byte{'b'})})},
  };
}

std::vector<TextCase> invalid_rows() {
  return {
      {"R113_R115_fe", "fe"_hex, 0},
      {"R113_R115_ff", "61ff61"_hex, 1},
      {"R113_R115_a_lone_continuation", "80"_hex, 0},
      {"R113_R115_continuation_after_a_whole_character", "c3a9a9"_hex, 2},
      {"R113_R115_overlong_slash_in_two", "c0af"_hex, 0},
      {"R113_R115_overlong_in_two_c1", "c1bf"_hex, 0},
      {"R113_R115_overlong_slash_in_three", "e080af"_hex, 1},
      {"R113_R115_overlong_in_three_last", "e09fbf"_hex, 1},
      {"R113_R115_overlong_slash_in_four", "f08080af"_hex, 1},
      {"R113_R115_overlong_in_four_last", "f08fbfbf"_hex, 1},
      {"R113_R115_first_high_surrogate", "eda080"_hex, 1},
      {"R113_R115_last_low_surrogate", "edbfbf"_hex, 1},
      {"R113_R115_pair_of_surrogates", "eda080edb080"_hex, 1},
      {"R113_R115_above_the_last_code_point", "f4908080"_hex, 1},
      {"R113_R115_f5", "f5808080"_hex, 0},
      {"R113_R115_five_bytes", "f888808080"_hex, 0},
      {"R113_R115_six_bytes", "fc8480808080"_hex, 0},
      {"R113_R115_lead_where_a_continuation_is_due", "c3c3"_hex, 1},
      {"R113_R115_ascii_where_a_continuation_is_due", "e28261"_hex, 2},
      {"R113_R115_ascii_in_the_middle_of_four", "f0906180"_hex, 2},
      {"R113_R115_bad_byte_behind_greek_and_before_more", "cebae1bdb9eda08065646974"_hex, 6},
      {"R113_R115_bad_byte_behind_long_ascii", join({ByteVector(150, std::byte{'a'}), "f5"_hex}),
       150},
      {"R113_ends_after_one_of_two", "61c3"_hex, {}, true},
      {"R113_ends_after_one_of_three", "e2"_hex, {}, true},
      {"R113_ends_after_two_of_three", "e282"_hex, {}, true},
      {"R113_ends_after_one_of_four", "f0"_hex, {}, true},
      {"R113_ends_after_three_of_four", "f09080"_hex, {}, true},
  };
}

using TextParam = std::tuple<TextCase, Role>;

std::string text_param_name(const ::testing::TestParamInfo<TextParam>& info) {
  const auto& [row, role] = info.param;
  return row.name + (role == Role::server ? "_to_a_server" : "_to_a_client");
}

/// Returns the text in one frame, or in fragments of `size` bytes with a pong between them.
ByteVector in_fragments(const ByteVector& text, std::size_t size) {
  ByteVector wire;
  const auto pieces = pieces_of(text, size).pieces;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const unsigned fin = i + 1 == pieces.size() ? 0x80 : 0x00;
    if (i > 0) wire = join({wire, "8a 00"_hex});
    wire = join({wire, frame(fin | (i == 0 ? 0x01 : 0x00), pieces[i])});
  }
  return wire;
}

class Section8_1 : public ::testing::TestWithParam<TextParam> {};

TEST_P(Section8_1, in_one_frame) {
  const auto& [row, role] = GetParam();
  const ByteVector wire = frame(0x81, row.text);
  expect_in_every_chopping(
      is_valid(row) ? WireCase{.name = row.name, .wire = wire, .events = {seen::text(row.text)}}
                    : refused(row.name, wire, Errc::invalid_utf8, 1007),
      role);
}

/// R114: a fragment may end inside a code point; the message must be valid as a whole.
TEST_P(Section8_1, in_fragments_of_one_and_two_bytes) {
  const auto& [row, role] = GetParam();
  for (const std::size_t size : {1U, 2U}) {
    if (row.text.empty()) continue;
    Conversation conversation(role);
    conversation.receive_from_peer(in_fragments(row.text, size));
    std::vector<std::string> events = conversation.events();
    std::erase(events, seen::pong({}));
    EXPECT_EQ(events,
              std::vector{is_valid(row) ? seen::text(row.text) : seen::failed(Errc::invalid_utf8)});
  }
}

/// R115: the connection fails with the byte that makes the text invalid, not a byte later, and not
/// earlier while more of the message is to come.
TEST_P(Section8_1, fails_with_the_first_impossible_byte) {
  const auto& [row, role] = GetParam();
  const ByteVector longer = join({row.text, ByteVector(20, std::byte{0x80})});
  const ByteVector wire = as_received_by(role, frame(0x81, longer));
  const std::size_t head = wire.size() - longer.size();
  Conversation conversation(role);
  conversation.receive(Bytes(wire).first(head));
  const std::size_t harmless = row.bad_at.value_or(row.text.size());
  for (std::size_t i = 0; i < harmless; ++i) {
    conversation.receive(Bytes(wire).subspan(head + i, 1));
    ASSERT_TRUE(conversation.events().empty()) << "byte " << i << " is possible";
  }
  if (!row.bad_at) return;
  conversation.receive(Bytes(wire).subspan(head + harmless, 1));
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::invalid_utf8)});
  EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1007"});
}

INSTANTIATE_TEST_SUITE_P(Valid, Section8_1,
                         ::testing::Combine(::testing::ValuesIn(valid_rows()),
                                            ::testing::Values(Role::client, Role::server)),
                         text_param_name);
INSTANTIATE_TEST_SUITE_P(Invalid, Section8_1,
                         ::testing::Combine(::testing::ValuesIn(invalid_rows()),
                                            ::testing::Values(Role::client, Role::server)),
                         text_param_name);

class Section8_1Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section8_1Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

std::vector<WireCase> fragment_rows() {
  return {
      {.name = "R114_cut_after_the_first_byte_of_three",
       .wire = "01 01 e2 80 02 82ac"_hex,
       .events = {seen::text("e282ac"_hex)}},
      {.name = "R114_cut_after_each_byte_of_four",
       .wire = "01 01 f0 00 01 9f 00 01 98 80 01 80"_hex,
       .events = {seen::text("f09f9880"_hex)}},
      {.name = "R114_empty_fragments_inside_a_code_point",
       .wire = "01 01 e2 00 00 00 02 82ac 80 00"_hex,
       .events = {seen::text("e282ac"_hex)}},
      refused("R113_ends_inside_a_code_point_with_an_empty_fragment", "01 01 e2 00 01 82 80 00"_hex,
              Errc::invalid_utf8, 1007),
      refused("R115_bad_byte_in_a_middle_fragment", "01 01 61 00 01 ff 80 01 62"_hex,
              Errc::invalid_utf8, 1007),
      refused("R115_bad_bound_across_fragments", "01 01 ed 80 02 a080"_hex, Errc::invalid_utf8,
              1007),
      {.name = "R113_the_next_message_starts_afresh",
       .wire = "81 02 c3a9 82 01 c3 81 02 c3a9"_hex,
       .events = {seen::text("c3a9"_hex), seen::binary("c3"_hex), seen::text("c3a9"_hex)}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(Fragments, Section8_1Rows, fragment_rows());

}  // namespace
}  // namespace wirespan::test
