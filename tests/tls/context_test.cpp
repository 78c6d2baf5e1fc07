// tls/context.cpp: wrong options are refused, and the settings of every context.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/case_name.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

using tls::ClientOptions;
using tls::Context;
using tls::ServerOptions;
using tls::TlsErrc;

const auto no_such_file = std::error_code(ENOENT, std::system_category());

std::string garbage_file() {
  const std::string path = scratch_file("garbage.pem");
  std::ofstream(path) << "this is no certificate\n";
  return path;
}

/// Returns a PEM file with the certificate followed by its key.
std::string joined_file() {
  const auto files = certificate();
  const std::string path = scratch_file("joined.pem");
  std::ofstream(path) << std::ifstream(files.certificate).rdbuf()
                      << std::ifstream(files.key).rdbuf();
  return path;
}

CertificateFiles with_password() {
  return certificate({.name = "locked", .key_password = "open sesame"});
}
CertificateFiles own() { return certificate({.name = "own", .for_client = true}); }
CertificateFiles other() { return certificate({.name = "other-own", .for_client = true}); }

struct ClientCase {
  std::string name;
  ClientOptions (*options)();
  std::error_code error;
};
void PrintTo(const ClientCase& row, std::ostream* out) { *out << row.name; }

class ClientContext : public ::testing::TestWithParam<ClientCase> {};

TEST_P(ClientContext, is_made_or_refused) {
  const auto context = Context::for_client(GetParam().options());
  EXPECT_EQ(context.error(), GetParam().error) << context.error().message();
  EXPECT_EQ(::ERR_peek_error(), 0U) << "no error may be left for somebody else";
}

/// An error that another user of OpenSSL left in the thread's queue is not taken for this call's.
TEST_P(ClientContext, is_made_or_refused_with_a_stale_error_in_the_queue) {
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  const auto context = Context::for_client(GetParam().options());
  EXPECT_EQ(context.error(), GetParam().error) << context.error().message();
  ::ERR_clear_error();
}

const ClientCase client_cases[] = {
    {"default", [] { return ClientOptions{}; }, {}},
    {"no_verification", [] { return ClientOptions{.verify = tls::Verify::none}; }, {}},
    {"no_verification_and_no_host_name",
     [] { return ClientOptions{.verify = tls::Verify::none, .check_hostname = false}; },
     {}},
    {"no_verification_but_of_the_host_name",
     [] { return ClientOptions{.verify = tls::Verify::none, .check_hostname = true}; },
     Errc::invalid_option},
    {"file_of_authorities", [] { return ClientOptions{.ca_certs = authority_file()}; }, {}},
    {"folder_of_authorities", [] { return ClientOptions{.ca_cert_path = authority_folder()}; }, {}},
    {"missing_file_of_authorities", [] { return ClientOptions{.ca_certs = "/nonexistent.pem"}; },
     no_such_file},
    {"missing_folder_of_authorities", [] { return ClientOptions{.ca_cert_path = "/nonexistent"}; },
     TlsErrc::no_certificate_file},
    {"a_file_is_no_folder", [] { return ClientOptions{.ca_cert_path = authority_file()}; },
     TlsErrc::no_certificate_file},
    {"garbage_for_authorities", [] { return ClientOptions{.ca_certs = garbage_file()}; },
     TlsErrc::no_certificate_file},
    {"own_certificate",
     [] { return ClientOptions{.certfile = own().certificate, .keyfile = own().key}; },
     {}},
    {"own_certificate_and_key_in_one_file",
     [] { return ClientOptions{.certfile = joined_file()}; },
     {}},
    {"missing_own_certificate",
     [] { return ClientOptions{.certfile = "/nonexistent.pem", .keyfile = own().key}; },
     no_such_file},
    {"missing_key",
     [] { return ClientOptions{.certfile = own().certificate, .keyfile = "/nonexistent.key"}; },
     no_such_file},
    {"no_key_in_the_certificate", [] { return ClientOptions{.certfile = own().certificate}; },
     TlsErrc::no_certificate_file},
    {"key_of_another_certificate",
     [] { return ClientOptions{.certfile = own().certificate, .keyfile = other().key}; },
     TlsErrc::no_certificate_file},
    {"garbage_for_a_certificate",
     [] { return ClientOptions{.certfile = garbage_file(), .keyfile = own().key}; },
     TlsErrc::no_certificate_file},
    {"garbage_for_a_key",
     [] { return ClientOptions{.certfile = own().certificate, .keyfile = garbage_file()}; },
     TlsErrc::no_certificate_file},
    {"right_password",
     [] {
       return ClientOptions{.certfile = with_password().certificate,
                            .keyfile = with_password().key,
                            .password = "open sesame"};
     },
     {}},
    {"wrong_password",
     [] {
       return ClientOptions{.certfile = with_password().certificate,
                            .keyfile = with_password().key,
                            .password = "open barley"};
     },
     TlsErrc::no_certificate_file},
    {"missing_password",  // and OpenSSL does not prompt at the terminal
     [] {
       return ClientOptions{.certfile = with_password().certificate,
                            .keyfile = with_password().key};
     },
     TlsErrc::no_certificate_file},
    {"ciphers", [] { return ClientOptions{.ciphers = "ECDHE+AESGCM"}; }, {}},
    {"unknown_cipher", [] { return ClientOptions{.ciphers = "ROT13"}; }, TlsErrc::bad_ciphers},
    {"curves", [] { return ClientOptions{.ecdh_curve = "X25519:P-256"}; }, {}},
    {"unknown_curve", [] { return ClientOptions{.ecdh_curve = "P-1"}; }, TlsErrc::bad_ciphers},
    {"one_unknown_curve", [] { return ClientOptions{.ecdh_curve = "P-256:P-1"}; },
     TlsErrc::bad_ciphers},
};
INSTANTIATE_TEST_SUITE_P(with, ClientContext, ::testing::ValuesIn(client_cases),
                         case_name<ClientCase>);

