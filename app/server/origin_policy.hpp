// origin_policy.hpp - judges the Origin of a request. RFC 6455 §10.2, RFC 6454. Private.
#pragma once

#include <string>
#include <string_view>

#include <wirespan/app/server_options.hpp>

namespace wirespan {

/// `origin` is what the request said, empty if nothing; `host` its Host.
[[nodiscard]] bool is_origin_welcome(const OriginPolicy& policy, std::string_view origin,
                                     std::string_view host);

/// A line for the log: which origin, at which host, and the option that decides.
[[nodiscard]] std::string describe_refused_origin(std::string_view origin, std::string_view host);

}  // namespace wirespan
