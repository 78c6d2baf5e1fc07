// WebSocket: a connected socket of the user, and the user's mask keys.
#include <cerrno>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"
#include "support/unix_pair.hpp"

namespace wirespan::test {
namespace {

constexpr MaskKey fixed_key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

void expect_echo(WebSocket& ws) {
  ws.send("over my own socket");
  EXPECT_EQ(ws.recv().data, "over my own socket");
}

class WebSocketAdopted : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketAdopted, ::testing::ValuesIn(links()), link_name);

TEST_P(WebSocketAdopted, a_unix_socket_is_used_as_it_is_with_tls_where_the_url_says_so) {
  Signal host_seen;
  const UnixPair pair(
      [&](RawPeer& peer) {
        const std::string request = peer.accept();
        EXPECT_NE(request.find("GET /here?x=1 HTTP/1.1\r\n"), std::string::npos);
        EXPECT_NE(request.find("Host: localhost\r\n"), std::string::npos);
        host_seen.set();
        peer.echo();
      },
      GetParam());
  auto options = options_for(GetParam(), {.socket = pair.ours()});
  WebSocket ws = create_connection(GetParam().scheme() + "://localhost/here?x=1", options);
  EXPECT_EQ(ws.fileno(), pair.ours());
  EXPECT_EQ(ws.is_ssl(), GetParam().is_secure());
  host_seen.wait();
  expect_echo(ws);
  ws.close();
  EXPECT_EQ(::fcntl(pair.ours(), F_GETFD), -1) << "it is owned, so it is closed";
}

TEST_P(WebSocketAdopted, a_tcp_socket_is_used_as_it_is) {
  RawServer server(echo_script, GetParam());
  RawPeer dialled = RawPeer::to_port(server.port());
  const int fd = ::dup(dialled.fd());
  dialled.close();
  WebSocket ws = create_connection("ws" + server.url().substr(2),
                                   [&] { return options_for(GetParam(), {.socket = fd}); }());
  expect_echo(ws);
  ws.close();
}

TEST(WebSocketAdoptedPlain, already_secured_means_no_tls_although_the_url_says_wss) {
  const UnixPair pair([](RawPeer& peer) {
    const std::string request = peer.accept();
    EXPECT_NE(request.find("Origin: https://example.com\r\n"), std::string::npos);
    peer.echo();
  });
  WebSocket ws = create_connection(
      "wss://example.com/", {.timeout = 10s, .socket = pair.ours(), .already_secured = true});
  EXPECT_FALSE(ws.is_ssl());
  expect_echo(ws);
  ws.close();
}

TEST(WebSocketAdoptedPlain, a_socket_that_ends_during_the_handshake_is_closed) {
  const UnixPair pair([](RawPeer& peer) { (void)peer.read_head(); });
  EXPECT_EQ(refusal_of([&] {
              return create_connection("ws://x/", {.timeout = 10s, .socket = pair.ours()});
            }),
            closed_exception(Errc::connection_lost));
  EXPECT_EQ(::fcntl(pair.ours(), F_GETFD), -1);
}

TEST(WebSocketAdoptedPlain, a_number_that_is_no_descriptor_is_an_error) {
  EXPECT_EQ(refusal_of([&] { return create_connection("ws://x/", {.socket = 9999}); }),
            plain_exception({EBADF, std::system_category()}));
}

/// "It is owned from then on": also by an object that never gets to use it.
TEST(WebSocketAdoptedPlain, a_socket_that_was_given_and_never_used_is_closed_with_its_owner) {
  const int before = count_descriptors();
  {
    const UnixPair pair([](RawPeer& peer) { (void)peer.read_to_end(); });
    { const WebSocket ws({.socket = pair.ours()}); }
    EXPECT_EQ(::fcntl(pair.ours(), F_GETFD), -1);
    ::shutdown(pair.ours(), SHUT_RDWR);
    if (::fcntl(pair.ours(), F_GETFD) != -1) ::close(pair.ours());
  }
  EXPECT_LE(count_descriptors(), before);
}

TEST(WebSocketAdoptedPlain, a_socket_is_closed_when_the_request_cannot_be_made) {
  const UnixPair pair([](RawPeer& peer) { (void)peer.read_to_end(); });
  EXPECT_EQ(refusal_of([&] {
              return create_connection("ws://x/", {.header = {"Broken"}, .socket = pair.ours()});
            }),
            plain_exception(Errc::invalid_header));
  EXPECT_EQ(::fcntl(pair.ours(), F_GETFD), -1) << "as after any other failure to connect";
  ::shutdown(pair.ours(), SHUT_RDWR);
  if (::fcntl(pair.ours(), F_GETFD) != -1) ::close(pair.ours());
}

TEST(WebSocketAdoptedPlain, a_given_socket_is_used_for_one_connection_only) {
  RawServer server(echo_script);
  const UnixPair pair(echo_script);
  WebSocket ws({.timeout = 10s, .socket = pair.ours()});
  ws.connect(server.url());
  expect_echo(ws);
  ws.close();
  EXPECT_EQ(server.accepted(), 0);
  ws.connect(server.url());
  expect_echo(ws);
  EXPECT_EQ(server.accepted(), 1);
}

class WebSocketMaskKey : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketMaskKey, ::testing::ValuesIn(links()), link_name);

TEST_P(WebSocketMaskKey, a_source_of_the_users_own_is_asked_for_every_frame) {
  int asked = 0;
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.read_frame().key, fixed_key);
        EXPECT_NE(peer.read_frame().key, fixed_key);
      },
      GetParam());
  WebSocket ws = connect(server, {.get_mask_key = [&] { return ++asked, fixed_key; }});
  ws.send("a");
  ws.ping("b");
  ws.send_frame({.opcode = Opcode::binary, .data = "c"});
  EXPECT_EQ(asked, 3);
  ws.set_mask_key({});
  ws.send("d");
  EXPECT_EQ(asked, 3);
  server.wait();
}

TEST_P(WebSocketMaskKey, an_exception_of_the_source_reaches_the_caller_and_nothing_is_sent) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "text \"good\"");
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.set_mask_key([]() -> MaskKey { throw std::out_of_range("no more keys"); });
  EXPECT_THROW(ws.send("bad"), std::out_of_range);
  EXPECT_THROW(ws.ping(), std::out_of_range);
  EXPECT_TRUE(ws.connected());
  ws.set_mask_key([] { return fixed_key; });
  ws.send("good");
  server.wait();
}

TEST_P(WebSocketMaskKey, without_a_key_for_the_pong_the_receive_fails_with_that_exception) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_ping("x");
        EXPECT_EQ(peer.read_to_end(), "") << "nothing leaves without a key";
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.set_mask_key([]() -> MaskKey { throw std::out_of_range("no more keys"); });
  EXPECT_THROW((void)ws.recv(), std::out_of_range);
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(thrown_by([&] { ws.close(); }), nothing_thrown());
}

TEST_P(WebSocketMaskKey, without_a_key_close_ends_the_connection_in_silence) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.set_mask_key([]() -> MaskKey { throw 42; });
  EXPECT_EQ(thrown_by([&] { ws.close(); }), nothing_thrown());
  EXPECT_FALSE(ws.connected());
}

}  // namespace
}  // namespace wirespan::test
