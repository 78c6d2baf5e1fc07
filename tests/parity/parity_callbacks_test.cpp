// Parity with websocket-client: arguments, times and order of an app's callbacks, for every
// sequence that was observed there. KEEP: as in Python; FIX: another way on purpose.
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

const std::string closed_1000 = called::close(1000);

/// The callbacks and the result of a run, and the frames that the peer got.
struct Story {
  Calls calls;
  RunResult result;
  std::vector<std::string> frames;
};

/// Runs against a peer that talks after the handshake and then reads to the end.
Story story(std::function<void(RawPeer&)> talk, AppHandlers changes = {}, RunOptions options = {}) {
  Story told;
  Recorder recorder;
  AppHandlers handlers = recorder.handlers();
  if (changes.on_open) handlers.on_open = changes.on_open;
  if (changes.on_message) handlers.on_message = changes.on_message;
  if (changes.on_error) handlers.on_error = changes.on_error;
  if (changes.on_cont_message) handlers.on_cont_message = changes.on_cont_message;
  RawServer server([&](RawPeer& peer) {
    (void)peer.accept();
    talk(peer);
  });
  WebSocketApp app(server.url(), handlers);
  told.result = app.run_forever(options);
  server.wait();
  told.calls = recorder.calls();
  return told;
}

/// Sends Close 1000 and reads until the client's Close frame.
void end_politely(RawPeer& peer) {
  (void)peer.send_close();
  (void)peer.read_until_close();
}

TEST(ParityCallbacks, KEEP_on_open_follows_the_handshake_and_comes_before_everything_else) {
  const Story told = story([](RawPeer& peer) {
    (void)peer.send_text("m");
    end_politely(peer);
  });
  EXPECT_EQ(told.calls, (Calls{"open", called::message("m"), closed_1000}));
}

TEST(ParityCallbacks, KEEP_on_open_is_called_again_where_on_reconnect_is_unset) {
  RawServer server({[](RawPeer& peer) { (void)peer.accept(); }, sending({})});
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  app.handlers().on_reconnect = nullptr;
  EXPECT_FALSE(app.run_forever({.reconnect = 5ms}).failed());
  EXPECT_EQ(recorder.calls("open").size(), 2U);
}

TEST(ParityCallbacks, KEEP_on_reconnect_comes_also_after_a_first_attempt_that_failed) {
  RawServer server({answering("HTTP/1.1 503 Later\r\n\r\n"), sending({})});
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  EXPECT_FALSE(app.run_forever({.reconnect = 5ms}).failed());
  EXPECT_EQ(recorder.calls("open").size(), 0U);
  EXPECT_EQ(recorder.calls("reconnect").size(), 1U);
}

TEST(ParityCallbacks, KEEP_on_data_comes_before_on_message_FIX_with_the_messages_type) {
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.send_binary("b");
    (void)peer.send_frame(0x01, "te");
    (void)peer.send_frame(0x80, "xt");
    end_politely(peer);
  });
  Recorder recorder;
  AppHandlers handlers = recorder.all_handlers();
  handlers.on_cont_message = nullptr;
  WebSocketApp app(server.url(), handlers);
  EXPECT_FALSE(app.run_forever().failed());
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", "data binary last \"b\"", called::binary("b"), "data text last \"text\"",
                   called::message("text"), closed_1000}))
      << "Python: type 0 for a message that came in fragments";
}

TEST(ParityCallbacks, KEEP_on_message_tells_text_from_binary) {
  std::vector<bool> is_text;
  (void)story(
      [](RawPeer& peer) {
        (void)peer.send_text("t");
        (void)peer.send_binary("b");
        end_politely(peer);
      },
      {.on_message = [&](WebSocketApp&, const Message& m) { is_text.push_back(m.is_text()); }});
  EXPECT_EQ(is_text, (std::vector<bool>{true, false}));
}

TEST(ParityCallbacks, FIX_D6_on_cont_message_gets_all_fragments_and_on_message_none) {
  std::vector<std::string> parts;
  const Story told = story(
      [](RawPeer& peer) {
        (void)peer.send_text("whole");
        (void)peer.send_frame(0x01, "a");
        (void)peer.send_frame(0x00, "b");
        (void)peer.send_frame(0x80, "c");
        end_politely(peer);
      },
      {.on_cont_message = [&](WebSocketApp&, const Fragment& part) {
        parts.push_back(std::string(wire_text(part.payload)) + (part.fin ? " fin" : ""));
      }});
  EXPECT_EQ(parts, (std::vector<std::string>{"a", "b", "c fin"}));
  EXPECT_EQ(told.calls, (Calls{"open", called::message("whole"), closed_1000}));
}

