// WebSocket: the closing handshake, its deadline, and the object afterwards. RFC 6455 §5.5.1, §7.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

class WebSocketClose : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketClose, ::testing::ValuesIn(links()), link_name);

/// A loaded machine may be late, but not by this much.
constexpr Milliseconds much_later = 2s;

RawServer::Script silent() {
  return [](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();
  };
}

TEST_P(WebSocketClose, R125_code_and_reason_go_out_and_the_answer_is_waited_for) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        const WireFrame frame = peer.read_frame();
        EXPECT_EQ(frame.opcode(), Opcode::close);
        EXPECT_EQ(payload_text(frame), close_body(4321, "that is all"));
        std::this_thread::sleep_for(100ms);
        (void)peer.send_close(4321);
        peer.shutdown_write();
        EXPECT_EQ(peer.read_end(), StreamEnd::orderly) << "R124: TCP, and TLS, end cleanly";
      },
      GetParam());
  WebSocket ws = connect(server);
  const Stopwatch watch;
  ws.close(CloseCode{4321}, "that is all");
  EXPECT_GE(watch.elapsed(), 95ms);
  EXPECT_LT(watch.elapsed(), much_later);
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.fileno(), -1);
}

TEST_P(WebSocketClose, R142_without_an_answer_it_gives_up_after_its_time_out) {
  RawServer server(silent(), GetParam());
  WebSocket ws = connect(server);
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", 150ms);
  EXPECT_GE(watch.elapsed(), 149ms);
  EXPECT_LT(watch.elapsed(), much_later);
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::not_open));
}

TEST_P(WebSocketClose, R142_the_default_time_out_is_3_seconds) {
  RawServer server(silent(), GetParam());
  WebSocket ws = connect(server);
  const Stopwatch watch;
  ws.close();
  EXPECT_GE(watch.elapsed(), 2900ms);
  EXPECT_LT(watch.elapsed(), 3s + much_later);
}

TEST_P(WebSocketClose, with_0_it_sends_the_frame_and_does_not_wait) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000");
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  WebSocket ws = connect(server);
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", 0ms);
  EXPECT_LT(watch.elapsed(), 1s);
  EXPECT_FALSE(ws.connected());
}

TEST_P(WebSocketClose, without_a_time_out_it_waits_as_long_as_it_takes) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.read_message();
        std::this_thread::sleep_for(300ms);
        (void)peer.send_close();
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 50ms});
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", std::nullopt);
  EXPECT_GE(watch.elapsed(), 299ms);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception()) << "the answer was seen";
}

TEST_P(WebSocketClose, messages_before_the_answer_are_thrown_away_and_do_not_extend_the_wait) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.read_message();
        for (int i = 0; i < 1000 && peer.send_text("late"); ++i) {
          std::this_thread::sleep_for(5ms);
        }
      },
      GetParam());
  WebSocket ws = connect(server);
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", 200ms);
  EXPECT_LT(watch.elapsed(), much_later);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::not_open));
}

TEST_P(WebSocketClose, it_is_done_once_and_does_nothing_without_a_connection) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000");
        (void)peer.send_close();
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  WebSocket never;
  never.close();
  WebSocket ws = connect(server);
  ws.close();
  const Stopwatch watch;
  ws.close();
  ws.close(CloseCode{4000}, "again", std::nullopt);
  EXPECT_LT(watch.elapsed(), 1s);
}

TEST_P(WebSocketClose, R105_after_the_peers_close_there_is_nothing_left_to_do) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_close(1001, "bye");
        EXPECT_EQ(peer.read_described(), "close 1001");
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception());
  const Stopwatch watch;
  ws.close();
  EXPECT_LT(watch.elapsed(), 1s);
}

TEST_P(WebSocketClose, R107_both_sides_at_once) {
  Signal closing;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_close(4002, "me too");
        closing.set();
        EXPECT_EQ(peer.read_described(), "close 4001");
        EXPECT_EQ(peer.read_to_end(), "") << "the frame that crossed ours is the answer";
      },
      GetParam());
  WebSocket ws = connect(server);
  closing.wait();
  const Stopwatch watch;
  ws.close(CloseCode{4001});
  EXPECT_LT(watch.elapsed(), much_later);
  try {
    (void)ws.recv();
  } catch (const WebSocketConnectionClosedException& closed) {
    EXPECT_EQ(closed.close_code(), CloseCode{4002});
    EXPECT_EQ(closed.close_reason(), "me too");
  }
}

TEST_P(WebSocketClose, R132_a_peer_that_goes_away_instead_of_answering_is_no_error) {
  for (const bool reset : {false, true}) {
    RawServer server(
        [reset](RawPeer& peer) {
          (void)peer.accept();
          (void)peer.read_message();
          reset ? peer.reset() : peer.close();
        },
        GetParam());
    WebSocket ws = connect(server);
    const Stopwatch watch;
    EXPECT_EQ(thrown_by([&] { ws.close(); }), nothing_thrown());
    EXPECT_LT(watch.elapsed(), much_later);
    EXPECT_FALSE(ws.connected());
  }
}

