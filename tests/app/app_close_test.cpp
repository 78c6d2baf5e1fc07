// WebSocketApp::close(), from every handler and in every state: it never blocks, ends the run, and
// the Close frame follows all that was sent before. RFC 6455 §7.1.2.
#include <functional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

class AppClose : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppClose);

/// A peer that reads to the Close frame, answers it, and checks that nothing came behind it.
RawServer::Script expecting(std::vector<std::string> frames, std::string first_message = {}) {
  return [frames = std::move(frames), first = std::move(first_message)](RawPeer& peer) {
    (void)peer.accept();
    if (!first.empty()) (void)peer.write(first);
    EXPECT_EQ(peer.read_until_close(), frames);
    (void)peer.send_close(1000, "as you wish");
    peer.shutdown_write();
    EXPECT_EQ(peer.read_to_end(), "");
  };
}

const Ending stopped_by_us{EndReason::stopped, CloseCode::normal, "as you wish", {}};

TEST_P(AppClose, R125_code_and_reason_go_out_and_the_answer_is_what_on_close_gets) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(payload_text(peer.read_frame()), close_body(4000, "our words"));
        (void)peer.send_close(4001, "their words");
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  app.close(CloseCode{4000}, "our words");
  EXPECT_EQ(ending_of(run.wait()),
            (Ending{EndReason::stopped, CloseCode{4001}, "their words", {}}));
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::close(4001, "their words")}));
  EXPECT_FALSE(app.has_errored());
}

/// A handler by name, and the bytes of the peer that make the app call it.
struct Place {
  const char* name;
  std::string wire;
  std::function<void(AppHandlers&, std::function<void(WebSocketApp&)>)> put;
};
void PrintTo(const Place& place, std::ostream* out) { *out << place.name; }

std::vector<Place> places() {
  using Call = std::function<void(WebSocketApp&)>;
  return {
      {"on_open", "",
       [](AppHandlers& handlers, Call call) {
         handlers.on_open = [call](WebSocketApp& app) { call(app); };
       }},
      {"on_message", "\x81\x01m",
       [](AppHandlers& handlers, Call call) {
         handlers.on_message = [call](WebSocketApp& app, const Message&) { call(app); };
       }},
      {"on_data", "\x82\x01m",
       [](AppHandlers& handlers, Call call) {
         handlers.on_data = [call](WebSocketApp& app, Bytes, Opcode, bool) { call(app); };
       }},
      {"on_cont_message", "\x01\x01m",
       [](AppHandlers& handlers, Call call) {
         handlers.on_cont_message = [call](WebSocketApp& app, const Fragment&) { call(app); };
       }},
      {"on_ping", "\x89\x01m",
       [](AppHandlers& handlers, Call call) {
         handlers.on_ping = [call](WebSocketApp& app, Bytes) { call(app); };
       }},
      {"on_pong", "\x8A\x01m",
       [](AppHandlers& handlers, Call call) {
         handlers.on_pong = [call](WebSocketApp& app, Bytes) { call(app); };
       }},
  };
}

class AppCloseIn : public ::testing::TestWithParam<std::tuple<Link, Place>> {};
std::string row_name(const ::testing::TestParamInfo<std::tuple<Link, Place>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, AppCloseIn,
                         ::testing::Combine(::testing::ValuesIn(links_and_backends()),
                                            ::testing::ValuesIn(places())),
                         row_name);

