// tls/pinned_keys.cpp, tls/client_side.cpp: servers whose key is pinned, has changed, or is another
// one. RFC 7469 §2.4.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "support/case_name.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

using tls::TlsErrc;

std::string good_pin() { return pin_of(certificate().certificate); }
std::string other_pin() { return pin_of(certificate({.name = "next"}).certificate); }
std::string plain(const std::string& pin) { return pin.substr(std::string("sha256//").size()); }

struct PinCase {
  std::string name;
  std::vector<std::string> (*pins)();
  bool allows;
};
void PrintTo(const PinCase& row, std::ostream* out) { *out << row.name; }

const PinCase pin_cases[] = {
    {"none", [] { return std::vector<std::string>{}; }, true},
    {"the_key", [] { return std::vector{good_pin()}; }, true},
    {"the_key_as_plain_base64", [] { return std::vector{plain(good_pin())}; }, true},
    {"another_key", [] { return std::vector{other_pin()}; }, false},
    {"the_key_and_the_next_one",
     [] {
       return std::vector{good_pin(), other_pin()};
     },
     true},
    {"the_next_one_and_the_key",
     [] {
       return std::vector{other_pin(), plain(good_pin())};
     },
     true},
    {"the_key_of_the_issuer", [] { return std::vector{pin_of(authority_file())}; }, false},
};

class PinnedKey : public ::testing::TestWithParam<PinCase> {
 protected:
  /// Connects with both versions of TLS; the result must be that of the row.
  static void expect_verdict(tls::ClientOptions options, const CertificateSpec& spec = {},
                             bool check_hostname = true) {
    options.pinned_keys = GetParam().pins();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto server = server_context(serving(spec));
      SSL_CTX_set_max_proto_version(server.native(), version);
      TlsPair pair(client_context(options), server, "localhost", check_hostname);
      const auto outcome = pair.shake_hands();
      EXPECT_EQ(outcome.client.is_ok(), GetParam().allows) << outcome.client.error.message();
      if (GetParam().allows) continue;
      EXPECT_EQ(outcome.client.error, TlsErrc::key_not_pinned);
      EXPECT_EQ(pair.client.write_some(wire_bytes("secret")).error, TlsErrc::key_not_pinned);
      EXPECT_EQ(outcome.server.error.category(), tls::openssl_category()) << "an alert has come";
    }
  }
};

TEST_P(PinnedKey, is_asked_for_beside_the_chain) { expect_verdict(trusting()); }

TEST_P(PinnedKey, alone_protects_where_nothing_else_is_verified) {
  expect_verdict({.verify = tls::Verify::none}, {}, false);
}

TEST_P(PinnedKey, is_asked_for_with_a_context_of_the_callers_own) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> own(
      ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  TlsPair pair(client_context({.pinned_keys = GetParam().pins(), .context = own.get()}));
  const auto outcome = pair.shake_hands();
  EXPECT_EQ(outcome.client.is_ok(), GetParam().allows);
  if (GetParam().allows) return;
  EXPECT_EQ(outcome.client.error, TlsErrc::key_not_pinned);
  EXPECT_EQ(pair.client.write_some(wire_bytes("secret")).error, TlsErrc::key_not_pinned);
}

INSTANTIATE_TEST_SUITE_P(When, PinnedKey, ::testing::ValuesIn(pin_cases), case_name<PinCase>);

TEST(PinnedKeys, of_a_self_signed_server_that_is_not_verified) {
  const CertificateSpec spec{.name = "self", .self_signed = true};
  const std::string pin = pin_of(certificate(spec).certificate);
  TlsPair good(client_context({.verify = tls::Verify::none, .pinned_keys = {pin}}),
               server_context(serving(spec)), "any.example", false);
  EXPECT_TRUE(good.shake_hands().is_ok());
  EXPECT_FALSE(good.client.peer_certificate()) << "its text is proven by nobody";
}

