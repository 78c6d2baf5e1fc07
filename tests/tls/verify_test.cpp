// tls/tls_stream.cpp: which certificates are accepted for which name, and the errors of the others.
// RFC 6455 §4.1 item 5, RFC 9525.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "support/case_name.hpp"
#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

struct VerifyCase {
  std::string name;
  CertificateSpec certificate;
  std::string asked_for;
  int error = X509_V_OK;
};
void PrintTo(const VerifyCase& row, std::ostream* out) { *out << row.name; }

constexpr long hour = 3600;

const VerifyCase rows[] = {
    {"good", {}, "localhost"},
    {"one_name_of_several",
     {.name = "several", .dns_names = {"a.example", "b.example"}},
     "b.example"},
    {"names_have_no_case", {.name = "cased", .dns_names = {"Mixed.Example"}}, "mixed.eXample"},
    {"address_v4", {}, "127.0.0.1"},
    {"address_v6", {}, "::1"},
    {"address_v6_written_otherwise", {}, "0:0:0:0:0:0:0:1"},
    {"wildcard_for_one_label", {.name = "star", .dns_names = {"*.example.com"}}, "www.example.com"},
    {"wildcard_for_two_labels",
     {.name = "star", .dns_names = {"*.example.com"}},
     "a.b.example.com",
     X509_V_ERR_HOSTNAME_MISMATCH},
    {"wildcard_for_no_label",
     {.name = "star", .dns_names = {"*.example.com"}},
     "example.com",
     X509_V_ERR_HOSTNAME_MISMATCH},
    {"wildcard_inside_a_label",
     {.name = "partial", .dns_names = {"w*.example.com"}},
     "www.example.com",
     X509_V_ERR_HOSTNAME_MISMATCH},
    {"wildcard_for_an_address",
     {.name = "star4", .dns_names = {"*.0.0.1"}, .addresses = {}},
     "127.0.0.1",
     X509_V_ERR_IP_ADDRESS_MISMATCH},
    {"another_host", {}, "example.com", X509_V_ERR_HOSTNAME_MISMATCH},
    {"the_beginning_of_a_name", {}, "local", X509_V_ERR_HOSTNAME_MISMATCH},
    {"a_longer_name", {}, "localhost.example.com", X509_V_ERR_HOSTNAME_MISMATCH},
    {"another_address", {}, "127.0.0.2", X509_V_ERR_IP_ADDRESS_MISMATCH},
    {"address_among_the_names",
     {.name = "dns4", .dns_names = {"127.0.0.1"}, .addresses = {}},
     "127.0.0.1",
     X509_V_ERR_IP_ADDRESS_MISMATCH},
    {"address_in_the_subject_only",
     {.name = "cn4", .common_name = "127.0.0.1", .dns_names = {}, .addresses = {}},
     "127.0.0.1",
     X509_V_ERR_IP_ADDRESS_MISMATCH},
    {"name_in_the_subject_besides_other_names",
     {.name = "cn", .common_name = "shop.example", .dns_names = {"other.example"}},
     "shop.example",
     X509_V_ERR_HOSTNAME_MISMATCH},
    {"name_in_the_subject_only",
     {.name = "cn-only", .common_name = "shop.example", .dns_names = {}, .addresses = {}},
     "shop.example",
     X509_V_ERR_HOSTNAME_MISMATCH},
    {"expired",
     {.name = "expired", .valid_from = -2 * hour, .valid_until = -hour},
     "localhost",
     X509_V_ERR_CERT_HAS_EXPIRED},
    {"not_yet_valid",
     {.name = "future", .valid_from = hour, .valid_until = 2 * hour},
     "localhost",
     X509_V_ERR_CERT_NOT_YET_VALID},
    {"self_signed",
     {.name = "self", .self_signed = true},
     "localhost",
     X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
    {"untrusted_authority",
     {.name = "foreign", .other_authority = true},
     "localhost",
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
    {"made_for_clients",
     {.name = "client-only", .for_client = true},
     "localhost",
     X509_V_ERR_INVALID_PURPOSE},
};

class VerifyPeer : public ::testing::TestWithParam<VerifyCase> {};

TEST_P(VerifyPeer, R11_the_handshake_says_exactly_what_is_wrong) {
  const VerifyCase& row = GetParam();
  TlsPair pair(client_context(), server_context(serving(row.certificate)), row.asked_for);
  const auto outcome = pair.shake_hands();
  if (row.error == X509_V_OK) {
    EXPECT_TRUE(outcome.is_ok()) << outcome.client.error.message();
    return;
  }
  EXPECT_EQ(outcome.client.status, net::IoStatus::error);
  EXPECT_EQ(outcome.client.error, std::error_code(row.error, tls::certificate_category()))
      << outcome.client.error.message();
  EXPECT_TRUE(tls::is_tls_error(outcome.client.error));
  EXPECT_EQ(outcome.server.status, net::IoStatus::error) << "and the server is told";
  EXPECT_TRUE(tls::is_tls_error(outcome.server.error));
  // A refused connection stays refused.
  std::array<std::byte, 16> buffer;
  EXPECT_EQ(pair.client.write_some(wire_bytes("secret")).error, outcome.client.error);
  EXPECT_EQ(pair.client.read_some(buffer).error, outcome.client.error);
  EXPECT_EQ(pair.client.handshake().error, outcome.client.error);
}

TEST_P(VerifyPeer, whoever_verifies_nothing_accepts_everybody) {
  const VerifyCase& row = GetParam();
  TlsPair pair(client_context({.verify = tls::Verify::none}),
               server_context(serving(row.certificate)), row.asked_for, false);
  EXPECT_TRUE(pair.shake_hands().is_ok());
}

TEST_P(VerifyPeer, without_a_check_of_the_name_only_the_chain_counts) {
  const VerifyCase& row = GetParam();
  TlsPair pair(client_context(), server_context(serving(row.certificate)), row.asked_for, false);
  const bool is_about_the_name =
      row.error == X509_V_ERR_HOSTNAME_MISMATCH || row.error == X509_V_ERR_IP_ADDRESS_MISMATCH;
  EXPECT_EQ(pair.shake_hands().is_ok(), row.error == X509_V_OK || is_about_the_name);
}

TEST_P(VerifyPeer, R11_the_older_version_of_the_protocol_says_the_same) {
  const VerifyCase& row = GetParam();
  const auto server = server_context(serving(row.certificate));
  SSL_CTX_set_max_proto_version(server.native(), TLS1_2_VERSION);
  TlsPair pair(client_context(), server, row.asked_for);
  const auto outcome = pair.shake_hands();
  EXPECT_EQ(outcome.is_ok(), row.error == X509_V_OK);
  if (row.error != X509_V_OK) {
    EXPECT_EQ(outcome.client.error, std::error_code(row.error, tls::certificate_category()));
  }
}

INSTANTIATE_TEST_SUITE_P(of, VerifyPeer, ::testing::ValuesIn(rows), case_name<VerifyCase>);

/// Without this check the part before the NUL would be verified instead of the name.
TEST(VerifyName, with_a_nul_in_it_is_refused) {
  Wire wire;
  const std::string name("localhost\0.example.com", 22);
  const auto stream = tls::TlsStream::client(wire.client_transport(), client_context(), name);
  EXPECT_FALSE(stream);
}

/// A name too long for any certificate is the caller's mistake, not a lack of memory.
TEST(VerifyName, that_is_too_long_is_refused_for_what_it_is) {
  Wire wire;
  const std::string name(300, 'x');
  const auto stream = tls::TlsStream::client(wire.client_transport(), client_context(), name);
  ASSERT_FALSE(stream);
  EXPECT_NE(stream.error(), std::errc::not_enough_memory);
}

TEST(VerifyName, nothing_is_no_name_to_verify) {
  Wire wire;
  const auto stream = tls::TlsStream::client(wire.client_transport(), client_context(), "");
  if (!stream) return;  // to refuse it at once is fine, too
  TlsPair pair(client_context(), server_context(), "");
  EXPECT_FALSE(pair.shake_hands().is_ok()) << "an empty name must not mean any name";
}

// Server Name Indication, RFC 6066 §3.

/// A server that records the name which the client sent.
class NamedServer {
 public:
  NamedServer() {
    ::SSL_CTX_set_tlsext_servername_callback(context.native(), note);
    ::SSL_CTX_set_tlsext_servername_arg(context.native(), this);
  }
  NamedServer(const NamedServer&) = delete;
  NamedServer& operator=(const NamedServer&) = delete;

  tls::Context context = server_context();
  std::string name = "(none)";

 private:
  static int note(SSL* ssl, int*, void* self) {
    if (const char* host = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) {
      static_cast<NamedServer*>(self)->name = host;
    }
    return SSL_TLSEXT_ERR_OK;
  }
};

TEST(ServerName, R12_is_sent_for_a_name) {
  NamedServer server;
  TlsPair pair(client_context(), server.context, "localhost");
  EXPECT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(server.name, "localhost");
}

TEST(ServerName, R12_is_sent_also_if_nobody_verifies_it) {
  NamedServer server;
  TlsPair pair(client_context({.verify = tls::Verify::none}), server.context, "any.example", false);
  EXPECT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(server.name, "any.example");
}

TEST(ServerName, R12_is_not_sent_for_an_address) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    NamedServer server;
    TlsPair pair(client_context(), server.context, address);
    EXPECT_TRUE(pair.shake_hands().is_ok());
    EXPECT_EQ(server.name, "(none)");
  }
}

}  // namespace
}  // namespace wirespan::test