TEST_P(AppCloseIn, F3_a_handler_sends_and_closes_and_no_handler_but_on_close_follows) {
  const auto& [link, place] = GetParam();
  std::vector<std::string> frames{"text \"last words\"", "close 1000"};
  if (std::string(place.name) == "on_ping") frames.insert(frames.begin(), "pong 6d");
  // A message behind it in the same read must not be delivered after close().
  const std::string behind = place.wire.starts_with('\x01') ? "\x80\x04more" : "\x81\x04more";
  RawServer server(expecting(frames, place.wire + behind), link);
  Recorder recorder;
  AppHandlers handlers = recorder.handlers();
  int places_called = 0;
  place.put(handlers, [&](WebSocketApp& app) {
    ++places_called;
    app.send("last words");
    app.close();
    EXPECT_EQ(refusal_of([&] { app.send("too late"); }), closed_exception(Errc::not_open));
    app.close(CloseCode{4000}, "again");  // does nothing: the first call counts
  });
  WebSocketApp app(server.url(), handlers, {.backend = link.backend});
  EXPECT_EQ(ending_of(app.run_forever({.sslopt = link.for_client()})), stopped_by_us);
  EXPECT_EQ(places_called, 1);
  EXPECT_EQ(recorder.calls("close"), (Calls{called::close(1000, "as you wish")}));
  EXPECT_EQ(recorder.calls("message").size() + recorder.calls("error").size(), 0U)
      << ::testing::PrintToString(recorder.calls());
}

TEST_P(AppClose, in_a_handler_it_goes_behind_a_message_that_another_thread_has_sent_before) {
  RawServer server(expecting({"text \"last\"", "close 1000"}, "\x81\x01m"), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [](WebSocketApp& app, const Message&) {
    std::thread([&] { app.send("last"); }).join();
    app.close();
  };
  const RunResult result = run(server, handlers);
  EXPECT_EQ(ending_of(result), stopped_by_us);
  EXPECT_EQ(result.unsent_bytes, 0U);
}

TEST_P(AppClose, in_on_error_while_the_connection_is_open) {
  RawServer server(expecting({"close 1000"}), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_open = [](WebSocketApp&) { throw std::runtime_error("not today"); };
  handlers.on_error = [this](WebSocketApp& app, const std::exception& error) {
    recorder.note(called::error(error));
    app.close();
  };
  EXPECT_EQ(ending_of(run(server, handlers)), stopped_by_us);
  EXPECT_EQ(recorder.calls(),
            (Calls{"error std::exception: not today", called::close(1000, "as you wish")}));
}

TEST_P(AppClose, in_on_error_after_a_failure_ends_the_run_without_another_attempt) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), with());
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) { self.close(); };
  EXPECT_EQ(app.run_forever(running({.reconnect = 10ms})).why, EndReason::stopped);
  EXPECT_EQ(recorder.calls(), (Calls{"close none"}));
}

TEST_P(AppClose, in_on_close_does_nothing) {
  RawServer server(sending({}), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_close = [this](WebSocketApp& app, std::optional<CloseCode>, std::string_view) {
    app.close();
    recorder.note("closed");
  };
  EXPECT_EQ(run(server, handlers).why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls(), (Calls{"open", "closed"}));
}

TEST_P(AppClose, without_a_run_it_does_nothing_and_the_next_run_is_not_affected) {
  RawServer server(sending({"a"}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.close();
  EXPECT_EQ(app.run_forever(running()).why, EndReason::closed_by_peer);
  app.close();
  EXPECT_EQ(app.run_forever(running()).why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls("message").size(), 2U);
}

TEST_P(AppClose, before_the_server_has_answered_the_request) {
  Signal asked;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.read_head();
        asked.set();
        EXPECT_EQ(peer.read_to_end(), "");
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  asked.wait();
  const Stopwatch watch;
  app.close();
  EXPECT_EQ(ending_of(run.wait()), (Ending{EndReason::stopped, std::nullopt, "", {}}));
  EXPECT_LT(watch.elapsed(), 1s);
  EXPECT_EQ(recorder.calls(), (Calls{"close none"}));
}

TEST_P(AppClose, while_connecting_to_a_black_hole) {
  const BlackHole hole;
  WebSocketApp app(link().url(hole.port()), recorder.handlers(), with());
  BackgroundRun run(app, running());
  EXPECT_TRUE(eventually([&] { return app.keep_running(); }));
  std::this_thread::sleep_for(50ms);
  const Stopwatch watch;
  app.close();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  EXPECT_LT(watch.elapsed(), 1s);
  EXPECT_EQ(recorder.calls(), (Calls{"close none"}));
}

TEST_P(AppClose, FIX_while_waiting_to_reconnect_there_is_no_further_attempt) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(); }, link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running({.reconnect = 30s}));
  recorder.wait_for("error");
  std::this_thread::sleep_for(20ms);
  const Stopwatch watch;
  app.close();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  EXPECT_LT(watch.elapsed(), 1s);
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::lost(), called::close(1006)}));
}

