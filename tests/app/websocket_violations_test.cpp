// WebSocket: each violation by a server becomes its exception, and its Close frame on the wire.
// RFC 6455 §5, §7.1.7, §7.4.1, §10.7.
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

struct Violation {
  const char* name;
  std::string wire;
  std::string type;
  Errc error;
  unsigned close_code;
};
void PrintTo(const Violation& row, std::ostream* out) { *out << row.name; }

std::string bytes(std::string_view hex) { return std::string(wire_text(from_hex(hex))); }

const std::string protocol = "WebSocketProtocolException";
const std::string payload = "WebSocketPayloadException";

std::vector<Violation> violations() {
  const std::string long_ping(126, 'p');
  return {
      {"R80_rsv1", bytes("c1 00"), protocol, Errc::reserved_bits, 1002},
      {"R80_rsv2", bytes("a1 00"), protocol, Errc::reserved_bits, 1002},
      {"R80_rsv3_on_a_ping", bytes("99 00"), protocol, Errc::reserved_bits, 1002},
      {"R81_opcode_3", bytes("83 00"), protocol, Errc::reserved_opcode, 1002},
      {"R81_opcode_11", bytes("8b 00"), protocol, Errc::reserved_opcode, 1002},
      {"R78_masked_frame", bytes("81 81 00000000 61"), protocol, Errc::unexpected_mask, 1002},
      {"R92_fragmented_ping", bytes("09 00"), protocol, Errc::fragmented_control, 1002},
      {"R92_fragmented_pong", bytes("0a 00"), protocol, Errc::fragmented_control, 1002},
      {"R92_fragmented_close", bytes("08 00"), protocol, Errc::fragmented_control, 1002},
      {"R100_long_ping", bytes("89 7e 007e") + long_ping, protocol, Errc::oversized_control, 1002},
      {"R100_long_pong", bytes("8a 7e 007e") + long_ping, protocol, Errc::oversized_control, 1002},
      {"R85_length_not_minimal", bytes("81 7e 0001 61"), protocol, Errc::nonminimal_length, 1002},
      {"R84_top_bit_of_the_length", bytes("82 7f 8000000000000000"), protocol,
       Errc::length_overflow, 1002},
      {"R98_stray_continuation", bytes("80 00"), protocol, Errc::unexpected_continuation, 1002},
      {"R94_text_inside_text", bytes("01 00 81 00"), protocol, Errc::expected_continuation, 1002},
      {"R94_binary_inside_text", bytes("01 00 02 00"), protocol, Errc::expected_continuation, 1002},
      {"R113_text_not_utf8", bytes("81 02 c328"), payload, Errc::invalid_utf8, 1007},
      {"R113_text_cut_in_a_character", bytes("81 02 e282"), payload, Errc::invalid_utf8, 1007},
      {"R115_bad_byte_in_a_fragment", bytes("01 01 ff"), payload, Errc::invalid_utf8, 1007},
      {"R101_close_of_one_byte", bytes("88 01 03"), protocol, Errc::short_close_payload, 1002},
      {"R135_close_1005", bytes("88 02 03ed"), protocol, Errc::invalid_close_code, 1002},
      {"R136_close_999", bytes("88 02 03e7"), protocol, Errc::invalid_close_code, 1002},
      {"R139_close_5000", bytes("88 02 1388"), protocol, Errc::invalid_close_code, 1002},
      {"R101_reason_not_utf8", bytes("88 03 03e8 ff"), protocol, Errc::invalid_close_reason, 1007},
      {"R122_message_too_big", bytes("82 7e 03e9"), protocol, Errc::message_too_big, 1009},
      {"R122_fragments_too_big", bytes("02 7e 03e8") + std::string(1000, 'x') + bytes("80 01 78"),
       protocol, Errc::message_too_big, 1009},
      {"too_many_fragments", bytes("01 00 00 00 00 00 00 00"), protocol, Errc::too_many_fragments,
       1008},
      {"R122_a_length_of_2_to_the_62", bytes("82 7f 4000000000000000"), protocol,
       Errc::message_too_big, 1009},
  };
}

class WebSocketViolations : public ::testing::TestWithParam<std::tuple<Link, Violation>> {
 protected:
  [[nodiscard]] const Link& link() const { return std::get<0>(GetParam()); }
  [[nodiscard]] const Violation& row() const { return std::get<1>(GetParam()); }
};
std::string row_name(const ::testing::TestParamInfo<std::tuple<Link, Violation>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, WebSocketViolations,
                         ::testing::Combine(::testing::ValuesIn(links()),
                                            ::testing::ValuesIn(violations())),
                         row_name);

