// Parity with websocket-client: the members of WebSocket. KEEP: as in Python; FIX: another way on
// purpose.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

/// A peer that reads frames until the Close frame and keeps them.
class Listening {
 public:
  Listening()
      : server_([this](RawPeer& peer) {
          (void)peer.accept();
          frames_ = peer.read_until_close();
          (void)peer.send_close();
        }) {}
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] const std::vector<std::string>& frames() const {
    server_.wait();
    return frames_;
  }

 private:
  std::vector<std::string> frames_;
  RawServer server_;
};

/// A peer that sends some frames, then waits until the client closes.
RawServer::Script talking(std::function<void(RawPeer&)> talk) {
  return [talk = std::move(talk)](RawPeer& peer) {
    (void)peer.accept();
    talk(peer);
    (void)peer.read_to_end();
  };
}

TEST(ParityWebSocket, KEEP_send_returns_the_bytes_of_the_frame) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.send("Hello, Server"), 19U);
  EXPECT_EQ(ws.send(std::string(125, 'x')), 131U);
  EXPECT_EQ(ws.send(std::string(126, 'x')), 134U);
  EXPECT_EQ(ws.send(std::string(65535, 'x')), 65543U);
  EXPECT_EQ(ws.send(std::string(65536, 'x')), 65550U);
  for (int i = 0; i < 5; ++i) (void)ws.recv();  // unread answers would end in a reset
  ws.close();
}

TEST(ParityWebSocket, KEEP_send_is_text_and_the_shorthands_are_what_they_say) {
  Listening peer;
  WebSocket ws = create_connection(peer.url(), {.timeout = 10s});
  ws.send("a");
  ws.send_text("b");
  ws.send_bytes(wire_bytes("c"));
  ws.send_binary(wire_bytes("d"));
  ws.send("e", Opcode::binary);
  ws.send("f", Opcode::ping);
  ws.close();
  EXPECT_EQ(peer.frames(),
            (std::vector<std::string>{"text \"a\"", "text \"b\"", "binary 63", "binary 64",
                                      "binary 65", "ping 66", "close 1000"}));
}

TEST(ParityWebSocket, FIX_text_that_is_no_utf8_is_refused) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(refusal_of([&] { return ws.send("\xFF"); }), plain_exception(Errc::invalid_text));
}

TEST(ParityWebSocket, FIX_send_after_close_is_refused) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  ws.send_close();
  EXPECT_EQ(refusal_of([&] { return ws.send("x"); }), closed_exception(Errc::not_open));
}

TEST(ParityWebSocket, KEEP_send_frame_sends_fragments) {
  Listening peer;
  WebSocket ws = create_connection(peer.url(), {.timeout = 10s});
  EXPECT_EQ(ws.send_frame(Frame::create_frame("a", Opcode::text, false)), 7U);
  EXPECT_EQ(ws.send_frame(Frame::create_frame("b", Opcode::continuation)), 7U);
  ws.close();
  EXPECT_EQ(peer.frames(), (std::vector<std::string>{"text... \"a\"", "cont \"b\"", "close 1000"}));
}

TEST(ParityWebSocket, FIX_send_frame_checks_the_sequence) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.opcode = Opcode::continuation}); }),
            plain_exception(Errc::no_message_under_way));
}

TEST(ParityWebSocket, KEEP_ping_and_pong_carry_a_payload_FIX_of_at_most_125_bytes) {
  Listening peer;
  WebSocket ws = create_connection(peer.url(), {.timeout = 10s});
  ws.ping();
  ws.ping("p");
  ws.pong();
  ws.pong("q");
  EXPECT_EQ(ws.ping(std::string(125, 'x')), 131U);
  EXPECT_EQ(refusal_of([&] { return ws.ping(std::string(126, 'x')); }),
            plain_exception(Errc::control_too_long));
  ws.close();
  EXPECT_EQ(peer.frames().size(), 6U);
  EXPECT_EQ(peer.frames()[3], "pong 71");
}

TEST(ParityWebSocket, KEEP_recv_tells_text_and_binary_apart) {
  RawServer server(talking([](RawPeer& peer) {
    (void)peer.send_text("t");
    (void)peer.send_binary("b");
  }));
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_TRUE(ws.recv().is_text());
  EXPECT_FALSE(ws.recv().is_text());
}

TEST(ParityWebSocket, FIX_recv_throws_at_the_peers_close_with_code_and_reason) {
  RawServer server(talking([](RawPeer& peer) {
    (void)peer.send_text("");
    (void)peer.send_close(1001, "bye");
  }));
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.recv().data, "") << "an empty message is a message";
  try {
    (void)ws.recv();
    ADD_FAILURE() << "nothing thrown";
  } catch (const WebSocketConnectionClosedException& closed) {
    EXPECT_EQ(closed.close_code(), CloseCode::going_away);
    EXPECT_EQ(closed.close_reason(), "bye");
  }
}

