// WebSocket: the rules of net::Session, as in the event loop's channel: deadlines while input
// streams, failures with output under way, floods, and one direction that ends.
#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/blocking.hpp"
#include "support/thrown.hpp"

namespace wirespan::test {
namespace {

constexpr Milliseconds soon{1500};  // deadlines are 300 ms; a call that misses one takes seconds

class WebSocketSession : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketSession, ::testing::ValuesIn(links()), link_name);

/// A peer that pings without a pause, below the limit for floods where `flood` is false.
RawServer::Script streaming_pings(const Signal& stop, bool flood = false) {
  return [&stop, flood](RawPeer& peer) {
    (void)peer.accept();
    peer.set_patience(3s);
    while (!stop.is_set() && peer.send_ping("again")) {
      if (!flood) std::this_thread::sleep_for(2ms);
      while (peer.has_input(0ms)) {
        if (peer.read_some().empty()) return;
      }
    }
  };
}

/// recv() checks its deadline also while pings keep coming, so that it never has to wait for input.
TEST_P(WebSocketSession, the_deadline_of_recv_counts_while_pings_stream_in) {
  Signal stop;
  RawServer server(streaming_pings(stop), GetParam());
  WebSocket ws = connect(server, {.timeout = 300ms});
  const Stopwatch watch;
  EXPECT_THROW((void)ws.recv(), WebSocketTimeoutException);
  EXPECT_LT(watch.elapsed(), soon);
  stop.set();
  ws.shutdown();
}

TEST_P(WebSocketSession, a_time_out_of_0_takes_what_is_there) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("here");
        (void)peer.read_until_close();
      },
      GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(0ms);
  std::string text;
  EXPECT_TRUE(eventually([&] {
    try {
      text = ws.recv().data;
    } catch (const WebSocketTimeoutException&) {
      return false;
    }
    return true;
  }));
  EXPECT_EQ(text, "here");
  ws.close();
}

TEST_P(WebSocketSession, other_threads_get_in_while_pings_stream_in) {
  Signal stop;
  RawServer server(streaming_pings(stop), GetParam());
  WebSocket ws = connect(server, {.timeout = 10s});
  std::thread receiver([&] { EXPECT_THROW((void)ws.recv(), WebSocketConnectionClosedException); });
  std::this_thread::sleep_for(50ms);
  const Stopwatch watch;
  for (int i = 0; i < 20; ++i) ws.ping("me too");
  EXPECT_TRUE(ws.connected());
  ws.abort();
  EXPECT_LT(watch.elapsed(), soon);
  stop.set();
  receiver.join();
}

TEST_P(WebSocketSession, the_deadline_of_close_counts_while_pings_stream_in) {
  Signal stop;
  RawServer server(streaming_pings(stop), GetParam());
  WebSocket ws = connect(server, {.timeout = 10s});
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", 300ms);
  EXPECT_LT(watch.elapsed(), soon);
  stop.set();
}

/// limits::pings_per_second holds for the blocking client, too.
TEST_P(WebSocketSession, R142_a_flood_of_pings_ends_it) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        std::string pings;
        for (int i = 0; i < 3000; ++i) pings.append("\x89\x00", 2);
        (void)peer.write(pings);
        EXPECT_EQ(peer.read_until_close().back(), "close 1008");
      },
      GetParam());
  WebSocket ws = connect(server);
  try {
    (void)ws.recv();
    FAIL() << "nothing was thrown";
  } catch (const WebSocketException& flood) {
    EXPECT_EQ(flood.code(), Errc::ping_flood);
  }
}

/// The failing call half-closes, and lingers no longer than it may take itself: the peer keeps its
/// side open.
TEST_P(WebSocketSession, R142_a_flood_ends_it_within_the_call_that_met_it) {
  Signal over;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        std::string pings;
        for (int i = 0; i < 3000; ++i) pings.append("\x89\x00", 2);
        (void)peer.write(pings);
        EXPECT_EQ(peer.read_until_close().back(), "close 1008");
        (void)peer.read_to_end();
        over.wait();
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 500ms});
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }).code, Errc::ping_flood);
  EXPECT_LT(watch.elapsed(), soon);
  EXPECT_FALSE(ws.connected());
  over.set();
}

