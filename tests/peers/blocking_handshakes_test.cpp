// WebSocket (blocking) against other servers: opening and closing handshakes. RFC 6455 §4.1, §7.
#include <chrono>

#include <gtest/gtest.h>

#include "peers/blocking_fixture.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using Closed = WebSocketConnectionClosedException;

class BlockingClosing : public BlockingClient {};
INSTANTIATE_TEST_SUITE_P(To, BlockingClosing, ::testing::ValuesIn(peers()), peer_name);

TEST_P(BlockingClosing, R125_the_peer_sees_our_code_and_our_reason) {
  const std::string longest(123, 'r');
  const std::pair<int, std::string> closes[] = {
      {1000, ""}, {1000, "bye"}, {1001, ""}, {3000, "schön – 🌍"}, {4999, longest}};
  for (const auto& [code, reason] : closes) {
    WebSocket ws = connect("/wait");
    ws.close(CloseCode{static_cast<std::uint16_t>(code)}, reason, 30s);
    EXPECT_FALSE(ws.connected());
    EXPECT_EQ(ending(), std::to_string(code) + " " + reason);
  }
}

TEST_P(BlockingClosing, R126_our_close_frame_without_a_code_is_answered_without_one) {
  WebSocket ws = connect("/wait");
  ws.send_close(CloseCode::no_status_received);
  const auto closed = thrown<Closed>([&] { return ws.recv(); });
  EXPECT_EQ(closed.close_code(), CloseCode::no_status_received);
  EXPECT_EQ(ending(), "1005 ");
}

TEST_P(BlockingClosing, R103_R126_R127_their_code_and_reason_are_told_and_the_code_goes_back) {
  const std::pair<int, std::string> closes[] = {
      {1000, ""}, {1001, "going"}, {1011, ""}, {3000, "schön – 🌍"}, {4000, std::string(123, 'r')}};
  for (const auto& [code, reason] : closes) {
    WebSocket ws = connect("/close?count=3&code=" + std::to_string(code) +
                           "&reason=" + percent_encoded(reason));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ws.recv().data, "message " + std::to_string(i));
    const auto closed = thrown<Closed>([&] { return ws.recv(); });
    EXPECT_EQ(closed.code(), Errc::connection_closed);
    EXPECT_EQ(closed.close_code(), CloseCode{static_cast<std::uint16_t>(code)});
    EXPECT_EQ(closed.close_reason(), reason);
    EXPECT_EQ(ending(), std::to_string(code) + " ") << "what we answered";
  }
}

TEST_P(BlockingClosing, R103_R126_their_close_frame_without_a_code_is_1005) {
  WebSocket ws = connect("/close");
  const auto closed = thrown<Closed>([&] { return ws.recv(); });
  EXPECT_EQ(closed.close_code(), CloseCode::no_status_received);
  EXPECT_EQ(closed.close_reason(), "");
  EXPECT_EQ(ending(), "1005 ");
}

TEST_P(BlockingClosing, a_loop_over_messages_ends_with_their_close) {
  WebSocket ws = connect("/close?count=5&code=1000");
  int count = 0;
  for (const ReceivedMessage& message : ws) {
    EXPECT_EQ(message.text(), "message " + std::to_string(count++));
  }
  EXPECT_EQ(count, 5);
}

