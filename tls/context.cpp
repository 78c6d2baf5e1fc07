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
#include <wirespan/tls/alpn.hpp>
#include <wirespan/tls/certificates.hpp>
#include <wirespan/tls/client_rules.hpp>
#include <wirespan/tls/client_side.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/fingerprint.hpp>
#include <wirespan/tls/key_log.hpp>
#include <wirespan/tls/ocsp_staple.hpp>
#include <wirespan/tls/server_names.hpp>
#include <wirespan/tls/session_cache.hpp>
#include <wirespan/tls/ticket_keys.hpp>

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

/// Loads the trusted certificates: those of the options, else those that the environment variable
/// WEBSOCKET_CLIENT_CA_BUNDLE names, else the system's.
std::error_code trust(SSL_CTX* ctx, const ClientOptions& options, std::string& detail) {
  const std::string& file = options.ca_certs;
  const std::string& folder = options.ca_cert_path;
  const std::string& pem = options.ca_certs_pem;
  if (!file.empty() || !folder.empty() || !pem.empty()) {
    std::error_code error;
    if (!folder.empty()) error = trust_folder(ctx, folder, detail);
    if (!error && !file.empty()) error = trust_file(ctx, file, detail);
    if (!error && !pem.empty()) error = trust_pem(ctx, pem, detail);
    return error;
  }
  if (const char* bundle = std::getenv("WEBSOCKET_CLIENT_CA_BUNDLE")) {
    std::error_code ignored;
    if (std::filesystem::is_directory(bundle, ignored)) return trust_folder(ctx, bundle, detail);
    if (std::filesystem::exists(bundle, ignored)) return trust_file(ctx, bundle, detail);
  }
  return trust_system(ctx, detail);
}

/// Names the options that contradict each other; empty if none do.
const char* contradiction_in(const ClientOptions& options) noexcept {
  if (options.context != nullptr) return "";
  if (options.verify == Verify::none && options.check_hostname.value_or(false)) {
    return "check_hostname together with Verify::none";
  }
  const bool has_file = !options.certfile.empty();
  const bool has_text = !options.certificate_pem.empty();
  if (has_file && has_text) return "certfile together with certificate_pem";
  if (options.key_pem.empty()) return "";
  if (!options.keyfile.empty()) return "keyfile together with key_pem";
  return has_file || has_text ? "" : "key_pem without certfile or certificate_pem";
}

