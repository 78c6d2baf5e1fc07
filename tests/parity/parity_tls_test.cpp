// Parity with websocket-client: the keys of sslopt. KEEP: as in Python; FIX: another way on
// purpose.
#include <cerrno>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "support/blocking.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

/// Returns the exception of connecting, or of the echo after it.
Thrown outcome(const RawServer& server, const tls::ClientOptions& options) {
  return thrown_by([&] {
    WebSocket ws = create_connection(server.url(), {.timeout = 10s, .sslopt = options});
    EXPECT_TRUE(ws.is_ssl());
    ws.send("x");
    EXPECT_EQ(ws.recv().data, "x");
    ws.close();
  });
}

void expect_refused(const RawServer& server, const tls::ClientOptions& options) {
  const Thrown thrown = outcome(server, options);
  EXPECT_EQ(thrown.type, "WebSocketTlsException") << "FIX: of ours, not the ssl module's";
  EXPECT_EQ(thrown.code.category(), tls::certificate_category()) << thrown.code.message();
}

/// The exception for any file that does not exist.
const Thrown no_such_file = plain_exception({ENOENT, std::system_category()});

Link link_of(tls::ServerOptions (*server)()) {
  return {.name = "tls", .server_tls = server, .client_tls = trusting_client};
}

tls::ServerOptions stranger() {
  const auto files = certificate({.name = "self", .self_signed = true});
  return {.certificate_file = files.certificate, .key_file = files.key};
}
tls::ServerOptions named_other() {
  const auto files =
      certificate({.name = "other", .dns_names = {"other.example"}, .addresses = {}});
  return {.certificate_file = files.certificate, .key_file = files.key};
}
tls::ServerOptions curious() {
  auto options = good_server();
  options.client_ca_file = authority_file();
  return options;
}

TEST(ParitySslopt, KEEP_cert_reqs_is_required_unless_none_FIX_with_an_exception_of_ours) {
  RawServer server(echo_script, link_of(stranger));
  expect_refused(server, {});
  EXPECT_EQ(outcome(server, {.verify = tls::Verify::none}), nothing_thrown());
  EXPECT_EQ(tls::ClientOptions{}.verify, tls::Verify::required)
      << "CERT_OPTIONAL, which is the same for a client, has no name here";
}

TEST(ParitySslopt, KEEP_check_hostname_is_on_unless_nothing_is_verified) {
  RawServer server(echo_script, link_of(named_other));
  expect_refused(server, trusting_client());
  auto options = trusting_client();
  options.check_hostname = false;
  EXPECT_EQ(outcome(server, options), nothing_thrown());
  EXPECT_EQ(outcome(server, {.verify = tls::Verify::none}), nothing_thrown());
  EXPECT_EQ(outcome(server, {.verify = tls::Verify::none, .check_hostname = true}),
            plain_exception(Errc::invalid_option))
      << "FIX: Python raises a ValueError";
}

TEST(ParitySslopt, KEEP_ca_certs_is_a_file_and_ca_cert_path_a_folder) {
  RawServer server(echo_script, tls_link());
  EXPECT_EQ(outcome(server, {.ca_certs = authority_file()}), nothing_thrown());
  EXPECT_EQ(outcome(server, {.ca_cert_path = authority_folder()}), nothing_thrown());
  expect_refused(server, {});
  EXPECT_EQ(outcome(server, {.ca_certs = "/nonexistent"}), no_such_file);
  EXPECT_EQ(outcome(server, {.verify = tls::Verify::none, .ca_certs = "/nonexistent"}),
            nothing_thrown())
      << "not loaded when nothing is verified";
}

TEST(ParitySslopt, KEEP_certfile_keyfile_and_password_FIX_are_the_cert_chain_too) {
  RawServer server(echo_script, link_of(curious));
  const CertificateSpec spec{
      .name = "parity-client", .for_client = true, .key_password = "open sesame"};
  auto options = trusting_client();
  options.certfile = certificate(spec).certificate;
  options.keyfile = certificate(spec).key;
  options.password = spec.key_password;
  EXPECT_EQ(outcome(server, options), nothing_thrown());
  options.password = "wrong";
  EXPECT_EQ(outcome(server, options).type, "WebSocketTlsException");
  options.keyfile = "/nonexistent";
  EXPECT_EQ(outcome(server, options), no_such_file);
  EXPECT_NE(outcome(server, trusting_client()), nothing_thrown()) << "the server asks for one";
}

TEST(ParitySslopt, KEEP_ciphers_and_ecdh_curve_that_name_nothing_are_refused) {
  RawServer server(echo_script, tls_link());
  const Thrown unusable{"WebSocketTlsException", tls::TlsErrc::bad_ciphers};
  auto options = trusting_client();
  options.ciphers = "ECDHE+AESGCM";
  options.ecdh_curve = "prime256v1";
  EXPECT_EQ(outcome(server, options), nothing_thrown());
  options.ciphers = "NO-SUCH-CIPHER";
  EXPECT_EQ(outcome(server, options), unusable);
  options.ciphers = "";
  options.ecdh_curve = "no-such-curve";
  EXPECT_EQ(outcome(server, options), unusable);
}

