// WebSocket: frames of send() and the other sending functions, and refusals. RFC 6455 §5, §6.1.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

class WebSocketSend : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketSend, ::testing::ValuesIn(links()), link_name);

/// Returns the bytes of a client's frame on the wire.
std::size_t frame_size(std::size_t payload) {
  return payload + 4 + (payload < 126 ? 2U : payload < 65536 ? 4U : 10U);
}

const std::vector<std::size_t>& sizes() {
  static const std::vector<std::size_t> all{0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
  return all;
}

TEST_P(WebSocketSend, R119_every_form_sends_one_masked_frame_of_its_type_at_every_size) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        for (const std::size_t size : sizes()) {
          for (const unsigned first : {0x81U, 0x81U, 0x82U, 0x82U, 0x82U, 0x82U}) {
            const WireFrame frame = peer.read_frame();
            EXPECT_EQ(frame.first_byte, first) << size;
            EXPECT_TRUE(frame.masked && frame.minimal) << size;
            EXPECT_EQ(payload_text(frame), letters(size)) << size;
          }
        }
      },
      GetParam());
  WebSocket ws = connect(server);
  for (const std::size_t size : sizes()) {
    const std::string text = letters(size);
    EXPECT_EQ(ws.send(text), frame_size(size));
    EXPECT_EQ(ws.send_text(text), frame_size(size));
    EXPECT_EQ(ws.send(text, Opcode::binary), frame_size(size));
    EXPECT_EQ(ws.send_bytes(wire_bytes(text)), frame_size(size));
    EXPECT_EQ(ws.send_binary(wire_bytes(text)), frame_size(size));
    EXPECT_EQ(ws.send_frame(Frame::create_frame(text, Opcode::binary)), frame_size(size));
  }
  server.wait();
}

TEST_P(WebSocketSend, many_messages_arrive_each_by_itself_and_in_order) {
  const std::string large = letters(100'000);
  const std::vector<std::string_view> many{"a", "", "b", large, large, "c"};
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        for (const unsigned first : {0x81U, 0x82U}) {
          for (const std::string_view expected : many) {
            const WireFrame frame = peer.read_frame();
            EXPECT_EQ(frame.first_byte, first);
            EXPECT_TRUE(payload_text(frame) == expected);
          }
        }
        EXPECT_EQ(payload_text(peer.read_frame()), "before") << "what is sound is sent";
      },
      GetParam());
  WebSocket ws = connect(server);
  std::size_t size = 0;
  for (const std::string_view one : many) size += frame_size(one.size());
  EXPECT_EQ(ws.send_many(many), size);
  EXPECT_EQ(ws.send_many(many, Opcode::binary), size);
  EXPECT_EQ(ws.send_many({}), 0U);
  const std::vector<std::string_view> one_is_no_text{"before", "\xFF", "never"};
  EXPECT_EQ(refusal_of([&] { return ws.send_many(one_is_no_text); }).code, Errc::invalid_text);
  EXPECT_EQ(refusal_of([&] { return ws.send_many(many, Opcode::ping); }).code,
            Errc::unsupported_frame);
  server.wait();
}

TEST_P(WebSocketSend, a_message_of_64_MiB_arrives_whole) {
  const std::string text = letters(std::size_t{64} << 20);
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        peer.set_patience(40s);
        EXPECT_TRUE(payload_text(peer.read_frame()) == text);
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 40s});
  EXPECT_EQ(ws.send_binary(wire_bytes(text)), frame_size(text.size()));
  server.wait();
}

TEST_P(WebSocketSend, R87_every_frame_has_a_mask_key_of_its_own) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        std::vector<MaskKey> keys;
        for (int i = 0; i < 100; ++i) keys.push_back(peer.read_frame().key);
        std::sort(keys.begin(), keys.end());
        EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
      },
      GetParam());
  WebSocket ws = connect(server);
  for (int i = 0; i < 100; ++i) ws.send("the same");
  server.wait();
}

TEST_P(WebSocketSend, R90_fragments_go_out_as_given_with_control_frames_between_them) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_until_close(),
                  (std::vector<std::string>{"text... \"Hel\"", "ping 31", "cont... \"\"", "pong 32",
                                            "cont \"lo\"", "binary 626262", "close 1000"}));
        (void)peer.send_close();
      },
      GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.send_frame({.opcode = Opcode::text, .fin = false, .data = "Hel"}), 9U);
  EXPECT_EQ(ws.ping("1"), 7U);
  EXPECT_EQ(ws.send_frame({.opcode = Opcode::continuation, .fin = false}), 6U);
  EXPECT_EQ(ws.pong("2"), 7U);
  EXPECT_EQ(ws.send_frame({.opcode = Opcode::continuation, .data = "lo"}), 8U);
  EXPECT_EQ(ws.send("bbb", Opcode::binary), 9U);
  ws.close();
}

