// proxy.cpp - the kinds of proxies, and proxies as the environment names them. RFC 3986 §3.2.
#include <algorithm>
#include <array>
#include <charconv>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/proxy.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {
namespace {

/// One row for each kind, in the order of ProxyType.
struct Kind {
  std::string_view name;
  std::uint16_t default_port;
};
constexpr std::array<Kind, 6> kinds{{{"http", 80},
                                     {"https", 443},
                                     {"socks4", 1080},
                                     {"socks4a", 1080},
                                     {"socks5", 1080},
                                     {"socks5h", 1080}}};

constexpr const Kind& kind_of(ProxyType type) noexcept {
  return kinds[static_cast<std::size_t>(type)];
}

constexpr std::size_t longest_socks_text = 255;  // one byte holds its length. RFC 1928 §5, RFC 1929

bool is_host(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  if (is_ipv6) return numeric_address(host).has_value();
  return host.find('%') == std::string::npos && is_valid_authority(host);
}

/// Returns the reason why the protocol cannot carry the credentials; nothing if it can.
std::string_view defect_of(const Credentials& credentials, ProxyType type) noexcept {
  const auto fits_length = [](const std::string& text) {
    return !text.empty() && text.size() <= longest_socks_text;
  };
  if (speaks_http(type)) {
    return fits_basic(credentials) ? ""
                                   : "credentials with a control character, or ':' in the user";
  }
  if (type == ProxyType::socks5 || type == ProxyType::socks5h) {
    const bool fits = fits_length(credentials.user) && fits_length(credentials.password);
    return fits ? "" : "user and password of SOCKS5 need 1 to 255 bytes each";
  }
  const bool fits = credentials.user.size() <= longest_socks_text &&
                    credentials.user.find('\0') == std::string::npos;
  return fits ? "" : "user of SOCKS4 is longer than 255 bytes or holds a NUL";
}

bool is_scheme(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

unsigned hex_digit(char c) noexcept {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
}

/// A '%' that begins no triplet stands for itself: users forget to encode it in passwords.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool triplet = text[i] == '%' && text.size() - i > 2 && is_hex_digit(text[i + 1]) &&
                         is_hex_digit(text[i + 2]);
    if (triplet) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

/// Removes "scheme://" and returns the kind that it names; http if there is none.
Expected<ProxyType> take_scheme(std::string_view& text, std::string& detail) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return ProxyType::http;
  const std::string scheme = to_lower(text.substr(0, end));
  text.remove_prefix(end + 3);
  if (const auto type = proxy_type_of(scheme)) return *type;
  // A text that is no scheme may be a part of a password.
  detail = is_scheme(scheme) ? "scheme " + in_quotes(scheme) + " of the proxy is not known"
                             : "scheme of the proxy is malformed";
  return std::error_code(Errc::invalid_proxy);
}

/// Removes "user:password@".
std::optional<Credentials> take_credentials(std::string_view& authority) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view userinfo = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  if (userinfo.empty()) return std::nullopt;
  const std::size_t colon = std::min(userinfo.find(':'), userinfo.size());
  const std::size_t behind = std::min(colon + 1, userinfo.size());
  return Credentials{.user = percent_decoded(userinfo.substr(0, colon)),
                     .password = percent_decoded(userinfo.substr(behind))};
}

/// Sets host and port from "host", "host:port", "[v6]" or "[v6]:port".
std::error_code parse_authority(std::string_view authority, Proxy& proxy, std::string& detail) {
  detail = "host or port of the proxy is malformed";
  if (!is_valid_authority(authority)) return Errc::invalid_proxy;
  const bool bracketed = authority.starts_with('[');
  const std::size_t end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  proxy.host = to_lower(bracketed ? authority.substr(1, end - 1) : authority.substr(0, end));
  authority.remove_prefix(bracketed ? end + 1 : end);
  if (authority.starts_with(':')) authority.remove_prefix(1);
  std::from_chars(authority.data(), authority.data() + authority.size(), proxy.port);
  if (proxy.port == 0) proxy.port = kind_of(proxy.type).default_port;
  detail.clear();
  return {};
}

}  // namespace

std::optional<ProxyType> proxy_type_of(std::string_view name) noexcept {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.name == name; });
  if (found == kinds.end()) return std::nullopt;
  return static_cast<ProxyType>(found - kinds.begin());
}

std::string_view proxy_type_name(ProxyType type) noexcept { return kind_of(type).name; }

std::uint16_t default_proxy_port(ProxyType type) noexcept { return kind_of(type).default_port; }

bool speaks_http(ProxyType type) noexcept {
  return type == ProxyType::http || type == ProxyType::https;
}

bool resolves_at_proxy(ProxyType type) noexcept {
  return type != ProxyType::socks4 && type != ProxyType::socks5;
}

std::error_code check_proxy(const Proxy& proxy, std::string* detail) {
  std::string_view defect;
  if (!is_host(proxy.host)) {
    defect = "host of the proxy is malformed";
  } else if (proxy.port == 0) {
    defect = "port of the proxy is missing";
  } else if (proxy.credentials) {
    defect = defect_of(*proxy.credentials, proxy.type);
  }
  if (defect.empty()) return {};
  if (detail != nullptr) *detail = defect;
  return Errc::invalid_proxy;
}

Expected<Proxy> parse_proxy_url(std::string_view text, std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  text = trim(text);
  const auto type = take_scheme(text, about);
  if (!type) return type.error();
  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::string_view rest = text.substr(authority.size());
  if (!rest.empty() && rest != "/") {
    about = "URL of the proxy has a path, a query or a fragment";
    return std::error_code(Errc::invalid_proxy);
  }
  Proxy proxy{.type = *type, .credentials = take_credentials(authority)};
  if (const auto error = parse_authority(authority, proxy, about)) return error;
  if (const auto error = check_proxy(proxy, &about)) return error;
  return proxy;
}

}  // namespace wirespan
