// Parity with websocket-client: receiving rules, the closing handshake and status codes. KEEP: as
// in Python; FIX: another way on purpose.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

struct Violation {
  const char* name;
  std::string_view wire;
  Thrown thrown;
  unsigned answer;
};
void PrintTo(const Violation& row, std::ostream* out) { *out << row.name; }

Violation protocol(const char* name, std::string_view wire, Errc error) {
  return {name, wire, protocol_exception(error), 1002};
}
Violation not_utf8(const char* name, std::string_view wire) {
  return {name, wire, {"WebSocketPayloadException", Errc::invalid_utf8}, 1007};
}

std::vector<Violation> violations() {
  return {
      protocol("KEEP_reserved_bits", "c1 00", Errc::reserved_bits),
      protocol("KEEP_unknown_opcode", "83 00", Errc::reserved_opcode),
      protocol("KEEP_ping_without_fin", "09 00", Errc::fragmented_control),
      protocol("KEEP_close_of_one_byte", "88 01 03", Errc::short_close_payload),
      protocol("KEEP_close_of_126_bytes", "88 7e 007e", Errc::oversized_control),
      {"KEEP_bad_utf8_in_a_reason", "88 03 03e8 ff", protocol_exception(Errc::invalid_close_reason),
       1007},
      protocol("KEEP_illegal_close_code", "88 02 03ed", Errc::invalid_close_code),
      protocol("KEEP_ping_above_125_bytes", "89 7e 007e", Errc::oversized_control),
      protocol("FIX_masked_frame", "81 81 00000000 61", Errc::unexpected_mask),
      protocol("FIX_pong_without_fin", "0a 00", Errc::fragmented_control),
      protocol("FIX_close_without_fin", "08 00", Errc::fragmented_control),
      protocol("FIX_pong_above_125_bytes", "8a 7e 007e", Errc::oversized_control),
      protocol("FIX_length_that_is_not_minimal", "81 7e 0001 61", Errc::nonminimal_length),
      protocol("FIX_length_with_the_top_bit", "82 7f 8000000000000000", Errc::length_overflow),
      protocol("KEEP_continuation_without_a_start", "80 00", Errc::unexpected_continuation),
      protocol("KEEP_text_inside_a_message", "01 01 61 81 01 62", Errc::expected_continuation),
      not_utf8("KEEP_surrogate", "81 03 eda080"),
      not_utf8("KEEP_overlong", "81 02 c080"),
      not_utf8("KEEP_above_10ffff", "81 04 f4908080"),
      not_utf8("FIX_truncated_sequence", "81 01 c3"),
      not_utf8("FIX_at_the_first_bad_byte_of_an_unfinished_message", "01 02 c328"),
  };
}

class ParityReceiving : public ::testing::TestWithParam<Violation> {};
INSTANTIATE_TEST_SUITE_P(Of, ParityReceiving, ::testing::ValuesIn(violations()),
                         case_name<Violation>);

TEST_P(ParityReceiving, is_thrown_FIX_answered_with_its_code_and_the_end) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.write(from_hex(GetParam().wire));
    EXPECT_EQ(peer.read_described(), "close " + std::to_string(GetParam().answer))
        << "Python: nothing";
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), GetParam().thrown);
  EXPECT_FALSE(ws.connected()) << "Python: stays connected";
}

RawServer::Script closing_with(unsigned code) {
  return [code](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_close(code, "why");
    (void)peer.read_until_close();
  };
}

TEST(ParityClose, KEEP_close_codes_that_are_accepted_and_refused) {
  constexpr unsigned legal[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
  for (const unsigned code : legal) {
    RawServer server(closing_with(code));
    WebSocket ws = create_connection(server.url(), {.timeout = 10s});
    EXPECT_EQ(ws.recv_data(), std::pair(Opcode::close, close_body(code, "why"))) << code;
  }
  constexpr unsigned illegal[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};
  for (const unsigned code : illegal) {
    RawServer server(closing_with(code));
    WebSocket ws = create_connection(server.url(), {.timeout = 10s});
    EXPECT_EQ(refusal_of([&] { return ws.recv_data(); }),
              protocol_exception(Errc::invalid_close_code))
        << code;
  }
}

TEST(ParityClose, KEEP_an_empty_close_body_is_fine) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_empty_close();
    EXPECT_EQ(peer.read_described(), "close");
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.recv_data(), std::pair(Opcode::close, std::string()));
}

