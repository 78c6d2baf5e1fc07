// Parity with websocket-client: the constructor and the members of WebSocketApp. KEEP: as in
// Python; FIX: another way on purpose.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/unix_pair.hpp"

namespace wirespan::test {
namespace {

/// A peer that accepts, sends Close 1000 and waits for the answer.
void short_script(RawPeer& peer) {
  (void)peer.accept();
  (void)peer.send_close();
  (void)peer.read_until_close();
}

bool has_line(const std::string& request, const std::string& line) {
  return request.find("\r\n" + line + "\r\n") != std::string::npos;
}

/// Returns the request that an app with these options sends.
std::string request_of(AppOptions options) {
  std::string request;
  RawServer server([&](RawPeer& peer) {
    request = peer.read_head();
    const std::string chosen =
        request.find("Protocol: a,b") == std::string::npos ? "" : "Sec-WebSocket-Protocol: b\r\n";
    (void)peer.write(RawPeer::acceptance(request, chosen));
    (void)peer.send_close();
    (void)peer.read_until_close();
  });
  WebSocketApp app(server.url(), {}, std::move(options));
  EXPECT_FALSE(app.run_forever().failed());
  server.wait();
  return request;
}

TEST(ParityWebSocketApp, KEEP_the_constructor_has_the_names_of_all_arguments) {
  const WebSocketApp app(
      "ws://127.0.0.1/",
      {.on_open = [](WebSocketApp&) {},
       .on_reconnect = [](WebSocketApp&) {},
       .on_message = [](WebSocketApp&, const Message&) {},
       .on_error = [](WebSocketApp&, const std::exception&) {},
       .on_close = [](WebSocketApp&, std::optional<CloseCode>, std::string_view) {},
       .on_ping = [](WebSocketApp&, Bytes) {},
       .on_pong = [](WebSocketApp&, Bytes) {},
       .on_cont_message = [](WebSocketApp&, const Fragment&) {},
       .on_data = [](WebSocketApp&, Bytes, Opcode, bool) {}},
      {.header = {"A: b"},
       .keep_running = false,
       .get_mask_key = [] { return MaskKey{}; },
       .cookie = "a=b",
       .subprotocols = {"a"},
       .socket = -1});
  EXPECT_FALSE(app.ready());
  EXPECT_EQ(app.fileno(), -1);
  EXPECT_EQ(app.status(), 0);
}

TEST(ParityWebSocketApp, KEEP_header_is_a_list_a_map_or_a_callable) {
  const std::map<std::string, std::string> map{{"X-A", "1"}, {"X-B", "2"}};
  for (const HeaderSource& header :
       {HeaderSource{"X-A: 1", "X-B: 2"}, HeaderSource(map), HeaderSource([] {
          return Headers{{"X-A", "1"}, {"X-B", "2"}};
        })}) {
    const std::string request = request_of({.header = header});
    EXPECT_NE(request.find("\r\nX-A: 1\r\nX-B: 2\r\n"), std::string::npos) << request;
  }
}

TEST(ParityWebSocketApp, KEEP_a_header_callable_is_asked_before_every_attempt) {
  Recorder recorder;
  RawServer server({[&](RawPeer& peer) { recorder.note(peer.accept()); },
                    [&](RawPeer& peer) {
                      recorder.note(peer.accept());
                      (void)peer.send_close();
                      (void)peer.read_until_close();
                    }});
  int asked = 0;
  WebSocketApp app(server.url(), {.on_error = [](WebSocketApp&, const std::exception&) {}},
                   {.header = [&] {
                     return Headers{{"X-Try", std::to_string(++asked)}};
                   }});
  EXPECT_FALSE(app.run_forever({.reconnect = 5ms}).failed());
  const Calls requests = recorder.calls("GET / ");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_TRUE(has_line(requests[0], "X-Try: 1"));
  EXPECT_TRUE(has_line(requests[1], "X-Try: 2"));
}

TEST(ParityWebSocketApp, KEEP_cookie_and_subprotocols_are_sent_with_each_request) {
  const std::string request = request_of({.cookie = "a=b", .subprotocols = {"a", "b"}});
  EXPECT_TRUE(has_line(request, "Cookie: a=b"));
  EXPECT_TRUE(has_line(request, "Sec-WebSocket-Protocol: a,b"));
}

TEST(ParityWebSocketApp, KEEP_get_mask_key_makes_the_keys_FIX_of_exactly_four_bytes) {
  constexpr MaskKey key{std::byte{1}, std::byte{0xFF}, std::byte{3}, std::byte{0x80}};
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    EXPECT_EQ(peer.read_frame().key, key);
    (void)peer.send_close();
    (void)peer.read_until_close();
  });
  WebSocketApp app(server.url(), {.on_open = [](WebSocketApp& self) { self.send("x"); }},
                   {.get_mask_key = [&] { return key; }});
  EXPECT_FALSE(app.run_forever().failed());
}