TEST(ParityCallbacks, FIX_fragments_of_text_are_validated_too) {
  const Story told = story(
      [](RawPeer& peer) {
        (void)peer.send_frame(0x01, "\xC3");
        (void)peer.send_frame(0x80, "(");
        EXPECT_EQ(peer.read_described(), "close 1007");
      },
      {.on_cont_message = [](WebSocketApp&, const Fragment&) {}});
  EXPECT_EQ(told.result.error, Errc::invalid_utf8);
}

TEST(ParityCallbacks, KEEP_on_ping_comes_after_the_pong_and_on_pong_for_any_pong) {
  const Story told = story([](RawPeer& peer) {
    (void)peer.send_ping("p");
    EXPECT_EQ(peer.read_described(), "pong 70");
    (void)peer.send_pong("unsolicited");
    end_politely(peer);
  });
  EXPECT_EQ(told.calls, (Calls{"open", "ping \"p\"", "pong \"unsolicited\"", closed_1000}));
}

TEST(ParityCallbacks, KEEP_on_close_is_called_once_and_last_when_all_is_torn_down) {
  Recorder recorder;
  RawServer server(sending({"m"}));
  WebSocketApp app(server.url(), recorder.handlers());
  app.handlers().on_close = [&](WebSocketApp& self, std::optional<CloseCode>, std::string_view) {
    EXPECT_FALSE(self.ready());
    EXPECT_FALSE(self.keep_running());
    EXPECT_EQ(self.fileno(), -1);
    recorder.note("closed");
  };
  EXPECT_FALSE(app.run_forever().failed());
  EXPECT_EQ(recorder.calls("closed").size(), 1U);
  EXPECT_EQ(recorder.last(), "closed");
}

// The sequences that were observed with websocket-client.

TEST(ParitySequences, FIX_D1_D2_D3_the_server_closes) {
  const Story told = story([](RawPeer& peer) {
    (void)peer.send_close(1001, "bye");
    EXPECT_EQ(peer.read_described(), "close 1001") << "Python: always 1000";
  });
  EXPECT_EQ(told.calls, (Calls{"open", called::close(1001, "bye")}))
      << "Python: an on_error with the frame, and nothing for on_close";
  EXPECT_FALSE(told.result.failed()) << "Python: True";
  EXPECT_EQ(told.result.why, EndReason::closed_by_peer);
}

void answer_the_close(RawPeer& peer) {
  EXPECT_EQ(peer.read_described(), "close 1000");
  (void)peer.send_close();
}

TEST(ParitySequences, KEEP_close_in_on_message_FIX_with_the_peers_code) {
  const Story told = story(
      [](RawPeer& peer) {
        (void)peer.send_text("m");
        answer_the_close(peer);
      },
      {.on_message = [](WebSocketApp& self, const Message&) { self.close(); }});
  EXPECT_EQ(told.calls, (Calls{"open", closed_1000}));
  EXPECT_FALSE(told.result.failed());
}

TEST(ParitySequences, FIX_close_in_on_open_is_no_error) {
  const Story told = story(answer_the_close, {.on_open = [](WebSocketApp& self) { self.close(); }});
  EXPECT_EQ(told.calls, (Calls{closed_1000})) << "Python: an AttributeError";
  EXPECT_FALSE(told.result.failed()) << "Python: True";
}

TEST(ParitySequences, FIX_D8_close_in_another_thread_takes_effect_at_once) {
  RawServer server(echo_script);
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  BackgroundRun run(app);
  recorder.wait_for("open");
  const Stopwatch watch;
  app.close();
  EXPECT_FALSE(run.wait().failed());
  EXPECT_LT(watch.elapsed(), 2s) << "Python: often 10 s";
  EXPECT_EQ(recorder.calls(), (Calls{"open", closed_1000}));
}

TEST(ParitySequences, KEEP_a_refused_port) {
  Recorder recorder;
  WebSocketApp app("ws://127.0.0.1:" + std::to_string(unused_port()) + "/", recorder.handlers());
  EXPECT_TRUE(app.run_forever().failed());
  const std::error_code refused{ECONNREFUSED, std::system_category()};
  EXPECT_EQ(recorder.calls(), (Calls{called::error("WebSocketException", refused),
                                     called::close_without_connection}));
}

