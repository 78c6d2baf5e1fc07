// RFC 6455 §4.2.2: a server's responses, the offer it hands to the application, and its limits.
#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

std::string answer_to(const std::string& request, const Agreement& agreement = {}) {
  const auto verdict = server_verdict(request);
  EXPECT_TRUE(verdict.complete) << verdict.error.message();
  EXPECT_FALSE(check_agreement(verdict.offer, agreement));
  return build_acceptance(verdict.offer, agreement);
}

Agreement choosing(std::string subprotocol) {
  Agreement agreement;
  agreement.subprotocol = std::move(subprotocol);
  return agreement;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Section4_2Answer, R52_R53_R69_R70_the_whole_of_it_for_the_example_of_the_rfc) {
  EXPECT_EQ(answer_to(valid_request()),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "\r\n");
}

TEST(Section4_2Answer, R52_our_own_client_has_nothing_against_it) {
  ClientRequest request = simple_client_request();
  request.subprotocols = {"a", "b"};
  const auto offer = server_verdict(build_request(request, sample_handshake_key())).offer;
  Agreement agreement = choosing("b");
  agreement.headers.add("X-Server", "yes");
  const auto verdict = client_verdict(build_acceptance(offer, agreement), request);
  ASSERT_TRUE(verdict.complete) << verdict.error.message();
  EXPECT_EQ(verdict.agreement.subprotocol, "b");
  EXPECT_EQ(verdict.agreement.headers.get("x-server"), "yes");
}

