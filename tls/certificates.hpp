// certificates.hpp - gives OpenSSL certificates and keys, from files and from memory. Private.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

struct ssl_ctx_st;

namespace wirespan::tls {

/// The chain of one's own certificate and its key, each in a file or in memory. Without a key it is
/// where the certificate is.
struct OwnCertificate {
  const std::string& certificate_file;
  const std::string& key_file;
  std::string_view certificate_pem;
  std::string_view key_pem;
  const std::string& password;
};

/// Loads the certificate and its key. Error: TlsErrc::no_certificate_file or a system error about a
/// file; `detail` names the file or option.
[[nodiscard]] std::error_code load_own_certificate(::ssl_ctx_st* context, const OwnCertificate& own,
                                                   std::string& detail);
/// Adds trusted certificates: a file, a folder, or a text. Errors as above.
[[nodiscard]] std::error_code trust_file(::ssl_ctx_st* context, const std::string& file,
                                         std::string& detail);
[[nodiscard]] std::error_code trust_folder(::ssl_ctx_st* context, const std::string& folder,
                                           std::string& detail);
[[nodiscard]] std::error_code trust_pem(::ssl_ctx_st* context, std::string_view pem,
                                        std::string& detail);
/// Adds the system's store.
[[nodiscard]] std::error_code trust_system(::ssl_ctx_st* context, std::string& detail);

}  // namespace wirespan::tls