TEST_P(BlockingClosing, messages_that_nobody_received_do_not_keep_close_from_ending_well) {
  WebSocket ws = connect("/echo");
  for (int i = 0; i < 20; ++i) ws.send(std::string(10'000, 'x'));
  ws.close(CloseCode::normal, "enough", 30s);
  EXPECT_EQ(ending(), "1000 enough");
}

TEST_P(BlockingClosing, R132_a_connection_that_the_peer_cuts_is_reported_as_lost) {
  WebSocket ws = connect("/drop");
  const auto closed = thrown<Closed>([&] { return ws.recv(); });
  EXPECT_EQ(closed.close_code(), std::nullopt);
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ending(), "1006 ");
}

TEST_P(BlockingClosing, R142_a_peer_that_does_not_read_holds_close_up_for_its_time_only) {
  WebSocket ws = connect("/deaf");
  const auto start = std::chrono::steady_clock::now();
  ws.close(CloseCode::normal, "", 300ms);
  const auto time = std::chrono::steady_clock::now() - start;
  EXPECT_GE(time, 300ms);
  EXPECT_LT(time, 10s);
}

TEST_P(BlockingClosing, an_object_connects_again_after_either_close) {
  WebSocket ws(options());
  for (const char* resource : {"/wait", "/close?code=1000", "/drop", "/wait"}) {
    ws.connect(url(resource));
    if (std::string_view(resource) != "/wait") (void)thrown<Closed>([&] { return ws.recv(); });
    ws.close(CloseCode::normal, "", 30s);
  }
  EXPECT_EQ(ending(), "1000 ");
}

// The opening handshake. §4.1.

class BlockingHandshake : public BlockingClient {};
INSTANTIATE_TEST_SUITE_P(To, BlockingHandshake, ::testing::ValuesIn(peers()), peer_name);

TEST_P(BlockingHandshake, R13_R16_R17_R18_R20_R55_the_peer_reads_our_request) {
  WebSocket ws = connect("/headers", {.header = {"X-Trace: seven", "X-Empty:"},
                                      .cookie = "a=b; c=d",
                                      .subprotocols = {"chat", "superchat"}});
  EXPECT_EQ(ws.status(), 101);
  EXPECT_EQ(ws.headers().get("x-peer").value_or(""),
            GetParam().name.starts_with("npm") ? "ws" : "websockets");
  const std::string request = "\n" + ws.recv().data + "\n";
  const std::string origin =
      (ws.is_ssl() ? "https://" : "http://") + server().authority("127.0.0.1");
  for (const std::string& line :
       {"host: " + server().authority(), "origin: " + origin, std::string("upgrade: websocket"),
        std::string("connection: Upgrade"), std::string("sec-websocket-version: 13"),
        std::string("x-trace: seven"), std::string("x-empty: "), std::string("cookie: a=b; c=d"),
        std::string("sec-websocket-protocol: chat,superchat")}) {
    EXPECT_NE(request.find("\n" + line + "\n"), std::string::npos) << line << " in" << request;
  }
  ws.close();
}

TEST_P(BlockingHandshake, R21_the_peer_chooses_one_of_our_subprotocols_or_none) {
  for (const std::string choice : {"chat", "superchat"}) {
    WebSocket ws = connect("/echo?choose=" + choice, {.subprotocols = {"chat", "superchat"}});
    EXPECT_EQ(ws.subprotocol(), choice);
    ws.close();
  }
  WebSocket ws = connect("/echo?choose=none", {.subprotocols = {"chat", "superchat"}});
  EXPECT_EQ(ws.subprotocol(), "");
  ws.close();
}

TEST_P(BlockingHandshake, a_subprotocol_that_we_insist_on_and_do_not_get_is_no_connection) {
  const auto refused = thrown<WebSocketException>([&] {
    return connect("/echo?choose=none", {.subprotocols = {"chat"}, .require_subprotocol = true});
  });
  EXPECT_EQ(refused.code(), Errc::missing_subprotocol);
  EXPECT_EQ(ending(), "1006 ");
}

TEST_P(BlockingHandshake, R23_a_refusal_is_told_with_status_headers_and_body) {
  for (const int status : {401, 403, 404, 503}) {
    const auto refused = thrown<WebSocketBadStatusException>(
        [&] { return connect("/refuse?status=" + std::to_string(status)); });
    EXPECT_EQ(refused.status_code(), status);
    EXPECT_TRUE(refused.resp_headers().contains("X-Peer"));
    EXPECT_EQ(refused.resp_body(), "refused\n");
  }
}

}  // namespace
}  // namespace wirespan::test
