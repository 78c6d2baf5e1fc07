// WebSocketApp: reconnecting after a failed attempt or a lost connection. RFC 6455 §7.2.3.
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/unix_pair.hpp"

namespace wirespan::test {
namespace {

class AppReconnect : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppReconnect);

void accept_and_vanish(RawPeer& peer) { (void)peer.accept(); }

TEST_P(AppReconnect, KEEP_R133_a_lost_connection_is_made_again_after_the_delay) {
  RawServer server({accept_and_vanish, sending({"back"})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const Stopwatch watch;
  const RunResult result = app.run_forever(running({.reconnect = 150ms}));
  EXPECT_GE(watch.elapsed(), 149ms);
  EXPECT_LT(watch.elapsed(), 3s);
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::lost(), "reconnect", called::message("back"),
                                     called::close(1000, "done")}));
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(result.close.reason, "done");
}

TEST_P(AppReconnect, the_result_of_a_run_that_ended_well_names_no_error) {
  RawServer server({accept_and_vanish, sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const RunResult result = app.run_forever(running({.reconnect = 5ms}));
  EXPECT_EQ(ending_of(result), (Ending{EndReason::closed_by_peer, CloseCode::normal, "done", {}}));
  EXPECT_FALSE(result.failed());
}

TEST_P(AppReconnect, KEEP_on_open_is_called_where_there_is_no_on_reconnect) {
  RawServer server({accept_and_vanish, sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.handlers().on_reconnect = nullptr;
  EXPECT_FALSE(app.run_forever(running({.reconnect = 5ms})).failed());
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::lost(), "open", called::close(1000, "done")}));
}

TEST_P(AppReconnect, KEEP_after_a_failed_first_attempt_it_is_on_reconnect_too) {
  RawServer server({answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), sending({})},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.reconnect = 5ms})).failed());
  EXPECT_EQ(recorder.calls(),
            (Calls{called::error("WebSocketBadStatusException", Errc::not_switching_protocols),
                   "reconnect", called::close(1000, "done")}));
}

TEST_P(AppReconnect, FIX_every_failed_attempt_is_reported) {
  const auto busy = answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  const auto hangs_up = [](RawPeer& peer) { (void)peer.read_head(); };
  RawServer server({busy, hangs_up, busy, accept_and_vanish, busy, sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.reconnect = 5ms})).failed());
  const std::string status =
      called::error("WebSocketBadStatusException", Errc::not_switching_protocols);
  EXPECT_EQ(recorder.calls(), (Calls{status, called::lost(), status, "reconnect", called::lost(),
                                     status, "reconnect", called::close(1000, "done")}));
  EXPECT_EQ(server.accepted(), 6);
}

