// client_side.cpp - pinned keys and resumption, as callbacks of OpenSSL.
#include <utility>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <wirespan/tls/client_side.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::tls {
namespace {

/// The place of the pointer to a ClientSide among the data of an SSL. Negative: no memory.
int place() {
  static const int index = ::SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

ClientSide* side_of(const SSL* ssl) noexcept {
  return static_cast<ClientSide*>(::SSL_get_ex_data(ssl, place()));
}

struct FreeStore {
  void operator()(X509_STORE_CTX* store) const noexcept { ::X509_STORE_CTX_free(store); }
};

/// Verifies the certificate of the session that was set on `ssl`, as a full handshake would: chain,
/// dates, purpose, name.
bool verifies(SSL* ssl, X509* certificate) {
  const std::unique_ptr<X509_STORE_CTX, FreeStore> store(::X509_STORE_CTX_new());
  X509_STORE* const trusted = ::SSL_CTX_get_cert_store(::SSL_get_SSL_CTX(ssl));
  const bool ready = store && ::X509_STORE_CTX_init(store.get(), trusted, certificate,
                                                    ::SSL_get_peer_cert_chain(ssl)) == 1;
  if (!ready || ::X509_STORE_CTX_set_default(store.get(), "ssl_server") != 1) return false;
  X509_VERIFY_PARAM* const how = ::X509_STORE_CTX_get0_param(store.get());
  ::X509_VERIFY_PARAM_set_auth_level(how, ::SSL_get_security_level(ssl));
  return ::X509_VERIFY_PARAM_set1(how, ::SSL_get0_param(ssl)) == 1 &&
         ::X509_verify_cert(store.get()) == 1;
}

std::string session_key(const std::string& fingerprint, std::string_view server_name,
                        std::uint16_t port, bool check_hostname) {
  return fingerprint + (check_hostname ? "+" : "-") + std::to_string(port) + "/" +
         std::string(server_name);
}

}  // namespace

ClientSide::ClientSide(std::shared_ptr<const ClientRules> rules,
                       std::shared_ptr<SessionCache> cache, std::string_view server_name,
                       std::uint16_t port, bool check_hostname)
    : rules_(rules ? std::move(rules) : std::make_shared<const ClientRules>()),
      cache_(std::move(cache)) {
  if (cache_) key_ = session_key(rules_->fingerprint, server_name, port, check_hostname);
}

void ClientSide::prepare(SSL_CTX* context, const ClientRules& rules) {
  // OpenSSL asks verify() for SSL_VERIFY_NONE, too, but ignores the answer.
  if (!rules.pins.empty()) {
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    ::SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
  }
  if (rules.fingerprint.empty()) return;
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  ::SSL_CTX_sess_set_new_cb(context, on_session);
}

bool ClientSide::attach(SSL* ssl) {
  if (::SSL_set_ex_data(ssl, place(), this) != 1) return false;
  // Another handshake could show another certificate, behind the check of the pinned keys.
  if (!rules_->pins.empty()) ::SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
  if (cache_) offer_session(ssl);
  ::ERR_clear_error();
  return true;
}

void ClientSide::offer_session(SSL* ssl) {
  while (const auto session = cache_->take(key_)) {
    const bool set = ::SSL_SESSION_is_resumable(session.get()) == 1 &&
                     ::SSL_set_session(ssl, session.get()) == 1;
    if (set && still_passes(ssl)) return;
    ::SSL_set_session(ssl, nullptr);
    ::SSL_set_verify_result(ssl, X509_V_OK);
  }
}

bool ClientSide::still_passes(SSL* ssl) const {
  X509* const certificate = ::SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || !rules_->pins.allow(certificate)) return false;
  return rules_->verify == Verify::none || verifies(ssl, certificate);
}

std::error_code ClientSide::complete(SSL* ssl) {
  if (std::exchange(completed_, true)) return {};
  refused_key_ = !rules_->pins.allow(::SSL_get0_peer_certificate(ssl));
  if (refused_key_) return TlsErrc::key_not_pinned;
  // After a resumption of TLS 1.2, OpenSSL tells no session, not even one with a new ticket.
  if (cache_ && ::SSL_session_reused(ssl) == 1 && ::SSL_version(ssl) < TLS1_3_VERSION) {
    keep(::SSL_get0_session(ssl));
  }
  return {};
}

/// OpenSSL's verification of a chain, followed by that of the key. A refusal becomes an alert, and
/// nothing of this client leaves, not even its own certificate.
int ClientSide::verify(X509_STORE_CTX* store, void*) {
  const auto* ssl = static_cast<const SSL*>(
      ::X509_STORE_CTX_get_ex_data(store, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
  ClientSide* const self = side_of(ssl);
  const int verified = ::X509_verify_cert(store);
  if (self == nullptr) return 0;  // an SSL that no TlsStream has made
  if (verified != 1 && self->rules_->verify == Verify::required) return verified;
  if (self->rules_->pins.allow(::X509_STORE_CTX_get0_cert(store))) return 1;
  self->refused_key_ = true;
  ::X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

/// OpenSSL's report of a new session. 0: the reference stays OpenSSL's.
int ClientSide::on_session(SSL* ssl, SSL_SESSION* session) {
  ClientSide* const self = side_of(ssl);
  if (self != nullptr && self->cache_) self->keep(session);
  return 0;
}

/// Keeps a copy: OpenSSL marks the session of a connection that ends without close_notify as not
/// resumable, and such ends are the reason to come back. A session that finds no memory is not
/// kept.
void ClientSide::keep(SSL_SESSION* session) noexcept {
  try {
    SSL_SESSION* const copy = ::SSL_SESSION_dup(session);
    if (copy != nullptr) cache_->keep(key_, {copy, ::SSL_SESSION_free});
  } catch (const std::bad_alloc&) {  // OpenSSL calls this: nothing may pass through it
  }
}

}  // namespace wirespan::tls
