// ocsp_staple.cpp - OpenSSL's callback for the status of a certificate. RFC 6066 §8.
#include <memory>
#include <utility>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>

#include <wirespan/core/error.hpp>
#include <wirespan/tls/attached.hpp>
#include <wirespan/tls/ocsp_staple.hpp>

namespace wirespan::tls {
namespace {

struct OcspResponse {
  std::string der;
};

struct FreeResponse {
  void operator()(OCSP_RESPONSE* response) const noexcept { ::OCSP_RESPONSE_free(response); }
};

bool is_response(const std::string& der) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = bytes + der.size();
  const std::unique_ptr<OCSP_RESPONSE, FreeResponse> parsed(
      ::d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der.size())));
  ::ERR_clear_error();
  return parsed && bytes == end;
}

/// Without memory for the response the client gets none, as from a server without a staple.
int send_status(SSL* ssl, void*) noexcept {
  const std::string& der = Attached<OcspResponse>::get(ssl)->der;
  void* const copy = ::OPENSSL_memdup(der.data(), der.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  ::SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(der.size()));  // takes the copy
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::error_code staple(SSL_CTX* context, const std::string& response, std::string& detail) {
  if (response.empty()) return {};
  detail = "ocsp_response is no OCSP response in DER";
  if (!is_response(response)) return Errc::invalid_option;
  auto owned = std::make_unique<OcspResponse>(OcspResponse{response});
  if (!Attached<OcspResponse>::put(context, std::move(owned))) {
    return make_error_code(std::errc::not_enough_memory);
  }
  ::SSL_CTX_set_tlsext_status_cb(context, send_status);
  return {};
}

}  // namespace wirespan::tls
