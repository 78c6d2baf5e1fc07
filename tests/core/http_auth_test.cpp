// core/http_auth.cpp: challenges as servers write them, and answers with a hash that shows its
// input. tests/tls/hash_test.cpp has the examples of the RFCs.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "support/processor_time.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

/// Writes challenges so that a table can hold them: `Basic(realm=a) NTLM[token]`.
std::string shown(const std::vector<AuthChallenge>& challenges) {
  std::string text;
  for (const AuthChallenge& challenge : challenges) {
    text += (text.empty() ? "" : " ") + challenge.scheme;
    std::string parameters;
    for (const auto& parameter : challenge.parameters) {
      parameters += (parameters.empty() ? "" : ",") + parameter.first + "=" + parameter.second;
    }
    if (!parameters.empty()) text += "(" + parameters + ")";
    if (!challenge.token68.empty()) text += "[" + challenge.token68 + "]";
  }
  return text;
}

struct ChallengeCase {
  std::vector<std::string_view> fields;
  const char* expected;
};

TEST(Challenges, RFC9110_11_3_forms) {
  const ChallengeCase cases[] = {
      {{}, ""},
      {{""}, ""},
      {{" , ,"}, ""},
      {{"Negotiate"}, "Negotiate"},
      {{"Basic realm=\"a\""}, "Basic(realm=a)"},
      {{"Basic realm=a"}, "Basic(realm=a)"},
      {{"Basic   realm = \"a\" , charset=\"UTF-8\""}, "Basic(realm=a,charset=UTF-8)"},
      {{"Basic realm=\"a, \\\"b\\\\\""}, "Basic(realm=a, \"b\\)"},
      {{"Basic realm=\"\""}, "Basic(realm=)"},
      {{"NTLM TlRMTVNTUAAB=="}, "NTLM[TlRMTVNTUAAB==]"},
      {{"Negotiate, NTLM ab-._~+/=, Basic realm=x"}, "Negotiate NTLM[ab-._~+/=] Basic(realm=x)"},
      {{"Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\", Basic realm=\"r\""},
       "Digest(realm=r,nonce=n,qop=auth,auth-int) Basic(realm=r)"},
      {{"Basic realm=a", "Digest realm=b"}, "Basic(realm=a) Digest(realm=b)"},
      {{"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\""},
       "Newauth(realm=apps,type=1,title=Login to \"apps\") Basic(realm=simple)"},
      {{",,Basic,,realm=a,"}, "Basic(realm=a)"},
  };
  for (const ChallengeCase& row : cases) {
    EXPECT_EQ(shown(parse_challenges(row.fields)), row.expected);
  }
}

TEST(Challenges, a_malformed_part_is_left_out_and_the_rest_stays) {
  const ChallengeCase cases[] = {
      {{"realm=a"}, ""},
      {{"realm=a, Basic realm=b"}, "Basic(realm=b)"},
      {{"Basic realm=\"open"}, "Basic"},
      {{"Basic realm=\"open\\"}, "Basic"},
      {{"Basic realm=\"open", "Digest realm=a"}, "Basic Digest(realm=a)"},
      {{"Basic realm=a b, x=1"}, "Basic(x=1)"},
      {{"Basic realm=\"a\"b, x=1"}, "Basic(x=1)"},
      {{"Basic realm=\"a\"\"b, c\", x=1"}, "Basic(x=1)"},
      {{"Basic @, Digest realm=a"}, "Basic Digest(realm=a)"},
      {{"@foo, Digest realm=a"}, "Digest(realm=a)"},
      {{"Basic@, Digest realm=a"}, "Digest(realm=a)"},
      {{"Basic a b, Digest realm=a"}, "Basic Digest(realm=a)"},
      {{"Basic =a, Digest realm=a"}, "Digest(realm=a)"},
  };
  for (const ChallengeCase& row : cases) {
    EXPECT_EQ(shown(parse_challenges(row.fields)), row.expected) << row.fields.front();
  }
}

TEST(Challenges, names_of_parameters_compare_without_case_and_the_first_one_counts) {
  const auto challenges = parse_challenges({"Basic Realm=a, REALM=b"});
  ASSERT_EQ(challenges.size(), 1U);
  ASSERT_NE(challenges[0].find("realm"), nullptr);
  EXPECT_EQ(*challenges[0].find("realm"), "a");
  EXPECT_EQ(challenges[0].find("nonce"), nullptr);
}

