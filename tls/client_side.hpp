// client_side.hpp - what a client's connection checks beyond OpenSSL, and where its sessions go.
// Private.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <openssl/ssl.h>

#include <wirespan/tls/client_rules.hpp>
#include <wirespan/tls/session_cache.hpp>

namespace wirespan::tls {

/// Belongs to one SSL of a client, which holds a pointer to it: it never moves, and outlives the
/// SSL.
class ClientSide {
 public:
  /// Without rules (a context made for servers) nothing is pinned. Without a cache no session is
  /// offered or kept.
  ClientSide(std::shared_ptr<const ClientRules> rules, std::shared_ptr<SessionCache> cache,
             std::string_view server_name, std::uint16_t port, bool check_hostname);

  /// Makes OpenSSL check pinned keys and tell new sessions, for contexts that this library makes.
  static void prepare(SSL_CTX* context, const ClientRules& rules);
  /// Connects this object with the SSL and offers a session, if there is one that passes the checks
  /// of this connection. Requires the name to be set. False if OpenSSL has no memory.
  [[nodiscard]] bool attach(SSL* ssl);
  /// Call it when the handshake is complete: checks the pinned key, whether or not OpenSSL has
  /// shown a certificate. Later calls do nothing. Error: TlsErrc::key_not_pinned.
  [[nodiscard]] std::error_code complete(SSL* ssl);
  /// True if the handshake has failed for the pinned keys.
  [[nodiscard]] bool has_refused_key() const noexcept { return refused_key_; }

 private:
  static int verify(X509_STORE_CTX* store, void* unused);
  static int on_session(SSL* ssl, SSL_SESSION* session);

  void offer_session(SSL* ssl);
  [[nodiscard]] bool still_passes(SSL* ssl) const;
  void keep(SSL_SESSION* session) noexcept;

  std::shared_ptr<const ClientRules> rules_;
  std::shared_ptr<SessionCache> cache_;  // null: no resumption
  std::string key_;                      // in the cache
  bool refused_key_ = false;
  bool completed_ = false;
};

}  // namespace wirespan::tls
