// core/http_head.cpp: views into the caller's bytes, no read beyond them, and no second scan of old
// ones. RFC 9112 §2 to §5.
#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include "support/handshakes.hpp"
#include "support/processor_time.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/http_head.hpp>

namespace wirespan::test {
namespace {

using Fields = std::array<HeaderField, limits::head_fields>;

TEST(HttpHead, a_request_is_taken_apart_where_it_lies) {
  const std::string text = "GET /a?b HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX: \t a b \t\r\n\r\nrest";
  Fields fields;
  const auto parsed = parse_request_head(wire_bytes(text), fields);
  ASSERT_EQ(parsed.status, ParseStatus::complete);
  EXPECT_FALSE(parsed.error);
  EXPECT_EQ(parsed.size, text.size() - 4);
  EXPECT_EQ(parsed.head.method, "GET");
  EXPECT_EQ(parsed.head.target, "/a?b");
  EXPECT_EQ(parsed.head.minor_version, 1);
  ASSERT_EQ(parsed.head.fields.size(), 3U);
  EXPECT_EQ(parsed.head.fields[0].name, "Host");
  EXPECT_EQ(parsed.head.fields[0].value, "h");
  EXPECT_EQ(parsed.head.fields[1].value, "");
  EXPECT_EQ(parsed.head.fields[2].value, "a b");
  EXPECT_EQ(parsed.head.method.data(), text.data()) << "a view, not a copy";
  EXPECT_EQ(parsed.head.fields.data(), fields.data());
}

TEST(HttpHead, a_response_is_taken_apart_where_it_lies) {
  const std::string text = "HTTP/1.1 404 Not Found\r\nA: 1\r\n\r\n";
  Fields fields;
  const auto parsed = parse_response_head(wire_bytes(text), fields);
  ASSERT_EQ(parsed.status, ParseStatus::complete);
  EXPECT_EQ(parsed.size, text.size());
  EXPECT_EQ(parsed.head.status, 404);
  EXPECT_EQ(parsed.head.reason, "Not Found");
  EXPECT_EQ(parsed.head.minor_version, 1);
  EXPECT_EQ(parsed.head.fields.size(), 1U);
}

TEST(HttpHead, heads_without_fields) {
  Fields fields;
  EXPECT_EQ(parse_request_head(wire_bytes("GET / HTTP/1.1\r\n\r\n"), fields).status,
            ParseStatus::complete);
  EXPECT_EQ(parse_response_head(wire_bytes("HTTP/1.1 200 OK\r\n\r\n"), fields).status,
            ParseStatus::complete);
}

/// Every prefix is incomplete, and no byte behind it is read.
TEST(HttpHead, every_prefix_is_incomplete_and_nothing_beyond_it_is_read) {
  for (const std::string& text : {valid_request(), "\r\n" + valid_request()}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      const GuardedBytes prefix(wire_bytes(text).first(size));
      Fields fields;
      const auto parsed = parse_request_head(prefix.bytes(), fields);
      ASSERT_EQ(parsed.status, ParseStatus::incomplete) << size;
    }
  }
  const std::string text = valid_response();
  for (std::size_t size = 0; size < text.size(); ++size) {
    const GuardedBytes prefix(wire_bytes(text).first(size));
    Fields fields;
    ASSERT_EQ(parse_response_head(prefix.bytes(), fields).status, ParseStatus::incomplete) << size;
  }
}

TEST(HttpHead, whole_heads_at_the_end_of_memory) {
  const GuardedBytes request(wire_bytes(valid_request()));
  const GuardedBytes response(wire_bytes(valid_response()));
  Fields fields;
  EXPECT_EQ(parse_request_head(request.bytes(), fields).status, ParseStatus::complete);
  EXPECT_EQ(parse_response_head(response.bytes(), fields).status, ParseStatus::complete);
}

/// Damages every byte in turn: the head may be malformed or not, but no read leaves the input.
TEST(HttpHead, damaged_heads_at_the_end_of_memory) {
  const std::string texts[] = {valid_request(), valid_response()};
  for (const std::string& text : texts) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const char c : {'\0', '\r', '\n', ' ', ':', '\xFF'}) {
        std::string damaged = text;
        damaged[at] = c;
        const GuardedBytes bytes(wire_bytes(damaged));
        Fields fields;
        const auto request = parse_request_head(bytes.bytes(), fields);
        EXPECT_EQ(request.status == ParseStatus::malformed, static_cast<bool>(request.error));
        const auto response = parse_response_head(bytes.bytes(), fields);
        EXPECT_EQ(response.status == ParseStatus::malformed, static_cast<bool>(response.error));
      }
    }
  }
}

