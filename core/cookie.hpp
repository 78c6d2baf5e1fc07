// cookie.hpp - cookies of a client: parsing Set-Cookie, matching hosts and paths. RFC 6265 §5.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/url.hpp>

namespace wirespan {

/// A point in time of the calendar, as Expires has it. Core reads no clock: callers give the time.
using WallTime = std::chrono::system_clock::time_point;

/// One stored cookie: a plain value that a program can save and load. RFC 6265 §5.3.
struct Cookie {
  std::string name{};      ///< Not empty, without '=' and ';'.
  std::string value{};     ///< As the server sent it, quotes included; without ';'.
  std::string domain{};    ///< Host or domain, in the form of canonical_host().
  bool host_only = true;   ///< True: sent to `domain` alone; false: to its sub-domains too.
  std::string path = "/";  ///< Sent to this path and those below it.
  bool secure = false;     ///< Sent over wss: only.
  bool http_only = false;  ///< Kept for programs that pass cookies on; no effect here.
  std::optional<WallTime> expires{};  ///< Unset: the cookie lasts as long as its jar.
  WallTime created{};                 ///< Set by the jar; orders cookies in a request.
  WallTime last_used{};               ///< Set by the jar; the oldest one is evicted first.

  bool operator==(const Cookie&) const = default;
  /// True if the cookie is no longer valid at `now`.
  [[nodiscard]] bool is_expired(WallTime now) const noexcept { return expires && *expires <= now; }
};

/// The value of one Set-Cookie field, taken apart but not yet judged. RFC 6265 §5.2.
struct SetCookie {
  std::string name{};                             ///< Never empty.
  std::string value{};                            ///< Without white space around it; may be empty.
  std::optional<WallTime> expires{};              ///< Expires; unset if missing or not a date.
  std::optional<std::chrono::seconds> max_age{};  ///< Max-Age, which wins; never below 0.
  std::string domain{};    ///< Domain in lower case, without a leading dot; empty: none.
  std::string path{};      ///< Path; empty: none, or one that does not begin with '/'.
  bool secure = false;     ///< Secure.
  bool http_only = false;  ///< HttpOnly.
};

/// Parses the value of one Set-Cookie field. Returns std::nullopt if it is to be ignored: no '=' in
/// the first pair, an empty name, a control character (which could inject a header line), or name
/// and value above limits::cookie_size. Unknown attributes, SameSite among them, are skipped; of
/// repeated attributes the last one counts. RFC 6265 §5.2.
[[nodiscard]] std::optional<SetCookie> parse_set_cookie(std::string_view field);

/// Parses a date in any of the forms that servers send. Dates outside the range of WallTime become
/// its ends. RFC 6265 §5.1.1.
[[nodiscard]] std::optional<WallTime> parse_cookie_date(std::string_view text) noexcept;

/// Makes the cookie that a response from `from` sets, or std::nullopt if the response may not set
/// it: a Domain that is not `from.host` or a parent of it, Secure from ws:, a name that begins with
/// "__Secure-" or "__Host-" without the attributes that this promises (RFC 6265bis §4.1.3), or a
/// cookie that is not is_valid_cookie(). The caller judges public suffixes. RFC 6265 §5.3.
[[nodiscard]] std::optional<Cookie> make_cookie(const SetCookie& set, const Url& from,
                                                WallTime now);

/// True if the cookie may be stored: its texts cannot break out of a Cookie field, `domain` is in
/// canonical form, `path` begins with '/', and it is within limits::cookie_size.
[[nodiscard]] bool is_valid_cookie(const Cookie& cookie);

/// True if `host`, in the form of canonical_host(), gets the cookie: it is the cookie's domain or,
/// unless the cookie is host-only, below it.
[[nodiscard]] bool is_for_host(const Cookie& cookie, std::string_view host) noexcept;

/// True if a request for `url` carries the cookie, its expiry apart. RFC 6265 §5.4.
[[nodiscard]] bool belongs_to(const Cookie& cookie, const Url& url) noexcept;

/// Returns `host` in lower case, without one dot at its end. Names that are not ASCII are not
/// converted: a Domain with such letters matches no host. RFC 6265 §5.1.2.
[[nodiscard]] std::string canonical_host(std::string_view host);

/// True for an IPv6 address, and for a host whose last label is a number, which resolvers take for
/// an IPv4 address in one of its spellings ("127.0.0.1", "127.1", "0x7f000001").
[[nodiscard]] bool is_ip_address(std::string_view host) noexcept;

/// True if `host` is `domain`, or a name below it; an IP address is below nothing. Both in the form
/// of canonical_host(). RFC 6265 §5.1.3.
[[nodiscard]] bool domain_matches(std::string_view host, std::string_view domain) noexcept;

/// Returns the path of a cookie without Path: that of `resource` up to its last '/'. Borrowed from
/// `resource`, or a literal. RFC 6265 §5.1.4.
[[nodiscard]] std::string_view default_cookie_path(std::string_view resource) noexcept;

/// True if `request_path` is `cookie_path` or lies below it: "/a/b" below "/a", "/ab" not. Neither
/// has a query. RFC 6265 §5.1.4.
[[nodiscard]] bool path_matches(std::string_view request_path,
                                std::string_view cookie_path) noexcept;

}  // namespace wirespan
