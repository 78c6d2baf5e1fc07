// tls/alpn.cpp, tls/ticket_keys.cpp, tls/ocsp_staple.cpp: what a server agrees on, resumes and
// shows beside its certificate; and an SSL_CTX of the caller. RFC 7301, RFC 5077, RFC 6066 §8.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>

#include "support/tls_pair.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/tls/session_cache.hpp>

namespace wirespan::test {
namespace {

using Names = std::vector<std::string>;

/// The first certificate is for localhost, the other one for other.example.
tls::ServerOptions two_certificates() {
  tls::ServerOptions options = serving();
  const CertificateFiles other = certificate({.name = "of-other", .dns_names = {"other.example"}});
  options.more_certificates = {{.certificate_file = other.certificate, .key_file = other.key}};
  return options;
}

const char* const both_names[] = {"localhost", "other.example"};

struct ProtocolRow {
  Names server;
  Names client;
  const char* outcome;  // the protocol, "none", or "refused"
};

TEST(ServerProtocols, RFC7301_3_2_the_server_chooses_the_first_of_its_own_that_is_offered) {
  const ProtocolRow rows[] = {
      {{}, {}, "none"},
      {{}, {"h2"}, "none"},
      {{"http/1.1"}, {}, "none"},
      {{"http/1.1"}, {"http/1.1"}, "http/1.1"},
      {{"http/1.1"}, {"h2", "http/1.1"}, "http/1.1"},
      {{"a", "b"}, {"b", "a"}, "a"},
      {{"a", "b"}, {"c", "b"}, "b"},
      {{"http/1.1"}, {"h2"}, "refused"},
      {{"http/1.1"}, {"http/1.10", "HTTP/1.1"}, "refused"},
      {{std::string(255, 'x')}, {std::string(255, 'x')}, nullptr},
  };
  for (const ProtocolRow& row : rows) {
    tls::ServerOptions options = two_certificates();
    options.alpn = row.server;
    tls::ClientOptions client = trusting();
    client.alpn = row.client;
    const std::string expected = row.outcome != nullptr ? row.outcome : row.server.front();
    for (const char* name : both_names) {
      TlsPair pair(client_context(client), server_context(options), name);
      const bool agreed = pair.shake_hands().is_ok();
      const std::string chosen = pair.client.alpn();
      EXPECT_EQ(!agreed ? "refused" : chosen.empty() ? "none" : chosen, expected) << name;
      EXPECT_EQ(pair.server.alpn(), chosen);
    }
  }
}

TEST(ServerProtocols, a_refused_client_is_told_no_application_protocol) {
  tls::ServerOptions options = serving();
  options.alpn = {"http/1.1"};
  tls::ClientOptions client = trusting();
  client.alpn = {"h2"};
  TlsPair pair(client_context(client), server_context(options));
  const std::string told = pair.shake_hands().client.error.message();
  EXPECT_NE(told.find("no application protocol"), std::string::npos) << told;
}

std::string ticket_key(char c) { return std::string(tls::ticket_key_size, c); }

tls::Context with_ticket_keys(const Names& keys, int version) {
  tls::ServerOptions options = two_certificates();
  for (const std::string& key : keys) options.ticket_keys.emplace_back(key);
  auto context = server_context(options);
  ::SSL_CTX_set_max_proto_version(context.native(), version);
  return context;
}

/// A client with a cache, which meets one server after the other.
class TicketKeys : public ::testing::TestWithParam<int> {
 protected:
  [[nodiscard]] bool resumes(const Names& keys, std::string_view name = "localhost") const {
    TlsPair pair(client_context(client_), with_ticket_keys(keys, GetParam()), name);
    EXPECT_TRUE(pair.shake_hands().is_ok());
    EXPECT_EQ(wire_text(transfer(pair.server, pair.client, wire_bytes("x"))), "x");
    EXPECT_EQ(pair.client.session_reused(), pair.server.session_reused());
    return pair.server.session_reused();
  }

 private:
  tls::ClientOptions client_ = {.ca_certs = authority_file(),
                                .session_cache = std::make_shared<tls::SessionCache>()};
};
INSTANTIATE_TEST_SUITE_P(Of, TicketKeys, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& row) {
                           return row.param == TLS1_3_VERSION ? "tls1_3" : "tls1_2";
                         });

TEST_P(TicketKeys, resume_sessions_of_another_server_that_has_the_key) {
  for (const char* name : both_names) {
    EXPECT_FALSE(resumes({ticket_key('a')}, name));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(resumes({ticket_key('a')}, name)) << i;
  }
}

TEST_P(TicketKeys, without_them_nothing_is_resumed_by_another_server) {
  EXPECT_FALSE(resumes({}));
  EXPECT_FALSE(resumes({}));
}

TEST_P(TicketKeys, other_keys_make_a_full_handshake) {
  EXPECT_FALSE(resumes({ticket_key('a')}));
  EXPECT_FALSE(resumes({ticket_key('b')}));
  EXPECT_TRUE(resumes({ticket_key('b')}));
  EXPECT_FALSE(resumes({"b" + ticket_key('c').substr(1)})) << "a part of the name is no name";
}

TEST_P(TicketKeys, an_older_key_is_accepted_and_its_ticket_replaced) {
  EXPECT_FALSE(resumes({ticket_key('a')}));
  EXPECT_TRUE(resumes({ticket_key('b'), ticket_key('a')})) << "now the client has a ticket of b";
  EXPECT_TRUE(resumes({ticket_key('b')}));
  EXPECT_TRUE(resumes({ticket_key('c'), ticket_key('x'), ticket_key('b')}));
  EXPECT_FALSE(resumes({ticket_key('b')})) << "the latest ticket is one of c";
}

/// RFC 5077 §4: a ticket is authenticated. The name of the key fits, the other bytes do not.
TEST_P(TicketKeys, R5077_4_a_ticket_that_the_key_did_not_make_is_a_full_handshake) {
  EXPECT_FALSE(resumes({std::string(16, 'n') + std::string(64, 'a')}));
  EXPECT_FALSE(resumes({std::string(16, 'n') + std::string(64, 'b')}));
  EXPECT_TRUE(resumes({std::string(16, 'n') + std::string(64, 'b')}));
}

std::string try_later() {
  OCSP_RESPONSE* const response = ::OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nullptr);
  unsigned char* bytes = nullptr;
  const int size = ::i2d_OCSP_RESPONSE(response, &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  ::OPENSSL_free(bytes);
  ::OCSP_RESPONSE_free(response);
  return der;
}

/// Notes the response that a client has got.
int note_staple(SSL* ssl, void* noted) {
  const unsigned char* bytes = nullptr;
  const long size = ::SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
  auto& text = *static_cast<std::string*>(noted);
  text = size > 0
             ? std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size))
             : "none";
  return 1;
}