TEST_P(AppReconnect, FIX_D4_a_normal_closure_ends_the_run_and_going_away_does_not) {
  const auto leaving = [](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_close(1001, "deploy");
    (void)peer.read_until_close();
  };
  RawServer server({leaving, sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_EQ(app.run_forever(running({.reconnect = 5ms})).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_EQ(recorder.calls(), (Calls{"open", "reconnect", called::close(1000, "done")}))
      << "and no Close is an error";
}

TEST_P(AppReconnect, without_a_delay_there_is_one_attempt) {
  RawServer server(accept_and_vanish, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_EQ(app.run_forever(running({.reconnect = 0ms})).why, EndReason::failed);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_P(AppReconnect, a_ping_time_out_is_a_lost_connection) {
  RawServer server({[](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.read_to_end();
                    },
                    sending({})},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_EQ(
      app.run_forever(running({.ping_interval = 60ms, .ping_timeout = 50ms, .reconnect = 5ms})).why,
      EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::error("WebSocketTimeoutException", Errc::ping_timeout),
                   "reconnect", called::close(1000, "done")}));
}

TEST_P(AppReconnect, KEEP_a_header_callable_is_asked_for_every_attempt) {
  std::mutex mutex;  // each connection has a thread of its own
  std::vector<std::string> tokens;
  const auto noting = [&](RawPeer& peer) {
    const std::string request = peer.accept();
    const std::size_t at = request.find("X-Token: ");
    const std::lock_guard lock(mutex);
    tokens.push_back(at == std::string::npos ? "none" : request.substr(at + 9, 1));
  };
  RawServer server({noting, noting,
                    [&](RawPeer& peer) {
                      noting(peer);
                      (void)peer.send_close();
                      (void)peer.read_until_close();
                    }},
                   link());
  int asked = 0;
  WebSocketApp app(server.url(), recorder.handlers(), with({.header = [&] {
                     return Headers{{"X-Token", std::to_string(++asked)}};
                   }}));
  EXPECT_FALSE(app.run_forever(running({.reconnect = 5ms})).failed());
  EXPECT_EQ(tokens, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(asked, 3) << "and not before a run, to check it";
}

TEST_P(AppReconnect, what_a_header_callable_throws_is_a_failed_attempt) {
  RawServer server(sending({}), link());
  int asked = 0;
  const auto headers = [&]() -> Headers {
    switch (++asked) {
      case 1:
        throw std::runtime_error("no token yet");
      case 2:
        throw 42;  // NOLINT
      default:
        return {};
    }
  };
  WebSocketApp app(server.url(), recorder.handlers(), with({.header = headers}));
  EXPECT_FALSE(app.run_forever(running({.reconnect = 5ms})).failed());
  EXPECT_EQ(recorder.calls(), (Calls{"error std::exception: no token yet",
                                     called::error("WebSocketException", Errc::handler_failed),
                                     "reconnect", called::close(1000, "done")}));
  EXPECT_EQ(server.accepted(), 1);
}

TEST_P(AppReconnect, a_header_callable_that_makes_an_invalid_header_ends_the_run) {
  RawServer server(sending({}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with({.header = [] {
                     return Headers{{"X-Token", "line\r\nbreak"}};
                   }}));
  EXPECT_EQ(app.run_forever(running({.reconnect = 5ms})).error, Errc::invalid_header);
  EXPECT_EQ(recorder.calls(),
            (Calls{called::error("WebSocketException", Errc::invalid_header), "close none"}))
      << "misuse does not go away by itself";
  EXPECT_EQ(server.accepted(), 0);
}

TEST_P(AppReconnect, without_reconnect_a_header_callable_that_throws_ends_the_run) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(),
                   with({.header = []() -> Headers { throw std::runtime_error("no token"); }}));
  const RunResult result = app.run_forever(running());
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(recorder.calls(), (Calls{"error std::exception: no token", "close none"}));
  EXPECT_EQ(server.accepted(), 0);
}

TEST_P(AppReconnect, a_handler_may_change_the_url_for_the_next_attempt) {
  RawServer first(accept_and_vanish, link());
  RawServer second(sending({}), link());
  WebSocketApp app(first.url(), recorder.handlers(), with());
  app.handlers().on_error = [&](WebSocketApp& self, const std::exception&) {
    self.url() = second.url();
  };
  EXPECT_FALSE(app.run_forever(running({.reconnect = 5ms})).failed());
  EXPECT_EQ(first.accepted(), 1);
  EXPECT_EQ(second.accepted(), 1);
}

TEST_P(AppReconnect, a_url_that_has_become_invalid_ends_the_run) {
  RawServer server({accept_and_vanish, sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.handlers().on_error = [&](WebSocketApp& self, const std::exception& error) {
    recorder.note(called::error(error));
    self.url() = "nonsense";
  };
  EXPECT_EQ(app.run_forever(running({.reconnect = 5ms})).error, Errc::invalid_url);
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::lost(), called::error("WebSocketException", Errc::invalid_url),
                   called::close(1006)}));
  EXPECT_EQ(server.accepted(), 1);
}

TEST_P(AppReconnect, FIX_with_a_given_socket_there_is_no_reconnecting) {
  const UnixPair pair(accept_and_vanish, link());
  WebSocketApp app(link().scheme() + "://localhost/", recorder.handlers(),
                   with({.socket = pair.ours()}));
  const RunResult result = app.run_forever(running({.reconnect = 5ms}));
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::lost(), called::close(1006)}));
}

TEST_P(AppReconnect, sending_between_two_connections_is_refused) {
  RawServer server({accept_and_vanish, sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running({.reconnect = 200ms}));
  recorder.wait_for("error");
  EXPECT_FALSE(app.ready());
  EXPECT_TRUE(app.keep_running());
  EXPECT_EQ(refusal_of([&] { app.send("x"); }), closed_exception(Errc::not_open));
  EXPECT_EQ(run.wait().why, EndReason::closed_by_peer);
}

}  // namespace
}  // namespace wirespan::test
