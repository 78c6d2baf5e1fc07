// url.cpp - parses ws: and wss: URIs and the authority of Host. RFC 6455 §3, RFC 3986.
#include <algorithm>
#include <charconv>
#include <optional>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {
namespace {

constexpr bool is_one_of(char c, std::string_view set) noexcept {
  return set.find(c) != std::string_view::npos;
}

/// True for the unreserved characters and sub-delims of RFC 3986 §2.2, §2.3.
constexpr bool is_plain_uri_char(char c) noexcept {
  return is_alpha(c) || is_digit(c) || is_one_of(c, "-._~!$&'()*+,;=");
}

/// True if `text` holds only allowed characters and well-formed percent-encoded triplets.
bool is_encoded_text(std::string_view text, std::string_view also_allowed) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!is_plain_uri_char(text[i]) && !is_one_of(text[i], also_allowed)) {
      return false;
    }
  }
  return true;
}

/// True if `text` has the characters of an IPv6 address and at least two colons; the system's
/// parser checks the rest when the address is used.
bool looks_like_ipv6(std::string_view text) noexcept {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_hex_digit(c) || c == ':' || c == '.'; });
}

struct HostAndPort {
  std::string_view host;  // without the brackets of IPv6
  std::string_view port;  // without the colon; empty if the text has none
};

std::optional<HostAndPort> split_authority(std::string_view text) noexcept {
  HostAndPort parts;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, bracket - 1);
    if (!looks_like_ipv6(parts.host)) return std::nullopt;
    text.remove_prefix(bracket + 1);
  } else {
    parts.host = text.substr(0, text.find(':'));
    if (parts.host.empty() || !is_encoded_text(parts.host, "")) return std::nullopt;
    text.remove_prefix(parts.host.size());
  }
  if (text.empty()) return parts;
  if (!text.starts_with(':')) return std::nullopt;
  parts.port = text.substr(1);
  if (!std::all_of(parts.port.begin(), parts.port.end(), is_digit)) return std::nullopt;
  return parts;
}

/// Returns the port, or nothing above 65535. Requires digits only. Empty and "0" give 0.
std::optional<std::uint16_t> parse_port(std::string_view digits) noexcept {
  std::uint16_t port = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (!digits.empty() && result.ec != std::errc()) return std::nullopt;
  return port;
}

std::optional<bool> is_secure_scheme(std::string_view scheme) noexcept {
  if (equal_ignoring_case(scheme, "ws")) return false;
  if (equal_ignoring_case(scheme, "wss")) return true;
  return std::nullopt;
}

/// Returns path and query, with "/" for an empty path (§3); nothing if a character is not allowed.
std::optional<std::string> resource_name(std::string_view rest) {
  const std::size_t question = std::min(rest.find('?'), rest.size());
  const bool valid = is_encoded_text(rest.substr(0, question), "/:@") &&
                     is_encoded_text(rest.substr(question), "/:@?");
  if (!valid) return std::nullopt;
  std::string resource(question == 0 ? "/" : "");
  resource += rest;
  return resource;
}

}  // namespace

std::string Url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string text;
  text.append(is_ipv6 ? "[" : "").append(host).append(is_ipv6 ? "]" : "");
  if (!is_default_port()) text.append(":").append(std::to_string(port));
  return text;
}

Expected<Url> parse_url(std::string_view text) {
  const std::error_code invalid = Errc::invalid_url;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return invalid;
  const auto secure = is_secure_scheme(text.substr(0, colon));
  if (!secure) return invalid;

  text.remove_prefix(colon + 3);
  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  auto resource = resource_name(text.substr(authority.size()));
  if (!resource) return invalid;

  Url url{.secure = *secure, .host = {}, .resource = std::move(*resource), .userinfo = {}};
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    if (!is_encoded_text(url.userinfo, ":")) return invalid;
    authority.remove_prefix(at + 1);
  }
  const auto parts = split_authority(authority);
  if (!parts) return invalid;
  const auto port = parse_port(parts->port);
  if (!port) return invalid;
  url.host = to_lower(parts->host);
  url.port = *port != 0 ? *port : (url.secure ? 443 : 80);
  return url;
}

bool is_valid_authority(std::string_view text) noexcept {
  const auto parts = split_authority(text);
  return parts && parse_port(parts->port);
}

}  // namespace wirespan
