// ticket_keys.hpp - session tickets with keys of the application's. RFC 5077 §4. Private.
#pragma once

#include <string>
#include <system_error>
#include <vector>

#include <wirespan/tls/secret.hpp>

struct ssl_ctx_st;

namespace wirespan::tls {

/// Lets a server's connections protect session tickets with the first key, and accept those of all
/// keys; none: OpenSSL's own key, which is made with the context. Errors: Errc::invalid_option for
/// a key of another size, and `detail` says so; not_enough_memory.
[[nodiscard]] std::error_code use_ticket_keys(::ssl_ctx_st* context,
                                              const std::vector<Secret>& keys, std::string& detail);

}  // namespace wirespan::tls
