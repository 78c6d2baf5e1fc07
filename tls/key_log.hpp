// key_log.hpp - SSLKEYLOGFILE, so that a capture can be read. Private.
#pragma once

struct ssl_ctx_st;

namespace wirespan::tls {

/// Appends the session keys of this context to the file that SSLKEYLOGFILE names, if it is set.
void log_keys_if_asked(::ssl_ctx_st* context);

}  // namespace wirespan::tls
