// Parity with websocket-client: pings, reconnecting and the end of a run. KEEP: as in Python; FIX:
// another way on purpose.
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

/// The threads of this process while an app runs, from the moment of a call of a handler.
auto threads_while_running(const RunOptions& options, const std::string& call) {
  const RawServer server(echo_script);
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  BackgroundRun run(app, options);
  recorder.wait_for(call);
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
  const auto count = std::distance(begin(tasks), end(tasks));
  app.close();
  (void)run.wait();
  return count;
}

TEST(ParityKeepAlive, FIX_times_are_monotonic) {
  static_assert(TimePoint::clock::is_steady, "Python takes the clock that people set");
  static_assert(std::is_same_v<decltype(std::declval<WebSocketApp>().last_pong_tm()),
                               std::optional<TimePoint>>);
}

TEST(ParityKeepAlive, FIX_there_is_no_thread_for_pings) {
  const auto without = threads_while_running({}, "open");
  EXPECT_LE(threads_while_running({.ping_interval = 5ms}, "pong"), without);
}

TEST(ParityKeepAlive, FIX_a_peer_that_is_given_up_is_told_with_1011) {
  std::vector<std::string> frames;
  Recorder recorder;
  {
    const RawServer server({[&](RawPeer& peer) {
                              (void)peer.accept();
                              frames = peer.read_until_close();
                            },
                            sending({})});
    WebSocketApp app(server.url(), recorder.handlers());
    EXPECT_FALSE(
        app.run_forever({.ping_interval = 60ms, .ping_timeout = 30ms, .reconnect = 1ms}).failed());
  }  // the script has ended
  EXPECT_EQ(frames, (std::vector<std::string>{"ping ", "close 1011"}))
      << "Python: the socket is closed without a Close frame";
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::error("WebSocketTimeoutException", Errc::ping_timeout),
                   "reconnect", called::close(1000, "done")}));
}

TEST(ParityKeepAlive, KEEP_a_delay_stays_the_same_and_attempts_have_no_end) {
  constexpr int failures = 12;
  std::vector<TimePoint> attempts;
  std::vector<RawServer::Script> scripts(failures, [&](RawPeer& peer) {
    attempts.push_back(Clock::now());
    (void)peer.read_head();
    (void)peer.write("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
  });
  scripts.push_back(sending({}));
  const RawServer server(scripts);
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  const Stopwatch watch;
  EXPECT_FALSE(app.run_forever({.reconnect = 20ms}).failed());
  EXPECT_GE(watch.elapsed(), failures * 20ms);
  EXPECT_LT(watch.elapsed(), 5s) << "doubled each time, it would have been 80 s";
  EXPECT_EQ(recorder.calls("error").size(), static_cast<std::size_t>(failures))
      << "FIX: Python tells the first one alone";
  EXPECT_EQ(recorder.calls("close").size(), 1U);
}

}  // namespace
}  // namespace wirespan::test
