// server_names.hpp - several certificates of one server, chosen by the name that a client asks for.
// RFC 6066 §3. Private.
#pragma once

#include <memory>
#include <vector>

struct ssl_ctx_st;

namespace wirespan::tls {

/// Contexts that have only a certificate and its key, in the order of preference.
using Certificates = std::vector<std::shared_ptr<::ssl_ctx_st>>;

/// Lets connections of `context` show the certificate whose names fit the one that the client asks
/// for (SNI): its own, else the first that fits, else its own again. `context` owns the
/// certificates from then on. False if OpenSSL has no memory; then nothing has changed.
[[nodiscard]] bool choose_by_name(::ssl_ctx_st* context, Certificates certificates);

}  // namespace wirespan::tls
