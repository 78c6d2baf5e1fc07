// core/chunked_body.cpp: RFC 9112 §7.1.
#include <string>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/every_cut.hpp"
#include <wirespan/core/chunked_body.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

using Status = ChunkedBody::Status;

constexpr std::size_t plenty = 1u << 20;

struct DecodedBody {
  Status status = Status::needs_input;
  std::string data;
  std::size_t consumed = 0;  ///< Of all pieces.
  bool ended = false;
  bool operator==(const DecodedBody&) const = default;
};
void PrintTo(const DecodedBody& body, std::ostream* out) {
  *out << "status " << static_cast<int>(body.status) << ", " << body.data.size() << " bytes \""
       << body.data.substr(0, 40) << "\", consumed " << body.consumed << ", ended " << body.ended;
}

DecodedBody decode(const Chopping& chopping, std::size_t limit) {
  ChunkedBody body;
  DecodedBody decoded;
  for (const Bytes piece : chopping.pieces) {
    const ExactCopy copy(piece);
    decoded.status = body.feed(copy.bytes(), decoded.data, limit);
    decoded.consumed += body.consumed();
    EXPECT_LE(body.consumed(), piece.size());
    EXPECT_LE(decoded.data.size(), limit);
  }
  decoded.ended = body.ended();
  return decoded;
}

/// Decodes `wire` in every chopping: all must give the same.
DecodedBody decode_every_way(std::string_view wire, std::size_t limit = plenty) {
  const DecodedBody whole = decode({.name = "whole", .pieces = {wire_bytes(wire)}}, limit);
  for_every_chopping(wire_bytes(wire), [&](const Chopping& chopping) {
    EXPECT_EQ(decode(chopping, limit), whole) << chopping.name;
  });
  return whole;
}

struct GoodBodyCase {
  std::string name;
  std::string wire;
  std::string data;
};
void PrintTo(const GoodBodyCase& row, std::ostream* out) { *out << row.name; }

class ChunkedBodyGood : public ::testing::TestWithParam<GoodBodyCase> {};

TEST_P(ChunkedBodyGood, is_decoded) {
  const auto& row = GetParam();
  const DecodedBody expected{Status::complete, row.data, row.wire.size(), true};
  EXPECT_EQ(decode_every_way(row.wire), expected);
  EXPECT_EQ(decode_every_way(row.wire + "HTTP/1.1 200 OK\r\n"), expected) << "and more behind it";
  for (std::size_t size = 0; size < row.wire.size(); ++size) {
    const auto part = decode({"", {wire_bytes(row.wire).first(size)}}, plenty);
    EXPECT_EQ(part.status, Status::needs_input) << size;
    EXPECT_TRUE(row.data.starts_with(part.data)) << size;
  }
}

const std::string end = "0\r\n\r\n";
const GoodBodyCase good_bodies[] = {
    {"empty", end, ""},
    {"one_chunk", "5\r\nhello\r\n" + end, "hello"},
    {"three_chunks", "5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n" + end, "hello, world"},
    {"both_cases_of_hex", "a\r\n0123456789\r\nA\r\n0123456789\r\n" + end, "01234567890123456789"},
    {"two_digits", "1f\r\n" + std::string(31, 'x') + "\r\n" + end, std::string(31, 'x')},
    {"leading_zeros", "0005\r\nhello\r\n0000\r\n\r\n", "hello"},
    {"data_that_looks_like_framing", "7\r\n\r\n0\r\n\r\n\r\n" + end, "\r\n0\r\n\r\n"},
    {"every_byte", "2\r\n" + std::string("\0\xFF", 2) + "\r\n" + end, std::string("\0\xFF", 2)},
    {"extension", "5;a=b\r\nhello\r\n" + end, "hello"},
    {"extension_without_a_value", "5;a\r\nhello\r\n0;z\r\n\r\n", "hello"},
    {"extensions_with_blanks", "5 \t; a = \"b;c\" ;d\r\nhello\r\n" + end, "hello"},
    {"trailer", "5\r\nhello\r\n0\r\nDigest: x\r\n\r\n", "hello"},
    {"trailers", "0\r\nA:\r\nB: \xC3\xA9\t1:2 \r\nC:c\r\n\r\n", ""},
};
INSTANTIATE_TEST_SUITE_P(Table, ChunkedBodyGood, ::testing::ValuesIn(good_bodies),
                         case_name<GoodBodyCase>);