TEST_P(AppClose, keep_running_false_is_the_same_as_close) {
  RawServer server(expecting({"close 1000"}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with({.keep_running = true}));
  EXPECT_TRUE(app.keep_running()) << "what it says before the first run";
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  EXPECT_TRUE(app.keep_running());
  app.keep_running(true);
  app.keep_running(false);
  EXPECT_FALSE(app.keep_running());
  EXPECT_EQ(ending_of(run.wait()), stopped_by_us);
  EXPECT_FALSE(app.keep_running());
}

TEST_P(AppClose, R142_without_an_answer_the_run_ends_at_the_time_out) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000");
        EXPECT_EQ(peer.read_to_end(), "");
      },
      link());
  for (const Milliseconds timeout : {0ms, 150ms}) {
    Recorder calls;
    WebSocketApp app(server.url(), calls.handlers(), with());
    BackgroundRun run(app, running());
    calls.wait_for("open");
    const Stopwatch watch;
    app.close(STATUS_NORMAL, "", timeout);
    EXPECT_EQ(ending_of(run.wait()),
              (Ending{EndReason::stopped, CloseCode::abnormal_closure, "", Errc::close_timeout}));
    EXPECT_GE(watch.elapsed(), timeout);
    EXPECT_LT(watch.elapsed(), timeout + 2s);
    EXPECT_EQ(calls.calls(), (Calls{"open", called::close(1006)})) << "no error: it was asked for";
  }
}

TEST_P(AppClose, R142_a_peer_that_goes_on_talking_does_not_extend_the_time_out) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        while (peer.send_text("blah")) std::this_thread::sleep_for(1ms);
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  recorder.wait_for("message");
  const Stopwatch watch;
  app.close(STATUS_NORMAL, "", 200ms);
  EXPECT_EQ(run.wait().error, Errc::close_timeout);
  EXPECT_LT(watch.elapsed(), 3s);
}

TEST_P(AppClose, R107_both_sides_at_once) {
  Signal crossed;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("now");
        crossed.wait();
        (void)peer.send_close(4002, "me too");
        EXPECT_EQ(peer.read_described(), "close 4001");
        EXPECT_EQ(peer.read_to_end(), "");
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [&](WebSocketApp& app, const Message&) {
    app.close(CloseCode{4001});
    crossed.set();
    std::this_thread::sleep_for(20ms);
  };
  EXPECT_EQ(ending_of(run(server, handlers)),
            (Ending{EndReason::stopped, CloseCode{4002}, "me too", {}}));
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::close(4002, "me too")}));
}

TEST_P(AppClose, R140_what_may_not_be_sent_is_refused_in_every_state) {
  RawServer server(expecting({"close 1000"}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const auto check = [&] {
    const auto not_allowed = plain_exception(Errc::close_code_not_allowed);
    for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 2999U, 5000U}) {
      const CloseCode status{static_cast<std::uint16_t>(code)};
      EXPECT_EQ(refusal_of([&] { app.close(status); }), not_allowed) << code;
    }
    EXPECT_EQ(refusal_of([&] { app.close(STATUS_NORMAL, std::string(124, 'r')); }),
              plain_exception(Errc::control_too_long));
    EXPECT_EQ(refusal_of([&] { app.close(STATUS_NORMAL, "\xFF"); }),
              plain_exception(Errc::invalid_text));
  };
  check();
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  check();
  EXPECT_TRUE(app.ready());
  app.close();
  EXPECT_EQ(ending_of(run.wait()), stopped_by_us);
}

}  // namespace
}  // namespace wirespan::test
