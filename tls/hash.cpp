// hash.cpp - MD5 and SHA-256 by OpenSSL. RFC 1321, RFC 6234.
#include <array>

#include <openssl/evp.h>

#include <wirespan/tls/hash.hpp>

namespace wirespan::tls {

std::optional<std::string> hex_hash(HashAlgorithm algorithm, std::string_view text) {
  const EVP_MD* type = algorithm == HashAlgorithm::md5 ? ::EVP_md5() : ::EVP_sha256();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = ::EVP_Digest(text.data(), text.size(), digest.data(), &size, type, nullptr);
  if (done != 1) return std::nullopt;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

}  // namespace wirespan::tls
