// context.hpp - one configuration of TLS, shared by the connections made with it.
#pragma once

#include <memory>

#include <wirespan/core/expected.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan::tls {

/// Owns a reference to an SSL_CTX. Cheap to copy; may be shared by threads.
class Context {
 public:
  /// Errors: Errc::invalid_option, TlsErrc, or what OpenSSL says about a file or a list. If the
  /// environment variable SSLKEYLOGFILE names a file, session keys are appended to it; not so with
  /// a context of the caller's own.
  [[nodiscard]] static Expected<Context> for_client(const ClientOptions& options);
  [[nodiscard]] static Expected<Context> for_server(const ServerOptions& options);

  [[nodiscard]] ::ssl_ctx_st* native() const noexcept { return context_.get(); }

 private:
  explicit Context(std::shared_ptr<::ssl_ctx_st> context) noexcept : context_(std::move(context)) {}

  std::shared_ptr<::ssl_ctx_st> context_;
};

}  // namespace wirespan::tls
