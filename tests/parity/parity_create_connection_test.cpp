// Parity with websocket-client: create_connection() and the constructor of WebSocket. KEEP: as in
// Python; FIX: another way on purpose.
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

TEST(ParityCreateConnection, KEEP_it_returns_a_connected_WebSocket) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url());
  EXPECT_TRUE(ws.connected());
  ws.send("Hello, Server");
  EXPECT_EQ(ws.recv().data, "Hello, Server");
}

TEST(ParityCreateConnection, KEEP_only_an_unset_time_out_falls_back_to_the_default) {
  RawServer server(echo_script);
  setdefaulttimeout(9s);
  EXPECT_EQ(create_connection(server.url()).gettimeout(), 9s);
  EXPECT_EQ(create_connection(server.url(), {.timeout = 0ms}).gettimeout(), 0ms);
  EXPECT_EQ(create_connection(server.url(), {.timeout = 1s}).gettimeout(), 1s);
  setdefaulttimeout(std::nullopt);
  EXPECT_EQ(create_connection(server.url()).gettimeout(), std::nullopt);
}

class Upper : public WebSocket {
 public:
  using WebSocket::WebSocket;
  [[nodiscard]] std::string recv_upper() {
    std::string text = recv().data;
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }
};

TEST(ParityCreateConnection, KEEP_class_is_a_derived_class_of_the_users_own) {
  RawServer server(echo_script);
  auto ws = create_connection<Upper>(server.url());
  ws.send("shout");
  EXPECT_EQ(ws.recv_upper(), "SHOUT");
}

TEST(ParityCreateConnection, KEEP_its_options_reach_object_and_request) {
  std::string request;
  RawServer server([&](RawPeer& peer) {
    request = peer.accept();
    (void)peer.send_frame(0x01, "\xFF");
    (void)peer.send_frame(0x80, "end");
    EXPECT_EQ(peer.read_frame().key, (MaskKey{std::byte{7}}));
  });
  WebSocket ws =
      create_connection(server.url(), {.header = {"X-A: b"},
                                       .timeout = 10s,
                                       .sockopt = {{IPPROTO_TCP, TCP_NODELAY, 0}},
                                       .fire_cont_frame = true,
                                       .skip_utf8_validation = true,
                                       .get_mask_key = [] { return MaskKey{std::byte{7}}; }});
  EXPECT_EQ(ws.recv().data, "\xFF");
  EXPECT_EQ(ws.recv().data, "end");
  EXPECT_NE(request.find("\r\nX-A: b\r\n"), std::string::npos) << "noted before the frames";
  ws.send("x");
  server.wait();
}

template <class Options>
concept HasHeaders = requires(Options options) {
  options.headers;
};
template <class Options>
concept HasHeader = requires(Options options) {
  options.header;
};
TEST(ParityCreateConnection, FIX_an_option_that_does_not_exist_does_not_compile) {
  static_assert(HasHeader<ConnectOptions>);
  static_assert(!HasHeaders<ConnectOptions>, "Python swallows this misspelling in silence");
}

TEST(ParityWebSocketConstructor, KEEP_it_connects_nothing_and_knows_nothing_yet) {
  const WebSocket ws;
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.status(), 0);
  EXPECT_EQ(ws.getstatus(), 0);
  EXPECT_EQ(ws.subprotocol(), "");
  EXPECT_TRUE(ws.headers().empty());
  EXPECT_FALSE(ws.is_ssl());
  EXPECT_EQ(ws.gettimeout(), std::nullopt);
}

TEST(ParityWebSocketConstructor, KEEP_sockopt_is_applied_after_the_defaults) {
  RawServer server(echo_script);
  const WebSocket ws = create_connection(
      server.url(), {.sockopt = {{IPPROTO_TCP, TCP_NODELAY, 0}, {IPPROTO_TCP, TCP_KEEPCNT, 7}}});
  const auto value_of = [&](int name) {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(ws.fileno(), IPPROTO_TCP, name, &value, &size);
    return value;
  };
  EXPECT_EQ(value_of(TCP_NODELAY), 0);
  EXPECT_EQ(value_of(TCP_KEEPCNT), 7);
  EXPECT_EQ(value_of(TCP_KEEPIDLE), 30);
}

TEST(ParityWebSocketConstructor, KEEP_fire_cont_frame_is_off_and_can_be_turned_on) {
  const auto fragments = [](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_frame(0x01, "a");
    (void)peer.send_frame(0x80, "b");
    (void)peer.read_to_end();  // the object goes without a closing handshake
  };
  RawServer server(fragments);
  EXPECT_EQ(create_connection(server.url()).recv().data, "ab");
  EXPECT_EQ(create_connection(server.url(), {.fire_cont_frame = true}).recv().data, "a");
}

TEST(ParityWebSocketConstructor, KEEP_skip_utf8_validation_is_off_and_can_be_turned_on) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_text("\xFF");
    (void)peer.read_to_end();
  });
  EXPECT_EQ(refusal_of([&] { return create_connection(server.url(), {.timeout = 1s}).recv(); }),
            (Thrown{"WebSocketPayloadException", Errc::invalid_utf8}));
  EXPECT_EQ(create_connection(server.url(), {.skip_utf8_validation = true}).recv().data, "\xFF")
      << "FIX: Python raises a decode error here";
}

template <class Options>
concept HasEnableMultithread = requires(Options options) {
  options.enable_multithread;
};
TEST(ParityWebSocketConstructor, FIX_locks_are_always_real) {
  static_assert(!HasEnableMultithread<ConnectOptions>);
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 20s});
  std::thread other([&] {
    for (int i = 0; i < 300; ++i) ws.send("from the other");
  });
  for (int i = 0; i < 300; ++i) ws.send("from the one");
  other.join();
  for (int i = 0; i < 600; ++i) EXPECT_TRUE(ws.recv().data.starts_with("from the "));
}

}  // namespace
}  // namespace wirespan::test
