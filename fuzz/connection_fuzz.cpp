// connection_fuzz.cpp - a Connection in either role, its input cut anywhere, with an application
// that calls anything between the events. Events are compared with a reference implementation,
// output is checked frame by frame, memory is bounded. RFC 6455 §5 to §7.
#include <algorithm>
#include <optional>
#include <utility>

#include "foreign_error.hpp"
#include "frame_mutator.hpp"
#include "fuzz_input.hpp"
#include "mask_keys.hpp"
#include "output_checker.hpp"
#include "reference_receiver.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::fuzz {
namespace {

ConnectionOptions take_options(FuzzInput& input, MaskKeys& keys) {
  constexpr std::array<std::size_t, 8> sizes{limits::message_size, 0, 1, 125, 126, 1000, 65536,
                                             std::size_t{1} << 63};
  constexpr std::array<std::uint32_t, 4> fragments{limits::message_fragments, 1, 2, 7};
  const std::uint8_t flags = input.byte();
  const std::uint8_t bounds = input.byte();
  keys.may_fail = (flags & 16) != 0;
  return {.receive = {.max_message_size = sizes[bounds & 7],
                      .max_fragments = fragments[(bounds >> 3) & 3],
                      .validate_utf8 = (flags & 2) == 0,
                      .deliver_fragments = (flags & 4) != 0},
          .validate_sent_text = (flags & 8) == 0,
          .mask_source = {.next = &MaskKeys::next, .context = &keys}};
}

/// Driver and application in one. The tape chooses the cuts of the input, the calls between the
/// events, and when the driver pauses, blocks its output or writes.
class Session {
 public:
  Session(Role role, const ConnectionOptions& options, const ReferenceReceiver& reference,
          Tape tape)
      : connection_(role, options),
        checker_(role, options.validate_sent_text),
        reference_(reference),
        tape_(tape) {}

  void run(Bytes wire) {
    while (!wire.empty() && !eof_) {
      read(wire);
      digest(false);
      act({});
      flush();
    }
    all_fed_ = wire.empty();
    finish();
  }

 private:
  using Kind = ExpectedEvent::Kind;

  // The driver.

  void read(Bytes& wire) {
    const std::size_t size = tape_.cut(std::min<std::size_t>(wire.size(), 65536));
    shared_ = ExactCopy(size);
    const MutableBytes window = connection_.receive_window(shared_.get());
    require(!window.empty(), "there is always room to read into");
    const Bytes bytes = wire.first(std::min(size, window.size()));
    std::copy(bytes.begin(), bytes.end(), window.begin());
    wire = wire.subspan(bytes.size());
    fed_ += bytes.size();
    chunk_ = bytes.size();
    connection_.feed(window.first(bytes.size()));
  }

  void digest(bool to_the_end) {
    while (true) {
      pongs_ = checker_.pongs();
      const Event event = connection_.next();
      judge_output();
      check_memory();
      if (std::holds_alternative<NeedInput>(event)) return;
      on_event(event);
      const std::uint8_t choice = tape_.next();
      if ((choice & 3) == 1) {
        connection_.keep_unread_input();
        shared_ = ExactCopy();
      }
      // The input is digested: a driver need not call next() until it returns NeedInput.
      if (!to_the_end && (choice & 4) != 0 && !connection_.has_unread_input()) return;
    }
  }

  void flush() {
    if (blocked_) return;
    const std::size_t size = tape_.cut(connection_.output().size());
    connection_.output().consume(size);
    judged_ -= size;
  }

  void finish() {
    digest(true);
    if (!ended_ && all_fed_) {
      require(expected_ == reference_.events().size(), "everything that came is reported");
    }
    if (eof_) require(ended_, "the end of the stream ends the connection");
    block(false);
    connection_.output().clear();
    judged_ = 0;
    if (!connection_.failed() && all_fed_ && reference_.idle()) {
      require(connection_.memory() == 0, "an idle connection holds no memory");
    }
    ended_ = ended_ || connection_.close_received();
    if (ended_) {
      require(connection_.send(Opcode::text, {}) == Errc::not_open, "the end is final");
      require(connection_.transport_action() != TransportAction::keep, "the transport can go");
    }
  }

  // Events.

  void on_event(const Event& event) {
    require(!ended_, "nothing follows the end");
    if (const auto* failed = std::get_if<Failed>(&event)) return on_failed(failed->error);
    require(expected_ < reference_.events().size(), "nothing is reported that did not come");
    const ExpectedEvent& expected = reference_.events()[expected_++];
    if (const auto* message = std::get_if<Message>(&event)) {
      check(expected, Kind::message, message->opcode, message->payload);
    } else if (const auto* fragment = std::get_if<Fragment>(&event)) {
      require(fragment->fin == expected.fin, "a fragment is the last one or is not");
      check(expected, Kind::fragment, fragment->opcode, fragment->payload);
    } else if (const auto* pong = std::get_if<Pong>(&event)) {
      check(expected, Kind::pong, expected.opcode, pong->payload);
    } else if (const auto* ping = std::get_if<Ping>(&event)) {
      on_ping(ping->payload);
      check(expected, Kind::ping, expected.opcode, ping->payload);
    } else if (const auto* close = std::get_if<CloseReceived>(&event)) {
      require(close->code == expected.code, "a close has its code");
      require(connection_.close_sent() && connection_.close_received(), "a close is answered");
      ended_ = true;
      check(expected, Kind::close, expected.opcode, wire_bytes(close->reason));
    }
  }