TEST(Section4_2Answer, R53_more_keys_and_their_answers) {
  // Computed with an independent SHA-1.
  const struct {
    const char* key;
    const char* accept;
  } rows[] = {
      {"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
      {"x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="},
      {"AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="},
  };
  for (const auto& row : rows) {
    const AcceptKey accept = accept_for(row.key);
    EXPECT_EQ(std::string(accept.data(), accept.size()), row.accept) << row.key;
  }
}

TEST(Section4_2Answer, R47_R48_a_subprotocol_that_was_offered_stands_there_once) {
  const std::string request =
      adding(valid_request(), {"Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: c"});
  const std::string answer = answer_to(request, choosing("c"));
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Protocol: c\r\n"), std::string::npos);
  EXPECT_EQ(occurrences(answer, "Sec-WebSocket-Protocol"), 1U);
}

TEST(Section4_2Answer, R47_without_a_choice_the_field_is_absent) {
  for (const char* line : {"Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: ,",
                           "Sec-WebSocket-Protocol:", "X: 1"}) {
    EXPECT_EQ(answer_to(adding(valid_request(), {line})).find("Protocol:"), std::string::npos);
  }
}

TEST(Section4_2Answer, R47_a_subprotocol_that_was_not_offered_is_refused) {
  const auto offer =
      server_verdict(adding(valid_request(), {"Sec-WebSocket-Protocol: chat"})).offer;
  EXPECT_EQ(check_agreement(offer, choosing("other")), Errc::invalid_subprotocol);
  EXPECT_EQ(check_agreement(offer, choosing("Chat")), Errc::invalid_subprotocol);
  EXPECT_FALSE(check_agreement(offer, choosing("chat")));
}

TEST(Section4_2Answer, R48_offers_over_several_lines_are_one_list_in_order) {
  const auto verdict = server_verdict(adding(
      valid_request(), {"Sec-WebSocket-Protocol: c,,b ,", "X: 1", "sec-websocket-protocol: a"}));
  ASSERT_TRUE(verdict.complete);
  EXPECT_EQ(verdict.offer.subprotocols, (std::vector<std::string>{"c", "b", "a"}));
}

TEST(Section4_2Answer, R70_an_application_cannot_give_a_101_a_body_or_break_its_lines) {
  const auto offer = server_verdict(valid_request()).offer;
  const struct {
    Header header;
    Errc error;
  } rows[] = {
      {{"Content-Length", "5"}, Errc::reserved_header},
      {{"transfer-encoding", "chunked"}, Errc::reserved_header},
      {{"Connection", "close"}, Errc::reserved_header},
      {{"Upgrade", "h2c"}, Errc::reserved_header},
      {{"Sec-WebSocket-Accept", "x"}, Errc::reserved_header},
      {{"Sec-WebSocket-Protocol", "x"}, Errc::reserved_header},
      {{"X", "1\r\nEvil: 1"}, Errc::invalid_header},
      {{"X Y", "1"}, Errc::invalid_header},
  };
  for (const auto& row : rows) {
    Agreement agreement;
    agreement.headers.add(row.header.name, row.header.value);
    EXPECT_EQ(check_agreement(offer, agreement), row.error) << row.header.name;
    EXPECT_EQ(build_acceptance(offer, agreement), build_acceptance(offer, {})) << "left out";
  }
}

TEST(Section4_2Answer, R44_R45_R69_426_names_the_version_and_the_protocol) {
  const auto verdict = server_verdict(
      with_line(valid_request(), "Sec-WebSocket-Version:", "Sec-WebSocket-Version: 8"));
  const std::string answer = build_rejection(rejection_for(verdict.error));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nUpgrade: websocket\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nConnection: Upgrade, close\r\n"), std::string::npos);
}

/// Every defect is answered with an HTTP error, with its length and Connection: close.
TEST(Section4_2Answer, R36_R37_every_defect_has_an_answer_that_is_no_101) {
  const struct {
    Errc error;
    int status;
  } rows[] = {
      {Errc::malformed_start_line, 400},
      {Errc::malformed_field, 400},
      {Errc::head_too_long, 431},
      {Errc::too_many_fields, 431},
      {Errc::bad_http_version, 505},
      {Errc::missing_upgrade, 426},
      {Errc::missing_connection_upgrade, 400},
      {Errc::repeated_field, 400},
      {Errc::target_too_long, 414},
      {Errc::bad_method, 405},
      {Errc::bad_host, 400},
      {Errc::bad_key, 400},
      {Errc::bad_version, 426},
      {Errc::bad_subprotocols, 400},
      {Errc::bad_extensions, 400},
      {Errc::request_with_body, 400},
      {Errc::bad_request_target, 400},
  };
  for (const auto& [error, status] : rows) {
    const Rejection rejection = rejection_for(error);
    EXPECT_EQ(rejection.status, status);
    const std::string answer = build_rejection(rejection);
    const std::size_t end = answer.find("\r\n\r\n") + 4;
    EXPECT_NE(answer.find("close\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nContent-Length: " + std::to_string(answer.size() - end) + "\r\n"),
              std::string::npos);
    EXPECT_EQ(answer.find("Sec-WebSocket-Accept"), std::string::npos);
  }
  EXPECT_EQ(rejection_for(Errc::bad_method).headers.get("Allow"), "GET");
}

TEST(Section4_2Answer, R74_a_refusal_of_the_applications_own) {
  for (const int status : {401, 403, 404, 429, 503, 599}) {
    const std::string answer = build_rejection({.status = status,
                                                .headers = {{"WWW-Authenticate", "Basic"},
                                                            {"Content-Length", "1"},
                                                            {"Connection", "keep-alive"},
                                                            {"X", "1\r\nEvil: 1"}},
                                                .body = "go away"});
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ")) << answer;
    EXPECT_NE(answer.find("\r\nWWW-Authenticate: Basic\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_EQ(occurrences(answer, "Content-Length"), 1U);
    EXPECT_TRUE(answer.ends_with("\r\nContent-Length: 7\r\n\r\ngo away"));
    EXPECT_EQ(answer.find("Evil"), std::string::npos);
    EXPECT_EQ(answer.find("keep-alive"), std::string::npos);
  }
}

// The offer that is handed to the application.

TEST(Section4_2Offer, R65_an_absolute_target_counts_instead_of_host) {
  const struct {
    const char* line;
    const char* host;
    const char* target;
  } rows[] = {
      {"GET /chat HTTP/1.1", "server.example.com", "/chat"},
      {"GET http://other.example:81/chat?x=1 HTTP/1.1", "other.example:81", "/chat?x=1"},
      {"GET https://other.example HTTP/1.1", "other.example", "/"},
      {"GET WS://other.example?q HTTP/1.1", "other.example", "/?q"},
      {"GET wss://[::1]:9/ HTTP/1.1", "[::1]:9", "/"},
  };
  for (const auto& row : rows) {
    const auto verdict = server_verdict(with_line(valid_request(), "GET ", row.line));
    ASSERT_TRUE(verdict.complete) << row.line;
    EXPECT_EQ(verdict.offer.host, row.host);
    EXPECT_EQ(verdict.offer.target, row.target);
  }
}

TEST(Section4_2Offer, R65_an_absolute_target_does_not_make_up_for_a_missing_host) {
  const std::string request =
      with_line(with_line(valid_request(), "GET ", "GET http://h/ HTTP/1.1"), "Host:", "");
  EXPECT_EQ(server_verdict(request).error, Errc::bad_host);
}

TEST(Section4_2Offer, R55_fields_are_found_and_kept_as_they_were_spelt) {
  const auto verdict = server_verdict(adding(
      valid_request(), {"oRIGIN: http://a.example", "X-Spelling: One", "x-spelling:  Two "}));
  ASSERT_TRUE(verdict.complete);
  EXPECT_EQ(verdict.offer.origin, "http://a.example");
  EXPECT_EQ(verdict.offer.key, sample_key);
  EXPECT_EQ(verdict.offer.headers.get_all("X-SPELLING"),
            (std::vector<std::string_view>{"One", "Two"}));
  EXPECT_EQ(verdict.offer.headers.size(), 8U);
}

TEST(Section4_2Offer, the_target_is_given_as_it_came) {
  for (const std::string target :
       {"//x", "/%2e%2E/x", "/a;b?c=%00", "/.well-known/x", "/?", "/{a}|\\?filter[]='\""}) {
    for (const char* authority : {"", "ws://h"}) {
      const auto verdict = server_verdict(
          with_line(valid_request(), "GET ", "GET " + (authority + target) + " HTTP/1.1"));
      ASSERT_TRUE(verdict.complete) << authority << target;
      EXPECT_EQ(verdict.offer.target, target);
    }
  }
}

TEST(Section4_2Offer, frames_in_the_same_read_are_left_to_the_connection) {
  const std::string text = valid_request() + "\x81\x80xxxx";
  for_every_chopping(wire_bytes(text), [&](const Chopping& chopping) {
    const auto verdict = server_verdict(chopping);
    EXPECT_TRUE(verdict.complete);
    EXPECT_EQ(verdict.consumed, valid_request().size());
  });
}

TEST(Section4_2Answer, R164_the_method_head_is_known_however_bad_the_rest_is) {
  const struct {
    std::string request;
    bool head;
  } rows[] = {
      {with_line(valid_request(), "GET ", "HEAD /chat HTTP/1.1"), true},
      {"HEAD /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n", true},
      {"\r\nHEAD / HTTP/2.0\r\n\r\n", true},
      {"HEAD / HTTP/1.1\r\nno colon\r\n\r\n", true},
      {"HEADER / HTTP/1.1\r\nHost: h\r\n\r\n", false},
      {"head / HTTP/1.1\r\nHost: h\r\n\r\n", false},
      {"POST /HEAD HTTP/1.1\r\nHost: h\r\n\r\n", false},
  };
  for (const auto& row : rows) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, row.request.size()}) {
      ServerHandshake handshake;
      for (const Bytes piece : pieces_of(wire_bytes(row.request), size).pieces) {
        if (std::holds_alternative<Failed>(handshake.feed(piece))) break;
      }
      EXPECT_EQ(handshake.asks_for_head(), row.head) << row.request.substr(0, 40);
    }
  }
}

