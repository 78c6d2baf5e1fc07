// WebSocketApp: messages, fragments, on_data, and their validation. RFC 6455 §5.4, §5.6, §6.2.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

class AppMessages : public AppTest {
 protected:
  /// Returns the callbacks for the frames that `send` sends, which a Close frame follows.
  [[nodiscard]] Calls calls_for(std::function<void(RawPeer&)> send, AppHandlers handlers,
                                AppOptions options = {}, RunOptions run = {}) {
    RawServer server(
        [&](RawPeer& peer) {
          (void)peer.accept();
          send(peer);
          (void)peer.send_close(1000);
          (void)peer.read_until_close();
        },
        link());
    WebSocketApp app(server.url(), std::move(handlers), with(std::move(options)));
    (void)app.run_forever(running(std::move(run)));
    return recorder.calls();
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppMessages);

void fragmented(RawPeer& peer) {
  (void)peer.send_frame(0x01, "Hel");
  (void)peer.send_frame(0x00, "");
  (void)peer.send_ping("x");
  (void)peer.send_frame(0x80, "lo");
  (void)peer.send_binary("whole");
}

const std::string end = called::close(1000);

TEST_P(AppMessages, R93_R120_fragments_are_put_together_by_default) {
  EXPECT_EQ(calls_for(fragmented, recorder.handlers()),
            (Calls{"open", "ping \"x\"", called::message("Hello"), called::binary("whole"), end}));
}

TEST_P(AppMessages, FIX_a_reassembled_message_has_its_own_type_in_on_data) {
  AppHandlers handlers = recorder.all_handlers();
  handlers.on_cont_message = nullptr;
  EXPECT_EQ(calls_for(fragmented, handlers),
            (Calls{"open", "ping \"x\"", "data text last \"Hello\"", called::message("Hello"),
                   "data binary last \"whole\"", called::binary("whole"), end}));
}

const Calls one_by_one{"open",
                       "data text \"Hel\"",
                       "fragment text \"Hel\"",
                       "data cont \"\"",
                       "fragment cont \"\"",
                       "ping \"x\"",
                       "data cont last \"lo\"",
                       "fragment cont last \"lo\"",
                       "data binary last \"whole\"",
                       "message binary \"whole\"",
                       end};

TEST_P(AppMessages, FIX_D6_with_on_cont_message_all_fragments_go_there_and_whole_messages_do_not) {
  EXPECT_EQ(calls_for(fragmented, recorder.all_handlers()), one_by_one);
}

TEST_P(AppMessages, fire_cont_frame_delivers_fragments_too) {
  AppHandlers handlers = recorder.all_handlers();
  handlers.on_cont_message = nullptr;
  EXPECT_EQ(
      calls_for(fragmented, handlers, {.fire_cont_frame = true}),
      (Calls{"open", "data text \"Hel\"", "data cont \"\"", "ping \"x\"", "data cont last \"lo\"",
             "data binary last \"whole\"", "message binary \"whole\"", end}));
}

TEST_P(AppMessages, on_cont_message_counts_as_it_is_when_the_connection_opens) {
  AppHandlers handlers = recorder.all_handlers();
  const auto on_cont_message = std::exchange(handlers.on_cont_message, nullptr);
  handlers.on_data = nullptr;
  handlers.on_open = [&](WebSocketApp& app) { app.handlers().on_cont_message = on_cont_message; };
  EXPECT_EQ(calls_for(fragmented, handlers),
            (Calls{"ping \"x\"", called::message("Hello"), called::binary("whole"), end}));
}

TEST_P(AppMessages, every_size_arrives_in_one_piece) {
  const std::vector<std::size_t> sizes{0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20};
  Calls expected{"open"};
  for (const std::size_t size : sizes) expected.push_back(called::message(letters(size)));
  expected.push_back(end);
  EXPECT_EQ(calls_for(
                [&](RawPeer& peer) {
                  for (const std::size_t size : sizes) (void)peer.send_text(letters(size));
                },
                recorder.handlers()),
            expected);
}

TEST_P(AppMessages, a_message_of_64_MiB_if_the_limit_allows_it) {
  const std::string text = letters(std::size_t{64} << 20);
  bool same = false;
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [&](WebSocketApp&, const Message& message) {
    same = message.text() == text;
  };
  const auto send = [&](RawPeer& peer) {
    peer.set_patience(40s);
    (void)peer.send_binary(text);
  };
  EXPECT_EQ(calls_for(send, handlers, {.max_message_size = text.size()}), (Calls{"open", end}));
  EXPECT_TRUE(same);
}

TEST_P(AppMessages, R122_the_limit_counts_fragments_together) {
  const auto send = [](RawPeer& peer) {
    (void)peer.send_binary(std::string(10, 'x'));
    (void)peer.send_frame(0x02, std::string(6, 'x'));
    (void)peer.send_frame(0x80, std::string(5, 'x'));
  };
  EXPECT_EQ(calls_for(send, recorder.handlers(), {.max_message_size = 10}),
            (Calls{"open", called::binary("xxxxxxxxxx"),
                   called::error("WebSocketProtocolException", Errc::message_too_big),
                   called::close(1006)}));
}

TEST_P(AppMessages, the_limit_of_fragments_can_be_set) {
  const auto send = [](RawPeer& peer) {
    for (int frames : {2, 3}) {
      (void)peer.send_frame(0x01, "x");
      for (int i = 2; i < frames; ++i) (void)peer.send_frame(0x00, "x");
      (void)peer.send_frame(0x80, "x");
    }
  };
  EXPECT_EQ(calls_for(send, recorder.handlers(), {.max_message_fragments = 2}),
            (Calls{"open", called::message("xx"),
                   called::error("WebSocketProtocolException", Errc::too_many_fragments),
                   called::close(1006)}));
}

TEST_P(AppMessages, R113_skip_utf8_validation_lets_everything_pass_as_it_is) {
  const auto send = [](RawPeer& peer) { (void)peer.send_text("\xFF\xFE"); };
  EXPECT_EQ(calls_for(send, recorder.handlers(), {}, {.skip_utf8_validation = true}),
            (Calls{"open", "message text fffe", end}));
}

TEST_P(AppMessages, FIX_fragments_of_text_are_validated_as_a_whole) {
  const auto good = [](RawPeer& peer) {
    (void)peer.send_frame(0x01, "\xE2");
    (void)peer.send_frame(0x80, "\x82\xAC");
  };
  EXPECT_EQ(calls_for(good, recorder.all_handlers()),
            (Calls{"open", "data text e2", "fragment text e2", "data cont last 82ac",
                   "fragment cont last 82ac", end}));
}

TEST_P(AppMessages, FIX_R115_a_fragment_that_is_not_utf8_fails_the_connection) {
  const auto bad = [](RawPeer& peer) {
    (void)peer.send_frame(0x01, "ok");
    (void)peer.send_frame(0x80, "\xE2\x82");
  };
  EXPECT_EQ(
      calls_for(bad, recorder.all_handlers()),
      (Calls{"open", "data text \"ok\"", "fragment text \"ok\"",
             called::error("WebSocketPayloadException", Errc::invalid_utf8), called::close(1006)}));
}

TEST_P(AppMessages, R79_frames_that_come_with_the_handshake_follow_on_open) {
  RawServer server(
      [](RawPeer& peer) {
        std::string answer = RawPeer::acceptance(peer.read_head());
        answer.append("\x81\x05hello\x89\x01p\x88\x02\x03\xE8", 15);
        (void)peer.write(answer);
        EXPECT_EQ(peer.read_until_close(),
                  (std::vector<std::string>{"text \"from on_open\"", "pong 70", "close 1000"}));
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_open = [this](WebSocketApp& app) {
    recorder.note("open");
    app.send("from on_open");
  };
  EXPECT_FALSE(run(server, handlers).failed());
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::message("hello"), "ping \"p\"", end}));
}

TEST_P(AppMessages, a_message_is_valid_while_the_handler_sends) {
  const std::string text = letters(70'000);
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text(text);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(payload_text(peer.read_frame()), text);
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  AppHandlers handlers;
  handlers.on_message = [](WebSocketApp& app, const Message& message) {
    for (int i = 0; i < 3; ++i) app.send(message.text(), message.opcode);
  };
  EXPECT_FALSE(run(server, handlers).failed());
}

}  // namespace
}  // namespace wirespan::test
