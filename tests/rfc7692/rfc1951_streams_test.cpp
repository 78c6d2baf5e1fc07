// RFC 1951 §3.2: blocks and matches that broke old versions of zlib (CVE-2016-9840, CVE-2018-25032,
// CVE-2022-37434), given to the zlib that this library links.
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/deflate_cases.hpp"
#include "support/zlib_reference.hpp"

namespace wirespan::test {
namespace {

TEST(SystemZlib, C4_the_linked_library_is_as_new_as_the_one_that_is_asked_for) {
  const std::string version = ::zlibVersion();
  char* rest = nullptr;
  EXPECT_EQ(std::strtol(version.c_str(), &rest, 10), 1) << version;
  ASSERT_EQ(*rest, '.');
  const long minor = std::strtol(rest + 1, &rest, 10);
  const long patch = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  EXPECT_GE(std::pair(minor, patch), std::pair(2L, 13L)) << version;
}

/// Bits in the order of RFC 1951 §3.1.1.
class Bits {
 public:
  Bits& number(unsigned value, int size) {
    for (int i = 0; i < size; ++i) add(((value >> i) & 1) != 0);
    return *this;
  }
  /// Adds a Huffman code, the most significant bit first.
  Bits& code(std::string_view bits) {
    for (const char bit : bits) add(bit == '1');
    return *this;
  }
  /// Returns the bytes behind the head of an empty stored block, whose rest RFC 7692 §7.2.1
  /// removes.
  [[nodiscard]] ByteVector message() {
    number(0, 3);
    return bytes_;
  }

