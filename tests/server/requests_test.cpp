// WebSocketServer: requests that on_request accepts or rejects, and requests that are refused.
// RFC 6455 §4.2, RFC 9110, RFC 9112.
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerRequests : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerRequests);

using Decision = std::function<std::optional<Rejection>(const ServerRequest&, Agreement&)>;

ServerHandlers deciding(Decision decision) {
  ServerHandlers handlers = echoing();
  handlers.on_request = [decision = std::move(decision)](PendingRequest request) {
    Agreement agreement;
    if (auto rejection = decision(request.request(), agreement)) {
      return request.reject(*std::move(rejection));
    }
    request.accept(std::move(agreement));
  };
  return handlers;
}

/// Options that let every origin in, so that the handler decides.
ServerOptions any_origin() { return {.origins = {.allow_any = true}}; }

/// Returns the whole answer to a request, until the server ends the stream.
std::string answer_to(const RunningServer& server, const std::string& request) {
  RawPeer client = server.dial();
  client.write(request);
  return client.read_to_end();
}

TEST_P(ServerRequests, R47_the_application_chooses_subprotocol_and_headers) {
  RunningServer server(
      deciding([](const ServerRequest& request, Agreement& agreement) {
        EXPECT_EQ(request.offer.subprotocols, (std::vector<std::string>{"one", "Two", "three"}));
        agreement.subprotocol = request.offer.subprotocols[1];
        agreement.headers.add("X-Served-By", "me");
        return std::nullopt;
      }),
      link());
  RawPeer client = server.dial();
  const std::string answer =
      client.open("Sec-WebSocket-Protocol: one, Two\r\nSec-WebSocket-Protocol: three\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Protocol: Two\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nX-Served-By: me\r\n"), std::string::npos);
}

