// run_case.hpp - runs one case over one connection, from the handshake to the verdict.
#pragma once

#include "engine/handshake.hpp"
#include "engine/result.hpp"

namespace conformance {

/// The address of a server. RFC 6455 §3.
struct Url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string target;
};
/// Throws std::invalid_argument.
[[nodiscard]] Url parse_url(const std::string& text);

/// Judges a server. Throws LinkError if it cannot be reached.
[[nodiscard]] Result run_as_client(const Case& tested, const Url& url, SSL_CTX* tls,
                                   double time_scale);

/// The result of a case for which there was no connection: failed, for this reason.
[[nodiscard]] Result failed_to_run(const Case& tested, const std::string& why);

/// Judges the client that sent this request.
[[nodiscard]] Result run_as_server(const Case& tested, Link& link, const ClientRequest& request,
                                   double time_scale);

}  // namespace conformance
