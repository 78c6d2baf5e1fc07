// WebSocketApp::run_forever(): refusals before anything is done, stop tokens, and running again.
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/unix_pair.hpp"

namespace wirespan::test {
namespace {

class AppStart : public AppTest {
 protected:
  /// Returns the refusal of run_forever(), as "code: message of the exception".
  [[nodiscard]] std::string refusal(WebSocketApp& app, const RunOptions& options) {
    try {
      (void)app.run_forever(options);
    } catch (const WebSocketException& error) {
      EXPECT_EQ(type_name(error), "WebSocketException");
      return error.what();
    }
    return "nothing";
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppStart);

TEST_P(AppStart, KEEP_options_are_refused_in_order_before_any_callback) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const auto says = [&](const RunOptions& options, const std::string& words) {
    const std::string what = refusal(app, options);
    EXPECT_NE(what.find(words), std::string::npos) << what;
  };
  const std::string timeout = "Ensure ping_timeout > 0";
  const std::string interval = "Ensure ping_interval >= 0";
  const std::string both = "Ensure ping_interval > ping_timeout";
  says({.ping_timeout = 0ms}, timeout);
  says({.ping_timeout = -1ms}, timeout);
  says({.ping_interval = -1ms, .ping_timeout = 0ms}, timeout);
  says({.ping_interval = -1ms}, interval);
  says({.ping_interval = -5ms, .ping_timeout = 3ms}, interval);
  says({.ping_interval = 10ms, .ping_timeout = 10ms}, both);
  says({.ping_interval = 10ms, .ping_timeout = 11ms}, both);
  EXPECT_EQ(refusal_of([&] { return app.run_forever({.ping_payload = std::string(126, 'p')}); }),
            plain_exception(Errc::control_too_long));
  EXPECT_EQ(recorder.calls(), Calls{});
  EXPECT_EQ(server.accepted(), 0);
  EXPECT_FALSE(app.keep_running()) << "FIX: a refused run leaves no trace";
}

TEST_P(AppStart, R7_a_malformed_url_or_header_is_thrown_before_any_callback) {
  const auto refused = [&](const std::string& url, AppOptions options, Errc expected) {
    WebSocketApp app(url, recorder.handlers(), with(std::move(options)));
    EXPECT_EQ(refusal_of([&] { return app.run_forever(); }), plain_exception(expected)) << url;
    EXPECT_FALSE(app.keep_running());
  };
  refused("", {}, Errc::invalid_url);
  refused("http://x/", {}, Errc::invalid_url);
  refused("ws://x/#y", {}, Errc::invalid_url);
  refused("ws://x/", {.header = {"No colon"}}, Errc::invalid_header);
  refused("ws://x/", {.header = {{"A", "b\r\nc: d"}}}, Errc::invalid_header);
  refused("ws://x/", {.header = {"Upgrade: h2c"}}, Errc::reserved_header);
  refused("ws://x/", {.cookie = "a\nb"}, Errc::invalid_header);
  refused("ws://x/", {.subprotocols = {"a", "a"}}, Errc::invalid_subprotocol);
  WebSocketApp app("ws://x/", recorder.handlers(), with());
  EXPECT_EQ(refusal_of([&] { return app.run_forever({.host = "a b"}); }),
            plain_exception(Errc::invalid_header));
  EXPECT_EQ(refusal_of([&] { return app.run_forever({.origin = "a\r\nb"}); }),
            plain_exception(Errc::invalid_header));
  EXPECT_EQ(recorder.calls(), Calls{});
}

TEST_P(AppStart, KEEP_an_object_that_runs_refuses_to_run_and_goes_on) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const auto again = [&] {
    EXPECT_EQ(refusal_of([&] { return app.run_forever(running()); }),
              plain_exception(Errc::already_open));
  };
  app.handlers().on_message = [&](WebSocketApp&, const Message&) {
    again();
    recorder.note("tried");
  };
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  again();
  app.send("x");
  recorder.wait_for("tried");
  EXPECT_TRUE(app.ready());
  app.close();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
}

TEST_P(AppStart, KEEP_an_object_runs_again_after_any_end) {
  RawServer server({sending({"a"}), [](RawPeer& peer) { (void)peer.accept(); }, sending({"b"})},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_FALSE(app.has_errored());
  EXPECT_TRUE(app.run_forever(running()).failed());
  EXPECT_TRUE(app.has_errored());
  EXPECT_FALSE(app.run_forever(running()).failed()) << "FIX D3: an error is not sticky";
  EXPECT_FALSE(app.has_errored());
  const std::string end = called::close(1000, "done");
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::message("a"), end, "open", called::lost(),
                                     called::close(1006), "open", called::message("b"), end}));
}

TEST_P(AppStart, a_given_socket_is_used_by_one_run_and_the_next_run_connects_to_the_url) {
  const UnixPair pair(sending({"by the socket"}), link());
  const RawServer server(sending({"by the url"}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with({.socket = pair.ours()}));
  EXPECT_EQ(app.run_forever(running()).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.accepted(), 0);
  EXPECT_EQ(app.run_forever(running()).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(recorder.calls("message"),
            (Calls{called::message("by the socket"), called::message("by the url")}));
}

TEST_P(AppStart, a_stop_that_was_requested_before_prevents_every_attempt) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(ending_of(app.run_forever(running(), stop.get_token())),
            (Ending{EndReason::stopped, std::nullopt, "", {}}));
  EXPECT_EQ(recorder.calls(), (Calls{"close none"}));
  EXPECT_EQ(server.accepted(), 0);
}

TEST_P(AppStart, FIX_a_stop_request_ends_the_run_as_close_does) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000");
        std::this_thread::sleep_for(50ms);
        (void)peer.send_close(1000, "answered");
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  std::stop_source stop;
  BackgroundRun run(app, running(), stop.get_token());
  recorder.wait_for("open");
  stop.request_stop();
  EXPECT_EQ(ending_of(run.wait()), (Ending{EndReason::stopped, CloseCode::normal, "answered", {}}))
      << "with the default time-out: the answer is waited for";
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::close(1000, "answered")}));
}

TEST_P(AppStart, a_stop_request_in_a_handler_while_connecting_and_while_waiting) {
  {
    std::stop_source stop;
    RawServer server(echo_script, link());
    WebSocketApp app(server.url(), {.on_open = [&](WebSocketApp&) { stop.request_stop(); }},
                     with());
    EXPECT_EQ(app.run_forever(running(), stop.get_token()).why, EndReason::stopped);
  }
  for (const bool waiting : {false, true}) {
    const BlackHole hole;
    std::stop_source stop;
    const std::uint16_t port = waiting ? unused_port() : hole.port();
    WebSocketApp app(link().url(port), recorder.handlers(), with());
    BackgroundRun run(app, running({.reconnect = 30s}), stop.get_token());
    if (waiting) recorder.wait_for("error");
    const Stopwatch watch;
    stop.request_stop();
    EXPECT_EQ(run.wait().why, EndReason::stopped);
    EXPECT_LT(watch.elapsed(), 2s);
  }
}

TEST_P(AppStart, a_stop_token_of_a_run_that_is_over_does_nothing) {
  RawServer server(sending({}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  std::stop_source stop;
  EXPECT_EQ(app.run_forever(running(), stop.get_token()).why, EndReason::closed_by_peer);
  stop.request_stop();
  EXPECT_EQ(app.run_forever(running()).why, EndReason::closed_by_peer);
}

}  // namespace
}  // namespace wirespan::test
