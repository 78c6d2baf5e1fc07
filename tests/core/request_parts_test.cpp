// core/request_parts.cpp: path, query, cookies and credentials of a request.
#include <string>

#include <gtest/gtest.h>

#include <wirespan/core/base64.hpp>
#include <wirespan/core/request_parts.hpp>

namespace wirespan::test {
namespace {

std::string query_of(std::string_view target) {
  std::string shown;
  for (const auto& [name, value] : query_parameters(target))
    shown += "[" + name + "|" + value + "]";
  return shown;
}

TEST(TargetParts, the_path_is_what_stands_before_the_query) {
  EXPECT_EQ(target_path("/chat"), "/chat");
  EXPECT_EQ(target_path("/chat?a=b"), "/chat");
  EXPECT_EQ(target_path("/a%3Fb/?x?y"), "/a%3Fb/");
  EXPECT_EQ(target_path(""), "");
  EXPECT_EQ(target_path("?a"), "");
}

TEST(TargetParts, R3986_3_4_a_query_has_pairs_in_order) {
  EXPECT_EQ(query_of("/chat"), "");
  EXPECT_EQ(query_of("/chat?"), "");
  EXPECT_EQ(query_of("/chat?a=1&b=2&a=3"), "[a|1][b|2][a|3]");
  EXPECT_EQ(query_of("/?a"), "[a|]");
  EXPECT_EQ(query_of("/?a=&=b&=&&c"), "[a|][|b][|][c|]");
  EXPECT_EQ(query_of("/?a=b=c"), "[a|b=c]");
  EXPECT_EQ(query_of("/?q=a+b%2Bc%20d"), "[q|a b+c d]");
  EXPECT_EQ(query_of("/?%6E%61=%26%3D"), "[na|&=]");
  EXPECT_EQ(query_of("/?a=%&b=%4&c=%zz"), "[a|%][b|%4][c|%zz]");
  EXPECT_EQ(query_of("/?a=b?c"), "[a|b?c]");
  EXPECT_EQ(query_of("/?a=%0D%0A%00"), std::string("[a|\r\n\0]", 7));
}

TEST(TargetParts, the_first_value_of_a_name_is_found) {
  EXPECT_EQ(query_parameter("/?a=1&b=2&a=3", "a"), "1");
  EXPECT_EQ(query_parameter("/?a=1&b=2", "b"), "2");
  EXPECT_EQ(query_parameter("/?%61=1", "a"), "1");
  EXPECT_EQ(query_parameter("/?a", "a"), "");
  EXPECT_EQ(query_parameter("/?A=1", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("/a=1", "a"), std::nullopt);
}

TEST(RequestCookie, R6265_4_2_the_first_cookie_of_the_name) {
  const Headers one{{"Cookie", "a=1; b=two;c=\"3\" ; d = 4 ; e; =f; g="}, {"cookie", "a=9; z=26"}};
  EXPECT_EQ(request_cookie(one, "a"), "1");
  EXPECT_EQ(request_cookie(one, "b"), "two");
  EXPECT_EQ(request_cookie(one, "c"), "\"3\"");
  EXPECT_EQ(request_cookie(one, "d"), "4");
  EXPECT_EQ(request_cookie(one, "e"), std::nullopt) << "no pair";
  EXPECT_EQ(request_cookie(one, "g"), "");
  EXPECT_EQ(request_cookie(one, "z"), "26") << "in another field";
  EXPECT_EQ(request_cookie(one, "A"), std::nullopt) << "names have a case";
  EXPECT_EQ(request_cookie({{"Cookie", "xa=1; a=b=c"}}, "a"), "b=c");
  EXPECT_EQ(request_cookie({}, "a"), std::nullopt);
}

TEST(RequestAuthorization, R6750_2_1_a_bearer_token) {
  const auto token = [](std::string_view value) {
    const Headers headers{{"Authorization", std::string(value)}};
    return std::optional<std::string>(bearer_token(headers));
  };
  EXPECT_EQ(token("Bearer abc"), "abc");
  EXPECT_EQ(token("bearer aZ09-._~+/=="), "aZ09-._~+/==");
  EXPECT_EQ(token("BEARER   abc"), "abc");
  for (const char* bad : {"", "Bearer", "Bearer ", "Bearer a b", "Bearer a=b", "Bearer =",
                          "Bearer \"a\"", "Bearerabc", "Basic abc", "Bearer a,b", "Token abc"}) {
    EXPECT_EQ(token(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(bearer_token({}), std::nullopt);
  EXPECT_EQ(bearer_token({{"Authorization", "Bearer a"}, {"Authorization", "Bearer a"}}),
            std::nullopt)
      << "which one?";
}

TEST(RequestAuthorization, R7617_2_user_and_password) {
  const auto user = [](std::string_view text) {
    return basic_credentials({{"Authorization", "Basic " + base64_encode(wire_bytes(text))}});
  };
  EXPECT_EQ(user("Aladdin:open sesame"), (Credentials{"Aladdin", "open sesame"}));
  EXPECT_EQ(user("a:b:c"), (Credentials{"a", "b:c"}));
  EXPECT_EQ(user(":"), (Credentials{"", ""}));
  EXPECT_EQ(user("\xC3\xA9:\xE2\x82\xAC"), (Credentials{"\xC3\xA9", "\xE2\x82\xAC"}));
  EXPECT_EQ(user("no colon"), std::nullopt);
  EXPECT_EQ(user(""), std::nullopt);
  EXPECT_EQ(user("a\n:b"), std::nullopt);
  EXPECT_EQ(user(std::string_view("a:b\0", 4)), std::nullopt);
  EXPECT_EQ(basic_credentials({{"Authorization", "basic QTpi"}}), (Credentials{"A", "b"}));
  for (const char* bad : {"Basic", "Basic QTpi=", "Basic QTp", "Basic QT pi", "Bearer QTpi"}) {
    EXPECT_EQ(basic_credentials({{"Authorization", bad}}), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace wirespan::test
