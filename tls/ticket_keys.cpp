// ticket_keys.cpp - OpenSSL's callback that encrypts and authenticates tickets. RFC 5077 §4.
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <wirespan/core/error.hpp>
#include <wirespan/tls/attached.hpp>
#include <wirespan/tls/options.hpp>
#include <wirespan/tls/ticket_keys.hpp>

namespace wirespan::tls {
namespace {

constexpr std::size_t name_size = 16;  // names the key in each ticket
constexpr std::size_t mac_size = 32;   // key of HMAC-SHA-256
constexpr std::size_t iv_size = 16;
static_assert(ticket_key_size == name_size + mac_size + 32);  // and one of AES-256-CBC

struct TicketKeys {
  std::vector<Secret> keys;
};

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool begin_mac(EVP_MAC_CTX* mac, std::string_view key) noexcept {
  std::array<unsigned char, mac_size> copy{};  // OSSL_PARAM takes no constant
  std::copy_n(bytes_of(key), mac_size, copy.data());
  std::array<char, 7> digest{"SHA256"};
  const std::array params{
      ::OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, copy.data(), copy.size()),
      ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      ::OSSL_PARAM_construct_end()};
  const bool begun = ::EVP_MAC_CTX_set_params(mac, params.data()) == 1;
  ::OPENSSL_cleanse(copy.data(), copy.size());
  return begun;
}

/// As OpenSSL has it: 1 is done, 2 is done and the client gets a new ticket, 0 is a key that nobody
/// has (then the handshake is a full one), and below 0 it fails.
int protect_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                   EVP_MAC_CTX* mac, int encrypts) noexcept {
  const auto& keys = Attached<TicketKeys>::get(ssl)->keys;
  auto key = keys.begin();
  if (encrypts == 1) {
    std::copy_n(bytes_of(key->text()), name_size, name);
    if (::RAND_bytes(iv, iv_size) != 1) return -1;
  } else {
    key = std::find_if(keys.begin(), keys.end(), [&](const Secret& candidate) {
      return std::equal(name, name + name_size, bytes_of(candidate.text()));
    });
    if (key == keys.end()) return 0;
  }
  const std::string_view text = key->text();
  const unsigned char* aes_key = bytes_of(text.substr(name_size + mac_size));
  if (::EVP_CipherInit_ex(cipher, ::EVP_aes_256_cbc(), nullptr, aes_key, iv, encrypts) != 1 ||
      !begin_mac(mac, text.substr(name_size, mac_size))) {
    return -1;
  }
  if (encrypts == 1) return 1;
  // Clients use a ticket of TLS 1.3 once (RFC 8446 §C.4), so each resumption brings a new one.
  return key == keys.begin() && ::SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
}

}  // namespace

std::error_code use_ticket_keys(SSL_CTX* context, const std::vector<Secret>& keys,
                                std::string& detail) {
  for (const Secret& key : keys) {
    if (key.text().size() == ticket_key_size) continue;
    detail = "ticket_keys: a key has " + std::to_string(key.text().size()) + " bytes instead of " +
             std::to_string(ticket_key_size);
    return Errc::invalid_option;
  }
  if (keys.empty()) return {};
  detail = "ticket_keys";
  auto owned = std::make_unique<TicketKeys>(TicketKeys{keys});
  if (!Attached<TicketKeys>::put(context, std::move(owned))) {
    return make_error_code(std::errc::not_enough_memory);
  }
  ::SSL_CTX_set_tlsext_ticket_key_evp_cb(context, protect_ticket);
  return {};
}

}  // namespace wirespan::tls
