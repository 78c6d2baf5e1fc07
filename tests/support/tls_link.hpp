// tls_link.hpp - TLS settings of a client and a server that trust each other, with test
// certificates.
#pragma once

#include "support/certificates.hpp"
#include "support/link.hpp"

namespace wirespan::test {

/// Options of a server with a certificate for localhost and the loopback addresses.
[[nodiscard]] inline tls::ServerOptions good_server() {
  const auto files = certificate();
  return {.certificate_file = files.certificate, .key_file = files.key};
}

/// Options of a client that trusts the test authority only.
[[nodiscard]] inline tls::ClientOptions trusting_client() { return {.ca_certs = authority_file()}; }

[[nodiscard]] inline Link tls_link() {
  return {.name = "tls", .server_tls = good_server, .client_tls = trusting_client};
}

}  // namespace wirespan::test
