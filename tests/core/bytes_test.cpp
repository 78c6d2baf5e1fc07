// core/bytes.hpp: network byte order, and text as bytes.
#include <array>

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include <wirespan/core/bytes.hpp>

namespace wirespan::test {
namespace {

TEST(Bytes, loads_network_byte_order) {
  const ByteVector bytes = "0102030405060708"_hex;
  const std::span<const std::byte> all(bytes);
  EXPECT_EQ(load_big_endian<std::uint8_t>(all.first<1>()), 0x01U);
  EXPECT_EQ(load_big_endian<std::uint16_t>(all.first<2>()), 0x0102U);
  EXPECT_EQ(load_big_endian<std::uint32_t>(all.first<4>()), 0x01020304U);
  EXPECT_EQ(load_big_endian<std::uint64_t>(all.first<8>()), 0x0102030405060708U);
  EXPECT_EQ(load_big_endian<std::uint16_t>(all.subspan<1, 2>()), 0x0203U) << "not aligned";
}

TEST(Bytes, stores_what_it_loads) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x80}, std::uint64_t{0xFFFF},
        std::uint64_t{0x1234567890ABCDEF}, ~std::uint64_t{0}}) {
    std::array<std::byte, 8> bytes{};
    store_big_endian<std::uint64_t>(bytes, value);
    EXPECT_EQ(load_big_endian<std::uint64_t>(bytes), value);
  }
  std::array<std::byte, 2> two{};
  store_big_endian<std::uint16_t>(two, 0xABCD);
  EXPECT_EQ(owned(two), "abcd"_hex);
}

TEST(Bytes, text_and_bytes_are_the_same_memory) {
  const std::string_view text("a\0b", 3);
  const Bytes bytes = wire_bytes(text);
  EXPECT_EQ(owned(bytes), "610062"_hex);
  EXPECT_EQ(wire_text(bytes).data(), text.data());
  EXPECT_EQ(wire_text(bytes), text);
  EXPECT_TRUE(wire_bytes({}).empty());
  EXPECT_TRUE(wire_text({}).empty());
}

}  // namespace
}  // namespace wirespan::test
