// endpoint.cpp - parses, compares and prints socket addresses.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <span>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <wirespan/core/numeric_address.hpp>
#include <wirespan/net/endpoint.hpp>

namespace wirespan::net {
namespace {

/// Returns the address as one of its concrete types, by memcpy because of the aliasing rules.
template <class Address>
Address as(const Endpoint& endpoint) noexcept {
  Address address{};
  std::memcpy(&address, endpoint.data(), std::min<std::size_t>(sizeof address, endpoint.size()));
  return address;
}

/// True if the system's functions would take only a part of the text: they stop at the NUL.
bool has_nul(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

template <class Address>
Endpoint endpoint_of(const Address& address) noexcept {
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

/// Returns the index of an interface that is named, or given as a number; 0 for any other text. As
/// in getaddrinfo(), a name counts first, and a number need not be that of an interface.
/// RFC 4007 §11.
std::uint32_t zone_index(const std::string& zone) noexcept {
  if (zone.size() < IF_NAMESIZE) {
    if (const unsigned index = ::if_nametoindex(zone.c_str()); index != 0) return index;
  }
  std::uint32_t index = 0;
  const char* end = zone.data() + zone.size();
  const auto result = std::from_chars(zone.data(), end, index);
  return result.ec == std::errc() && result.ptr == end ? index : 0;
}

/// Returns "%" and the name of the interface, or its number if there is no such interface.
std::string shown_zone(std::uint32_t index) {
  if (index == 0) return "";
  std::array<char, IF_NAMESIZE> name{};
  const bool is_named = ::if_indextoname(index, name.data()) != nullptr;
  return "%" + (is_named ? std::string(name.data()) : std::to_string(index));
}

/// Parses an IPv6 address with or without a zone.
std::optional<sockaddr_in6> parse_v6(const std::string& text) {
  const std::size_t percent = std::min(text.find('%'), text.size());
  sockaddr_in6 address{};
  if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), &address.sin6_addr) != 1) {
    return std::nullopt;
  }
  address.sin6_family = AF_INET6;
  if (percent == text.size()) return address;
  address.sin6_scope_id = zone_index(text.substr(percent + 1));
  return address.sin6_scope_id != 0 ? std::optional(address) : std::nullopt;
}

}  // namespace

Endpoint::Endpoint(const sockaddr* address, socklen_t size) noexcept {
  if (size > storage_.size()) return;
  std::memcpy(storage_.data(), address, size);
  size_ = size;
}

std::optional<Endpoint> Endpoint::from_numeric(std::string_view host, std::uint16_t port) {
  if (has_nul(host)) return std::nullopt;
  const std::string text(host);
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return endpoint_of(v4);
  }
  auto v6 = parse_v6(text);
  if (!v6) return std::nullopt;
  v6->sin6_port = htons(port);
  return endpoint_of(*v6);
}

Endpoint Endpoint::from_ip(const IpEndpoint& ip) noexcept {
  if (ip.address.is_ipv4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(ip.port);
    std::memcpy(&v4.sin_addr, ip.address.ipv4_bytes().data(), IpAddress::ipv4_size);
    return endpoint_of(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(ip.port);
  std::memcpy(&v6.sin6_addr, ip.address.bytes().data(), IpAddress::size);
  return endpoint_of(v6);
}

std::optional<IpEndpoint> Endpoint::ip() const noexcept {
  if (family() == Family::ipv4) {
    const auto v4 = as<sockaddr_in>(*this);
    const auto bytes = std::as_bytes(std::span(&v4.sin_addr, 1));
    return IpEndpoint{.address = IpAddress(bytes.first<IpAddress::ipv4_size>()), .port = port()};
  }
  if (family() == Family::ipv6) {
    const auto v6 = as<sockaddr_in6>(*this);
    const auto bytes = std::as_bytes(std::span(&v6.sin6_addr, 1));
    return IpEndpoint{.address = IpAddress(bytes.first<IpAddress::size>()), .port = port()};
  }
  return std::nullopt;
}

std::optional<Endpoint> Endpoint::from_text(std::string_view text) {
  const auto split = split_address(text);
  const auto port = split ? number_up_to(65535, split->port.value_or("0")) : std::nullopt;
  if (!port) return std::nullopt;
  const auto endpoint = from_numeric(split->address, static_cast<std::uint16_t>(*port));
  const bool is_right_family =
      endpoint && (!split->has_brackets || endpoint->family() == Family::ipv6);
  return is_right_family ? endpoint : std::nullopt;
}

std::optional<Endpoint> Endpoint::from_unix_path(std::string_view path) {
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  if (has_nul(path)) return std::nullopt;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  // The kernel counts the path's NUL and nothing after it; operator== compares these bytes.
  const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  return Endpoint(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
}

Family Endpoint::family() const noexcept {
  if (size_ < sizeof(sa_family_t)) return Family::other;
  switch (data()->sa_family) {
    case AF_INET:
      return Family::ipv4;
    case AF_INET6:
      return Family::ipv6;
    case AF_UNIX:
      return Family::unix_path;
    default:
      return Family::other;
  }
}

std::uint16_t Endpoint::port() const noexcept {
  switch (family()) {
    case Family::ipv4:
      return ntohs(as<sockaddr_in>(*this).sin_port);
    case Family::ipv6:
      return ntohs(as<sockaddr_in6>(*this).sin6_port);
    default:
      return 0;
  }
}

Endpoint Endpoint::with_port(std::uint16_t port) const noexcept {
  if (family() == Family::ipv4) {
    auto address = as<sockaddr_in>(*this);
    address.sin_port = htons(port);
    return endpoint_of(address);
  }
  if (family() == Family::ipv6) {
    auto address = as<sockaddr_in6>(*this);
    address.sin6_port = htons(port);
    return endpoint_of(address);
  }
  return *this;
}

bool Endpoint::is_loopback() const noexcept {
  switch (family()) {
    case Family::ipv4:
      return ntohl(as<sockaddr_in>(*this).sin_addr.s_addr) >> 24 == 127;
    case Family::ipv6: {
      const auto address = as<sockaddr_in6>(*this).sin6_addr;
      const bool mapped = IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127;
      return IN6_IS_ADDR_LOOPBACK(&address) || mapped;
    }
    case Family::unix_path:
      return true;
    default:
      return false;
  }
}

std::string Endpoint::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == Family::ipv4) {
    const auto address = as<sockaddr_in>(*this);
    return ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  }
  if (family() == Family::ipv6) {
    const auto address = as<sockaddr_in6>(*this);
    return ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size()) +
           shown_zone(address.sin6_scope_id);
  }
  if (family() == Family::unix_path) {
    const auto address = as<sockaddr_un>(*this);
    return {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
  }
  return "unknown";
}

std::string Endpoint::to_string() const {
  switch (family()) {
    case Family::ipv4:
      return host() + ":" + std::to_string(port());
    case Family::ipv6:
      return std::string(1, '[').append(host()).append("]:").append(std::to_string(port()));
    case Family::unix_path:
      return "unix:" + host();
    default:
      return host();
  }
}

bool Endpoint::operator==(const Endpoint& other) const noexcept {
  return size_ == other.size_ && std::memcmp(storage_.data(), other.storage_.data(), size_) == 0;
}

}  // namespace wirespan::net
