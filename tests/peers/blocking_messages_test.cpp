// WebSocket (blocking) against other servers: messages, fragments, pings. RFC 6455 §5, §6.
#include <gtest/gtest.h>

#include "peers/blocking_fixture.hpp"

namespace wirespan::test {
namespace {

class BlockingMessages : public BlockingClient {
 protected:
  void echo_all(std::span<const std::size_t> sizes) {
    WebSocket ws = connect("/echo");
    for (const std::size_t size : sizes) {
      for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
        const std::string payload = random_payload(size, opcode == Opcode::text);
        ws.send(payload, opcode);
        const Message answer = ws.recv_view();
        EXPECT_EQ(answer.opcode, opcode) << size;
        EXPECT_TRUE(answer.text() == payload) << size << " bytes changed on their way";
      }
    }
    ws.close();
    EXPECT_EQ(ending(), "1000 ");
  }
};
INSTANTIATE_TEST_SUITE_P(To, BlockingMessages, ::testing::ValuesIn(peers()), peer_name);

TEST_P(BlockingMessages, R75_R83_R113_R116_messages_of_every_size_come_back) {
  echo_all(message_sizes);
}

TEST_P(BlockingMessages, R83_messages_of_16_and_64_MiB_come_back) { echo_all(large_sizes); }

TEST_P(BlockingMessages, many_messages_come_back_in_order) {
  WebSocket ws = connect("/echo");
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) ws.send("message " + std::to_string(i));
  for (int i = 0; i < count; ++i) EXPECT_EQ(ws.recv().data, "message " + std::to_string(i));
  ws.close();
}

// Fragments. §5.4.

class BlockingFragments : public BlockingClient {};
INSTANTIATE_TEST_SUITE_P(To, BlockingFragments, ::testing::ValuesIn(peers()), peer_name);

/// Most code points take more than one byte, so that cuts fall inside of code points.
constexpr std::string_view wide_text = "κόσμος – 世界 – 🌍🌎🌏";

/// Sends fragments of `size` bytes with an empty frame before and after each.
void send_in_pieces(WebSocket& ws, Opcode opcode, std::string_view payload, std::size_t size) {
  ws.send_frame({.opcode = opcode, .fin = false});
  for (; !payload.empty(); payload.remove_prefix(std::min(size, payload.size()))) {
    ws.send_frame({.opcode = Opcode::continuation,
                   .fin = false,
                   .data = std::string(payload.substr(0, size))});
    ws.send_frame({.opcode = Opcode::continuation, .fin = false});
  }
  ws.send_frame({.opcode = Opcode::continuation});
}