TEST_P(WebSocketClose, R140_codes_and_reasons_that_may_not_be_sent_are_refused) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000") << "the first thing that reaches the wire";
        (void)peer.send_close();
      },
      GetParam());
  WebSocket ws = connect(server);
  const auto not_allowed = plain_exception(Errc::close_code_not_allowed);
  for (const unsigned code :
       {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65535U}) {
    const CloseCode status{static_cast<std::uint16_t>(code)};
    EXPECT_EQ(thrown_by([&] { ws.close(status); }), not_allowed) << code;
    if (code == 1005) continue;  // for send_close() an empty frame
    EXPECT_EQ(thrown_by([&] { ws.send_close(status); }), not_allowed) << code;
  }
  EXPECT_EQ(thrown_by([&] { ws.close(STATUS_NORMAL, std::string(124, 'r')); }),
            plain_exception(Errc::control_too_long));
  EXPECT_EQ(thrown_by([&] { ws.close(STATUS_NORMAL, "\xFF"); }),
            plain_exception(Errc::invalid_text));
  EXPECT_EQ(thrown_by([&] { ws.send_close(STATUS_STATUS_NOT_AVAILABLE, "reason"); }),
            plain_exception(Errc::close_code_not_allowed));
  EXPECT_TRUE(ws.connected());
  ws.close();
}

TEST_P(WebSocketClose, R140_the_longest_reason_and_every_edge_of_the_legal_codes_are_sent) {
  for (const unsigned code : {1000U, 1001U, 1003U, 1007U, 1014U, 3000U, 4999U}) {
    const std::string reason(123, 'r');
    RawServer server(
        [&](RawPeer& peer) {
          (void)peer.accept();
          EXPECT_EQ(payload_text(peer.read_frame()), close_body(code, reason));
          (void)peer.send_close(code);
        },
        GetParam());
    WebSocket ws = connect(server);
    ws.close(CloseCode{static_cast<std::uint16_t>(code)}, reason);
  }
}

TEST_P(WebSocketClose, send_close_does_not_wait_and_messages_go_on_until_the_answer) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1001");
        (void)peer.send_text("still for you");
        (void)peer.send_close(1001, "understood");
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.send_close(STATUS_GOING_AWAY, "leaving");
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.recv().data, "still for you");
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::close, close_body(1001, "understood")));
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception());
}

TEST_P(WebSocketClose, send_close_with_1005_and_a_close_frame_as_frame) {
  const std::vector<Frame> frames{
      {.opcode = Opcode::close},
      {.opcode = Opcode::close, .data = close_body(3333, "why")},
  };
  for (int i = 0; i < 3; ++i) {
    RawServer server(
        [i](RawPeer& peer) {
          (void)peer.accept();
          EXPECT_EQ(payload_text(peer.read_frame()), i < 2 ? "" : close_body(3333, "why"));
          (void)peer.send_close(1000);
        },
        GetParam());
    WebSocket ws = connect(server);
    if (i == 0) ws.send_close(STATUS_STATUS_NOT_AVAILABLE);
    if (i > 0) {
      const Frame& frame = frames[static_cast<std::size_t>(i - 1)];
      EXPECT_EQ(ws.send_frame(frame), frame.wire_size());
    }
    EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception());
  }
}

TEST_P(WebSocketClose, without_close_the_destructor_just_ends_the_stream) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_to_end(), "") << "no Close frame";
      },
      GetParam());
  { const WebSocket ws = connect(server); }
  server.wait();
}

TEST_P(WebSocketClose, a_closed_object_connects_again_and_a_connected_one_refuses) {
  RawServer server(echo_script, GetParam());
  WebSocket ws(options_for(GetParam()));
  for (int i = 0; i < 3; ++i) {
    ws.connect(server.url());
    EXPECT_EQ(thrown_by([&] { ws.connect(server.url()); }), plain_exception(Errc::already_open));
    ws.send("round " + std::to_string(i));
    EXPECT_EQ(ws.recv().data, "round " + std::to_string(i)) << "nothing of the last connection";
    ws.close();
    EXPECT_FALSE(ws.connected());
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST_P(WebSocketClose, the_peers_Close_of_an_earlier_connection_is_forgotten) {
  const auto closing = [](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_close(4000, "bye");
    (void)peer.read_until_close();
  };
  RawServer server({closing, silent()}, GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::connection_closed));
  ws.connect(server.url());
  ws.shutdown();
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::not_open));
}

TEST_P(WebSocketClose, an_object_whose_connection_was_lost_connects_again) {
  Signal connected;
  const auto reset = [&](RawPeer& peer) {
    (void)peer.accept();
    connected.wait();
    peer.reset();
  };
  RawServer server({reset, echo_script}, GetParam());
  WebSocket ws = connect(server);
  connected.set();
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }).type, "WebSocketConnectionClosedException");
  ws.connect(server.url());
  ws.send("back");
  EXPECT_EQ(ws.recv().data, "back");
}

TEST_P(WebSocketClose, an_object_can_be_moved_while_it_is_connected) {
  RawServer server(echo_script, GetParam());
  WebSocket first = connect(server);
  WebSocket second = std::move(first);
  WebSocket third;
  third = std::move(second);
  third.send("moved");
  EXPECT_EQ(third.recv().data, "moved");
  third.close();
}

}  // namespace
}  // namespace wirespan::test
