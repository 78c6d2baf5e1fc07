// Parity with websocket-client: the options of WebSocket.connect(). KEEP: as in Python; FIX:
// another way on purpose.
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"
#include "support/unix_pair.hpp"

namespace wirespan::test {
namespace {

std::string sent_with(ConnectOptions options) {
  std::string request;
  RawServer server([&](RawPeer& peer) { request = peer.accept(); });
  options.timeout = 10s;
  { const WebSocket ws = create_connection(server.url("/p?q"), std::move(options)); }
  server.wait();
  return request;
}

bool has_line(const std::string& request, const std::string& line) {
  return request.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(ParityConnect, KEEP_header_lines_keep_their_order_after_ours_and_before_Cookie) {
  const std::string request = sent_with(
      {.header = {{"X-B", "1"}, {"X-None", std::nullopt}, {"X-A", "2"}}, .cookie = "c=d"});
  EXPECT_NE(request.find("Connection: Upgrade\r\nX-B: 1\r\nX-A: 2\r\nCookie: c=d\r\n\r\n"),
            std::string::npos)
      << request;
}

TEST(ParityConnect, FIX_line_breaks_in_headers_are_refused) {
  EXPECT_EQ(refusal_of([] {
              return create_connection("ws://127.0.0.1/", {.header = {{"A", "b\r\nEvil: 1"}}});
            }),
            plain_exception(Errc::invalid_header));
}

TEST(ParityConnect, FIX_Host_and_Origin_in_header_replace_ours_in_any_case_and_form) {
  const std::string request = sent_with({.header = {"hOsT: other", "ORIGIN: http://o"}});
  EXPECT_TRUE(has_line(request, "Host: other"));
  EXPECT_TRUE(has_line(request, "Origin: http://o"));
  EXPECT_EQ(request.find("127.0.0.1"), std::string::npos) << "there is no second one";
}

TEST(ParityConnect, KEEP_a_key_of_the_users_own_is_sent_and_checked) {
  const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
  const std::string request = sent_with({.header = {{"Sec-WebSocket-Key", key}}});
  EXPECT_TRUE(has_line(request, "Sec-WebSocket-Key: " + key));
  RawServer wrong(
      answering("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
  EXPECT_EQ(refusal_of([&] {
              return create_connection(wrong.url(), {.header = {{"Sec-WebSocket-Key", key}}});
            }),
            nothing_thrown())
      << "the accept value of that very key";
  EXPECT_EQ(refusal_of([&] { return create_connection(wrong.url()); }),
            plain_exception(Errc::bad_accept));
}

TEST(ParityConnect, KEEP_cookie_is_a_line_of_its_own) {
  EXPECT_TRUE(has_line(sent_with({.cookie = "a=b; c=d"}), "Cookie: a=b; c=d"));
  EXPECT_EQ(sent_with({}).find("Cookie"), std::string::npos);
}

TEST(ParityConnect, KEEP_origin_is_verbatim_also_when_it_is_empty) {
  EXPECT_TRUE(has_line(sent_with({.origin = "null"}), "Origin: null"));
  EXPECT_TRUE(has_line(sent_with({.origin = ""}), "Origin: "));
}

TEST(ParityConnect, KEEP_suppress_origin_wins) {
  EXPECT_EQ(sent_with({.suppress_origin = true}).find("Origin"), std::string::npos);
  EXPECT_EQ(
      sent_with({.header = {"Origin: x"}, .origin = "y", .suppress_origin = true}).find("Origin"),
      std::string::npos);
}

TEST(ParityConnect, KEEP_host_replaces_the_value_of_Host) {
  EXPECT_TRUE(has_line(sent_with({.host = "virtual.example:99"}), "Host: virtual.example:99"));
}

TEST(ParityConnect, FIX_connection_is_the_value_not_the_line) {
  EXPECT_TRUE(has_line(sent_with({.connection = "keep-alive, Upgrade"}),
                       "Connection: keep-alive, Upgrade"));
}

TEST(ParityConnect, KEEP_subprotocols_are_joined_with_a_comma) {
  EXPECT_TRUE(
      has_line(sent_with({.subprotocols = {"a", "b", "c"}}), "Sec-WebSocket-Protocol: a,b,c"));
}

TEST(ParityConnect, FIX_time_out_of_the_object_covers_connecting) {
  RawServer silent([](RawPeer& peer) { (void)peer.read_to_end(); });
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return create_connection(silent.url(), {.timeout = 100ms}); }),
            timeout_exception(Errc::connect_timeout));
  EXPECT_LT(watch.elapsed(), 3s);
}

TEST(ParityConnect, KEEP_socket_skips_connecting_and_feeds_only_the_handshake) {
  std::string request;
  {
    const UnixPair pair([&](RawPeer& peer) { request = peer.accept(); });
    const WebSocket ws =
        create_connection("ws://nowhere.invalid:81/x", {.timeout = 10s, .socket = pair.ours()});
    EXPECT_EQ(ws.fileno(), pair.ours());
  }
  EXPECT_TRUE(request.starts_with("GET /x HTTP/1.1\r\n"));
  EXPECT_TRUE(has_line(request, "Host: nowhere.invalid:81"));
}

TEST(ParityConnect, KEEP_after_any_failure_nothing_is_open) {
  RawServer server(answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"));
  WebSocket ws;
  const int before = count_descriptors();
  EXPECT_EQ(thrown_by([&] { ws.connect(server.url()); }).type, "WebSocketBadStatusException");
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.fileno(), -1);
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }));
}

