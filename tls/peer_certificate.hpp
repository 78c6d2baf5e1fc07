// peer_certificate.hpp - the fields of the peer's verified certificate, as text.
#pragma once

#include <string>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::tls {

/// The fields of a certificate. Made by TlsStream::peer_certificate().
struct PeerCertificate {
  std::string subject;      ///< RFC 2253: "CN=robot 7,O=Example".
  std::string common_name;  ///< Empty if the subject has none.
  std::string issuer;       ///< As `subject`.
  std::string serial;       ///< Hexadecimal.
  std::string fingerprint;  ///< SHA-256 of the certificate, lower-case hexadecimal.
  std::string pem;          ///< The whole certificate.
};

}  // namespace wirespan::tls