  /// Compares an event with the expected one, lets the application act, and checks that the
  /// borrowed payload is unchanged afterwards.
  void check(const ExpectedEvent& expected, Kind kind, Opcode opcode, Bytes payload) {
    require(expected.kind == kind && expected.opcode == opcode, "events are what came, in order");
    require(same_bytes(expected.payload, payload), "a payload is what came");
    if (act(payload)) return;
    require(same_bytes(expected.payload, payload), "sending does not hurt what was received");
  }

  void on_ping(Bytes payload) {
    if (!blocked_) {
      require(checker_.latest_opcode() == Opcode::pong, "a ping is answered at once");
      require(same_bytes(checker_.latest(), payload), "with its own payload");
      return;
    }
    require(checker_.pongs() == pongs_, "a pong waits while the output is blocked");
    owed_pong_ = owned(payload);
  }

  void on_failed(std::error_code error) {
    ended_ = true;
    require(connection_.failed(), "a failure is remembered");
    if (error == Errc::no_mask_key) return;
    if (error == Errc::connection_lost && eof_) return;
    require(expected_ < reference_.events().size(), "there is something to fail for");
    const ExpectedEvent& expected = reference_.events()[expected_++];
    require(expected.kind == Kind::failed, "a rule was broken");
    require(expected.error == error, "the reason is the one");
    require(error == Condition::protocol_violation, "it is the peer's fault");
  }

  // Calls of the application.

  /// Makes one call that the tape chooses. True if borrowed views need not be valid after it.
  bool act(Bytes received) {
    const std::uint8_t choice = tape_.next();
    if (choice >= 0xF8) return end(choice);
    switch (choice >> 4) {
      case 0x8:
        send(Opcode::text, payload(), (choice & 1) != 0);
        break;
      case 0x9:
        send(Opcode::binary, payload(), (choice & 1) != 0);
        break;
      case 0xA:
        send(Opcode::continuation, payload(), (choice & 1) != 0);
        break;
      case 0xB:
        control((choice & 1) != 0);
        break;
      case 0xC:
        block((choice & 1) != 0);
        break;
      case 0xD:
        if ((choice & 4) != 0) {
          hand_over((choice & 2) != 0 ? Opcode::text : Opcode::binary, received);
        } else if ((choice & 1) != 0) {
          send_in_place((choice & 2) != 0 ? Opcode::text : Opcode::binary, received);
        } else {
          send(Opcode::binary, received, true);
        }
        break;
      case 0xE:
        gather((choice & 1) != 0 ? Opcode::text : Opcode::binary);
        break;
      case 0xF:
        send(static_cast<Opcode>(3 + (choice & 7)), payload(), true);
        break;
      default:
        break;
    }
    return false;
  }

  bool end(std::uint8_t choice) {
    if (choice < 0xFC) {
      close();
      return false;
    }
    if (choice == 0xFC) {
      eof_ = true;
      connection_.feed_eof();
      return false;
    }
    const int value = tape_.next();
    connection_.fail(choice == 0xFD ? foreign_error(value) : make_error_code(Errc::ping_flood));
    ended_ = true;
    judge_output();
    return true;
  }

  Bytes payload() {
    constexpr std::array<std::size_t, 8> sizes{0, 1, 2, 125, 126, 127, 300, 4000};
    static const OwnedBytes ascii(4001, std::byte{'a'});
    static const OwnedBytes accents = [] {
      OwnedBytes bytes(4001, std::byte{0xC3});
      for (std::size_t i = 1; i < bytes.size(); i += 2) bytes[i] = std::byte{0xA9};
      return bytes;
    }();
    const std::uint8_t choice = tape_.next();
    const Bytes from = (choice & 8) != 0 ? accents : ascii;
    return from.subspan((choice >> 4) & 1, sizes[choice & 7]);
  }

  void send(Opcode opcode, Bytes payload, bool fin) {
    const bool open = connection_.state() == State::open;
    const auto error = connection_.send(opcode, payload, fin);
    require(open || error, "nothing is sent on a connection that is not open");
    check_call(error, opcode, payload);
  }

  void control(bool ping) {
    const Bytes bytes = payload();
    const auto error = ping ? connection_.ping(bytes) : connection_.pong(bytes);
    if (bytes.size() > max_control_payload) require(bool(error), "control frames are short");
    check_call(error, ping ? Opcode::ping : Opcode::pong, bytes);
  }