TEST(ParityClose, FIX_the_peers_close_is_answered_with_its_code_and_the_socket_is_closed) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_close(4321);
    EXPECT_EQ(peer.read_described(), "close 4321") << "Python: 1000";
    EXPECT_EQ(peer.read_to_end(), "");
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.recv_data().first, Opcode::close);
  EXPECT_FALSE(ws.connected());
  ws.close();
  EXPECT_EQ(ws.fileno(), -1);
}

TEST(ParityClose, FIX_what_follows_the_peers_close_is_not_read) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.write(from_hex("88 02 03e8 81 01 61"));
    (void)peer.read_to_end();
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(ws.recv_data().first, Opcode::close);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }).type, "WebSocketConnectionClosedException");
}

TEST(ParityClose, KEEP_close_sends_code_and_reason_and_throws_away_what_comes_before) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    EXPECT_EQ(payload_text(peer.read_frame()), close_body(1001, "we move"));
    (void)peer.send_text("too late");
    (void)peer.send_close(1001);
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  ws.close(STATUS_GOING_AWAY, "we move");
  EXPECT_FALSE(ws.connected());
  ws.close();  // nothing happens if it is not connected
}

TEST(ParityClose, KEEP_its_time_out_is_3_seconds_or_none_or_zero) {
  EXPECT_EQ(limits::close_time, 3s);
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();
  });
  const Stopwatch watch;
  create_connection(server.url()).close(STATUS_NORMAL, {}, 0ms);
  EXPECT_LT(watch.elapsed(), 1s);
  WebSocket ws = create_connection(server.url());
  ws.close(STATUS_NORMAL, {}, 150ms);
  EXPECT_LT(watch.elapsed(), 2900ms);
  RawServer late([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_frame();
    std::this_thread::sleep_for(200ms);
    (void)peer.send_close();
  });
  WebSocket patient = create_connection(late.url(), {.timeout = 10ms, .connect_timeout = 10s});
  const Stopwatch patience;
  patient.close(STATUS_NORMAL, {}, std::nullopt);
  EXPECT_GE(patience.elapsed(), 199ms);
}

TEST(ParityClose, KEEP_what_the_peer_and_the_network_do_is_no_error_of_close) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_frame();
    peer.reset();
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(thrown_by([&] { ws.close(); }), nothing_thrown());
}

TEST(ParityClose, FIX_codes_and_reasons_that_may_not_be_sent_are_refused) {
  RawServer server(echo_script);
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  for (const auto code : {CloseCode{0}, CloseCode{1005}, CloseCode{1015}, CloseCode{5000}}) {
    EXPECT_EQ(thrown_by([&] { ws.close(code); }), plain_exception(Errc::close_code_not_allowed))
        << static_cast<int>(code) << ": Python sends it";
  }
  EXPECT_EQ(thrown_by([&] { ws.close(STATUS_NORMAL, std::string(124, 'r')); }),
            plain_exception(Errc::control_too_long))
      << "Python sends an illegal frame";
  EXPECT_TRUE(ws.connected());
}

TEST(ParityClose, FIX_a_ping_behind_our_close_is_answered) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    EXPECT_EQ(peer.read_described(), "close 1000");
    (void)peer.send_ping("still there?");
    EXPECT_EQ(peer.read_described(), "pong 7374696c6c2074686572653f") << "Python: no pong";
    (void)peer.send_close();
    EXPECT_EQ(peer.read_to_end(), "");
  });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  ws.close();
  server.wait();
}

TEST(ParityClose, FIX_no_descriptor_outlives_the_object) {
  RawServer server(closing_with(1000));
  const int before = count_descriptors();
  {
    WebSocket ws = create_connection(server.url(), {.timeout = 10s});
    EXPECT_EQ(ws.recv_data().first, Opcode::close);
  }
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }))
      << "Python: until the cyclic collector comes";
}

}  // namespace
}  // namespace wirespan::test