TEST(ParityConnect, FIX_connecting_what_is_connected_is_refused_and_leaks_nothing) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url());
  EXPECT_EQ(thrown_by([&] { ws.connect(server.url()); }), plain_exception(Errc::already_open));
  EXPECT_TRUE(ws.connected());
}

TEST(ParityConnect, KEEP_a_closed_object_connects_again) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url());
  ws.close();
  ws.connect(server.url());
  EXPECT_TRUE(ws.connected());
  EXPECT_EQ(server.accepted(), 2);
}

// The handshake, as far as the tests of the RFC's clauses do not cover it.

TEST(ParityHandshake, FIX_a_port_is_left_out_only_where_it_is_the_schemes_own) {
  std::string request;
  {
    const UnixPair pair([&](RawPeer& peer) { request = peer.accept(); });
    const WebSocket ws = create_connection("ws://x:443/", {.timeout = 10s, .socket = pair.ours()});
  }
  EXPECT_TRUE(has_line(request, "Host: x:443"));
}

TEST(ParityHandshake, FIX_the_subprotocol_keeps_the_servers_spelling) {
  RawServer server([](RawPeer& peer) { (void)peer.accept("Sec-WebSocket-Protocol: CHAT\r\n"); });
  WebSocket ws = create_connection(server.url(), {.subprotocols = {"CHAT"}});
  EXPECT_EQ(ws.subprotocol(), "CHAT");
  EXPECT_EQ(ws.getsubprotocol(), "CHAT");
}

TEST(ParityHandshake, FIX_R27_R28_a_server_need_not_choose_but_may_not_invent) {
  RawServer none(echo_script);
  EXPECT_EQ(create_connection(none.url(), {.subprotocols = {"a"}}).subprotocol(), "");
  RawServer invents([](RawPeer& peer) { (void)peer.accept("Sec-WebSocket-Protocol: b\r\n"); });
  EXPECT_EQ(refusal_of([&] { return create_connection(invents.url()); }),
            plain_exception(Errc::unrequested_subprotocol));
}

TEST(ParityHandshake, KEEP_headers_of_the_answer_are_found_without_case) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept("X-Name: one\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n");
  });
  WebSocket ws = create_connection(server.url());
  EXPECT_EQ(ws.status(), 101);
  EXPECT_EQ(ws.headers().get("x-NAME"), "one");
  EXPECT_EQ(ws.getheaders().get_all("set-cookie").size(), 2U) << "FIX: kept apart";
}

}  // namespace
}  // namespace wirespan::test
