// certificate_text.hpp - reads the fields of an OpenSSL certificate. Private.
#pragma once

#include <wirespan/tls/peer_certificate.hpp>

struct x509_st;  // OpenSSL's X509

namespace wirespan::tls {

/// Returns the fields of the certificate as text; a field that it lacks, or that OpenSSL has no
/// memory for, is empty.
[[nodiscard]] PeerCertificate describe_certificate(::x509_st& certificate);

}  // namespace wirespan::tls
