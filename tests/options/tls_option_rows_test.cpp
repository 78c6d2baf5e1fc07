// tls_option_rows_test.cpp - every TLS option of a client and of a server, with what its comment
// says of its values.
#include "options/life.hpp"
#include "options/rows.hpp"
#include "support/certificates.hpp"
#include <wirespan/tls/session_cache.hpp>

namespace wirespan::test::tls_option_rows {
namespace {

tls::ServerOptions serving() {
  const CertificateFiles files = certificate();
  return {.certificate_file = files.certificate, .key_file = files.key};
}

std::string story_of(const tls::ServerOptions& server, const tls::ClientOptions& client) {
  Life life;
  life.tls = true;
  life.server.tls = server;
  return live(life, RunOptions{.proxy_from_environment = false, .sslopt = client}).story;
}

/// Says whether the connection works, fails, or the server refuses its options.
std::string kind(const std::string& story) {
  if (story == works) return "works";
  return story.starts_with("server refused") ? "server refused" : "fails";
}

}  // namespace
}  // namespace wirespan::test::tls_option_rows

namespace wirespan::test::tls_client_option_rows {
namespace {

using Options = tls::ClientOptions;
using tls_option_rows::kind;
using tls_option_rows::serving;
using tls_option_rows::story_of;

/// The story with a server that the test authority has signed, which the client trusts.
std::string trusting(Options options) {
  options.ca_certs = authority_file();
  return kind(story_of(serving(), options));
}
/// With nothing added.
std::string alone(const Options& options) { return kind(story_of(serving(), options)); }

const OptionRow<Options> rows[] = {
    {OPTION(verify), alone, {{tls::Verify::required, "fails"}, {tls::Verify::none, "works"}}},
    {OPTION(check_hostname),
     trusting,
     {{std::nullopt, "works"}, {true, "works"}, {false, "works"}},
     CoveredBy{"VerifyPeer.without_a_check_of_the_name_only_the_chain_counts"}},
    {OPTION(ca_certs),
     alone,
     {{"", "fails"}, {authority_file(), "works"}, {"/no/such/file", "fails"}}},
    {OPTION(ca_cert_path), alone, {{"", "fails"}, {authority_folder(), "works"}}},
    {OPTION(ca_certs_pem),
     alone,
     {{"", "fails"}, {content_of(authority_file()), "works"}, {"no PEM", "fails"}}},
    {OPTION(partial_chain),
     trusting,
     {{false, "works"}, {true, "works"}},
     CoveredBy{"PartialChain.may_be_the_servers_own_certificate"}},
    {OPTION(pinned_keys),
     trusting,
     {{{}, "works"},
      {{pin_of(certificate().certificate)}, "works"},
      {{std::string(43, 'A') + "="}, "fails"},
      {{""}, "fails"}}},
    {OPTION(certfile),
     trusting,
     {{"", "works"}, {certificate().certificate, "fails"}},
     CoveredBy{"ClientCertificate.R11_that_is_good_opens_the_door"}},
    {OPTION(keyfile),
     trusting,
     {{"", "works"}},
     CoveredBy{"ClientCertificate.R11_that_is_good_opens_the_door"}},
    {OPTION(password),
     trusting,
     {{"", "works"}, {"unused", "works"}},
     CoveredBy{"ClientCertificate.may_have_a_key_with_a_password"}},
    {OPTION(certificate_pem),
     trusting,
     {{"", "works"}},
     CoveredBy{"MemoryCertificates.may_be_the_clients_own"}},
    {OPTION(key_pem),
     trusting,
     {{{}, "works"}, {tls::Secret("key"), "fails"}},
     CoveredBy{"MemoryCertificates.may_be_the_clients_own"}},
    {OPTION(ciphers), trusting, {{"", "works"}, {"ECDHE+AESGCM", "works"}, {"nonsense", "fails"}}},
    {OPTION(ecdh_curve),
     trusting,
     {{"", "works"}, {"X25519:P-256", "works"}, {"nonsense", "fails"}}},
    {OPTION(min_version),
     trusting,
     {{tls::Version::tls1_2, "works"}, {tls::Version::tls1_3, "works"}},
     CoveredBy{"TlsVersions.R11_too_old_a_server_is_refused"}},
    {OPTION(alpn),
     trusting,
     {{{}, "works"},
      {{"http/1.1"}, "works"},
      {{std::string(255, 'a')}, "works"},
      {{""}, "fails"},
      {{std::string(256, 'a')}, "fails"}}},
    {OPTION(server_hostname),
     trusting,
     {{"", "works"}, {"localhost", "works"}, {"other.test", "fails"}}},
    {OPTION(session_cache),
     trusting,
     {{nullptr, "works"}, {std::make_shared<tls::SessionCache>(), "works"}}},
    {OPTION(resume),
     trusting,
     {{true, "works"}, {false, "works"}},
     CoveredBy{"AppResumption.resume_false_means_full_handshakes"}},
    {OPTION(context),
     trusting,
     {{nullptr, "works"}},
     CoveredBy{"TlsContext.of_the_callers_own_is_kept_for_as_long_as_it_is_needed"}},
};

WIRESPAN_OPTION_TABLE(TlsClientOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::tls_client_option_rows

namespace wirespan::test::tls_server_option_rows {
namespace {

using Options = tls::ServerOptions;
using tls_option_rows::kind;
using tls_option_rows::serving;
using tls_option_rows::story_of;

std::string with_key(Options options) {
  options.key_file = serving().key_file;
  return kind(story_of(options, {.ca_certs = authority_file()}));
}
std::string with_certificate_and_key(Options options) {
  options.certificate_file = serving().certificate_file;
  return with_key(std::move(options));
}
std::string with_certificate(Options options) {
  options.certificate_file = serving().certificate_file;
  return kind(story_of(options, {.ca_certs = authority_file()}));
}

const OptionRow<Options> rows[] = {
    {OPTION(certificate_file),
     with_key,
     {{"", "server refused"},
      {certificate().certificate, "works"},
      {"/no/such/file", "server refused"}}},
    {OPTION(key_file),
     with_certificate,
     {{"", "server refused"}, {certificate().key, "works"}, {"/no/such/file", "server refused"}}},
    {OPTION(certificate_pem),
     with_key,
     {{"", "server refused"},
      {content_of(certificate().certificate), "works"},
      {"no certificate", "server refused"}},
     CoveredBy{"ServerContext.is_made_or_refused"}},
    {OPTION(key_pem),
     with_certificate,
     {{"", "server refused"},
      {content_of(certificate().key), "works"},
      {"no key", "server refused"}},
     CoveredBy{"ServerContext.is_made_or_refused"}},
    {OPTION(password),
     with_certificate_and_key,
     {{"", "works"}, {"unused", "works"}},
     CoveredBy{"ServerContext.is_made_or_refused"}},
    {OPTION(more_certificates),
     CoveredBy{"ServerNames.R6066_3_the_first_certificate_whose_names_fit_is_shown"}},
    {OPTION(client_ca_file),
     with_certificate_and_key,
     {{"", "works"}, {authority_file(), "fails"}, {"/no/such/file", "server refused"}},
     CoveredBy{"ClientCertificate.that_is_missing_closes_it"}},
    {OPTION(ciphers),
     with_certificate_and_key,
     {{"", "works"}, {"ECDHE+AESGCM", "works"}, {"nonsense", "server refused"}}},
    {OPTION(ecdh_curve),
     with_certificate_and_key,
     {{"", "works"}, {"X25519:P-256", "works"}, {"nonsense", "server refused"}}},
    {OPTION(min_version),
     with_certificate_and_key,
     {{tls::Version::tls1_2, "works"}, {tls::Version::tls1_3, "works"}},
     CoveredBy{"TlsVersions.too_old_a_client_is_refused"}},
    {OPTION(alpn),
     CoveredBy{
         "ServerProtocols.RFC7301_3_2_the_server_chooses_the_first_of_its_own_that_is_offered"}},
    {OPTION(ticket_keys), CoveredBy{"TicketKeys.an_older_key_is_accepted_and_its_ticket_replaced"}},
    {OPTION(ocsp_response),
     with_certificate_and_key,
     {{"", "works"}, {"no response", "server refused"}},
     CoveredBy{"OcspStaple.R6066_8_is_sent_with_its_certificate_to_whoever_asks"}},
    {OPTION(context),
     CoveredBy{"ServerTlsOptions.a_context_of_the_caller_is_used_as_it_is_and_referred_to"}},
};

WIRESPAN_OPTION_TABLE(TlsServerOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::tls_server_option_rows
