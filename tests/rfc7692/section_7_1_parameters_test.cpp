// RFC 7692 §5, §7.1: parameters of permessage-deflate that are offered, answered and refused.
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/handshakes.hpp"
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

const DeflateOptions keeping{.send_context = DeflateContext::stream,
                             .receive_context = DeflateContext::stream};
const DeflateOptions forgetting{.send_context = DeflateContext::none,
                                .receive_context = DeflateContext::none};

DeflateOptions with_windows(int send, int receive) {
  DeflateOptions options = keeping;
  options.send_window_bits = send;
  options.receive_window_bits = receive;
  return options;
}

std::vector<Extension> parsed(const std::string& text) {
  const auto extensions = parse_extensions(text);
  EXPECT_TRUE(extensions) << text;
  return extensions ? *extensions : std::vector<Extension>{};
}

// A server.

struct OfferCase {
  std::string name;
  std::string offer;
  std::string answer;  ///< Empty: compression is not agreed on.
  DeflateOptions options = keeping;
};

void PrintTo(const OfferCase& row, std::ostream* out) { *out << row.offer; }

class Section7_1Offer : public ::testing::TestWithParam<OfferCase> {};

TEST_P(Section7_1Offer, is_answered) {
  const OfferCase& row = GetParam();
  const auto offered = parsed(row.offer);
  const auto chosen = choose_deflate(offered, row.options);
  EXPECT_EQ(chosen ? deflate_answer_text(*chosen) : "", row.answer);
  if (chosen) {
    EXPECT_TRUE(is_answer_to_any(offered, *chosen));
  }
}

const std::string pmd = "permessage-deflate";

std::vector<OfferCase> offers() {
  const std::string s_no = "; server_no_context_takeover";
  const std::string c_no = "; client_no_context_takeover";
  const std::string s_bits = "; server_max_window_bits";
  const std::string c_bits = "; client_max_window_bits";
  return {
      {"R143_nothing", "", ""},
      {"R143_another_extension", "x-webkit-deflate-frame", ""},
      {"plain", pmd, pmd},
      {"any_case", "PerMessage-Deflate; Client_No_Context_Takeover", pmd + c_no},
      {"R151_server_forgets", pmd + s_no, pmd + s_no},
      {"R152_client_forgets", pmd + c_no, pmd + c_no},
      {"both_forget", pmd + c_no + s_no, pmd + s_no + c_no},
      {"R153_server_window", pmd + s_bits + "=10", pmd + s_bits + "=10"},
      {"R153_server_window_of_15", pmd + s_bits + "=15", pmd + s_bits + "=15"},
      {"R153_server_window_of_8_is_declined", pmd + s_bits + "=8", ""},
      {"R153_server_window_of_8_and_another_offer", pmd + s_bits + "=8, " + pmd, pmd},
      {"R154_client_window_of_8_is_not_repeated", pmd + c_bits + "=8", pmd},
      {"R154_client_window_of_8_where_less_than_15_is_wanted", pmd + c_bits + "=8", "",
       with_windows(15, 10)},
      {"R153_quoted_value", pmd + s_bits + "=\"12\"", pmd + s_bits + "=12"},
      {"R154_bare_client_window", pmd + c_bits, pmd},
      {"R154_client_window", pmd + c_bits + "=9", pmd + c_bits + "=9"},
      {"browser", pmd + c_bits, pmd + s_no + c_no, forgetting},
      {"default_server", pmd + c_bits, pmd + s_no + c_no, DeflateOptions{}},
      {"our_window", pmd, pmd + s_bits + "=11", with_windows(11, 15)},
      {"our_window_is_smaller", pmd + s_bits + "=13", pmd + s_bits + "=11", with_windows(11, 15)},
      {"our_window_is_larger", pmd + s_bits + "=10", pmd + s_bits + "=10", with_windows(11, 15)},
      {"R154_wanted_client_window", pmd + c_bits, pmd + c_bits + "=10", with_windows(15, 10)},
      {"R154_wanted_is_smaller", pmd + c_bits + "=12", pmd + c_bits + "=10", with_windows(15, 10)},
      {"R154_wanted_is_larger", pmd + c_bits + "=9", pmd + c_bits + "=9", with_windows(15, 10)},
      {"R154_wanted_but_not_possible", pmd, "", with_windows(15, 10)},
      {"R146_first_possible_one", pmd + ", " + pmd + c_bits, pmd + c_bits + "=10",
       with_windows(15, 10)},
      {"R146_in_order", pmd + s_no + s_bits + "=9, " + pmd, pmd + s_no + s_bits + "=9"},
      {"R144_fall_back", pmd + s_bits + "=7, x, " + pmd + s_no, pmd + s_no},
      {"R144_unknown", pmd + "; unknown", ""},
      {"R144_flag_with_value", pmd + s_no + "=1", ""},
      {"R144_other_flag_with_value", pmd + c_no + "=true", ""},
      {"R144_window_without_value", pmd + s_bits, ""},
      {"R144_flag_twice", pmd + s_no + s_no, ""},
      {"R144_other_flag_twice", pmd + c_no + c_no, ""},
      {"R144_window_twice", pmd + s_bits + "=10" + s_bits + "=10", ""},
      {"R144_client_window_twice", pmd + c_bits + c_bits + "=10", ""},
      {"R144_client_window_twice_bare", pmd + c_bits + "=10" + c_bits, ""},
      {"R153_window_of_7", pmd + s_bits + "=7", ""},
      {"R153_window_of_16", pmd + s_bits + "=16", ""},
      {"R153_window_of_0", pmd + s_bits + "=0", ""},
      {"R153_leading_zero", pmd + s_bits + "=08", ""},
      {"R153_three_digits", pmd + s_bits + "=150", ""},
      {"R153_huge", pmd + s_bits + "=99999999999999999999", ""},
      {"R153_negative", pmd + s_bits + "=-8", ""},
      {"R153_plus", pmd + s_bits + "=+9", ""},
      {"R153_letters", pmd + s_bits + "=1a", ""},
      {"R154_client_window_of_16", pmd + c_bits + "=16", ""},
      {"R154_client_window_of_7", pmd + c_bits + "=7", ""},
  };
}

