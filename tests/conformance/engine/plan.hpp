// plan.hpp - the language of the cases: what the suite sends, the events it expects, and the end.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "wire/frame.hpp"

namespace conformance {

using std::chrono::milliseconds;

enum class Behavior : std::uint8_t { ok, non_strict, informational, unimplemented, failed };
enum class CloseBehavior : std::uint8_t {
  ok,
  failed,
  wrong_code,
  unclean,
  failed_by_client,
  informational
};

/// An observed action of the implementation under test, or a time that passed.
struct Event {
  enum class Kind : std::uint8_t { message, pong, timeout, exchange };
  Kind kind = Kind::message;
  Octets payload;  ///< A timeout's name; an exchange's outcome.
  bool binary = false;
  bool operator==(const Event&) const = default;
};

[[nodiscard]] inline Event text_event(Octets payload) {
  return {Event::Kind::message, std::move(payload), false};
}
[[nodiscard]] inline Event binary_event(Octets payload) {
  return {Event::Kind::message, std::move(payload), true};
}
[[nodiscard]] inline Event pong_event(Octets payload) {
  return {Event::Kind::pong, std::move(payload), false};
}
[[nodiscard]] inline Event timeout_event(Octets name) {
  return {Event::Kind::timeout, std::move(name), false};
}

/// The event of an Exchange whose messages all came back unchanged.
[[nodiscard]] inline Event exchanged(std::size_t count) {
  return {Event::Kind::exchange, std::to_string(count) + " messages came back as they were", false};
}

// Steps of a script.

/// A frame, cut into write calls of `chop` octets unless that is 0. `apart` gives it a call of its
/// own.
struct SendFrame {
  Frame frame;
  std::size_t chop = 0;
  bool apart = false;
};
/// Octets `from` to `to` of a frame's payload; with `from` 0 its header, too.
struct SendPart {
  Frame frame;
  std::size_t from = 0;
  std::size_t to = 0;
};
/// A whole message, compressed if `compressed` is set and compression was agreed on; cut into
/// frames of `fragment` octets unless that is 0.
struct SendMessage {
  Octets payload;
  bool binary = false;
  std::size_t fragment = 0;
  bool compressed = false;
};
struct SendOctets {
  Octets octets;
};
/// Waits after all output is written; with a name, the end of the wait is an event.
struct Wait {
  milliseconds time{0};
  Octets name{};
};
struct AwaitEvents {
  std::size_t count = 0;
};
/// CloseLimit: after this time the suite begins the closing handshake. KillLimit: the suite fails
/// the connection with 1001.
struct CloseLimit {
  milliseconds time{0};
};
struct KillLimit {
  milliseconds time{0};
};
/// The suite's own closing handshake: a Close frame with this payload.
struct Close {
  Octets payload{};
};
struct EndOutput {};
/// Messages one at a time: each is sent when the one before was echoed.
struct Exchange {
  std::size_t count = 0;
  bool binary = false;
  bool compressed = false;
  std::size_t fragment = 0;
  std::function<Octets(std::size_t)> payload;
};
using Step = std::variant<SendFrame, SendPart, SendMessage, SendOctets, Wait, AwaitEvents,
                          CloseLimit, KillLimit, Close, EndOutput, Exchange>;
using Script = std::vector<Step>;

struct Alternative {
  Behavior verdict = Behavior::ok;
  std::vector<Event> events;
};

struct CloseRule {
  bool by_suite = true;  ///< The side that closes first or drops the connection.
  bool clean = true;
  std::vector<std::uint16_t> codes{
      1000};                  ///< Of the other side's frame; a frame without a code passes.
  bool code_decides = false;  ///< A wrong code makes the behaviour FAILED, too.
  bool end_decides = false;   ///< Closing by the wrong side does, too.
};

/// One answer of a server to an offer. The offer's demands on the server are granted as well; unset
/// client bits are not in the answer.
struct DeflateAnswer {
  bool client_no_context_takeover = false;
  std::optional<int> client_max_window_bits{};
  bool server_no_context_takeover = false;      ///< Also without the client's request.
  std::optional<int> server_max_window_bits{};  ///< Also without the client's request.
};

struct DeflatePlan {
  std::string offer;                   ///< Sec-WebSocket-Extensions when the suite is the client.
  std::vector<DeflateAnswer> answers;  ///< In order of preference, when the suite is the server.
  bool required = true;                ///< Without an agreement the case is UNIMPLEMENTED.
  bool needs_context = false;          ///< Without a kept context for the suite, INFORMATIONAL.
};

/// The parts from which the suite builds its own end of a handshake.
struct HandshakeFacts {
  std::string host;        ///< Host field with port.
  std::string target;      ///< Resource to ask for.
  std::string key;         ///< Sec-WebSocket-Key.
  std::string extensions;  ///< The client's offers, if the suite is the server.
};

/// A handshake that differs from the ordinary one.
struct HandshakePlan {
  std::function<Octets(const HandshakeFacts&)> head;  ///< All octets; unset: the ordinary head.
  std::size_t chop = 0;
  /// Statuses that a refusing server should use; others of 4xx and 5xx are NON-STRICT. Empty: any.
  std::vector<int> statuses{};
  bool refusal = false;       ///< The other side has to refuse it.
  bool drop_allowed = false;  ///< A server may drop the connection instead.
  /// Returns the defect of a server's Sec-WebSocket-Extensions. Unset: not checked.
  std::function<std::optional<std::string>(const std::string& answered)> extension_defect{};
};

struct Plan {
  Script script;
  std::vector<Alternative> expected;
  CloseRule close;
  bool close_on_match = true;
  bool informational = false;
  std::optional<DeflatePlan> deflate{};
  std::optional<HandshakePlan> handshake{};
  std::optional<milliseconds> reaction{};  ///< Longest time from the last sent octet to the end.
};

enum class Roles : std::uint8_t { both, suite_is_client, suite_is_server };

struct Case {
  std::string id;
  std::string description;
  std::string expectation;
  std::function<Plan()> plan;  ///< Called for each run: some plans hold megabytes.
  Roles roles = Roles::both;
  bool timed = false;  ///< Its duration is a measurement.
};

}  // namespace conformance
