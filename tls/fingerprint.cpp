// fingerprint.cpp - hashes the options of a client and the state of the files that they name.
#include <array>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <type_traits>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <wirespan/tls/file_state.hpp>
#include <wirespan/tls/fingerprint.hpp>

namespace wirespan::tls {
namespace {

struct FreeHash {
  void operator()(EVP_MD_CTX* hash) const noexcept { ::EVP_MD_CTX_free(hash); }
};

class Hash {
 public:
  Hash() : hash_(::EVP_MD_CTX_new()) {
    fine_ = hash_ && ::EVP_DigestInit_ex(hash_.get(), ::EVP_sha256(), nullptr) == 1;
  }

  /// Adds a text with its length, so that no two lists of texts look the same.
  void add(std::string_view text) {
    add_number(text.size());
    add_bytes(text.data(), text.size());
  }
  template <class Number>
  void add_number(Number number) {
    static_assert(std::is_arithmetic_v<Number> || std::is_enum_v<Number>);
    add_bytes(&number, sizeof number);
  }
  /// Adds the name of a file or folder and what changes when it is written or replaced.
  void add_file(const std::string& path) {
    add(path);
    add(file_state(path));
  }
  void add_files_of_environment(const char* variable, const char* otherwise) {
    const char* path = std::getenv(variable);
    add_file(path != nullptr ? path : otherwise);
  }

  [[nodiscard]] std::string result() {
    std::array<char, EVP_MAX_MD_SIZE> bytes;
    unsigned int size = 0;
    auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
    if (!fine_ || ::EVP_DigestFinal_ex(hash_.get(), out, &size) != 1) return {};
    return {bytes.data(), size};
  }

 private:
  void add_bytes(const void* bytes, std::size_t size) {
    fine_ = fine_ && ::EVP_DigestUpdate(hash_.get(), bytes, size) == 1;
  }

  std::unique_ptr<EVP_MD_CTX, FreeHash> hash_;
  bool fine_ = false;
};

void add_list(Hash& hash, const std::vector<std::string>& texts) {
  hash.add_number(texts.size());
  for (const std::string& text : texts) hash.add(text);
}

}  // namespace

std::string fingerprint(const ClientOptions& options) {
  // Every field by name: a new one does not compile until somebody has decided about it here.
  const auto& [verify, check_hostname, ca_certs, ca_cert_path, ca_certs_pem, partial_chain,
               pinned_keys, certfile, keyfile, password, certificate_pem, key_pem, ciphers,
               ecdh_curve, min_version, alpn, server_hostname, session_cache, resume, context] =
      options;
  (void)check_hostname;   // part of the key of each session
  (void)server_hostname;  // part of the key of each session
  (void)session_cache;
  (void)context;  // the caller's own context is neither kept nor used for resumption
  Hash hash;
  hash.add_number(verify);
  hash.add_number(min_version);
  hash.add_number(partial_chain);
  hash.add_number(resume);
  for (const auto* path : {&ca_certs, &ca_cert_path, &certfile, &keyfile}) hash.add_file(*path);
  for (const auto* text : {&ca_certs_pem, &certificate_pem, &password, &ciphers, &ecdh_curve}) {
    hash.add(*text);
  }
  hash.add(key_pem.text());
  add_list(hash, pinned_keys);
  add_list(hash, alpn);
  hash.add_files_of_environment("WEBSOCKET_CLIENT_CA_BUNDLE", "");
  hash.add_files_of_environment(::X509_get_default_cert_file_env(), ::X509_get_default_cert_file());
  hash.add_files_of_environment(::X509_get_default_cert_dir_env(), ::X509_get_default_cert_dir());
  const char* key_log = std::getenv("SSLKEYLOGFILE");
  hash.add_number(key_log != nullptr && *key_log != '\0');
  return hash.result();
}

}  // namespace wirespan::tls