struct ServerCase {
  std::string name;
  ServerOptions (*options)();
  std::error_code error;
};
void PrintTo(const ServerCase& row, std::ostream* out) { *out << row.name; }

class ServerContext : public ::testing::TestWithParam<ServerCase> {};

TEST_P(ServerContext, is_made_or_refused) {
  const auto context = Context::for_server(GetParam().options());
  EXPECT_EQ(context.error(), GetParam().error) << context.error().message();
  EXPECT_EQ(::ERR_peek_error(), 0U) << "no error may be left for somebody else";
}

ServerOptions changed(void (*change)(ServerOptions&)) {
  ServerOptions options = serving();
  change(options);
  return options;
}

const ServerCase server_cases[] = {
    {"certificate_and_key", [] { return serving(); }, {}},
    {"both_in_one_file", [] { return ServerOptions{.certificate_file = joined_file()}; }, {}},
    {"nothing", [] { return ServerOptions{}; }, no_such_file},
    {"missing_certificate",
     [] { return changed([](ServerOptions& o) { o.certificate_file = "/nonexistent"; }); },
     no_such_file},
    {"missing_key", [] { return changed([](ServerOptions& o) { o.key_file = "/nonexistent"; }); },
     no_such_file},
    {"key_of_another", [] { return changed([](ServerOptions& o) { o.key_file = other().key; }); },
     TlsErrc::no_certificate_file},
    {"password", [] { return serving({.name = "locked", .key_password = "open sesame"}); }, {}},
    {"wrong_password",
     [] {
       return ServerOptions{.certificate_file = with_password().certificate,
                            .key_file = with_password().key,
                            .password = "x"};
     },
     TlsErrc::no_certificate_file},
    {"both_as_texts",
     [] {
       return ServerOptions{.certificate_pem = content_of(serving().certificate_file),
                            .key_pem = content_of(serving().key_file)};
     },
     {}},
    {"both_in_one_text",
     [] { return ServerOptions{.certificate_pem = content_of(joined_file())}; },
     {}},
    {"a_file_with_a_key_as_a_text",
     [] {
       return ServerOptions{.certificate_file = serving().certificate_file,
                            .key_pem = content_of(serving().key_file)};
     },
     {}},
    {"a_text_with_a_key_in_a_file",
     [] {
       return ServerOptions{.key_file = serving().key_file,
                            .certificate_pem = content_of(serving().certificate_file)};
     },
     {}},
    {"a_text_without_a_key",
     [] { return ServerOptions{.certificate_pem = content_of(serving().certificate_file)}; },
     TlsErrc::no_certificate_file},
    {"key_of_another_as_a_text",
     [] {
       return ServerOptions{.certificate_file = serving().certificate_file,
                            .key_pem = content_of(other().key)};
     },
     TlsErrc::no_certificate_file},
    {"a_file_and_a_text",
     [] {
       return changed([](ServerOptions& o) { o.certificate_pem = content_of(o.certificate_file); });
     },
     Errc::invalid_option},
    {"a_file_and_a_text_for_the_key",
     [] { return changed([](ServerOptions& o) { o.key_pem = content_of(o.key_file); }); },
     Errc::invalid_option},
    {"a_password_for_a_text",
     [] {
       return ServerOptions{.certificate_pem = content_of(with_password().certificate),
                            .key_pem = content_of(with_password().key),
                            .password = "open sesame"};
     },
     {}},
    {"one_more_certificate",
     [] {
       return changed([](ServerOptions& o) {
         o.more_certificates = {{.certificate_file = other().certificate, .key_file = other().key}};
       });
     },
     {}},
    {"one_more_without_its_key",
     [] {
       return changed([](ServerOptions& o) {
         o.more_certificates = {{.certificate_file = other().certificate, .key_file = own().key}};
       });
     },
     TlsErrc::no_certificate_file},
    {"one_more_that_contradicts_itself",
     [] {
       return changed([](ServerOptions& o) {
         o.more_certificates = {
             {.certificate_file = other().certificate, .certificate_pem = "also a text"}};
       });
     },
     Errc::invalid_option},
    {"authority_of_clients",
     [] { return changed([](ServerOptions& o) { o.client_ca_file = authority_file(); }); },
     {}},
    {"missing_authority_of_clients",
     [] { return changed([](ServerOptions& o) { o.client_ca_file = "/nonexistent"; }); },
     no_such_file},
    {"unknown_cipher", [] { return changed([](ServerOptions& o) { o.ciphers = "ROT13"; }); },
     TlsErrc::bad_ciphers},
    {"unknown_curve", [] { return changed([](ServerOptions& o) { o.ecdh_curve = "P-1"; }); },
     TlsErrc::bad_ciphers},
};
INSTANTIATE_TEST_SUITE_P(with, ServerContext, ::testing::ValuesIn(server_cases),
                         case_name<ServerCase>);