 private:
  void add(bool bit) {
    if (used_ % 8 == 0) bytes_.push_back(std::byte{0});
    if (bit) bytes_.back() |= std::byte{1} << (used_ % 8);
    ++used_;
  }
  ByteVector bytes_;
  unsigned used_ = 0;
};

/// The alphabets of a dynamic block: how many symbols each has, and a code length for some of them.
struct Alphabets {
  unsigned literals = 258;
  unsigned distances = 1;
  std::vector<std::pair<unsigned, unsigned>> lengths;  ///< Distances follow the literals.
};

/// The code lengths 0 to 14 have codes of four bits, and 15 is the code of symbol 16: repeat.
constexpr unsigned repeat = 15;

/// Returns a block with dynamic codes and the given content (RFC 1951 §3.2.7).
ByteVector dynamic(const Alphabets& alphabets, std::string_view content) {
  Bits bits;
  bits.number(0, 1).number(2, 2);
  bits.number(alphabets.literals - 257, 5).number(alphabets.distances - 1, 5).number(15, 4);
  // 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  for (int i = 0; i < 19; ++i) bits.number(i == 1 || i == 2 || i == 18 ? 0 : 4, 3);
  std::vector<unsigned> lengths(alphabets.literals + alphabets.distances);
  for (const auto& [symbol, length] : alphabets.lengths) lengths.at(symbol) = length;
  for (const unsigned length : lengths) {
    for (int i = 3; i >= 0; --i) bits.number(length >> i, 1);
    if (length == repeat) bits.number(3, 2);  // six times
  }
  return bits.code(content).message();
}

/// Returns a block with the fixed codes and the given content (RFC 1951 §3.2.6).
ByteVector fixed(std::string_view content) {
  return Bits().number(0, 1).number(1, 2).code(content).message();
}

/// Returns a dynamic block whose codes for code lengths are `size` bits each, for all symbols.
ByteVector code_lengths(unsigned size) {
  Bits bits;
  bits.number(0, 1).number(2, 2).number(0, 5).number(0, 5).number(15, 4);
  for (int i = 0; i < 19; ++i) bits.number(size, 3);
  for (int i = 0; i < 300; ++i) bits.number(0, 5);
  return bits.message();
}

struct StreamRow {
  std::string name;
  ByteVector payload;
  std::string text{};  ///< The message; with none the stream is refused.
};

void PrintTo(const StreamRow& row, std::ostream* out) { *out << to_hex(row.payload); }

std::vector<StreamRow> stream_rows() {
  // a is 0 and the end of the block 1; or, with a match of three bytes (257) as 0, they are 10
  // and 11.
  const Alphabets plain{.lengths = {{'a', 1}, {256, 1}}};
  const auto with = [](Alphabets alphabets, unsigned symbol, unsigned length) {
    alphabets.lengths.emplace_back(symbol, length);
    return alphabets;
  };
  const Alphabets matching{.lengths = {{'a', 2}, {256, 2}, {257, 1}}};
  Alphabets two_distances = matching;
  two_distances.distances = 2;
  two_distances.lengths.insert(two_distances.lengths.end(), {{258, 2}, {259, 2}});
  Alphabets three_distances = matching;
  three_distances.distances = 3;
  three_distances.lengths.insert(three_distances.lengths.end(), {{258, 1}, {259, 1}, {260, 1}});
  return {
      {"no_distance_code", dynamic(plain, "0001"), "aaa"},
      {"one_distance_code", dynamic(with(matching, 258, 1), "100011"), "aaaa"},
      {"the_other_half_of_one_distance_code", dynamic(with(matching, 258, 1), "100111")},
      {"a_match_without_distance_codes", dynamic(matching, "100011")},
      {"a_match_before_the_first_byte", dynamic(with(matching, 258, 1), "001011")},
      {"all_literals", dynamic({.literals = 286, .lengths = {{'a', 1}, {256, 1}}}, "001"), "aa"},
      {"all_distances", dynamic({.distances = 30, .lengths = {{'a', 1}, {256, 1}}}, "01"), "a"},
      {"too_many_literals", dynamic({.literals = 287, .lengths = {{'a', 1}, {256, 1}}}, "01")},
      {"too_many_distances", dynamic({.distances = 31, .lengths = {{'a', 1}, {256, 1}}}, "01")},
      {"more_literals_than_codes", dynamic(with(plain, 'b', 1), "01")},
      {"fewer_literals_than_codes", dynamic({.lengths = {{'a', 2}, {256, 2}}}, "0001")},
      {"no_end_of_the_block", dynamic({.lengths = {{'a', 1}, {'b', 1}}}, "01")},
      {"more_distances_than_codes", dynamic(three_distances, "100011")},
      {"fewer_distances_than_codes", dynamic(two_distances, "1000011")},
      {"a_repeat_of_nothing", dynamic(with(plain, 0, repeat), "01")},
      {"a_repeat_past_the_end", dynamic(with(plain, 258, repeat), "01")},
      {"more_code_lengths_than_codes", code_lengths(4)},
      {"fewer_code_lengths_than_codes", code_lengths(5)},
      {"fixed_codes",
       fixed("10010001"
             "0000000"),
       "a"},
      {"the_fixed_length_286", fixed("10010001"
                                     "11000110"
                                     "00000"
                                     "0000000")},
      {"the_fixed_distance_30", fixed("10010001"
                                      "0000001"
                                      "11110"
                                      "0000000")},
      {"a_gzip_header_with_an_extra_field", "1f8b0804000000000003ffff41414141"_hex},
      {"a_zlib_header", "789c4a040000"_hex},
  };
}

class Rfc1951 : public ::testing::TestWithParam<StreamRow> {};

TEST_P(Rfc1951, C4_a_stream_is_understood_or_refused) {
  const StreamRow& row = GetParam();
  const std::string expected =
      row.text.empty() ? seen::failed(Errc::bad_compressed_data) : seen::text(row.text);
  for (const Role role : {Role::client, Role::server}) {
    const ByteVector wire = as_received_by(role, compressed_frames(1, row.payload));
    for_every_chopping(wire, [&](const Chopping& chopping) {
      Conversation conversation(role, compressing());
      for (const Bytes piece : chopping.pieces) conversation.receive(piece);
      EXPECT_EQ(conversation.events(), std::vector{expected}) << chopping.name;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Rfc1951, ::testing::ValuesIn(stream_rows()), case_name<StreamRow>);

/// Returns bytes of which nearly all are short matches far back: many bits for each match.
ByteVector distant_matches() {
  ByteVector bytes = noise(32'000);
  const ByteVector choice = noise(60'000, 2);
  for (std::size_t i = 0; i + 2 < choice.size(); i += 3) {
    const std::size_t back = 20'000 + 256 * (std::to_integer<std::size_t>(choice[i]) % 40) +
                             std::to_integer<std::size_t>(choice[i + 1]);
    const std::size_t size = 3 + std::to_integer<std::size_t>(choice[i + 2]) % 8;
    const std::size_t from = bytes.size() - back;
    for (std::size_t n = 0; n < size; ++n) bytes.push_back(bytes[from + n]);
  }
  return bytes;
}

/// CVE-2018-25032: the output of such matches ran over the list of those still to be written.
TEST(Rfc1951, C4_distant_matches_come_out_as_they_were_at_every_level_and_size_of_the_tables) {
  const ByteVector plain = distant_matches();
  for (int level = 1; level <= 9; ++level) {
    for (int memory_level = 1; memory_level <= 9; ++memory_level) {
      ConversationOptions options = compressing();
      options.deflate->level = level;
      options.deflate->memory_level = memory_level;
      Conversation conversation(Role::server, options);
      ASSERT_FALSE(conversation.connection().send(Opcode::binary, plain));
      const auto frames = parse_frames(conversation.wire());
      ASSERT_EQ(frames->size(), 1U);
      ASSERT_EQ(frames->at(0).first_byte, 0xC2U) << "compressed";
      ASSERT_TRUE(ZlibInflater().message(frames->at(0).payload) == plain)
          << "level " << level << ", tables " << memory_level;
    }
  }
}

}  // namespace
}  // namespace wirespan::test
