// Parity with websocket-client: sockets and time-outs. KEEP: as in Python; FIX: another way on
// purpose.
#include <string>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

RawServer::Script silent() {
  return [](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();
  };
}

TEST(ParitySockets, KEEP_receiving_waits_for_ever_by_default_FIX_connecting_does_not) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    std::this_thread::sleep_for(300ms);
    (void)peer.send_text("at last");
    (void)peer.read_to_end();
  });
  WebSocket ws = create_connection(server.url());
  EXPECT_EQ(ws.gettimeout(), std::nullopt);
  EXPECT_EQ(ws.recv().data, "at last");
  EXPECT_EQ(limits::connect_time, 10s);
}

TEST(ParitySockets, FIX_a_time_out_is_a_deadline_of_the_whole_call) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.write_slowly("\x81\x7D" + std::string(100, 'x'), 20ms);
  });
  WebSocket ws = create_connection(server.url(), {.connect_timeout = 10s});
  ws.settimeout(150ms);
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout))
      << "Python: each byte starts the time again";
  EXPECT_LT(watch.elapsed(), 1500ms);
  ws.abort();
}

TEST(ParitySockets, KEEP_a_receive_that_timed_out_goes_on_where_it_was) {
  Signal timed_out;
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.write("\x81\x05he");
    timed_out.wait();
    (void)peer.write("llo");
    (void)peer.read_to_end();
  });
  WebSocket ws = create_connection(server.url(), {.connect_timeout = 10s});
  ws.settimeout(50ms);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout));
  timed_out.set();
  ws.settimeout(10s);
  EXPECT_EQ(ws.recv().data, "hello");
}

TEST(ParitySockets, FIX_every_address_of_a_name_is_tried_whatever_the_one_before_said) {
  threads_may_rest();
  RawServer server(echo_script);  // on 127.0.0.1 only; localhost may be ::1 first
  WebSocket ws =
      create_connection("ws://localhost:" + std::to_string(server.port()) + "/", {.timeout = 10s});
  ws.send("x");
  EXPECT_EQ(ws.recv().data, "x");
}

TEST(ParitySockets, FIX_a_refusal_has_the_code_of_the_system) {
  EXPECT_EQ(refusal_of([] {
              return create_connection("ws://127.0.0.1:" + std::to_string(unused_port()) + "/");
            }),
            plain_exception({ECONNREFUSED, std::system_category()}));
}

TEST(ParitySockets, FIX_a_connect_that_times_out_is_a_WebSocketTimeoutException) {
  const BlackHole hole;
  EXPECT_EQ(refusal_of([&] {
              return create_connection("ws://127.0.0.1:" + std::to_string(hole.port()) + "/",
                                       {.timeout = 100ms});
            }),
            timeout_exception(Errc::connect_timeout));
}

TEST(ParitySockets, KEEP_a_handshake_that_times_out_is_a_WebSocketTimeoutException) {
  RawServer server([](RawPeer& peer) { (void)peer.read_to_end(); });
  EXPECT_EQ(refusal_of([&] { return create_connection(server.url(), {.timeout = 100ms}); }),
            timeout_exception(Errc::connect_timeout));
}

TEST(ParitySockets, KEEP_a_name_that_nobody_knows_is_a_WebSocketAddressException) {
  threads_may_rest();
  EXPECT_EQ(refusal_of([] { return create_connection("ws://nobody.invalid/"); }).type,
            "WebSocketAddressException");
}

TEST(ParitySockets, KEEP_time_out_0_makes_one_attempt_FIX_with_the_exception_of_time) {
  RawServer server(silent());
  WebSocket ws = create_connection(server.url(), {.timeout = 0ms});
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout))
      << "Python: the would-block error of the system";
  EXPECT_LT(watch.elapsed(), 1s);
}

TEST(ParitySockets, KEEP_the_end_of_the_stream_is_the_closed_exception) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(); });
  WebSocket ws = create_connection(server.url(), {.timeout = 10s});
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), closed_exception(Errc::connection_lost));
}

TEST(ParitySockets, FIX_a_send_that_times_out_leaves_no_half_frame) {
  Signal read_on;
  constexpr std::size_t large = 8u << 20;
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    read_on.wait();
    EXPECT_EQ(peer.read_frame().payload.size(), large);
    EXPECT_EQ(peer.read_described(), "text \"next\"");
  });
  WebSocket ws = create_connection(server.url(), {.connect_timeout = 10s});
  ws.settimeout(100ms);
  EXPECT_EQ(refusal_of([&] { return ws.send(std::string(large, 'x')); }),
            timeout_exception(Errc::send_timeout))
      << "Python: the frame is cut";
  read_on.set();
  ws.settimeout(20s);
  ws.send("next");
  server.wait();
}

}  // namespace
}  // namespace wirespan::test
