// WebSocketApp: try_send(), handles that outlive the app, on_drain, pause(), and its counters.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

class AppHandles : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppHandles);

bool is_accepted(const SendResult& result) { return result.accepted(); }

TEST_P(AppHandles, a_handle_without_an_app_or_a_run_answers_not_open) {
  const AppHandle none;
  auto app = std::make_unique<WebSocketApp>("ws://127.0.0.1:1/");
  const AppHandle idle = app->handle();
  app.reset();
  for (const AppHandle& handle : {none, idle}) {
    EXPECT_EQ(handle.send("x"), Errc::not_open);
    EXPECT_EQ(handle.send_binary({}), Errc::not_open);
    EXPECT_EQ(handle.ping(), Errc::not_open);
    EXPECT_EQ(handle.close(), Errc::not_open);
    EXPECT_FALSE(handle.ready());
    EXPECT_EQ(handle.buffered_amount(), 0U);
  }
}

TEST_P(AppHandles, sends_from_another_thread_and_from_handlers_arrive_in_order) {
  const RawServer server(echo_script, link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_open = [&](WebSocketApp& app) {
    EXPECT_EQ(app.try_send("first").outcome(), SendResult::Outcome::sent);
    recorder.note(called::open);
  };
  WebSocketApp app(server.url(), handlers, with());
  const AppHandle handle = app.handle();
  BackgroundRun run(app, running());
  recorder.wait_for(called::open);
  EXPECT_TRUE(is_accepted(handle.send_text("second")));
  EXPECT_TRUE(is_accepted(handle.send_text("third")));
  recorder.wait_for("message", 3);
  EXPECT_EQ(recorder.calls("message"),
            (Calls{called::message("first"), called::message("second"), called::message("third")}));
  EXPECT_FALSE(handle.close(STATUS_GOING_AWAY, "by a handle"));
  EXPECT_EQ(run.wait().close.code, CloseCode::going_away);
  EXPECT_EQ(handle.send("late"), Errc::not_open);
  EXPECT_EQ(handle.close(), Errc::not_open);
}

TEST_P(AppHandles, what_may_not_be_sent_is_refused_with_its_reason) {
  const RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  recorder.wait_for(called::open);
  const AppHandle handle = app.handle();
  EXPECT_EQ(handle.send("\xff"), Errc::invalid_text);
  EXPECT_EQ(handle.ping(std::string(126, 'p')), Errc::control_too_long);
  EXPECT_EQ(handle.send("x", Opcode::continuation), Errc::unsupported_frame);
  EXPECT_EQ(handle.close(CloseCode{1005}), Errc::close_code_not_allowed);
  EXPECT_EQ(handle.close(STATUS_NORMAL, std::string(124, 'r')), Errc::control_too_long);
  EXPECT_TRUE(handle.ready());
}

/// Reads nothing until it is told, then discards all until the Close frame.
RawServer::Script reading_late(Signal& go_on) {
  return [&go_on](RawPeer& peer) {
    (void)peer.accept();
    go_on.wait();
    (void)peer.read_until_close();
    (void)peer.send_close();
  };
}

TEST_P(AppHandles, a_refused_message_is_told_and_on_drain_follows) {
  Signal go_on;
  const RawServer server(reading_late(go_on), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_drain = [&](WebSocketApp&) { recorder.note("drain"); };
  AppOptions options = with();
  options.send_hard_limit = 256 << 10;
  options.send_high_watermark = 64 << 10;
  options.send_low_watermark = 16 << 10;
  WebSocketApp app(server.url(), handlers, options);
  BackgroundRun run(app, running());
  recorder.wait_for(called::open);
  const AppHandle handle = app.handle();
  const std::string message(32 << 10, 'm');
  SendResult result = SendResult::Outcome::sent;
  for (int i = 0; i < 100'000 && result.accepted(); ++i) result = handle.send(message);
  EXPECT_EQ(result, Errc::send_queue_full);
  EXPECT_GT(handle.buffered_amount(), 128U << 10);
  go_on.set();
  recorder.wait_for("drain");
  EXPECT_TRUE(is_accepted(handle.send(message)));
  EXPECT_FALSE(handle.close());
  EXPECT_EQ(run.wait().unsent_bytes, 0U);
}

TEST_P(AppHandles, pause_stops_delivery_until_resume) {
  Signal paused;
  const RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("one");
        paused.wait();
        (void)peer.send_text("two");
        (void)peer.read_until_close();
        (void)peer.send_close();
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [&](WebSocketApp& app, const Message& message) {
    recorder.note(called::message(message.text()));
    app.pause();
    paused.set();
  };
  WebSocketApp app(server.url(), handlers, with());
  BackgroundRun run(app, running());
  recorder.wait_for(called::message("one"));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(recorder.calls("message"), Calls{called::message("one")});
  app.resume();
  recorder.wait_for(called::message("two"));
  app.close();
}

TEST_P(AppHandles, metrics_count_attempts_connections_messages_and_the_round_trip) {
  const RawServer server({answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                          [](RawPeer& peer) {
                            (void)peer.accept();
                            (void)peer.send_text("12345");
                          },
                          echo_script},
                         link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_EQ(app.metrics().attempts, 0U);
  // The time-out is no part of this test: on a busy machine a short one would end the last
  // connection.
  BackgroundRun run(app,
                    running({.ping_interval = 500ms, .ping_timeout = 490ms, .reconnect = 5ms}));
  recorder.wait_for(called::reconnect, 2);
  app.send("abc");
  recorder.wait_for(called::message("abc"));
  EXPECT_TRUE(eventually([&] { return app.metrics().round_trip.has_value(); }));
  app.close();
  (void)run.wait();
  const AppMetrics metrics = app.metrics();
  EXPECT_GE(metrics.attempts, 3U);
  EXPECT_EQ(metrics.failed.refused, 1U);
  EXPECT_GE(metrics.opened, 2U);
  EXPECT_EQ(metrics.reconnects, metrics.opened - 1);
  EXPECT_EQ(metrics.ended, metrics.opened);
  EXPECT_GE(metrics.messages_in, 2U);
  EXPECT_GE(metrics.bytes_in, 8U);
  EXPECT_EQ(metrics.messages_out, 1U);
  EXPECT_GT(metrics.bytes_out, 3U);
  EXPECT_LT(*metrics.round_trip, 10s);
}

TEST(AppMetricsOf, failed_attempts_are_counted_by_their_phase) {
  threads_may_rest();
  const auto failures_of = [](const std::string& url, RunOptions options = {}) {
    WebSocketApp app(url, {.on_error = [](WebSocketApp&, const std::exception&) {}});
    options.proxy_from_environment = false;
    EXPECT_TRUE(app.run_forever(options).failed());
    EXPECT_EQ(app.metrics().failed.total(), 1U);
    return app.metrics().failed;
  };
  EXPECT_EQ(failures_of("ws://no-such-host.invalid/").resolve, 1U);
  EXPECT_EQ(failures_of("ws://127.0.0.1:" + std::to_string(unused_port()) + "/").connect, 1U);
  const RawServer rude(answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(failures_of(rude.url()).refused, 1U);
  EXPECT_EQ(failures_of("ws://192.0.2.1/", {.proxy = "http://" + rude.authority()}).proxy, 1U);
  const RawServer garbage(answering("nonsense\r\n\r\n"));
  EXPECT_EQ(failures_of(garbage.url()).handshake, 1U);
}

}  // namespace
}  // namespace wirespan::test
