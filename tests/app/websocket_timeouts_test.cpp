// WebSocket: each call has one deadline for all it does; an unfinished message is not lost.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

class WebSocketTimeouts : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketTimeouts, ::testing::ValuesIn(links()), link_name);

/// A loaded machine may be late, but not by this much.
constexpr Milliseconds much_later = 5s;

const Thrown receive_timed_out = timeout_exception(Errc::receive_timeout);
const Thrown send_timed_out = timeout_exception(Errc::send_timeout);

/// A peer that reads nothing before `go`.
RawServer::Script not_reading(const Signal& go, std::function<void(RawPeer&)> then) {
  return [&go, then = std::move(then)](RawPeer& peer) {
    (void)peer.accept();
    go.wait();
    then(peer);
  };
}

/// Options with a small send buffer in the kernel, so that a peer that does not read soon blocks.
ConnectOptions small_buffers(Milliseconds timeout) {
  return {.timeout = timeout, .sockopt = {{SOL_SOCKET, SO_SNDBUF, 256 << 10}}};
}

TEST_P(WebSocketTimeouts, busy_polling_of_any_length_ends_at_the_deadline) {
  for (const auto busy : {std::chrono::microseconds::min(), std::chrono::microseconds(-1),
                          std::chrono::microseconds(20'000), std::chrono::microseconds::max()}) {
    RawServer server(echo_script, GetParam());
    WebSocket ws = connect(server, {.timeout = 1s, .busy_poll = busy});
    ws.settimeout(50ms);
    const Stopwatch watch;
    EXPECT_EQ(thrown_by([&] { (void)ws.recv(); }), receive_timed_out);
    EXPECT_GE(watch.elapsed(), 49ms);
    EXPECT_LT(watch.elapsed(), much_later);
    ws.send("x");
    EXPECT_EQ(ws.recv().data, "x");
  }
}

TEST_P(WebSocketTimeouts, many_messages_that_find_no_room_in_time_are_counted) {
  Signal go;
  const std::string one(1000, 'x');
  const std::vector<std::string_view> many(40'000, one);  // more than send_hard_limit
  std::size_t queued = 0;
  std::size_t arrived = 0;
  RawServer server(not_reading(go,
                               [&](RawPeer& peer) {
                                 while (payload_text(peer.read_frame()) == one) ++arrived;
                               }),
                   GetParam());
  WebSocket ws = connect(server, small_buffers(300ms));
  EXPECT_EQ(thrown_by([&] { (void)ws.send_many(many, Opcode::text, &queued); }),
            timeout_exception(Errc::send_queue_full));
  EXPECT_GT(queued, 0U);
  EXPECT_LT(queued, many.size());
  go.set();
  ws.settimeout(20s);
  ws.send("end");
  server.wait();
  EXPECT_EQ(arrived, queued);
}

TEST_P(WebSocketTimeouts, KEEP_a_silent_peer_ends_a_receive_at_its_deadline) {
  RawServer server(echo_script, GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(50ms);
  EXPECT_EQ(ws.gettimeout(), 50ms);
  const std::vector<std::function<void()>> calls{
      [&] { (void)ws.recv(); },       [&] { (void)ws.recv_view(); },
      [&] { (void)ws.recv_data(); },  [&] { (void)ws.recv_data_frame(true); },
      [&] { (void)ws.recv_frame(); }, [&] { (void)ws.next(); },
      [&] { (void)ws.begin(); }};
  for (const auto& call : calls) {
    const Stopwatch watch;
    EXPECT_EQ(thrown_by(call), receive_timed_out);
    EXPECT_GE(watch.elapsed(), 49ms);
    EXPECT_LT(watch.elapsed(), much_later);
  }
  EXPECT_TRUE(ws.connected());
  ws.settimeout(10s);
  ws.send("still open");
  EXPECT_EQ(ws.recv().data, "still open");
}

TEST_P(WebSocketTimeouts, bytes_that_trickle_in_do_not_extend_a_receive) {
  const std::string text = letters(600);
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.write_slowly(std::string("\x81\x7E\x02\x58", 4) + text, 5ms);
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(100ms);
  int timeouts = 0;
  std::string received;
  while (received.empty() && timeouts < 1000) {
    const Stopwatch watch;
    const Thrown thrown = thrown_by([&] { received = ws.recv().data; });
    EXPECT_LT(watch.elapsed(), 2s) << "600 bytes take 3 seconds";
    if (thrown == nothing_thrown()) break;
    ASSERT_EQ(thrown, receive_timed_out);
    ++timeouts;
  }
  EXPECT_EQ(received, text) << "each receive went on where the one before had stopped";
  EXPECT_GE(timeouts, 2);
}

TEST_P(WebSocketTimeouts, pings_and_fragments_do_not_extend_a_receive) {
  Signal enough;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_frame(0x01, "a");
        while (!enough.is_set()) {
          (void)peer.send_ping("x");
          (void)peer.send_frame(0x00, "b");
          std::this_thread::sleep_for(5ms);
        }
        (void)peer.send_frame(0x80, "c");
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(100ms);
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), receive_timed_out);
  EXPECT_LT(watch.elapsed(), much_later);
  enough.set();
  ws.settimeout(10s);
  const std::string message = ws.recv().data;
  EXPECT_EQ(message.front(), 'a');
  EXPECT_EQ(message.back(), 'c');
}

TEST_P(WebSocketTimeouts, a_frame_cut_at_every_byte_is_resumed) {
  const std::string wire = std::string("\x81\x7E\x00\x80", 4) + letters(128);
  for (const std::size_t cut : std::initializer_list<std::size_t>{1, 2, 3, 4, 5, 100, 131}) {
    Signal go_on;
    RawServer server(
        [&](RawPeer& peer) {
          (void)peer.accept();
          (void)peer.write(wire.substr(0, cut));
          go_on.wait();
          (void)peer.write(wire.substr(cut));
          (void)peer.read_to_end();
        },
        GetParam());
    WebSocket ws = connect(server);
    ws.settimeout(20ms);
    EXPECT_EQ(refusal_of([&] { return ws.recv(); }), receive_timed_out) << cut;
    go_on.set();
    ws.settimeout(10s);
    EXPECT_EQ(ws.recv().data, letters(128)) << cut;
  }
}

TEST_P(WebSocketTimeouts, with_0_a_receive_takes_what_is_here_and_does_not_wait) {
  Signal sent;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.read_message();
        (void)peer.send_text("here");
        sent.set();
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 0ms});
  EXPECT_EQ(ws.gettimeout(), 0ms);
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), receive_timed_out);
  EXPECT_LT(watch.elapsed(), 1s);
  ws.send("go");
  sent.wait();
  EXPECT_TRUE(eventually(
      [&] { return thrown_by([&] { EXPECT_EQ(ws.recv().data, "here"); }) == nothing_thrown(); }));
}

