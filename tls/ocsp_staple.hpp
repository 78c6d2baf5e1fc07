// ocsp_staple.hpp - an OCSP response that a server sends with its certificate. RFC 6066 §8.
// Private.
#pragma once

#include <string>
#include <system_error>

struct ssl_ctx_st;

namespace wirespan::tls {

/// Lets a server's connections send the response, in DER, to clients that ask for it; empty: none
/// is sent. Errors: Errc::invalid_option if it is no OCSP response; not_enough_memory.
[[nodiscard]] std::error_code staple(::ssl_ctx_st* context, const std::string& response,
                                     std::string& detail);

}  // namespace wirespan::tls
