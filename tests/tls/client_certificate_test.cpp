// tls/context.cpp, tls/tls_stream.cpp: servers that demand a client certificate, and TLS versions
// that one side does not support.
#include <array>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

tls::ServerOptions curious_server() {
  auto options = serving();
  options.client_ca_file = authority_file();
  return options;
}

tls::ClientOptions showing(const CertificateSpec& spec) {
  const auto files = certificate(spec);
  auto options = trusting();
  options.certfile = files.certificate;
  options.keyfile = files.key;
  options.password = spec.key_password;
  return options;
}

const CertificateSpec client_spec{.name = "client", .for_client = true};

/// Returns the error that the client gets. In TLS 1.3 the client's handshake is done before the
/// server has checked the client's certificate: the server's alert arrives with the first read.
std::error_code what_the_client_hears(TlsPair& pair, const HandshakeOutcome& outcome) {
  if (outcome.client.status == net::IoStatus::error) return outcome.client.error;
  std::array<std::byte, 16> buffer;
  return pair.client.read_some(buffer).error;
}

int reason_of(std::error_code error) {
  EXPECT_EQ(error.category(), tls::openssl_category()) << error.message();
  return ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(error.value())));
}

TEST(ClientCertificate, R11_that_is_good_opens_the_door) {
  TlsPair pair(client_context(showing(client_spec)), server_context(curious_server()));
  EXPECT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(wire_text(transfer(pair.client, pair.server, wire_bytes("hello"))), "hello");
}

TEST(ClientCertificate, may_have_a_key_with_a_password) {
  const CertificateSpec locked{
      .name = "locked-client", .for_client = true, .key_password = "open sesame"};
  TlsPair pair(client_context(showing(locked)), server_context(curious_server()));
  EXPECT_TRUE(pair.shake_hands().is_ok());
}

TEST(ClientCertificate, that_is_missing_closes_it) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto server = server_context(curious_server());
    SSL_CTX_set_max_proto_version(server.native(), version);
    TlsPair pair(client_context(), server);
    const auto outcome = pair.shake_hands();
    EXPECT_EQ(reason_of(outcome.server.error), SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
    const int heard = reason_of(what_the_client_hears(pair, outcome));
    EXPECT_EQ(heard, version == TLS1_3_VERSION ? SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
                                               : SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
  }
}

TEST(ClientCertificate, that_is_bad_closes_it) {
  const std::pair<CertificateSpec, int> bad[] = {
      {{.name = "old-client", .valid_from = -7200, .valid_until = -3600, .for_client = true},
       X509_V_ERR_CERT_HAS_EXPIRED},
      {{.name = "strange-client", .other_authority = true, .for_client = true},
       X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
      {{.name = "server-as-client"}, X509_V_ERR_INVALID_PURPOSE},
  };
  for (const auto& [spec, error] : bad) {
    TlsPair pair(client_context(showing(spec)), server_context(curious_server()));
    const auto outcome = pair.shake_hands();
    EXPECT_EQ(outcome.server.error, std::error_code(error, tls::certificate_category()))
        << spec.name;
    EXPECT_TRUE(tls::is_tls_error(what_the_client_hears(pair, outcome)));
  }
}

TEST(ClientCertificate, is_not_sent_to_a_server_that_does_not_ask) {
  TlsPair pair(client_context(showing(client_spec)), server_context());
  EXPECT_TRUE(pair.shake_hands().is_ok());
}

TEST(TlsVersions, the_newest_that_both_speak_is_taken) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_TRUE(pair.client.description().starts_with("TLSv1.3 ")) << pair.client.description();
  EXPECT_EQ(pair.client.description(), pair.server.description());
  EXPECT_GT(pair.client.description().size(), 10U) << "and which cipher";
}

TEST(TlsVersions, an_older_server_is_served) {
  const auto server = server_context();
  SSL_CTX_set_max_proto_version(server.native(), TLS1_2_VERSION);
  TlsPair pair(client_context(), server);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_TRUE(pair.client.description().starts_with("TLSv1.2 ")) << pair.client.description();
}

TEST(TlsVersions, R11_too_old_a_server_is_refused) {
  const auto server = server_context();
  SSL_CTX_set_max_proto_version(server.native(), TLS1_2_VERSION);
  auto options = trusting();
  options.min_version = tls::Version::tls1_3;
  TlsPair pair(client_context(options), server);
  const auto outcome = pair.shake_hands();
  EXPECT_TRUE(tls::is_tls_error(outcome.client.error));
  EXPECT_EQ(reason_of(outcome.server.error), SSL_R_UNSUPPORTED_PROTOCOL);
}

TEST(TlsVersions, too_old_a_client_is_refused) {
  auto options = serving();
  options.min_version = tls::Version::tls1_3;
  const auto client = client_context();
  SSL_CTX_set_max_proto_version(client.native(), TLS1_2_VERSION);
  TlsPair pair(client, server_context(options));
  const auto outcome = pair.shake_hands();
  EXPECT_EQ(reason_of(outcome.client.error), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
  EXPECT_FALSE(outcome.client.error.message().empty());
}

TEST(TlsVersions, without_a_common_cipher_there_is_no_connection) {
  auto options = serving();
  options.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  const auto server = server_context(options);
  SSL_CTX_set_max_proto_version(server.native(), TLS1_2_VERSION);
  auto client_options = trusting();
  client_options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  TlsPair pair(client_context(client_options), server);
  const auto outcome = pair.shake_hands();
  EXPECT_EQ(reason_of(outcome.server.error), SSL_R_NO_SHARED_CIPHER);
  EXPECT_EQ(reason_of(outcome.client.error), SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
}

TEST(TlsVersions, without_a_common_curve_there_is_no_connection) {
  auto options = serving();
  options.ecdh_curve = "P-384";
  auto client_options = trusting();
  client_options.ecdh_curve = "X25519";
  TlsPair pair(client_context(client_options), server_context(options));
  EXPECT_FALSE(pair.shake_hands().is_ok());
}

}  // namespace
}  // namespace wirespan::test
