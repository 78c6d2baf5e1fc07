// bytes.hpp - views of wire data, the only casts between bytes and text, network byte order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Borrowed wire data: a view that never owns. A class that keeps the bytes copies them, visibly.
using Bytes = std::span<const std::byte>;
/// Borrowed wire data that may be changed in place, as unmasking does.
using MutableBytes = std::span<std::byte>;

/// Returns the bytes of a text. Borrowed: valid as long as `text` is.
[[nodiscard]] inline Bytes wire_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Returns `bytes` as text. Borrowed: valid as long as `bytes` are. No encoding is checked.
[[nodiscard]] inline std::string_view wire_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// True if `a` and `b` are the same memory, not only equal bytes.
[[nodiscard]] inline bool is_same_memory(Bytes a, Bytes b) noexcept {
  return a.data() == b.data() && a.size() == b.size();
}

/// Reads an unsigned integer in network byte order.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T load_big_endian(std::span<const std::byte, sizeof(T)> bytes) noexcept {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = (value << 8) | std::to_integer<std::uint64_t>(byte);
  return static_cast<T>(value);
}

/// Writes an unsigned integer in network byte order.
template <std::unsigned_integral T>
constexpr void store_big_endian(std::span<std::byte, sizeof(T)> bytes, T value) noexcept {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const auto shift = static_cast<unsigned>(8 * (sizeof(T) - 1 - i));
    bytes[i] = static_cast<std::byte>((static_cast<std::uint64_t>(value) >> shift) & 0xFF);
  }
}

}  // namespace wirespan
