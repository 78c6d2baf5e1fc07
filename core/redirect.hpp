// redirect.hpp - where a redirect of the opening handshake leads. RFC 9110 §15.4, RFC 3986 §5.
#pragma once

#include <string>
#include <string_view>

#include <wirespan/core/expected.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {

/// True for the statuses that send a client to another URL: 301, 302, 303, 307 and 308.
[[nodiscard]] constexpr bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// True if scheme, host (without case), port, IPv6 zone and Unix socket are the same: credentials
/// and cookies for `a` may be sent to `b`. RFC 6454 §5.
[[nodiscard]] bool same_origin(const Url& a, const Url& b) noexcept;

/// Resolves the value of Location against `from`, the URL that was asked: an absolute ws:, wss:,
/// http: (as ws:) or https: (as wss:) URL, "//host/x", "/x", "x", "../x", "?q" or nothing. A
/// fragment is dropped, and so is user information of the Location. The result has the user
/// information of `from` if it is of the same origin, otherwise none. A relative reference stays on
/// the Unix socket of `from`; no Location leads to a Unix socket or names a zone.
///
/// Returns Errc::bad_redirect for any other text and for more than limits::request_target_size
/// bytes. `detail`, if given, then says why, as that of parse_url() does. A step from wss: to ws:
/// is no error here: the caller judges it.
[[nodiscard]] Expected<Url> redirect_target(const Url& from, std::string_view location,
                                            std::string* detail = nullptr);

}  // namespace wirespan
