// tls_context.cpp - OpenSSL contexts for both roles.
#include "wire/link.hpp"

namespace conformance {
namespace {

TlsContext new_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method));
  if (!context) throw LinkError("no TLS context");
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

}  // namespace

TlsContext client_tls(const std::string& ca_file, bool insecure) {
  TlsContext context = new_context(TLS_client_method());
  if (insecure) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                     : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
  if (loaded != 1) throw LinkError("cannot read the authorities of " + ca_file);
  return context;
}

TlsContext server_tls(const std::string& certificate, const std::string& key) {
  TlsContext context = new_context(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw LinkError("cannot use " + certificate + " with " + key);
  }
  return context;
}

}  // namespace conformance
