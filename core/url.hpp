// url.hpp - parses ws: and wss: URLs, also those of Unix sockets. RFC 6455 §3, RFC 3986.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/credentials.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/core/percent_encoding.hpp>

namespace wirespan {

/// The parts of a WebSocket URL. Host and resource consist of visible ASCII characters, so neither
/// of them can inject bytes into a request line or a header.
struct Url {
  bool secure = false;     ///< True: wss:, over TLS.
  std::string host{};      ///< Lower case; an IPv6 address without its brackets and its zone.
  std::uint16_t port = 0;  ///< Never 0 after parse_url(): 80 or 443 if the URL names none.
  /// Path and query, percent-encoded by parse_url() where that was missing; "/" if the path is
  /// empty. §3.
  std::string resource{};
  std::string userinfo{};  ///< The part before '@', as written. Never in Host; see credentials().
  std::string zone{};      ///< Zone of an IPv6 address, decoded: "eth0". Never sent. RFC 6874.
  /// Path of a Unix socket, decoded, for `ws+unix:` and `wss+unix:`; empty: connect to host and
  /// port. With a path the host is "localhost" and the port the default one.
  std::string unix_path{};

  /// True for port 80 of ws: and 443 of wss:.
  [[nodiscard]] bool is_default_port() const noexcept { return port == (secure ? 443 : 80); }
  /// Returns the value of Host, which Origin repeats: host, in brackets if it is IPv6, and the port
  /// unless it is the default port. A zone is not part of it: only this host knows its meaning.
  [[nodiscard]] std::string authority() const;
  /// Returns the host as a name look-up takes it: with "%" and the zone if there is one.
  [[nodiscard]] std::string host_and_zone() const;
  /// Returns the host without one trailing dot, for SNI and the certificate. RFC 6066 §3. Valid as
  /// long as `host` is. Host keeps the dot.
  [[nodiscard]] std::string_view name_for_tls() const noexcept;
  /// Returns the user information, percent-decoded; its first ':' divides name and password.
  /// std::nullopt if the URL has none.
  [[nodiscard]] std::optional<Credentials> credentials() const;
};

/// Returns the parts of a ws:, wss:, ws+unix: or wss+unix: URL, or Errc::invalid_url.
///
/// In path and query, characters that RFC 3986 does not allow are percent-encoded, and so is each
/// byte of a character beyond ASCII, in UTF-8. As in browsers, "[" and "]" stay, and "'" is encoded
/// in the query. Triplets that are there stay; no dot segment is removed.
///
/// Refused are: another scheme, a missing "//", a fragment (RFC 6455 §3), a control character
/// anywhere, a '%' without two hexadecimal digits, text that is not UTF-8, a host that is empty or
/// beyond ASCII (its xn-- form is accepted), a port that is not a number up to 65535. An empty port
/// or port 0 means the default port. `detail`, if given, then says why: the character, its place as
/// an offset in bytes, the scheme, the port. User information and query are never in it.
///
/// `ws+unix:///run/app.sock:/chat?x=1` asks for "/chat?x=1" on the socket /run/app.sock; a ':' or
/// '?' of the path itself is written %3A or %3F.
[[nodiscard]] Expected<Url> parse_url(std::string_view text, std::string* detail = nullptr);

/// True for "host", "host:port", "[v6]" or "[v6]:port", the grammar of Host. RFC 9110 §7.2.
[[nodiscard]] bool is_valid_authority(std::string_view text) noexcept;

}  // namespace wirespan
