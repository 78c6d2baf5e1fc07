// Connecting with TLS: certificates that a client accepts, its SNI, and the exception for a
// certificate that it refuses. RFC 6455 §4.1 item 5, RFC 6066 §3.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/left_behind.hpp"
#include "support/raw_proxy.hpp"
#include "support/tls_link.hpp"
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

enum class Verdict { connects, certificate_refused, tls_failed };

struct TlsCase {
  const char* name;
  CertificateSpec certificate;
  tls::ClientOptions client;
  std::string host;
  Verdict verdict;
};
void PrintTo(const TlsCase& row, std::ostream* out) { *out << row.name; }

CertificateSpec named(std::string name, std::vector<std::string> dns,
                      std::vector<std::string> addresses = {}) {
  return {.name = std::move(name), .dns_names = std::move(dns), .addresses = std::move(addresses)};
}

/// Rows without ca_certs trust the test authority; "-" means that no authority is trusted.
std::vector<TlsCase> tls_cases() {
  const CertificateSpec good;
  const tls::ClientOptions strict;
  const auto yes = Verdict::connects;
  const auto no = Verdict::certificate_refused;
  const CertificateSpec expired{.name = "expired", .valid_from = -7200, .valid_until = -3600};
  const CertificateSpec early{.name = "early", .valid_from = 3600, .valid_until = 7200};
  const CertificateSpec self_signed{.name = "self", .self_signed = true};
  const CertificateSpec for_client{.name = "wrong_use", .for_client = true};
  const tls::ClientOptions nobody{.ca_certs = "-"};
  const tls::ClientOptions anybody{.verify = tls::Verify::none};
  const tls::ClientOptions any_name{.check_hostname = false};
  const tls::ClientOptions other_name{.server_hostname = "other.example"};
  return {
      {"E5_good_name", good, strict, "localhost", yes},
      {"E6_good_address", good, strict, "127.0.0.1", yes},
      {"E5_wrong_authority", good, nobody, "localhost", no},
      {"E5_wrong_name", named("other", {"other.example"}), strict, "localhost", no},
      {"E6_name_only_and_an_address", named("name_only", {"localhost"}), strict, "127.0.0.1", no},
      {"E6_address_written_as_a_name", named("as_name", {"127.0.0.1"}), strict, "127.0.0.1", no},
      {"E5_expired", expired, strict, "localhost", no},
      {"E5_not_yet_valid", early, strict, "localhost", no},
      {"E5_self_signed", self_signed, strict, "localhost", no},
      {"E5_for_clients_only", for_client, strict, "localhost", no},
      {"E5_any_name_if_asked", named("other", {"other.example"}), any_name, "localhost", yes},
      {"E5_any_name_still_checks_the_chain", self_signed, any_name, "localhost", no},
      {"server_hostname", named("other", {"other.example"}), other_name, "localhost", yes},
      {"server_hostname_differs", good, other_name, "localhost", no},
      {"E5_anybody_if_asked", self_signed, anybody, "localhost", yes},
      {"E5_anybody_expired_too", expired, anybody, "localhost", yes},
  };
}

class ConnectTls : public ::testing::TestWithParam<TlsCase> {};
INSTANTIATE_TEST_SUITE_P(To, ConnectTls, ::testing::ValuesIn(tls_cases()), case_name<TlsCase>);

std::string wss(const std::string& host, const RawServer& server) {
  return "wss://" + host + ":" + std::to_string(server.port()) + "/";
}

Link link_with(tls::ServerOptions (*server)()) {
  return {.name = "tls", .server_tls = server, .client_tls = trusting_client};
}

/// The certificate of the current row, global because a link takes a plain function.
CertificateSpec current_spec;
tls::ServerOptions current_server() {
  const auto files = certificate(current_spec);
  return {.certificate_file = files.certificate, .key_file = files.key};
}

TEST_P(ConnectTls, R11_only_those_who_prove_who_they_are) {
  threads_may_rest();
  current_spec = GetParam().certificate;
  RawServer server(echo_script, link_with(current_server));
  tls::ClientOptions client = GetParam().client;
  if (client.ca_certs == "-") {
    client.ca_certs = certificate({.name = "stranger", .self_signed = true}).certificate;
  } else if (client.verify == tls::Verify::required) {
    client.ca_certs = authority_file();
  }
  const Thrown thrown = thrown_by([&] {
    WebSocket ws =
        create_connection(wss(GetParam().host, server), {.timeout = 10s, .sslopt = client});
    ws.send("trusted");
    EXPECT_EQ(ws.recv().data, "trusted");
    ws.close();
  });
  if (GetParam().verdict == Verdict::connects) {
    EXPECT_EQ(thrown, nothing_thrown());
    return;
  }
  EXPECT_EQ(thrown.type, "WebSocketTlsException");
  EXPECT_EQ(thrown.code.category(), tls::certificate_category()) << thrown.code.message();
  EXPECT_TRUE(eventually([&] { return server.refused_by_tls() == 1; }))
      << "not a byte of the request may have been sent";
}

