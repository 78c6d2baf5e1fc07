// core/server_handshake.cpp: requests in pieces, bounded memory, and the texts of refusals.
#include <string>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

TEST(ServerHandshake, a_request_in_one_piece_is_not_copied) {
  CountingBlocks blocks;
  ServerHandshake handshake({}, blocks.source());
  const auto step = handshake.feed(wire_bytes(valid_request() + "frames"));
  ASSERT_TRUE(std::holds_alternative<RequestReceived>(step));
  EXPECT_EQ(std::get<RequestReceived>(step).consumed, valid_request().size());
  EXPECT_EQ(blocks.lent(), 0);
}

TEST(ServerHandshake, a_request_in_pieces_is_collected_and_the_memory_bounded) {
  CountingBlocks blocks;
  {
    ServerHandshake handshake({}, blocks.source());
    const std::string text = "GET / HTTP/1.1\r\nX: " + std::string(1'000'000, 'x');
    ASSERT_TRUE(std::holds_alternative<NeedInput>(handshake.feed(wire_bytes(text).first(20))));
    const auto step = handshake.feed(wire_bytes(text).subspan(20));
    EXPECT_EQ(std::get<Failed>(step).error, Errc::head_too_long);
    EXPECT_LE(blocks.peak(), 4 * limits::head_size);
  }
  EXPECT_EQ(blocks.outstanding(), 0);
}

TEST(ServerHandshake, half_a_request_holds_little) {
  CountingBlocks blocks;
  ServerHandshake handshake({}, blocks.source());
  for (std::size_t i = 0; i < 40; ++i) {
    (void)handshake.feed(wire_bytes(valid_request()).subspan(i, 1));
  }
  EXPECT_LE(blocks.peak(), 256U);
}

TEST(ServerHandshake, no_bytes_are_no_request) {
  ServerHandshake handshake;
  EXPECT_TRUE(std::holds_alternative<NeedInput>(handshake.feed({})));
  EXPECT_TRUE(std::holds_alternative<RequestReceived>(handshake.feed(wire_bytes(valid_request()))));
}

TEST(ServerHandshake, the_head_may_be_judged_without_the_wrapper) {
  std::array<HeaderField, limits::head_fields> fields;
  const std::string text = valid_request();
  const auto parsed = parse_request_head(wire_bytes(text), fields);
  ClientOffer offer;
  ASSERT_FALSE(check_request(parsed.head, offer));
  EXPECT_EQ(offer.key, sample_key);
  EXPECT_EQ(offer.host, "server.example.com");
}

TEST(ServerHandshake, R74_the_whole_of_a_refusal) {
  EXPECT_EQ(build_rejection({.status = 403, .headers = {{"X", "1"}}, .body = "no\n"}),
            "HTTP/1.1 403 Forbidden\r\n"
            "Connection: close\r\n"
            "X: 1\r\n"
            "Content-Length: 3\r\n"
            "\r\n"
            "no\n");
  EXPECT_EQ(build_rejection({.status = 404}),
            "HTTP/1.1 404 Not Found\r\n"
            "Connection: close\r\n"
            "Content-Length: 0\r\n"
            "\r\n");
}

TEST(ServerHandshake, RFC9110_15_3_6_a_205_has_no_content) {
  EXPECT_EQ(build_rejection({.status = 205, .body = "no\n"}),
            "HTTP/1.1 205 Success\r\n"
            "Connection: close\r\n"
            "Content-Length: 0\r\n"
            "\r\n");
}

TEST(ServerHandshake, R74_reasons_of_common_statuses) {
  const struct {
    int status;
    const char* reason;
  } rows[] = {
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {414, "URI Too Long"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
      {418, "Refused"},
  };
  for (const auto& [status, reason] : rows) {
    const std::string start = "HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\n";
    EXPECT_TRUE(build_rejection({.status = status}).starts_with(start)) << status;
  }
}

/// This library's client can read this library's refusals.
TEST(ServerHandshake, R36_a_refusal_is_a_response_that_our_client_understands) {
  for (const Errc error : {Errc::bad_key, Errc::bad_version, Errc::bad_method}) {
    const Rejection rejection = rejection_for(error);
    const auto verdict = client_verdict(build_rejection(rejection));
    ASSERT_TRUE(verdict.rejected);
    EXPECT_EQ(verdict.rejection.status, rejection.status);
    EXPECT_EQ(verdict.rejection.headers.get("Content-Length"),
              std::to_string(rejection.body.size()));
    EXPECT_FALSE(rejection.body.empty());
  }
}

}  // namespace
}  // namespace wirespan::test
