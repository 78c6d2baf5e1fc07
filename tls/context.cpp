// context.cpp - Context: an SSL_CTX made from the options of a client or a server.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/key_log.hpp>

namespace wirespan::tls {
namespace {

using SslContext = std::shared_ptr<::ssl_ctx_st>;

int version_number(Version version) noexcept {
  return version == Version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

/// Makes a context with the settings that clients and servers share. Null if OpenSSL has no memory.
SslContext make_context(const SSL_METHOD* method, Version min_version) {
  ::ERR_clear_error();
  SslContext context(::SSL_CTX_new(method), ::SSL_CTX_free);
  if (!context) return context;
  SSL_CTX* ctx = context.get();
  ::SSL_CTX_set_min_proto_version(ctx, version_number(min_version));
  ::SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

/// Returns the error of the file that OpenSSL has just refused, and empties OpenSSL's error queue.
std::error_code file_error() noexcept {
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

struct OwnCertificate {
  const std::string& certificate;
  const std::string& key;
  const std::string& password;
};

/// Loads the certificate and its key. False at the first file that OpenSSL refuses; `detail` names
/// it.
bool load_files(SSL_CTX* ctx, const OwnCertificate& own, std::string& detail) {
  const std::string& key_file = own.key.empty() ? own.certificate : own.key;
  detail = "certificate file " + in_quotes(own.certificate);
  if (::SSL_CTX_use_certificate_chain_file(ctx, own.certificate.c_str()) != 1) return false;
  detail = "key file " + in_quotes(key_file);
  if (::SSL_CTX_use_PrivateKey_file(ctx, key_file.c_str(), SSL_FILETYPE_PEM) != 1) return false;
  detail += " for certificate file " + in_quotes(own.certificate);
  return ::SSL_CTX_check_private_key(ctx) == 1;
}

std::error_code load_own_certificate(SSL_CTX* ctx, const OwnCertificate& own, std::string& detail) {
  ::SSL_CTX_set_default_passwd_cb(ctx, give_password);
  ::SSL_CTX_set_default_passwd_cb_userdata(ctx, const_cast<std::string*>(&own.password));
  const bool loaded = load_files(ctx, own, detail);
  ::SSL_CTX_set_default_passwd_cb(ctx, nullptr);
  ::SSL_CTX_set_default_passwd_cb_userdata(ctx, nullptr);
  return loaded ? std::error_code{} : file_error();
}

std::error_code choose_algorithms(SSL_CTX* ctx, const std::string& ciphers,
                                  const std::string& curves, std::string& detail) {
  const auto refused = [] {
    ::ERR_clear_error();
    return std::error_code(TlsErrc::bad_ciphers);
  };
  detail = "ciphers " + in_quotes(ciphers);
  if (!ciphers.empty() && ::SSL_CTX_set_cipher_list(ctx, ciphers.c_str()) != 1) return refused();
  detail = "ecdh_curve " + in_quotes(curves);
  if (!curves.empty() && ::SSL_CTX_set1_groups_list(ctx, curves.c_str()) != 1) return refused();
  return {};
}

std::error_code load_trusted_file(SSL_CTX* ctx, const std::string& file, std::string& detail) {
  detail = "CA file " + in_quotes(file);
  return ::SSL_CTX_load_verify_file(ctx, file.c_str()) == 1 ? std::error_code{} : file_error();
}

std::error_code load_trusted_folder(SSL_CTX* ctx, const std::string& folder, std::string& detail) {
  detail = "CA folder " + in_quotes(folder);
  return ::SSL_CTX_load_verify_dir(ctx, folder.c_str()) == 1 ? std::error_code{} : file_error();
}

/// Loads the trusted certificates: those of the options, else those that the environment variable
/// WEBSOCKET_CLIENT_CA_BUNDLE names, else the system's.
std::error_code trust(SSL_CTX* ctx, const ClientOptions& options, std::string& detail) {
  std::error_code ignored;
  const std::string& folder = options.ca_cert_path;
  if (!options.ca_certs.empty() || !folder.empty()) {
    if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
      detail = "CA folder " + in_quotes(folder);
      return TlsErrc::no_certificate_file;  // OpenSSL does not look into it before the handshake
    }
    if (!options.ca_certs.empty()) {
      if (const auto error = load_trusted_file(ctx, options.ca_certs, detail)) return error;
    }
    return folder.empty() ? std::error_code{} : load_trusted_folder(ctx, folder, detail);
  }
  if (const char* bundle = std::getenv("WEBSOCKET_CLIENT_CA_BUNDLE")) {
    if (std::filesystem::is_directory(bundle, ignored)) {
      return load_trusted_folder(ctx, bundle, detail);
    }
    if (std::filesystem::exists(bundle, ignored)) return load_trusted_file(ctx, bundle, detail);
  }
  detail = "the system's certificates";
  return ::SSL_CTX_set_default_verify_paths(ctx) == 1 ? std::error_code{} : file_error();
}

std::error_code configure_client(SSL_CTX* ctx, const ClientOptions& options, std::string& detail) {
  if (options.verify == Verify::required) {
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    if (const auto error = trust(ctx, options, detail)) return error;
  } else {
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  }
  if (!options.certfile.empty()) {
    const auto error =
        load_own_certificate(ctx, {options.certfile, options.keyfile, options.password}, detail);
    if (error) return error;
  }
  log_keys_if_asked(ctx);
  return choose_algorithms(ctx, options.ciphers, options.ecdh_curve, detail);
}

std::error_code configure_server(SSL_CTX* ctx, const ServerOptions& options, std::string& detail) {
  const auto error = load_own_certificate(
      ctx, {options.certificate_file, options.key_file, options.password}, detail);
  if (error) return error;
  static constexpr unsigned char session_name[] = "wirespan";
  ::SSL_CTX_set_session_id_context(ctx, session_name, sizeof session_name - 1);
  if (!options.client_ca_file.empty()) {
    if (const auto failed = load_trusted_file(ctx, options.client_ca_file, detail)) return failed;
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  log_keys_if_asked(ctx);
  return choose_algorithms(ctx, options.ciphers, options.ecdh_curve, detail);
}

}  // namespace

Expected<Context> Context::for_client(const ClientOptions& options, std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  const bool contradiction = options.context == nullptr && options.verify == Verify::none &&
                             options.check_hostname.value_or(false);
  about = "check_hostname together with Verify::none";
  if (contradiction) return std::error_code(Errc::invalid_option);
  if (options.context != nullptr) {
    ::SSL_CTX_up_ref(options.context);
    return Context(SslContext(options.context, ::SSL_CTX_free));
  }
  about = "TLS context";
  auto context = make_context(::TLS_client_method(), options.min_version);
  if (!context) return make_error_code(std::errc::not_enough_memory);
  if (const auto error = configure_client(context.get(), options, about)) return error;
  return Context(std::move(context));
}

Expected<Context> Context::for_server(const ServerOptions& options, std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  about = "TLS context";
  auto context = make_context(::TLS_server_method(), options.min_version);
  if (!context) return make_error_code(std::errc::not_enough_memory);
  if (const auto error = configure_server(context.get(), options, about)) return error;
  return Context(std::move(context));
}

}  // namespace wirespan::tls
