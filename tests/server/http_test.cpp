// on_http: requests on the same port that are no upgrade. RFC 9110, RFC 9112.
#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/server_metrics.hpp>

namespace wirespan::test {
namespace {

class ServerHttp : public ServerTest {
 protected:
  /// Returns the whole answer, until the server ends the stream.
  static std::string ask(const RunningServer& server, const std::string& request) {
    RawPeer client = server.dial();
    client.write(request);
    return client.read_to_end();
  }
  static std::string get(const std::string& target, const std::string& method = "GET") {
    return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nX-Asks: me\r\n\r\n";
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerHttp);

ServerHandlers with_http(std::function<HttpResponse(const HttpRequest&)> answer) {
  ServerHandlers handlers = echoing();
  handlers.on_http = std::move(answer);
  return handlers;
}

TEST_P(ServerHttp, a_request_is_shown_as_it_came_and_answered_once) {
  RunningServer server(with_http([&](const HttpRequest& request) -> HttpResponse {
                         EXPECT_EQ(request.method, "GET");
                         EXPECT_EQ(request.target, "/a%20b?c=d");
                         EXPECT_EQ(request.headers.get("x-asks"), "me");
                         EXPECT_TRUE(request.peer.is_loopback());
                         EXPECT_EQ(request.is_tls, link().is_secure());
                         return {.headers = {{"Content-Type", "text/plain"}}, .body = "hello"};
                       }),
                       link());
  const std::string answer = ask(server, get("/a%20b?c=d") + get("/second"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Type: text/plain\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello")) << "one answer, then the end";
  const ServerStats stats = server.server().stats();
  EXPECT_EQ(stats.http_requests, 1U);
  EXPECT_EQ(stats.opened, 0U);
}

TEST_P(ServerHttp, head_gets_the_same_head_and_nothing_behind_it) {
  RunningServer server(
      with_http([](const HttpRequest&) -> HttpResponse { return {.body = "hello"}; }), link());
  const std::string full = ask(server, get("/"));
  const std::string head = ask(server, get("/", "HEAD"));
  EXPECT_EQ(head + "hello", full);
}

/// RFC 9110 §9.3.2: an answer to HEAD has no content, also one that refuses.
TEST_P(ServerHttp, R164_a_refusal_of_head_carries_no_body_whatever_the_reason) {
  const std::string start = "HEAD / HTTP/1.1\r\nHost: localhost\r\n";
  std::string upgrade = upgrade_request();
  upgrade.replace(0, 3, "HEAD");
  const struct {
    const char* status;
    std::string request;
  } rows[] = {
      {"405", upgrade},
      {"400", "HEAD / HTTP/1.1\r\n\r\n"},
      {"400", start + "No colon\r\n\r\n"},
      {"400", "\r\nHEAD / HTTP\r\nHost: localhost\r\n\r\n"},
      {"400", start + "Content-Length: 0, 0\r\n\r\n"},
      {"414", "HEAD /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"431", start + "X: " + std::string(20'000, 'x') + "\r\n\r\n"},
      {"505", "HEAD / HTTP/2.0\r\nHost: localhost\r\n\r\n"},
      {"500", "HEAD /throws HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"503", start + "\r\n"},
  };
  const RunningServer serving(with_http([](const HttpRequest& request) -> HttpResponse {
                                if (request.target == "/throws") throw std::runtime_error("no");
                                return {.status = 503, .body = "later"};
                              }),
                              link());
  const RunningServer without(echoing(), link());
  for (const auto& row : rows) {
    const std::string answer = ask(serving, row.request);
    EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + row.status)) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
    EXPECT_NE(answer.find("\r\nContent-Length: "), std::string::npos) << answer;
    const std::string refusal = ask(without, row.request);
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 ")) << row.status;
    EXPECT_TRUE(refusal.ends_with("\r\n\r\n")) << refusal;
  }
}

TEST_P(ServerHttp, statuses_without_content_carry_none) {
  RunningServer server(with_http([](const HttpRequest& request) -> HttpResponse {
                         return {.status = request.target == "/204" ? 204 : 304, .body = "no"};
                       }),
                       link());
  for (const char* status : {"204", "304"}) {
    const std::string answer = ask(server, get(std::string("/").append(status)));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status))) << answer;
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos) << "RFC 9110 8.6";
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
  }
}

TEST_P(ServerHttp, headers_that_could_split_or_contradict_the_answer_are_left_out) {
  RunningServer server(with_http([](const HttpRequest&) -> HttpResponse {
                         return {.headers = {{"X-Good", "1"},
                                             {"X-Bad", "a\r\nX-Evil: 1"},
                                             {"X Bad", "1"},
                                             {"Content-Length", "77"},
                                             {"Transfer-Encoding", "chunked"},
                                             {"Connection", "keep-alive"}},
                                 .body = "ab"};
                       }),
                       link());
  const std::string answer = ask(server, get("/"));
  EXPECT_NE(answer.find("\r\nX-Good: 1\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: 2\r\n"), std::string::npos);
  for (const char* absent : {"Evil", "X Bad", "77", "chunked", "keep-alive"}) {
    EXPECT_EQ(answer.find(absent), std::string::npos) << absent;
  }
}

TEST_P(ServerHttp, a_status_that_is_none_becomes_500) {
  RunningServer server(with_http([](const HttpRequest& request) -> HttpResponse {
                         return {.status = request.target == "/101" ? 101 : 77};
                       }),
                       link());
  for (const char* target : {"/101", "/77"}) {
    EXPECT_TRUE(ask(server, get(target)).starts_with("HTTP/1.1 500 ")) << target;
  }
}

TEST_P(ServerHttp, http_1_0_is_served_without_a_host) {
  RunningServer server(
      with_http([](const HttpRequest&) -> HttpResponse { return {.body = "old"}; }), link());
  EXPECT_TRUE(ask(server, "GET / HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nold"));
  EXPECT_TRUE(ask(server, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_P(ServerHttp, a_request_with_content_is_refused_and_the_handler_not_asked) {
  std::atomic<int> asked{0};
  RunningServer server(with_http([&](const HttpRequest&) -> HttpResponse {
                         ++asked;
                         return {};
                       }),
                       link());
  const std::string head = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_TRUE(ask(server, head + "Content-Length: 5\r\n\r\nhello").starts_with("HTTP/1.1 4"));
  EXPECT_TRUE(
      ask(server, head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").starts_with("HTTP/1.1 4"));
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(ask(server, head + "\r\n").starts_with("HTTP/1.1 200 ")) << "without content it is";
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.bad_request == 2; }));
}

/// The method is judged before the body: the answer is 405, not 400 for the body.
TEST_P(ServerHttp, R38_post_with_a_body_is_refused_for_its_method) {
  const RunningServer serving(with_http([](const HttpRequest&) -> HttpResponse { return {}; }),
                              link());
  const RunningServer without(echoing(), link());
  std::string upgrade = upgrade_request("Content-Length: 5\r\n") + "hello";
  upgrade.replace(0, 3, "POST");
  const std::string plain = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
  for (const RunningServer* server : {&serving, &without}) {
    for (const std::string& request : {upgrade, plain}) {
      const std::string answer = ask(*server, request);
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 ")) << answer;
      EXPECT_TRUE(answer.ends_with("\r\n\r\nmethod is not GET\n")) << answer;
    }
  }
}

TEST_P(ServerHttp, a_handler_that_throws_is_a_500_and_the_server_goes_on) {
  RunningServer server(
      with_http([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("no"); }),
      link());
  EXPECT_TRUE(ask(server, get("/")).starts_with("HTTP/1.1 500 "));
  RawPeer client = server.open();
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
}

TEST_P(ServerHttp, without_a_handler_it_is_a_426) {
  RunningServer server(echoing(), link());
  const std::string answer = ask(server, get("/"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426 ")) << answer;
  EXPECT_NE(answer.find("\r\nUpgrade: websocket\r\n"), std::string::npos);
  EXPECT_EQ(server.server().stats().http_requests, 0U);
}

TEST_P(ServerHttp, a_large_page_arrives_whole) {
  const std::string page = letters(3 << 20);
  RunningServer server(
      with_http([&](const HttpRequest&) -> HttpResponse { return {.body = page}; }), link());
  const std::string answer = ask(server, get("/"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + page));
}

TEST_P(ServerHttp, upgrades_and_bad_upgrades_do_not_come_here) {
  RunningServer server(with_http([](const HttpRequest&) -> HttpResponse {
                         ADD_FAILURE() << "not a plain request";
                         return {};
                       }),
                       link());
  RawPeer client = server.open();
  client.send_ping("x");
  EXPECT_EQ(client.read_described(), "pong 78");
  EXPECT_TRUE(ask(server,
                  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "));
}

/// Every line is a comment or "name{label="value"} number", and every name was announced.
std::map<std::string, double> parse_metrics(const std::string& text) {
  std::map<std::string, double> values;
  std::string announced;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    EXPECT_NE(end, std::string::npos) << "the last line has an end, too";
    if (end == std::string::npos) break;
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("# TYPE ")) announced = line.substr(7, line.find(' ', 7) - 7);
    if (line.starts_with("#")) continue;
    const std::size_t space = line.rfind(' ');
    const std::string name = line.substr(0, space);
    EXPECT_EQ(name.substr(0, name.find('{')), announced) << line;
    EXPECT_TRUE(values.emplace(name, std::stod(line.substr(space + 1))).second) << line;
  }
  return values;
}

TEST_P(ServerHttp, metrics_say_what_stats_say) {
  RunningServer* serving = nullptr;
  RunningServer server(with_http([&](const HttpRequest&) -> HttpResponse {
                         return {.body = prometheus_text(serving->server().stats())};
                       }),
                       link());
  serving = &server;
  RawPeer client = server.open();
  client.send_text("hello");
  EXPECT_EQ(client.read_described(), "text \"hello\"");
  RawPeer leaving = server.open();
  leaving.send_close(1000);
  (void)leaving.read_until_close();
  leaving.close();
  ASSERT_TRUE(server.has_connections(1));
  const std::string answer = ask(server, get("/metrics"));
  auto values = parse_metrics(answer.substr(answer.find("\r\n\r\n") + 4));
  EXPECT_EQ(values.at("wirespan_connections"), 1);
  EXPECT_EQ(values.at("wirespan_handshakes"), 1) << "the one that asks";
  EXPECT_EQ(values.at("wirespan_accepted_total"), 3);
  EXPECT_EQ(values.at("wirespan_opened_total"), 2);
  EXPECT_EQ(values.at("wirespan_messages_total{direction=\"in\"}"), 1);
  EXPECT_EQ(values.at("wirespan_messages_total{direction=\"out\"}"), 1);
  EXPECT_EQ(values.at("wirespan_bytes_total{direction=\"in\"}"), 11 + 8);
  EXPECT_EQ(values.at("wirespan_bytes_total{direction=\"out\"}"), 7 + 4);
  EXPECT_EQ(values.at("wirespan_closed_total{code=\"1000\"}"), 1);
  EXPECT_EQ(values.at("wirespan_http_requests_total"), 1);
  EXPECT_EQ(values.at("wirespan_refused_total{limit=\"pings\"}"), 0);
  EXPECT_GT(values.at("wirespan_loop_lag_seconds"), 0);
}

}  // namespace
}  // namespace wirespan::test
