// model_replay_test.cpp - core/connection.cpp: two real connections take the steps that the model
// closing.pml has taken, and report the same codes. RFC 6455 §5.5.1, §7.1.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/hex.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

/// One step of a trace: "C:close=1000:closing" is {"C", "close", "1000", "closing"}.
struct Step {
  std::string_view who;
  std::string_view action;
  std::string_view value;
  std::string_view state;
};

/// Cuts `text` at the first `end`; returns the part before it and leaves the part behind it.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t size = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return part;
}

Step parse_step(std::string_view text) {
  Step step;
  step.who = take_until(text, ':');
  std::string_view action = take_until(text, ':');
  step.action = take_until(action, '=');
  step.value = action;
  step.state = text;
  return step;
}

std::vector<Step> parse_trace(std::string_view line) {
  std::vector<Step> steps;
  while (!line.empty()) steps.push_back(parse_step(take_until(line, ' ')));
  return steps;
}

std::string_view name_of(State state) {
  if (state == State::open) return "open";
  return state == State::closing ? "closing" : "closed";
}

CloseCode code_of(std::string_view digits) {
  return static_cast<CloseCode>(std::stoi(std::string(digits)));
}

const ByteVector message = "00ff"_hex;

/// One end: a Connection, its input, and as much of a driver as the model has.
class End {
  CountingKeys keys_;  // in front of the connection, which takes its keys from it

 public:
  /// One read: the bytes of a frame, or the end of the stream.
  using Input = std::optional<ByteVector>;

  explicit End(Role role) : connection(role, {.mask_source = keys_.source()}) {}

  /// Takes all output, which no more than one frame may be in.
  ByteVector take_output() {
    ByteVector bytes = owned(connection.output().data());
    connection.output().consume(bytes.size());
    return bytes;
  }
  /// Does the next read, whole or byte by byte, and returns its events.
  std::vector<Event> read(bool whole);
  void check(std::string_view state);

  Connection connection;
  std::deque<Input> input;
  CloseCode code = CloseCode::abnormal_closure;
  bool broken = false;  ///< The next read after the input fails.
  bool mute = false;    ///< Nothing arrives any more.
  bool shut = false;
  bool over = false;

 private:
  void collect(std::vector<Event>& events);
};

void End::collect(std::vector<Event>& events) {
  while (true) {
    Event event = connection.next();
    if (std::holds_alternative<NeedInput>(event)) return;
    events.push_back(event);
  }
}

std::vector<Event> End::read(bool whole) {
  std::vector<Event> events;
  const Input next = input.front();
  input.pop_front();
  if (!next) {
    connection.feed_eof();
    collect(events);
    return events;
  }
  ByteVector bytes = *next;
  const std::size_t piece = whole ? bytes.size() : 1;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    connection.feed(MutableBytes(bytes).subspan(at, piece));
    collect(events);
  }
  return events;
}

/// Compares with the model's state, and asks what holds in each state: the next step of the driver,
/// and that nothing can be sent once a side has begun to close.
void End::check(std::string_view state) {
  EXPECT_EQ(name_of(connection.state()), state);
  const bool server_closes = connection.role() == Role::server || connection.failed();
  const TransportAction at_the_end =
      server_closes ? TransportAction::close_after_flush : TransportAction::await_peer_close;
  EXPECT_EQ(connection.transport_action(), state == "closed" ? at_the_end : TransportAction::keep);
  if (state == "open") return;
  EXPECT_EQ(connection.send(Opcode::binary, message), Errc::not_open);
  EXPECT_EQ(connection.ping(), Errc::not_open);
  EXPECT_EQ(connection.close(), Errc::not_open);
  EXPECT_TRUE(connection.output().empty());
}

/// Two ends, and the connection between them as the model has it.
class Stage {
 public:
  explicit Stage(bool whole) : whole_(whole) {}

