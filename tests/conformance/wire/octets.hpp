// octets.hpp - strings of octets: hex, repetition, big-endian numbers, excerpts for reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

/// Octets of the wire. A string, because the suite compares and prints more than it computes.
using Octets = std::string;

[[nodiscard]] constexpr unsigned value_of(char octet) noexcept {
  return static_cast<unsigned char>(octet);
}

/// Requires an even number of hexadecimal digits.
[[nodiscard]] Octets from_hex(std::string_view digits);
[[nodiscard]] std::string to_hex(std::string_view octets);

/// Repeats the pattern, cut to `length`.
[[nodiscard]] Octets repeated(std::string_view pattern, std::size_t length);

[[nodiscard]] Octets big_endian(std::uint64_t value, std::size_t octets);
[[nodiscard]] std::uint64_t from_big_endian(std::string_view octets) noexcept;

/// Returns the text itself if it is UTF-8, else hex with 0x in front; long input is cut.
[[nodiscard]] std::string excerpt(std::string_view octets, std::size_t limit = 60);

[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace conformance
