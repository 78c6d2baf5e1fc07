// certificates.cpp - loads certificates and keys in PEM into an SSL_CTX.
#include <algorithm>
#include <climits>
#include <filesystem>
#include <memory>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <wirespan/core/in_quotes.hpp>
#include <wirespan/tls/certificates.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::tls {
namespace {

template <auto Function>
struct Frees {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Function(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Frees<::BIO_free>>;
using Certificate = std::unique_ptr<X509, Frees<::X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Frees<::EVP_PKEY_free>>;

/// Returns the error of the file or text that OpenSSL has just refused, and empties OpenSSL's error
/// queue.
std::error_code refused() noexcept {
  const unsigned long code = ::ERR_peek_error();
  ::ERR_clear_error();
  const bool system = ERR_GET_LIB(code) == ERR_LIB_SYS;
  if (system) return {ERR_GET_REASON(code), std::system_category()};
  return TlsErrc::no_certificate_file;
}

/// Gives OpenSSL the password of a key. It is set even if the password is empty, because OpenSSL
/// would otherwise ask at the terminal.
int give_password(char* buffer, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  const auto length = text.copy(buffer, static_cast<std::size_t>(size));
  return static_cast<int>(length);
}

/// Reads a text where it lies. Null if it is too long for OpenSSL or there is no memory.
Bio reader_of(std::string_view pem) {
  if (pem.size() > INT_MAX) return nullptr;
  return Bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

/// Reads the next certificate; null at the end of the text, and at a block that is malformed.
Certificate next_certificate(BIO* from) {
  static const std::string no_password;
  return Certificate(::PEM_read_bio_X509_AUX(from, nullptr, give_password,
                                             const_cast<std::string*>(&no_password)));
}

/// True if the reader has stopped because the text has no further block. Empties OpenSSL's queue.
bool at_end() noexcept {
  const unsigned long code = ::ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (at_end) ::ERR_clear_error();
  return at_end;
}

/// Loads a chain from memory: the own certificate first. False if OpenSSL refuses a part of it.
bool use_chain(SSL_CTX* ctx, std::string_view pem) {
  const Bio from = reader_of(pem);
  const Certificate own = from ? next_certificate(from.get()) : nullptr;
  if (!own || ::SSL_CTX_use_certificate(ctx, own.get()) != 1) return false;
  if (::SSL_CTX_clear_chain_certs(ctx) != 1) return false;
  while (const Certificate next = next_certificate(from.get())) {
    if (::SSL_CTX_add1_chain_cert(ctx, next.get()) != 1) return false;
  }
  return at_end();
}

bool use_key(SSL_CTX* ctx, std::string_view pem, const std::string& password) {
  const Bio from = reader_of(pem);
  if (!from) return false;
  const Key key(::PEM_read_bio_PrivateKey(from.get(), nullptr, give_password,
                                          const_cast<std::string*>(&password)));
  return key && ::SSL_CTX_use_PrivateKey(ctx, key.get()) == 1;
}

bool load_certificate(SSL_CTX* ctx, const OwnCertificate& own, std::string& detail) {
  if (!own.certificate_pem.empty()) {
    detail = "certificate_pem";
    return use_chain(ctx, own.certificate_pem);
  }
  detail = "certificate file " + in_quotes(own.certificate_file);
  return ::SSL_CTX_use_certificate_chain_file(ctx, own.certificate_file.c_str()) == 1;
}

/// Without a key of its own the place of the certificate is read for the key, too.
bool load_key(SSL_CTX* ctx, const OwnCertificate& own, std::string& detail) {
  const bool apart = !own.key_pem.empty() || !own.key_file.empty();
  const std::string_view pem = apart ? own.key_pem : own.certificate_pem;
  if (!pem.empty()) {
    detail = apart ? "key_pem" : "key in certificate_pem";
    return use_key(ctx, pem, own.password);
  }
  const std::string& file = apart ? own.key_file : own.certificate_file;
  detail = "key file " + in_quotes(file);
  return ::SSL_CTX_use_PrivateKey_file(ctx, file.c_str(), SSL_FILETYPE_PEM) == 1;
}

/// False at the first part that OpenSSL refuses; `detail` names it.
bool load_both(SSL_CTX* ctx, const OwnCertificate& own, std::string& detail) {
  if (!load_certificate(ctx, own, detail)) return false;
  const std::string certificate = detail;
  if (!load_key(ctx, own, detail)) return false;
  detail += " for " + certificate;
  return ::SSL_CTX_check_private_key(ctx) == 1;
}

}  // namespace

std::error_code load_own_certificate(SSL_CTX* ctx, const OwnCertificate& own, std::string& detail) {
  ::SSL_CTX_set_default_passwd_cb(ctx, give_password);
  ::SSL_CTX_set_default_passwd_cb_userdata(ctx, const_cast<std::string*>(&own.password));
  const bool loaded = load_both(ctx, own, detail);
  ::SSL_CTX_set_default_passwd_cb(ctx, nullptr);
  ::SSL_CTX_set_default_passwd_cb_userdata(ctx, nullptr);
  return loaded ? std::error_code{} : refused();
}

std::error_code trust_file(SSL_CTX* ctx, const std::string& file, std::string& detail) {
  detail = "CA file " + in_quotes(file);
  return ::SSL_CTX_load_verify_file(ctx, file.c_str()) == 1 ? std::error_code{} : refused();
}

/// OpenSSL does not look into the folder before the handshake, so that it is looked for here.
std::error_code trust_folder(SSL_CTX* ctx, const std::string& folder, std::string& detail) {
  detail = "CA folder " + in_quotes(folder);
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return TlsErrc::no_certificate_file;
  return ::SSL_CTX_load_verify_dir(ctx, folder.c_str()) == 1 ? std::error_code{} : refused();
}

std::error_code trust_pem(SSL_CTX* ctx, std::string_view pem, std::string& detail) {
  detail = "ca_certs_pem";
  X509_STORE* const store = ::SSL_CTX_get_cert_store(ctx);
  const Bio from = reader_of(pem);
  bool any = false;
  while (const Certificate next = from ? next_certificate(from.get()) : nullptr) {
    if (::X509_STORE_add_cert(store, next.get()) != 1) return refused();
    any = true;
  }
  return any && at_end() ? std::error_code{} : refused();
}

std::error_code trust_system(SSL_CTX* ctx, std::string& detail) {
  detail = "the system's certificates";
  return ::SSL_CTX_set_default_verify_paths(ctx) == 1 ? std::error_code{} : refused();
}

}  // namespace wirespan::tls