TEST(ParitySequences, KEEP_the_peer_goes_without_a_close) {
  const Story told = story([](RawPeer&) {});
  EXPECT_EQ(told.calls, (Calls{"open", called::lost(), called::close(1006)}));
  EXPECT_TRUE(told.result.failed());
}

TEST(ParitySequences, KEEP_a_protocol_error_FIX_says_1002_and_does_not_wait) {
  const Stopwatch watch;
  const Story told = story([](RawPeer& peer) {
    (void)peer.send_frame(0xC1, "");
    EXPECT_EQ(peer.read_described(), "close 1002") << "Python: 1000";
  });
  EXPECT_LT(watch.elapsed(), 2s) << "Python: 3 s later";
  EXPECT_EQ(told.calls,
            (Calls{"open", called::error("WebSocketProtocolException", Errc::reserved_bits),
                   called::close(1006)}));
  EXPECT_TRUE(told.result.failed());
}

TEST(ParitySequences, KEEP_bad_utf8_FIX_says_1007) {
  const Story told = story([](RawPeer& peer) {
    (void)peer.send_text("\xFF");
    EXPECT_EQ(peer.read_described(), "close 1007");
  });
  EXPECT_EQ(told.calls,
            (Calls{"open", called::error("WebSocketPayloadException", Errc::invalid_utf8),
                   called::close(1006)}));
}

TEST(ParitySequences, KEEP_a_ping_time_out_FIX_ends_the_run_at_once) {
  const Stopwatch watch;
  const Story told = story([](RawPeer& peer) { (void)peer.read_to_end(); }, {},
                           {.ping_interval = 150ms, .ping_timeout = 100ms});
  EXPECT_LT(watch.elapsed(), 2s) << "Python: after 2 intervals, the time-out and 3 s";
  EXPECT_EQ(told.calls,
            (Calls{"open", called::error("WebSocketTimeoutException", Errc::ping_timeout),
                   called::close(1006)}));
  EXPECT_TRUE(told.result.failed());
}

TEST(ParitySequences, FIX_an_interrupt_is_the_programs_own_business) {
  RawServer server(echo_script);
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  std::stop_source stop;  // stands for the signal handling of a program
  BackgroundRun run(app, {}, stop.get_token());
  recorder.wait_for("open");
  stop.request_stop();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  EXPECT_EQ(recorder.calls(), (Calls{"open", closed_1000})) << "Python: an on_error, and True";
}

TEST(ParitySequences, KEEP_an_exception_in_on_message_goes_to_on_error_and_nothing_ends) {
  int messages = 0;
  const Story told = story(
      [](RawPeer& peer) {
        (void)peer.send_text("a");
        (void)peer.send_text("b");
        end_politely(peer);
      },
      {.on_message = [&](WebSocketApp&, const Message&) {
        if (++messages == 1) throw std::runtime_error("first");
      }});
  EXPECT_EQ(told.calls, (Calls{"open", "error std::exception: first", closed_1000}));
  EXPECT_EQ(messages, 2);
}

TEST(ParitySequences, KEEP_an_exception_in_on_open_goes_to_on_error_and_nothing_ends) {
  const Story told = story(
      [](RawPeer& peer) {
        (void)peer.send_text("m");
        end_politely(peer);
      },
      {.on_open = [](WebSocketApp&) { throw std::runtime_error("at once"); }});
  EXPECT_EQ(told.calls,
            (Calls{"error std::exception: at once", called::message("m"), closed_1000}));
}

TEST(ParitySequences, KEEP_on_error_that_fails_about_a_callback_ends_the_run) {
  const Story told = story(
      [](RawPeer& peer) {
        (void)peer.send_text("m");
        EXPECT_EQ(peer.read_described(), "close 1011");
      },
      {.on_message = [](WebSocketApp&, const Message&) { throw std::runtime_error("first"); },
       .on_error = [](WebSocketApp&, const std::exception&) { throw std::runtime_error("then"); }});
  EXPECT_EQ(told.calls, (Calls{"open", called::close(1006)}));
  EXPECT_EQ(told.result.error, Errc::handler_failed);
}

TEST(ParitySequences, KEEP_on_error_that_fails_by_itself_is_only_logged_FIX_and_told) {
  const Story told = story([](RawPeer&) {}, {.on_error = [](WebSocketApp&, const std::exception&) {
                             throw std::runtime_error("cannot cope");
                           }});
  EXPECT_EQ(told.calls, (Calls{"open", called::close(1006)}));
  EXPECT_EQ(told.result.error, Errc::handler_failed) << "the result says so, too";
}

}  // namespace
}  // namespace wirespan::test
