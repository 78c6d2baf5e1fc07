// app_calls_test.cpp - the table of the sending calls of WebSocketApp and AppHandle: each is made
// in every state from every place, and has the same outcome at all of them.
#include <algorithm>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/app_world.hpp"
#include <wirespan/app/options.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// The groups of calls that have the same outcomes.
enum class Kind : std::uint8_t {
  message,  ///< Sends a text or binary message and never waits.
  waiting,  ///< The same, but waits for room on other threads.
  ping_or_pong,
  waiting_ping,    ///< The same, but waits for room on other threads.
  ends,            ///< Ends the run and tells nothing.
  ends_and_tells,  ///< Ends the run, and tells whether there was one.
  misuse,          ///< Refused for what it is given.
  misused_close,
};

struct AppCall {
  const char* name;
  Kind kind;
  std::function<std::error_code(WebSocketApp&)> make;
  std::string payload{};  ///< Of the message that the peer gets, if the call is accepted.
  std::error_code misuse{};
};
void PrintTo(const AppCall& row, std::ostream* out) { *out << row.name; }

std::error_code thrown_by_app(const std::function<void()>& call) { return code_thrown_by(call); }

std::vector<AppCall> messages() {
  const Bytes bytes = wire_bytes("bytes");
  return {
      {"WebSocketApp::send", Kind::waiting,
       [](auto& app) { return thrown_by_app([&] { app.send("text"); }); }, "text"},
      {"WebSocketApp::send(key)", Kind::waiting,
       [](auto& app) { return thrown_by_app([&] { app.send("price", "key", Opcode::binary); }); },
       "price"},
      {"WebSocketApp::send_text", Kind::waiting,
       [](auto& app) { return thrown_by_app([&] { app.send_text("text"); }); }, "text"},
      {"WebSocketApp::send_bytes", Kind::waiting,
       [=](auto& app) { return thrown_by_app([&] { app.send_bytes(bytes); }); }, "bytes"},
      {"WebSocketApp::send_binary", Kind::waiting,
       [=](auto& app) { return thrown_by_app([&] { app.send_binary(bytes); }); }, "bytes"},
      {"WebSocketApp::try_send", Kind::message,
       [](auto& app) { return app.try_send("text").error(); }, "text"},
      {"WebSocketApp::try_send(key)", Kind::message,
       [](auto& app) { return app.try_send("price", "key").error(); }, "price"},
      {"AppHandle::send", Kind::message,
       [](auto& app) { return app.handle().send("text", Opcode::binary).error(); }, "text"},
      {"AppHandle::send(key)", Kind::message,
       [](auto& app) { return app.handle().send("price", "key").error(); }, "price"},
      {"AppHandle::send_text", Kind::message,
       [](auto& app) { return app.handle().send_text("text").error(); }, "text"},
      {"AppHandle::send_binary", Kind::message,
       [=](auto& app) { return app.handle().send_binary(bytes).error(); }, "bytes"},
  };
}

std::vector<AppCall> others() {
  return {
      {"WebSocketApp::ping", Kind::waiting_ping,
       [](auto& app) { return thrown_by_app([&] { app.ping("p"); }); }, "p"},
      {"WebSocketApp::pong", Kind::waiting_ping,
       [](auto& app) { return thrown_by_app([&] { app.pong("p"); }); }, "p"},
      {"WebSocketApp::try_send of a ping", Kind::ping_or_pong,
       [](auto& app) { return app.try_send("p", Opcode::ping).error(); }, "p"},
      {"AppHandle::ping", Kind::ping_or_pong,
       [](auto& app) { return app.handle().ping("p").error(); }, "p"},
      {"WebSocketApp::close", Kind::ends,
       [](auto& app) { return thrown_by_app([&] { app.close(); }); }},
      {"WebSocketApp::keep_running", Kind::ends,
       [](auto& app) { return thrown_by_app([&] { app.keep_running(false); }); }},
      {"AppHandle::close", Kind::ends_and_tells, [](auto& app) { return app.handle().close(); }},
  };
}

