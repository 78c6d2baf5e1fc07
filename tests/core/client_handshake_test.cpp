// core/client_handshake.cpp: the order of header lines, which header wins, and responses in pieces.
#include <string>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

TEST(ClientHandshake, lines_in_the_order_that_users_know) {
  const ClientRequest request{.host = "h:81",
                              .target = "/x?y",
                              .origin = "http://h:81",
                              .connection = "keep-alive, Upgrade",
                              .cookie = "b=2",
                              .subprotocols = {"chat", "superchat"},
                              .headers = {{"X-One", "1"}, {"Cookie", "a=1"}, {"X-Two", "2"}}};
  ASSERT_FALSE(check_client_request(request));
  EXPECT_EQ(build_request(request, sample_handshake_key()),
            "GET /x?y HTTP/1.1\r\n"
            "Upgrade: websocket\r\n"
            "Host: h:81\r\n"
            "Origin: http://h:81\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Connection: keep-alive, Upgrade\r\n"
            "Sec-WebSocket-Protocol: chat,superchat\r\n"
            "X-One: 1\r\n"
            "X-Two: 2\r\n"
            "Cookie: a=1; b=2\r\n"
            "\r\n");
}

TEST(ClientHandshake, host_origin_key_and_version_of_the_callers_own_take_the_place_of_ours) {
  const ClientRequest request{.host = "h",
                              .origin = "http://h",
                              .headers = {{"host", "other:9"},
                                          {"ORIGIN", "null"},
                                          {"sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="},
                                          {"sec-websocket-version", "13"}}};
  ASSERT_FALSE(check_client_request(request));
  EXPECT_EQ(build_request(request, sample_handshake_key()),
            "GET / HTTP/1.1\r\n"
            "Upgrade: websocket\r\n"
            "Host: other:9\r\n"
            "Origin: null\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Connection: Upgrade\r\n"
            "\r\n");
}

TEST(ClientHandshake, a_cookie_from_either_place) {
  const auto cookie_line = [](const ClientRequest& request) {
    const std::string text = build_request(request, sample_handshake_key());
    const std::size_t at = text.find("Cookie");
    return at == std::string::npos ? "" : text.substr(at, text.find("\r\n", at) - at);
  };
  EXPECT_EQ(cookie_line({.host = "h"}), "");
  EXPECT_EQ(cookie_line({.host = "h", .cookie = "a=1"}), "Cookie: a=1");
  EXPECT_EQ(cookie_line({.host = "h", .headers = {{"cookie", "b=2"}}}), "Cookie: b=2");
  EXPECT_EQ(cookie_line({.host = "h", .headers = {{"Cookie", "a=1"}, {"cookie", "b=2"}}}),
            "Cookie: a=1; b=2");
  EXPECT_EQ(cookie_line({.host = "h", .cookie = "c=3", .headers = {{"Cookie", ""}}}),
            "Cookie: c=3");
}

TEST(ClientHandshake, what_is_set_twice_is_refused) {
  for (const char* name : {"Host", "Origin", "Sec-WebSocket-Version"}) {
    const std::string value = std::string_view(name) == "Sec-WebSocket-Version" ? "13" : "h";
    const ClientRequest request{.host = "h", .headers = {{name, value}, {name, value}}};
    EXPECT_EQ(check_client_request(request), Errc::invalid_header) << name;
  }
}

TEST(ClientHandshake, a_response_in_one_piece_is_not_copied) {
  CountingBlocks blocks;
  ClientHandshake handshake(simple_client_request(), sample_handshake_key(), blocks.source());
  const auto step = handshake.feed(wire_bytes(valid_response() + "frames"));
  EXPECT_TRUE(std::holds_alternative<HandshakeDone>(step));
  EXPECT_EQ(blocks.lent(), 0);
}

TEST(ClientHandshake, a_response_in_pieces_is_collected_and_the_memory_bounded) {
  CountingBlocks blocks;
  {
    ClientHandshake handshake(simple_client_request(), sample_handshake_key(), blocks.source());
    const std::string text = "HTTP/1.1 101 x\r\nX: " + std::string(1'000'000, 'x');
    ASSERT_TRUE(std::holds_alternative<NeedInput>(handshake.feed(wire_bytes(text).first(20))));
    const auto step = handshake.feed(wire_bytes(text).subspan(20));
    EXPECT_EQ(std::get<Failed>(step).error, Errc::head_too_long);
    EXPECT_LE(blocks.peak(), 4 * limits::head_size);
  }
  EXPECT_EQ(blocks.outstanding(), 0);
}

TEST(ClientHandshake, no_bytes_are_no_answer) {
  ClientHandshake handshake(simple_client_request(), sample_handshake_key());
  EXPECT_TRUE(std::holds_alternative<NeedInput>(handshake.feed({})));
  EXPECT_TRUE(std::holds_alternative<HandshakeDone>(handshake.feed(wire_bytes(valid_response()))));
}

}  // namespace
}  // namespace wirespan::test
