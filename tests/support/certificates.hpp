// certificates.hpp - certificates for tests, made when first asked for and deleted at exit.
#pragma once

#include <string>
#include <vector>

namespace wirespan::test {

/// The contents of a certificate; the test authority signs it unless `self_signed` is set.
struct CertificateSpec {
  std::string name = "server";  ///< Base name of the files.
  std::string common_name{};    ///< The same as `name` when empty.
  std::vector<std::string> dns_names{"localhost"};
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  long valid_from = -3600;  ///< Seconds from now.
  long valid_until = 24 * 3600;
  bool self_signed = false;
  bool other_authority = false;  ///< Signed by a second authority, which no test trusts.
  /// Signed by an authority between the test authority and this certificate, which is not in its
  /// file.
  bool by_intermediate = false;
  bool for_client = false;     ///< Extended key usage: client instead of server.
  std::string key_password{};  ///< Encrypts the key file.
};

struct CertificateFiles {
  std::string certificate;  ///< Path of the PEM chain.
  std::string key;          ///< Path of the PEM key.
};

/// Returns the path of the PEM file with the certificate of the test authority.
[[nodiscard]] const std::string& authority_file();
/// Returns the same for the authority that CertificateSpec::by_intermediate asks for.
[[nodiscard]] const std::string& intermediate_file();
/// Returns a folder with that certificate under the hashed name by which OpenSSL looks it up.
[[nodiscard]] const std::string& authority_folder();
/// Returns a path in a folder that is deleted when the process ends; no file is there yet.
[[nodiscard]] std::string scratch_file(const std::string& name);
/// Returns the content of a file.
[[nodiscard]] std::string content_of(const std::string& path);
/// Returns the pin of a certificate's key: "sha256//" and the base64 of its hash.
[[nodiscard]] std::string pin_of(const std::string& certificate_file);
/// Makes the certificate on first use; the same `spec.name` returns the same files.
[[nodiscard]] CertificateFiles certificate(const CertificateSpec& spec = {});

}  // namespace wirespan::test
