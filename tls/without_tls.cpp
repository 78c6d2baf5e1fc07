// without_tls.cpp - the TLS layer of a build without OpenSSL: every call fails with
// tls_unavailable.
#include <wirespan/core/error.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/hash.hpp>
#include <wirespan/tls/openssl_text.hpp>
#include <wirespan/tls/session_cache.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan::tls {

std::string openssl_text(int) { return "built without TLS"; }
std::string certificate_text(int) { return "built without TLS"; }
std::optional<std::string> hex_hash(HashAlgorithm, std::string_view) { return std::nullopt; }

Expected<Context> Context::for_client(const ClientOptions&, std::string* detail) {
  if (detail != nullptr) *detail = "TLS context";
  return std::error_code(Errc::tls_unavailable);
}
Expected<Context> Context::for_server(const ServerOptions&, std::string* detail) {
  if (detail != nullptr) *detail = "TLS context";
  return std::error_code(Errc::tls_unavailable);
}

struct SessionCache::Impl {};

SessionCache::SessionCache(std::size_t) {}
SessionCache::~SessionCache() = default;
std::size_t SessionCache::size() const { return 0; }
void SessionCache::clear() {}

struct TlsStream::Impl {};

namespace {
net::IoResult unavailable() { return net::IoResult::failure(Errc::tls_unavailable); }
}  // namespace

TlsStream::TlsStream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TlsStream::TlsStream(TlsStream&& other) noexcept = default;
TlsStream& TlsStream::operator=(TlsStream&& other) noexcept = default;
TlsStream::~TlsStream() = default;

Expected<TlsStream> TlsStream::client(std::unique_ptr<net::ByteTransport>, const Context&,
                                      std::string_view, bool, std::uint16_t) {
  return std::error_code(Errc::tls_unavailable);
}
Expected<TlsStream> TlsStream::server(std::unique_ptr<net::ByteTransport>, const Context&) {
  return std::error_code(Errc::tls_unavailable);
}

int TlsStream::fd() const noexcept { return -1; }
net::IoResult TlsStream::handshake() { return unavailable(); }
net::IoResult TlsStream::read_some(MutableBytes) { return unavailable(); }
net::IoResult TlsStream::write_some(Bytes) { return unavailable(); }
net::IoResult TlsStream::write_pieces(std::span<const Bytes>) { return unavailable(); }
std::size_t TlsStream::bytes_to_repeat() const noexcept { return 0; }
bool TlsStream::has_buffered_input() const noexcept { return false; }
net::IoResult TlsStream::shutdown() { return unavailable(); }
std::optional<PeerCertificate> TlsStream::peer_certificate() const { return std::nullopt; }
bool TlsStream::session_reused() const noexcept { return false; }
std::string TlsStream::alpn() const { return {}; }
std::string TlsStream::description() const { return "built without TLS"; }

}  // namespace wirespan::tls
