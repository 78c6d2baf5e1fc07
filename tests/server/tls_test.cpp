// WebSocketServer with TLS: client certificates, and clients that do not speak TLS. RFC 6455
// §4.2.2.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/running_server.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/simulated_network.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan::test {
namespace {

/// Options that ask clients for a certificate of the test authority.
tls::ServerOptions asking_server() {
  tls::ServerOptions options = good_server();
  options.client_ca_file = authority_file();
  return options;
}

tls::ClientOptions with_certificate(const CertificateSpec& spec) {
  const auto files = certificate(spec);
  tls::ClientOptions options = trusting_client();
  options.certfile = files.certificate;
  options.keyfile = files.key;
  options.password = spec.key_password;
  return options;
}

class ServerTls : public ServerTest {};
std::vector<Link> tls_links() {
  std::vector<Link> all;
  for (const Link& link : links_and_backends()) {
    if (link.is_secure()) all.push_back(link);
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(Over, ServerTls, ::testing::ValuesIn(tls_links()), link_name);

TEST_P(ServerTls, R54_a_client_that_speaks_http_gets_no_answer_in_http) {
  RunningServer server(echoing(), link());
  RawPeer client = RawPeer::to_port(server.port());
  client.write(upgrade_request());
  const std::string answer = client.read_to_end();
  EXPECT_EQ(answer.find("HTTP"), std::string::npos) << answer;
  EXPECT_EQ(server.server().connection_count(), 0U);
}

TEST_P(ServerTls, R54_F2_clients_that_break_off_the_tls_handshake_harm_nobody) {
  RunningServer server(echoing(), link());
  const std::string hello("\x16\x03\x01\x05\x00\x01\x00\x04\xFC\x03\x03", 11);
  for (std::size_t cut = 0; cut <= hello.size(); ++cut) {
    RawPeer client = RawPeer::to_port(server.port());
    client.write(hello.substr(0, cut));
    cut % 2 == 0 ? client.reset() : client.close();
  }
  RawPeer client = server.open();
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
}

TEST_P(ServerTls, a_client_certificate_is_demanded_if_an_authority_is_named) {
  Link asking = link();
  asking.server_tls = asking_server;
  RunningServer server(echoing(), asking);
  const auto echo_with = [&](const tls::ClientOptions& options) {
    return thrown_by([&] {
      WebSocket ws = create_connection(server.url(), {.timeout = 10s, .sslopt = options});
      ws.send("x");
      EXPECT_EQ(ws.recv().data, "x");
      ws.close();
    });
  };
  const CertificateSpec client{.name = "client", .for_client = true};
  const CertificateSpec locked{.name = "locked", .for_client = true, .key_password = "secret"};
  const CertificateSpec stranger{.name = "stranger", .self_signed = true, .for_client = true};
  EXPECT_EQ(echo_with(with_certificate(client)), nothing_thrown());
  EXPECT_EQ(echo_with(with_certificate(locked)), nothing_thrown());
  for (const auto& options : {trusting_client(), with_certificate(stranger)}) {
    const Thrown thrown = echo_with(options);
    EXPECT_NE(thrown, nothing_thrown());
    EXPECT_TRUE(thrown.type.starts_with("WebSocket")) << thrown.type;
  }
}

TEST_P(ServerTls, on_request_sees_the_verified_certificate_of_the_client) {
  Link asking = link();
  asking.server_tls = asking_server;
  const CertificateSpec robot{.name = "robot", .common_name = "robot 7", .for_client = true};
  ServerHandlers handlers = echoing();
  handlers.on_request = [&](PendingRequest request) {
    const auto& shown = request.request().certificate;
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->common_name, "robot 7");
    EXPECT_EQ(shown->subject, "CN=robot 7");
    EXPECT_FALSE(shown->issuer.empty());
    EXPECT_EQ(shown->fingerprint.size(), 64U);
    EXPECT_NE(shown->pem.find("BEGIN CERTIFICATE"), std::string::npos);
    request.accept({}, shown->common_name);
  };
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    (void)connection.send_text(*connection.user_data_as<std::string>());
  };
  RunningServer server(handlers, asking);
  WebSocket ws =
      create_connection(server.url(), {.timeout = 10s, .sslopt = with_certificate(robot)});
  ws.send("who am I");
  EXPECT_EQ(ws.recv().data, "robot 7");
  ws.close();
}

TEST_P(ServerTls, without_asking_there_is_no_certificate) {
  ServerHandlers handlers = echoing();
  handlers.on_request = [](PendingRequest request) {
    EXPECT_FALSE(request.request().certificate);
    EXPECT_TRUE(request.request().is_tls);
    request.accept();
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
}

TEST_P(ServerTls, an_unusable_certificate_or_key_is_an_exception_of_listen) {
  const auto listening = [&](tls::ServerOptions options) {
    return refusal_of([&] { return WebSocketServer({.tls = std::move(options)}, {}).listen(); });
  };
  const auto one = certificate();
  const auto other = certificate({.name = "another"});
  const auto locked = certificate({.name = "locked_server", .key_password = "secret"});
  EXPECT_EQ(listening(good_server()), nothing_thrown());
  EXPECT_NE(listening({}), nothing_thrown());
  EXPECT_EQ(listening({.certificate_file = one.certificate, .key_file = other.key}).type,
            "WebSocketTlsException");
  EXPECT_EQ(listening({.certificate_file = locked.certificate, .key_file = locked.key}).type,
            "WebSocketTlsException");
  EXPECT_EQ(
      listening(
          {.certificate_file = locked.certificate, .key_file = locked.key, .password = "secret"}),
      nothing_thrown());
  tls::ServerOptions ciphers = good_server();
  ciphers.ciphers = "NO-SUCH-CIPHER";
  EXPECT_EQ(listening(ciphers), (Thrown{"WebSocketTlsException", tls::TlsErrc::bad_ciphers}));
  const Thrown missing = listening({.certificate_file = "/no/such/file"});
  EXPECT_EQ(missing.type, "WebSocketTlsException") << "as websocket_server.hpp says";
}

TEST_P(ServerTls, an_exception_of_listen_names_the_file_that_is_missing) {
  const auto text = [](tls::ServerOptions options) {
    return what_of([&] { return WebSocketServer({.tls = std::move(options)}, {}).listen(); });
  };
  tls::ServerOptions options = good_server();
  options.client_ca_file = "/no/ca.pem";
  EXPECT_EQ(text(options), "CA file \"/no/ca.pem\": No such file or directory");
  options.key_file = "/no/key.pem";
  EXPECT_EQ(text(options), "key file \"/no/key.pem\": No such file or directory");
  options.certificate_file = "/no/certificate.pem";
  EXPECT_EQ(text(options), "certificate file \"/no/certificate.pem\": No such file or directory");
}

TEST_P(ServerTls, G7_R126_a_stream_that_is_cut_is_1006) {
  Signal cut;
  ServerHandlers handlers = echoing();
  handlers.on_close = [&](const ServerConnection&, CloseCode code, std::string_view) {
    EXPECT_EQ(code, CloseCode::abnormal_closure);
    cut.set();
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  client.close();
  cut.wait();
}

TEST_P(ServerTls, the_oldest_version_can_be_set) {
  Link newest = link();
  newest.server_tls = [] {
    tls::ServerOptions options = good_server();
    options.min_version = tls::Version::tls1_3;
    return options;
  };
  RunningServer server(echoing(), newest);
  RawPeer client = server.open();
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
}

/// Returns a client that has sent the first message of its TLS handshake on a simulated network.
tls::TlsStream greeting_client(net::SimulatedNetwork& network, std::uint16_t port) {
  static const tls::Context context = *tls::Context::for_client(trusting_client());
  const int fd = *network.open(net::Family::ipv4);
  (void)network.connect(fd, *net::Endpoint::from_numeric("127.0.0.1", port));
  network.sleep_for(10ms);
  EXPECT_FALSE(network.connect_result(fd));
  auto client = *tls::TlsStream::client(net::make_transport(net::TcpSocket(network, fd)), context,
                                        "localhost");
  EXPECT_TRUE(client.handshake().would_block());
  return client;
}

/// limits::tls_handshakes_per_turn: many new clients at once must not stall the open connections.
TEST(ServerTlsTurns, a_burst_of_clients_is_served_some_in_each_turn) {
  constexpr auto share = static_cast<std::size_t>(limits::tls_handshakes_per_turn);
  net::SimulatedNetwork network;
  WebSocketServer server({.tls = good_server(), .network = &network}, echoing());
  const std::uint16_t port = server.listen();
  std::vector<tls::TlsStream> clients;
  while (clients.size() < 2 * share + 1) clients.push_back(greeting_client(network, port));
  network.sleep_for(10ms);
  const auto answered_after_a_turn = [&] {
    EXPECT_TRUE(server.run_once(0ms));
    network.sleep_for(10ms);
    std::array<std::byte, 16> some;
    return std::erase_if(clients, [&](const tls::TlsStream& client) {
      return network.read(client.fd(), some).is_ok();
    });
  };
  EXPECT_EQ(answered_after_a_turn(), share) << "of those that it has accepted";
  for (int turn = 0; turn < 50 && !clients.empty(); ++turn) {
    EXPECT_LE(answered_after_a_turn(), share);
  }
  EXPECT_TRUE(clients.empty());
}

}  // namespace
}  // namespace wirespan::test
