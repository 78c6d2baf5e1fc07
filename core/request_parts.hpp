// request_parts.hpp - what servers look for in a request: path and query of the target, cookies,
// credentials. RFC 3986 §3.4, RFC 6265 §4.2, RFC 6750 §2.1, RFC 7617 §2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wirespan/core/credentials.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

/// Returns the path of a target (ClientOffer::target, HttpRequest::target), as it was sent: what
/// stands before the query. Borrowed from the target.
[[nodiscard]] std::string_view target_path(std::string_view target) noexcept;

/// Names and values of the query of a target in order, decoded as browsers write them: '&' between
/// the pairs, '+' for a space, triplets of '%' for other bytes, which may be any. A name without
/// '=' has an empty value.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_parameters(
    std::string_view target);
/// Returns the first value of that name, compared exactly after decoding; std::nullopt if there is
/// none. URLs end up in logs: they are no place for secrets.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view target,
                                                         std::string_view name);

/// Returns the value of the first cookie of that name in the Cookie fields, as it was sent, quotes
/// included; std::nullopt if there is none. Borrowed from the headers.
[[nodiscard]] std::optional<std::string_view> request_cookie(const Headers& headers,
                                                             std::string_view name);

/// Returns the token of "Authorization: Bearer TOKEN". std::nullopt if there is no Authorization,
/// more than one, another scheme, or a malformed token. Borrowed from the headers. Compare secrets
/// with equal_in_constant_time() (accept_key.hpp).
[[nodiscard]] std::optional<std::string_view> bearer_token(const Headers& headers);
/// Returns user and password of "Authorization: Basic ...", under the same conditions; malformed
/// also are base64 that is not canonical, a text without ':', and control characters.
[[nodiscard]] std::optional<Credentials> basic_credentials(const Headers& headers);

}  // namespace wirespan
