// Parity with websocket-client: the options of run_forever(). KEEP: as in Python; FIX: another way
// on purpose.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

/// Runs for `time` against a peer that answers only Close frames; returns the frames the peer got.
std::vector<std::string> frames_during(const RunOptions& options, Milliseconds time) {
  std::vector<std::string> frames;
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    frames = peer.read_until_close();
    (void)peer.send_close();
  });
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  BackgroundRun run(app, options);
  recorder.wait_for("open");
  std::this_thread::sleep_for(time);
  app.close();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  server.wait();
  return frames;
}

std::string request_with(const RunOptions& options) {
  std::string request;
  RawServer server([&](RawPeer& peer) {
    request = peer.accept();
    (void)peer.send_close();
    (void)peer.read_until_close();
  });
  WebSocketApp app(server.url());
  EXPECT_FALSE(app.run_forever(options).failed());
  server.wait();
  return request;
}

TEST(ParityRunForever, KEEP_sockopt_is_applied_after_the_defaults) {
  RawServer server(sending({}));
  int no_delay = -1;
  int keep_idle = -1;
  WebSocketApp app(server.url(), {.on_open = [&](WebSocketApp& self) {
                     socklen_t size = sizeof no_delay;
                     ::getsockopt(self.fileno(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
                     ::getsockopt(self.fileno(), IPPROTO_TCP, TCP_KEEPIDLE, &keep_idle, &size);
                   }});
  EXPECT_FALSE(app.run_forever({.sockopt = {{IPPROTO_TCP, TCP_NODELAY, 0}}}).failed());
  EXPECT_EQ(no_delay, 0);
  EXPECT_EQ(keep_idle, 30);
}

TEST(ParityRunForever, KEEP_sslopt_decides_whom_it_believes) {
  for (const Link& link : links()) {
    RawServer server(sending({"a"}), link);
    Recorder recorder;
    WebSocketApp app(server.url(), recorder.handlers());
    EXPECT_FALSE(app.run_forever({.sslopt = link.for_client()}).failed());
    if (!link.is_secure()) continue;
    EXPECT_TRUE(app.run_forever().failed()) << "nobody knows this authority";
    EXPECT_EQ(recorder.calls("error WebSocketTlsException").size(), 1U);
  }
}

TEST(ParityRunForever, KEEP_without_ping_interval_there_are_no_pings_and_no_time_out) {
  EXPECT_EQ(frames_during({}, 100ms), std::vector<std::string>{"close 1000"});
  EXPECT_EQ(frames_during({.ping_timeout = 10ms}, 100ms), std::vector<std::string>{"close 1000"});
}

TEST(ParityRunForever, KEEP_ping_payload_is_that_of_every_ping) {
  const auto frames = frames_during({.ping_interval = 30ms, .ping_payload = "here"}, 300ms);
  ASSERT_GE(frames.size(), 3U);
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) EXPECT_EQ(frames[i], "ping 68657265");
}

TEST(ParityRunForever, FIX_D5_the_first_ping_comes_after_one_interval) {
  const auto frames = frames_during({.ping_interval = 400ms}, 600ms);
  EXPECT_EQ(frames, (std::vector<std::string>{"ping ", "close 1000"})) << "Python: after two";
}

TEST(ParityRunForever, KEEP_ping_timeout_is_the_time_for_a_pong_FIX_to_the_millisecond) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();
  });
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  const Stopwatch watch;
  EXPECT_EQ(app.run_forever({.ping_interval = 200ms, .ping_timeout = 100ms}).error,
            Errc::ping_timeout);
  EXPECT_GE(watch.elapsed(), 299ms);
  EXPECT_LT(watch.elapsed(), 2s) << "FIX: no three seconds for a peer that does not answer";
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::error("WebSocketTimeoutException", Errc::ping_timeout),
                   called::close(1006)}));
}

TEST(ParityRunForever, KEEP_skip_utf8_validation_lets_text_pass_as_it_is_FIX_as_text) {
  for (const bool skip : {false, true}) {
    RawServer server([](RawPeer& peer) {
      (void)peer.accept();
      (void)peer.send_text("\xFF");
      (void)peer.send_close();
      (void)peer.read_until_close();
    });
    std::string text = "nothing";
    WebSocketApp app(server.url(), {.on_message =
                                        [&](WebSocketApp&, const Message& message) {
                                          EXPECT_TRUE(message.is_text());
                                          text = message.text();
                                        },
                                    .on_error = [](WebSocketApp&, const std::exception&) {}});
    EXPECT_EQ(app.run_forever({.skip_utf8_validation = skip}).failed(), !skip);
    EXPECT_EQ(text, skip ? "\xFF" : "nothing");
  }
}