/// `seen` changes the cost of a call and not its result.
TEST(HttpHead, seen_changes_no_answer) {
  for (const std::string& text : {valid_request(), "\r\n" + valid_request()}) {
    for (std::size_t seen = 0; seen < text.size(); ++seen) {
      Fields fields;
      const auto parsed = parse_request_head(wire_bytes(text), fields, seen);
      ASSERT_EQ(parsed.status, ParseStatus::complete) << seen;
      EXPECT_EQ(parsed.size, text.size());
      EXPECT_EQ(parsed.head.fields.size(), 5U);
    }
  }
}

TEST(HttpHead, what_cannot_become_a_head_is_refused_at_once) {
  const struct {
    const char* start;
    Errc error;
  } requests[] = {
      {"\x16", Errc::malformed_start_line},
      {" ", Errc::malformed_start_line},
      {"\r\r", Errc::malformed_start_line},
      {"\r\n\r\n", Errc::malformed_start_line},
      {"(", Errc::malformed_start_line},
      {"GET / HTTP/1.1\n", Errc::malformed_field},
      {"AMETHODNAMEMUCHLONGERTHANANYREGISTERED", Errc::malformed_start_line},
  };
  for (const auto& row : requests) {
    Fields fields;
    const auto parsed = parse_request_head(wire_bytes(row.start), fields);
    EXPECT_EQ(parsed.status, ParseStatus::malformed) << row.start;
    EXPECT_EQ(parsed.error, row.error) << row.start;
  }
  const struct {
    const char* start;
    Errc error;
  } responses[] = {
      {"X", Errc::malformed_start_line},    {"HTTQ", Errc::malformed_start_line},
      {"HTTP/2", Errc::bad_http_version},   {"\r\n", Errc::malformed_start_line},
      {"\x81", Errc::malformed_start_line},
  };
  for (const auto& row : responses) {
    Fields fields;
    const auto parsed = parse_response_head(wire_bytes(row.start), fields);
    EXPECT_EQ(parsed.status, ParseStatus::malformed) << row.start;
    EXPECT_EQ(parsed.error, row.error) << row.start;
  }
}

TEST(HttpHead, the_callers_array_may_be_the_narrower_limit) {
  std::array<HeaderField, 2> two;
  const std::string start = "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n";
  EXPECT_EQ(parse_request_head(wire_bytes(start + "\r\n"), two).head.fields.size(), 2U);
  EXPECT_EQ(parse_request_head(wire_bytes(start + "C: 3\r\n\r\n"), two).error,
            Errc::too_many_fields);
  EXPECT_EQ(parse_request_head(wire_bytes(start + "\r\n"), {}).error, Errc::too_many_fields);
}

/// Returns the best of three times for parsing `text` after each byte, as a peer may send it.
std::chrono::nanoseconds best_time_to_parse(const std::string& text) {
  const HeadLimits no_limit{.size = static_cast<std::size_t>(-1)};
  std::chrono::nanoseconds best = std::chrono::hours(1);
  for (int round = 0; round < 3; ++round) {
    Fields fields;
    const auto start = processor_time();
    for (std::size_t size = 1; size <= text.size(); ++size) {
      const Bytes so_far = wire_bytes(text).first(size);
      EXPECT_EQ(parse_request_head(so_far, fields, size - 1, no_limit).status,
                ParseStatus::incomplete);
    }
    best = std::min<std::chrono::nanoseconds>(best, processor_time() - start);
  }
  return best;
}

/// Byte by byte, a head sixteen times as long may cost sixteen times as much time, not 256 times.
TEST(HttpHead, many_short_lines_byte_by_byte_cost_linear_time) {
  const auto lines = [](std::size_t size) {
    std::string text = "GET / HTTP/1.1\r\n";
    while (text.size() < size) text += "X:1\r\n";
    return text;
  };
  const auto small = best_time_to_parse(lines(5'000));
  const auto large = best_time_to_parse(lines(80'000));
  EXPECT_LT(large, 64 * small) << large.count() << " ns against " << small.count();
}

TEST(HttpHead, a_head_of_the_allowed_size_fed_byte_by_byte_is_a_matter_of_milliseconds) {
  const std::string text = "GET / HTTP/1.1\r\nX: " + std::string(limits::head_size - 30, 'x');
  const auto start = processor_time();
  ServerHandshake handshake;
  for (std::size_t i = 0; i < text.size(); ++i) {
    ASSERT_TRUE(std::holds_alternative<NeedInput>(handshake.feed(wire_bytes(text).subspan(i, 1))));
  }
  EXPECT_LT(processor_time() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace wirespan::test