TEST_P(BlockingFragments, R90_R95_R114_our_fragments_are_one_message_wherever_they_are_cut) {
  WebSocket ws = connect("/echo");
  for (std::size_t size = 1; size <= 5; ++size) {
    send_in_pieces(ws, Opcode::text, wide_text, size);
    const ReceivedMessage answer = ws.recv();
    EXPECT_EQ(answer.opcode, Opcode::text) << size;
    EXPECT_EQ(answer.data, wide_text) << size;
  }
  const std::string bytes = random_bytes(200'000, 1);
  send_in_pieces(ws, Opcode::binary, bytes, 997);
  EXPECT_TRUE(ws.recv().data == bytes);
  send_in_pieces(ws, Opcode::text, "", 1);
  EXPECT_EQ(ws.recv().data, "");
  ws.close();
  EXPECT_EQ(ending(), "1000 ");
}

TEST_P(BlockingFragments, R93_R95_R114_their_fragments_are_one_message_wherever_they_are_cut) {
  for (const char* cut : {"1", "2", "3", "0,1", "0,0,2,1,0"}) {
    WebSocket ws = connect(std::string("/echo?cut=") + cut);
    ws.send(wide_text);
    const ReceivedMessage answer = ws.recv();
    EXPECT_TRUE(answer.is_text()) << cut;
    EXPECT_EQ(answer.data, wide_text) << cut;
    const std::string bytes = random_bytes(2000, 2);
    ws.send_binary(wire_bytes(bytes));
    EXPECT_TRUE(ws.recv().data == bytes) << cut;
    ws.close();
    EXPECT_EQ(ending(), "1000 ") << cut;
  }
}

TEST_P(BlockingFragments, a_message_of_1_MiB_in_a_thousand_fragments_comes_whole) {
  WebSocket ws = connect("/echo?cut=1000,0,1100");
  const std::string bytes = random_bytes(1 << 20, 3);
  ws.send_binary(wire_bytes(bytes));
  EXPECT_TRUE(ws.recv().data == bytes);
  ws.close();
}

TEST_P(BlockingFragments, R97_their_frames_can_be_taken_one_by_one) {
  WebSocket ws = connect("/echo?cut=0,2,3");
  ws.send("abcdefg");
  const std::vector<Frame> expected{
      {.opcode = Opcode::text, .fin = false, .data = ""},
      {.opcode = Opcode::continuation, .fin = false, .data = "ab"},
      {.opcode = Opcode::continuation, .fin = false, .data = "cde"},
      {.opcode = Opcode::continuation, .fin = false, .data = ""},
      {.opcode = Opcode::continuation, .fin = true, .data = "fg"},
  };
  for (const Frame& frame : expected) EXPECT_EQ(ws.recv_frame(), frame);
  ws.send("x");
  EXPECT_EQ(ws.recv().data, "x");
  ws.close();
}

TEST_P(BlockingFragments, R91_their_pings_may_come_between_their_fragments) {
  WebSocket ws = connect("/echo?cut=3&ping=between");
  ws.send(wide_text);
  EXPECT_EQ(ws.recv().data, wide_text);
  ws.send("abcd");
  EXPECT_EQ(ws.recv_frame().data, "abc");
  EXPECT_EQ(ws.recv_frame(), (Frame{.opcode = Opcode::ping, .data = "between 0"}));
  EXPECT_EQ(ws.recv_frame().data, "d");
  ws.close();
  EXPECT_EQ(ending(), "1000 ");
}

TEST_P(BlockingFragments, our_pings_may_go_between_our_fragments) {
  WebSocket ws = connect("/echo");
  ws.send_frame({.opcode = Opcode::text, .fin = false, .data = "one "});
  ws.ping("between");
  EXPECT_EQ(ws.recv_data(true), (std::pair{Opcode::pong, std::string("between")}));
  ws.send_frame({.opcode = Opcode::continuation, .data = "message"});
  EXPECT_EQ(ws.recv().data, "one message");
  ws.close();
}

// Pings. §5.5.2, §5.5.3.

class BlockingPings : public BlockingClient {};
INSTANTIATE_TEST_SUITE_P(To, BlockingPings, ::testing::ValuesIn(peers()), peer_name);

TEST_P(BlockingPings, R108_R109_R111_every_ping_gets_a_pong_with_its_payload) {
  WebSocket ws = connect("/pings?sizes=0,1,5,125");
  std::vector<std::string> messages;
  for (int i = 0; i < 5; ++i) messages.push_back(ws.recv().data);
  EXPECT_EQ(messages, (std::vector<std::string>{"before a ping of 0", "before a ping of 1",
                                                "before a ping of 5", "before a ping of 125",
                                                "all pongs came"}));
  ws.close();
  EXPECT_EQ(ending(), "1000 ");
}

TEST_P(BlockingPings, our_pings_arrive_and_are_answered) {
  WebSocket ws = connect("/heard");
  for (const std::string& payload : {std::string(), std::string("hello"), std::string(125, 'p')}) {
    ws.ping(payload);
    EXPECT_EQ(ws.recv_data(true), (std::pair{Opcode::pong, payload}));
  }
  ws.pong("nobody asked");
  ws.send("which ones?");
  EXPECT_EQ(ws.recv().data, ",hello," + std::string(125, 'p'));
  ws.close();
}

}  // namespace
}  // namespace wirespan::test