TEST_P(WebSocketViolations, R129_R130_are_thrown_answered_with_a_code_and_followed_by_nothing) {
  RawServer server(
      [this](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("before");
        (void)peer.write(row().wire);
        (void)peer.send_text("after");
        (void)peer.send_ping("after");
        (void)peer.send_close(4444);
        EXPECT_EQ(peer.read_described(), "close " + std::to_string(row().close_code));
        EXPECT_EQ(peer.read_to_end(), "");
      },
      link());
  WebSocket ws = create_connection(
      server.url(), options_for(link(), {.max_message_size = 1000, .max_message_fragments = 3}));
  EXPECT_EQ(ws.recv().data, "before");
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), (Thrown{row().type, row().error}));
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.fileno(), -1) << "nothing is left open";
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::not_open));
  EXPECT_EQ(refusal_of([&] { return ws.send("x"); }), closed_exception(Errc::not_open));
}

class WebSocketLost : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketLost, ::testing::ValuesIn(links()), link_name);

TEST_P(WebSocketLost, R132_the_peer_vanishes_at_every_place_of_a_frame) {
  const std::string wire = bytes("81 7e 0080") + letters(128);
  for (const std::size_t cut : std::initializer_list<std::size_t>{0, 1, 2, 3, 4, 5, 131}) {
    for (const bool reset : {false, true}) {
      Signal connected;
      RawServer server(
          [&](RawPeer& peer) {
            (void)peer.accept();
            connected.wait();
            (void)peer.write(wire.substr(0, cut));
            reset ? peer.reset() : peer.shutdown_write();
          },
          GetParam());
      WebSocket ws = connect(server);
      connected.set();
      const Thrown thrown = refusal_of([&] { return ws.recv(); });
      EXPECT_EQ(thrown.type, "WebSocketConnectionClosedException") << cut << " " << reset;
      EXPECT_TRUE(reset || thrown.code == Errc::connection_lost) << cut;
      EXPECT_FALSE(ws.connected());
      EXPECT_EQ(ws.fileno(), -1);
    }
  }
}

TEST_P(WebSocketLost, FIX_R132_a_reset_is_noticed_by_a_receive_and_by_a_send) {
  for (const bool by_sending : {false, true}) {
    Signal connected;
    Signal gone;
    RawServer server(
        [&](RawPeer& peer) {
          (void)peer.accept();
          connected.wait();
          peer.reset();
          gone.set();
        },
        GetParam());
    WebSocket ws = connect(server);
    connected.set();
    gone.wait();
    const auto call = [&] {
      while (by_sending) ws.send("are you there");
      (void)ws.recv();
    };
    EXPECT_EQ(thrown_by(call).type, "WebSocketConnectionClosedException");
    EXPECT_FALSE(ws.connected());
  }
}

TEST_P(WebSocketLost, G7_a_tls_stream_that_is_cut_is_told_from_one_that_ended) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(), peer.close(); }, GetParam());
  WebSocket ws = connect(server);
  const Thrown thrown = refusal_of([&] { return ws.recv(); });
  EXPECT_EQ(thrown.type, "WebSocketConnectionClosedException");
  EXPECT_EQ(thrown.code, GetParam().is_secure() ? std::error_code(tls::TlsErrc::truncated)
                                                : std::error_code(Errc::connection_lost));
}

TEST_P(WebSocketLost, what_the_peer_sent_before_it_went_is_still_delivered) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("a");
        (void)peer.send_text("b");
      },
      GetParam());
  WebSocket ws = connect(server);
  server.wait();
  EXPECT_EQ(ws.recv().data, "a");
  EXPECT_EQ(ws.recv().data, "b");
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::connection_lost));
}

TEST_P(WebSocketLost, E14_the_wait_for_a_peer_that_broke_a_rule_and_stays_has_an_end) {
  Signal thrown;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.write(bytes("83 00"));
        thrown.wait();
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 200ms});
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), protocol_exception(Errc::reserved_opcode));
  EXPECT_LT(watch.elapsed(), 3s);
  thrown.set();
}

}  // namespace
}  // namespace wirespan::test
