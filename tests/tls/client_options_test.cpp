// tls/certificates.cpp, tls/context.cpp, tls/secret.cpp: certificates and keys from memory, partial
// chains, ALPN, and options that contradict each other. RFC 5280 §6, RFC 7301.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "support/case_name.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

using tls::ClientOptions;
using tls::TlsErrc;

CertificateFiles of_client() { return certificate({.name = "client", .for_client = true}); }
CertificateFiles locked() {
  return certificate({.name = "locked-client", .for_client = true, .key_password = "open sesame"});
}
std::string ca_pem() { return content_of(authority_file()); }
std::string cert_pem() { return content_of(of_client().certificate); }
std::string key_pem() { return content_of(of_client().key); }

/// Connects to a server that demands a certificate of the client; returns the client's error.
std::error_code meets_curious_server(const ClientOptions& options) {
  auto curious = serving();
  curious.client_ca_file = authority_file();
  TlsPair pair(client_context(options), server_context(curious));
  const auto outcome = pair.shake_hands();
  EXPECT_EQ(outcome.server.is_ok(), outcome.client.is_ok());
  return outcome.client.error;
}

TEST(MemoryCertificates, may_be_the_trusted_ones) {
  TlsPair pair(client_context({.ca_certs_pem = ca_pem()}));
  EXPECT_TRUE(pair.shake_hands().is_ok());
}

TEST(MemoryCertificates, may_be_many_with_text_between_them) {
  const std::string stranger =
      content_of(certificate({.name = "stranger", .self_signed = true}).certificate);
  for (const std::string& pem :
       {stranger + ca_pem(), "# ours\n" + ca_pem() + "\nand a stranger:\n" + stranger + "\n\n"}) {
    TlsPair pair(client_context({.ca_certs_pem = pem}));
    EXPECT_TRUE(pair.shake_hands().is_ok());
  }
}

TEST(MemoryCertificates, are_trusted_beside_those_of_a_file_and_of_a_folder) {
  const auto stranger = certificate({.name = "stranger", .self_signed = true}).certificate;
  for (const ClientOptions& options :
       {ClientOptions{.ca_certs = stranger, .ca_certs_pem = ca_pem()},
        ClientOptions{.ca_certs = authority_file(), .ca_certs_pem = content_of(stranger)},
        ClientOptions{.ca_cert_path = authority_folder(), .ca_certs_pem = content_of(stranger)}}) {
    TlsPair pair(client_context(options));
    EXPECT_TRUE(pair.shake_hands().is_ok());
  }
}

TEST(MemoryCertificates, do_not_stand_in_for_a_file_that_is_missing) {
  for (const ClientOptions& options :
       {ClientOptions{.ca_certs = "/nonexistent.pem", .ca_certs_pem = ca_pem()},
        ClientOptions{.ca_cert_path = "/nonexistent", .ca_certs_pem = ca_pem()}}) {
    EXPECT_TRUE(tls::Context::for_client(options).error());
  }
}

TEST(MemoryCertificates, replace_the_systems_store) {
  const auto stranger = certificate({.name = "stranger", .self_signed = true}).certificate;
  TlsPair pair(client_context({.ca_certs_pem = content_of(stranger)}));
  EXPECT_FALSE(pair.shake_hands().is_ok());
}

TEST(MemoryCertificates, may_be_the_clients_own) {
  const auto with = [](void (*change)(ClientOptions&)) {
    ClientOptions options = trusting();
    change(options);
    return meets_curious_server(options);
  };
  EXPECT_EQ(with([](ClientOptions& o) {
              o.certificate_pem = cert_pem();
              o.key_pem = key_pem();
            }),
            std::error_code());
  EXPECT_EQ(with([](ClientOptions& o) { o.certificate_pem = cert_pem() + key_pem(); }),
            std::error_code());
  EXPECT_EQ(with([](ClientOptions& o) { o.certificate_pem = key_pem() + cert_pem(); }),
            std::error_code());
  EXPECT_EQ(with([](ClientOptions& o) {
              o.certfile = of_client().certificate;
              o.key_pem = key_pem();
            }),
            std::error_code())
      << "a key from memory for a certificate in a file";
  EXPECT_EQ(with([](ClientOptions& o) {
              o.certificate_pem = cert_pem();
              o.keyfile = of_client().key;
            }),
            std::error_code());
  EXPECT_EQ(with([](ClientOptions& o) {
              o.password = "open sesame";
              o.certificate_pem = content_of(locked().certificate);
              o.key_pem = content_of(locked().key);
            }),
            std::error_code());
}

/// The server trusts the root alone, so it needs the intermediate certificate from the client.
TEST(MemoryCertificates, are_sent_with_their_chain) {
  const auto files =
      certificate({.name = "deep-client", .by_intermediate = true, .for_client = true});
  ClientOptions options = trusting();
  options.certificate_pem = content_of(files.certificate) + content_of(intermediate_file());
  options.key_pem = content_of(files.key);
  EXPECT_EQ(meets_curious_server(options), std::error_code());
}

