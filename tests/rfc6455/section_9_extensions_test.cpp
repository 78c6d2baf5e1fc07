// RFC 6455 §9: Sec-WebSocket-Extensions; without an agreed extension no frame may use one.
#include "support/handshakes.hpp"
#include "support/wire_case.hpp"
#include <wirespan/core/extensions.hpp>

namespace wirespan::test {
namespace {

/// Returns the parsed list as "a; b; c=d, e".
std::string describe_list(const std::vector<Extension>& extensions) {
  std::string text;
  for (const Extension& extension : extensions) {
    if (!text.empty()) text += ", ";
    text += extension.name;
    for (const auto& [name, value] : extension.parameters) {
      text += "; " + name;
      if (value) text += "=" + *value;
    }
  }
  return text;
}

struct GrammarCase {
  std::string name;
  std::string text;
  std::optional<std::string> understood;  ///< nullopt: the list is refused.
};

void PrintTo(const GrammarCase& row, std::ostream* out) { *out << row.name << " " << row.text; }

class Section9_1 : public ::testing::TestWithParam<GrammarCase> {};

TEST_P(Section9_1, parse_extensions) {
  const ExactCopy text(wire_bytes(GetParam().text));
  const auto extensions = parse_extensions(wire_text(text.bytes()));
  ASSERT_EQ(extensions.has_value(), GetParam().understood.has_value());
  if (extensions) {
    EXPECT_EQ(describe_list(*extensions), *GetParam().understood);
  } else {
    EXPECT_EQ(extensions.error(), Errc::bad_extensions);
  }
}

const GrammarCase good_lists[] = {
    {"R51_one_name", "foo", "foo"},
    {"R51_a_parameter", "foo; bar", "foo; bar"},
    {"R51_a_value", "foo; bar=baz", "foo; bar=baz"},
    {"R51_no_blanks", "foo;bar=1;baz", "foo; bar=1; baz"},
    {"R51_blanks_everywhere", " foo ;\tbar = baz , qux ", "foo; bar=baz, qux"},
    {"R51_several_in_order", "c, a; x=1; y, b; x=2", "c, a; x=1; y, b; x=2"},
    {"R51_the_same_twice", "a; x=10, a", "a; x=10, a"},
    {"R51_quoted_value", "foo; bar=\"baz\"", "foo; bar=baz"},
    {"R51_quoted_pair", "foo; bar=\"b\\a\\z\"", "foo; bar=baz"},
    {"R51_quoted_pair_before_a_plain_character", "foo; bar=\"\\baz\"", "foo; bar=baz"},
    {"R51_other_token_characters", "x-!#$%&'*+.^_`|~9; y=8", "x-!#$%&'*+.^_`|~9; y=8"},
    {"R51_empty_elements", ", ,foo,, bar,", "foo, bar"},
    {"R51_nothing", "", ""},
    {"R51_only_blanks", " \t ", ""},
    {"R51_only_commas", " , ,", ""},
    {"R51_a_name_that_means_something_elsewhere", "constructor", "constructor"},
};
INSTANTIATE_TEST_SUITE_P(Good, Section9_1, ::testing::ValuesIn(good_lists), case_name<GrammarCase>);

const GrammarCase bad_lists[] = {
    {"R51_parameter_without_a_name", "foo;", {}},
    {"R51_parameter_before_a_name", ";bar", {}},
    {"R51_value_missing", "foo; bar=", {}},
    {"R51_name_missing", "foo; =1", {}},
    {"R51_two_names", "foo bar", {}},
    {"R51_two_values", "foo; bar=1 2", {}},
    {"R51_quoted_name", "\"foo\"", {}},
    {"R51_quoted_parameter_name", "foo; \"bar\"=1", {}},
    {"R51_quoted_blank_is_no_token", "foo; bar=\"b z\"", {}},
    {"R51_quoted_comma_is_no_token", "foo; bar=\"b,z\"", {}},
    {"R51_quoted_nothing_is_no_token", "foo; bar=\"\"", {}},
    {"R51_quoted_control_character", std::string("foo; bar=\"b\0z\"", 14), {}},
    {"R51_quote_never_closed", "foo; bar=\"baz", {}},
    {"R51_backslash_at_the_end", "foo; bar=\"baz\\", {}},
    {"R51_text_behind_a_quote", "foo; bar=\"baz\"qux", {}},
    {"R51_equals_without_a_parameter", "foo=1", {}},
    {"R51_slash", "foo/bar", {}},
    {"R51_byte_above_7f", "fo\xC3\xA9", {}},
    {"R51_good_one_first", "foo; bar, baz;", {}},
};
INSTANTIATE_TEST_SUITE_P(Bad, Section9_1, ::testing::ValuesIn(bad_lists), case_name<GrammarCase>);

// A server that gets an offer.

TEST(Section9, R50_a_list_split_over_several_lines_keeps_its_order) {
  const auto verdict = server_verdict(
      adding(valid_request(), {"Sec-WebSocket-Extensions: c; x=1", "X-Other: 1",
                               "sec-websocket-extensions: a, b", "Sec-WebSocket-Extensions: c"}));
  ASSERT_TRUE(verdict.complete);
  EXPECT_EQ(describe_list(verdict.offer.extensions), "c; x=1, a, b, c");
}

TEST(Section9, R49_an_unknown_extension_is_ignored_and_not_answered) {
  const auto verdict = server_verdict(
      adding(valid_request(), {"Sec-WebSocket-Extensions: x-unknown, permessage-deflate"}));
  ASSERT_TRUE(verdict.complete);
  const std::string answer = build_acceptance(verdict.offer, {});
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(answer.find("Extensions"), std::string::npos) << answer;
}

TEST(Section9, R49_R50_an_application_cannot_slip_an_extension_into_the_answer) {
  const auto offer = server_verdict(valid_request()).offer;
  const Agreement agreement{.subprotocol = {}, .headers = {{"sec-websocket-Extensions", "x"}}};
  EXPECT_EQ(check_agreement(offer, agreement), Errc::reserved_header);
  EXPECT_EQ(build_acceptance(offer, agreement).find("xtensions"), std::string::npos);
}

TEST(Section9, R51_an_offer_that_breaks_the_grammar_is_refused) {
  for (const char* value : {"foo;", "foo; bar=\"b z\"", "foo bar"}) {
    const auto verdict = server_verdict(
        adding(valid_request(), {std::string("Sec-WebSocket-Extensions: ") + value}));
    EXPECT_EQ(verdict.error, Errc::bad_extensions) << value;
    EXPECT_EQ(rejection_for(verdict.error).status, 400);
  }
}

/// Otherwise a list over several lines would get around the limit.
TEST(Section9, R51_R122_the_limit_of_elements_holds_for_all_lines_together) {
  std::string line = "Sec-WebSocket-Extensions: a";
  for (std::size_t i = 1; i < limits::extension_elements; ++i) line += ",a";
  EXPECT_TRUE(server_verdict(adding(valid_request(), {line})).complete);
  EXPECT_EQ(server_verdict(adding(valid_request(), {line, line})).error, Errc::bad_extensions);
}

TEST(Section9, R49_an_empty_list_offers_nothing) {
  for (const char* value : {"", ",", ", ,"}) {
    const auto verdict = server_verdict(
        adding(valid_request(), {std::string("Sec-WebSocket-Extensions: ") + value}));
    EXPECT_TRUE(verdict.complete) << value;
    EXPECT_TRUE(verdict.offer.extensions.empty());
  }
}

// A client that gets an answer.

TEST(Section9, R27_an_extension_that_was_not_offered_fails_the_handshake) {
  for (const char* value : {"permessage-deflate", "x-unknown; a=1", "foo;"}) {
    const auto verdict = client_verdict(
        adding(valid_response(), {std::string("Sec-WebSocket-Extensions: ") + value}));
    EXPECT_EQ(verdict.error, Errc::unrequested_extension) << value;
  }
}

TEST(Section9, R27_an_empty_list_in_an_answer_chooses_nothing) {
  ClientRequest compressing = simple_client_request();
  compressing.deflate = DeflateOptions{};
  for (const char* value : {"", ",", " , ,"}) {
    const std::string response =
        adding(valid_response(), {std::string("Sec-WebSocket-Extensions:") + value});
    for (const ClientRequest& request : {simple_client_request(), compressing}) {
      for_every_chopping(wire_bytes(response), [&](const Chopping& chopping) {
        const auto verdict = client_verdict(chopping, request);
        EXPECT_TRUE(verdict.complete) << verdict.error.message();
        EXPECT_FALSE(verdict.agreement.deflate);
      });
    }
  }
}

// Frames.

class Section9Rows : public ::testing::TestWithParam<WireParam> {};

TEST_P(Section9Rows, come_out_the_same_however_they_are_cut) {
  const auto& [row, role] = GetParam();
  expect_in_every_chopping(row, role);
}

std::vector<WireCase> rows() {
  return {
      // "Hello" as permessage-deflate would compress it.
      refused("R99_compressed_although_nothing_was_agreed", "c1 07 f248cdc9c90700"_hex,
              Errc::reserved_bits),
      refused("R99_compressed_and_empty", "c1 00"_hex, Errc::reserved_bits),
      {.name = "R99_the_whole_payload_is_application_data",
       .wire = "82 07 f248cdc9c90700"_hex,
       .events = {seen::binary("f248cdc9c90700"_hex)}},
  };
}
WIRESPAN_TEST_BOTH_ROLES(OnTheWire, Section9Rows, rows());

}  // namespace
}  // namespace wirespan::test
