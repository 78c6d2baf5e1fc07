// WebSocket: one reader and many writers, and a thread that ends the wait of another.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/blocking.hpp"

namespace wirespan::test {
namespace {

class WebSocketThreads : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketThreads, ::testing::ValuesIn(links()), link_name);

constexpr int writer_count = 8;
constexpr int messages_each = 150;

std::string numbered(int writer, int number) {
  return std::to_string(writer) + " " + std::to_string(number) + " " +
         letters(static_cast<std::size_t>(number * 61));
}

/// Options with a small send buffer in the kernel, so that a sender soon waits.
ConnectOptions small_buffers() { return {.sockopt = {{SOL_SOCKET, SO_SNDBUF, 256 << 10}}}; }

/// A peer that reads nothing until `go_on`, so that the client's send waits.
RawServer::Script deaf_until(const Signal& go_on) {
  return [&go_on](RawPeer& peer) {
    (void)peer.accept();
    go_on.wait();
  };
}

TEST_P(WebSocketThreads,
       KEEP_F10_one_reader_and_8_writers_keep_frames_whole_and_each_writers_order) {
  RawServer server(echo_script, GetParam());
  WebSocket ws = connect(server, {.timeout = 40s});
  std::vector<std::thread> writers;
  for (int writer = 0; writer < writer_count; ++writer) {
    writers.emplace_back([&ws, writer] {
      for (int number = 0; number < messages_each; ++number) ws.send(numbered(writer, number));
    });
  }
  std::map<int, int> next;
  for (int i = 0; i < writer_count * messages_each; ++i) {
    const std::string text = ws.recv().data;
    const int writer = std::stoi(text);
    EXPECT_EQ(text, numbered(writer, next[writer]++));
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(next.size(), static_cast<std::size_t>(writer_count));
}

TEST_P(WebSocketThreads, KEEP_two_receivers_take_turns_and_lose_nothing) {
  constexpr int count = 200;
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        for (int i = 0; i < count; ++i) (void)peer.send_text(std::to_string(i));
        (void)peer.read_to_end();
      },
      GetParam());
  WebSocket ws = connect(server);
  std::atomic<int> received{0};
  std::atomic<int> sum{0};
  const auto receive = [&] {
    while (received++ < count) sum += std::stoi(ws.recv().data);
  };
  std::thread first(receive);
  std::thread second(receive);
  first.join();
  second.join();
  EXPECT_EQ(sum, count * (count - 1) / 2);
}

TEST_P(WebSocketThreads, a_receiver_that_waits_for_its_turn_has_its_deadline_too) {
  RawServer server(echo_script, GetParam());
  WebSocket ws = connect(server, {.timeout = 300ms});
  std::thread first([&] {
    EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout));
  });
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), timeout_exception(Errc::receive_timeout));
  EXPECT_LT(watch.elapsed(), 5s);
  first.join();
}

TEST_P(WebSocketThreads, a_blocked_reader_does_not_hold_up_a_sender) {
  RawServer server(echo_script, GetParam());
  WebSocket ws = connect(server);
  std::thread reader([&] { EXPECT_EQ(ws.recv().data, "sent meanwhile"); });
  std::this_thread::sleep_for(50ms);
  ws.ping("x");
  ws.send("sent meanwhile");
  reader.join();
}

TEST_P(WebSocketThreads, abort_wakes_a_blocked_reader) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(), (void)peer.read_to_end(); },
                   GetParam());
  WebSocket ws = connect(server);
  Thrown thrown;
  std::thread reader([&] { thrown = refusal_of([&] { return ws.recv(); }); });
  std::this_thread::sleep_for(50ms);
  const Stopwatch watch;
  ws.abort();
  reader.join();
  EXPECT_LT(watch.elapsed(), 5s);
  EXPECT_EQ(thrown.type, "WebSocketConnectionClosedException");
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(refusal_of([&] { return ws.send("x"); }), closed_exception(Errc::not_open));
}

TEST_P(WebSocketThreads, FIX_shutdown_wakes_a_blocked_reader) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(), (void)peer.read_to_end(); },
                   GetParam());
  WebSocket ws = connect(server);
  Thrown thrown;
  std::thread reader([&] { thrown = refusal_of([&] { return ws.recv(); }); });
  std::this_thread::sleep_for(50ms);
  ws.shutdown();
  reader.join();
  EXPECT_EQ(thrown, closed_exception(Errc::not_open));
  EXPECT_EQ(ws.fileno(), -1);
}

