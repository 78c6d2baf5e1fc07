// url.hpp - ws: and wss: URIs. RFC 6455 §3, RFC 3986.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <wirespan/core/expected.hpp>

namespace wirespan {

/// A WebSocket address, taken apart. All parts are in the characters that RFC 3986 allows, so none
/// of them can break out of a request line or a header.
struct Url {
  bool secure = false;     ///< wss:
  std::string host;        ///< Lower case; an IPv6 address without its brackets.
  std::uint16_t port = 0;  ///< Never 0: 80 or 443 where the URI names none.
  std::string resource;    ///< Path and query as written, "/" when there is no path. §3.
  std::string userinfo;    ///< What stood before '@'. Never sent anywhere.

  [[nodiscard]] bool is_default_port() const noexcept { return port == (secure ? 443 : 80); }
  /// What goes into Host and Origin: brackets for IPv6, the port unless it is the scheme's own.
  [[nodiscard]] std::string authority() const;
};

/// Errc::invalid_url for everything that is not a ws: or wss: URI: another scheme, a fragment (§3
/// forbids it), blanks, control characters or bytes above 7F, a port that is no number up to 65535.
/// An empty port or port 0 means the default one.
[[nodiscard]] Expected<Url> parse_url(std::string_view text);

/// "host", "host:port", "[v6]" or "[v6]:port", as Host wants it. RFC 9110 §7.2.
[[nodiscard]] bool is_valid_authority(std::string_view text) noexcept;

}  // namespace wirespan