TEST(ConnectTlsOther, R11_a_plain_server_behind_a_wss_url) {
  const int before = count_descriptors();
  RawServer talks_first([](RawPeer& peer) { (void)peer.write("HTTP/1.1 400 Bad\r\n\r\n"); });
  RawServer hangs_up([](RawPeer& peer) { (void)peer.read_some(); });
  RawServer is_silent([](RawPeer& peer) { (void)peer.read_to_end(); });
  const auto failure = [](const RawServer& server) {
    return refusal_of([&] {
      return create_connection(wss("127.0.0.1", server),
                               {.connect_timeout = 500ms, .sslopt = trusting_client()});
    });
  };
  EXPECT_EQ(failure(talks_first), (Thrown{"WebSocketTlsException", tls::TlsErrc::not_tls}));
  EXPECT_EQ(failure(hangs_up).type, "WebSocketConnectionClosedException");
  EXPECT_EQ(failure(is_silent), timeout_exception(Errc::connect_timeout));
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before + 12; }));
}

TEST(ConnectTlsOther, R54_a_tls_server_behind_a_ws_url) {
  RawServer server(echo_script, tls_link());
  const auto call = [&] {
    return create_connection("ws://" + server.authority() + "/", {.timeout = 10s});
  };
  // OpenSSL ends such a connection without an alert, from which Errc::peer_speaks_tls would follow.
  EXPECT_EQ(refusal_of(call), closed_exception(Errc::connection_lost));
  EXPECT_NE(what_of(call).find(server.authority() + ", ended without an answer, as by a server "
                                                    "that speaks TLS (wss)"),
            std::string::npos)
      << what_of(call);
}

TEST(ConnectTlsOther, R11_R12_tls_comes_first_and_names_the_host_but_not_an_address) {
  threads_may_rest();
  for (const bool by_name : {true, false}) {
    std::string hello;
    {
      RawServer server([&](RawPeer& peer) { hello = peer.read_some(); });
      const std::string url = wss(by_name ? "localhost" : "127.0.0.1", server);
      EXPECT_NE(refusal_of([&] {
                  return create_connection(url, {.timeout = 10s, .sslopt = trusting_client()});
                }),
                nothing_thrown());
    }
    ASSERT_GE(hello.size(), 3U);
    EXPECT_EQ(hello.substr(0, 2), "\x16\x03") << "a handshake record";
    EXPECT_EQ(hello.find("localhost") != std::string::npos, by_name);
    EXPECT_EQ(hello.find("127.0.0.1"), std::string::npos);
    EXPECT_EQ(hello.find("GET"), std::string::npos);
  }
}

TEST(ConnectTlsOther, RFC6066_3_a_trailing_dot_is_neither_sent_nor_compared) {
  std::string hello;
  ProxyLog log;
  const RawServer listener([&](RawPeer& peer) { hello = peer.read_some(); });
  const RawServer server(echo_script, tls_link());
  const RawServer proxy(http_proxy(log));  // which looks up no name
  const ConnectOptions options{
      .timeout = 10s, .proxy = "http://" + proxy.authority(), .sslopt = trusting_client()};
  create_connection(wss("localhost.", server), options).close();
  EXPECT_EQ(log.requests().size(), 1U);
  EXPECT_NE(refusal_of([&] { return create_connection(wss("localhost.", listener), options); }),
            nothing_thrown());
  listener.wait();
  EXPECT_NE(hello.find("localhost"), std::string::npos);
  EXPECT_EQ(hello.find("localhost."), std::string::npos);
}

TEST(ConnectTlsOther, R124_the_end_of_a_closed_connection_is_announced_in_tls_too) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.read_message();
        (void)peer.send_close();
        EXPECT_EQ(peer.read_end(), StreamEnd::orderly);
      },
      tls_link());
  WebSocket ws = create_connection(server.url(), {.timeout = 10s, .sslopt = trusting_client()});
  ws.close();
  server.wait();
}

TEST(ConnectTlsOther, an_exception_names_the_file_or_list_or_host_that_it_is_about) {
  RawServer server([](RawPeer&) {});
  const auto text = [&](tls::ClientOptions options) {
    const std::string url = "wss://" + server.authority() + "/";
    return what_of(
        [&] { return create_connection(url, {.timeout = 10s, .sslopt = std::move(options)}); });
  };
  const std::string missing = ": No such file or directory";
  EXPECT_EQ(text({.ca_certs = "/no/ca.pem"}), "CA file \"/no/ca.pem\"" + missing);
  EXPECT_EQ(text({.ca_cert_path = "/no/folder"}).find("CA folder \"/no/folder\": "), 0U);
  tls::ClientOptions options = trusting_client();
  options.ciphers = "ROT13";
  EXPECT_EQ(text(options).find("ciphers \"ROT13\": "), 0U);
  options.keyfile = "/no/key.pem";
  options.certfile = certificate().certificate;
  EXPECT_EQ(text(options), "key file \"/no/key.pem\"" + missing);
  options.certfile = "/no/certificate.pem";
  EXPECT_EQ(text(options), "certificate file \"/no/certificate.pem\"" + missing);
  EXPECT_EQ(text({.verify = tls::Verify::none, .check_hostname = true}),
            "check_hostname together with Verify::none: invalid option");
  EXPECT_EQ(text(trusting_client()).find("TLS handshake with \"wss://" + server.authority()), 0U);
}

TEST(ConnectTlsOther, a_failed_handshake_leaves_no_descriptor) {
  current_spec = {.name = "self", .self_signed = true};
  RawServer server(echo_script, link_with(current_server));
  const int before = count_descriptors();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(refusal_of([&] {
                return create_connection(server.url(),
                                         {.timeout = 10s, .sslopt = trusting_client()});
              }).type,
              "WebSocketTlsException");
  }
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }));
}

}  // namespace
}  // namespace wirespan::test
