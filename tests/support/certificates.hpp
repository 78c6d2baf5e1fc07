// certificates.hpp - certificates for tests, made on the spot and thrown away at exit.
#pragma once

#include <string>
#include <vector>

namespace wirespan::test {

/// What a certificate says; signed by the test authority unless self_signed.
struct CertificateSpec {
  std::string name = "server";  ///< Base name of its files.
  std::string common_name{};    ///< The same as `name` when empty.
  std::vector<std::string> dns_names{"localhost"};
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  long valid_from = -3600;  ///< Seconds from now.
  long valid_until = 24 * 3600;
  bool self_signed = false;
  bool other_authority = false;  ///< Signed by another authority, which nobody trusts.
  bool for_client = false;       ///< Extended key usage: client instead of server.
  std::string key_password{};    ///< Encrypts the key file.
};

struct CertificateFiles {
  std::string certificate;  ///< Path of the PEM chain.
  std::string key;          ///< Path of the PEM key.
};

/// The file with the certificate of the test authority.
[[nodiscard]] const std::string& authority_file();
/// A folder with that certificate under the name by which OpenSSL looks it up.
[[nodiscard]] const std::string& authority_folder();
/// A path in a folder that goes away with the process; nothing is there yet.
[[nodiscard]] std::string scratch_file(const std::string& name);
/// Makes it on first use; the same name gives the same files.
[[nodiscard]] CertificateFiles certificate(const CertificateSpec& spec = {});

}  // namespace wirespan::test