TEST(TlsContext, speaks_nothing_older_than_it_may) {
  for (const auto& [version, number] :
       {std::pair{tls::Version::tls1_2, TLS1_2_VERSION}, {tls::Version::tls1_3, TLS1_3_VERSION}}) {
    auto options = serving();
    options.min_version = version;
    const auto server = server_context(options);
    EXPECT_EQ(SSL_CTX_get_min_proto_version(server.native()), number);
    const auto client = client_context({.min_version = version});
    EXPECT_EQ(SSL_CTX_get_min_proto_version(client.native()), number);
  }
}

TEST(TlsContext, allows_neither_renegotiation_nor_compression) {
  for (const auto& context : {client_context(), server_context()}) {
    const auto options = ::SSL_CTX_get_options(context.native());
    EXPECT_NE(options & SSL_OP_NO_RENEGOTIATION, 0U);
    EXPECT_NE(options & SSL_OP_NO_COMPRESSION, 0U);
  }
}

TEST(TlsContext, is_shared_by_its_copies) {
  const auto one = client_context();
  const tls::Context two = one;  // NOLINT: the copy is the point
  EXPECT_EQ(one.native(), two.native());
}

/// An SSL_CTX of the caller's own that reports when it is freed.
class OwnContext {
 public:
  OwnContext() : context_(::SSL_CTX_new(::TLS_client_method())) {
    static const int index = ::SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* data, CRYPTO_EX_DATA*, int, long, void*) {
          if (data != nullptr) *static_cast<bool*>(data) = true;
        });
    ::SSL_CTX_set_ex_data(context_, index, &freed_);
  }
  ~OwnContext() { let_go(); }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;
  void let_go() { ::SSL_CTX_free(std::exchange(context_, nullptr)); }
  [[nodiscard]] SSL_CTX* get() const { return context_; }
  [[nodiscard]] bool freed() const { return freed_; }

 private:
  SSL_CTX* context_;
  bool freed_ = false;
};

TEST(TlsContext, of_the_callers_own_is_kept_for_as_long_as_it_is_needed) {
  OwnContext own_context;
  {
    const auto context = client_context({.context = own_context.get()});
    EXPECT_EQ(context.native(), own_context.get());
    own_context.let_go();
    EXPECT_FALSE(own_context.freed());
  }
  EXPECT_TRUE(own_context.freed()) << "a reference too many was taken";
}

TEST(TlsContext, of_the_callers_own_stays_with_the_caller) {
  OwnContext own_context;
  { const auto context = client_context({.context = own_context.get()}); }
  EXPECT_FALSE(own_context.freed()) << "the caller's reference was dropped";
  own_context.let_go();
  EXPECT_TRUE(own_context.freed());
}

TEST(TlsContext, of_the_callers_own_lives_as_long_as_a_stream) {
  OwnContext own_context;
  Wire wire;
  {
    std::optional<tls::TlsStream> stream;
    {
      const auto context = client_context({.context = own_context.get()});
      stream.emplace(*tls::TlsStream::client(wire.client_transport(), context, "localhost"));
    }
    own_context.let_go();
    EXPECT_FALSE(own_context.freed());
  }
  EXPECT_TRUE(own_context.freed());
}

/// With a context of the caller's own only the host name is used; the other options are ignored.
TEST(TlsContext, of_the_callers_own_is_not_checked_for_contradictions) {
  OwnContext own_context;
  EXPECT_TRUE(Context::for_client({.verify = tls::Verify::none,
                                   .check_hostname = true,
                                   .ca_certs = "/nonexistent",
                                   .context = own_context.get()}));
}

}  // namespace
}  // namespace wirespan::test
