// endpoint.hpp - a socket address as a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include <wirespan/core/ip_address.hpp>

namespace wirespan::net {

/// Address family of an Endpoint; `other`: an empty or unknown one.
enum class Family : std::uint8_t { ipv4, ipv6, unix_path, other };

/// A socket address of the operating system (IPv4, IPv6 or Unix) as a value.
class Endpoint {
 public:
  Endpoint() noexcept = default;
  /// Copies `size` bytes of a `sockaddr`; one larger than sockaddr_storage gives Family::other.
  Endpoint(const sockaddr* address, socklen_t size) noexcept;

  /// Parses a numeric IPv4 or IPv6 address without brackets; std::nullopt for any other text. IPv6
  /// may have a zone, the name or the index of an interface: "fe80::1%eth0". RFC 4007 §11. A name
  /// that no interface has gives std::nullopt.
  [[nodiscard]] static std::optional<Endpoint> from_numeric(std::string_view host,
                                                            std::uint16_t port);
  /// Parses a numeric address with or without a port: "192.0.2.1", "192.0.2.1:4000", "::1",
  /// "[::1]", "[::1]:4000". Without one the port is 0. std::nullopt for any other text.
  [[nodiscard]] static std::optional<Endpoint> from_text(std::string_view text);
  /// std::nullopt if the path is empty, too long for a Unix address, or has a NUL in it.
  [[nodiscard]] static std::optional<Endpoint> from_unix_path(std::string_view path);

  /// IPv4 for an address in its IPv4-mapped form.
  [[nodiscard]] static Endpoint from_ip(const IpEndpoint& ip) noexcept;
  /// The address and the port without a zone; std::nullopt unless the family is IPv4 or IPv6.
  [[nodiscard]] std::optional<IpEndpoint> ip() const noexcept;

  /// The sockaddr and its size, as system calls take them; valid as long as this object.
  [[nodiscard]] const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(storage_.data());
  }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }
  /// IPv4, IPv6 or Unix.
  [[nodiscard]] Family family() const noexcept;
  /// 0 for a Unix address.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Returns a copy with that port; a Unix address stays as it is.
  [[nodiscard]] Endpoint with_port(std::uint16_t port) const noexcept;
  /// True for 127.0.0.0/8, also mapped to IPv6, for ::1, and for every Unix address.
  [[nodiscard]] bool is_loopback() const noexcept;
  /// "127.0.0.1", "::1", "fe80::1%eth0", or a path, without a port; "unknown" for Family::other.
  [[nodiscard]] std::string host() const;
  /// "127.0.0.1:80", "[::1]:80", or "unix:" and a path; "unknown" for Family::other.
  [[nodiscard]] std::string to_string() const;
  /// True if family, address and port are the same.
  bool operator==(const Endpoint& other) const noexcept;

 private:
  alignas(sockaddr_storage) std::array<std::byte, sizeof(sockaddr_storage)> storage_{};
  socklen_t size_ = 0;
};

}  // namespace wirespan::net
