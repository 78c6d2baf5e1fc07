// no_proxy.cpp - the servers that are reached without a proxy. RFC 4632 §3.1.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/ip_address.hpp>
#include <wirespan/core/numeric_address.hpp>
#include <wirespan/core/proxy.hpp>

namespace wirespan {
namespace {

/// The server of the question, parsed once for all entries.
struct Server {
  std::string_view name;  // without a trailing dot
  std::optional<IpAddress> address;
  std::uint16_t port;
};

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
  if (entry.find('/') != std::string_view::npos) {
    const auto network = server.address ? IpNetwork::parse(entry) : std::nullopt;
    return network && network->contains(*server.address);
  }
  if (!take_port(entry, server.port)) return false;
  if (entry == "*") return true;
  if (entry.starts_with('[') && entry.ends_with(']')) {
    entry = entry.substr(1, entry.size() - 2);
  }
  if (server.address) return IpAddress::parse(entry) == server.address;
  return is_name_in_domain(server.name, entry);
}

}  // namespace

bool bypasses_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port) {
  constexpr std::string_view separators = ", \t\r\n";
  host = without_trailing_dot(host);
  const Server server{.name = host, .address = IpAddress::parse(host), .port = port};
  while (!no_proxy.empty()) {
    const std::string_view entry = no_proxy.substr(0, no_proxy.find_first_of(separators));
    no_proxy.remove_prefix(std::min(entry.size() + 1, no_proxy.size()));
    if (!entry.empty() && matches(server, entry)) return true;
  }
  return false;
}

}  // namespace wirespan