TEST(PinnedKeys, do_not_replace_the_chain_the_dates_or_the_name) {
  const std::pair<CertificateSpec, int> refused[] = {
      {{.name = "self", .self_signed = true}, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
      {{.name = "expired", .valid_from = -7200, .valid_until = -3600}, X509_V_ERR_CERT_HAS_EXPIRED},
      {{.name = "other", .dns_names = {"other.example"}}, X509_V_ERR_HOSTNAME_MISMATCH},
  };
  for (const auto& [spec, error] : refused) {
    auto options = trusting();
    options.pinned_keys = {pin_of(certificate(spec).certificate)};
    TlsPair pair(client_context(options), server_context(serving(spec)));
    EXPECT_EQ(pair.shake_hands().client.error, std::error_code(error, tls::certificate_category()));
  }
}

/// The list holds the next key before the server uses it, and the last one for a while.
TEST(PinnedKeys, may_be_rotated_without_an_interruption) {
  auto options = trusting();
  options.pinned_keys = {good_pin(), other_pin()};
  for (const CertificateSpec& spec : {CertificateSpec{}, CertificateSpec{.name = "next"}}) {
    TlsPair pair(client_context(options), server_context(serving(spec)));
    EXPECT_TRUE(pair.shake_hands().is_ok());
  }
}

/// The server demands a certificate of the client, which must not reach a server with another key.
TEST(PinnedKeys, protect_the_clients_own_certificate) {
  auto server_options = serving();
  server_options.client_ca_file = authority_file();
  const auto files = certificate({.name = "client", .for_client = true});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto server = server_context(server_options);
    SSL_CTX_set_max_proto_version(server.native(), version);
    auto options = trusting();
    options.pinned_keys = {other_pin()};
    options.certfile = files.certificate;
    options.keyfile = files.key;
    TlsPair pair(client_context(options), server);
    EXPECT_EQ(pair.shake_hands().client.error, TlsErrc::key_not_pinned);
    EXPECT_FALSE(pair.server.peer_certificate());
  }
}

/// Without a certificate there is nothing that OpenSSL verifies, and no key that could be pinned.
TEST(PinnedKeys, a_server_without_a_certificate_has_none) {
  auto server_options = serving();
  server_options.ciphers = "aNULL:@SECLEVEL=0";
  const auto server = server_context(server_options);
  SSL_CTX_set_max_proto_version(server.native(), TLS1_2_VERSION);
  for (const bool pinned : {false, true}) {
    tls::ClientOptions options{.verify = tls::Verify::none, .ciphers = "aNULL:@SECLEVEL=0"};
    if (pinned) options.pinned_keys = {good_pin()};
    TlsPair pair(client_context(options), server, "localhost", false);
    const auto outcome = pair.shake_hands();
    EXPECT_EQ(outcome.client.error, pinned ? TlsErrc::key_not_pinned : std::error_code());
    EXPECT_EQ(pair.client.write_some(wire_bytes("secret")).is_ok(), !pinned);
  }
}

TEST(PinnedKeys, that_are_malformed_are_refused_with_their_text) {
  const std::string hash = plain(good_pin());
  const std::string malformed[] = {
      "",
      "sha256//",
      "sha256/" + hash,
      "SHA256//" + hash,
      "sha1//" + hash,
      "sha256//sha256//" + hash,
      hash.substr(1),
      hash.substr(0, 43),
      hash + "=",
      hash + ";" + hash,
      " " + hash,
      hash.substr(0, 42) + "-=",
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",  // bits beyond the 32 bytes
      std::string(64, 'a'),
      "line\nbreak",
  };
  for (const std::string& pin : malformed) {
    std::string detail;
    const auto context = tls::Context::for_client({.pinned_keys = {good_pin(), pin}}, &detail);
    EXPECT_EQ(context.error(), Errc::invalid_option) << pin;
    EXPECT_TRUE(detail.starts_with("pinned_keys: \"")) << detail;
    EXPECT_TRUE(detail.ends_with("\" is not a SHA-256 hash in base64")) << detail;
    EXPECT_EQ(detail.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace wirespan::test