struct BadBodyCase {
  std::string name;
  std::string wire;
  std::size_t consumed;  ///< The bad byte included.
  std::string data{};
};
void PrintTo(const BadBodyCase& row, std::ostream* out) { *out << row.name; }

class ChunkedBodyBad : public ::testing::TestWithParam<BadBodyCase> {};

TEST_P(ChunkedBodyBad, is_malformed_at_the_first_bad_byte) {
  const auto& row = GetParam();
  const DecodedBody expected{Status::malformed, row.data, row.consumed, false};
  EXPECT_EQ(decode_every_way(row.wire), expected);
  EXPECT_EQ(decode_every_way(row.wire + end), expected) << "and stays so";
}

const std::string long_line(limits::chunk_line_size, '0');
const BadBodyCase bad_bodies[] = {
    {"no_size", "\r\n", 1},
    {"no_hex_digit", "g\r\n", 1},
    {"negative_size", "-1\r\n", 1},
    {"signed_size", "+5\r\nhello", 1},
    {"prefix_of_hex", "0x5\r\nhello", 2},
    {"blank_before_the_size", " 5\r\nhello", 1},
    {"blank_behind_the_size", "5 \r\nhello", 3},
    {"extension_without_a_semicolon", "5 a\r\nhello", 3},
    {"line_feed_alone_behind_the_size", "5\nhello", 2},
    {"carriage_return_alone", "5\rhello", 3},
    {"carriage_return_in_an_extension", "5;a\rb\r\nhello", 5},
    {"line_feed_in_an_extension", "5;a\nhello", 4},
    {"nul_in_an_extension", std::string("5;\0", 3), 3},
    {"size_of_17_digits", "10000000000000000\r\n", 17},
    {"size_that_wraps", "fffffffffffffffff\r\n", 17},
    {"data_too_long", "4\r\nhello\r\n", 8, "hell"},
    {"data_too_short", "6\r\nhello\r\n0\r\n\r\n", 10, "hello\r"},
    {"no_line_end_behind_the_data", "5\r\nhello0\r\n", 9, "hello"},
    {"line_feed_alone_behind_the_data", "5\r\nhello\n0\r\n", 9, "hello"},
    {"carriage_return_alone_behind_the_data", "5\r\nhello\r0\r\n", 10, "hello"},
    {"line_feed_alone_at_the_end", "0\r\n\n", 4},
    {"carriage_return_alone_at_the_end", "0\r\n\rx", 5},
    {"trailer_without_a_name", "0\r\n: x\r\n\r\n", 4},
    {"trailer_without_a_colon", "0\r\nDigest\r\n\r\n", 10},
    {"blank_before_the_colon", "0\r\nA : x\r\n\r\n", 5},
    {"folded_trailer", "0\r\nA: x\r\n y\r\n\r\n", 10},
    {"line_feed_alone_behind_a_trailer", "0\r\nA: x\n\r\n", 8},
    {"control_character_in_a_trailer", "0\r\nA: \x01\r\n\r\n", 7},
    {"size_line_too_long", long_line + "0\r\n\r\n", limits::chunk_line_size + 1},
    {"extension_too_long", "0;" + long_line, limits::chunk_line_size + 1},
    {"trailer_too_long", "0\r\nA:" + long_line, 3 + limits::chunk_line_size + 1},
};
INSTANTIATE_TEST_SUITE_P(Table, ChunkedBodyBad, ::testing::ValuesIn(bad_bodies),
                         case_name<BadBodyCase>);