std::size_t count_auth_elements(const std::vector<AuthChallenge>& challenges) {
  std::size_t count = challenges.size();
  for (const AuthChallenge& challenge : challenges) count += challenge.parameters.size();
  return count;
}

TEST(Challenges, their_number_is_bounded) {
  for (const char* part : {"Basic,", "Basic a=b,", "a=b,", "a=b,c=d,"}) {
    std::string text = "Digest x=y,";
    for (std::size_t i = 0; i < limits::auth_elements; ++i) text += part;
    EXPECT_EQ(count_auth_elements(parse_challenges({text})), limits::auth_elements) << part;
    EXPECT_EQ(count_auth_elements(parse_challenges({text, text})), limits::auth_elements) << part;
  }
}

TEST(Challenges, a_long_malformed_field_takes_no_quadratic_time) {
  const auto before = processor_time();
  for (const char* part : {"@,", "\"", "\"\\", "a b,", "=", "a=\",", "a= ,"}) {
    std::string text = "Basic ";
    while (text.size() < 1'000'000) text += part;
    EXPECT_LE(count_auth_elements(parse_challenges({text})), limits::auth_elements);
  }
  EXPECT_LT(processor_time() - before, std::chrono::seconds(5));
}

TEST(BasicAuth, FIX_RFC7617_2_the_example_and_an_empty_password) {
  EXPECT_EQ(basic_authorization({"Aladdin", "open sesame"}), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization({"test", "123\xC2\xA3"}), "Basic dGVzdDoxMjPCow==");
  EXPECT_EQ(basic_authorization({"u", ""}), "Basic dTo=");
  EXPECT_EQ(basic_authorization({"", ""}), "Basic Og==");
}

TEST(BasicAuth, RFC7617_2_characters_that_it_cannot_carry) {
  EXPECT_TRUE(fits_basic({"user", "a:b"}));
  EXPECT_TRUE(fits_basic({"", ""}));
  EXPECT_TRUE(fits_basic({"\xC3\xA9", "\xC3\xA9"}));
  EXPECT_FALSE(fits_basic({"a:b", "c"}));
  EXPECT_FALSE(fits_basic({"a\n", "c"}));
  EXPECT_FALSE(fits_basic({"a", "c\x7F"}));
  EXPECT_FALSE(fits_basic({"a", std::string(1, '\0')}));
}

/// A hash that shows its algorithm and its input.
std::optional<std::string> show_hash(HashAlgorithm algorithm, std::string_view text) {
  return (algorithm == HashAlgorithm::md5 ? "M<" : "S<") + std::string(text) + ">";
}

const AuthRequest connect_request{.method = "CONNECT", .uri = "h:443", .cnonce = "c"};

std::string answer_to(std::string_view challenges, const Credentials& credentials = {"u", "p"},
                      const HexHash& hash = show_hash) {
  const auto parsed = parse_challenges({challenges});
  return answer_challenges(parsed, credentials, connect_request, hash).value_or("none");
}

TEST(DigestAuth, RFC7616_3_4_1_with_qop) {
  EXPECT_EQ(answer_to("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256, opaque=o"),
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"h:443\", "
            "response=\"S<S<u:r:p>:n:00000001:c:auth:S<CONNECT:h:443>>\", algorithm=SHA-256, "
            "qop=auth, nc=00000001, cnonce=\"c\", opaque=\"o\"");
}

TEST(DigestAuth, RFC2069_without_qop_and_algorithm) {
  EXPECT_EQ(answer_to("digest realm=\"r\", nonce=\"n\""),
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"h:443\", "
            "response=\"M<M<u:r:p>:n:M<CONNECT:h:443>>\"");
}

TEST(DigestAuth, RFC7616_3_4_2_session_variants) {
  EXPECT_EQ(answer_to("Digest realm=r, nonce=n, qop=auth, algorithm=md5-sess"),
            "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"h:443\", "
            "response=\"M<M<M<u:r:p>:n:c>:n:00000001:c:auth:M<CONNECT:h:443>>\", "
            "algorithm=MD5-sess, qop=auth, nc=00000001, cnonce=\"c\"");
  EXPECT_NE(answer_to("Digest realm=r, nonce=n, qop=auth, algorithm=SHA-256-sess")
                .find("S<S<S<u:r:p>:n:c>:n:"),
            std::string::npos);
  EXPECT_EQ(answer_to("Digest realm=r, nonce=n, algorithm=MD5-sess"), "none");
}