  void play(std::string_view line) {
    for (const Step& step : parse_trace(line)) {
      SCOPED_TRACE(std::string(step.who) + ":" + std::string(step.action));
      step.who == "net" ? play_network(step) : play_end(step);
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_TRUE(client_.over && server_.over) << "the trace ends before both ends are over";
  }

 private:
  [[nodiscard]] End& end_of(std::string_view name) { return name == "C" ? client_ : server_; }
  [[nodiscard]] End& peer_of(const End& end) { return &end == &client_ ? server_ : client_; }

  void play_network(const Step& step) {
    if (step.action == "lost") {
      lost_ = client_.broken = server_.broken = true;
      return;
    }
    ASSERT_EQ(step.action, "mute");
    end_of(step.value).mute = true;
    end_of(step.value).input.clear();
  }

  void play_end(const Step& step) {
    End& end = end_of(step.who);
    ASSERT_FALSE(end.over);
    if (step.action == "take") return take(end, step);
    if (step.action == "over") return finish(end, step);
    if (step.action == "shut") return shut(end);
    if (step.action == "lose") return end.input.clear();
    if (step.action == "time" || step.action == "gone") return cut(end, step);
    call(end, step);
    pass_on(end);
    end.check(step.state);
  }

  static void call(End& end, const Step& step) {
    if (step.action == "data") {
      EXPECT_EQ(end.connection.send(Opcode::binary, message), std::error_code());
    } else if (step.action == "fail") {
      end.connection.fail(Errc::message_too_big);
    } else {
      ASSERT_EQ(step.action, "close");
      const bool has_code = step.value != "0";
      const auto code = has_code ? std::optional(code_of(step.value)) : std::nullopt;
      EXPECT_EQ(end.connection.close(code), std::error_code());
    }
  }

  /// Puts the output on its way. A closed socket answers bytes with a reset.
  void pass_on(End& end) {
    End& peer = peer_of(end);
    ByteVector bytes = end.take_output();
    if (bytes.empty() || lost_ || peer.mute) return;
    if (peer.over) return reset(end);
    peer.input.emplace_back(std::move(bytes));
  }

  void pass_end_on(End& end) {
    End& peer = peer_of(end);
    if (!lost_ && !peer.mute && !peer.over) peer.input.emplace_back(std::nullopt);
  }

  void reset(End& end) const {
    if (!lost_ && !end.mute && !end.over) end.broken = true;
  }

  void take(End& end, const Step& step) {
    const bool listens = end.connection.state() != State::closed;
    ASSERT_FALSE(end.input.empty());
    const std::vector<Event> events = end.read(whole_);
    pass_on(end);
    end.check(step.state);
    ASSERT_EQ(events.size(), listens ? 1U : 0U) << "events after the end, or none before it";
    if (!listens) return;
    if (step.value == "data") {
      EXPECT_TRUE(std::holds_alternative<Message>(events[0]));
    } else if (step.value == "eof") {
      const auto* failed = std::get_if<Failed>(&events[0]);
      EXPECT_TRUE(failed != nullptr && failed->error == Errc::connection_lost);
    } else {
      const auto* close = std::get_if<CloseReceived>(&events[0]);
      ASSERT_NE(close, nullptr);
      end.code = close->code;
      const CloseCode none = CloseCode::no_status_received;
      EXPECT_EQ(close->code, step.value == "0" ? none : code_of(step.value));
    }
  }

  void shut(End& end) {
    EXPECT_EQ(end.connection.transport_action(), TransportAction::close_after_flush);
    end.shut = true;
    pass_end_on(end);
  }

  /// A time-out, which follows a Close only, or a read that fails. Connection is not told.
  static void cut(const End& end, const Step& step) {
    const bool has_failed = end.broken && end.input.empty();
    EXPECT_TRUE(step.action == "time" ? end.connection.close_sent() : has_failed);
  }

  /// The socket is closed: with a reset if there is input that was not read.
  void finish(End& end, const Step& step) {
    EXPECT_EQ(end.code, code_of(step.value)) << "the code that this end reports";
    const bool has_unread = !end.input.empty() && end.input.front().has_value();
    if (has_unread) {
      reset(peer_of(end));
    } else if (!end.shut) {
      pass_end_on(end);
    }
    end.input.clear();
    end.over = true;
  }

  End client_{Role::client};
  End server_{Role::server};
  bool lost_ = false;
  bool whole_;
};

/// The committed traces, or those of the file that WIRESPAN_TRACES names.
std::vector<std::string> traces() {
  const char* file = std::getenv("WIRESPAN_TRACES");
  std::ifstream in(file != nullptr ? file : WIRESPAN_TRACES_FILE);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

class ModelReplay : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Reads, ModelReplay, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "whole" : "byte_by_byte"; });

TEST_P(ModelReplay, R102_R103_R107_R126_both_ends_report_the_codes_of_the_model) {
  const auto lines = traces();
  EXPECT_GE(lines.size(), 200U);
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    Stage(GetParam()).play(line);
    if (HasFailure()) return;
  }
}

TEST(ModelTraces, hold_each_step_and_each_reported_code) {
  std::string all;
  for (const std::string& line : traces()) all += line + " ";
  for (const char* part :
       {"C:data:",       "S:data:",     "C:close=0:",  "S:close=0:",  "C:close=1010:",
        "S:close=1001:", "C:fail:",     "S:fail:",     "C:take=eof:", "S:take=eof:",
        "C:lose",        "S:lose",      "C:gone",      "S:gone",      "C:time",
        "S:time",        "C:shut",      "S:shut",      "net:lost",    "net:mute=C",
        "net:mute=S",    "C:over=1000", "C:over=1001", "C:over=1005", "C:over=1006",
        "C:over=1009",   "C:over=1010", "S:over=1000", "S:over=1001", "S:over=1005",
        "S:over=1006",   "S:over=1009", "S:over=1010"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace wirespan::test
