// origin_policy.hpp - judges the Origin of a request. RFC 6455 §10.2, RFC 6454. Private.
#pragma once

#include <string>
#include <string_view>

#include <wirespan/app/server_options.hpp>

namespace wirespan {

/// True if the policy lets the request in. `origin` and `host` are the values of its Origin and
/// Host; an empty origin (no Origin, so no browser) is always let in.
[[nodiscard]] bool is_origin_welcome(const OriginPolicy& policy, std::string_view origin,
                                     std::string_view host);

/// Returns a line for the log: the origin, the host, and the option that decides.
[[nodiscard]] std::string describe_refused_origin(std::string_view origin, std::string_view host);

}  // namespace wirespan