  void close() {
    constexpr std::array<std::uint16_t, 8> codes{1000, 1001, 999, 1005, 3000, 4999, 5000, 0};
    const std::uint8_t choice = tape_.next();
    const std::uint16_t value = codes[choice & 7];
    const std::optional<CloseCode> code =
        value == 0 ? std::nullopt : std::optional(CloseCode{value});
    const Bytes reason = payload();
    const auto error = connection_.close(code, wire_text(reason));
    if (error) {
      require(error == Condition::misuse || error == Errc::no_mask_key,
              "a close is refused for the caller's fault, or for want of a key");
      return check_call(error, Opcode::close, {});
    }
    OwnedBytes body;
    if (code) body = {std::byte(value >> 8), std::byte(value & 0xFF)};
    body.insert(body.end(), reason.begin(), reason.end());
    check_call(error, Opcode::close, body);
  }

  void block(bool blocked) {
    const std::size_t pongs = checker_.pongs();
    blocked_ = blocked;
    connection_.set_output_blocked(blocked);
    judge_output();
    if (connection_.failed()) ended_ = true;  // no key for the pong that was owed
    if (blocked || !owed_pong_) return;
    if (!ended_) {
      require(checker_.pongs() == pongs + 1, "of the pongs that were owed, one is sent");
      require(checker_.latest() == *owed_pong_, "it is the latest");
    }
    owed_pong_.reset();
  }

  void gather(Opcode opcode) {
    const Bytes bytes = payload();
    const auto head = connection_.begin_gather(opcode, bytes);
    judge_output();
    if (!head) return;
    require(connection_.output().empty() && !blocked_, "a gather write overtakes nothing");
    OwnedBytes frame = owned(head->bytes());
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    checker_.take(frame);
  }

  /// Zero-copy echo of a reassembled message, as the driver does it: the frame's header, then the
  /// message's own block.
  void hand_over(Opcode opcode, Bytes received) {
    if (!connection_.holds_delivered(received)) return;
    const auto head = connection_.begin_gather(opcode, received);
    judge_output();
    if (!head) return;
    handed_over_ = connection_.take_delivered();
    require(handed_over_ && is_same_memory(handed_over_->used(), received), "all of it is");
    OwnedBytes frame = owned(head->bytes());
    frame.insert(frame.end(), received.begin(), received.end());
    checker_.take(frame);
  }

  void send_in_place(Opcode opcode, Bytes received) {
    const bool open = connection_.state() == State::open;
    const auto frame = connection_.send_in_place(opcode, received);
    if (!frame) return;
    require(open, "nothing is sent on a connection that is not open");
    checker_.take(*frame);
    require(checker_.latest_opcode() == opcode, "it sends what it was asked to");
    require(same_bytes(checker_.latest(), received), "and all of it");
  }

  // Output and memory.

  /// Checks that an accepted call has appended one whole frame, and a refused one nothing.
  void check_call(std::error_code error, Opcode opcode, Bytes payload) {
    const std::size_t written = connection_.output().size() - judged_;
    if (error) require(written == 0, "a call that is refused writes nothing");
    if (!error) require(written > 0, "a call that is accepted writes");
    judge_output();
    if (error) return;
    require(checker_.latest_opcode() == opcode, "it writes what it was asked to");
    require(same_bytes(checker_.latest(), payload), "it writes all of it");
  }

  void judge_output() {
    const Bytes output = std::as_const(connection_).output().data();
    checker_.take(output.subspan(judged_));
    judged_ = output.size();
    const bool close_seen = checker_.closes() > 0;
    require(close_seen == connection_.close_sent(), "a Close is remembered");
  }

  void check_memory() {
    const std::size_t limit = connection_.options().receive.max_message_size;
    const std::size_t message = 2 * std::min(fed_, limit) + 4096;
    constexpr std::size_t control_frames = 1024;
    const std::size_t held = connection_.memory() - connection_.output().capacity();
    require(held <= message + chunk_ + control_frames, "memory is bounded by bytes and limits");
  }

  Connection connection_;
  OutputChecker checker_;
  const ReferenceReceiver& reference_;
  Tape tape_;
  ExactCopy shared_;
  std::optional<OwnedBytes> owed_pong_;
  Block::Ptr handed_over_;    // the application may still read the message in it
  std::size_t expected_ = 0;  // events that were reported, which is the index of the next one
  std::size_t judged_ = 0;    // bytes of the output that the checker has taken
  std::size_t fed_ = 0;
  std::size_t chunk_ = 0;
  std::size_t pongs_ = 0;  // pongs sent before the latest next()
  bool blocked_ = false;
  bool eof_ = false;
  bool ended_ = false;
  bool all_fed_ = false;
};

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  MaskKeys keys;
  FuzzInput input(data, size);
  const Role role = size > 0 && (data[0] & 1) != 0 ? Role::client : Role::server;
  const ConnectionOptions options = take_options(input, keys);
  const Tape tape = input.tape();
  ReferenceReceiver reference(role, options.receive);
  reference.run(input.rest());
  Session(role, options, reference, tape).run(input.rest());
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return wirespan::fuzz::mutate_frames({data, size, most}, seed, 2);
}
