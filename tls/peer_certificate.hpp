// peer_certificate.hpp - what a verified certificate of the peer says, as text.
#pragma once

#include <string>

namespace wirespan::tls {

struct PeerCertificate {
  std::string subject;      ///< RFC 2253: "CN=robot 7,O=Example".
  std::string common_name;  ///< Empty if the subject has none.
  std::string issuer;
  std::string serial;       ///< Hexadecimal.
  std::string fingerprint;  ///< SHA-256 of the certificate, lower-case hexadecimal.
  std::string pem;
};

}  // namespace wirespan::tls