TEST_P(WebSocketThreads, close_while_another_thread_is_blocked_in_recv) {
  RawServer server(echo_script, GetParam());
  for (int i = 0; i < 20; ++i) {
    WebSocket ws = connect(server);
    Thrown thrown;
    std::thread reader([&] { thrown = refusal_of([&] { return ws.recv(); }); });
    if (i % 2 == 0) std::this_thread::sleep_for(5ms);
    const Stopwatch watch;
    ws.close(CloseCode{4001}, "done");
    EXPECT_LT(watch.elapsed(), 2s) << "it need not wait for its time-out";
    reader.join();
    EXPECT_EQ(thrown, closed_exception());
  }
}

TEST_P(WebSocketThreads, close_while_a_reader_keeps_receiving_messages) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        while (!peer.has_input(0ms)) (void)peer.send_text("more");
        EXPECT_EQ(peer.read_described(), "close 1000");
        for (int i = 0; i < 100; ++i) (void)peer.send_text("after");
        (void)peer.send_close();
      },
      GetParam());
  WebSocket ws = connect(server);
  std::thread reader([&] {
    const Thrown thrown = thrown_by([&] {
      while (true) (void)ws.recv();
    });
    EXPECT_EQ(thrown, closed_exception());
  });
  std::this_thread::sleep_for(20ms);
  ws.close();
  reader.join();
}

TEST_P(WebSocketThreads, FIX_D11_close_does_not_wait_behind_a_sender_that_is_stuck) {
  Signal go_on;
  RawServer server(deaf_until(go_on), GetParam());
  WebSocket ws = connect(server, small_buffers());
  ws.settimeout(std::nullopt);
  const std::string big = letters(std::size_t{12} << 20);
  Thrown thrown;
  std::thread sender([&] { thrown = refusal_of([&] { return ws.send(big); }); });
  std::this_thread::sleep_for(100ms);
  const Stopwatch watch;
  ws.close(STATUS_NORMAL, "", 200ms);
  EXPECT_LT(watch.elapsed(), 3s);
  sender.join();
  EXPECT_EQ(thrown.type, "WebSocketConnectionClosedException");
  EXPECT_FALSE(ws.connected());
  go_on.set();
}

TEST_P(WebSocketThreads, shutdown_and_abort_free_a_sender_that_is_stuck) {
  for (const bool abort : {false, true}) {
    Signal go_on;
    RawServer server(deaf_until(go_on), GetParam());
    WebSocket ws = connect(server, small_buffers());
    ws.settimeout(std::nullopt);
    const std::string big = letters(std::size_t{12} << 20);
    Thrown thrown;
    std::thread sender([&] { thrown = refusal_of([&] { return ws.send(big); }); });
    std::this_thread::sleep_for(50ms);
    abort ? ws.abort() : ws.shutdown();
    sender.join();
    EXPECT_EQ(thrown.type, "WebSocketConnectionClosedException") << abort;
    go_on.set();
  }
}

TEST_P(WebSocketThreads, several_writers_stuck_at_once_all_get_through_when_the_peer_reads) {
  Signal read_now;
  std::atomic<int> seen{0};
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        read_now.wait();
        while (seen < 4) seen += peer.read_frame().payload.size() == (6U << 20) ? 1 : 0;
      },
      GetParam());
  WebSocket ws = connect(server, small_buffers());
  ws.settimeout(20s);
  const std::string big = letters(std::size_t{6} << 20);
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) writers.emplace_back([&] { ws.send(big); });
  std::this_thread::sleep_for(50ms);
  read_now.set();
  for (std::thread& writer : writers) writer.join();
  server.wait();
  EXPECT_EQ(seen, 4);
}

TEST_P(WebSocketThreads, F6_sending_pinging_and_closing_at_the_same_time_harms_nothing) {
  RawServer server(echo_script, GetParam());
  for (int i = 0; i < 30; ++i) {
    WebSocket ws = connect(server);
    std::vector<std::thread> threads;
    const auto until_closed = [&](auto call) {
      threads.emplace_back([call] {
        const Thrown thrown = thrown_by([&] {
          while (true) call();
        });
        EXPECT_EQ(thrown.type, "WebSocketConnectionClosedException");
      });
    };
    until_closed([&] { ws.send("x"); });
    until_closed([&] { ws.ping("y"); });
    until_closed([&] { (void)ws.recv(); });
    threads.emplace_back([&] { ws.close(); });
    ws.close();
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(ws.connected());
  }
}

}  // namespace
}  // namespace wirespan::test