TEST(ParityRunForever, KEEP_host_origin_and_suppress_origin_change_the_request) {
  const auto has = [](const std::string& request, const std::string& line) {
    return request.find("\r\n" + line + "\r\n") != std::string::npos;
  };
  EXPECT_TRUE(has(request_with({.host = "virtual.example"}), "Host: virtual.example"));
  EXPECT_TRUE(has(request_with({.origin = "http://o"}), "Origin: http://o"));
  EXPECT_TRUE(has(request_with({.origin = ""}), "Origin: "));
  EXPECT_EQ(request_with({.origin = "x", .suppress_origin = true}).find("Origin"),
            std::string::npos);
}

TEST(ParityRunForever, KEEP_reconnect_is_off_and_can_be_a_delay) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(); });
  WebSocketApp once(server.url(), {.on_error = [](WebSocketApp&, const std::exception&) {}});
  EXPECT_TRUE(once.run_forever().failed());
  EXPECT_EQ(server.accepted(), 1);
  RawServer lossy({[](RawPeer& peer) { (void)peer.accept(); }, sending({})});
  Recorder recorder;
  WebSocketApp again(lossy.url(), recorder.handlers());
  const Stopwatch watch;
  EXPECT_FALSE(again.run_forever({.reconnect = 150ms}).failed());
  EXPECT_GE(watch.elapsed(), 149ms);
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::lost(), "reconnect", called::close(1000, "done")}));
}

TEST(ParityRunForever, FIX_D4_after_a_close_of_the_server_its_code_decides_about_reconnecting) {
  const auto closing = [](unsigned code) {
    return [code](RawPeer& peer) {
      (void)peer.accept();
      (void)peer.send_close(code, "bye");
      (void)peer.read_until_close();
    };
  };
  RawServer server({closing(1012), closing(4001)});
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_EQ(app.run_forever({.reconnect = 1ms}).text(), "closed by the server: 4001 \"bye\"");
  EXPECT_EQ(recorder.calls(), (Calls{"open", "reconnect", called::close(4001, "bye")}))
      << "Python comes back after each code, and calls on_error first";
  EXPECT_EQ(server.accepted(), 2);
}

TEST(ParityRunForever, FIX_every_failed_attempt_reaches_on_error) {
  const auto busy = answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
  RawServer server({busy, busy, sending({})});
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_FALSE(app.run_forever({.reconnect = 1ms}).failed());
  EXPECT_EQ(recorder.calls("error").size(), 2U) << "Python tells the first one alone";
}

TEST(ParityRunForever, FIX_close_ends_the_wait_without_a_further_connection) {
  RawServer server([](RawPeer& peer) { (void)peer.accept(); });
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  BackgroundRun run(app, {.reconnect = 1h});
  recorder.wait_for("error");
  app.close();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  EXPECT_EQ(server.accepted(), 1);
}

/// Returns the refusal of run_forever() for options; an option that is checked first is named.
std::string refusal(const RunOptions& options) {
  WebSocketApp app("ws://127.0.0.1:1/");
  try {
    (void)app.run_forever(options);
  } catch (const WebSocketException& error) {
    EXPECT_FALSE(app.keep_running());
    return error.what();
  }
  return "nothing";
}

TEST(ParityRunForever, KEEP_options_are_validated_in_order_before_anything_is_done) {
  const auto says = [](const RunOptions& options, const std::string& words) {
    EXPECT_NE(refusal(options).find(words), std::string::npos) << refusal(options);
  };
  says({.ping_interval = -1s, .ping_timeout = 0s}, "Ensure ping_timeout > 0");
  says({.ping_interval = -1s, .ping_timeout = 5s}, "Ensure ping_interval >= 0");
  says({.ping_interval = 5s, .ping_timeout = 5s}, "Ensure ping_interval > ping_timeout");
  says({.ping_interval = 5s, .ping_timeout = 6s}, "Ensure ping_interval > ping_timeout");
}

TEST(ParityRunForever, KEEP_a_second_run_of_the_same_object_is_refused) {
  RawServer server(echo_script);
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  BackgroundRun run(app);
  recorder.wait_for("open");
  EXPECT_EQ(refusal_of([&] { return app.run_forever(); }), plain_exception(Errc::already_open));
  EXPECT_TRUE(app.ready());
}

TEST(ParityRunForever, FIX_a_malformed_url_is_a_WebSocketException_and_leaves_no_trace) {
  WebSocketApp app("http://example.org/");
  EXPECT_EQ(refusal_of([&] { return app.run_forever(); }), plain_exception(Errc::invalid_url));
  EXPECT_FALSE(app.keep_running());
}

TEST(ParityRunForever, KEEP_whatever_comes_later_is_told_to_callbacks_and_not_thrown) {
  Recorder recorder;
  WebSocketApp app("ws://127.0.0.1:" + std::to_string(unused_port()) + "/", recorder.handlers());
  EXPECT_EQ(refusal_of([&] { return app.run_forever(); }), nothing_thrown());
  EXPECT_EQ(recorder.calls("error").size(), 1U);
}

}  // namespace
}  // namespace wirespan::test
