// random_payload.hpp - random payloads, the same in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace wirespan::test {

/// Returns exactly `size` bytes of any value.
[[nodiscard]] std::string random_bytes(std::size_t size, std::uint64_t seed);
/// Returns exactly `size` bytes of UTF-8, with code points of one to four bytes.
[[nodiscard]] std::string random_text(std::size_t size, std::uint64_t seed);
/// Returns random_text() if `text` is true, else random_bytes(); the seed is the size.
[[nodiscard]] inline std::string random_payload(std::size_t size, bool text) {
  return text ? random_text(size, size) : random_bytes(size, size);
}

/// Sizes around the bounds of the three length forms of RFC 6455 §5.2.
inline constexpr std::size_t message_sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
inline constexpr std::size_t large_sizes[] = {16 << 20, 64 << 20};
inline constexpr std::size_t largest_message = 64 << 20;

}  // namespace wirespan::test
