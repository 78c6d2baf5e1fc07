// proxy.hpp - which proxy to use and for which servers: its URL, its kind, no_proxy. RFC 9110 §3.7,
// RFC 1928.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/expected.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/numeric_address.hpp>

namespace wirespan {

/// The kinds of proxies. `https` is an HTTP proxy that is spoken to over TLS. `socks4` and `socks5`
/// are given an address that was looked up here; `socks4a` and `socks5h` look up the name.
enum class ProxyType : std::uint8_t { http, https, socks4, socks4a, socks5, socks5h };

/// A proxy. check_proxy() checks all of it before a connection is made.
struct Proxy {
  ProxyType type = ProxyType::http;  ///< The protocol spoken to it.
  std::string host{};      ///< A name or an address; an IPv6 address without its brackets.
  std::uint16_t port = 0;  ///< Required: 1 to 65535.
  /// Sent only if set. SOCKS4 has a user only: the password is not sent to it.
  std::optional<Credentials> credentials{};
  bool operator==(const Proxy&) const = default;
};

/// Returns the kind with that name, "http", "socks5h" and so on, in lower case only.
[[nodiscard]] std::optional<ProxyType> proxy_type_of(std::string_view name) noexcept;
/// Returns the name of a kind, the inverse of proxy_type_of().
[[nodiscard]] std::string_view proxy_type_name(ProxyType type) noexcept;
/// Returns the port of a kind whose URL names none: 80, 443, or 1080 for SOCKS.
[[nodiscard]] std::uint16_t default_proxy_port(ProxyType type) noexcept;
/// True for the kinds that speak HTTP CONNECT; the others speak SOCKS.
[[nodiscard]] bool speaks_http(ProxyType type) noexcept;
/// True for the kinds that look up the server's name themselves: http, https, socks4a, socks5h.
[[nodiscard]] bool resolves_at_proxy(ProxyType type) noexcept;

/// Returns no error if the proxy can be used, otherwise Errc::invalid_proxy: a host that is no
/// host, port 0, credentials that its protocol cannot carry (http: see fits_basic(); socks5: user
/// and password of 1 to 255 bytes, RFC 1929 §2; socks4: a user of at most 255 bytes without NUL).
/// `detail`, if given, gets the name of the part that is refused, without its value.
[[nodiscard]] std::error_code check_proxy(const Proxy& proxy, std::string* detail = nullptr);

/// Parses the value of `http_proxy`, `https_proxy` or `all_proxy`, for example
/// "socks5h://user:p%40ss@proxy.example:1080". The scheme is the name of a kind in any case, http
/// if there is none. User and password are percent-decoded; a '%' that begins no triplet stands for
/// itself. Default ports: 80 for http, 443 for https, 1080 for SOCKS; an empty port or port 0 means
/// the default port. Blanks around the text and one "/" behind it are ignored. Returns
/// Errc::invalid_proxy for any other text, and for a proxy that check_proxy() refuses; `detail`, if
/// given, gets what is wrong: it never holds a part of the text, except a scheme that is not known.
[[nodiscard]] Expected<Proxy> parse_proxy_url(std::string_view text, std::string* detail = nullptr);

/// True if the server at `host` (IPv6 without brackets) and `port` is reached without a proxy
/// according to `no_proxy`, a list separated by commas or blanks. Its entries:
/// - "*": every server.
/// - "example.com", ".example.com" or "*.example.com": this host and those below it, in any case,
///   whole labels only. A host that is an address never matches a name.
/// - "192.0.2.1", "2001:db8::1" or "[2001:db8::1]": this address in any spelling.
/// - "10.0.0.0/8", "2001:db8::/32": the addresses of a network (CIDR); bits behind the prefix are
///   ignored.
/// - a name, an IPv4 address or a bracketed IPv6 address with ":port": only at this port.
/// One trailing dot of a name means nothing, and an IPv4-mapped IPv6 address equals the IPv4
/// address. An entry of another form matches nothing.
[[nodiscard]] bool bypasses_proxy(std::string_view no_proxy, std::string_view host,
                                  std::uint16_t port);

}  // namespace wirespan
