// RFC 6455 §4.1: responses other than a plain 101, and bytes behind the head.
#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

TEST(Section4_1Answers, R23_another_status_is_reported_with_its_head) {
  for (const int status : {200, 204, 301, 307, 400, 401, 403, 404, 426, 500, 503, 999}) {
    const std::string head = "HTTP/1.1 " + std::to_string(status) +
                             " Some Reason\r\nLocation: /x\r\nContent-Length: 4\r\n\r\n";
    const std::string text = head + "body";
    for_every_chopping(wire_bytes(text), [&](const Chopping& chopping) {
      SCOPED_TRACE(chopping.name);
      const auto verdict = client_verdict(chopping, simple_client_request());
      ASSERT_TRUE(verdict.rejected);
      EXPECT_FALSE(verdict.complete);
      EXPECT_EQ(verdict.rejection.status, status);
      EXPECT_EQ(verdict.rejection.reason, "Some Reason");
      EXPECT_EQ(verdict.rejection.headers.get("location"), "/x");
      EXPECT_EQ(verdict.consumed, head.size()) << "the body is left to the caller";
    });
  }
}

TEST(Section4_1Answers, R23_a_valid_looking_head_with_another_status_opens_nothing) {
  const auto verdict = client_verdict(with_line(valid_response(), "HTTP/1.1", "HTTP/1.1 200 OK"));
  EXPECT_FALSE(verdict.complete);
  EXPECT_TRUE(verdict.rejected);
}

TEST(Section4_1Answers, R23_check_response_refuses_another_status) {
  Agreement agreement;
  ResponseHead head;
  head.status = 200;
  head.minor_version = 1;
  EXPECT_EQ(check_response(head, simple_client_request(), sample_key, agreement),
            Errc::not_switching_protocols);
}

TEST(Section4_1Answers, R32_informational_answers_are_skipped) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
      "HTTP/1.0 102 Processing\r\n\r\n" +
      valid_response() +
      "\x81\x01"
      "a";
  for_every_chopping(wire_bytes(text), [&](const Chopping& chopping) {
    SCOPED_TRACE(chopping.name);
    const auto verdict = client_verdict(chopping, simple_client_request());
    EXPECT_TRUE(verdict.complete) << verdict.error.message();
    EXPECT_EQ(verdict.consumed, text.size() - 3);
    EXPECT_FALSE(verdict.agreement.headers.contains("Link"));
  });
}

TEST(Section4_1Answers, R32_an_informational_answer_before_a_refusal) {
  const auto verdict =
      client_verdict("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n");
  EXPECT_TRUE(verdict.rejected);
  EXPECT_EQ(verdict.rejection.status, 403);
}

TEST(Section4_1Answers, R32_informational_answers_have_an_end) {
  std::string text;
  for (int i = 0; i < limits::informational_responses; ++i) text += "HTTP/1.1 100 C\r\n\r\n";
  EXPECT_TRUE(client_verdict(text + valid_response()).complete);
  text += "HTTP/1.1 100 C\r\n\r\n";
  for_every_chopping(wire_bytes(text + valid_response()), [&](const Chopping& chopping) {
    EXPECT_EQ(client_verdict(chopping, simple_client_request()).error,
              Errc::too_many_informational);
  });
}

/// RFC 9110 §8.6, RFC 9112 §6.1: neither field may stand in a 101.
TEST(Section4_1Answers, R33_a_101_that_announces_a_body_is_refused) {
  for (const char* line : {"Content-Length: 5", "Content-Length: 0", "transfer-encoding: chunked",
                           "Transfer-Encoding:"}) {
    const std::string text = adding(valid_response(), {line}) + "\x81\x03xyz";
    for_every_chopping(wire_bytes(text), [&](const Chopping& chopping) {
      const auto verdict = client_verdict(chopping, simple_client_request());
      EXPECT_EQ(verdict.error, Errc::response_with_body) << line;
    });
  }
}

TEST(Section4_1Answers, frames_in_the_same_read_are_left_to_the_connection) {
  const std::string text = valid_response() + std::string("\x81\x00\x82\x01\xFF", 5);
  for_every_chopping(wire_bytes(text), [&](const Chopping& chopping) {
    const auto verdict = client_verdict(chopping, simple_client_request());
    EXPECT_TRUE(verdict.complete);
    EXPECT_EQ(verdict.consumed, text.size() - 5);
  });
}

TEST(Section4_1Answers, what_was_agreed_is_handed_over) {
  ClientRequest request = simple_client_request();
  request.subprotocols = {"Chat.V1", "x"};
  const auto verdict = client_verdict(
      adding(valid_response(), {"Sec-WebSocket-Protocol: Chat.V1", "X-A: 1", "X-A: 2"}), request);
  ASSERT_TRUE(verdict.complete);
  EXPECT_EQ(verdict.agreement.subprotocol, "Chat.V1");
  EXPECT_EQ(verdict.agreement.headers.get_all("x-a"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(verdict.agreement.headers.get("upgrade"), "websocket");
}

TEST(Section4_1Answers, R26_a_key_of_the_callers_own_is_the_one_that_counts) {
  ClientRequest request = simple_client_request();
  request.headers.add("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
  ASSERT_FALSE(check_client_request(request));
  EXPECT_NE(build_request(request, sample_handshake_key()).find("Key: AAAAAAAAAAAAAAAAAAAAAA=="),
            std::string::npos);
  EXPECT_EQ(client_verdict(valid_response(), request).error, Errc::bad_accept);
  const AcceptKey accept = accept_for("AAAAAAAAAAAAAAAAAAAAAA==");
  const std::string line = "Sec-WebSocket-Accept: " + std::string(accept.data(), accept.size());
  const auto response = with_line(valid_response(), "Sec-WebSocket-Accept:", line);
  EXPECT_TRUE(client_verdict(response, request).complete);
}

/// A head without end must not be collected without limit.
TEST(Section4_1Answers, R29_an_endless_head_is_cut_off) {
  const std::string first = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string one_line = first + "X: " + std::string(100'000, 'x');
  std::string many_lines = first;
  for (int i = 0; i < 200; ++i) many_lines += "X: 1\r\n";
  const std::string no_line = "HTTP/1.1 101 " + std::string(100'000, 'x');
  for (const std::size_t size : {1UL, 100UL, 1'000'000UL}) {
    const auto verdict_on = [&](const std::string& text) {
      return client_verdict(pieces_of(wire_bytes(text), size), simple_client_request()).error;
    };
    EXPECT_EQ(verdict_on(one_line), Errc::head_too_long) << size;
    EXPECT_EQ(verdict_on(no_line), Errc::head_too_long) << size;
    EXPECT_EQ(verdict_on(many_lines + "\r\n"), Errc::too_many_fields) << size;
  }
}

}  // namespace
}  // namespace wirespan::test
