// WebSocketApp::close() from another thread, often: the run returns as soon as the peer has
// answered.
#include <atomic>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

class AppCloseMany : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppCloseMany);

constexpr int runs = 1000;
constexpr Milliseconds allowed = 50ms;

/// Measures pauses of the machine, which the library does not cause: a thread that only sleeps and
/// records by how much it wakes up late.
class Pauses {
 public:
  Pauses()
      : sleeper_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            const auto due = Clock::now() + 1ms;
            std::this_thread::sleep_until(due);
            const auto late = Clock::now() - due;
            if (late > 5ms) total_ += late.count();
          }
        }) {}
  [[nodiscard]] Clock::duration so_far() const { return Clock::duration(total_.load()); }

 private:
  std::atomic<Clock::rep> total_{0};
  std::jthread sleeper_;
};

/// Records of a peer that answers each Close frame at once: the time, on the peer's clock. Every
/// tenth time the peer leaves the end of TCP to the client.
struct Answers {
  Pauses pauses;
  std::atomic<int> count{0};
  std::atomic<Clock::time_point> latest{};
  std::atomic<Clock::duration> pauses_before{};
};

RawServer::Script answering_and_noting(Answers& answers) {
  return [&](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_until_close();
    answers.pauses_before = answers.pauses.so_far();
    answers.latest = Clock::now();
    (void)peer.send_close(1000);
    if (++answers.count % 10 == 0) (void)peer.read_to_end();
  };
}

TEST_P(AppCloseMany, close_from_another_thread_returns_within_50_ms_in_1000_of_1000_runs) {
  Answers answers;
  RawServer server(answering_and_noting(answers), link());
  std::atomic<int> opened{0};
  WebSocketApp app(server.url(), {.on_open = [&](WebSocketApp&) { ++opened; }}, with());
  std::thread closer([&] {
    std::minstd_rand random(1);  // fixed seed: the same moments in every execution
    for (int i = 0; i < runs; ++i) {
      while (opened <= i) std::this_thread::sleep_for(std::chrono::microseconds(100));
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
      app.close();
    }
  });
  int late = 0;
  Clock::duration worst{};
  for (int i = 0; i < runs; ++i) {
    const RunResult result = app.run_forever(running());
    const auto paused = answers.pauses.so_far() - answers.pauses_before.load();
    const auto took = Clock::now() - answers.latest.load() - paused;
    EXPECT_EQ(ending_of(result), (Ending{EndReason::stopped, CloseCode::normal, "", {}})) << i;
    if (took > allowed) ++late;
    worst = std::max(worst, took);
  }
  closer.join();
  EXPECT_EQ(late, 0) << "the slowest took " << std::chrono::duration<double>(worst).count() << " s";
}

TEST_P(AppCloseMany, a_run_without_any_answer_ends_at_its_close_time_out) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(), (void)peer.read_to_end(); }, link());
  for (int i = 0; i < 5; ++i) {
    Recorder calls;
    WebSocketApp app(server.url(), calls.handlers(), with());
    BackgroundRun run(app, running());
    calls.wait_for("open");
    const Stopwatch watch;
    app.close(STATUS_NORMAL, "", 100ms);
    EXPECT_EQ(run.wait().error, Errc::close_timeout);
    EXPECT_GE(watch.elapsed(), 100ms);
    EXPECT_LT(watch.elapsed(), 1s);
  }
}

TEST_P(AppCloseMany, several_threads_close_the_same_run) {
  RawServer server(echo_script, link());
  for (int i = 0; i < 30; ++i) {
    Recorder calls;
    WebSocketApp app(server.url(), calls.handlers(), with());
    BackgroundRun run(app, running());
    std::vector<std::thread> closers;
    for (unsigned n = 0; n < 4; ++n) {
      closers.emplace_back([&app, &calls, n] {
        calls.wait_for("open");
        app.close(CloseCode{static_cast<std::uint16_t>(4000 + n)});
      });
    }
    for (std::thread& closer : closers) closer.join();
    const Ending ending = ending_of(run.wait());
    EXPECT_EQ(ending.why, EndReason::stopped);
    EXPECT_EQ(ending.error, std::error_code());
    EXPECT_EQ(calls.calls("close").size(), 1U);
  }
}

}  // namespace
}  // namespace wirespan::test