TEST(ParityWebSocket, KEEP_recv_data_gives_opcode_and_bytes_and_the_close) {
  RawServer server(talking([](RawPeer& peer) {
    (void)peer.send_ping("skipped");
    (void)peer.send_binary("b");
    (void)peer.send_ping("shown");
    (void)peer.send_close(1000, "r");
  }));
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::binary, std::string("b")));
  EXPECT_EQ(ws.recv_data(true), std::pair(Opcode::ping, std::string("shown")));
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::close, close_body(1000, "r")));
}

TEST(ParityWebSocket, FIX_recv_data_frame_has_one_opcode_and_is_whole) {
  RawServer server(talking([](RawPeer& peer) {
    (void)peer.send_frame(0x01, "a");
    (void)peer.send_frame(0x80, "b");
  }));
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  const auto [opcode, frame] = ws.recv_data_frame();
  EXPECT_EQ(opcode, Opcode::text);
  EXPECT_EQ(frame, Frame::create_frame("ab", Opcode::text));
}

TEST(ParityWebSocket, KEEP_recv_frame_gives_one_frame_FIX_and_still_answers_pings) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_frame(0x01, "a");
    (void)peer.send_ping("p");
    EXPECT_EQ(peer.read_described(), "pong 70");
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame("a", Opcode::text, false));
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame("p", Opcode::ping));
  server.wait();
}

TEST(ParityWebSocket, KEEP_it_can_be_iterated_FIX_until_the_close) {
  RawServer server(talking([](RawPeer& peer) {
    (void)peer.send_text("a");
    (void)peer.send_text("b");
    (void)peer.send_close();
  }));
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.next().data, "a");
  std::vector<std::string> rest;
  for (const auto& message : ws) rest.push_back(message.data);
  EXPECT_EQ(rest, std::vector<std::string>{"b"});
}

TEST(ParityWebSocket, KEEP_abort_wakes_a_reader_with_the_closed_exception) {
  RawServer server(talking([](RawPeer&) {}));
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  std::thread other([&] {
    std::this_thread::sleep_for(30ms);
    ws.abort();
  });
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }).type, "WebSocketConnectionClosedException");
  other.join();
}

TEST(ParityWebSocket, KEEP_shutdown_closes_at_once_FIX_and_wakes_a_reader) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    EXPECT_EQ(peer.read_to_end(), "") << "no Close frame";
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  std::thread other([&] {
    std::this_thread::sleep_for(30ms);
    ws.shutdown();
  });
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }).type, "WebSocketConnectionClosedException");
  other.join();
  EXPECT_EQ(ws.fileno(), -1);
}

TEST(ParityWebSocket, KEEP_settimeout_applies_to_the_live_connection) {
  RawServer server(talking([](RawPeer&) {}));
  WebSocket ws = create_connection(server.url());
  EXPECT_EQ(ws.gettimeout(), std::nullopt);
  ws.settimeout(20ms);
  EXPECT_EQ(ws.gettimeout(), 20ms);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout));
  ws.settimeout(0ms);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout))
      << "FIX: not an error of the system";
}

TEST(ParityWebSocket, FIX_set_mask_key_takes_a_function_of_four_bytes) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    EXPECT_EQ(peer.read_frame().key, (MaskKey{std::byte{0xFF}, std::byte{0x80}}));
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  ws.set_mask_key([] { return MaskKey{std::byte{0xFF}, std::byte{0x80}}; });
  EXPECT_EQ(ws.send("any byte will do"), 22U);
  server.wait();
}

TEST(ParityWebSocket, KEEP_what_the_handshake_said_is_told) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept("Sec-WebSocket-Protocol: a\r\nX-B: c\r\n");
    (void)peer.read_to_end();
  });
  const WebSocket ws = create_connection(server.url(), {.subprotocols = {"a"}});
  EXPECT_EQ(ws.getsubprotocol(), "a");
  EXPECT_EQ(ws.getstatus(), 101);
  EXPECT_EQ(ws.getheaders().get("x-b"), "c");
  EXPECT_TRUE(ws.connected());
  EXPECT_GE(ws.fileno(), 0);
  EXPECT_FALSE(ws.is_ssl());
}

TEST(ParityWebSocket, FIX_fileno_of_a_closed_object_is_minus_1) {
  EXPECT_EQ(WebSocket().fileno(), -1);
}

}  // namespace
}  // namespace wirespan::test
