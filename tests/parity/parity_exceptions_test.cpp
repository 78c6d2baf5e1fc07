// Parity with websocket-client: the exception for each error. KEEP: as in Python; FIX: another way
// on purpose.
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

template <class... Exceptions>
constexpr bool derive_from_the_base = (std::is_base_of_v<WebSocketException, Exceptions> && ...);

TEST(ParityExceptions, KEEP_all_derive_from_WebSocketException) {
  static_assert(derive_from_the_base<WebSocketProtocolException, WebSocketPayloadException,
                                     WebSocketConnectionClosedException, WebSocketTimeoutException,
                                     WebSocketProxyException, WebSocketBadStatusException,
                                     WebSocketAddressException>);
}

TEST(ParityExceptions, FIX_each_has_an_error_code_and_is_a_std_exception) {
  static_assert(std::is_base_of_v<std::system_error, WebSocketException>);
  const WebSocketException error(make_error_code(Errc::bad_accept), "connecting");
  EXPECT_EQ(error.code(), Errc::bad_accept);
  EXPECT_EQ(error.what(), "connecting: " + error.code().message());
}

/// Returns the exception for one event after the handshake.
Thrown after(const std::function<void(RawPeer&)>& talk, Milliseconds timeout = 10s) {
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    talk(peer);
  });
  return refusal_of([&] {
    WebSocket ws = create_connection(server.url(), {.connect_timeout = 10s});
    ws.settimeout(timeout);
    return ws.recv();
  });
}

std::string type_after(std::string_view hex) {
  return after([&](RawPeer& peer) { (void)peer.write(from_hex(hex)); }).type;
}

TEST(ParityExceptions, KEEP_WebSocketProtocolException_for_what_no_peer_may_send) {
  for (const char* hex : {"c1 00", "83 00", "88 01 03", "88 02 03ed", "80 00"}) {
    EXPECT_EQ(type_after(hex), "WebSocketProtocolException") << hex;
  }
}

TEST(ParityExceptions, KEEP_WebSocketPayloadException_for_text_that_is_no_utf8) {
  EXPECT_EQ(type_after("81 01 ff"), "WebSocketPayloadException");
}

TEST(ParityExceptions, KEEP_WebSocketConnectionClosedException_for_the_end) {
  EXPECT_EQ(after([](RawPeer&) {}), closed_exception(Errc::connection_lost));
  WebSocket ws;
  EXPECT_EQ(refusal_of([&] { return ws.send("x"); }), closed_exception(Errc::not_open));
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::not_open));
  EXPECT_EQ(refusal_of([&] { return ws.ping(); }), closed_exception(Errc::not_open));
}

TEST(ParityExceptions, FIX_a_reset_is_the_closed_exception_too) {
  EXPECT_EQ(after([](RawPeer& peer) { peer.reset(); }).type, "WebSocketConnectionClosedException")
      << "Python lets the error of the system through";
}

TEST(ParityExceptions, KEEP_WebSocketTimeoutException_for_a_deadline) {
  EXPECT_EQ(after([](RawPeer& peer) { (void)peer.read_to_end(); }, 30ms),
            timeout_exception(Errc::receive_timeout));
}

TEST(ParityExceptions, KEEP_WebSocketBadStatusException_has_status_headers_and_body) {
  for (const int status : {200, 401, 404, 503}) {
    RawServer server(answering("HTTP/1.1 " + std::to_string(status) +
                               " Words\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody"));
    try {
      (void)create_connection(server.url(), {.timeout = 10s});
      ADD_FAILURE() << "connected";
    } catch (const WebSocketBadStatusException& error) {
      EXPECT_EQ(error.status_code(), status);
      EXPECT_EQ(error.resp_headers().get("x-a"), "b");
      EXPECT_EQ(error.resp_body(), "body");
      EXPECT_EQ(error.code(), Errc::not_switching_protocols);
      EXPECT_NE(std::string(error.what()).find(std::to_string(status) + " Words"),
                std::string::npos)
          << error.what();
    }
  }
}

TEST(ParityExceptions, KEEP_WebSocketAddressException_for_a_name_without_address) {
  threads_may_rest();
  EXPECT_EQ(refusal_of([] { return create_connection("ws://nobody.invalid/"); }),
            (Thrown{"WebSocketAddressException", Errc::host_not_found}));
}

Thrown connecting_to(const std::string& answer) {
  RawServer server(answering(answer));
  return refusal_of([&] { return create_connection(server.url(), {.timeout = 10s}); });
}

TEST(ParityExceptions, KEEP_the_base_class_for_invalid_answers) {
  EXPECT_EQ(connecting_to("HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n"),
            plain_exception(Errc::missing_upgrade));
  EXPECT_EQ(connecting_to("HTTP/1.1 101 x\r\nno colon\r\n\r\n"),
            plain_exception(Errc::malformed_field));
}

TEST(ParityExceptions, FIX_nothing_foreign_escapes) {
  EXPECT_EQ(refusal_of([] { return create_connection("http://x/"); }),
            plain_exception(Errc::invalid_url))
      << "Python: a ValueError";
  EXPECT_EQ(connecting_to("no http at all\r\n\r\n"), plain_exception(Errc::malformed_start_line))
      << "Python: an IndexError";
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(thrown_by([&] { ws.close(CloseCode{1005}); }),
            plain_exception(Errc::close_code_not_allowed))
      << "Python: a ValueError only outside 0..65535";
  EXPECT_EQ(refusal_of([&] { return ws.send("\xFF"); }), plain_exception(Errc::invalid_text))
      << "Python: a UnicodeDecodeError of the peer";
}

}  // namespace
}  // namespace wirespan::test
