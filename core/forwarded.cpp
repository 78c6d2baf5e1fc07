// forwarded.cpp - walks the hops that proxies have noted in a request. RFC 7239.
#include <algorithm>
#include <string>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/forwarded.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/numeric_address.hpp>

namespace wirespan {
namespace {

/// The hops in order, of which only the one that may be the client is kept.
class Hops {
 public:
  explicit Hops(std::span<const IpNetwork> trusted) noexcept : trusted_(trusted) {}

  /// The next hop; nothing: it is hidden.
  void add(const std::optional<IpEndpoint>& hop) noexcept {
    if (!hop) {
      client_.reset();
    } else if (!client_ || !is_trusted(hop->address)) {
      client_ = hop;
    }
  }
  [[nodiscard]] const std::optional<IpEndpoint>& client() const noexcept { return client_; }

 private:
  [[nodiscard]] bool is_trusted(const IpAddress& address) const noexcept {
    return std::any_of(trusted_.begin(), trusted_.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
  }

  std::span<const IpNetwork> trusted_;
  std::optional<IpEndpoint> client_;
};

void skip_spaces(std::string_view& text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

/// Removes the value of a parameter and returns it without quotes; nothing if it is malformed.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    value = text.substr(0, text.find_first_of(";, \t\""));
    text.remove_prefix(value.size());
    return value.empty() ? std::nullopt : std::optional(std::move(value));
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    value += text[i];
  }
  return std::nullopt;
}

/// Removes one element, `name=value` pairs between semicolons. False if it is malformed; `hop` gets
/// the value of `for`, which may come once. RFC 7239 §4.
bool take_element(std::string_view& text, std::optional<std::string>& hop) {
  while (true) {
    skip_spaces(text);
    const std::string_view name = text.substr(0, text.find_first_of("=;,"));
    if (!is_token(name) || !text.substr(name.size()).starts_with('=')) return false;
    text.remove_prefix(name.size() + 1);
    auto value = take_value(text);
    if (!value) return false;
    if (equal_ignoring_case(name, "for")) {
      if (hop) return false;
      hop = std::move(value);
    }
    skip_spaces(text);
    if (text.empty() || text.front() == ',') return true;
    if (text.front() != ';') return false;
    text.remove_prefix(1);
  }
}

void add_elements(Hops& hops, std::string_view text) {
  while (true) {
    while (!text.empty() && (text.front() == ',' || trim(text.substr(0, 1)).empty())) {
      text.remove_prefix(1);
    }
    if (text.empty()) return;
    std::optional<std::string> hop;
    if (!take_element(text, hop)) return hops.add(std::nullopt);
    hops.add(hop ? parse_node(*hop) : std::nullopt);
  }
}

}  // namespace

std::optional<IpEndpoint> forwarded_client(const std::vector<std::string_view>& values,
                                           ForwardedSyntax syntax,
                                           std::span<const IpNetwork> trusted) {
  Hops hops(trusted);
  for (std::string_view value : values) {
    if (syntax == ForwardedSyntax::rfc7239) {
      add_elements(hops, value);
    } else {
      while (const auto element = next_list_element(value)) hops.add(parse_node(*element));
    }
  }
  return hops.client();
}

std::optional<IpEndpoint> parse_node(std::string_view text) {
  const auto split = split_address(text);
  const auto address = split ? IpAddress::parse(split->address) : std::nullopt;
  const bool has_colon = split && split->address.find(':') != std::string_view::npos;
  if (!address || (split->has_brackets && !has_colon)) return std::nullopt;
  const std::string_view port = split->port.value_or("0");
  if (port.size() > 1 && port.front() == '_') return IpEndpoint{.address = *address};
  const auto number = number_up_to(65535, port);
  if (!number) return std::nullopt;
  return IpEndpoint{.address = *address, .port = static_cast<std::uint16_t>(*number)};
}

}  // namespace wirespan