TEST(ParityWebSocketApp, KEEP_a_prepared_socket_is_used_and_cannot_be_used_again) {
  std::string request;
  const UnixPair pair([&](RawPeer& peer) { request = peer.accept(); });
  Recorder recorder;
  WebSocketApp app("ws://nowhere.invalid/x", recorder.handlers(), {.socket = pair.ours()});
  const RunResult result = app.run_forever({.reconnect = 5ms});
  EXPECT_EQ(result.why, EndReason::failed) << "it was lost, and there is no other";
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::lost(), called::close(1006)}));
}

TEST(ParityWebSocketApp, KEEP_the_argument_keep_running_changes_nothing_about_a_run) {
  for (const bool keep_running : {false, true}) {
    RawServer server(short_script);
    WebSocketApp app(server.url(), {}, {.keep_running = keep_running});
    EXPECT_EQ(app.keep_running(), keep_running);
    EXPECT_EQ(app.run_forever().why, EndReason::closed_by_peer);
    EXPECT_FALSE(app.keep_running());
  }
}

TEST(ParityWebSocketApp, KEEP_callbacks_and_url_are_read_when_they_are_needed) {
  RawServer first(sending({"a", "b"}));
  RawServer second(sending({"c"}));
  Recorder recorder;
  WebSocketApp app(first.url());
  app.handlers().on_message = [&](WebSocketApp& self, const Message& message) {
    recorder.note("old " + std::string(message.text()));
    self.handlers().on_message = [&](WebSocketApp&, const Message& other) {
      recorder.note("new " + std::string(other.text()));
    };
  };
  EXPECT_FALSE(app.run_forever().failed());
  app.url() = second.url();
  EXPECT_FALSE(app.run_forever().failed());
  EXPECT_EQ(recorder.calls(), (Calls{"old a", "new b", "new c"}));
}

template <class Options>
concept HasSubprotocol = requires(Options options) {
  options.subprotocol;
};
TEST(ParityWebSocketApp, KEEP_an_unknown_argument_is_an_error_FIX_of_the_compiler) {
  static_assert(!HasSubprotocol<AppOptions>);
}

TEST(ParityWebSocketApp, KEEP_send_is_text_unless_told_otherwise_FIX_ping_is_a_member) {
  std::vector<std::string> frames;
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    frames = peer.read_until_close();
    (void)peer.send_close();
  });
  WebSocketApp app(server.url(), {.on_open = [](WebSocketApp& self) {
                     self.send("a");
                     self.send("b", Opcode::binary);
                     self.send("c", Opcode::ping);
                     self.send_text("d");
                     self.send_bytes(wire_bytes("e"));
                     self.send_binary(wire_bytes("f"));
                     self.ping("g");
                     self.pong("h");
                     self.close();
                   }});
  EXPECT_FALSE(app.run_forever().failed());
  server.wait();
  EXPECT_EQ(frames, (std::vector<std::string>{"text \"a\"", "binary 62", "ping 63", "text \"d\"",
                                              "binary 65", "binary 66", "ping 67", "pong 68",
                                              "close 1000"}));
}