TEST_P(WebSocketSend, a_sequence_that_no_message_has_is_refused_and_nothing_is_sent) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_until_close(),
                  (std::vector<std::string>{"text... \"a\"", "cont \"b\"", "close 1000"}));
        (void)peer.send_close();
      },
      GetParam());
  WebSocket ws = connect(server);
  const Frame part{.opcode = Opcode::continuation, .data = "b"};
  EXPECT_EQ(refusal_of([&] { return ws.send_frame(part); }),
            plain_exception(Errc::no_message_under_way));
  ws.send_frame({.opcode = Opcode::text, .fin = false, .data = "a"});
  EXPECT_EQ(refusal_of([&] { return ws.send("c"); }), plain_exception(Errc::message_under_way));
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.opcode = Opcode::binary, .data = "c"}); }),
            plain_exception(Errc::message_under_way));
  ws.send_frame(part);
  ws.close();
}

TEST_P(WebSocketSend, R118_what_may_not_be_sent_is_refused_and_the_connection_stays_open) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "text \"still here\"");
      },
      GetParam());
  WebSocket ws = connect(server);
  const auto unsupported = plain_exception(Errc::unsupported_frame);
  const auto too_long = plain_exception(Errc::control_too_long);
  const auto not_utf8 = plain_exception(Errc::invalid_text);
  EXPECT_EQ(refusal_of([&] { return ws.send("\xC3\x28"); }), not_utf8);
  EXPECT_EQ(refusal_of([&] { return ws.send_text("cut \xE2\x82"); }), not_utf8);
  EXPECT_EQ(refusal_of([&] { return ws.ping(std::string(126, 'p')); }), too_long);
  EXPECT_EQ(refusal_of([&] { return ws.pong(std::string(126, 'p')); }), too_long);
  EXPECT_EQ(refusal_of([&] { return ws.send("x", Opcode{3}); }), unsupported);
  EXPECT_EQ(refusal_of([&] { return ws.send("x", Opcode{11}); }), unsupported);
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.rsv1 = true}); }), unsupported);
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.rsv2 = true}); }), unsupported);
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.rsv3 = true}); }), unsupported);
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.opcode = Opcode::ping, .fin = false}); }),
            unsupported);
  EXPECT_TRUE(ws.connected());
  ws.send("still here");
  server.wait();
}

TEST_P(WebSocketSend, R118_text_is_judged_as_a_whole_not_by_fragment) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "text... e2");
        EXPECT_EQ(peer.read_described(), "cont 82ac");
        EXPECT_EQ(peer.read_described(), "text... e2");
        EXPECT_EQ(peer.read_described(), "close 1000");
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.send_frame({.opcode = Opcode::text, .fin = false, .data = "\xE2"});
  ws.send_frame({.opcode = Opcode::continuation, .data = "\x82\xAC"});
  ws.send_frame({.opcode = Opcode::text, .fin = false, .data = "\xE2"});
  EXPECT_EQ(refusal_of([&] { return ws.send_frame({.opcode = Opcode::continuation}); }),
            plain_exception(Errc::invalid_text));
  ws.close();
}

TEST_P(WebSocketSend, R117_in_every_other_state_sending_throws_and_nothing_reaches_the_wire) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000");
        (void)peer.send_close();
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  const auto refusals = [](WebSocket& ws) {
    return std::vector{refusal_of([&] { return ws.send("x"); }),
                       refusal_of([&] { return ws.send_binary({}); }),
                       refusal_of([&] { return ws.send_frame({}); }),
                       refusal_of([&] { return ws.ping(); }),
                       refusal_of([&] { return ws.pong(); }),
                       refusal_of([&] { ws.send_close(); })};
  };
  const auto all = [](Errc code) { return std::vector<Thrown>(6, closed_exception(code)); };
  WebSocket unconnected;
  EXPECT_EQ(refusals(unconnected), all(Errc::not_open));
  WebSocket ws = connect(server);
  ws.send_close();
  EXPECT_EQ(refusals(ws), all(Errc::not_open)) << "closing";
  ws.close();
  EXPECT_EQ(refusals(ws), all(Errc::connection_closed)) << "closed";
}

}  // namespace
}  // namespace wirespan::test
