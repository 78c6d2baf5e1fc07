#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <wirespan/core/error.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/key_log.hpp>

namespace wirespan::tls {
namespace {

using SslContext = std::shared_ptr<::ssl_ctx_st>;

int version_number(Version version) noexcept {
  return version == Version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

/// What both sides have in common. Null if OpenSSL has no memory.
SslContext make_context(const SSL_METHOD* method, Version min_version) {
  ::ERR_clear_error();
  SslContext context(::SSL_CTX_new(method), ::SSL_CTX_free);
  if (!context) return context;
  SSL_CTX* ctx = context.get();
  ::SSL_CTX_set_min_proto_version(ctx, version_number(min_version));
  ::SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

std::error_code file_error() noexcept {
  const unsigned long code = ::ERR_peek_error();
  ::ERR_clear_error();
  const bool system = ERR_GET_LIB(code) == ERR_LIB_SYS;
  if (system) return {ERR_GET_REASON(code), std::system_category()};
  return TlsErrc::no_certificate_file;
}

/// Answers OpenSSL's question for the password of a key. An empty one is no password: without this
/// OpenSSL would ask at the terminal.
int give_password(char* buffer, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  const auto length = text.copy(buffer, static_cast<std::size_t>(size));
  return static_cast<int>(length);
}

std::error_code load_own_certificate(SSL_CTX* ctx, const std::string& certificate,
                                     const std::string& key, const std::string& password) {
  ::SSL_CTX_set_default_passwd_cb(ctx, give_password);
  ::SSL_CTX_set_default_passwd_cb_userdata(ctx, const_cast<std::string*>(&password));
  const std::string& key_file = key.empty() ? certificate : key;
  const bool loaded = ::SSL_CTX_use_certificate_chain_file(ctx, certificate.c_str()) == 1 &&
                      ::SSL_CTX_use_PrivateKey_file(ctx, key_file.c_str(), SSL_FILETYPE_PEM) == 1 &&
                      ::SSL_CTX_check_private_key(ctx) == 1;
  ::SSL_CTX_set_default_passwd_cb(ctx, nullptr);
  ::SSL_CTX_set_default_passwd_cb_userdata(ctx, nullptr);
  return loaded ? std::error_code{} : file_error();
}

std::error_code choose_algorithms(SSL_CTX* ctx, const std::string& ciphers,
                                  const std::string& curves) {
  const bool chosen = (ciphers.empty() || ::SSL_CTX_set_cipher_list(ctx, ciphers.c_str()) == 1) &&
                      (curves.empty() || ::SSL_CTX_set1_groups_list(ctx, curves.c_str()) == 1);
  if (!chosen) ::ERR_clear_error();
  return chosen ? std::error_code{} : TlsErrc::bad_ciphers;
}

std::error_code load_trusted(SSL_CTX* ctx, const std::string& file, const std::string& folder) {
  const bool loaded = (file.empty() || ::SSL_CTX_load_verify_file(ctx, file.c_str()) == 1) &&
                      (folder.empty() || ::SSL_CTX_load_verify_dir(ctx, folder.c_str()) == 1);
  return loaded ? std::error_code{} : file_error();
}

std::error_code trust(SSL_CTX* ctx, const ClientOptions& options) {
  if (!options.ca_certs.empty() || !options.ca_cert_path.empty()) {
    std::error_code ignored;
    if (!options.ca_cert_path.empty() &&
        !std::filesystem::is_directory(options.ca_cert_path, ignored)) {
      return TlsErrc::no_certificate_file;  // OpenSSL would find out much later
    }
    return load_trusted(ctx, options.ca_certs, options.ca_cert_path);
  }
  if (const char* bundle = std::getenv("WEBSOCKET_CLIENT_CA_BUNDLE")) {
    std::error_code ignored;
    if (std::filesystem::is_directory(bundle, ignored)) return load_trusted(ctx, "", bundle);
    if (std::filesystem::exists(bundle, ignored)) return load_trusted(ctx, bundle, "");
  }
  return ::SSL_CTX_set_default_verify_paths(ctx) == 1 ? std::error_code{} : file_error();
}

std::error_code configure_client(SSL_CTX* ctx, const ClientOptions& options) {
  if (options.verify == Verify::required) {
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    if (const auto error = trust(ctx, options)) return error;
  } else {
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  }
  if (!options.certfile.empty()) {
    const auto error =
        load_own_certificate(ctx, options.certfile, options.keyfile, options.password);
    if (error) return error;
  }
  log_keys_if_asked(ctx);
  return choose_algorithms(ctx, options.ciphers, options.ecdh_curve);
}

std::error_code configure_server(SSL_CTX* ctx, const ServerOptions& options) {
  const auto error =
      load_own_certificate(ctx, options.certificate_file, options.key_file, options.password);
  if (error) return error;
  static constexpr unsigned char session_name[] = "wirespan";
  ::SSL_CTX_set_session_id_context(ctx, session_name, sizeof session_name - 1);
  if (!options.client_ca_file.empty()) {
    if (const auto failed = load_trusted(ctx, options.client_ca_file, "")) return failed;
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  log_keys_if_asked(ctx);
  return choose_algorithms(ctx, options.ciphers, options.ecdh_curve);
}

}  // namespace

Expected<Context> Context::for_client(const ClientOptions& options) {
  const bool contradiction = options.context == nullptr && options.verify == Verify::none &&
                             options.check_hostname.value_or(false);
  if (contradiction) return std::error_code(Errc::invalid_option);
  if (options.context != nullptr) {
    ::SSL_CTX_up_ref(options.context);
    return Context(SslContext(options.context, ::SSL_CTX_free));
  }
  auto context = make_context(::TLS_client_method(), options.min_version);
  if (!context) return make_error_code(std::errc::not_enough_memory);
  if (const auto error = configure_client(context.get(), options)) return error;
  return Context(std::move(context));
}

Expected<Context> Context::for_server(const ServerOptions& options) {
  auto context = make_context(::TLS_server_method(), options.min_version);
  if (!context) return make_error_code(std::errc::not_enough_memory);
  if (const auto error = configure_server(context.get(), options)) return error;
  return Context(std::move(context));
}

}  // namespace wirespan::tls