TEST(ParitySslopt, FIX_ssl_version_is_the_lowest_version) {
  RawServer server(echo_script, tls_link());
  EXPECT_EQ(tls::ClientOptions{}.min_version, tls::Version::tls1_2);
  auto options = trusting_client();
  options.min_version = tls::Version::tls1_3;
  EXPECT_EQ(outcome(server, options), nothing_thrown());
}

TEST(ParitySslopt, KEEP_server_hostname_is_sent_and_verified_instead_of_the_hosts) {
  RawServer server(echo_script, link_of(named_other));
  auto options = trusting_client();
  options.server_hostname = "other.example";
  EXPECT_EQ(outcome(server, options), nothing_thrown());
  options.server_hostname = "third.example";
  expect_refused(server, options);
}

TEST(ParitySslopt, KEEP_context_is_ready_made_and_the_other_keys_are_ignored) {
  RawServer server(echo_script, link_of(named_other));
  SSL_CTX* const own = ::SSL_CTX_new(::TLS_client_method());
  ::SSL_CTX_set_verify(own, SSL_VERIFY_PEER, nullptr);
  ASSERT_EQ(::SSL_CTX_load_verify_locations(own, authority_file().c_str(), nullptr), 1);
  expect_refused(server, {.ca_certs = "/nonexistent", .ciphers = "NO-SUCH", .context = own});
  EXPECT_EQ(outcome(server, {.check_hostname = false, .ciphers = "NO-SUCH", .context = own}),
            nothing_thrown())
      << "all but check_hostname";
  EXPECT_EQ(outcome(server, {.server_hostname = "other.example", .context = own}), nothing_thrown())
      << "and server_hostname";
  ::SSL_CTX_free(own);
}

template <class Options>
concept HasHandshakeSwitch = requires(Options options) {
  options.do_handshake_on_connect;
};
template <class Options>
concept HasCompression = requires(Options options) {
  options.compression;
};
TEST(ParitySslopt, FIX_keys_that_are_not_there_do_not_compile) {
  static_assert(!HasCompression<tls::ClientOptions>, "Python ignores unknown keys in silence");
  static_assert(!HasHandshakeSwitch<tls::ClientOptions>, "connecting always shakes hands");
}

TEST(ParitySslopt, FIX_certificates_and_keys_may_be_texts) {
  RawServer server(echo_script, link_of(curious));
  const auto files = certificate({.name = "client", .for_client = true});
  EXPECT_EQ(outcome(server, {.ca_certs_pem = content_of(authority_file()),
                             .certificate_pem = content_of(files.certificate),
                             .key_pem = content_of(files.key)}),
            nothing_thrown());
}

TEST(ParitySslopt, FIX_keys_may_be_pinned) {
  RawServer server(echo_script, link_of(stranger));
  tls::ClientOptions options{.verify = tls::Verify::none};
  options.pinned_keys = {pin_of(stranger().certificate_file)};
  EXPECT_EQ(outcome(server, options), nothing_thrown());
  options.pinned_keys = {pin_of(good_server().certificate_file)};
  EXPECT_EQ(outcome(server, options),
            (Thrown{"WebSocketTlsException", tls::TlsErrc::key_not_pinned}));
}

TEST(ParitySslopt, FIX_alpn_and_partial_chains_are_options) {
  RawServer server(echo_script, link_of([] {
                     const auto files = certificate({.name = "deep", .by_intermediate = true});
                     return tls::ServerOptions{.certificate_file = files.certificate,
                                               .key_file = files.key};
                   }));
  tls::ClientOptions options{.ca_certs = intermediate_file(), .alpn = {"http/1.1"}};
  expect_refused(server, options);
  options.partial_chain = true;
  EXPECT_EQ(outcome(server, options), nothing_thrown());
}

TEST(ParitySslopt, KEEP_the_end_of_tls_is_the_closed_exception_FIX_a_ragged_one_is_told_apart) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        peer.close();  // no close_notify
      },
      tls_link());
  WebSocket ws = create_connection(server.url(), {.timeout = 10s, .sslopt = trusting_client()});
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }),
            (Thrown{"WebSocketConnectionClosedException", tls::TlsErrc::truncated}));
}

TEST(ParitySslopt, KEEP_run_forever_takes_the_same_keys) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link_of(named_other));
  std::string error = "none";
  WebSocketApp app(server.url(), {.on_error = [&](WebSocketApp&, const std::exception& thrown) {
                     error = type_name(thrown);
                   }});
  EXPECT_TRUE(app.run_forever({.sslopt = trusting_client()}).failed());
  EXPECT_EQ(error, "WebSocketTlsException");
  auto options = trusting_client();
  options.server_hostname = "other.example";
  EXPECT_FALSE(app.run_forever({.sslopt = options}).failed());
}

}  // namespace
}  // namespace wirespan::test