TEST_P(WebSocketTimeouts, without_a_time_out_a_receive_waits_as_long_as_it_takes) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        std::this_thread::sleep_for(300ms);
        (void)peer.send_text("late");
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(std::nullopt);
  EXPECT_EQ(ws.gettimeout(), std::nullopt);
  EXPECT_EQ(ws.recv().data, "late");
}

TEST_P(WebSocketTimeouts, the_longest_time_out_waits_too) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        std::this_thread::sleep_for(50ms);
        (void)peer.send_text("late");
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(Milliseconds::max());
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), nothing_thrown());
}

TEST_P(WebSocketTimeouts, FIX_a_send_that_times_out_has_queued_its_message_whole_and_in_order) {
  const std::string big = letters(std::size_t{8} << 20);
  Signal read_now;
  RawServer server(not_reading(read_now,
                               [&](RawPeer& peer) {
                                 EXPECT_TRUE(payload_text(peer.read_frame()) == big);
                                 EXPECT_EQ(peer.read_described(), "text \"second\"");
                                 EXPECT_EQ(peer.read_described(), "ping 70");
                                 EXPECT_EQ(peer.read_described(), "text \"third\"");
                               }),
                   GetParam());
  WebSocket ws = connect(server, small_buffers(100ms));
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.send(big); }), send_timed_out);
  EXPECT_GE(watch.elapsed(), 99ms);
  EXPECT_EQ(refusal_of([&] { return ws.send("second"); }), send_timed_out);
  EXPECT_EQ(refusal_of([&] { return ws.ping("p"); }), send_timed_out);
  EXPECT_LT(watch.elapsed(), much_later);
  EXPECT_TRUE(ws.connected());
  read_now.set();
  ws.settimeout(20s);
  EXPECT_EQ(ws.send("third"), 11U);
  server.wait();
}

TEST_P(WebSocketTimeouts, what_a_send_has_queued_leaves_with_a_receive_too) {
  const std::string big = letters(std::size_t{8} << 20);
  Signal read_now;
  RawServer server(not_reading(read_now,
                               [&](RawPeer& peer) {
                                 EXPECT_TRUE(payload_text(peer.read_frame()) == big);
                                 (void)peer.send_text("got it");
                               }),
                   GetParam());
  WebSocket ws = connect(server, small_buffers(0ms));
  EXPECT_EQ(refusal_of([&] { return ws.send(big); }), send_timed_out);
  read_now.set();
  ws.settimeout(20s);
  EXPECT_EQ(ws.recv().data, "got it");
}

/// The error of a time-out tells the caller whether the message is queued and will still arrive.
TEST_P(WebSocketTimeouts, behind_a_full_queue_the_error_says_whether_the_message_is_queued) {
  const std::string big = letters(2 * limits::send_hard_limit);
  Signal read_now;
  bool second_expected = false;
  RawServer server(not_reading(read_now,
                               [&](RawPeer& peer) {
                                 EXPECT_EQ(peer.read_frame().payload.size(), big.size());
                                 const std::string next = peer.read_described();
                                 EXPECT_EQ(next == "text \"second\"", second_expected) << next;
                               }),
                   GetParam());
  WebSocket ws = connect(server, small_buffers(50ms));
  EXPECT_EQ(refusal_of([&] { return ws.send(big); }), send_timed_out);
  const Thrown second = refusal_of([&] { return ws.send("second"); });
  EXPECT_NE(second, nothing_thrown());
  second_expected = second == send_timed_out;  // as the class promises
  read_now.set();
  ws.settimeout(20s);
  ws.send("third");
  server.wait();
}

}  // namespace
}  // namespace wirespan::test
