// key_log.hpp - SSLKEYLOGFILE: session keys with which a packet capture can be decrypted. Private.
#pragma once

struct ssl_ctx_st;

namespace wirespan::tls {

/// Makes OpenSSL append the session keys of this context's connections to the file that the
/// environment variable SSLKEYLOGFILE names. Does nothing if it is not set.
void log_keys_if_asked(::ssl_ctx_st* context);

}  // namespace wirespan::tls
