// ip_address.cpp - parses and compares IPv4 and IPv6 addresses and networks. RFC 4291, RFC 4632.
#include <wirespan/core/ip_address.hpp>
#include <wirespan/core/numeric_address.hpp>

namespace wirespan {
namespace {

constexpr std::size_t mapped_prefix = 96;  // bits in front of the IPv4 address

bool same_prefix(std::span<const std::byte, IpAddress::size> a,
                 std::span<const std::byte, IpAddress::size> b, std::size_t bits) noexcept {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::byte>(0xFF00U >> (bits % 8) & 0xFF);
  return (a[whole] & mask) == (b[whole] & mask);
}

/// Removes the zone of an IPv6 address. False for a zone that is empty or holds '%' (RFC 4007
/// §11.2) or '/', which separates it from a prefix length (§11.7), and behind any other text.
bool take_zone(std::string_view& text) noexcept {
  const std::size_t percent = text.find('%');
  if (percent == std::string_view::npos) return true;
  const std::string_view zone = text.substr(percent + 1);
  text = text.substr(0, percent);
  return !zone.empty() && zone.find_first_of("%/") == std::string_view::npos &&
         text.find(':') != std::string_view::npos;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (!take_zone(text)) return std::nullopt;
  const auto bytes = numeric_address(text);
  if (!bytes) return std::nullopt;
  if (bytes->size() == ipv4_size) return IpAddress(std::span(*bytes).first<ipv4_size>());
  return IpAddress(std::span(*bytes).first<size>());
}

bool IpAddress::is_ipv4() const noexcept {
  const IpAddress mapped(ipv4_bytes());
  return same_prefix(bytes_, mapped.bytes_, mapped_prefix);
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view base = text.substr(0, slash);
  const auto address = IpAddress::parse(base);
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return IpNetwork(*address, IpAddress::size * 8);
  const bool dotted = base.find(':') == std::string_view::npos;
  const auto bits = number_up_to(dotted ? 32 : 128, text.substr(slash + 1));
  if (!bits) return std::nullopt;
  return IpNetwork(*address, *bits + (dotted ? mapped_prefix : 0));
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  if (bits_ < mapped_prefix && address.is_ipv4()) return false;
  return same_prefix(address.bytes(), base_.bytes(), bits_);
}

}  // namespace wirespan
