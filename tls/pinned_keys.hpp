// pinned_keys.hpp - the public keys that a server may have, by their hashes. RFC 7469 §2.4.
// Private.
#pragma once

#include <string>
#include <vector>

#include <wirespan/core/expected.hpp>

struct x509_st;  // OpenSSL's X509

namespace wirespan::tls {

/// The keys of ClientOptions::pinned_keys.
class PinnedKeys {
 public:
  /// Error: Errc::invalid_option for a pin that is no base64 of 32 bytes; `detail` quotes it.
  [[nodiscard]] static Expected<PinnedKeys> parse(const std::vector<std::string>& pins,
                                                  std::string& detail);

  [[nodiscard]] bool empty() const noexcept { return hashes_.empty(); }
  /// True if there are no pins, or the certificate's public key is one of them. Null: no
  /// certificate, which no pin allows.
  [[nodiscard]] bool allow(const ::x509_st* certificate) const;

 private:
  std::vector<std::string> hashes_;  // base64 of SHA-256 of SubjectPublicKeyInfo
};

}  // namespace wirespan::tls
