// ip_address.hpp - IPv4 and IPv6 addresses and networks as values. RFC 4291 §2, RFC 4632 §3.1.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// An IPv4 or IPv6 address without a zone. IPv4 is kept in its IPv4-mapped form (RFC 4291
/// §2.5.5.2), so that "192.0.2.1" and "::ffff:192.0.2.1" are the same address.
class IpAddress {
 public:
  /// Bytes of an address, and of an IPv4 address.
  static constexpr std::size_t size = 16;
  static constexpr std::size_t ipv4_size = 4;

  /// The address "::".
  constexpr IpAddress() noexcept = default;
  /// From the bytes in network byte order: of IPv6, and of IPv4.
  explicit IpAddress(std::span<const std::byte, size> ipv6) noexcept {
    std::copy(ipv6.begin(), ipv6.end(), bytes_.begin());
  }
  explicit IpAddress(std::span<const std::byte, ipv4_size> ipv4) noexcept {
    bytes_[10] = bytes_[11] = std::byte{0xFF};
    std::copy(ipv4.begin(), ipv4.end(), bytes_.end() - ipv4_size);
  }
  /// As numeric_address(); a zone behind '%' says where an IPv6 address is valid and is left out.
  /// It has at least one character, and neither '%' nor '/' (RFC 4007 §11.2, §11.7).
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  /// True for IPv4, in either form.
  [[nodiscard]] bool is_ipv4() const noexcept;
  /// The bytes in network byte order: of IPv6, or of the mapped form.
  [[nodiscard]] std::span<const std::byte, size> bytes() const noexcept { return bytes_; }
  /// The bytes of an IPv4 address. Requires is_ipv4().
  [[nodiscard]] std::span<const std::byte, ipv4_size> ipv4_bytes() const noexcept {
    return std::span(bytes_).last<ipv4_size>();
  }
  bool operator==(const IpAddress&) const = default;

 private:
  std::array<std::byte, size> bytes_{};
};

/// An address and a port.
struct IpEndpoint {
  IpAddress address{};     ///< The address.
  std::uint16_t port = 0;  ///< 0: unknown.
  bool operator==(const IpEndpoint&) const = default;
};

/// The addresses that begin with the same bits.
class IpNetwork {
 public:
  /// Parses "10.0.0.0/8", "fd00::/8", or one address. Bits behind the prefix count for nothing.
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);

  /// True if the address is in the network. A prefix of IPv6 that is shorter than that of the
  /// IPv4-mapped addresses, such as "::/0", has no IPv4 address in it.
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

 private:
  IpNetwork(const IpAddress& base, std::size_t bits) noexcept : base_(base), bits_(bits) {}

  IpAddress base_;
  std::size_t bits_;  // of the 128
};

}  // namespace wirespan