TEST(DigestAuth, quotes_and_backslashes_are_escaped_in_the_field_only) {
  const std::string answer = answer_to("Digest realm=\"a\\\"b\", nonce=\"n\"", {"d\\u", "p\"w"});
  EXPECT_NE(answer.find("username=\"d\\\\u\", realm=\"a\\\"b\""), std::string::npos) << answer;
  EXPECT_NE(answer.find("<d\\\\u:a\\\"b:p\\\"w>"), std::string::npos) << answer;  // shown quoted
}

struct StrongestCase {
  const char* challenges;
  const char* begins;
};

TEST(AuthAnswers, the_strongest_challenge_that_can_be_answered_is) {
  const StrongestCase cases[] = {
      {"", "none"},
      {"Negotiate", "none"},
      {"Basic realm=r", "Basic dTpw"},
      {"BASIC", "Basic dTpw"},
      {"Basic realm=r, Digest realm=d, nonce=n", "Digest username=\"u\", realm=\"d\""},
      {"Digest realm=m, nonce=n, Digest realm=s, nonce=n, qop=auth, algorithm=SHA-256",
       "Digest username=\"u\", realm=\"s\""},
      {"Digest realm=m, nonce=n, algorithm=SHA-512-256, Digest realm=s, nonce=n, algorithm=MD5",
       "Digest username=\"u\", realm=\"s\""},
      {"Digest realm=m, nonce=n, qop=auth-int", "none"},
      {"Digest realm=m, nonce=n, qop=\"\"", "none"},
      {"Digest realm=m, nonce=n, qop=auth-int, Basic", "Basic dTpw"},
      {"Digest realm=m, Basic", "Basic dTpw"},
      {"Digest nonce=n, Basic", "Basic dTpw"},
      {"Digest realm=m, nonce=n, qop=\"auth-int , AUTH\"", "Digest username=\"u\""},
      {"Digest realm=m, nonce=n, userhash=true", "Digest username=\"u\""},
  };
  for (const StrongestCase& row : cases) {
    const std::string answer = answer_to(row.challenges);
    EXPECT_TRUE(answer.starts_with(row.begins)) << row.challenges << ": " << answer;
  }
}

TEST(AuthAnswers, a_hash_that_cannot_be_computed_leaves_the_weaker_challenges) {
  const HexHash none = [](HashAlgorithm, std::string_view) { return std::optional<std::string>(); };
  const HexHash md5_only = [](HashAlgorithm algorithm, std::string_view text) {
    return algorithm == HashAlgorithm::md5 ? show_hash(algorithm, text) : std::nullopt;
  };
  const char* all =
      "Digest realm=r, nonce=n, algorithm=SHA-256, qop=auth, Digest realm=m, nonce=n, Basic";
  EXPECT_EQ(answer_to(all, {"u", "p"}, none), "Basic dTpw");
  EXPECT_EQ(answer_to(all, {"u", "p"}, HexHash()), "Basic dTpw");
  EXPECT_NE(answer_to(all, {"u", "p"}, md5_only).find("realm=\"m\""), std::string::npos);
  EXPECT_EQ(answer_to("Digest realm=r, nonce=n", {"u", "p"}, none), "none");
}

TEST(AuthAnswers, credentials_cannot_inject_a_header) {
  const char* all = "Digest realm=r, nonce=n, Basic";
  for (const Credentials& evil : {Credentials{"u\r\nX: y", "p"}, Credentials{"u\n", "p"}}) {
    EXPECT_EQ(
        answer_to(all, evil,
                  [](HashAlgorithm, std::string_view) { return std::optional<std::string>("00"); }),
        "none");
  }
  EXPECT_TRUE(is_field_value(answer_to(all, {"a:b", "p"})));
  EXPECT_EQ(answer_to("Basic", {"a:b", "p"}), "none");
}

}  // namespace
}  // namespace wirespan::test
