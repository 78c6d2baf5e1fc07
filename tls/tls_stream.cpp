// tls_stream.cpp - TlsStream: OpenSSL over a ByteTransport, with a limit for idle records.
#include <algorithm>
#include <array>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/tls/certificate_text.hpp>
#include <wirespan/tls/client_side.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/openssl_call.hpp>
#include <wirespan/tls/tls_stream.hpp>
#include <wirespan/tls/transport_bio.hpp>

namespace wirespan::tls {
namespace {

/// The largest payload of one record, RFC 8446 §5.1.
constexpr std::size_t record_size = std::size_t{16} << 10;
/// Bytes that one call of OpenSSL may read from the transport. OpenSSL reads on until there is
/// data, so records without data (key updates, empty records) would keep the turn of one connection
/// going for as long as its peer likes. After the limit the call would block, the transport is
/// still readable, and the event loop goes on in the next turn.
constexpr std::size_t input_per_call = 2 * record_size;
/// Set on each SSL, because the context may be the caller's own. A write that would block comes
/// again from another address and in another size. RELEASE_BUFFERS halves the memory of an idle
/// connection.
constexpr long modes =
    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS;

bool is_ip_address(const std::string& host) noexcept {
  std::array<unsigned char, sizeof(in6_addr)> unused;
  return ::inet_pton(AF_INET, host.c_str(), unused.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), unused.data()) == 1;
}

/// True if OpenSSL can verify the name. It would take the part before a NUL for the name, and an
/// empty name for any name.
bool can_be_named(std::string_view name) noexcept {
  return !name.empty() && name.size() <= TLSEXT_MAXLEN_host_name &&
         name.find('\0') == std::string_view::npos;
}

/// Sets the name that is sent as SNI and that the certificate must have. False if OpenSSL refuses.
bool expect_peer(SSL* ssl, const std::string& name, bool check_hostname) noexcept {
  const bool is_address = is_ip_address(name);
  if (!is_address && ::SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) return false;
  if (!check_hostname) return true;
  if (is_address) return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), name.c_str()) == 1;
  // RFC 9525 §2: the subject's common name is never a host name, even if there is no other name.
  ::SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return ::SSL_set1_host(ssl, name.c_str()) == 1;
}

/// True for the first bytes of an alert or of a handshake message in a record, RFC 8446 §5.1.
bool begins_like_tls(const void* header) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(header);
  const bool is_known = bytes[0] == SSL3_RT_ALERT || bytes[0] == SSL3_RT_HANDSHAKE;
  return is_known && bytes[1] == SSL3_VERSION_MAJOR;
}

/// Joins the small pieces of a gather write into whole records, by copying. A piece that fills a
/// record by itself is not copied.
class RecordFiller {
 public:
  explicit RecordFiller(std::span<const Bytes> pieces) noexcept : pieces_(pieces) {}

  /// Returns the next bytes to encrypt; valid until the next call; empty at the end.
  [[nodiscard]] Bytes next() noexcept {
    fetch();
    if (rest_.size() >= record_size || pieces_.empty()) return std::exchange(rest_, {});
    std::size_t filled = 0;
    while (filled < record_.size() && !rest_.empty()) {
      const std::size_t size = std::min(rest_.size(), record_.size() - filled);
      std::ranges::copy(rest_.first(size), record_.data() + filled);
      filled += size;
      rest_ = rest_.subspan(size);
      fetch();
    }
    return Bytes(record_).first(filled);
  }

 private:
  void fetch() noexcept {
    while (rest_.empty() && !pieces_.empty()) {
      rest_ = pieces_.front();
      pieces_ = pieces_.subspan(1);
    }
  }

  std::span<const Bytes> pieces_;
  Bytes rest_;  // of the current piece
  std::array<std::byte, record_size> record_;
};

}  // namespace

