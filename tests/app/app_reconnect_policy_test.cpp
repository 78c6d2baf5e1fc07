// WebSocketApp: the fields of ReconnectPolicy and the policy of the process, with real sockets.
// RFC 6455 §7.2.3, RFC 9110 §10.2.3.
#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/unix_pair.hpp"

namespace wirespan::test {
namespace {

class AppReconnectPolicy : public AppTest {
 protected:
  void TearDown() override { set_reconnect(std::nullopt); }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppReconnectPolicy);

RawServer::Script busy(const std::string& more_lines = {}) {
  return answering("HTTP/1.1 503 Busy\r\n" + more_lines + "Content-Length: 0\r\n\r\n");
}

RawServer::Script closing_with(unsigned code) {
  return [code](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_close(code, "");
    (void)peer.read_until_close();
  };
}

/// A script that notes when it was called.
RawServer::Script timed(std::vector<Clock::time_point>& times, RawServer::Script script) {
  return [&times, script = std::move(script)](RawPeer& peer) {
    times.push_back(Clock::now());
    script(peer);
  };
}

Milliseconds between(const std::vector<Clock::time_point>& times, std::size_t first) {
  return std::chrono::duration_cast<Milliseconds>(times.at(first + 1) - times.at(first));
}

TEST_P(AppReconnectPolicy, FIX_R35_delays_grow_up_to_the_largest) {
  std::vector<Clock::time_point> times;
  const auto again = timed(times, busy());
  RawServer server({again, again, again, again, timed(times, sending({}))}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const ReconnectPolicy policy{
      .delay = 60ms, .max_delay = 200ms, .multiplier = 2, .jitter = Jitter::none};
  EXPECT_FALSE(app.run_forever(running({.reconnect = policy})).failed());
  ASSERT_EQ(times.size(), 5U);
  const Milliseconds least[] = {60ms, 120ms, 200ms, 200ms};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_GE(between(times, i), least[i] - 15ms) << i;
  EXPECT_LT(times[4] - times[0], 5s);
}

TEST_P(AppReconnectPolicy, FIX_R35_jitter_draws_delays_below_the_computed_ones) {
  RawServer server({busy(), busy(), busy(), busy(), sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const Stopwatch watch;
  EXPECT_FALSE(app.run_forever(running({.reconnect = ReconnectPolicy{.delay = 50ms}})).failed());
  EXPECT_LT(watch.elapsed(), 50ms + 100ms + 200ms + 400ms + 2s)
      << "each at most its computed delay";
}

TEST_P(AppReconnectPolicy, FIX_after_max_attempts_failures_the_run_ends) {
  RawServer server(busy(), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const ReconnectPolicy policy{.delay = 1ms, .max_attempts = 3};
  const RunResult result = app.run_forever(running({.reconnect = policy}));
  EXPECT_EQ(ending_of(result),
            (Ending{EndReason::failed, std::nullopt, "", Errc::not_switching_protocols}));
  EXPECT_EQ(server.accepted(), 3);
  EXPECT_EQ(recorder.calls("error").size(), 3U) << "each failed attempt, once";
  EXPECT_EQ(result.text(),
            "failed: handshake status 503 Busy: the server did not switch protocols");
}

TEST_P(AppReconnectPolicy, a_server_that_always_closes_at_once_is_given_up_too) {
  RawServer server(closing_with(1013), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const ReconnectPolicy policy{.delay = 1ms, .max_attempts = 4};
  const RunResult result = app.run_forever(running({.reconnect = policy}));
  EXPECT_EQ(result.text(), "closed by the server: 1013");
  EXPECT_EQ(server.accepted(), 4);
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", "reconnect", "reconnect", "reconnect", called::close(1013)}));
}

TEST_P(AppReconnectPolicy, FIX_a_stable_connection_begins_the_count_anew) {
  RawServer server({busy(), busy(), closing_with(1012), busy(), busy(), closing_with(1000)},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const ReconnectPolicy policy{.delay = 1ms, .max_attempts = 3, .stable_after = 0ms};
  EXPECT_EQ(app.run_forever(running({.reconnect = policy})).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.accepted(), 6);
}

TEST_P(AppReconnectPolicy, give_up_after_ends_the_run_in_time) {
  RawServer server(busy(), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  ReconnectPolicy policy = ReconnectPolicy::fixed(30ms);
  policy.give_up_after = 200ms;
  const Stopwatch watch;
  EXPECT_TRUE(app.run_forever(running({.reconnect = policy})).failed());
  EXPECT_GE(watch.elapsed(), 199ms) << "the time is used";
  EXPECT_LT(watch.elapsed(), 3s);
  EXPECT_GE(server.accepted(), 2);
}

TEST_P(AppReconnectPolicy, Retry_After_is_waited_for) {
  std::vector<Clock::time_point> times;
  RawServer server({timed(times, busy("Retry-After: 1\r\n")), timed(times, sending({}))}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.reconnect = 1ms})).failed());
  EXPECT_GE(between(times, 0), 950ms);
  EXPECT_LT(between(times, 0), 5s);
}

TEST_P(AppReconnectPolicy, Retry_After_counts_with_429_and_503_and_can_be_ignored) {
  const std::string wait = "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n";
  RawServer server(
      {busy(wait), answering("HTTP/1.1 500 x\r\n" + wait + "Content-Length: 0\r\n\r\n"),
       sending({})},
      link());
  ReconnectPolicy policy = ReconnectPolicy::fixed(1ms);
  policy.honour_retry_after = false;
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.reconnect = policy})).failed());

  RawServer strict(answering("HTTP/1.1 429 x\r\n" + wait + "Content-Length: 0\r\n\r\n"), link());
  WebSocketApp patient(strict.url(), recorder.handlers(), with());
  policy.honour_retry_after = true;
  policy.give_up_after = 10s;
  const Stopwatch watch;
  EXPECT_TRUE(patient.run_forever(running({.reconnect = policy})).failed());
  EXPECT_LT(watch.elapsed(), 5s) << "an hour is later than give_up_after: no use in waiting";
  EXPECT_EQ(strict.accepted(), 1);
}

TEST_P(AppReconnectPolicy, FIX_the_predicate_sees_each_end_and_decides) {
  RawServer server(
      {busy(), closing_with(4000), [](RawPeer& peer) { (void)peer.accept(); }, closing_with(1001)},
      link());
  std::vector<std::string> seen;
  ReconnectPolicy policy = ReconnectPolicy::fixed(1ms);
  policy.should_reconnect = [&](const ConnectionEnd& end) {
    seen.push_back((end.error ? end.error.message() : "none") + ", " +
                   (end.close_code ? std::to_string(static_cast<int>(*end.close_code)) : "none") +
                   ", " + std::to_string(end.http_status) + ", " +
                   std::to_string(end.failed_attempts));
    return end.close_code != CloseCode::going_away;
  };
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_EQ(app.run_forever(running({.reconnect = policy})).text(), "closed by the server: 1001");
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "the server did not switch protocols, none, 503, 1", "none, 4000, 0, 2",
                      "connection lost without a close frame, 1006, 0, 3", "none, 1001, 0, 4"}));
}