struct RefusedOptions {
  std::string name;
  ClientOptions (*options)();
  std::error_code error;
  std::string detail;
};
void PrintTo(const RefusedOptions& row, std::ostream* out) { *out << row.name; }

class RefusedClient : public ::testing::TestWithParam<RefusedOptions> {};

TEST_P(RefusedClient, is_told_which_option_it_is) {
  std::string detail;
  const auto context = tls::Context::for_client(GetParam().options(), &detail);
  EXPECT_EQ(context.error(), GetParam().error) << context.error().message();
  EXPECT_EQ(detail, GetParam().detail);
  EXPECT_EQ(::ERR_peek_error(), 0U) << "no error may be left for somebody else";
}

const RefusedOptions refused_options[] = {
    {"garbage_for_authorities", [] { return ClientOptions{.ca_certs_pem = "garbage"}; },
     TlsErrc::no_certificate_file, "ca_certs_pem"},
    {"an_authority_and_a_damaged_one",
     [] {
       std::string damaged = ca_pem();
       damaged.replace(80, 4, "!!!!");
       return ClientOptions{.ca_certs_pem = ca_pem() + damaged};
     },
     TlsErrc::no_certificate_file, "ca_certs_pem"},
    {"a_key_for_authorities", [] { return ClientOptions{.ca_certs_pem = key_pem()}; },
     TlsErrc::no_certificate_file, "ca_certs_pem"},
    {"garbage_for_a_certificate",
     [] { return ClientOptions{.certificate_pem = "garbage", .key_pem = key_pem()}; },
     TlsErrc::no_certificate_file, "certificate_pem"},
    {"a_chain_that_is_cut",
     [] {
       const std::string next = ca_pem();
       return ClientOptions{.certificate_pem = cert_pem() + next.substr(0, next.size() / 2),
                            .key_pem = key_pem()};
     },
     TlsErrc::no_certificate_file, "certificate_pem"},
    {"no_key_in_the_certificate", [] { return ClientOptions{.certificate_pem = cert_pem()}; },
     TlsErrc::no_certificate_file, "key in certificate_pem"},
    {"garbage_for_a_key",
     [] { return ClientOptions{.certificate_pem = cert_pem(), .key_pem = "secret"}; },
     TlsErrc::no_certificate_file, "key_pem"},
    {"a_key_of_another",
     [] {
       return ClientOptions{.certificate_pem = cert_pem(),
                            .key_pem = content_of(certificate().key)};
     },
     TlsErrc::no_certificate_file, "key_pem"},
    {"a_missing_password",  // and OpenSSL does not ask at the terminal
     [] {
       return ClientOptions{.certificate_pem = content_of(locked().certificate),
                            .key_pem = content_of(locked().key)};
     },
     TlsErrc::no_certificate_file, "key_pem"},
    {"two_certificates",
     [] { return ClientOptions{.certfile = "a.pem", .certificate_pem = cert_pem()}; },
     Errc::invalid_option, "certfile together with certificate_pem"},
    {"two_keys",
     [] {
       return ClientOptions{
           .keyfile = "a.key", .certificate_pem = cert_pem(), .key_pem = key_pem()};
     },
     Errc::invalid_option, "keyfile together with key_pem"},
    {"a_key_alone", [] { return ClientOptions{.key_pem = key_pem()}; }, Errc::invalid_option,
     "key_pem without certfile or certificate_pem"},
    {"an_empty_protocol",
     [] {
       return ClientOptions{.alpn = {"http/1.1", ""}};
     },
     Errc::invalid_option, "alpn: \"\" does not have 1 to 255 bytes"},
    {"a_long_protocol", [] { return ClientOptions{.alpn = {std::string(256, 'x')}}; },
     Errc::invalid_option,
     "alpn: \"" + std::string(limits::quoted_text, 'x') + "...\" does not have 1 to 255 bytes"},
    {"too_many_protocols",
     [] { return ClientOptions{.alpn = std::vector<std::string>(256, std::string(255, 'x'))}; },
     Errc::invalid_option, "alpn: 256 names are too many"},
};
INSTANTIATE_TEST_SUITE_P(With, RefusedClient, ::testing::ValuesIn(refused_options),
                         case_name<RefusedOptions>);

// Partial chains.

TEST(PartialChain, ends_at_an_intermediate_certificate_if_the_option_says_so) {
  const auto server = server_context(serving({.name = "deep", .by_intermediate = true}));
  for (const bool by_file : {true, false}) {
    ClientOptions options;
    if (by_file) options.ca_certs = intermediate_file();
    if (!by_file) options.ca_certs_pem = content_of(intermediate_file());
    TlsPair without(client_context(options), server);
    EXPECT_EQ(without.shake_hands().client.error.category(), tls::certificate_category());
    options.partial_chain = true;
    TlsPair with(client_context(options), server);
    EXPECT_TRUE(with.shake_hands().is_ok());
  }
}