/// The SSL object, the state of its BIO and the counters of records. OpenSSL holds pointers to it,
/// so it never moves.
struct TlsStream::Impl {
  explicit Impl(std::unique_ptr<net::ByteTransport> below) : transport(std::move(below)) {
    bio.transport = transport.get();
  }

  /// Makes the SSL object. False if OpenSSL has no memory.
  [[nodiscard]] bool open(const Context& context) {
    ::ERR_clear_error();
    ssl.reset(::SSL_new(context.native()));
    BIO* both = ssl ? make_transport_bio(bio) : nullptr;
    if (both == nullptr) return false;
    ::SSL_set_bio(ssl.get(), both, both);
    ::SSL_set_mode(ssl.get(), modes);
    ::SSL_set_read_ahead(ssl.get(), 1);  // for has_buffered_input()
    ::SSL_set_msg_callback(ssl.get(), note_record);
    ::SSL_set_msg_callback_arg(ssl.get(), this);
    return true;
  }

  /// OpenSSL's message callback: counts the headers of records that are read. Above the limit it
  /// sets SSL_RECEIVED_SHUTDOWN, which makes OpenSSL stop before the content of the record.
  static void note_record(int is_written, int, int type, const void* header, std::size_t size,
                          SSL* ssl, void* context) noexcept {
    auto& self = *static_cast<Impl*>(context);
    if (is_written != 0 || type != SSL3_RT_HEADER) return;
    if (!self.heard) self.heard_other = size >= 2 && !begins_like_tls(header);
    self.heard = true;
    if (!self.reading) return;
    ++self.records;
    if (self.idle_records++ <= limits::tls_idle_records) return;  // this record may bring data
    self.flooded = true;
    ::SSL_set_shutdown(ssl, ::SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
  }

  /// Calls SSL_read_ex() once. A flood of idle records ends the connection.
  net::IoResult read(MutableBytes room) {
    const bool in_record = ::SSL_pending(ssl.get()) > 0;
    reading = true;
    auto result = run([&](std::size_t* bytes) {
      return ::SSL_read_ex(ssl.get(), room.data(), room.size(), bytes);
    });
    reading = false;
    if (flooded) {
      broken = TlsErrc::idle_records;
      return net::IoResult::failure(broken);
    }
    // A record with data takes back 2: its own count, and that of one record without data.
    if (result.is_ok() && !in_record) idle_records = std::max(0, idle_records - 2);
    return result;
  }

  /// Calls OpenSSL once and turns its result into an IoResult. `call` stores the number of bytes.
  template <class Call>
  net::IoResult run(Call call) {
    if (broken) return net::IoResult::failure(broken);
    const OpenSslCall alone;
    bio.input_left = input_per_call;
    std::size_t bytes = 0;
    const int result = call(&bytes);
    if (result == 1) return complete({.status = net::IoStatus::ok, .bytes = bytes});
    switch (::SSL_get_error(ssl.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return {.status = net::IoStatus::want_read};
      case SSL_ERROR_WANT_WRITE:
        return {.status = net::IoStatus::want_write};
      case SSL_ERROR_ZERO_RETURN:
        return {.status = net::IoStatus::eof};
      default:
        break;
    }
    broken = reason();
    ::ERR_clear_error();
    return net::IoResult::failure(broken);
  }

  /// Lets the client's side check the peer, once the handshake is complete.
  net::IoResult complete(const net::IoResult& result) {
    if (!client || ::SSL_is_init_finished(ssl.get()) != 1) return result;
    broken = client->complete(ssl.get());
    return broken ? net::IoResult::failure(broken) : result;
  }

  /// Calls SSL_write_ex() once, unless an earlier write has failed.
  net::IoResult write(Bytes bytes) {
    net::IoResult result;
    if (!bio.write_error) {
      result = run([&](std::size_t* written) {
        return ::SSL_write_ex(ssl.get(), bytes.data(), bytes.size(), written);
      });
    }
    return bio.write_error && !broken ? net::IoResult::failure(bio.write_error) : result;
  }

  /// Returns the cause of a failure: the transport's error, the refusal of the certificate, the end
  /// of the transport, or OpenSSL's own code.
  [[nodiscard]] std::error_code reason() const noexcept {
    if (bio.error) return bio.error;
    if (client && client->has_refused_key()) return TlsErrc::key_not_pinned;
    const long verified = ::SSL_get_verify_result(ssl.get());
    const unsigned long code = ::ERR_peek_error();
    const bool rejected =
        ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    if (rejected && verified != X509_V_OK) {
      return {static_cast<int>(verified), certificate_category()};
    }
    const bool is_foreign =
        ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER;
    if (client && heard_other && is_foreign) return TlsErrc::not_tls;
    if (bio.eof) return TlsErrc::truncated;
    if (code == 0) return make_error_code(std::errc::io_error);
    return {static_cast<int>(code), openssl_category()};
  }

  struct Free {
    void operator()(SSL* p) const noexcept { ::SSL_free(p); }
  };

  std::unique_ptr<net::ByteTransport> transport;
  TransportBio bio;
  std::unique_ptr<ClientSide> client;  // null at the server's end; the SSL points to it
  std::unique_ptr<SSL, Free> ssl;
  std::error_code broken;     // set by a fatal error: OpenSSL must not be called again
  bool heard = false;         // a record header has come
  bool heard_other = false;   // the first one was none
  bool reading = false;       // inside SSL_read_ex()
  bool flooded = false;       // too many idle records; => broken after that call
  int records = 0;            // headers read since the beginning of read_some()
  int idle_records = 0;       // not yet made up for; see limits::tls_idle_records
  std::size_t to_repeat = 0;  // bytes that are encrypted but not written
  bool notified = false;      // close_notify was sent, or cannot be
};

TlsStream::TlsStream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TlsStream::TlsStream(TlsStream&& other) noexcept = default;
TlsStream& TlsStream::operator=(TlsStream&& other) noexcept = default;
TlsStream::~TlsStream() = default;

Expected<TlsStream> TlsStream::client(std::unique_ptr<net::ByteTransport> transport,
                                      const Context& context, std::string_view server_name,
                                      bool check_hostname, std::uint16_t port) {
  if (!can_be_named(server_name)) return std::error_code(Errc::invalid_option);
  auto impl = std::make_unique<Impl>(std::move(transport));
  impl->client = std::make_unique<ClientSide>(context.rules_, context.sessions_, server_name, port,
                                              check_hostname);
  const bool ready = impl->open(context) &&
                     expect_peer(impl->ssl.get(), std::string(server_name), check_hostname) &&
                     impl->client->attach(impl->ssl.get());
  if (!ready) return make_error_code(std::errc::not_enough_memory);
  ::SSL_set_connect_state(impl->ssl.get());
  return TlsStream(std::move(impl));
}

Expected<TlsStream> TlsStream::server(std::unique_ptr<net::ByteTransport> transport,
                                      const Context& context) {
  auto impl = std::make_unique<Impl>(std::move(transport));
  if (!impl->open(context)) return make_error_code(std::errc::not_enough_memory);
  ::SSL_set_accept_state(impl->ssl.get());
  return TlsStream(std::move(impl));
}

int TlsStream::fd() const noexcept { return impl_ ? impl_->transport->fd() : -1; }

/// A cause that OpenSSL has read, such as an alert of the peer, takes precedence over a failed
/// write.
net::IoResult TlsStream::handshake() {
  const auto result =
      impl_->run([&](std::size_t*) { return ::SSL_do_handshake(impl_->ssl.get()); });
  const bool is_reason =
      result.status == net::IoStatus::error && result.error != TlsErrc::truncated;
  if (impl_->bio.write_error && !is_reason) {
    impl_->broken = impl_->bio.write_error;
    return net::IoResult::failure(impl_->broken);
  }
  // A stream that ends before the handshake does was cut off.
  if (result.status == net::IoStatus::eof) return net::IoResult::failure(TlsErrc::truncated);
  return result;
}

net::IoResult TlsStream::read_some(MutableBytes in) {
  net::IoResult total{.status = net::IoStatus::ok};
  impl_->records = 0;
  // One call of OpenSSL yields at most one record. Go on only while more input is here already:
  // that costs no system call.
  do {
    const auto result = impl_->read(in.subspan(total.bytes));
    if (!result.is_ok()) return total.bytes > 0 ? total : result;
    total.bytes += result.bytes;
    total.received_at = impl_->bio.received_at;
  } while (total.bytes < in.size() && impl_->records < limits::tls_records_per_read &&
           ::SSL_has_pending(impl_->ssl.get()) == 1);
  return total;
}

net::IoResult TlsStream::write_some(Bytes out) {
  net::IoResult total{.status = net::IoStatus::ok};
  while (total.bytes < out.size()) {
    const Bytes rest = out.subspan(total.bytes);
    const auto result = impl_->write(rest);
    impl_->to_repeat = result.would_block() ? std::min(rest.size(), record_size) : 0;
    if (!result.is_ok()) return total.bytes > 0 && result.would_block() ? total : result;
    total.bytes += result.bytes;
  }
  return total;
}

net::IoResult TlsStream::write_pieces(std::span<const Bytes> pieces) {
  RecordFiller filler(pieces);
  net::IoResult total{.status = net::IoStatus::ok};
  for (Bytes next = filler.next(); !next.empty(); next = filler.next()) {
    const net::IoResult result = write_some(next);
    const bool nothing_yet = total.bytes == 0;
    if (result.status == net::IoStatus::error || (!result.is_ok() && nothing_yet)) return result;
    total.bytes += result.bytes;
    if (result.bytes < next.size()) break;
  }
  return total;
}

std::size_t TlsStream::bytes_to_repeat() const noexcept { return impl_->to_repeat; }

bool TlsStream::has_buffered_input() const noexcept {
  return ::SSL_has_pending(impl_->ssl.get()) == 1 || impl_->transport->has_buffered_input();
}

net::IoResult TlsStream::shutdown() {
  const std::error_code& write_error = impl_->bio.write_error;
  const bool can_notify = !impl_->broken && !write_error && !impl_->notified;
  if (can_notify && ::SSL_is_init_finished(impl_->ssl.get()) == 1) {
    const OpenSslCall alone;
    const int result = ::SSL_shutdown(impl_->ssl.get());
    const int why = result < 0 ? ::SSL_get_error(impl_->ssl.get(), result) : SSL_ERROR_NONE;
    if (why == SSL_ERROR_WANT_WRITE) return {.status = net::IoStatus::want_write};
    if (why == SSL_ERROR_WANT_READ) return {.status = net::IoStatus::want_read};
    ::ERR_clear_error();
    impl_->notified = true;  // sent, or there is no way to send it
  }
  const auto result = impl_->transport->shutdown();
  return write_error ? net::IoResult::failure(write_error) : result;
}

std::optional<PeerCertificate> TlsStream::peer_certificate() const {
  X509* certificate = ::SSL_get0_peer_certificate(impl_->ssl.get());
  const bool verified = ::SSL_get_verify_result(impl_->ssl.get()) == X509_V_OK;
  if (certificate == nullptr || !verified) return std::nullopt;
  return describe_certificate(*certificate);
}

bool TlsStream::session_reused() const noexcept {
  return ::SSL_session_reused(impl_->ssl.get()) == 1;
}

std::string TlsStream::alpn() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  ::SSL_get0_alpn_selected(impl_->ssl.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsStream::description() const {
  return std::string(::SSL_get_version(impl_->ssl.get())) + " " +
         ::SSL_get_cipher_name(impl_->ssl.get());
}

}  // namespace wirespan::tls