// Limits.

TEST(Section4_2Limits, R63_a_request_line_of_8000_bytes_and_not_much_more) {
  const auto with_target = [](std::size_t size) {
    return with_line(valid_request(), "GET ", "GET /" + std::string(size - 1, 'x') + " HTTP/1.1");
  };
  for (const std::size_t piece : {1UL, 1000UL, 100'000UL}) {
    const auto verdict_on = [&](const std::string& text) {
      return server_verdict(pieces_of(wire_bytes(text), piece));
    };
    EXPECT_TRUE(verdict_on(with_target(8000)).complete) << piece;
    EXPECT_TRUE(verdict_on(with_target(limits::request_target_size)).complete) << piece;
    EXPECT_EQ(verdict_on(with_target(limits::request_target_size + 1)).error,
              Errc::target_too_long);
    EXPECT_EQ(verdict_on("GET /" + std::string(20'000, 'x')).error, Errc::target_too_long);
  }
  EXPECT_EQ(rejection_for(Errc::target_too_long).status, 414);
}

TEST(Section4_2Limits, R63_a_giant_target_gets_414_however_it_is_cut) {
  const std::string text =
      with_line(valid_request(), "GET ", "GET /" + std::string(20'000, 'x') + " HTTP/1.1");
  for (const std::size_t piece : {1UL, 1000UL, 100'000UL}) {
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(text), piece)).error, Errc::target_too_long)
        << "in pieces of " << piece;
  }
}

TEST(Section4_2Limits, R64_a_head_that_is_too_long_gets_431) {
  const std::string one_line = adding(valid_request(), {"X: " + std::string(20'000, 'x')});
  const std::string endless = valid_request().substr(0, 40) + "\r\nX: " + std::string(20'000, 'x');
  for (const std::size_t piece : {1UL, 1000UL, 100'000UL}) {
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(one_line), piece)).error, Errc::head_too_long);
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(endless), piece)).error, Errc::head_too_long);
  }
  EXPECT_EQ(rejection_for(Errc::head_too_long).status, 431);
}

/// Status 414 is for the target, not for the fields that follow it.
TEST(Section4_2Limits, R64_a_long_head_with_a_target_in_bounds_gets_431) {
  const std::string target = "/" + std::string(limits::request_target_size - 4, 'x');
  const std::string text = adding(with_line(valid_request(), "GET ", "GET " + target + " HTTP/1.1"),
                                  {"X: " + std::string(limits::head_size, 'x')});
  for (const std::size_t piece : {1UL, 1000UL, 100'000UL}) {
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(text), piece)).error, Errc::head_too_long);
  }
}

TEST(Section4_2Limits, R64_exactly_the_allowed_size_passes) {
  const std::size_t rest =
      limits::head_size - valid_request().size() - std::string("X: \r\n").size();
  const std::string fits = adding(valid_request(), {"X: " + std::string(rest, 'x')});
  ASSERT_EQ(fits.size(), limits::head_size);
  const std::string one_more = adding(valid_request(), {"X: " + std::string(rest + 1, 'x')});
  for (const std::size_t piece : {1UL, 100UL, 100'000UL}) {
    EXPECT_TRUE(server_verdict(pieces_of(wire_bytes(fits), piece)).complete) << piece;
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(one_more), piece)).error, Errc::head_too_long);
  }
}

