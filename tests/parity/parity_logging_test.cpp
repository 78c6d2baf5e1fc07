// Parity with websocket-client: enableTrace() and the log. KEEP: as in Python; FIX: another way on
// purpose.
#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/recorder.hpp"
#include <wirespan/app/log.hpp>

namespace wirespan::test {
namespace {

class ParityLogging : public ::testing::Test {
 protected:
  void TearDown() override {
    enable_trace(true, {}, LogLevel::warning);
    enable_trace(false);
  }
  [[nodiscard]] LogSink sink(Recorder& to) {
    return [&to](LogLevel, std::string_view line) { to.note(std::string(line)); };
  }
  /// Sends one message each way.
  static void talk() {
    RawServer server(echo_script);
    WebSocket ws = create_connection(server.url("/p"),
                                     {.timeout = 10s, .get_mask_key = [] { return MaskKey{}; }});
    ws.send("Hi");
    (void)ws.recv();
    ws.close();
  }
  Recorder recorder;
};

TEST_F(ParityLogging, KEEP_nothing_is_shown_until_it_is_enabled) {
  enable_trace(true, sink(recorder), LogLevel::warning);
  enable_trace(false);
  EXPECT_FALSE(is_trace_enabled());
  talk();
  EXPECT_EQ(recorder.calls(), Calls{});
}

TEST_F(ParityLogging, KEEP_it_shows_requests_answers_and_frames) {
  enable_trace(true, sink(recorder));
  talk();
  const Calls lines = recorder.calls();
  for (const char* line :
       {"--- request header ---", "GET /p HTTP/1.1", "Upgrade: websocket",
        "-----------------------", "--- response header ---", "HTTP/1.1 101 Switching Protocols",
        "++Sent decoded: fin=1 opcode=1 data=b'Hi'", "++Rcv decoded: fin=1 opcode=1 data=b'Hi'"}) {
    EXPECT_NE(std::find(lines.begin(), lines.end(), std::string(line)), lines.end()) << line;
  }
}

TEST_F(ParityLogging, FIX_raw_lines_are_the_true_bytes_of_the_wire) {
  enable_trace(true, sink(recorder));
  talk();
  EXPECT_EQ(recorder.calls("++Sent raw").at(0), "++Sent raw: b'\\x81\\x82\\x00\\x00\\x00\\x00Hi'");
  EXPECT_EQ(recorder.calls("++Rcv raw").at(0), "++Rcv raw: b'\\x81\\x02Hi'")
      << "Python puts the frame together again";
}

TEST_F(ParityLogging, FIX_each_call_replaces_the_sink) {
  Recorder later;
  enable_trace(true, sink(recorder));
  enable_trace(true, sink(later));
  trace("once");
  EXPECT_EQ(recorder.calls(), Calls{}) << "Python adds a handler with each call";
  EXPECT_EQ(later.calls(), Calls{"once"});
}

TEST_F(ParityLogging, KEEP_without_a_sink_it_is_standard_error) {
  enable_trace(true);
  ::testing::internal::CaptureStderr();
  trace("shown");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "shown\n");
}

TEST_F(ParityLogging, KEEP_trace_and_dump_are_silent_unless_tracing) {
  enable_trace(true, sink(recorder));
  trace("a");
  dump("title", "b\nc");
  enable_trace(false);
  trace("d");
  dump("title", "e");
  EXPECT_EQ(recorder.calls(), (Calls{"a", "--- title ---", "b", "c", "-----------------------"}));
}

TEST_F(ParityLogging, KEEP_error_warning_info_and_debug_go_to_the_log_in_any_case) {
  enable_trace(true, sink(recorder), LogLevel::debug);
  enable_trace(false);
  const std::pair<LogLevel, std::string> lines[] = {{LogLevel::error, "error"},
                                                    {LogLevel::warning, "warning"},
                                                    {LogLevel::info, "info"},
                                                    {LogLevel::debug, "debug"}};
  for (const auto& [level, line] : lines) log(level, line);
  EXPECT_EQ(recorder.calls(), (Calls{"error", "warning", "info", "debug"}));
}

TEST_F(ParityLogging, KEEP_isEnabledFor_tells_the_level) {
  enable_trace(true, sink(recorder), LogLevel::warning);
  EXPECT_TRUE(is_enabled_for(LogLevel::error)) << "isEnabledForError";
  EXPECT_TRUE(is_enabled_for(LogLevel::warning));
  EXPECT_FALSE(is_enabled_for(LogLevel::debug)) << "isEnabledForDebug";
  EXPECT_TRUE(is_trace_enabled()) << "isEnabledForTrace";
}

TEST_F(ParityLogging, KEEP_false_leaves_level_and_sink_as_they_are) {
  enable_trace(true, sink(recorder), LogLevel::debug);
  enable_trace(false);
  EXPECT_TRUE(is_enabled_for(LogLevel::debug));
  log(LogLevel::debug, "still there");
  EXPECT_EQ(recorder.calls(), Calls{"still there"});
}

}  // namespace
}  // namespace wirespan::test
