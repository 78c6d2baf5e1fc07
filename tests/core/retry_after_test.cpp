// core/http_date.cpp and core/retry_after.cpp: dates of HTTP, and Retry-After. RFC 9110 §5.6.7,
// §10.2.3.
#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include <wirespan/core/http_date.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/retry_after.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr sys_seconds example{784'111'777s};  // of RFC 9110

/// Parses a text behind which a guard page lies.
std::optional<sys_seconds> date_of(std::string_view text) {
  const GuardedBytes guarded(wire_bytes(text));
  return parse_http_date(wire_text(guarded.bytes()));
}

TEST(HttpDate, all_three_forms_are_read) {
  EXPECT_EQ(date_of("Sun, 06 Nov 1994 08:49:37 GMT"), example);
  EXPECT_EQ(date_of("Sunday, 06-Nov-94 08:49:37 GMT"), example);
  EXPECT_EQ(date_of("Sun Nov  6 08:49:37 1994"), example);
  EXPECT_EQ(date_of("Thu, 01 Jan 1970 00:00:00 GMT"), sys_seconds{0s});
  EXPECT_EQ(date_of("Thu Jan 01 00:00:00 1970"), sys_seconds{0s});
  EXPECT_EQ(date_of("Thu, 29 Feb 2024 23:59:60 GMT"), sys_seconds{1'709'251'200s});
}

TEST(HttpDate, a_year_of_two_digits_lies_between_1970_and_2069) {
  EXPECT_EQ(date_of("Thursday, 01-Jan-70 00:00:00 GMT"), sys_seconds{0s});
  EXPECT_EQ(date_of("Tuesday, 01-Jan-69 00:00:00 GMT"), sys_seconds{3'124'224'000s});
}

TEST(HttpDate, everything_else_is_refused) {
  for (const char* bad : {"",
                          "Sun",
                          "0",
                          "Sun, 06 Nov 1994 08:49:37",
                          "Sun, 06 Nov 1994 08:49:37 UTC",
                          "Sun, 06 Nov 1994 08:49:37 GMT ",
                          " Sun, 06 Nov 1994 08:49:37 GMT",
                          "sun, 06 nov 1994 08:49:37 gmt",
                          "Sun, 6 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 94 08:49:37 GMT",
                          "Sun, 06 Nov 1994 24:00:00 GMT",
                          "Sun, 06 Nov 1994 08:60:00 GMT",
                          "Sun, 06 Nov 1994 08:49:61 GMT",
                          "Sun, 00 Nov 1994 08:49:37 GMT",
                          "Sun, 31 Nov 1994 08:49:37 GMT",
                          "Wed, 29 Feb 2023 00:00:00 GMT",
                          "Sun, 06 Nox 1994 08:49:37 GMT",
                          "Sun, -6 Nov 1994 08:49:37 GMT",
                          "Sunday, 06 Nov 1994 08:49:37 GMT",
                          "Sun, 06-Nov-94 08:49:37 GMT",
                          "Sun Nov 6 08:49:37 1994",
                          "Sun Nov   6 08:49:37 1994",
                          "Sun Nov  6 08:49:37 94",
                          "Sun,06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(date_of(bad)) << bad;
  }
}

TEST(HttpDate, no_beginning_of_a_date_and_no_longer_text_is_one) {
  for (const std::string text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(date_of(text.substr(0, size))) << size;
    }
    EXPECT_FALSE(date_of(text + "0"));
  }
}

std::optional<std::chrono::milliseconds> wait_of(const Headers& headers) {
  return retry_after(headers, example);
}

TEST(RetryAfter, a_number_of_seconds) {
  EXPECT_EQ(wait_of({{"Retry-After", "120"}}), 120s);
  EXPECT_EQ(wait_of({{"retry-after", " 7 "}}), 7s);
  EXPECT_EQ(wait_of({{"Retry-After", "0"}}), 0s);
  EXPECT_EQ(wait_of({{"Retry-After", "1"}, {"Retry-After", "2"}}), 1s);
}

TEST(RetryAfter, a_date_is_compared_with_the_servers_own) {
  const Headers headers{{"Date", "Sun, 06 Nov 1994 10:00:00 GMT"},
                        {"Retry-After", "Sun, 06 Nov 1994 10:00:30 GMT"}};
  EXPECT_EQ(retry_after(headers, sys_seconds{0s}), 30s) << "whatever our clock says";
}

TEST(RetryAfter, without_a_date_of_the_server_our_clock_counts) {
  EXPECT_EQ(wait_of({{"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}}), 30s);
  EXPECT_EQ(wait_of({{"Date", "today"}, {"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}}), 30s);
  EXPECT_EQ(wait_of({{"Retry-After", "Sun, 06 Nov 1994 08:49:36 GMT"}}), 0s) << "it has passed";
}

TEST(RetryAfter, nothing_and_nonsense_ask_for_no_wait) {
  EXPECT_EQ(wait_of({}), std::nullopt);
  for (const char* bad : {"", "soon", "-1", "+1", "1.5", "1s", "0x10", "1 2"}) {
    EXPECT_EQ(wait_of({{"Retry-After", bad}}), std::nullopt) << bad;
  }
}

TEST(RetryAfter, no_server_makes_a_client_wait_longer_than_the_limit) {
  const auto most = limits::retry_after_time;
  EXPECT_EQ(wait_of({{"Retry-After", "3600"}}), most);
  for (const std::string& long_wait :
       {std::string("3601"), std::string("99999999999999999999999"), std::string(10'000, '9'),
        std::string("Fri, 31 Dec 9999 23:59:59 GMT")}) {
    EXPECT_EQ(wait_of({{"Retry-After", long_wait}}), most) << long_wait.substr(0, 40);
  }
}

}  // namespace
}  // namespace wirespan::test
