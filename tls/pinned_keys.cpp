// pinned_keys.cpp - compares the SHA-256 of a certificate's SubjectPublicKeyInfo with the pins.
#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <wirespan/core/base64.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/tls/pinned_keys.hpp>

namespace wirespan::tls {
namespace {

struct FreeBytes {
  void operator()(unsigned char* bytes) const noexcept { ::OPENSSL_free(bytes); }
};

/// Returns the hash as a pin has it; empty if OpenSSL has no memory.
std::string key_hash(const X509& certificate) {
  unsigned char* encoded = nullptr;
  const int size = ::i2d_X509_PUBKEY(::X509_get_X509_PUBKEY(&certificate), &encoded);
  if (size <= 0) return {};
  const std::unique_ptr<unsigned char, FreeBytes> owner(encoded);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  if (::SHA256(encoded, static_cast<std::size_t>(size), hash.data()) == nullptr) return {};
  return base64_encode(std::as_bytes(std::span(hash)));
}

}  // namespace

Expected<PinnedKeys> PinnedKeys::parse(const std::vector<std::string>& pins, std::string& detail) {
  constexpr std::string_view prefix = "sha256//";
  PinnedKeys parsed;
  for (const std::string& pin : pins) {
    std::string_view hash = pin;
    if (hash.starts_with(prefix)) hash.remove_prefix(prefix.size());
    if (!is_canonical_base64(hash, SHA256_DIGEST_LENGTH)) {
      detail = "pinned_keys: " + in_quotes(pin) + " is not a SHA-256 hash in base64";
      return std::error_code(Errc::invalid_option);
    }
    parsed.hashes_.emplace_back(hash);
  }
  return parsed;
}

bool PinnedKeys::allow(const X509* certificate) const {
  if (empty()) return true;
  if (certificate == nullptr) return false;
  const std::string hash = key_hash(*certificate);
  return !hash.empty() && std::find(hashes_.begin(), hashes_.end(), hash) != hashes_.end();
}

}  // namespace wirespan::tls
