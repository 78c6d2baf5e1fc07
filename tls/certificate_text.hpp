// certificate_text.hpp - reads a certificate of OpenSSL. Private.
#pragma once

#include <wirespan/tls/peer_certificate.hpp>

struct x509_st;  // OpenSSL's X509

namespace wirespan::tls {

[[nodiscard]] PeerCertificate describe_certificate(::x509_st& certificate);

}  // namespace wirespan::tls