/// `message` of text that is not UTF-8 and so on: told on every thread and in every state.
std::vector<AppCall> misuses() {
  const auto row = [](const char* name, Errc error, auto make) {
    return AppCall{name, Kind::misuse, make, "", error};
  };
  const auto try_row = [](const char* name, Errc error, auto... arguments) {
    return AppCall{name, Kind::misuse,
                   [=](WebSocketApp& app) { return app.try_send(arguments...).error(); }, "",
                   error};
  };
  const std::string long_ping(126, 'p');
  const std::string long_key(1'025, 'k');
  return {
      row("WebSocketApp::send of no UTF-8", Errc::invalid_text,
          [](WebSocketApp& app) { return thrown_by_app([&] { app.send("\xFF"); }); }),
      row("WebSocketApp::ping of 126 bytes", Errc::control_too_long,
          [=](WebSocketApp& app) { return thrown_by_app([&] { app.ping(long_ping); }); }),
      row("WebSocketApp::pong of 126 bytes", Errc::control_too_long,
          [=](WebSocketApp& app) { return thrown_by_app([&] { app.pong(long_ping); }); }),
      try_row("WebSocketApp::try_send of no UTF-8", Errc::invalid_text, "\xFF"),
      try_row("WebSocketApp::try_send(key) of no UTF-8", Errc::invalid_text, "\xFF", "key"),
      try_row("WebSocketApp::try_send of a continuation", Errc::unsupported_frame, "x",
              Opcode::continuation),
      try_row("WebSocketApp::try_send of a Close", Errc::unsupported_frame, "x", Opcode::close),
      try_row("WebSocketApp::try_send(key) of a ping", Errc::unsupported_frame, "x", "key",
              Opcode::ping),
      try_row("WebSocketApp::try_send(key) with a long key", Errc::key_too_long, "x", long_key),
      row("AppHandle::send of no UTF-8", Errc::invalid_text,
          [](WebSocketApp& app) { return app.handle().send("\xFF").error(); }),
      {"WebSocketApp::close with 1005", Kind::misuse,
       [](WebSocketApp& app) {
         return thrown_by_app([&] { app.close(CloseCode::no_status_received); });
       },
       "", Errc::close_code_not_allowed},
      {"AppHandle::close with 1005", Kind::misused_close,
       [](WebSocketApp& app) { return app.handle().close(CloseCode::no_status_received); }, "",
       Errc::close_code_not_allowed},
      {"AppHandle::close with a long reason", Kind::misused_close,
       [](WebSocketApp& app) { return app.handle().close(STATUS_NORMAL, std::string(124, 'r')); },
       "", Errc::control_too_long},
  };
}

std::vector<AppCall> all_app_calls() {
  std::vector<AppCall> all = messages();
  for (const auto& more : {others(), misuses()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

bool is_running(CallState state) {
  return state != CallState::without_run && state != CallState::closing &&
         state != CallState::ended;
}
bool takes_messages(CallState state) {
  return state == CallState::open || state == CallState::backlog || state == CallState::full;
}

/// The outcome of a call in a state, the same from every place.
std::error_code expected_outcome(Kind kind, std::error_code misuse, CallState state) {
  const bool is_full = state == CallState::full;
  switch (kind) {
    case Kind::misuse:
      return misuse;
    case Kind::misused_close:
      return is_running(state) ? misuse : Errc::not_open;
    case Kind::ends:
      return {};
    case Kind::ends_and_tells:
      return is_running(state) ? std::error_code() : Errc::not_open;
    case Kind::message:
    case Kind::waiting:
      if (state == CallState::keeping) return {};
      [[fallthrough]];
    default:
      if (!takes_messages(state)) return Errc::not_open;
      return is_full ? make_error_code(Errc::send_queue_full) : std::error_code();
  }
}

/// A documented difference between the places.
struct AppDifference {
  std::vector<Kind> kinds;
  CallState state;
  std::vector<Place> places;
  std::error_code outcome;
  const char* why;
};
std::vector<AppDifference> app_differences() {
  return {
      {{Kind::waiting, Kind::waiting_ping},
       CallState::full,
       {Place::other_thread},
       Errc::send_timeout,
       "send(): other threads wait there for room, up to getdefaulttimeout()"},
      {{Kind::message, Kind::waiting, Kind::ping_or_pong, Kind::waiting_ping},
       CallState::peer_closed,
       {Place::other_thread},
       {},
       "SendResult::accepted(): it will be delivered, or is part of the loss"},
  };
}

template <class T>
bool is_in(const std::vector<T>& list, T item) {
  return std::ranges::find(list, item) != list.end();
}

std::error_code expected_at(Kind kind, std::error_code misuse, CallState state, Place place) {
  for (const AppDifference& row : app_differences()) {
    if (row.state == state && is_in(row.kinds, kind) && is_in(row.places, place)) {
      return row.outcome;
    }
  }
  return expected_outcome(kind, misuse, state);
}

using AppCellParameter = std::tuple<AppCall, CallState>;

class AppCalls : public ::testing::TestWithParam<AppCellParameter> {
 protected:
  void SetUp() override { setdefaulttimeout(1ms); }
  void TearDown() override { setdefaulttimeout(std::nullopt); }
};
std::string app_cell_name(const ::testing::TestParamInfo<AppCellParameter>& cell) {
  return test_name(std::get<0>(cell.param).name) + "__" + name_of(std::get<1>(cell.param));
}
INSTANTIATE_TEST_SUITE_P(
    Table, AppCalls,
    ::testing::Combine(::testing::ValuesIn(all_app_calls()),
                       ::testing::Values(CallState::without_run, CallState::down,
                                         CallState::keeping, CallState::open, CallState::backlog,
                                         CallState::full, CallState::closing,
                                         CallState::peer_closed, CallState::ended)),
    app_cell_name);

/// Each accepted message has arrived once, or is told as unsent, and all counters say the same.
void expect_balance(const AppCall& call, CallState state, const AppAftermath& after) {
  const bool sends = !call.payload.empty();
  const bool is_accepted = sends && !*after.outcome;
  const bool is_lost = is_accepted && state == CallState::peer_closed;
  const std::vector<std::string> expected =
      is_accepted && !is_lost ? std::vector{call.payload} : std::vector<std::string>();
  EXPECT_EQ(after.got, expected);
  const std::size_t accepted = after.filler_bytes + (is_accepted ? call.payload.size() : 0);
  EXPECT_EQ(after.got_bytes + after.result.unsent_bytes, accepted);
  EXPECT_EQ(after.result.unsent_bytes, is_lost ? call.payload.size() : 0U);
  EXPECT_EQ(after.metrics.messages_out, after.got_messages);
  EXPECT_EQ(after.metrics.dropped + after.metrics.conflated, 0U);
  EXPECT_EQ(after.buffered_at_end, 0U);
  if (is_accepted) {
    EXPECT_GE(after.buffered_after, after.buffered_before + call.payload.size());
  } else if (sends || call.kind == Kind::misuse) {
    EXPECT_LE(after.buffered_after, after.buffered_before) << "nothing was kept";
  }
}

TEST_P(AppCalls, has_one_outcome_at_every_place) {
  const auto& [call, state] = GetParam();
  for (const Place place : places_of_app(state)) {
    SCOPED_TRACE(name_of(place));
    const AppAftermath after = call_on_app(state, place, call.make);
    ASSERT_TRUE(after.outcome) << "the place was not reached";
    EXPECT_EQ(*after.outcome, expected_at(call.kind, call.misuse, state, place));
    EXPECT_EQ(after.has_ended, after.has_run) << "on_close, once";
    expect_balance(call, state, after);
    const bool has_stopped = call.kind == Kind::ends || call.kind == Kind::ends_and_tells;
    if (has_stopped && is_running(state) && state != CallState::peer_closed) {
      EXPECT_EQ(after.result.why, EndReason::stopped);
    }
  }
}

class AppCallsAmidFrame : public ::testing::TestWithParam<AppCall> {};
INSTANTIATE_TEST_SUITE_P(Table, AppCallsAmidFrame, ::testing::ValuesIn(all_app_calls()),
                         [](const ::testing::TestParamInfo<AppCall>& cell) {
                           return test_name(cell.param.name);
                         });

/// get_mask_key is called in the middle of a frame: the frame stays whole, and a Close follows it.
TEST_P(AppCallsAmidFrame, leaves_the_frame_whole) {
  const AppCall& call = GetParam();
  const AppAftermath after = call_on_app(CallState::open, Place::get_mask_key, call.make);
  ASSERT_TRUE(after.outcome) << "the place was not reached";
  const bool ends = call.kind == Kind::ends || call.kind == Kind::ends_and_tells;
  const auto refusal = call.misuse ? call.misuse : make_error_code(Errc::reentrant_call);
  EXPECT_EQ(*after.outcome, ends ? std::error_code() : refusal);
  EXPECT_EQ(after.got, std::vector<std::string>());
  EXPECT_EQ(after.got_messages, 1U) << "the frame itself";
  EXPECT_EQ(after.metrics.messages_out, 1U);
  EXPECT_EQ(after.result.unsent_bytes, 0U);
  EXPECT_EQ(after.result.error, std::error_code());
  EXPECT_TRUE(after.has_ended);
}

TEST(AppCallsOfNoApp, an_empty_handle_answers_not_open) {
  const AppHandle none;
  EXPECT_EQ(none.send("x"), Errc::not_open);
  EXPECT_EQ(none.send("x", "key"), Errc::not_open);
  EXPECT_EQ(none.send_text("x"), Errc::not_open);
  EXPECT_EQ(none.send_binary({}), Errc::not_open);
  EXPECT_EQ(none.ping(), Errc::not_open);
  EXPECT_EQ(none.close(), Errc::not_open);
  EXPECT_EQ(none.buffered_amount(), 0U);
  EXPECT_FALSE(none.ready());
}

}  // namespace
}  // namespace wirespan::test
