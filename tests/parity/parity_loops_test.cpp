// Parity with websocket-client: the loops (dispatchers). KEEP: as in Python; FIX: another way on
// purpose.
#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {
namespace {

/// A loop of the program's own, which Python calls an external dispatcher.
class ParityLoop : public ::testing::Test {
 protected:
  /// Starts an app and turns the loop until its run has ended. Returns how it ended.
  RunResult run(WebSocketApp& app, RunOptions options) {
    std::vector<RunResult> ended;
    app.start(loop, std::move(options),
              [&](WebSocketApp&, const RunResult& result) { ended.push_back(result); });
    const auto deadline = Clock::now() + 10s;
    while (ended.empty() && Clock::now() < deadline) loop.run_once(10ms);
    EXPECT_EQ(ended.size(), 1U);
    return ended.empty() ? RunResult{} : ended.front();
  }

  net::EventLoop loop;
  Recorder recorder;
};

TEST_F(ParityLoop, FIX_a_loss_reaches_on_error_also_with_reconnect) {
  const RawServer server({[](RawPeer& peer) { (void)peer.accept(); }, sending({})});
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_FALSE(run(app, {.reconnect = 1ms}).failed());
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::lost(), "reconnect", called::close(1000, "done")}))
      << "Python: no on_error with an external dispatcher";
}

TEST_F(ParityLoop, FIX_a_reset_is_told_and_does_not_escape_into_the_loop) {
  const RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    peer.reset();
  });
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_TRUE(run(app, {}).failed());
  EXPECT_EQ(recorder.calls("error WebSocketConnectionClosedException").size(), 1U);
}

TEST_F(ParityLoop, FIX_a_protocol_error_is_told_and_does_not_escape_into_the_loop) {
  const RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.write(std::string("\xC1\0", 2));
    (void)peer.read_to_end();
  });
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_EQ(run(app, {}).error, Errc::reserved_bits);
  EXPECT_EQ(recorder.calls("error WebSocketProtocolException").size(), 1U);
}

TEST_F(ParityLoop, KEEP_the_loop_watches_for_ping_time_outs_FIX_and_tells_on_error) {
  const RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();
  });
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_EQ(run(app, {.ping_interval = 100ms, .ping_timeout = 50ms}).error, Errc::ping_timeout);
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::error("WebSocketTimeoutException", Errc::ping_timeout),
                   called::close(1006)}));
}

TEST_F(ParityLoop, FIX_no_handler_for_signals_is_installed) {
  struct sigaction before {};
  struct sigaction during {};
  ASSERT_EQ(::sigaction(SIGINT, nullptr, &before), 0);
  const RawServer server(sending({}));
  int asked = 0;
  WebSocketApp app(server.url(), {.on_open = [&](WebSocketApp&) {
                     asked += ::sigaction(SIGINT, nullptr, &during) == 0 ? 1 : 0;
                   }});
  EXPECT_FALSE(run(app, {}).failed());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(during.sa_handler, before.sa_handler) << "Python: SIGINT ends the loop";
}

}  // namespace
}  // namespace wirespan::test