TEST(Section4_2Limits, R64_a_hundred_fields_and_no_more) {
  std::string request = valid_request();
  for (std::size_t i = 5; i < limits::head_fields; ++i) request = adding(request, {"X: 1"});
  const std::string too_many = adding(request, {"X: 1"});
  for (const std::size_t piece : {1UL, 100'000UL}) {
    EXPECT_TRUE(server_verdict(pieces_of(wire_bytes(request), piece)).complete);
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(too_many), piece)).error, Errc::too_many_fields);
  }
  EXPECT_EQ(rejection_for(Errc::too_many_fields).status, 431);
}

TEST(Section4_2Limits, R64_an_application_may_set_narrower_limits) {
  const HeadLimits narrow{.size = 200, .fields = 5, .target = 8};
  const auto verdict_on = [&](const std::string& text) {
    return server_verdict(pieces_of(wire_bytes(text), 1000), narrow).error;
  };
  EXPECT_FALSE(verdict_on(valid_request()));
  EXPECT_EQ(verdict_on(adding(valid_request(), {"X: 1"})), Errc::too_many_fields);
  EXPECT_EQ(verdict_on(adding(valid_request(), {"X: 1" + std::string(50, 'x')})),
            Errc::head_too_long);
  EXPECT_EQ(verdict_on(with_line(valid_request(), "GET ", "GET /12345678 HTTP/1.1")),
            Errc::target_too_long);
}

}  // namespace
}  // namespace wirespan::test