TEST(ChunkedBody, the_largest_size_is_a_number) {
  EXPECT_EQ(decode_every_way("ffffffffffffffff\r\nabc"),
            (DecodedBody{Status::needs_input, "abc", 21, false}));
}

TEST(ChunkedBody, a_line_of_the_largest_size_is_read) {
  const std::string zeros(limits::chunk_line_size - 2, '0');
  EXPECT_EQ(decode_every_way(zeros + "\r\n\r\n").status, Status::complete);
  const std::string text(limits::chunk_line_size - 4, 'x');
  EXPECT_EQ(decode_every_way("0;" + text + "\r\nA:" + text + "\r\n\r\n").status, Status::complete);
}

/// The limit counts the text from the first blank or ';' on, and names and values of trailers.
TEST(ChunkedBody, all_extensions_and_trailers_together_have_a_limit) {
  const std::string one = "1;" + std::string(1023, 'x') + "\r\na\r\n";
  std::string wire;
  for (std::size_t i = 0; i < limits::chunk_extra_size / 1024; ++i) wire += one;
  EXPECT_EQ(decode_every_way(wire + end).status, Status::complete);
  EXPECT_EQ(decode_every_way(wire + "0;\r\n").status, Status::malformed);
  EXPECT_EQ(decode_every_way(wire + "0\r\nA").status, Status::malformed);

  std::string trailers = "0\r\n";
  for (std::size_t i = 0; i < limits::chunk_extra_size / 2; ++i) trailers += "A:\r\n";
  EXPECT_EQ(decode({"", {wire_bytes(trailers + "\r\n")}}, plenty).status, Status::complete);
  EXPECT_EQ(decode({"", {wire_bytes(trailers + "A:\r\n\r\n")}}, plenty).status, Status::malformed);
}

TEST(ChunkedBody, the_output_ends_at_its_limit) {
  const std::string wire = "5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n" + end;
  const std::string all = "hello, world";
  for (std::size_t limit = 0; limit < plenty; limit = limit < 20 ? limit + 1 : plenty) {
    const auto decoded = decode_every_way(wire, limit);
    EXPECT_EQ(decoded.status, Status::complete);
    EXPECT_EQ(decoded.data, all.substr(0, limit));
    EXPECT_EQ(decoded.ended, limit > all.size()) << limit;
  }
}

TEST(ChunkedBody, a_body_in_chunks_of_64_kib_is_cut_at_the_limit_of_rejections) {
  std::string wire;
  for (int i = 0; i < 3; ++i) wire += "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  const auto decoded = decode_every_way(wire, limits::rejection_body_size);
  EXPECT_EQ(decoded.status, Status::complete);
  EXPECT_EQ(decoded.data.size(), limits::rejection_body_size);
  EXPECT_FALSE(decoded.ended);
}

TEST(ChunkedBody, output_that_is_there_counts) {
  std::string out = "1234";
  ChunkedBody body;
  EXPECT_EQ(body.feed(wire_bytes("5\r\nhello\r\n"), out, 6), Status::complete);
  EXPECT_EQ(out, "1234he");
  std::string full = "1234567";
  ChunkedBody other;
  EXPECT_EQ(other.feed(wire_bytes("5\r\nhello\r\n"), full, 6), Status::complete);
  EXPECT_EQ(full, "1234567");
}

TEST(ChunkedBody, after_the_end_input_is_ignored) {
  std::string out;
  ChunkedBody body;
  EXPECT_EQ(body.feed({}, out, plenty), Status::needs_input);
  EXPECT_EQ(body.feed(wire_bytes("1\r\na\r\n0\r\n\r\n1\r\n"), out, plenty), Status::complete);
  EXPECT_EQ(body.consumed(), 11U);
  EXPECT_EQ(body.feed(wire_bytes("1\r\nb\r\n"), out, plenty), Status::complete);
  EXPECT_EQ(body.consumed(), 0U);
  EXPECT_EQ(body.feed({}, out, plenty), Status::complete);
  EXPECT_EQ(out, "a");
}

}  // namespace
}  // namespace wirespan::test
