// url.hpp - parses ws: and wss: URIs. RFC 6455 §3, RFC 3986.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <wirespan/core/expected.hpp>

namespace wirespan {

/// The parts of a WebSocket URI. All parts consist of characters that RFC 3986 allows, so none of
/// them can inject bytes into a request line or a header.
struct Url {
  bool secure = false;     ///< True: wss:, over TLS.
  std::string host;        ///< Lower case; an IPv6 address without its brackets.
  std::uint16_t port = 0;  ///< Never 0 after parse_url(): 80 or 443 if the URI names none.
  std::string resource;    ///< Path and query as written, "/" if the path is empty. §3.
  std::string userinfo;    ///< User information, the part before '@'. Never sent anywhere.

  /// True for port 80 of ws: and 443 of wss:.
  [[nodiscard]] bool is_default_port() const noexcept { return port == (secure ? 443 : 80); }
  /// Returns the value of Host, which Origin repeats: host, in brackets if it is IPv6, and the port
  /// unless it is the default port.
  [[nodiscard]] std::string authority() const;
};

/// Returns Errc::invalid_url for any text that is not a ws: or wss: URI: another scheme, a fragment
/// (§3 forbids it), blanks, control characters or bytes above 0x7F, a port that is not a number up
/// to 65535. An empty port or port 0 means the default port.
[[nodiscard]] Expected<Url> parse_url(std::string_view text);

/// True for "host", "host:port", "[v6]" or "[v6]:port", the grammar of Host. RFC 9110 §7.2.
[[nodiscard]] bool is_valid_authority(std::string_view text) noexcept;

}  // namespace wirespan
