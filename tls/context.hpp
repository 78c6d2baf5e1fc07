// context.hpp - one configuration of TLS, shared by the connections made with it.
#pragma once

#include <memory>
#include <string>

#include <wirespan/core/expected.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan::tls {

/// Owns a reference to an SSL_CTX. Cheap to copy; may be shared by threads.
class Context {
 public:
  /// Errors: Errc::invalid_option, TlsErrc, or what OpenSSL says about a file or a list. If the
  /// environment variable SSLKEYLOGFILE names a file, session keys are appended to it; not so with
  /// a context of the caller's own. `detail`, if given, gets the name of the file, folder, list or
  /// option that an error is about.
  [[nodiscard]] static Expected<Context> for_client(const ClientOptions& options,
                                                    std::string* detail = nullptr);
  [[nodiscard]] static Expected<Context> for_server(const ServerOptions& options,
                                                    std::string* detail = nullptr);

  [[nodiscard]] ::ssl_ctx_st* native() const noexcept { return context_.get(); }

 private:
  explicit Context(std::shared_ptr<::ssl_ctx_st> context) noexcept : context_(std::move(context)) {}

  std::shared_ptr<::ssl_ctx_st> context_;
};

}  // namespace wirespan::tls
