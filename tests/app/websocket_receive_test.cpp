// WebSocket: recv() and the other receiving functions. RFC 6455 §5.4, §5.5, §6.2.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

class WebSocketReceive : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketReceive, ::testing::ValuesIn(links()), link_name);

/// A peer that sends, and reads the client's Close frame before it closes.
RawServer::Script sending_by(std::function<void(RawPeer&)> send) {
  return [send = std::move(send)](RawPeer& peer) {
    (void)peer.accept();
    send(peer);
    (void)peer.read_to_end();
  };
}

TEST_P(WebSocketReceive, R120_every_form_gives_every_size) {
  const std::vector<std::size_t> sizes{0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
  RawServer server(sending_by([&](RawPeer& peer) {
                     for (const std::size_t size : sizes) {
                       for (int i = 0; i < 6; ++i) {
                         (void)peer.send_frame(i % 2 == 0 ? 0x81 : 0x82, letters(size));
                       }
                     }
                   }),
                   GetParam());
  WebSocket ws = connect(server);
  for (const std::size_t size : sizes) {
    const std::string text = letters(size);
    const ReceivedMessage first = ws.recv();
    EXPECT_TRUE(first.is_text() && first.fin && first.text() == text) << size;
    const Message borrowed = ws.recv_view();
    EXPECT_TRUE(!borrowed.is_text() && borrowed.text() == text) << size;
    EXPECT_EQ(ws.recv_data(), std::pair(Opcode::text, text)) << size;
    EXPECT_EQ(ws.recv_data_frame(),
              std::pair(Opcode::binary, Frame::create_frame(text, Opcode::binary)))
        << size;
    EXPECT_EQ(ws.recv_frame(), Frame::create_frame(text, Opcode::text)) << size;
    EXPECT_EQ(std::string(ws.next()), text) << size;
  }
}

TEST_P(WebSocketReceive, a_message_of_64_MiB_arrives_whole_if_the_limit_allows_it) {
  const std::string text = letters(std::size_t{64} << 20);
  RawServer server(sending_by([&](RawPeer& peer) {
                     peer.set_patience(40s);
                     (void)peer.send_binary(text);
                   }),
                   GetParam());
  WebSocket ws = connect(server, {.timeout = 40s, .max_message_size = text.size()});
  EXPECT_TRUE(ws.recv().data == text);
}

TEST_P(WebSocketReceive, R93_fragments_become_one_message) {
  RawServer server(sending_by([](RawPeer& peer) {
                     for (int i = 0; i < 3; ++i) {
                       (void)peer.send_frame(0x01, "Hel");
                       (void)peer.send_frame(0x00, "");
                       (void)peer.send_frame(0x00, "lo ");
                       (void)peer.send_frame(0x80, "you");
                     }
                   }),
                   GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.recv().data, "Hello you");
  EXPECT_EQ(ws.recv_view().text(), "Hello you");
  EXPECT_EQ(ws.recv_data_frame(),
            std::pair(Opcode::text, Frame::create_frame("Hello you", Opcode::text)));
}

TEST_P(WebSocketReceive, fire_cont_frame_gives_fragments_one_by_one) {
  RawServer server(sending_by([](RawPeer& peer) {
                     (void)peer.send_frame(0x02, "a");
                     (void)peer.send_frame(0x00, "b");
                     (void)peer.send_frame(0x80, "c");
                     (void)peer.send_text("whole");
                   }),
                   GetParam());
  WebSocket ws = connect(server, {.fire_cont_frame = true});
  const ReceivedMessage first = ws.recv();
  EXPECT_EQ(first.opcode, Opcode::binary);
  EXPECT_EQ(first.data, "a");
  EXPECT_FALSE(first.fin);
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::continuation, std::string("b")));
  const ReceivedMessage last = ws.recv();
  EXPECT_EQ(last.opcode, Opcode::continuation);
  EXPECT_TRUE(last.fin);
  EXPECT_EQ(ws.recv().data, "whole");
}

TEST_P(WebSocketReceive, recv_frame_gives_what_is_on_the_wire) {
  RawServer server(sending_by([](RawPeer& peer) {
                     (void)peer.send_frame(0x01, "a");
                     (void)peer.send_ping("p");
                     (void)peer.send_frame(0x80, "b");
                     (void)peer.send_pong("q");
                     (void)peer.send_close(3001, "bye");
                   }),
                   GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame("a", Opcode::text, false));
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame("p", Opcode::ping));
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame("b", Opcode::continuation));
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame("q", Opcode::pong));
  EXPECT_EQ(ws.recv_frame(), Frame::create_frame(close_body(3001, "bye"), Opcode::close));
  EXPECT_EQ(refusal_of([&] { return ws.recv_frame(); }), closed_exception());
}

TEST_P(WebSocketReceive, R108_R109_pings_are_answered_while_a_receive_call_runs) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_ping("one");
        EXPECT_EQ(peer.read_described(), "pong 6f6e65");
        (void)peer.send_frame(0x01, "a");
        (void)peer.send_ping(std::string(125, 'x'));
        EXPECT_EQ(payload_text(peer.read_frame()), std::string(125, 'x'));
        (void)peer.send_frame(0x80, "b");
        (void)peer.send_ping("");
        EXPECT_EQ(peer.read_described(), "pong ");
      },
      GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.recv().data, "ab");
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::connection_lost));
}