TEST_P(ServerRequests, R47_without_a_choice_there_is_no_subprotocol_and_no_extension) {
  RunningServer server(echoing(), link());
  RawPeer client = server.dial();
  const std::string answer = client.open(
      "Sec-WebSocket-Protocol: one\r\nSec-WebSocket-Extensions: permessage-deflate\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(answer.find("Sec-WebSocket-Protocol"), std::string::npos);
  EXPECT_EQ(answer.find("Sec-WebSocket-Extensions"), std::string::npos);
}

TEST_P(ServerRequests, R47_the_first_subprotocol_of_the_server_that_was_offered_is_chosen) {
  struct Row {
    const char* offered;
    const char* chosen;
  };
  const ServerHandlers choosing = deciding([](const ServerRequest& request, Agreement& agreement) {
    if (request.offer.target == "/own") agreement.subprotocol = "own";
    return std::nullopt;
  });
  for (const ServerHandlers& handlers : {echoing(), choosing}) {
    RunningServer server(handlers, link(), {.subprotocols = {"v2", "v1"}});
    for (const Row& row : {Row{"v1", "v1"}, Row{"v1, v2", "v2"}, Row{"own, v1", "v1"},
                           Row{"V2", ""}, Row{"v3", ""}}) {
      RawPeer client = server.dial();
      const std::string answer =
          client.open("Sec-WebSocket-Protocol: " + std::string(row.offered) + "\r\n");
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 "));
      const std::string field = "\r\nSec-WebSocket-Protocol: ";
      EXPECT_EQ(answer.find(field) != std::string::npos, *row.chosen != '\0') << row.offered;
      if (*row.chosen != '\0') {
        EXPECT_NE(answer.find(field + row.chosen + "\r\n"), std::string::npos) << row.offered;
      }
    }
    RawPeer none = server.dial();
    EXPECT_EQ(none.open().find("Sec-WebSocket-Protocol"), std::string::npos) << "nothing offered";
  }
  RunningServer server(choosing, link(), {.subprotocols = {"v2", "v1"}});
  RawPeer client = server.dial();
  client.write(upgrade_request("Sec-WebSocket-Protocol: v2, own\r\n", "/own"));
  const std::string answer = client.read_head();
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Protocol: own\r\n"), std::string::npos);
}

TEST_P(ServerRequests, D21_the_hook_is_asked_once_and_sees_the_request_as_it_came) {
  std::atomic<int> asked{0};
  RunningServer server(deciding([&](const ServerRequest& request, Agreement&) {
                         ++asked;
                         EXPECT_EQ(request.offer.target, "/a%2e//b?c=%20");
                         EXPECT_EQ(request.offer.host, "localhost");
                         EXPECT_EQ(request.offer.origin, "https://o.example");
                         EXPECT_EQ(request.offer.headers.get("x-extra"), "1");
                         EXPECT_TRUE(request.peer.is_loopback());
                         return std::nullopt;
                       }),
                       link(), any_origin());
  RawPeer client = server.dial();
  client.write(upgrade_request("Origin: https://o.example\r\nX-Extra: 1\r\n", "/a%2e//b?c=%20"));
  EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(asked, 1);
}

TEST_P(ServerRequests, R46_an_origin_that_is_not_welcome_gets_403) {
  RunningServer server(
      deciding([](const ServerRequest& request, Agreement&) -> std::optional<Rejection> {
        if (request.offer.origin == "https://good.example") return std::nullopt;
        return Rejection{.status = 403, .body = "not from there\n"};
      }),
      link(), any_origin());
  const auto status_for = [&](const std::string& line) {
    RawPeer client = server.dial();
    client.write(upgrade_request(line));
    return client.read_head().substr(0, 12);
  };
  EXPECT_EQ(status_for("Origin: https://good.example\r\n"), "HTTP/1.1 101");
  for (const char* origin : {"http://good.example", "https://good.example.evil", "null",
                             "https://good.example:8443", "https://evil.example"}) {
    EXPECT_EQ(status_for("Origin: " + std::string(origin) + "\r\n"), "HTTP/1.1 403") << origin;
  }
  EXPECT_EQ(status_for(""), "HTTP/1.1 403");
}

TEST_P(ServerRequests, R74_a_rejection_carries_status_headers_and_body) {
  RunningServer server(
      deciding([](const ServerRequest& request, Agreement&) -> std::optional<Rejection> {
        return Rejection{.status = std::stoi(request.offer.target.substr(1)),
                         .headers = {{"WWW-Authenticate", "Basic"},
                                     {"Retry-After", "7"},
                                     {"Content-Length", "999"},
                                     {"Broken", "a\r\nb: c"}},
                         .body = "some words"};
      }),
      link());
  for (const int status : {401, 403, 404, 429, 503}) {
    const std::string answer = answer_to(server, upgrade_request({}, "/" + std::to_string(status)));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ")) << answer;
    EXPECT_NE(answer.find("\r\nWWW-Authenticate: Basic\r\nRetry-After: 7\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nContent-Length: 10\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_EQ(answer.find("999"), std::string::npos);
    EXPECT_EQ(answer.find("Broken"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\nsome words")) << answer;
  }
}

TEST_P(ServerRequests, F1_a_hook_that_throws_or_chooses_what_nobody_offered_is_a_500) {
  std::atomic<int> asked{0};
  RunningServer server(
      deciding([&](const ServerRequest&, Agreement& agreement) -> std::optional<Rejection> {
        switch (++asked) {
          case 1:
            throw std::runtime_error("no");
          case 2:
            agreement.subprotocol = "not offered";
            return std::nullopt;
          case 3:
            agreement.headers.add("Upgrade", "h2c");
            return std::nullopt;
          default:
            agreement.headers.add("X", "a\r\nb");
            return std::nullopt;
        }
      }),
      link());
  for (int i = 0; i < 4; ++i) {
    const std::string answer = answer_to(server, upgrade_request());
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << i << answer;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  }
  EXPECT_EQ(server.server().connection_count(), 0U);
}

TEST_P(ServerRequests, F1_nothing_is_opened_or_closed_for_a_request_that_was_refused) {
  std::atomic<int> calls{0};
  ServerHandlers handlers{
      .on_request = [](PendingRequest request) { request.reject({.status = 404}); },
      .on_open = [&](const ServerConnection&) { ++calls; },
      .on_close = [&](const ServerConnection&, CloseCode, std::string_view) { ++calls; }};
  {
    RunningServer server(handlers, link());
    EXPECT_TRUE(answer_to(server, upgrade_request()).starts_with("HTTP/1.1 404 "));
    (void)answer_to(server, "GET / HTTP/1.1\r\n\r\n");
    RawPeer::to_port(server.port()).reset();
  }
  EXPECT_EQ(calls, 0);
}

struct BadRequest {
  const char* name;
  std::string request;
  int status;
  std::string header = {};  // that must be there
};
void PrintTo(const BadRequest& row, std::ostream* out) { *out << row.name; }

std::string without(const std::string& name) {
  std::string request = upgrade_request();
  const std::size_t at = request.find(name + ":");
  return request.erase(at, request.find("\r\n", at) + 2 - at);
}

std::string replacing(const std::string& name, const std::string& value) {
  std::string request = without(name);
  return request.insert(request.size() - 2, name + ": " + value + "\r\n");
}

std::vector<BadRequest> bad_requests() {
  return {
      {"R37_post", "POST" + upgrade_request().substr(3), 405, "Allow: GET"},
      {"R37_http_1_0", "GET / HTTP/1.0\r\nHost: x\r\n\r\n", 505},
      {"R38_no_host", without("Host"), 400},
      {"R38_two_hosts", upgrade_request("Host: b\r\n"), 400},
      {"R39_no_upgrade", without("Upgrade"), 426, "Upgrade: websocket"},
      {"R40_no_connection", without("Connection"), 400},
      {"R41_no_key", without("Sec-WebSocket-Key"), 400},
      {"R41_short_key", replacing("Sec-WebSocket-Key", "c2hvcnQ="), 400},
      {"R42_two_keys", upgrade_request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400},
      {"R44_version_8", replacing("Sec-WebSocket-Version", "8"), 426, "Sec-WebSocket-Version: 13"},
      {"R57_blank_before_colon", upgrade_request("X : y\r\n"), 400},
      {"R59_folded_line", upgrade_request("X: y\r\n z\r\n"), 400},
      {"R60_bare_cr", upgrade_request("X: y\rz\r\n"), 400},
      {"R63_long_target", upgrade_request({}, "/" + std::string(9000, 'a')), 414},
      {"R64_long_head", upgrade_request("X: " + std::string(17'000, 'a') + "\r\n"), 431},
      {"R71_body", upgrade_request("Content-Length: 3\r\n") + "abc", 400},
      {"D10_chunked", upgrade_request("Transfer-Encoding: chunked\r\n"), 400},
      {"D7_nul_first", std::string(1, '\0') + upgrade_request(), 400},
      {"garbage", "\x16\x03\x01\x02\x00\x01\r\n\r\n", 400},
  };
}

class ServerRefusals : public ::testing::TestWithParam<std::tuple<Link, BadRequest>> {};
std::string refusal_name(const ::testing::TestParamInfo<std::tuple<Link, BadRequest>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, ServerRefusals,
                         ::testing::Combine(::testing::ValuesIn(links_and_backends()),
                                            ::testing::ValuesIn(bad_requests())),
                         refusal_name);

TEST_P(ServerRefusals, R36_R72_get_exactly_one_answer_that_ends_the_connection) {
  const auto& [link, row] = GetParam();
  std::atomic<int> asked{0};
  RunningServer server(deciding([&](const ServerRequest&, Agreement&) {
                         ++asked;
                         return std::nullopt;
                       }),
                       link);
  // A second request follows at once (pipelining); the server must not answer it.
  const std::string answer = answer_to(server, row.request + upgrade_request());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(row.status) + " ")) << answer;
  EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "one answer";
  EXPECT_NE(answer.find("close\r\n"), std::string::npos) << answer;
  if (!row.header.empty()) {
    EXPECT_NE(answer.find("\r\n" + row.header + "\r\n"), std::string::npos) << answer;
  }
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_NE(answer.find("Content-Length: " + std::to_string(answer.size() - body) + "\r\n"),
            std::string::npos)
      << answer;
  EXPECT_EQ(asked, 0);
}

TEST_P(ServerRefusals, A7_in_small_pieces_get_the_same) {
  const auto& [link, row] = GetParam();
  RunningServer server(echoing(), link);
  RawPeer client = server.dial();
  const std::size_t piece = row.request.size() > 5000 ? 97 : 1;
  for (std::size_t at = 0; at < row.request.size(); at += piece) {
    if (!client.write(row.request.substr(at, piece))) break;
  }
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
}

TEST_P(ServerRequests, R73_1_MiB_behind_a_bad_request_does_not_destroy_the_answer) {
  RunningServer server(echoing(), link());
  for (const std::size_t size :
       {std::size_t{1} << 10, std::size_t{1} << 20, std::size_t{8} << 20}) {
    RawPeer client = server.dial();
    client.write("GET / HTTP/1.1\r\n\r\n" + std::string(size, 'x'));
    std::this_thread::sleep_for(20ms);  // the answer has come, and a reset would have, too
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << size;
    EXPECT_NE(answer.find("\r\n\r\n"), std::string::npos);
  }
}

TEST_P(ServerRequests, R73_the_wait_for_a_refused_client_has_an_end) {
  RunningServer server(echoing(), link(), {.handshake_time = 300ms});
  RawPeer client = server.dial();
  client.write("GET / HTTP/1.1\r\n\r\n");
  const Stopwatch watch;
  EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 400 "));
  while (client.write("x") && watch.elapsed() < 5s) std::this_thread::sleep_for(5ms);
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_P(ServerRequests, B12_the_handshake_has_a_deadline_that_no_byte_extends) {
  RunningServer server(echoing(), link(), {.handshake_time = 300ms});
  RawPeer silent = RawPeer::to_port(server.port());  // not even TLS
  RawPeer dripping = server.dial();
  const Stopwatch watch;
  bool cut = false;
  for (const char c : upgrade_request()) {
    cut = !dripping.write(std::string_view(&c, 1)) || dripping.has_input(0ms);
    if (cut) break;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(cut) << "150 bytes would have taken 1.5 s";
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_GE(watch.elapsed(), 200ms);
  EXPECT_LT(watch.elapsed(), 5s);
  RawPeer client = server.open();  // and the server lives
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
}

/// Returns the answer to a request that offers permessage-deflate, up to its empty line.
std::string answer_to_an_offer(const RunningServer& server) {
  RawPeer client = server.dial();
  client.write(upgrade_request("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  return client.read_head();
}

constexpr const char* agreed_extension = "\r\nSec-WebSocket-Extensions: permessage-deflate";

/// RFC 7692 §5.1: an extension in the 101 holds for both sides, so one that the server does not
/// have must not stand there, whatever the application wrote into the agreement.
TEST_P(ServerRequests, an_agreement_with_compression_is_answered_without_it_where_it_is_off) {
  RunningServer server(deciding([](const ServerRequest&, Agreement& agreement) {
                         agreement.deflate = DeflateParameters{};
                         return std::nullopt;
                       }),
                       link());
  const std::string answer = answer_to_an_offer(server);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_EQ(answer.find(agreed_extension), std::string::npos) << answer;
}

TEST_P(ServerRequests, without_compression_declines_it_for_one_connection_alone) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  int asked = 0;
  ServerHandlers handlers = echoing();
  handlers.on_request = [&](PendingRequest request) {
    if (++asked == 1) request.without_compression();
    request.accept();
  };
  RunningServer server(handlers, link(), {.compression = DeflateOptions{}});
  const std::string declined = answer_to_an_offer(server);
  EXPECT_TRUE(declined.starts_with("HTTP/1.1 101 ")) << declined;
  EXPECT_EQ(declined.find(agreed_extension), std::string::npos) << declined;
  const std::string agreed = answer_to_an_offer(server);
  EXPECT_NE(agreed.find(agreed_extension), std::string::npos) << agreed;
}

TEST_P(ServerRequests, F1_a_hook_that_accepts_and_then_throws_has_accepted) {
  ServerHandlers handlers = echoing();
  handlers.on_request = [](PendingRequest request) {
    request.accept();
    throw std::runtime_error("after the answer");
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
  EXPECT_EQ(server.server().stats().refused.rejected, 0U);
}

TEST_P(ServerRequests, F1_a_hook_that_rejects_and_then_throws_sends_one_answer) {
  ServerHandlers handlers;
  handlers.on_request = [](PendingRequest request) {
    request.reject({.status = 404, .body = "not here\n"});
    throw std::runtime_error("after the answer");
  };
  RunningServer server(handlers, link());
  const std::string answer = answer_to(server, upgrade_request());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nnot here\n")) << answer;
}

}  // namespace
}  // namespace wirespan::test
