// random_payload.hpp - contents that no protocol can guess, the same in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace wirespan::test {

/// Exactly `size` bytes of any value.
[[nodiscard]] std::string random_bytes(std::size_t size, std::uint64_t seed);
/// Exactly `size` bytes of UTF-8, with code points of one to four bytes.
[[nodiscard]] std::string random_text(std::size_t size, std::uint64_t seed);
/// Text if `text`, else bytes.
[[nodiscard]] inline std::string random_payload(std::size_t size, bool text) {
  return text ? random_text(size, size) : random_bytes(size, size);
}

/// As the frames of RFC 6455 §5.2 have them: around the edges of the three forms of the length.
inline constexpr std::size_t message_sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
inline constexpr std::size_t large_sizes[] = {16 << 20, 64 << 20};
inline constexpr std::size_t largest_message = 64 << 20;

}  // namespace wirespan::test
