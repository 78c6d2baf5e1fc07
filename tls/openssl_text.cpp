// openssl_text.cpp - texts for error codes, from OpenSSL's tables.
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <wirespan/tls/openssl_text.hpp>

namespace wirespan::tls {

std::string openssl_text(int code) {
  const char* reason = ::ERR_reason_error_string(static_cast<unsigned>(code));
  return reason == nullptr ? "OpenSSL error " + std::to_string(code) : std::string(reason);
}

std::string certificate_text(int code) { return ::X509_verify_cert_error_string(code); }

}  // namespace wirespan::tls
