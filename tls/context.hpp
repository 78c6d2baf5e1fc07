// context.hpp - one TLS configuration, shared by the connections made with it.
#pragma once

#include <memory>
#include <string>

#include <wirespan/core/expected.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan::tls {

struct ClientRules;

/// A TLS configuration for clients or for servers. Owns a reference to an SSL_CTX, and so does
/// every TlsStream made with it, which may outlive this object. Cheap to copy; threads may share
/// it.
class Context {
 public:
  /// Makes a context from options; for_client() returns the one that ClientOptions::session_cache
  /// keeps for equal options, unless a file that they name has changed. Errors:
  /// Errc::invalid_option (options that contradict each other, a malformed pin or ALPN name),
  /// TlsErrc::no_certificate_file or bad_ciphers, a system error about a file, not_enough_memory;
  /// Errc::tls_unavailable in a build without OpenSSL. `detail`, if given, then holds the name of
  /// the file, folder, list or option that the error is about. If the environment variable
  /// SSLKEYLOGFILE names a file, session keys are appended to it, but not with
  /// ClientOptions::context.
  [[nodiscard]] static Expected<Context> for_client(const ClientOptions& options,
                                                    std::string* detail = nullptr);
  [[nodiscard]] static Expected<Context> for_server(const ServerOptions& options,
                                                    std::string* detail = nullptr);

  /// Returns the SSL_CTX, which remains this object's.
  [[nodiscard]] ::ssl_ctx_st* native() const noexcept { return context_.get(); }

 private:
  friend class TlsStream;
  using SslContext = std::shared_ptr<::ssl_ctx_st>;

  explicit Context(SslContext context, std::shared_ptr<const ClientRules> rules = nullptr) noexcept
      : context_(std::move(context)), rules_(std::move(rules)) {}
  [[nodiscard]] static Expected<Context> make_client(const ClientOptions& options,
                                                     std::string fingerprint, std::string& detail);
  [[nodiscard]] static Expected<Context> kept_client(const ClientOptions& options,
                                                     std::string& detail);

  SslContext context_;
  std::shared_ptr<const ClientRules> rules_;  // null for a server
  std::shared_ptr<SessionCache> sessions_;    // null: no resumption
};

}  // namespace wirespan::tls