INSTANTIATE_TEST_SUITE_P(Server, Section7_1Offer, ::testing::ValuesIn(offers()),
                         case_name<OfferCase>);

TEST(Section7_1, R143_the_answer_stands_in_the_response) {
  const auto offer =
      server_verdict(adding(valid_request(), {"Sec-WebSocket-Extensions: foo, permessage-deflate"}))
          .offer;
  Agreement agreement{.subprotocol = {}, .deflate = choose_deflate(offer.extensions, forgetting)};
  EXPECT_FALSE(check_agreement(offer, agreement));
  EXPECT_NE(build_acceptance(offer, agreement)
                .find("\r\nSec-WebSocket-Extensions: permessage-deflate; "
                      "server_no_context_takeover; client_no_context_takeover\r\n"),
            std::string::npos);
  agreement.deflate.reset();
  EXPECT_EQ(build_acceptance(offer, agreement).find("Extensions"), std::string::npos);
}

TEST(Section7_1, R144_an_application_cannot_agree_on_what_was_not_offered) {
  const auto without = server_verdict(valid_request()).offer;
  EXPECT_EQ(check_agreement(without, {.deflate = DeflateParameters{}}),
            Errc::unrequested_extension);
  const auto offer =
      server_verdict(adding(valid_request(), {"Sec-WebSocket-Extensions: permessage-deflate; "
                                              "server_max_window_bits=10"}))
          .offer;
  EXPECT_EQ(check_agreement(offer, {.deflate = DeflateParameters{}}), Errc::unrequested_extension);
  EXPECT_FALSE(check_agreement(offer, {.deflate = DeflateParameters{.server_max_window_bits = 9}}));
  const DeflateParameters both{.server_max_window_bits = 9, .client_max_window_bits = 9};
  EXPECT_EQ(check_agreement(offer, {.deflate = both}), Errc::unrequested_extension);
}

// A client.

struct AnswerCase {
  std::string name;
  std::string answer;
  std::error_code error{};
  DeflateOptions options = keeping;
};

void PrintTo(const AnswerCase& row, std::ostream* out) { *out << row.answer; }

class Section7_1Answer : public ::testing::TestWithParam<AnswerCase> {};

