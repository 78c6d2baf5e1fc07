// enable_trace() and the log: handshakes and frames that are shown, sinks, levels, and the end.
#include <algorithm>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/frame.hpp>
#include <wirespan/app/log.hpp>

namespace wirespan::test {
namespace {

class Trace : public AppTest {
 protected:
  void TearDown() override { enable_trace(false); }

  void start(LogLevel level = LogLevel::debug) {
    enable_trace(
        true,
        [this](LogLevel at, std::string_view line) {
          EXPECT_LE(at, LogLevel::debug);
          recorder.note(std::string(line));
        },
        level);
  }
  [[nodiscard]] Calls lines() const { return recorder.calls(); }
  /// Returns the lines of the block with that title.
  [[nodiscard]] Calls block(const std::string& title) const {
    const Calls all = lines();
    auto first = std::find(all.begin(), all.end(), "--- " + title + " ---");
    if (first == all.end()) return {"no block " + title};
    const auto last = std::find(first, all.end(), "-----------------------");
    return {++first, last};
  }
  [[nodiscard]] bool shows(const std::string& line) const {
    const Calls all = lines();
    return std::find(all.begin(), all.end(), line) != all.end();
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(Trace);

constexpr MaskKey key{std::byte{0x01}, std::byte{0x02}, std::byte{0x03}, std::byte{0x04}};

/// One message each way and the closing handshake, by a blocking client with a fixed mask key.
void talk(const std::string& url, const Link& link) {
  WebSocket ws = create_connection(url, options_for(link, {.get_mask_key = [] { return key; }}));
  ws.send("Hi");
  EXPECT_EQ(ws.recv().data, "Hi");
  ws.close();
}

TEST_P(Trace, shows_the_handshakes_and_every_frame_with_its_true_bytes) {
  RawServer server(echo_script, link());
  start();
  talk(server.url("/path"), link());
  const Calls request = block("request header");
  ASSERT_FALSE(request.empty());
  EXPECT_EQ(request.front(), "GET /path HTTP/1.1");
  EXPECT_NE(std::find(request.begin(), request.end(), "Upgrade: websocket"), request.end());
  EXPECT_EQ(block("response header").front(), "HTTP/1.1 101 Switching Protocols");
  EXPECT_TRUE(shows("++Sent raw: b'\\x81\\x82\\x01\\x02\\x03\\x04Ik'")) << "masked, as on the wire";
  EXPECT_TRUE(shows("++Sent decoded: fin=1 opcode=1 data=b'Hi'"));
  EXPECT_TRUE(shows("++Rcv raw: b'\\x81\\x02Hi'"));
  EXPECT_TRUE(shows("++Rcv decoded: fin=1 opcode=1 data=b'Hi'"));
  EXPECT_TRUE(shows("++Sent decoded: fin=1 opcode=8 data=b'\\x03\\xe8'"));
  EXPECT_TRUE(shows("++Rcv decoded: fin=1 opcode=8 data=b'\\x03\\xe8'"));
}

TEST_P(Trace, shows_an_app_and_a_server_too) {
  start();
  RunningServer server(echoing(), link());
  WebSocketApp app(server.url(),
                   {.on_open = [](WebSocketApp& self) { self.send("Hi"); },
                    .on_message = [](WebSocketApp& self, const Message&) { self.close(); }},
                   with());
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(recorder.calls("++Sent decoded: fin=1 opcode=1 data=b'Hi'").size(), 2U)
      << "by the client, and by the server";
  EXPECT_EQ(recorder.calls("++Rcv decoded: fin=1 opcode=1 data=b'Hi'").size(), 2U);
}

TEST_P(Trace, shows_frames_that_come_in_pieces_once_and_illegal_ones_as_they_are) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.write_slowly(std::string_view("\x81\x03"
                                                 "abc\xF1\x00",
                                                 7),
                                2ms);
      },
      link());
  start();
  WebSocket ws = create_connection(server.url(), options_for(link()));
  EXPECT_EQ(ws.recv().data, "abc");
  EXPECT_EQ(refusal_of([&] { return ws.recv(); }), protocol_exception(Errc::reserved_bits));
  EXPECT_EQ(recorder.calls("++Rcv raw"),
            (Calls{"++Rcv raw: b'\\x81\\x03abc'", "++Rcv raw: b'\\xf1\\x00'"}));
}

TEST_P(Trace, shows_what_follows_an_informational_answer) {
  RawServer server(
      [](RawPeer& peer) {
        const std::string request = peer.read_head();
        (void)peer.write("HTTP/1.1 103 Early Hints\r\n\r\n" + RawPeer::acceptance(request));
        (void)peer.send_text("Hi");
        (void)peer.read_to_end();
      },
      link());
  start();
  WebSocket ws = create_connection(server.url(), options_for(link()));
  EXPECT_EQ(ws.recv().data, "Hi");
  EXPECT_TRUE(shows("HTTP/1.1 101 Switching Protocols"));
  EXPECT_TRUE(shows("++Rcv decoded: fin=1 opcode=1 data=b'Hi'"));
}

TEST_P(Trace, shows_a_refusal) {
  RawServer server(answering("HTTP/1.1 403 No\r\nContent-Length: 4\r\nX-Why: it\r\n\r\nbody"),
                   link());
  start();
  EXPECT_EQ(refusal_of([&] { return create_connection(server.url(), options_for(link())); }).type,
            "WebSocketBadStatusException");
  EXPECT_EQ(block("response header"), (Calls{"HTTP/1.1 403 No", "Content-Length: 4", "X-Why: it"}));
}

TEST_P(Trace, false_stops_it_at_once_and_it_can_be_started_again) {
  RawServer server(echo_script, link());
  start();
  WebSocket ws = create_connection(server.url(), options_for(link()));
  EXPECT_TRUE(is_trace_enabled());
  enable_trace(false);
  EXPECT_FALSE(is_trace_enabled());
  const std::size_t before = lines().size();
  EXPECT_GT(before, 0U);
  ws.send("not shown");
  EXPECT_EQ(ws.recv().data, "not shown");
  talk(server.url(), link());
  EXPECT_EQ(lines().size(), before);
  start();
  talk(server.url(), link());
  EXPECT_GT(lines().size(), before);
}

TEST_P(Trace, starting_again_replaces_the_sink) {
  RawServer server(echo_script, link());
  start();
  start();
  talk(server.url(), link());
  EXPECT_EQ(recorder.calls("--- request header").size(), 1U) << "FIX: each call added a handler";
  Recorder other;
  enable_trace(true, [&](LogLevel, std::string_view line) { other.note(std::string(line)); });
  talk(server.url(), link());
  EXPECT_EQ(recorder.calls("--- request header").size(), 1U);
  EXPECT_EQ(other.calls("--- request header").size(), 1U);
  enable_trace(true, [](LogLevel, std::string_view) {});
}

TEST_P(Trace, lines_of_several_threads_come_one_at_a_time) {
  RawServer server(echo_script, link());
  bool inside = false;
  bool overlapped = false;
  enable_trace(true, [&](LogLevel, std::string_view) {
    overlapped = overlapped || std::exchange(inside, true);
    inside = false;
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { talk(server.url(), link()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(overlapped);
  enable_trace(true, [](LogLevel, std::string_view) {});
}

/// Each test has a sink and a level of its own.
class Log : public ::testing::Test {
 protected:
  void TearDown() override {
    enable_trace(true, {}, LogLevel::warning);
    enable_trace(false);
  }
  void sink_at(LogLevel level) {
    enable_trace(
        true,
        [this](LogLevel at, std::string_view line) {
          recorder.note(std::to_string(static_cast<int>(at)) + " " + std::string(line));
        },
        level);
  }
  Recorder recorder;
};

TEST_F(Log, lines_up_to_the_level_reach_the_sink) {
  for (const LogLevel level :
       {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug}) {
    sink_at(level);
    const std::size_t before = recorder.calls().size();
    for (const LogLevel at :
         {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug}) {
      EXPECT_EQ(is_enabled_for(at), at <= level);
      log(at, "line");
    }
    EXPECT_EQ(recorder.calls().size() - before, static_cast<std::size_t>(level) + 1);
  }
  EXPECT_EQ(recorder.last(), "3 line");
}

TEST_F(Log, standard_error_gets_every_byte_of_a_line) {
  using namespace std::string_view_literals;
  enable_trace(true, {}, LogLevel::warning);
  ::testing::internal::CaptureStderr();
  log(LogLevel::error, "a\0b"sv);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "a\0b\n"sv);
}

/// The server logs where nothing may be thrown, so log() must not pass on a sink's exception.
TEST_F(Log, what_a_sink_throws_is_dropped) {
  int calls = 0;
  enable_trace(true, [&](LogLevel, std::string_view) {
    ++calls;
    throw std::bad_alloc();
  });
  log(LogLevel::error, "one");
  trace("two");
  EXPECT_EQ(calls, 2);
  enable_trace(false);
}

TEST_F(Log, KEEP_after_false_the_level_and_the_sink_stay_but_trace_and_dump_are_silent) {
  sink_at(LogLevel::debug);
  trace("one");
  dump("title", "a\r\nb\n");
  enable_trace(false);
  trace("two");
  dump("title", "c");
  log(LogLevel::debug, "three");
  EXPECT_TRUE(is_enabled_for(LogLevel::debug));
  EXPECT_EQ(recorder.calls(), (Calls{"3 one", "3 --- title ---", "3 a", "3 b",
                                     "3 -----------------------", "3 three"}));
}

TEST_F(Log, at_a_lower_level_tracing_shows_nothing) {
  sink_at(LogLevel::warning);
  EXPECT_TRUE(is_trace_enabled());
  trace("hidden");
  EXPECT_EQ(recorder.calls(), Calls{});
}

TEST_F(Log, without_a_sink_lines_go_to_standard_error) {
  enable_trace(true);
  ::testing::internal::CaptureStderr();
  log(LogLevel::error, "to the terminal");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "to the terminal\n");
}

TEST_F(Log, KEEP_an_error_without_on_error_is_logged) {
  sink_at(LogLevel::error);
  WebSocketApp app("ws://127.0.0.1:" + std::to_string(unused_port()) + "/");
  EXPECT_TRUE(app.run_forever().failed());
  EXPECT_NE(recorder.last().find("Connection refused"), std::string::npos) << recorder.last();
}

TEST_F(Log, an_exception_in_a_handler_of_a_server_is_logged) {
  sink_at(LogLevel::error);
  RunningServer server({.on_open = [](const ServerConnection&) { throw 42; }}, Link{});
  RawPeer client = server.open();
  EXPECT_EQ(client.read_described(), "close 1011");
  recorder.wait_for("0 ");
}

}  // namespace
}  // namespace wirespan::test