TEST_P(WebSocketReceive, recv_data_gives_pings_and_pongs_only_if_asked) {
  RawServer server(sending_by([](RawPeer& peer) {
                     for (int i = 0; i < 2; ++i) {
                       (void)peer.send_ping("p");
                       (void)peer.send_pong("q");
                       (void)peer.send_text("t");
                     }
                   }),
                   GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.recv_data(true), std::pair(Opcode::ping, std::string("p")));
  EXPECT_EQ(ws.recv_data_frame(true).second, Frame::create_frame("q", Opcode::pong));
  EXPECT_EQ(ws.recv_data(true), std::pair(Opcode::text, std::string("t")));
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::text, std::string("t")));
}

struct CloseCase {
  const char* name;
  std::string body;
  CloseCode code;
  std::string reason;
};
void PrintTo(const CloseCase& row, std::ostream* out) { *out << row.name; }

class WebSocketReceiveClose : public ::testing::TestWithParam<std::tuple<Link, CloseCase>> {};

const CloseCase close_cases[] = {
    {"normal", close_body(1000), CloseCode::normal, ""},
    {"with_reason", close_body(1001, "gone"), CloseCode::going_away, "gone"},
    {"private_code", close_body(4999, "\xC3\xA4"), CloseCode{4999}, "\xC3\xA4"},
    {"longest_reason", close_body(3000, std::string(123, 'r')), CloseCode{3000},
     std::string(123, 'r')},
    {"R126_without_a_code", "", CloseCode::no_status_received, ""},
};
std::string close_case_name(const ::testing::TestParamInfo<std::tuple<Link, CloseCase>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, WebSocketReceiveClose,
                         ::testing::Combine(::testing::ValuesIn(links()),
                                            ::testing::ValuesIn(close_cases)),
                         close_case_name);

TEST_P(WebSocketReceiveClose, R103_R126_R127_the_code_comes_back_and_is_thrown_with_its_reason) {
  const auto& [link, row] = GetParam();
  RawServer server(
      [&row = row](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_frame(0x88, row.body);
        EXPECT_EQ(payload_text(peer.read_frame()), row.body.substr(0, 2)) << "the same code";
      },
      link);
  WebSocket ws = create_connection(server.url(), options_for(link));
  for (int again = 0; again < 3; ++again) {
    try {
      (void)ws.recv();
      FAIL() << "nothing thrown";
    } catch (const WebSocketConnectionClosedException& closed) {
      EXPECT_EQ(closed.code(), Errc::connection_closed);
      EXPECT_EQ(closed.close_code(), row.code);
      EXPECT_EQ(closed.close_reason(), row.reason);
    }
  }
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.fileno(), -1);
}

TEST_P(WebSocketReceiveClose, recv_data_gives_the_close_frame_once) {
  const auto& [link, row] = GetParam();
  RawServer server(sending_by([&row = row](RawPeer& peer) {
                     (void)peer.send_text("last");
                     (void)peer.send_frame(0x88, row.body);
                   }),
                   link);
  WebSocket ws = create_connection(server.url(), options_for(link));
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::text, std::string("last")));
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::close, row.body));
  EXPECT_EQ(refusal_of([&] { return ws.recv_data(); }), closed_exception());
  EXPECT_EQ(refusal_of([&] { return ws.recv_data_frame(true); }), closed_exception());
}

TEST_P(WebSocketReceive, a_loop_over_the_socket_ends_when_the_server_closes) {
  RawServer server(sending_by([](RawPeer& peer) {
                     for (const char* text : {"a", "", "c"}) (void)peer.send_text(text);
                     (void)peer.send_close();
                   }),
                   GetParam());
  WebSocket ws = connect(server);
  std::vector<std::string> seen;
  for (const ReceivedMessage& message : ws) seen.push_back(message.data);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "", "c"}));
}

TEST_P(WebSocketReceive, a_loop_over_the_socket_throws_when_the_connection_is_lost) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("a");
      },
      GetParam());
  WebSocket ws = connect(server);
  auto it = ws.begin();
  EXPECT_EQ(it->data, "a");
  EXPECT_EQ(refusal_of([&] { ++it; }), closed_exception(Errc::connection_lost));
  EXPECT_TRUE(it == ws.end());
}

TEST_P(WebSocketReceive, R79_frames_that_come_with_the_handshake_are_not_lost) {
  RawServer server(
      [](RawPeer& peer) {
        std::string answer = RawPeer::acceptance(peer.read_head());
        answer += "\x81\x05";
        answer += "first";
        answer.append("\x89\x01p\x82\x06sec", 8);
        (void)peer.write(answer);
        EXPECT_EQ(peer.read_described(), "pong 70");
        (void)peer.write(std::string_view("ond"));
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.recv().data, "first");
  EXPECT_EQ(ws.recv().data, "second");
}

TEST_P(WebSocketReceive, a_borrowed_message_survives_sending) {
  RawServer server(echo_script, GetParam());
  WebSocket ws = connect(server);
  std::string text = letters(100'000);
  ws.send(text);
  for (int i = 0; i < 5; ++i) {
    const Message message = ws.recv_view();
    EXPECT_EQ(message.text(), text);
    ws.send(message.text());
    EXPECT_EQ(message.text(), text) << "after send()";
  }
}

}  // namespace
}  // namespace wirespan::test