TEST_P(Section7_1Answer, is_judged) {
  const AnswerCase& row = GetParam();
  ClientRequest request = simple_client_request();
  request.deflate = row.options;
  const auto verdict = client_verdict(
      adding(valid_response(), {"Sec-WebSocket-Extensions: " + row.answer}), request);
  EXPECT_EQ(verdict.error, row.error);
  if (row.error) return;
  ASSERT_TRUE(verdict.complete);
  if (row.answer.empty()) {
    EXPECT_FALSE(verdict.agreement.deflate);
    return;
  }
  ASSERT_TRUE(verdict.agreement.deflate);
  EXPECT_EQ(deflate_answer_text(*verdict.agreement.deflate), row.answer);
}

std::vector<AnswerCase> answers() {
  const std::string s_no = "; server_no_context_takeover";
  const std::string c_no = "; client_no_context_takeover";
  const std::string s_bits = "; server_max_window_bits";
  const std::string c_bits = "; client_max_window_bits";
  constexpr Errc invalid = Errc::invalid_deflate_answer;
  DeflateOptions lenient = with_windows(15, 10);
  lenient.unconditional_fallback = true;
  return {
      {"R143_nothing", ""},
      {"plain", pmd},
      {"R151_server_forgets_unasked", pmd + s_no},
      {"R152_client_has_to_forget", pmd + c_no},
      {"R153_server_window_unasked", pmd + s_bits + "=9"},
      {"R154_client_window", pmd + c_bits + "=9"},
      {"R154_client_window_of_8", pmd + c_bits + "=8"},
      {"R153_server_window_of_8_unasked", pmd + s_bits + "=8"},
      {"R155_client_window_above_ours", pmd + c_bits + "=14", {}, with_windows(12, 15)},
      {"all", pmd + s_no + c_no + s_bits + "=10" + c_bits + "=10"},
      {"R145_unknown_parameter", pmd + "; unknown", invalid},
      {"R145_flag_with_value", pmd + s_no + "=1", invalid},
      {"R145_flag_twice", pmd + c_no + c_no, invalid},
      {"R145_window_twice", pmd + s_bits + "=9" + s_bits + "=9", invalid},
      {"R145_window_without_value", pmd + s_bits, invalid},
      {"R154_client_window_without_value", pmd + c_bits, invalid},
      {"R153_window_of_16", pmd + s_bits + "=16", invalid},
      {"R153_window_of_7", pmd + s_bits + "=7", invalid},
      {"R153_window_of_0", pmd + s_bits + "=0", invalid},
      {"R153_huge", pmd + s_bits + "=99999999999", invalid},
      {"R145_two_answers", pmd + ", " + pmd, invalid},
      {"R27_another_extension", "x-other", Errc::unrequested_extension},
      {"R27_another_one_too", pmd + ", x-other", Errc::unrequested_extension},
      {"R145_bad_grammar", pmd + ";", Errc::bad_extensions},
      {"R151_server_does_not_forget", pmd, invalid, forgetting},
      {"R151_server_forgets_as_asked", pmd + s_no, {}, forgetting},
      {"R153_server_ignores_the_window", pmd, invalid, with_windows(15, 10)},
      {"R153_server_window_is_larger", pmd + s_bits + "=11", invalid, with_windows(15, 10)},
      {"R153_server_window_is_smaller", pmd + s_bits + "=9", {}, with_windows(15, 10)},
      {"R146_fall_back", pmd, {}, lenient},
      {"R146_the_plain_offer", pmd, {}, with_windows(9, 15)},
      {"R145_a_plain_answer_where_none_was_offered", pmd, invalid, with_windows(15, 14)},
  };
}

INSTANTIATE_TEST_SUITE_P(Client, Section7_1Answer, ::testing::ValuesIn(answers()),
                         case_name<AnswerCase>);

TEST(Section7_1, R143_no_answer_is_no_compression) {
  ClientRequest request = simple_client_request();
  request.deflate = keeping;
  const auto verdict = client_verdict(valid_response(), request);
  EXPECT_TRUE(verdict.complete);
  EXPECT_FALSE(verdict.agreement.deflate);
}

