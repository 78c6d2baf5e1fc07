// Parity with websocket-client: the answer to the opening handshake. KEEP: as in Python; FIX:
// another way on purpose. RFC 6455 §4.1, RFC 9112.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParityAnswer, FIX_R56_a_bare_line_feed_ends_no_line) {
  const RawServer one([](RawPeer& peer) { (void)peer.accept("X-A: b\nX-C: d\r\n"); });
  EXPECT_EQ(refusal_of([&] { return create_connection(one.url(), {.timeout = 10s}); }),
            plain_exception(Errc::malformed_field));
  const RawServer all([](RawPeer& peer) {
    std::string answer = RawPeer::acceptance(peer.read_head());
    std::erase(answer, '\r');
    (void)peer.write(answer);
    (void)peer.read_to_end();
  });
  EXPECT_EQ(refusal_of([&] { return create_connection(all.url(), {.timeout = 10s}); }),
            plain_exception(Errc::malformed_field))
      << "Python takes LF for CRLF";
}

TEST(ParityAnswer, FIX_bytes_that_are_no_utf8_may_stand_in_a_value) {
  const RawServer server([](RawPeer& peer) { (void)peer.accept("X-Name: caf\xE9\r\n"); });
  const WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.headers().get("X-Name"), "caf\xE9") << "Python: a UnicodeDecodeError";
}

TEST(ParityAnswer, KEEP_blanks_around_a_value_do_not_belong_to_it) {
  const RawServer server([](RawPeer& peer) { (void)peer.accept("X-Name: \t one two \t\r\n"); });
  EXPECT_EQ(create_connection(server.url(), {.timeout = 10s}).headers().get("X-Name"), "one two");
}

TEST(ParityAnswer, KEEP_the_text_of_a_refusal_has_status_and_reason_FIX_the_body_stands_beside_it) {
  const RawServer server(
      answering("HTTP/1.1 403 Not For You\r\nX-Token: a field\r\nContent-Length: 6\r\n\r\nsecret"));
  try {
    (void)create_connection(server.url(), {.timeout = 10s});
    ADD_FAILURE() << "connected";
  } catch (const WebSocketBadStatusException& refusal) {
    EXPECT_THAT(refusal.what(), HasSubstr("403 Not For You"));
    EXPECT_THAT(refusal.what(), Not(HasSubstr("secret"))) << "Python: fields and body in the text";
    EXPECT_THAT(refusal.what(), Not(HasSubstr("a field")));
    EXPECT_EQ(refusal.resp_body(), "secret");
    EXPECT_EQ(refusal.resp_headers().get("x-token"), "a field");
  }
}

}  // namespace
}  // namespace wirespan::test
