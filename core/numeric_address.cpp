// numeric_address.cpp - parses IPv4 and IPv6 addresses. RFC 4291 §2.2, RFC 6943 §3.1.1.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/numeric_address.hpp>

namespace wirespan {
namespace {

using Address4 = std::array<std::byte, 4>;
using Address6 = std::array<std::byte, 16>;

/// Removes the text up to `separator`, which is removed as well.
std::string_view next_part(std::string_view& text, char separator) noexcept {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

/// Parses "192.0.2.1". The older forms with fewer numbers, octal or hexadecimal digits are names.
std::optional<Address4> parse_ipv4(std::string_view text) noexcept {
  if (std::count(text.begin(), text.end(), '.') != 3 || text.ends_with('.')) return std::nullopt;
  Address4 address{};
  for (std::byte& byte : address) {
    const std::string_view part = next_part(text, '.');
    const bool number = !part.empty() && part.size() <= 3 &&
                        std::all_of(part.begin(), part.end(), is_digit) &&
                        (part.size() == 1 || part.front() != '0');
    unsigned value = 0;
    if (number) std::from_chars(part.data(), part.data() + part.size(), value);
    if (!number || value > 255) return std::nullopt;
    byte = static_cast<std::byte>(value);
  }
  return address;
}

/// The groups of IPv6 on one side of "::", as bytes.
struct Groups {
  Address6 bytes{};
  std::size_t size = 0;

  [[nodiscard]] bool add(std::string_view part) noexcept {
    const bool hex =
        !part.empty() && part.size() <= 4 && std::all_of(part.begin(), part.end(), is_hex_digit);
    if (!hex || bytes.size() - size < 2) return false;
    unsigned value = 0;
    std::from_chars(part.data(), part.data() + part.size(), value, 16);
    bytes[size++] = static_cast<std::byte>(value >> 8);
    bytes[size++] = static_cast<std::byte>(value & 0xFF);
    return true;
  }

  [[nodiscard]] bool add_ipv4(std::string_view part) noexcept {
    const auto address = parse_ipv4(part);
    if (!address || bytes.size() - size < address->size()) return false;
    std::copy(address->begin(), address->end(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    size += address->size();
    return true;
  }
};

/// Parses groups separated by single colons; `last` says that an IPv4 address may end them.
std::optional<Groups> parse_groups(std::string_view text, bool last) noexcept {
  Groups groups;
  if (text.empty()) return groups;
  if (text.ends_with(':')) return std::nullopt;
  while (!text.empty()) {
    const std::string_view part = next_part(text, ':');
    const bool dotted = last && text.empty() && part.find('.') != std::string_view::npos;
    if (!(dotted ? groups.add_ipv4(part) : groups.add(part))) return std::nullopt;
  }
  return groups;
}

std::optional<Address6> parse_ipv6(std::string_view text) noexcept {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto groups = parse_groups(text, true);
    const bool whole = groups && groups->size == groups->bytes.size();
    return whole ? std::optional(groups->bytes) : std::nullopt;
  }
  const auto front = parse_groups(text.substr(0, gap), false);
  const auto back = parse_groups(text.substr(gap + 2), true);
  // "::" stands for at least one group.
  if (!front || !back || front->size + back->size > 14) return std::nullopt;
  Address6 address = front->bytes;
  std::copy_n(back->bytes.begin(), back->size,
              address.end() - static_cast<std::ptrdiff_t>(back->size));
  return address;
}

}  // namespace

std::optional<std::vector<std::byte>> numeric_address(std::string_view host) {
  if (const auto v4 = parse_ipv4(host)) return std::vector<std::byte>(v4->begin(), v4->end());
  if (host.find(':') == std::string_view::npos) return std::nullopt;
  if (const auto v6 = parse_ipv6(host)) return std::vector<std::byte>(v6->begin(), v6->end());
  return std::nullopt;
}

std::optional<SplitAddress> split_address(std::string_view text) noexcept {
  SplitAddress split{.address = text, .has_brackets = text.starts_with('[')};
  std::string_view rest;  // ":" and a port, or nothing
  if (split.has_brackets) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    split.address = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {  // more than one: IPv6 alone
    split.address = text.substr(0, text.find(':'));
    rest = text.substr(split.address.size());
  }
  if (rest.empty()) return split;
  if (rest.front() != ':') return std::nullopt;
  split.port = rest.substr(1);
  return split;
}

std::optional<unsigned> number_up_to(unsigned most, std::string_view text) noexcept {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || value > most) return std::nullopt;
  return value;
}

}  // namespace wirespan
