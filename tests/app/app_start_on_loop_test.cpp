// WebSocketApp::start(): many apps on one loop of the caller's, from their beginning to their end.
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/left_behind.hpp"
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {
namespace {

/// A loop of the test's, driven on the test's thread.
class StartOnLoop : public AppTest {
 protected:
  /// Runs turns until the condition holds; fails the test if that takes too long.
  void turn_until(const std::function<bool()>& condition) {
    const auto deadline = Clock::now() + 10s;
    while (!condition()) {
      ASSERT_LT(Clock::now(), deadline) << "the loop has not come so far";
      loop.run_once(10ms);
    }
  }
  [[nodiscard]] RunEnded note_end() {
    return [this](WebSocketApp&, const RunResult& result) { ended.push_back(result); };
  }

  net::EventLoop loop{{.backend = link().backend}};
  std::vector<RunResult> ended;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(StartOnLoop);

TEST_P(StartOnLoop, KEEP_returns_at_once_and_calls_handlers_in_turns_of_the_loop) {
  const RawServer server(sending({"a", "b"}), link());
  WebSocketApp app(server.url(), recorder.handlers());
  app.start(loop, running(), note_end());
  EXPECT_TRUE(app.keep_running());
  EXPECT_TRUE(recorder.calls().empty());
  turn_until([&] { return !ended.empty(); });
  EXPECT_EQ(recorder.calls(), (Calls{called::open, called::message("a"), called::message("b"),
                                     called::close(1000, "done")}));
  EXPECT_EQ(
      ending_of(ended.front()),
      (Ending{.why = EndReason::closed_by_peer, .code = CloseCode::normal, .reason = "done"}));
  EXPECT_FALSE(app.keep_running());
}

TEST_P(StartOnLoop, a_second_run_is_refused_and_wrong_options_throw_before_anything_begins) {
  const RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_EQ(thrown_by([&] {
              app.start(loop, running({.ping_interval = 1s, .ping_timeout = 1s}), note_end());
            }),
            plain_exception(Errc::invalid_option));
  app.start(loop, running(), note_end());
  EXPECT_EQ(thrown_by([&] { app.start(loop, running()); }), plain_exception(Errc::already_open));
  EXPECT_EQ(refusal_of([&] { return app.run_forever(running()); }),
            plain_exception(Errc::already_open));
  app.close();
  turn_until([&] { return !ended.empty(); });
  EXPECT_EQ(ended.front().why, EndReason::stopped);
}

TEST_P(StartOnLoop, FIX_other_threads_send_and_close_while_the_loop_turns) {
  const RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers());
  app.start(loop, running(), note_end());
  std::thread other([&] {
    recorder.wait_for(called::open);
    app.send("from another thread");
    recorder.wait_for(called::message("from another thread"));
    app.close(STATUS_GOING_AWAY, "enough");
  });
  turn_until([&] { return !ended.empty(); });
  other.join();
  EXPECT_EQ(ended.front().why, EndReason::stopped);
  EXPECT_EQ(ended.front().close.code, CloseCode::going_away);
}

TEST_P(StartOnLoop, FIX_an_app_may_be_started_again_or_destroyed_when_its_run_has_ended) {
  const RawServer server(sending({"x"}), link());
  auto app = std::make_unique<WebSocketApp>(server.url(), recorder.handlers());
  int runs = 0;
  RunEnded again = [&](WebSocketApp& told, const RunResult&) {
    if (++runs < 3) return told.start(loop, running(), again);
    app.reset();
  };
  app->start(loop, running(), again);
  turn_until([&] { return app == nullptr; });
  EXPECT_EQ(recorder.calls(called::message("x")).size(), 3U);
  EXPECT_EQ(recorder.calls("close").size(), 3U);
  loop.run_once(0ms);
}

TEST_P(StartOnLoop, FIX_an_app_that_is_destroyed_drops_its_connection_and_calls_nothing) {
  const int before = count_descriptors();
  {
    const RawServer server(echo_script, link());
    auto before_its_turn = std::make_unique<WebSocketApp>(server.url(), recorder.handlers());
    before_its_turn->start(loop, running(), note_end());
    before_its_turn.reset();
    auto connecting = std::make_unique<WebSocketApp>(server.url(), recorder.handlers());
    connecting->start(loop, running(), note_end());
    loop.run_once(0ms);
    connecting.reset();
    auto open = std::make_unique<WebSocketApp>(server.url(), recorder.handlers());
    open->start(loop, running(), note_end());
    turn_until([&] { return open->ready(); });
    open->send("on its way");
    open.reset();
    for (int i = 0; i < 5; ++i) loop.run_once(1ms);
  }
  EXPECT_EQ(recorder.calls(), Calls{called::open});
  EXPECT_TRUE(ended.empty());
  EXPECT_TRUE(eventually([&] { return count_descriptors() <= before + 2; }));
}

/// A run has a timer while it waits for its next attempt, and when close() has ended it. The loop
/// advances timers before it runs the task that destroys the run.
TEST_P(StartOnLoop, an_app_that_is_destroyed_while_its_run_has_a_timer_calls_nothing) {
  for (const bool closes : {false, true}) {
    recorder.clear();
    auto app = std::make_unique<WebSocketApp>(link().url(unused_port()), recorder.handlers());
    app->start(loop, running({.reconnect = 10ms}), note_end());
    turn_until([&] { return !recorder.calls("error").empty(); });
    const Calls before = recorder.calls();
    if (closes) app->close();
    app.reset();
    std::this_thread::sleep_for(20ms);
    for (int i = 0; i < 5; ++i) loop.run_once(0ms);
    EXPECT_EQ(recorder.calls(), before) << "closes " << closes;
    EXPECT_TRUE(ended.empty());
  }
}

TEST_P(StartOnLoop, KEEP_an_app_reconnects_by_its_own_policy) {
  const RawServer server({answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                          [](RawPeer& peer) { (void)peer.accept(); },  // lost without a Close
                          sending({"third"})},
                         link());
  WebSocketApp app(server.url(), recorder.handlers());
  app.start(loop, running({.reconnect = 10ms}), note_end());
  turn_until([&] { return !ended.empty(); });
  EXPECT_EQ(recorder.calls("error").size(), 2U);
  EXPECT_EQ(recorder.calls(called::reconnect).size(), 2U);
  EXPECT_EQ(recorder.calls(called::message("third")).size(), 1U);
}

TEST_P(StartOnLoop, an_exception_of_on_ended_harms_nobody) {
  const RawServer server(sending({}), link());
  WebSocketApp app(server.url(), recorder.handlers());
  bool was_called = false;
  app.start(loop, running(), [&](WebSocketApp&, const RunResult&) {
    was_called = true;
    throw std::runtime_error("of the application");
  });
  turn_until([&] { return was_called; });
  app.start(loop, running(), note_end());
  turn_until([&] { return !ended.empty(); });
}

TEST_P(StartOnLoop, KEEP_many_apps_share_one_thread_and_none_waits_for_another) {
  constexpr std::size_t many = 50;
  const RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        peer.echo();
      },
      link());
  const RawServer silent([](RawPeer& peer) { (void)peer.read_to_end(); }, link());
  std::vector<std::unique_ptr<WebSocketApp>> apps;
  std::size_t answers = 0;
  AppHandlers handlers{.on_open = [](WebSocketApp& app) { app.send("ask"); },
                       .on_message =
                           [&](WebSocketApp& app, const Message&) {
                             ++answers;
                             app.close();
                           }};
  for (std::size_t i = 0; i < many; ++i) {
    apps.push_back(std::make_unique<WebSocketApp>(server.url(), handlers));
    apps.back()->start(loop, running(), note_end());
  }
  WebSocketApp stuck(silent.url(), recorder.handlers());
  stuck.start(loop, running(), note_end());
  turn_until([&] { return ended.size() == many; });
  EXPECT_EQ(answers, many);
  stuck.close();
  turn_until([&] { return ended.size() == many + 1; });
}

/// Each new socket counts as one that is in state CONNECTING: the server never answers.
TEST_P(StartOnLoop, R8_apps_with_one_server_connect_one_after_the_other) {
  const RawServer silent([](RawPeer& peer) { (void)peer.read_to_end(); }, link());
  for (const bool one_at_a_time : {true, false}) {
    SCOPED_TRACE(one_at_a_time);
    std::vector<WebSocketApp*> connecting;
    WebSocketApp first(silent.url(), recorder.handlers());
    WebSocketApp second(silent.url(), recorder.handlers());
    for (WebSocketApp* app : {&first, &second}) {
      app->start(loop, running({.on_socket = [&connecting, app](int) { connecting.push_back(app); },
                                .one_connecting_per_address = one_at_a_time}));
    }
    const std::size_t at_once = one_at_a_time ? 1 : 2;
    turn_until([&] { return connecting.size() == at_once; });
    for (int turn = 0; turn < 20; ++turn) loop.run_once(1ms);
    EXPECT_EQ(connecting.size(), at_once);
    connecting.front()->close();
    turn_until([&] { return connecting.size() == 2; });
  }
  loop.run_once(0ms);  // drops the connections, for which the server waits
}

}  // namespace
}  // namespace wirespan::test