/// The Close frame (1002) must not follow half a frame: the 2 MiB under way are written first.
TEST_P(WebSocketSession, R140_a_failure_with_output_under_way_finishes_the_frame_and_says_close) {
  constexpr std::size_t size = std::size_t{2} << 20;
  const std::string text = letters(size);
  RawServer server(
      [&](RawPeer& peer) {
        peer.take_little();
        (void)peer.accept();
        EXPECT_TRUE(peer.has_input(10s)) << "the message is under way";
        (void)peer.write(std::string_view("\xC1\x00", 2));  // RSV1 without an extension
        const WireFrame message = peer.read_frame();
        EXPECT_EQ(payload_text(message).size(), size);
        EXPECT_EQ(peer.read_described(), "close 1002");
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 10s, .sockopt = {{SOL_SOCKET, SO_SNDBUF, 64 << 10}}});
  std::thread sender([&] {
    try {
      (void)ws.send(text);
    } catch (const WebSocketException&) {  // the connection failed before all was written
    }
  });
  EXPECT_THROW((void)ws.recv(), WebSocketProtocolException);
  sender.join();
}

/// recv() waits in one thread while close() in another is behind a backlog: a wake-up must not be
/// lost.
TEST_P(WebSocketSession, a_close_behind_a_backlog_is_written_while_another_thread_receives) {
  constexpr std::size_t size = std::size_t{2} << 20;
  Signal closing;
  RawServer server(
      [&](RawPeer& peer) {
        peer.take_little();
        (void)peer.accept();
        closing.wait();
        std::this_thread::sleep_for(100ms);
        EXPECT_EQ(payload_text(peer.read_frame()).size(), size);
        EXPECT_EQ(peer.read_described(), "close 1000");
        (void)peer.send_close(1000);
        EXPECT_EQ(peer.read_to_end(), "");
      },
      GetParam());
  WebSocket ws =
      connect(server, {.timeout = 100ms, .sockopt = {{SOL_SOCKET, SO_SNDBUF, 64 << 10}}});
  EXPECT_THROW((void)ws.send(letters(size)), WebSocketTimeoutException) << "it stays queued";
  ws.settimeout(10s);
  std::thread receiver([&] { EXPECT_THROW((void)ws.recv(), WebSocketConnectionClosedException); });
  std::this_thread::sleep_for(50ms);
  closing.set();
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", 8s);
  EXPECT_LT(watch.elapsed(), 4s);
  receiver.join();
}

/// A failed write does not end the other direction: messages that the peer sent before it closed
/// are delivered.
TEST_P(WebSocketSession, R132_what_the_peer_said_before_its_socket_closed_is_delivered) {
  Signal gone;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("last words");
        (void)peer.send_close(1008, "policy");
        peer.close();
        gone.set();
      },
      GetParam());
  WebSocket ws = connect(server, {.sockopt = {{SOL_SOCKET, SO_SNDBUF, 64 << 10}}});
  gone.wait();
  std::this_thread::sleep_for(20ms);
  try {
    for (int i = 0; i < 100; ++i) ws.send(letters(10'000));  // meets a reset, then EPIPE
    ADD_FAILURE() << "nothing was thrown";
  } catch (const WebSocketException&) {
  }
  EXPECT_EQ(ws.recv().data, "last words");
  try {
    (void)ws.recv();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const WebSocketConnectionClosedException& closed) {
    EXPECT_EQ(closed.close_code(), CloseCode::policy_violation);
    EXPECT_EQ(closed.close_reason(), "policy");
  }
}

/// A forked child that destroys its copy of the connection sends nothing: neither shutdown() nor
/// close_notify reaches the peer.
TEST_P(WebSocketSession, a_forked_child_that_drops_its_copy_does_not_end_the_parents_connection) {
  RawServer server(echo_script, GetParam());
  auto ws = std::make_unique<WebSocket>(connect(server));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ws.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ws->send("still here");
  EXPECT_EQ(ws->recv().data, "still here");
  ws->close();
}

/// Times that do not fit the clock mean for ever, and negative ones mean no time.
TEST_P(WebSocketSession, any_time_is_bounded) {
  for (const auto time : {Milliseconds::min(), Milliseconds(-1), Milliseconds(0)}) {
    RawServer server(echo_script, GetParam());
    WebSocket ws = connect(server);
    ws.settimeout(time);
    EXPECT_THROW((void)ws.recv(), WebSocketTimeoutException);
    const Stopwatch watch;
    ws.close(STATUS_NORMAL, "", time);
    EXPECT_LT(watch.elapsed(), soon);
  }
  RawServer server(echo_script, GetParam());
  WebSocket ws = connect(server, {.timeout = Milliseconds::max()});
  ws.send("for ever");
  EXPECT_EQ(ws.recv().data, "for ever");
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", Milliseconds::max());
  EXPECT_LT(watch.elapsed(), soon);
}

}  // namespace
}  // namespace wirespan::test
