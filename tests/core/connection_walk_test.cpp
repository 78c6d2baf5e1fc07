// core/connection.cpp: every sequence of steps by the peer and by us, against a small reference
// model and against invariants. RFC 6455 §5.4, §5.5, §7.
#include <string>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/frames.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

enum class Step : std::uint8_t {
  peer_text,
  peer_first_fragment,
  peer_continuation,
  peer_ping,
  peer_pong,
  peer_close,
  peer_bad_frame,
  peer_eof,
  send,
  send_first_fragment,
  send_continuation,
  ping,
  close,
  fail,
};
constexpr std::size_t step_count = static_cast<std::size_t>(Step::fail) + 1;
constexpr std::size_t depth = 5;

/// Events, sent frames and refusals as single letters, so that an outcome is a short string.
/// events: T text, M message of two fragments, P ping, O pong, C close, F failed
/// frames: b message, f first fragment, c continuation, p ping, o pong, x Close
/// refusals of our calls: !
struct Happened {
  std::string events;
  std::string frames;
  std::string refusals;
  bool operator==(const Happened&) const = default;
};

/// Reference model: the rules of the RFC and the contract of Connection, without any bytes.
class Model {
 public:
  Happened happened;

  void apply(Step step) {
    if (step <= Step::peer_eof) {
      from_peer(step);
    } else if (step == Step::fail) {
      fail();
    } else {
      from_us(step);
    }
  }

 private:
  void fail() {
    if (failed_) return;
    failed_ = true;
    if (!eof_) send_close();
  }
  void send_close() {
    if (!close_sent_ && !close_received_) happened.frames += 'x';
    close_sent_ = true;
  }
  void broken() {
    fail();
    happened.events += 'F';
  }

  void from_peer(Step step) {
    if (eof_) return;
    if (step == Step::peer_eof) eof_ = true;
    if (failed_ || close_received_) return;
    if (step == Step::peer_eof || step == Step::peer_bad_frame) return broken();
    if (step == Step::peer_ping) {
      happened.events += 'P';
      happened.frames += 'o';
    } else if (step == Step::peer_pong) {
      happened.events += 'O';
    } else if (step == Step::peer_close) {
      happened.events += 'C';
      send_close();
      close_received_ = true;
    } else {
      data_from_peer(step);
    }
  }
  void data_from_peer(Step step) {
    if ((step == Step::peer_continuation) != in_message_) return broken();
    if (step == Step::peer_text) happened.events += 'T';
    if (step == Step::peer_continuation) happened.events += 'M';
    in_message_ = step == Step::peer_first_fragment;
  }

  void from_us(Step step) {
    const bool open = !failed_ && !close_sent_ && !close_received_;
    const bool starts = step == Step::send || step == Step::send_first_fragment;
    const bool in_order = !(starts && sending_) && !(step == Step::send_continuation && !sending_);
    if (!open || !in_order) {
      happened.refusals += '!';
    } else if (step == Step::close) {
      send_close();
    } else {
      happened.frames += step == Step::send                  ? 'b'
                         : step == Step::send_first_fragment ? 'f'
                         : step == Step::send_continuation   ? 'c'
                                                             : 'p';
      if (step != Step::ping) sending_ = step == Step::send_first_fragment;
    }
  }

  bool close_sent_ = false;
  bool close_received_ = false;
  bool failed_ = false;
  bool eof_ = false;
  bool in_message_ = false;
  bool sending_ = false;
};

char letter(const Event& event) {
  if (const auto* message = std::get_if<Message>(&event)) {
    return message->payload.size() == 1 ? 'T' : 'M';
  }
  if (std::holds_alternative<Ping>(event)) return 'P';
  if (std::holds_alternative<Pong>(event)) return 'O';
  if (std::holds_alternative<CloseReceived>(event)) return 'C';
  return std::holds_alternative<Failed>(event) ? 'F' : '?';
}

char letter(const WireFrame& one) {
  switch (one.opcode()) {
    case Opcode::binary:
      return one.fin() ? 'b' : 'f';
    case Opcode::continuation:
      return 'c';
    case Opcode::ping:
      return 'p';
    case Opcode::pong:
      return 'o';
    case Opcode::close:
      return 'x';
    default:
      return '?';
  }
}

/// The real Connection with its driver.
class Subject {
 public:
  explicit Subject(Role role) : connection_(role, {.mask_source = keys_.source()}) {}

  void apply(Step step) { step <= Step::peer_eof ? from_peer(step) : from_us(step); }

  std::string events;
  std::string refusals;
  [[nodiscard]] const Connection& connection() const { return connection_; }

