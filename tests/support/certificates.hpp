// certificates.hpp - certificates for tests, made on the spot and thrown away at exit.
#pragma once

#include <string>
#include <vector>

namespace wirespan::test {

/// What a certificate says; signed by the test authority unless self_signed.
struct CertificateSpec {
  std::string name = "server";  ///< Base name of its files.
  std::vector<std::string> dns_names{"localhost"};
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  long valid_from = -3600;  ///< Seconds from now.
  long valid_until = 24 * 3600;
  bool self_signed = false;
  bool for_client = false;     ///< Extended key usage: client instead of server.
  std::string key_password{};  ///< Encrypts the key file.
};

struct CertificateFiles {
  std::string certificate;  ///< Path of the PEM chain.
  std::string key;          ///< Path of the PEM key.
};

/// The file with the certificate of the test authority.
[[nodiscard]] const std::string& authority_file();
/// Makes it on first use; the same name gives the same files.
[[nodiscard]] CertificateFiles certificate(const CertificateSpec& spec = {});

}  // namespace wirespan::test
