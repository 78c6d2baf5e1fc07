// WebSocketApp: backpressure, for messages to a peer that does not read.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include <wirespan/app/options.hpp>

namespace wirespan::test {
namespace {

constexpr std::size_t limit = 512 << 10;

class AppBackpressure : public AppTest {
 protected:
  void TearDown() override { setdefaulttimeout(std::nullopt); }
  [[nodiscard]] AppOptions limited() const { return with({.send_hard_limit = limit}); }
  /// Options with a small send buffer in the kernel.
  [[nodiscard]] RunOptions small() const {
    return running({.sockopt = {{SOL_SOCKET, SO_SNDBUF, 256 << 10}}});
  }
  [[nodiscard]] RawServer::Script deaf_until(const Signal& go_on) const {
    return [&go_on](RawPeer& peer) {
      (void)peer.accept();
      go_on.wait();
      try {
        (void)peer.read_until_close();
        (void)peer.send_close();
      } catch (const PeerError&) {
        // The connection ended in the middle of the frame.
      }
    };
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppBackpressure);

/// Sends from a thread of its own until a send is refused; counts the accepted messages.
class Sender {
 public:
  explicit Sender(WebSocketApp& app, std::string message = std::string(1000, 'm'))
      : thread_([this, &app, message = std::move(message)] {
          refusal_ = thrown_by([&] {
            while (true) {
              app.send(message);
              bytes_ += message.size();
            }
          });
          over_ = true;
        }) {}
  ~Sender() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] Thrown refusal() {
    thread_.join();
    return refusal_;
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool is_over() const { return over_; }
  /// Waits until the sender has made no progress for a while.
  void wait_until_held() const {
    std::size_t before = 0;
    EXPECT_TRUE(eventually([&] {
      const std::size_t now = bytes_;
      const bool still = now == before && now > 0;
      before = now;
      std::this_thread::sleep_for(still ? 0ms : 200ms);
      return still || over_;
    }));
  }

 private:
  std::atomic<std::size_t> bytes_{0};
  std::atomic<bool> over_{false};
  Thrown refusal_;
  std::thread thread_;
};

TEST_P(AppBackpressure, B7_another_thread_is_held_at_the_limit_and_released_by_close) {
  Signal never;
  RawServer server(deaf_until(never), link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  BackgroundRun run(app, small());
  recorder.wait_for("open");
  Sender sender(app);
  sender.wait_until_held();
  EXPECT_FALSE(sender.is_over());
  EXPECT_GT(app.buffered_amount(), 0U);
  EXPECT_LE(app.buffered_amount(), limit) << "one account for what waits, wherever it is";
  app.close(STATUS_NORMAL, "", 100ms);
  EXPECT_EQ(sender.refusal(), closed_exception(Errc::not_open));
  const RunResult result = run.wait();
  EXPECT_EQ(result.error, Errc::close_timeout);
  EXPECT_GT(result.unsent_bytes, limit / 2);
  EXPECT_LT(result.unsent_bytes, 3 * limit);
  never.set();
}

TEST_P(AppBackpressure, B7_another_thread_goes_on_when_the_peer_reads) {
  Signal read_now;
  RawServer server(deaf_until(read_now), link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  BackgroundRun run(app, small());
  recorder.wait_for("open");
  Sender sender(app);
  sender.wait_until_held();
  const std::size_t held_at = sender.bytes();
  read_now.set();
  EXPECT_TRUE(eventually([&] { return sender.bytes() > held_at + 4 * limit; }));
  app.close(STATUS_NORMAL, "", 20s);
  EXPECT_EQ(sender.refusal(), closed_exception(Errc::not_open));
  const RunResult result = run.wait();
  EXPECT_EQ(result.close.code, CloseCode::normal);
  EXPECT_EQ(result.unsent_bytes, 0U) << "all that was accepted went out before the Close frame";
}

/// The peer reads, so the kernel takes all output; only send_hard_limit is reached repeatedly.
TEST_P(AppBackpressure, B7_a_burst_from_several_threads_to_a_peer_that_reads_arrives_whole) {
  constexpr int thread_count = 4;
  constexpr int each = 300;
  constexpr std::size_t size = 8000;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        for (int i = 0; i < thread_count * each; ++i) {
          EXPECT_EQ(peer.read_frame().payload.size(), size);
        }
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < thread_count; ++n) {
    threads.emplace_back([&] {
      (void)thrown_by([&] {
        for (int i = 0; i < each; ++i, ++accepted) app.send(std::string(size, 'm'));
      });
    });
  }
  EXPECT_TRUE(eventually([&] { return accepted == thread_count * each; }, 5s));
  if (accepted != thread_count * each) app.close(STATUS_NORMAL, "", 0ms);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(run.wait().why, EndReason::closed_by_peer);
}

TEST_P(AppBackpressure, B9_another_thread_is_released_when_the_connection_is_lost) {
  Signal go;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        go.wait();
        peer.reset();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  BackgroundRun run(app, small());
  recorder.wait_for("open");
  Sender sender(app);
  sender.wait_until_held();
  go.set();
  EXPECT_EQ(sender.refusal(), closed_exception(Errc::not_open));
  const RunResult result = run.wait();
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_GT(result.unsent_bytes, 0U);
}

TEST_P(AppBackpressure, the_default_time_out_ends_the_wait_of_another_thread) {
  Signal never;
  RawServer server(deaf_until(never), link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  BackgroundRun run(app, small());
  recorder.wait_for("open");
  setdefaulttimeout(200ms);
  Sender sender(app);
  EXPECT_EQ(sender.refusal(), timeout_exception(Errc::send_timeout));
  EXPECT_TRUE(app.ready()) << "nothing was sent, nothing is lost";
  app.close(STATUS_NORMAL, "", 50ms);
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  never.set();
}

TEST_P(AppBackpressure, B7_on_the_loops_thread_sending_beyond_the_limit_is_refused) {
  Signal read_now;
  RawServer server(deaf_until(read_now), link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  std::size_t sent = 0;
  Thrown thrown;
  app.handlers().on_open = [&](WebSocketApp& self) {
    thrown = thrown_by([&] {
      while (true) {
        self.send(std::string(1000, 'm'));
        sent += 1000;
      }
    });
    EXPECT_LE(self.buffered_amount(), limit);  // the kernel was asked, and took a part before
    EXPECT_GE(self.buffered_amount(), limit / 2);
    read_now.set();
    self.close();
  };
  const RunResult result = app.run_forever(small());
  EXPECT_EQ(thrown, plain_exception(Errc::send_queue_full));
  EXPECT_GE(sent, limit - limit / 64);  // frame headers count, too
  EXPECT_EQ(ending_of(result), (Ending{EndReason::stopped, CloseCode::normal, "", {}}));
  EXPECT_EQ(result.unsent_bytes, 0U);
}

TEST_P(AppBackpressure, a_message_larger_than_the_limit_goes_if_nothing_waits_before_it) {
  const std::string large = letters(20 * limit);
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_TRUE(payload_text(peer.read_frame()) == large);
        EXPECT_TRUE(payload_text(peer.read_frame()) == large);
        EXPECT_EQ(peer.read_described(), "close 1000");
        (void)peer.send_close();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), limited());
  app.handlers().on_open = [&](WebSocketApp& self) {
    self.send(large);
    EXPECT_EQ(refusal_of([&] { self.send("x"); }), plain_exception(Errc::send_queue_full));
    recorder.note("open");
  };
  BackgroundRun run(app, small());
  recorder.wait_for("open");
  EXPECT_TRUE(eventually([&] { return app.buffered_amount() == 0; }));
  app.send(large);
  app.close(STATUS_NORMAL, "", 20s);
  EXPECT_EQ(run.wait(30s).unsent_bytes, 0U);
}

TEST_P(AppBackpressure, unsent_bytes_of_a_lost_connection_are_reported) {
  Signal opened;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        opened.wait();
        std::this_thread::sleep_for(50ms);
        peer.reset();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.handlers().on_open = [&](WebSocketApp& self) {
    self.send_binary(wire_bytes(letters(std::size_t{12} << 20)));
    opened.set();
  };
  const RunResult result = app.run_forever(small());
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_GT(result.unsent_bytes, std::size_t{4} << 20);
  EXPECT_LT(result.unsent_bytes, (std::size_t{12} << 20) + 14);
}

TEST_P(AppBackpressure, close_waits_for_what_was_sent_before_it_up_to_its_time_out) {
  Signal read_now;
  RawServer server(deaf_until(read_now), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, small());
  recorder.wait_for("open");
  app.send(letters(std::size_t{4} << 20));
  const Stopwatch watch;
  app.close(STATUS_NORMAL, "", 20s);
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(run.is_over());
  read_now.set();
  const RunResult result = run.wait(30s);
  EXPECT_EQ(result.close.code, CloseCode::normal);
  EXPECT_EQ(result.unsent_bytes, 0U);
}

}  // namespace
}  // namespace wirespan::test