 private:
  void from_peer(Step step) {
    if (eof_) return;  // the peer sends nothing after the end of the stream
    if (step == Step::peer_eof) {
      eof_ = true;
      connection_.feed_eof();
    } else {
      input_ = as_received_by(connection_.role(), wire_of(step));
      connection_.feed(input_);
    }
    while (true) {
      const Event event = connection_.next();
      if (std::holds_alternative<NeedInput>(event)) return;
      events += letter(event);
    }
  }
  static const ByteVector& wire_of(Step step) {
    static const ByteVector wires[] = {"81 01 61"_hex, "01 01 62"_hex, "80 01 63"_hex,
                                       "89 01 64"_hex, "8a 01 65"_hex, "88 02 03e8"_hex,
                                       "83 00"_hex};
    return wires[static_cast<std::size_t>(step)];
  }

  void from_us(Step step) {
    static const ByteVector payload = "00ff"_hex;
    std::error_code error;
    if (step == Step::send) error = connection_.send(Opcode::binary, payload);
    if (step == Step::send_first_fragment) error = connection_.send(Opcode::binary, payload, false);
    if (step == Step::send_continuation) error = connection_.send(Opcode::continuation, payload);
    if (step == Step::ping) error = connection_.ping(payload);
    if (step == Step::close) error = connection_.close();
    if (step == Step::fail) connection_.fail(Errc::ping_timeout);
    if (error) refusals += '!';
  }

  CountingKeys keys_;
  Connection connection_;
  ByteVector input_;
  bool eof_ = false;
};

class ConnectionWalk : public ::testing::TestWithParam<Role> {
 protected:
  using Sequence = std::vector<Step>;

  /// Extends the sequence by every step. After a step that ends the connection, two more steps are
  /// enough to show that nothing follows.
  void walk(Sequence& sequence, std::size_t left) {
    if (left == 0) return judge(sequence);
    for (std::size_t i = 0; i < step_count && !HasFailure(); ++i) {
      sequence.push_back(static_cast<Step>(i));
      walk(sequence, std::min(left - 1, ends(sequence.back()) ? std::size_t{2} : left));
      sequence.pop_back();
    }
  }
  static bool ends(Step step) {
    return step == Step::peer_eof || step == Step::peer_bad_frame || step == Step::fail;
  }

  void judge(const Sequence& sequence) {
    Subject subject(GetParam());
    Model model;
    for (const Step step : sequence) {
      subject.apply(step);
      model.apply(step);
    }
    const Bytes output = subject.connection().output().data();
    const Happened happened{subject.events, frames_of(output), subject.refusals};
    ++walked_;
    if (!(happened == model.happened)) {
      ADD_FAILURE() << describe(sequence) << ": events " << happened.events << " frames "
                    << happened.frames << " refused " << happened.refusals << ", expected "
                    << model.happened.events << " " << model.happened.frames << " "
                    << model.happened.refusals;
    }
    check_rules(sequence, happened);
  }

  /// Invariants that hold without a model.
  static void check_rules(const Sequence& sequence, const Happened& happened) {
    const std::size_t end = happened.events.find_first_of("CF");
    if (end != std::string::npos && end + 1 != happened.events.size()) {
      ADD_FAILURE() << describe(sequence) << ": an event after the end: " << happened.events;
    }
    const std::size_t close = happened.frames.find('x');
    if (close != std::string::npos &&
        happened.frames.find_first_of("bfcx", close + 1) != std::string::npos) {
      ADD_FAILURE() << describe(sequence) << ": data or a second Close after Close";
    }
  }

  /// Returns the frames of the output as letters. Equal outputs are judged once.
  std::string frames_of(Bytes output) {
    const auto frames = parse_frames(output);
    if (!frames) return "not whole frames";
    if (judged_.insert(std::string(wire_text(output))).second) {
      EXPECT_EQ(complaint_about(*frames, GetParam()), "");
    }
    std::string letters;
    for (const WireFrame& one : *frames) letters += letter(one);
    return letters;
  }

  static std::string describe(const Sequence& sequence) {
    const char* names[] = {"text", "first", "cont",       "ping",      "pong", "close", "bad",
                           "eof",  "SEND",  "SEND_FIRST", "SEND_CONT", "PING", "CLOSE", "FAIL"};
    std::string text;
    for (const Step step : sequence) text += std::string(names[static_cast<int>(step)]) + " ";
    return text;
  }

  std::unordered_set<std::string> judged_;
  std::size_t walked_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Roles, ConnectionWalk, ::testing::Values(Role::client, Role::server),
                         [](const auto& row) {
                           return row.param == Role::server ? "server" : "client";
                         });

TEST_P(ConnectionWalk, R79_R94_R98_R102_R103_R107_R108_R117_R130_every_sequence) {
  Sequence sequence;
  walk(sequence, depth);
  EXPECT_GT(walked_, 100'000U);
}

}  // namespace
}  // namespace wirespan::test
