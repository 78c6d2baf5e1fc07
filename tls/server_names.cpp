// server_names.cpp - OpenSSL's callback that chooses the certificate for a name. RFC 6066 §3.
#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <wirespan/tls/attached.hpp>
#include <wirespan/tls/server_names.hpp>

namespace wirespan::tls {
namespace {

/// As our clients judge it: by the alternative names alone. RFC 9525 §2.
bool fits(const SSL_CTX* context, const char* name) noexcept {
  constexpr unsigned rules =
      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  X509* const certificate = ::SSL_CTX_get0_certificate(context);
  return certificate != nullptr && ::X509_check_host(certificate, name, 0, rules, nullptr) == 1;
}

int choose_certificate(SSL* ssl, int*, void*) noexcept {
  const char* const name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  SSL_CTX* const own = ::SSL_get_SSL_CTX(ssl);
  if (name == nullptr || *name == '\0' || fits(own, name)) return SSL_TLSEXT_ERR_OK;
  const auto* others = Attached<Certificates>::get(own);
  for (const auto& other : *others) {
    if (!fits(other.get(), name)) continue;
    return ::SSL_set_SSL_CTX(ssl, other.get()) != nullptr ? SSL_TLSEXT_ERR_OK
                                                          : SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

bool choose_by_name(SSL_CTX* context, Certificates certificates) {
  auto owned = std::make_unique<Certificates>(std::move(certificates));
  if (!Attached<Certificates>::put(context, std::move(owned))) return false;
  ::SSL_CTX_set_tlsext_servername_callback(context, choose_certificate);
  return true;
}

}  // namespace wirespan::tls
