// no_proxy.cpp - the servers that are reached without a proxy. RFC 4632 §3.1.
#include <algorithm>
#include <array>
#include <charconv>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/proxy.hpp>

namespace wirespan {
namespace {

/// An address in the form of IPv6: IPv4 becomes an IPv4-mapped address, so that both compare.
using CommonAddress = std::array<std::byte, 16>;

constexpr std::size_t mapped_prefix = 96;  // bits in front of the IPv4 address

std::optional<CommonAddress> common_address(std::string_view text) {
  // A zone (RFC 4007 §11) says where the address is valid, not which one it is.
  if (text.find(':') != std::string_view::npos) text = text.substr(0, text.find('%'));
  const auto bytes = numeric_address(text);
  if (!bytes) return std::nullopt;
  CommonAddress address{};
  if (bytes->size() == 4) address[10] = address[11] = std::byte{0xFF};
  std::copy(bytes->rbegin(), bytes->rend(), address.rbegin());
  return address;
}

bool is_ipv4(const CommonAddress& address) noexcept {
  return std::all_of(address.begin(), address.begin() + 10,
                     [](std::byte byte) { return byte == std::byte{0}; }) &&
         address[10] == std::byte{0xFF} && address[11] == std::byte{0xFF};
}

bool same_prefix(const CommonAddress& a, const CommonAddress& b, std::size_t bits) noexcept {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::byte>(0xFF00U >> (bits % 8) & 0xFF);
  return (a[whole] & mask) == (b[whole] & mask);
}

/// Returns the number that `text` spells in decimal digits, nothing above `most`.
std::optional<unsigned> number_up_to(unsigned most, std::string_view text) noexcept {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || value > most) return std::nullopt;
  return value;
}

/// The server of the question, parsed once for all entries.
struct Server {
  std::string_view name;  // without a trailing dot
  std::optional<CommonAddress> address;
  std::uint16_t port;
};

bool is_in_network(const Server& server, std::string_view base, std::string_view prefix) {
  const auto network = common_address(base);
  if (!network || !server.address) return false;
  const bool dotted = base.find(':') == std::string_view::npos;
  const auto bits = number_up_to(dotted ? 32 : 128, prefix);
  if (!bits) return false;
  const std::size_t common_bits = *bits + (dotted ? mapped_prefix : 0);
  // "::/0" means every IPv6 address and no IPv4 address.
  if (is_ipv4(*server.address) && common_bits < mapped_prefix) return false;
  return same_prefix(*server.address, *network, common_bits);
}

std::string_view without_trailing_dot(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

/// Compares whole labels: "b.c" matches "b.c" and "a.b.c", not "ab.c".
bool is_name_in_domain(std::string_view name, std::string_view domain) noexcept {
  if (domain.starts_with("*.")) domain.remove_prefix(1);
  if (domain.starts_with('.')) domain.remove_prefix(1);
  domain = without_trailing_dot(domain);
  if (domain.empty() || name.size() < domain.size()) return false;
  const std::size_t before = name.size() - domain.size();
  return equal_ignoring_case(name.substr(before), domain) &&
         (before == 0 || name[before - 1] == '.');
}

/// Removes ":port" from an entry that is no bare IPv6 address. False if it names another port.
bool take_port(std::string_view& entry, std::uint16_t port) noexcept {
  const std::size_t colon = entry.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        (entry.find(':') == colon || (colon > 0 && entry[colon - 1] == ']'));
  if (!has_port) return true;
  const auto named = number_up_to(65535, entry.substr(colon + 1));
  entry = entry.substr(0, colon);
  return named && *named == port;
}

bool matches(const Server& server, std::string_view entry) {
  if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
    return is_in_network(server, entry.substr(0, slash), entry.substr(slash + 1));
  }
  if (!take_port(entry, server.port)) return false;
  if (entry == "*") return true;
  if (entry.starts_with('[') && entry.ends_with(']')) {
    entry = entry.substr(1, entry.size() - 2);
  }
  if (server.address) return common_address(entry) == server.address;
  return is_name_in_domain(server.name, entry);
}

}  // namespace

bool bypasses_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port) {
  constexpr std::string_view separators = ", \t\r\n";
  host = without_trailing_dot(host);
  const Server server{.name = host, .address = common_address(host), .port = port};
  while (!no_proxy.empty()) {
    const std::string_view entry = no_proxy.substr(0, no_proxy.find_first_of(separators));
    no_proxy.remove_prefix(std::min(entry.size() + 1, no_proxy.size()));
    if (!entry.empty() && matches(server, entry)) return true;
  }
  return false;
}

}  // namespace wirespan