TEST(Section7_1, R146_what_a_client_offers) {
  EXPECT_EQ(deflate_offers_text({}),
            "permessage-deflate; client_max_window_bits, permessage-deflate");
  EXPECT_EQ(deflate_offers_text(forgetting),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "client_max_window_bits");
  DeflateOptions options = with_windows(9, 10);
  EXPECT_EQ(deflate_offers_text(options),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9");
  options.unconditional_fallback = true;
  options.receive_context = DeflateContext::none;
  EXPECT_EQ(deflate_offers_text(options),
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; "
            "client_max_window_bits=9, permessage-deflate; client_max_window_bits=9, "
            "permessage-deflate");
  ClientRequest request = simple_client_request();
  EXPECT_EQ(build_request(request, sample_handshake_key()).find("Extensions"), std::string::npos);
  request.deflate = DeflateOptions{};
  EXPECT_NE(build_request(request, sample_handshake_key())
                .find("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, "
                      "permessage-deflate\r\n"),
            std::string::npos);
}

/// An offer without parameters allows the server to keep its context and to use every window size.
TEST(Section7_1, R146_a_plain_offer_follows_where_it_is_acceptable) {
  const auto offers_plain = [](const DeflateOptions& options) {
    return deflate_offers_text(options).ends_with(", permessage-deflate");
  };
  EXPECT_TRUE(offers_plain({}));
  EXPECT_TRUE(offers_plain(keeping));
  EXPECT_TRUE(offers_plain({.send_context = DeflateContext::none}));
  EXPECT_TRUE(offers_plain(with_windows(9, 15)));
  EXPECT_FALSE(offers_plain(forgetting));
  EXPECT_FALSE(offers_plain(with_windows(15, 14)));
  DeflateOptions lenient = with_windows(15, 14);
  lenient.unconditional_fallback = true;
  EXPECT_TRUE(offers_plain(lenient));
}

/// The zlib of some peers has no raw window of 256 bytes: an 8 from this library would break them.
TEST(Section7_1, R153_R154_no_window_of_8_is_ever_written) {
  const std::string s_bits = "; server_max_window_bits";
  const std::string c_bits = "; client_max_window_bits";
  for (const DeflateOptions& options :
       {DeflateOptions{}, keeping, forgetting, with_windows(9, 9), with_windows(15, 9)}) {
    EXPECT_EQ(deflate_offers_text(options).find("=8"), std::string::npos);
    for (const std::string& offer :
         {pmd + s_bits + "=8", pmd + c_bits + "=8", pmd + s_bits + "=8" + c_bits + "=8"}) {
      const auto chosen = choose_deflate(parsed(offer), options);
      if (chosen) {
        EXPECT_EQ(deflate_answer_text(*chosen).find("=8"), std::string::npos) << offer;
      }
    }
  }
}

/// With all combinations of options, the server answers the client, and the client accepts the
/// answer.
TEST(Section7_1, both_sides_understand_each_other_whatever_their_options) {
  std::vector<DeflateOptions> all;
  for (const auto send : {DeflateContext::none, DeflateContext::dictionary}) {
    for (const auto receive : {DeflateContext::none, DeflateContext::stream}) {
      for (const int send_bits : {9, 11, 15}) {
        for (const int receive_bits : {9, 12, 15}) {
          all.push_back({.send_context = send,
                         .receive_context = receive,
                         .send_window_bits = send_bits,
                         .receive_window_bits = receive_bits});
        }
      }
    }
  }
  for (const DeflateOptions& client : all) {
    for (const DeflateOptions& server : all) {
      const auto chosen = choose_deflate(parsed(deflate_offers_text(client)), server);
      ASSERT_TRUE(chosen);
      std::optional<DeflateParameters> agreed;
      EXPECT_FALSE(check_deflate_answer(deflate_answer_text(*chosen), client, agreed));
      EXPECT_EQ(agreed, chosen);
      EXPECT_LE(chosen->server_max_window_bits.value_or(15), client.receive_window_bits);
      EXPECT_LE(chosen->server_max_window_bits.value_or(15), server.send_window_bits);
    }
  }
}

TEST(Section7_1, options_out_of_range_are_refused_before_a_byte_is_sent) {
  const auto check = [](DeflateOptions options) {
    ClientRequest request = simple_client_request();
    request.deflate = options;
    return check_client_request(request);
  };
  EXPECT_FALSE(check({}));
  for (const int bits : {-1, 0, 7, 8, 16}) {
    EXPECT_EQ(check({.send_window_bits = bits}), Errc::invalid_option);
    EXPECT_EQ(check({.receive_window_bits = bits}), Errc::invalid_option);
  }
  for (const int value : {-1, 0, 10}) {
    EXPECT_EQ(check({.level = value}), Errc::invalid_option);
    EXPECT_EQ(check({.memory_level = value}), Errc::invalid_option);
  }
}

}  // namespace
}  // namespace wirespan::test
