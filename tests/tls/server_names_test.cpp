// tls/server_names.cpp: several certificates of one server, chosen by the name that the client asks
// for. RFC 6066 §3, RFC 9525.
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

CertificateFiles files_named(const std::string& name, const std::vector<std::string>& dns_names) {
  return certificate({.name = name, .common_name = name, .dns_names = dns_names});
}

/// A server for localhost, for one.example and its sub-domains, and twice for two.example.
tls::ServerOptions many_names() {
  tls::ServerOptions options = serving({.name = "first", .common_name = "first"});
  for (const CertificateFiles& files :
       {files_named("one", {"one.example", "*.one.example"}), files_named("two", {"two.example"}),
        files_named("again", {"two.example", "localhost"})}) {
    options.more_certificates.push_back(
        {.certificate_file = files.certificate, .key_file = files.key});
  }
  return options;
}

/// The common name of the certificate that a client sees which asks for the name.
std::string shown_for(const tls::Context& server, std::string_view name,
                      tls::Version version = tls::Version::tls1_2) {
  tls::ClientOptions options = trusting();
  options.min_version = version;
  TlsPair pair(client_context(options), server, name, false);
  const auto outcome = pair.shake_hands();
  EXPECT_TRUE(outcome.is_ok()) << outcome.client.error.message();
  const auto shown = pair.client.peer_certificate();
  return shown ? shown->common_name : "none";
}

TEST(ServerNames, R6066_3_the_first_certificate_whose_names_fit_is_shown) {
  const tls::Context server = server_context(many_names());
  for (const auto version : {tls::Version::tls1_2, tls::Version::tls1_3}) {
    EXPECT_EQ(shown_for(server, "localhost", version), "first");
    EXPECT_EQ(shown_for(server, "one.example", version), "one");
    EXPECT_EQ(shown_for(server, "ONE.example", version), "one") << "names have no case";
    EXPECT_EQ(shown_for(server, "deep.one.example", version), "one");
    EXPECT_EQ(shown_for(server, "two.example", version), "two");
  }
}

TEST(ServerNames, without_a_name_that_fits_the_first_one_is_shown) {
  const tls::Context server = server_context(many_names());
  EXPECT_EQ(shown_for(server, "elsewhere.example"), "first");
  EXPECT_EQ(shown_for(server, "a.b.one.example"), "first") << "a wildcard is one label";
  EXPECT_EQ(shown_for(server, "127.0.0.1"), "first") << "addresses are not asked for";
}

TEST(ServerNames, a_certificate_may_be_a_text) {
  tls::ServerOptions options = serving();
  const CertificateFiles one = files_named("alone", {"one.example"});
  options.more_certificates.push_back(
      {.certificate_pem = content_of(one.certificate), .key_pem = content_of(one.key)});
  EXPECT_EQ(shown_for(server_context(options), "one.example"), "alone");
}

TEST(ServerNames, connections_outlive_the_context_that_chooses) {
  std::optional<tls::Context> server = server_context(many_names());
  TlsPair pair(client_context(), *server, "two.example", false);
  server.reset();
  EXPECT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(pair.client.peer_certificate()->common_name, "two");
}

TEST(ServerNames, clients_are_asked_for_certificates_whatever_the_name_is) {
  tls::ServerOptions options = many_names();
  options.client_ca_file = authority_file();
  const tls::Context server = server_context(options);
  for (const char* name : {"localhost", "two.example"}) {
    TlsPair stranger(client_context(), server, name, false);
    EXPECT_FALSE(stranger.shake_hands().is_ok()) << name;
    const CertificateFiles files = certificate({.name = "known", .for_client = true});
    tls::ClientOptions known = trusting();
    known.certfile = files.certificate;
    known.keyfile = files.key;
    TlsPair pair(client_context(known), server, name, false);
    EXPECT_TRUE(pair.shake_hands().is_ok()) << name;
  }
}

}  // namespace
}  // namespace wirespan::test
