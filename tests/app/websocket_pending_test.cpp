// WebSocket::pending(): a receive loop around poll() on the descriptor, over real sockets.
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "support/blocking.hpp"
#include "support/frames.hpp"

namespace wirespan::test {
namespace {

class WebSocketPending : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketPending, ::testing::ValuesIn(links()), link_name);

std::string wire_of(std::string_view text) {
  return std::string(wire_text(frame(0x81, wire_bytes(text))));
}

/// The loop of websocket.hpp; the sleeps, and the calls that had to go on without a message, are
/// counted.
class PollLoop {
 public:
  explicit PollLoop(WebSocket& ws) : ws_(ws) { ws_.settimeout(0ms); }

  /// Returns the next message; empty, and a failed test, if none comes.
  [[nodiscard]] std::string next() {
    for (int n = 0; n < 1000; ++n) {
      if (!ws_.pending() && !sleep()) break;
      try {
        return ws_.recv().data;
      } catch (const WebSocketTimeoutException&) {
        ++misses_;
      }
    }
    ADD_FAILURE() << "no message";
    return {};
  }
  [[nodiscard]] int sleeps() const noexcept { return sleeps_; }
  [[nodiscard]] int misses() const noexcept { return misses_; }

 private:
  [[nodiscard]] bool sleep() {
    ++sleeps_;
    pollfd entry{.fd = ws_.fileno(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 5000) == 1;
  }

  WebSocket& ws_;
  int sleeps_ = 0;
  int misses_ = 0;
};

RawServer::Script writing(std::string bytes) {
  return [bytes = std::move(bytes)](RawPeer& peer) {
    (void)peer.accept();
    peer.write(bytes);
    (void)peer.read_to_end();
  };
}

TEST_P(WebSocketPending, many_messages_of_one_segment_need_one_sleep) {
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += wire_of("message " + std::to_string(i));
  RawServer server(writing(bytes), GetParam());
  WebSocket ws = connect(server);
  PollLoop loop(ws);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(loop.next(), "message " + std::to_string(i));
  EXPECT_FALSE(ws.pending());
  EXPECT_LE(loop.sleeps(), 3) << "TLS: also for session tickets";
}

TEST_P(WebSocketPending, messages_that_came_with_the_101_are_pending) {
  RawServer server(
      [](RawPeer& peer) {
        const std::string request = peer.read_head();
        peer.write(RawPeer::acceptance(request) + wire_of("first") + wire_of("second"));
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  EXPECT_TRUE(ws.pending());
  PollLoop loop(ws);
  EXPECT_EQ(loop.next(), "first");
  EXPECT_EQ(loop.next(), "second");
  EXPECT_FALSE(ws.pending());
  EXPECT_EQ(loop.sleeps(), 0);
}

/// Each write is a record of its own; the client's one read of the socket may take all of them.
TEST_P(WebSocketPending, messages_in_several_records_all_arrive) {
  Signal sent;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        for (int i = 0; i < 40; ++i) (void)peer.send_text(letters(900) + std::to_string(i));
        sent.set();
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  sent.wait();
  PollLoop loop(ws);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(loop.next(), letters(900) + std::to_string(i));
  EXPECT_FALSE(ws.pending());
}

/// Sends `first`, then the numbers below `count`, a TLS record each, in one segment of TCP.
void send_corked(RawPeer& peer, std::string_view first, int count) {
  const auto cork = [&](int on) {
    EXPECT_EQ(::setsockopt(peer.fd(), IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
  };
  cork(1);
  peer.write(first);
  for (int i = 0; i < count; ++i) (void)peer.send_text(std::to_string(i));
  cork(0);
}

/// One read takes limits::tls_records_per_read, 64 records. OpenSSL has taken the others from the
/// socket, too, so that poll() does not report them.
TEST_P(WebSocketPending, recv_does_not_wait_for_records_that_the_last_read_has_left) {
  constexpr int count = 200;
  Signal connected;
  Signal sent;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        connected.wait();
        send_corked(peer, {}, count);
        sent.set();
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server, {.timeout = 2s});
  connected.set();
  sent.wait();
  for (int i = 0; i < count; ++i) ASSERT_EQ(ws.recv().data, std::to_string(i));
}

/// The first connection ends when its last read would have blocked, which says nothing about the
/// second one. The read that finds the 101 leaves records in OpenSSL.
TEST_P(WebSocketPending, records_that_came_with_the_101_of_a_second_connection_are_pending) {
  constexpr int count = 100;
  const auto all_at_once = [](RawPeer& peer) {
    send_corked(peer, RawPeer::acceptance(peer.read_head()), count);
    (void)peer.read_to_end();
  };
  RawServer server({writing({}), all_at_once}, GetParam());
  WebSocket ws = connect(server);
  ws.settimeout(0ms);
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout));
  ws.shutdown();
  ws.connect(server.url());
  PollLoop loop(ws);
  for (int i = 0; i < count; ++i) ASSERT_EQ(loop.next(), std::to_string(i));
  EXPECT_FALSE(ws.pending());
}

TEST_P(WebSocketPending, half_a_frame_is_pending_until_a_receive_call_has_taken_it) {
  Signal half_taken;
  const std::string last = wire_of("the last one");
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        peer.write(wire_of("whole") + last.substr(0, 7));
        half_taken.wait();
        peer.write(last.substr(7));
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  PollLoop loop(ws);
  EXPECT_EQ(loop.next(), "whole");
  for (int n = 0; ws.pending(); ++n) {
    ASSERT_LT(n, 3);
    EXPECT_THROW((void)ws.recv(), WebSocketTimeoutException);
  }
  EXPECT_FALSE(ws.pending());
  EXPECT_THROW((void)ws.recv(), WebSocketTimeoutException);
  EXPECT_FALSE(ws.pending());
  half_taken.set();
  EXPECT_EQ(loop.next(), "the last one");
  EXPECT_LT(loop.misses(), 5) << "the loop spins";
}

TEST_P(WebSocketPending, nothing_is_pending_without_a_connection) {
  EXPECT_FALSE(WebSocket().pending());
  RawServer server(writing(wire_of("one") + wire_of("two")), GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.recv().data, "one");
  ws.shutdown();
  EXPECT_FALSE(ws.pending());
}

}  // namespace
}  // namespace wirespan::test