TEST_P(AppReconnectPolicy, a_predicate_may_close_and_one_that_throws_ends_the_run) {
  RawServer server(closing_with(1001), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  ReconnectPolicy policy = ReconnectPolicy::fixed(1ms);
  policy.should_reconnect = [&](const ConnectionEnd&) {
    app.close();
    return true;
  };
  EXPECT_EQ(app.run_forever(running({.reconnect = policy})).why, EndReason::stopped);
  policy.should_reconnect = [](const ConnectionEnd&) -> bool {
    throw std::runtime_error("no opinion");
  };
  EXPECT_EQ(app.run_forever(running({.reconnect = policy})).why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls("error"), Calls{"error std::exception: no opinion"});
  EXPECT_EQ(server.accepted(), 2);
}

TEST_P(AppReconnectPolicy, a_given_socket_is_not_even_judged) {
  const UnixPair pair([](RawPeer& peer) { (void)peer.accept(); }, link());
  ReconnectPolicy policy;
  policy.should_reconnect = [](const ConnectionEnd&) {
    ADD_FAILURE() << "nothing to decide";
    return true;
  };
  WebSocketApp app(link().scheme() + "://localhost/", recorder.handlers(),
                   with({.socket = pair.ours()}));
  EXPECT_TRUE(app.run_forever(running({.reconnect = policy})).failed());
}

TEST_P(AppReconnectPolicy, FIX_a_wait_ends_at_once) {
  RawServer server(closing_with(1012), link());
  enum Way { close, keep_running, stop_token };
  for (const Way way : {close, keep_running, stop_token}) {
    Recorder calls;
    std::stop_source stop;
    WebSocketApp app(server.url(), calls.handlers(), with());
    std::atomic<bool> has_ended{false};
    ReconnectPolicy policy = ReconnectPolicy::fixed(1h);
    policy.should_reconnect = [&](const ConnectionEnd&) { return has_ended = true; };
    BackgroundRun run(app, running({.reconnect = policy}), stop.get_token());
    ASSERT_TRUE(eventually([&] { return has_ended.load(); }));
    const Stopwatch watch;
    if (way == close) app.close();
    if (way == keep_running) app.keep_running(false);
    if (way == stop_token) stop.request_stop();
    const RunResult result = run.wait();
    EXPECT_LT(watch.elapsed(), 2s);
    EXPECT_EQ(result.text(), "stopped");
    EXPECT_EQ(calls.calls(), (Calls{"open", called::close(1012)}));
  }
}

// The policy of the process.

TEST_P(AppReconnectPolicy, set_reconnect_is_for_runs_that_leave_it_unset) {
  RawServer server({busy(), sending({}), busy()}, link());
  set_reconnect(1ms);
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_TRUE(app.run_forever(running({.reconnect = 0ms})).failed());
  EXPECT_EQ(server.accepted(), 3) << "0 switches it off";
  set_reconnect(0s);
  EXPECT_TRUE(app.run_forever(running()).failed());
  EXPECT_EQ(server.accepted(), 4);
}

TEST(ReconnectPolicyValue, a_duration_is_a_fixed_delay_and_a_policy_has_backoff) {
  const RunOptions fixed{.reconnect = 2s};
  EXPECT_EQ(fixed.reconnect.policy()->delay, 2s);
  EXPECT_EQ(fixed.reconnect.policy()->max_delay, 2s);
  EXPECT_EQ(fixed.reconnect.policy()->multiplier, 1);
  EXPECT_EQ(fixed.reconnect.policy()->jitter, Jitter::none);
  const RunOptions grown{.reconnect = ReconnectPolicy{.max_attempts = 7}};
  EXPECT_EQ(grown.reconnect.policy()->delay, 1s);
  EXPECT_EQ(grown.reconnect.policy()->max_delay, 60s);
  EXPECT_EQ(grown.reconnect.policy()->jitter, Jitter::full);
  EXPECT_EQ(RunOptions{}.reconnect.policy(), std::nullopt);
  EXPECT_TRUE((std::is_convertible_v<std::chrono::hours, ReconnectOption>));
  EXPECT_FALSE((std::is_convertible_v<int, ReconnectOption>)) << "2 of what?";
}

TEST(ReconnectPolicyValue, the_policy_of_the_process_is_none_at_first_and_can_be_set_and_unset) {
  EXPECT_FALSE(get_reconnect());
  set_reconnect(ReconnectPolicy{.delay = 3s, .max_attempts = 2});
  ASSERT_TRUE(get_reconnect());
  EXPECT_EQ(get_reconnect()->delay, 3s);
  EXPECT_EQ(get_reconnect()->max_attempts, 2U);
  set_reconnect(0s);
  EXPECT_FALSE(get_reconnect());
  set_reconnect(1s);
  set_reconnect(std::nullopt);
  EXPECT_FALSE(get_reconnect());
}

TEST(ReconnectPolicyValue, the_policy_of_the_process_can_be_set_while_it_is_read) {
  std::atomic<bool> over{false};
  std::thread setter([&] {
    for (int i = 1; i <= 1000; ++i) set_reconnect(Milliseconds(i));
    over = true;
  });
  while (!over) {
    if (const auto policy = get_reconnect()) {
      EXPECT_EQ(policy->delay, policy->max_delay) << "of one call";
    }
  }
  setter.join();
  set_reconnect(std::nullopt);
}

struct BadPolicy {
  ReconnectPolicy policy;
  std::string text;
};

TEST(ReconnectPolicyValue, one_that_is_out_of_range_is_refused_before_anything_is_done) {
  const BadPolicy rows[] = {
      {{.delay = -5ms}, "ReconnectPolicy::delay of -5 ms is below 0"},
      {{.delay = 5min}, "ReconnectPolicy::max_delay of 60000 ms is below its delay of 300000 ms"},
      {{.multiplier = 0.5}, "ReconnectPolicy::multiplier of 0.500000 is not a number from 1 on"},
      {{.multiplier = std::numeric_limits<double>::quiet_NaN()},
       "ReconnectPolicy::multiplier of nan is not a number from 1 on"},
      {{.multiplier = std::numeric_limits<double>::infinity()},
       "ReconnectPolicy::multiplier of inf is not a number from 1 on"},
      {{.give_up_after = -1ms}, "ReconnectPolicy::give_up_after of -1 ms is below 0"},
      {{.stable_after = -1ms}, "ReconnectPolicy::stable_after of -1 ms is below 0"},
  };
  RawServer server(sending({}));
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  for (const BadPolicy& row : rows) {
    const auto run = [&] { return app.run_forever({.reconnect = row.policy}); };
    EXPECT_EQ(refusal_of(run), plain_exception(Errc::invalid_option)) << row.text;
    EXPECT_EQ(what_of(run), row.text + ": invalid option");
    const auto set = [&] {
      set_reconnect(row.policy);
      return 0;
    };
    EXPECT_EQ(what_of(set), row.text + ": invalid option");
    EXPECT_FALSE(get_reconnect());
  }
  EXPECT_EQ(refusal_of([&] { return app.run_forever({.reconnect = -1s}); }),
            plain_exception(Errc::invalid_option));
  EXPECT_EQ(server.accepted(), 0);
  EXPECT_EQ(recorder.calls(), Calls{});
  EXPECT_FALSE(app.run_forever({.reconnect = Milliseconds::max()}).failed()) << "for ever is fine";
}

}  // namespace
}  // namespace wirespan::test
