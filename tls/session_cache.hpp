// session_cache.hpp - TLS contexts and sessions that a client keeps for its next connection. RFC
// 5246 §7.3, RFC 5077, RFC 8446 §2.2.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <wirespan/core/limits.hpp>
#include <wirespan/tls/context.hpp>

struct ssl_session_st;  // OpenSSL's SSL_SESSION

namespace wirespan::tls {

/// Keeps for a client, from one connection to the next, if ClientOptions::session_cache names this
/// object: the context, so that files of certificates are read again only after they have changed,
/// and the sessions that servers offer, so that the next handshake with the same server is an
/// abbreviated one. Any number of connections and threads may share it.
///
/// A session is offered only to the same name and port, by a client with the same options. Before
/// that its certificate passes every check of a full handshake again, under the options of the new
/// connection: chain, dates, host name, pinned keys. A session that fails is dropped, and a full
/// handshake follows. A session serves one connection (RFC 8446 §C.4); one of TLS 1.2 comes back
/// when the handshake has succeeded.
class SessionCache {
 public:
  /// Keeps at most `most_sessions` sessions, of one server at most limits::tls_sessions_per_server;
  /// the oldest make room. 0: contexts only.
  explicit SessionCache(std::size_t most_sessions = limits::tls_sessions);
  ~SessionCache();
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  /// Returns the number of sessions.
  [[nodiscard]] std::size_t size() const;
  /// Forgets all sessions and contexts; open connections do not notice.
  void clear();

 private:
  friend class Context;
  friend class ClientSide;
  struct Impl;
  using Session = std::shared_ptr<::ssl_session_st>;

  /// Returns the context that was kept for options with this fingerprint; null if there is none.
  [[nodiscard]] std::shared_ptr<const Context> context_of(const std::string& fingerprint);
  void keep_context(const std::string& fingerprint, const Context& context);
  /// Takes the latest session of `key` out of the cache; null if there is none.
  [[nodiscard]] Session take(const std::string& key);
  void keep(const std::string& key, Session session);

  std::unique_ptr<Impl> impl_;
};

}  // namespace wirespan::tls