TEST(ParityWebSocketApp, KEEP_send_without_a_connection_throws_the_closed_exception) {
  RawServer server(short_script);
  WebSocketApp app(server.url());
  const auto sending_is_refused = [&] {
    EXPECT_EQ(refusal_of([&] { app.send("x"); }), closed_exception(Errc::not_open));
    EXPECT_EQ(refusal_of([&] { app.send_bytes(wire_bytes("x")); }),
              closed_exception(Errc::not_open));
    EXPECT_EQ(refusal_of([&] { app.ping(); }), closed_exception(Errc::not_open));
  };
  sending_is_refused();
  EXPECT_FALSE(app.run_forever().failed());
  sending_is_refused();
}

TEST(ParityWebSocketApp, KEEP_close_is_idempotent_FIX_and_blocks_nobody) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();  // never answers
  });
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  BackgroundRun run(app);
  recorder.wait_for("open");
  const Stopwatch watch;
  app.close(STATUS_NORMAL, "", 300ms);
  app.close(STATUS_GOING_AWAY, "", 30s);
  EXPECT_LT(watch.elapsed(), 250ms);
  EXPECT_EQ(run.wait().error, Errc::close_timeout);
  app.close();
  EXPECT_EQ(recorder.calls("close").size(), 1U) << "by the thread of the run, not by close()";
}

TEST(ParityWebSocketApp, KEEP_close_before_a_run_is_without_effect_FIX_a_stop_token_is_not) {
  RawServer server(short_script);
  WebSocketApp app(server.url());
  app.close();
  EXPECT_EQ(app.run_forever().why, EndReason::closed_by_peer);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(app.run_forever({}, stop.get_token()).why, EndReason::stopped);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(ParityWebSocketApp, FIX_sock_is_the_app_itself) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept("Sec-WebSocket-Protocol: a\r\nX-B: c\r\n");
    (void)peer.read_until_close();
    (void)peer.send_close();
  });
  WebSocketApp app(server.url(),
                   {.on_open =
                        [](WebSocketApp& self) {
                          EXPECT_TRUE(self.ready()) << "sock.connected";
                          EXPECT_GE(self.fileno(), 0) << "sock.fileno()";
                          EXPECT_EQ(self.subprotocol(), "a") << "sock.subprotocol";
                          EXPECT_EQ(self.status(), 101) << "sock.status";
                          EXPECT_EQ(self.headers().get("x-b"), "c") << "sock.headers";
                          self.ping() /* sock.ping() */;
                          self.close();
                        }},
                   {.subprotocols = {"a"}});
  EXPECT_FALSE(app.ready());
  EXPECT_FALSE(app.run_forever().failed());
  EXPECT_FALSE(app.ready());
  EXPECT_EQ(app.fileno(), -1);
  EXPECT_EQ(app.subprotocol(), "a") << "of the latest connection";
}

TEST(ParityWebSocketApp, KEEP_keep_running_can_be_set_to_false_FIX_with_effect_at_once) {
  RawServer server(echo_script);
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_FALSE(app.keep_running()) << "before a run";
  BackgroundRun run(app, {.ping_interval = 60s, .ping_timeout = 3s});
  recorder.wait_for("open");
  EXPECT_TRUE(app.keep_running());
  const Stopwatch watch;
  app.keep_running(false);
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  EXPECT_LT(watch.elapsed(), 1s) << "Python: at the next event, or after ping_timeout";
}

TEST(ParityWebSocketApp, KEEP_times_of_ping_and_pong_and_the_error_are_told) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_frame();
    (void)peer.send_pong();
  });
  WebSocketApp app(server.url(), {.on_error = [](WebSocketApp&, const std::exception&) {}});
  EXPECT_EQ(app.last_ping_tm(), std::nullopt);
  EXPECT_EQ(app.last_pong_tm(), std::nullopt);
  EXPECT_FALSE(app.has_errored());
  EXPECT_TRUE(app.run_forever({.ping_interval = 20ms, .ping_timeout = 15ms}).failed());
  EXPECT_NE(app.last_ping_tm(), std::nullopt);
  EXPECT_NE(app.last_pong_tm(), std::nullopt);
  EXPECT_TRUE(app.has_errored());
}

TEST(ParityWebSocketApp, KEEP_an_object_may_run_again) {
  RawServer server(short_script);
  WebSocketApp app(server.url());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(app.run_forever().failed());
  EXPECT_EQ(server.accepted(), 3);
}

}  // namespace
}  // namespace wirespan::test