std::error_code configure_client(SSL_CTX* ctx, const ClientOptions& options, std::string& detail) {
  if (options.verify == Verify::required) {
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    if (const auto error = trust(ctx, options, detail)) return error;
  } else {
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  }
  if (options.partial_chain) {
    ::X509_VERIFY_PARAM_set_flags(::SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (!options.certfile.empty() || !options.certificate_pem.empty()) {
    const auto error =
        load_own_certificate(ctx,
                             {options.certfile, options.keyfile, options.certificate_pem,
                              options.key_pem.text(), options.password},
                             detail);
    if (error) return error;
  }
  log_keys_if_asked(ctx);
  if (const auto error = offer_protocols(ctx, options.alpn, detail)) return error;
  return choose_algorithms(ctx, options.ciphers, options.ecdh_curve, detail);
}

/// Names the fields that contradict each other; empty if none do.
template <class Options>
const char* contradiction_in_certificate(const Options& own) noexcept {
  if (!own.certificate_file.empty() && !own.certificate_pem.empty()) {
    return "certificate_file together with certificate_pem";
  }
  const bool has_both = !own.key_file.empty() && !own.key_pem.empty();
  return has_both ? "key_file together with key_pem" : "";
}

/// Loads the certificate of a ServerOptions or of a ServerCertificate, and gives its context what
/// OpenSSL asks that context for: a server with several certificates goes on with another one's.
template <class Options>
std::error_code load_server_certificate(SSL_CTX* ctx, const ServerOptions& options,
                                        const Options& own, std::string& detail) {
  static constexpr unsigned char session_name[] = "wirespan";
  ::SSL_CTX_set_session_id_context(ctx, session_name, sizeof session_name - 1);
  detail = contradiction_in_certificate(own);
  if (!detail.empty()) return Errc::invalid_option;
  auto error = load_own_certificate(
      ctx,
      {own.certificate_file, own.key_file, own.certificate_pem, own.key_pem.text(), own.password},
      detail);
  if (!error) error = staple(ctx, own.ocsp_response, detail);
  if (!error) error = choose_protocol(ctx, options.alpn, detail);
  if (!error) error = use_ticket_keys(ctx, options.ticket_keys, detail);
  return error;
}

std::error_code load_more_certificates(SSL_CTX* ctx, const ServerOptions& options,
                                       std::string& detail) {
  if (options.more_certificates.empty()) return {};
  Certificates certificates;
  for (const ServerCertificate& own : options.more_certificates) {
    detail = "TLS context";
    certificates.push_back(make_context(::TLS_server_method(), options.min_version));
    if (!certificates.back()) return make_error_code(std::errc::not_enough_memory);
    SSL_CTX* const one = certificates.back().get();
    if (const auto error = load_server_certificate(one, options, own, detail)) return error;
    ::SSL_CTX_set1_cert_store(one, ::SSL_CTX_get_cert_store(ctx));  // to judge clients by
  }
  detail = "more_certificates";
  const bool has_memory = choose_by_name(ctx, std::move(certificates));
  return has_memory ? std::error_code{} : make_error_code(std::errc::not_enough_memory);
}

std::error_code configure_server(SSL_CTX* ctx, const ServerOptions& options, std::string& detail) {
  if (const auto error = load_server_certificate(ctx, options, options, detail)) return error;
  if (const auto error = load_more_certificates(ctx, options, detail)) return error;
  if (!options.client_ca_file.empty()) {
    if (const auto failed = trust_file(ctx, options.client_ca_file, detail)) return failed;
    ::SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  log_keys_if_asked(ctx);
  return choose_algorithms(ctx, options.ciphers, options.ecdh_curve, detail);
}

}  // namespace

Expected<Context> Context::for_client(const ClientOptions& options, std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  about = contradiction_in(options);
  if (!about.empty()) return std::error_code(Errc::invalid_option);
  const bool is_kept = options.session_cache && options.context == nullptr;
  return is_kept ? kept_client(options, about) : make_client(options, {}, about);
}

/// Returns the context that the cache has for these options, or puts a new one there. Files are
/// read without holding the cache's lock.
Expected<Context> Context::kept_client(const ClientOptions& options, std::string& detail) {
  const std::string fingerprint = tls::fingerprint(options);
  if (fingerprint.empty()) return make_error_code(std::errc::not_enough_memory);
  SessionCache& cache = *options.session_cache;
  const auto kept = cache.context_of(fingerprint);
  Expected<Context> context =
      kept ? Expected<Context>(*kept)
           : make_client(options, options.resume ? fingerprint : std::string(), detail);
  if (!context) return context;
  if (!kept) cache.keep_context(fingerprint, *context);
  if (options.resume) context->sessions_ = options.session_cache;
  return context;
}

/// With a fingerprint, OpenSSL tells the sessions of the context's connections.
Expected<Context> Context::make_client(const ClientOptions& options, std::string fingerprint,
                                       std::string& detail) {
  auto pins = PinnedKeys::parse(options.pinned_keys, detail);
  if (!pins) return pins.error();
  auto rules = std::make_shared<const ClientRules>(
      ClientRules{options.verify, std::move(*pins), std::move(fingerprint)});
  if (options.context != nullptr) {
    ::SSL_CTX_up_ref(options.context);
    return Context(SslContext(options.context, ::SSL_CTX_free), std::move(rules));
  }
  detail = "TLS context";
  auto context = make_context(::TLS_client_method(), options.min_version);
  if (!context) return make_error_code(std::errc::not_enough_memory);
  if (const auto error = configure_client(context.get(), options, detail)) return error;
  ClientSide::prepare(context.get(), *rules);
  return Context(std::move(context), std::move(rules));
}

Expected<Context> Context::for_server(const ServerOptions& options, std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  about = "TLS context";
  if (options.context != nullptr) {
    ::SSL_CTX_up_ref(options.context);
    return Context(SslContext(options.context, ::SSL_CTX_free));
  }
  auto context = make_context(::TLS_server_method(), options.min_version);
  if (!context) return make_error_code(std::errc::not_enough_memory);
  if (const auto error = configure_server(context.get(), options, about)) return error;
  return Context(std::move(context));
}

}  // namespace wirespan::tls
