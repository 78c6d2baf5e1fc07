// tls_pair.hpp - a TLS client and a TLS server in one thread, without sockets.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/wire.hpp"
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan::test {

/// Options of a client that trusts the test authority.
[[nodiscard]] inline tls::ClientOptions trusting() { return {.ca_certs = authority_file()}; }

[[nodiscard]] inline tls::Context client_context(const tls::ClientOptions& options = trusting()) {
  auto context = tls::Context::for_client(options);
  if (!context) throw std::system_error(context.error(), "client context");
  return *context;
}

[[nodiscard]] inline tls::ServerOptions serving(const CertificateSpec& spec = {}) {
  const auto files = certificate(spec);
  return {
      .certificate_file = files.certificate, .key_file = files.key, .password = spec.key_password};
}

[[nodiscard]] inline tls::Context server_context(const tls::ServerOptions& options = serving()) {
  auto context = tls::Context::for_server(options);
  if (!context) throw std::system_error(context.error(), "server context");
  return *context;
}

/// The last result of the handshake on each side; the status is want_read or want_write while that
/// side waits.
struct HandshakeOutcome {
  net::IoResult client;
  net::IoResult server;
  [[nodiscard]] bool is_ok() const noexcept { return client.is_ok() && server.is_ok(); }
};

/// Both ends of a TLS connection over a Wire.
struct TlsPair {
  explicit TlsPair(const tls::Context& for_client = client_context(),
                   const tls::Context& for_server = server_context(),
                   std::string_view name = "localhost", bool check_hostname = true,
                   std::uint16_t port = 0)
      : client(*tls::TlsStream::client(wire.client_transport(), for_client, name, check_hostname,
                                       port)),
        server(*tls::TlsStream::server(wire.server_transport(), for_server)) {}

  /// Drives both sides until both are done, or one has failed and the other has seen the end.
  HandshakeOutcome shake_hands() {
    HandshakeOutcome outcome{{.status = net::IoStatus::want_read},
                             {.status = net::IoStatus::want_read}};
    for (int round = 0; round < 100'000; ++round) {
      if (outcome.client.would_block()) outcome.client = client.handshake();
      if (outcome.server.would_block()) outcome.server = server.handshake();
      // A side that has failed hangs up.
      if (outcome.client.status == net::IoStatus::error) wire.server->ended = true;
      if (outcome.server.status == net::IoStatus::error) wire.client->ended = true;
      if (!outcome.client.would_block() && !outcome.server.would_block()) return outcome;
      // A client whose handshake is done reads: the server's last messages may need that.
      if (outcome.client.is_ok()) {
        std::array<std::byte, 16> nothing;
        EXPECT_EQ(client.read_some(nothing).bytes, 0U);
      }
    }
    ADD_FAILURE() << "the handshake does not end";
    return outcome;
  }

  Wire wire;
  tls::TlsStream client;
  tls::TlsStream server;
};

/// Writes all of `bytes` on one side and reads them on the other. Every retry of a write comes from
/// another address in memory.
inline ByteVector transfer(tls::TlsStream& from, tls::TlsStream& to, Bytes bytes,
                           std::size_t read_size = 20'000) {
  ByteVector received;
  std::size_t sent = 0;
  ByteVector buffer(read_size);
  for (int idle = 0; received.size() < bytes.size() && idle < 100'000; ++idle) {
    if (sent < bytes.size()) {
      const ByteVector elsewhere = owned(bytes.subspan(sent));
      const auto written = from.write_some(elsewhere);
      EXPECT_NE(written.status, net::IoStatus::error) << written.error.message();
      EXPECT_LE(written.bytes, elsewhere.size());
      sent += written.bytes;
      if (written.bytes > 0) idle = 0;
    }
    const auto read = to.read_some(buffer);
    EXPECT_NE(read.status, net::IoStatus::error) << read.error.message();
    if (read.status == net::IoStatus::error || read.status == net::IoStatus::eof) break;
    if (read.bytes > 0) idle = 0;
    const Bytes fresh = Bytes(buffer).first(read.bytes);
    received.insert(received.end(), fresh.begin(), fresh.end());
  }
  return received;
}

}  // namespace wirespan::test
