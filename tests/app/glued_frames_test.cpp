// Malformed frames in the same read as the handshake's response: a client opens first, and then
// fails as for any other frame. CVE-2022-21676.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/hex.hpp"
#include "support/thrown.hpp"
#include "support/wire.hpp"

namespace wirespan::test {
namespace {

struct GluedFrame {
  const char* name;
  ByteVector wire;
  Errc error;
  std::string close;
};

std::vector<GluedFrame> glued_frames() {
  return {
      {"reserved_bits", "e1 00"_hex, Errc::reserved_bits, "close 1002"},
      {"reserved_opcode", "83 00"_hex, Errc::reserved_opcode, "close 1002"},
      {"fragmented_control", "09 00"_hex, Errc::fragmented_control, "close 1002"},
      {"oversized_control", "89 7e 007e"_hex, Errc::oversized_control, "close 1002"},
      {"unexpected_mask", "81 81 00000000 61"_hex, Errc::unexpected_mask, "close 1002"},
      {"length_overflow", "82 7f ffffffffffffffff"_hex, Errc::length_overflow, "close 1002"},
      {"nonminimal_length", "82 7e 0005"_hex, Errc::nonminimal_length, "close 1002"},
      {"unexpected_continuation", "80 00"_hex, Errc::unexpected_continuation, "close 1002"},
      {"invalid_utf8", "81 01 ff"_hex, Errc::invalid_utf8, "close 1007"},
      {"message_too_big", "82 7f 0000000040000000"_hex, Errc::message_too_big, "close 1009"},
  };
}

class GluedFrames : public OverLinks {
 protected:
  /// A server that sends the response and the frame in one write.
  static RawServer::Script gluing(const GluedFrame& row) {
    return [row](RawPeer& peer) {
      const std::string request = peer.read_head();
      peer.write(RawPeer::acceptance(request) + std::string(wire_text(row.wire)));
      EXPECT_EQ(peer.read_until_close().back(), row.close) << row.name;
    };
  }
};
INSTANTIATE_TEST_SUITE_P(Over, GluedFrames, ::testing::ValuesIn(links()), link_name);

TEST_P(GluedFrames, A13_behind_the_response_fail_an_app_after_on_open) {
  for (const GluedFrame& row : glued_frames()) {
    RawServer server(gluing(row), GetParam());
    std::vector<std::string> calls;
    WebSocketApp app(
        server.url(),
        {.on_open = [&](WebSocketApp&) { calls.emplace_back("on_open"); },
         .on_error = [&](WebSocketApp&, const std::exception&) { calls.emplace_back("on_error"); },
         .on_close = [&](WebSocketApp&, std::optional<CloseCode>,
                         std::string_view) { calls.emplace_back("on_close"); }});
    const RunResult result = app.run_forever({.sslopt = GetParam().for_client()});
    EXPECT_EQ(result.error, row.error) << row.name;
    EXPECT_EQ(calls, (std::vector<std::string>{"on_open", "on_error", "on_close"})) << row.name;
  }
}

TEST_P(GluedFrames, A13_behind_the_response_fail_the_first_call_of_a_blocking_client) {
  for (const GluedFrame& row : glued_frames()) {
    RawServer server(gluing(row), GetParam());
    WebSocket ws = connect(server);
    EXPECT_EQ(refusal_of([&] { return ws.recv(); }).code, row.error) << row.name;
    EXPECT_FALSE(ws.connected());
  }
}

}  // namespace
}  // namespace wirespan::test
