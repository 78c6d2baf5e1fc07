// alpn.cpp - the list of protocols as it is on the wire, and OpenSSL's callback. RFC 7301.
#include <memory>
#include <utility>

#include <openssl/ssl.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/tls/alpn.hpp>
#include <wirespan/tls/attached.hpp>

namespace wirespan::tls {
namespace {

/// A list of protocols, each behind a byte with its size.
struct ProtocolList {
  std::string wire;
  [[nodiscard]] const unsigned char* data() const noexcept {
    return reinterpret_cast<const unsigned char*>(wire.data());
  }
  [[nodiscard]] unsigned size() const noexcept { return static_cast<unsigned>(wire.size()); }
};

Expected<ProtocolList> list_of(const std::vector<std::string>& names, std::string& detail) {
  constexpr std::size_t longest_name = 255;
  constexpr std::size_t longest_list = 65'535;
  ProtocolList list;
  for (const std::string& name : names) {
    detail = "alpn: " + in_quotes(name) + " does not have 1 to 255 bytes";
    if (name.empty() || name.size() > longest_name) return std::error_code(Errc::invalid_option);
    list.wire += static_cast<char>(name.size());
    list.wire += name;
  }
  detail = "alpn: " + std::to_string(names.size()) + " names are too many";
  if (list.wire.size() > longest_list) return std::error_code(Errc::invalid_option);
  return list;
}

int choose(SSL* ssl, const unsigned char** chosen, unsigned char* size,
           const unsigned char* offered, unsigned offered_size, void*) noexcept {
  const auto* ours = Attached<ProtocolList>::get(ssl);
  unsigned char* place = nullptr;
  const int outcome =
      ::SSL_select_next_proto(&place, size, ours->data(), ours->size(), offered, offered_size);
  *chosen = place;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::error_code offer_protocols(SSL_CTX* context, const std::vector<std::string>& names,
                                std::string& detail) {
  const auto list = list_of(names, detail);
  if (!list) return list.error();
  const bool set = ::SSL_CTX_set_alpn_protos(context, list->data(), list->size()) == 0;
  return set ? std::error_code{} : make_error_code(std::errc::not_enough_memory);
}

std::error_code choose_protocol(SSL_CTX* context, const std::vector<std::string>& names,
                                std::string& detail) {
  auto list = list_of(names, detail);
  if (!list) return list.error();
  if (names.empty()) return {};
  auto owned = std::make_unique<ProtocolList>(std::move(*list));
  if (!Attached<ProtocolList>::put(context, std::move(owned))) {
    return make_error_code(std::errc::not_enough_memory);
  }
  ::SSL_CTX_set_alpn_select_cb(context, choose, nullptr);
  return {};
}

}  // namespace wirespan::tls