std::string stapled(const tls::ServerOptions& options, std::string_view name, bool asks) {
  const tls::Context client = client_context();
  std::string noted = "not asked for";
  if (asks) ::SSL_CTX_set_tlsext_status_type(client.native(), TLSEXT_STATUSTYPE_ocsp);
  ::SSL_CTX_set_tlsext_status_cb(client.native(), note_staple);
  ::SSL_CTX_set_tlsext_status_arg(client.native(), &noted);
  TlsPair pair(client, server_context(options), name);
  EXPECT_TRUE(pair.shake_hands().is_ok());
  return noted;
}

TEST(OcspStaple, R6066_8_is_sent_with_its_certificate_to_whoever_asks) {
  tls::ServerOptions options = two_certificates();
  for (const char* name : both_names) EXPECT_EQ(stapled(options, name, true), "none");
  options.ocsp_response = try_later();
  EXPECT_EQ(stapled(options, "localhost", true), try_later());
  EXPECT_EQ(stapled(options, "other.example", true), "none");
  EXPECT_EQ(stapled(options, "localhost", false), "not asked for");
  options.ocsp_response.clear();
  options.more_certificates.front().ocsp_response = try_later();
  EXPECT_EQ(stapled(options, "localhost", true), "none");
  EXPECT_EQ(stapled(options, "other.example", true), try_later());
}

struct RefusedRow {
  void (*change)(tls::ServerOptions&);
  std::string detail;
};

TEST(ServerTlsOptions, what_cannot_be_used_is_named) {
  const RefusedRow rows[] = {
      {[](tls::ServerOptions& o) { o.alpn = {""}; }, "alpn: \"\" does not have 1 to 255 bytes"},
      {[](tls::ServerOptions& o) {
         o.alpn = {"a", std::string(256, 'x')};
       },
       "alpn: \"xxx"},
      {[](tls::ServerOptions& o) { o.alpn = Names(300, std::string(255, 'x')); },
       "alpn: 300 names are too many"},
      {[](tls::ServerOptions& o) {
         o.ticket_keys = {tls::Secret(ticket_key('a')), tls::Secret()};
       },
       "ticket_keys: a key has 0 bytes instead of 80"},
      {[](tls::ServerOptions& o) { o.ticket_keys = {tls::Secret(ticket_key('a') + "a")}; },
       "ticket_keys: a key has 81 bytes instead of 80"},
      {[](tls::ServerOptions& o) { o.ocsp_response = "good"; },
       "ocsp_response is no OCSP response in DER"},
      {[](tls::ServerOptions& o) { o.ocsp_response = try_later() + "x"; },
       "ocsp_response is no OCSP response in DER"},
      {[](tls::ServerOptions& o) { o.more_certificates.front().ocsp_response = "good"; },
       "ocsp_response is no OCSP response in DER"},
  };
  for (const RefusedRow& row : rows) {
    tls::ServerOptions options = two_certificates();
    row.change(options);
    std::string detail;
    const auto context = tls::Context::for_server(options, &detail);
    EXPECT_EQ(context.error(), Errc::invalid_option);
    EXPECT_EQ(detail.substr(0, row.detail.size()), row.detail);
  }
}

TEST(ServerTlsOptions, a_context_of_the_caller_is_used_as_it_is_and_referred_to) {
  SSL_CTX* const own = ::SSL_CTX_new(::TLS_server_method());
  const CertificateFiles files = certificate({.name = "of-the-caller"});
  ASSERT_EQ(::SSL_CTX_use_certificate_chain_file(own, files.certificate.c_str()), 1);
  ASSERT_EQ(::SSL_CTX_use_PrivateKey_file(own, files.key.c_str(), SSL_FILETYPE_PEM), 1);
  const tls::Context context =
      server_context({.certificate_file = "/nonexistent", .alpn = {""}, .context = own});
  EXPECT_EQ(context.native(), own);
  ::SSL_CTX_free(own);
  TlsPair pair(client_context(), context);
  EXPECT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(pair.client.peer_certificate()->common_name, "of-the-caller");
}

}  // namespace
}  // namespace wirespan::test
