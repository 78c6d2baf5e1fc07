// endpoint.hpp - a socket address as a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace wirespan::net {

enum class Family : std::uint8_t { ipv4, ipv6, unix_path, other };

/// An IPv4, IPv6 or Unix address of the operating system.
class Endpoint {
 public:
  Endpoint() noexcept = default;
  /// Copies `size` bytes of a `sockaddr`; what does not fit makes an Endpoint of no family.
  Endpoint(const sockaddr* address, socklen_t size) noexcept;

  /// A numeric IPv4 or IPv6 address, without brackets. Nothing for anything else.
  [[nodiscard]] static std::optional<Endpoint> from_numeric(std::string_view host,
                                                            std::uint16_t port);
  /// Nothing if the path is empty, too long for a Unix address, or has a NUL in it.
  [[nodiscard]] static std::optional<Endpoint> from_unix_path(std::string_view path);

  [[nodiscard]] const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(storage_.data());
  }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }
  [[nodiscard]] Family family() const noexcept;
  /// 0 for a Unix address.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] Endpoint with_port(std::uint16_t port) const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;
  /// "127.0.0.1", "::1", or a path; without a port.
  [[nodiscard]] std::string host() const;
  /// "127.0.0.1:80", "[::1]:80", or "unix:" and a path.
  [[nodiscard]] std::string to_string() const;
  /// Same family, address and port.
  bool operator==(const Endpoint& other) const noexcept;

 private:
  alignas(sockaddr_storage) std::array<std::byte, sizeof(sockaddr_storage)> storage_{};
  socklen_t size_ = 0;
};

}  // namespace wirespan::net
