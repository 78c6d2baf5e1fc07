// origin_policy.hpp - judges the Origin of a request. RFC 6455 §10.2, RFC 6454. Private.
#pragma once

#include <string_view>

#include <wirespan/app/server_options.hpp>

namespace wirespan {

/// `origin` is what the request said, empty if nothing; `host` its Host.
[[nodiscard]] bool is_origin_welcome(const OriginPolicy& policy, std::string_view origin,
                                     std::string_view host);

/// One warning for one refusal: which origin, at which host, and the option that decides.
void log_refused_origin(std::string_view origin, std::string_view host);

}  // namespace wirespan
