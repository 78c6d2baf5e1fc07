// core/server_handshake.cpp: a request that asks for no upgrade, for servers that answer those.
#include <string>

#include <gtest/gtest.h>

#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

struct Plain {
  std::string request;
  std::error_code error{};
  std::string method{};
  std::string target{};
};

const std::vector<Plain> plain_requests{
    {"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", {}, "GET", "/health"},
    {"HEAD /health?a=b HTTP/1.1\r\nHost: a\r\n\r\n", {}, "HEAD", "/health?a=b"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", {}, "POST", "/"},
    {"GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", {}, "GET", "/x"},
    // HTTP/1.0 knows no Host; a wrong one is wrong there, too.
    {"GET / HTTP/1.0\r\n\r\n", {}, "GET", "/"},
    {"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", Errc::bad_host},
    {"GET / HTTP/1.1\r\n\r\n", Errc::bad_host},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Errc::bad_host},
    {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", Errc::bad_request_target},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", Errc::request_with_body},
    {"HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Errc::request_with_body},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", Errc::bad_method},
};

TEST(PlainRequests, are_taken_or_refused_as_a_whole_and_in_pieces) {
  for (const Plain& row : plain_requests) {
    for (std::size_t cut = 0; cut < row.request.size(); ++cut) {
      ServerHandshake handshake({}, heap_blocks(), true);
      const Bytes all = wire_bytes(row.request);
      auto step = cut == 0 ? ServerHandshakeStep(NeedInput{}) : handshake.feed(all.first(cut));
      if (std::holds_alternative<NeedInput>(step)) step = handshake.feed(all.subspan(cut));
      if (row.error) {
        ASSERT_TRUE(std::holds_alternative<Failed>(step)) << row.request << " cut at " << cut;
        EXPECT_EQ(std::get<Failed>(step).error, row.error) << row.request;
        continue;
      }
      ASSERT_TRUE(std::holds_alternative<PlainRequest>(step)) << row.request << " cut at " << cut;
      EXPECT_EQ(std::get<PlainRequest>(step).method, row.method);
      EXPECT_EQ(std::get<PlainRequest>(step).target, row.target);
      EXPECT_EQ(handshake.asks_for_head(), row.method == "HEAD");
    }
  }
}

TEST(PlainRequests, an_upgrade_is_no_plain_request) {
  ServerHandshake handshake({}, heap_blocks(), true);
  EXPECT_TRUE(std::holds_alternative<RequestReceived>(handshake.feed(wire_bytes(valid_request()))));
}

TEST(PlainRequests, a_server_that_serves_none_refuses_them) {
  ServerHandshake handshake;
  const auto step = handshake.feed(wire_bytes(plain_requests.front().request));
  ASSERT_TRUE(std::holds_alternative<Failed>(step));
}

TEST(PlainRequests, a_response_with_a_status_that_is_none_becomes_a_500) {
  for (const int status : {0, 100, 199, 1000, -1}) {
    EXPECT_TRUE(build_rejection({.status = status}).starts_with("HTTP/1.1 500 ")) << status;
  }
}

TEST(PlainRequests, RFC9110_15_3_5_no_content_tells_no_length_and_HEAD_gets_no_body) {
  for (const int status : {204, 304}) {
    const std::string text = build_rejection({.status = status, .body = "body"});
    EXPECT_EQ(text.find("Content-Length"), std::string::npos) << status;
    EXPECT_TRUE(text.ends_with("\r\n\r\n")) << status;
  }
  const std::string head = build_rejection({.status = 200, .body = "body"}, true);
  EXPECT_NE(head.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_TRUE(build_rejection({.status = 200, .body = "body"}).ends_with("\r\n\r\nbody"));
}

}  // namespace
}  // namespace wirespan::test
