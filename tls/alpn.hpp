// alpn.hpp - protocols offered and chosen by ALPN. RFC 7301. Private.
#pragma once

#include <string>
#include <system_error>
#include <vector>

struct ssl_ctx_st;

namespace wirespan::tls {

/// Lets the connections of a client offer the protocols, the preferred one first; none: no ALPN.
/// Errors: Errc::invalid_option, and `detail` says why; not_enough_memory. RFC 7301 §3.1.
[[nodiscard]] std::error_code offer_protocols(::ssl_ctx_st* context,
                                              const std::vector<std::string>& names,
                                              std::string& detail);
/// Lets the connections of a server choose the first of the protocols that the client has offered,
/// and refuse a client that has offered others only. Errors as above. RFC 7301 §3.2.
[[nodiscard]] std::error_code choose_protocol(::ssl_ctx_st* context,
                                              const std::vector<std::string>& names,
                                              std::string& detail);

}  // namespace wirespan::tls