TEST(PartialChain, may_be_the_servers_own_certificate) {
  const CertificateSpec spec{.name = "deep", .by_intermediate = true};
  ClientOptions options{.ca_certs = certificate(spec).certificate};
  TlsPair without(client_context(options), server_context(serving(spec)));
  EXPECT_FALSE(without.shake_hands().is_ok());
  options.partial_chain = true;
  TlsPair with(client_context(options), server_context(serving(spec)));
  EXPECT_TRUE(with.shake_hands().is_ok());
}

TEST(PartialChain, verifies_everything_else) {
  ClientOptions options{.ca_certs = intermediate_file(), .partial_chain = true};
  const std::pair<CertificateSpec, int> refused[] = {
      {{.name = "deep-other", .dns_names = {"other.example"}, .by_intermediate = true},
       X509_V_ERR_HOSTNAME_MISMATCH},
      {{.name = "deep-old", .valid_from = -7200, .valid_until = -3600, .by_intermediate = true},
       X509_V_ERR_CERT_HAS_EXPIRED},
      {{.name = "server"}, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
  };
  for (const auto& [spec, error] : refused) {
    TlsPair pair(client_context(options), server_context(serving(spec)));
    EXPECT_EQ(pair.shake_hands().client.error, std::error_code(error, tls::certificate_category()));
  }
}

// ALPN.

/// A server with a list of protocols, in ALPN's own format; without a match it refuses the client,
/// or answers nothing.
class ProtocolServer {
 public:
  explicit ProtocolServer(std::string list, bool insists = false)
      : list_(std::move(list)), insists_(insists) {
    ::SSL_CTX_set_alpn_select_cb(context.native(), choose, this);
  }
  ProtocolServer(const ProtocolServer&) = delete;
  ProtocolServer& operator=(const ProtocolServer&) = delete;

  tls::Context context = server_context();
  bool asked = false;

 private:
  static int choose(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void* self) {
    auto& server = *static_cast<ProtocolServer*>(self);
    server.asked = true;
    unsigned char* chosen = nullptr;
    const auto* list = reinterpret_cast<const unsigned char*>(server.list_.data());
    const int found = ::SSL_select_next_proto(
        &chosen, size, list, static_cast<unsigned>(server.list_.size()), in, in_size);
    *out = chosen;
    if (found == OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_OK;
    return server.insists_ ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
  }

  std::string list_;
  bool insists_;
};

ClientOptions speaking(std::vector<std::string> protocols) {
  ClientOptions options = trusting();
  options.alpn = std::move(protocols);
  return options;
}

TEST(Alpn, the_choice_of_the_server_is_told) {
  ProtocolServer server("\x02h2\x08http/1.1");
  TlsPair pair(client_context(speaking({"other", "http/1.1"})), server.context);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(pair.client.alpn(), "http/1.1");
  EXPECT_EQ(pair.server.alpn(), "http/1.1");
}

TEST(Alpn, is_not_offered_unasked) {
  ProtocolServer server("\x08http/1.1", true);
  TlsPair pair(client_context(), server.context);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_FALSE(server.asked);
  EXPECT_EQ(pair.client.alpn(), "");
}

TEST(Alpn, without_a_match_there_is_none_or_no_connection) {
  ProtocolServer lenient("\x02h2");
  TlsPair pair(client_context(speaking({"http/1.1"})), lenient.context);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_TRUE(lenient.asked);
  EXPECT_EQ(pair.client.alpn(), "");

  ProtocolServer strict("\x02h2", true);
  TlsPair refused(client_context(speaking({"http/1.1"})), strict.context);
  const auto outcome = refused.shake_hands();
  EXPECT_EQ(ERR_GET_REASON(static_cast<unsigned>(outcome.client.error.value())),
            SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

TEST(Alpn, a_name_may_have_255_bytes) {
  const std::string longest(255, 'x');
  ProtocolServer server(static_cast<char>(255) + longest);
  TlsPair pair(client_context(speaking({longest})), server.context);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(pair.client.alpn(), longest);
}

// Secrets.

TEST(Secret, is_made_of_any_text_and_moves_like_one) {
  tls::Secret secret = std::string("a key that is too long for the object itself");
  tls::Secret copy = secret;
  EXPECT_EQ(copy.text(), secret.text());
  tls::Secret moved = std::move(copy);
  EXPECT_TRUE(copy.empty());  // NOLINT: moved from is empty
  EXPECT_EQ(moved.text(), secret.text());
  moved = "short";
  EXPECT_EQ(moved.text(), "short");
  secret = moved;
  EXPECT_EQ(secret.text(), "short");
  secret.clear();
  EXPECT_TRUE(secret.empty());
}

TEST(Secret, leaves_nothing_behind_when_it_is_cleared) {
  tls::Secret secret = std::string(1000, 'k');
  const char* const bytes = secret.text().data();
  secret.clear();  // keeps its memory, which can be read
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(bytes[i], '\0') << i;
}

}  // namespace
}  // namespace wirespan::test
