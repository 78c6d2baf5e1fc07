// plan.hpp - what a case sends, what it expects, and how the connection has to end.
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

/// What the implementation under test was seen to do, or a time that passed.
struct Event {
  enum class Kind : std::uint8_t { message, pong, timeout, exchange };
  Kind kind = Kind::message;
  Octets payload;  ///< Of a timeout its name, of an exchange what came of it.
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

/// All messages of an Exchange came back as they were.
[[nodiscard]] inline Event exchanged(std::size_t count) {
  return {Event::Kind::exchange, std::to_string(count) + " messages came back as they were", false};
}

// Steps of a script.

/// A frame. `chop` cuts it into write calls of that many octets, `apart` gives it one of its own.
struct SendFrame {
  Frame frame;
  std::size_t chop = 0;
  bool apart = false;
};
/// Octets `from` to `to` of a frame's payload; with `from` 0 its header too.
struct SendPart {
  Frame frame;
  std::size_t from = 0;
  std::size_t to = 0;
};
/// A whole message, through the compressor of this connection if one was agreed and it is wanted;
/// cut into frames of `fragment` octets unless that is 0.
struct SendMessage {
  Octets payload;
  bool binary = false;
  std::size_t fragment = 0;
  bool compressed = false;
};
struct SendOctets {
  Octets octets;
};
/// Waits once all is sent; a name makes the end an event.
struct Wait {
  milliseconds time{0};
  Octets name{};
};
struct AwaitEvents {
  std::size_t count = 0;
};
/// After this time the suite begins to close (gently), or fails the connection (1001).
struct CloseLimit {
  milliseconds time{0};
};
struct KillLimit {
  milliseconds time{0};
};
/// A Close frame with this payload: the suite's own closing handshake.
struct Close {
  Octets payload{};
};
struct EndOutput {};
/// Messages one at a time: each is sent when the one before has come back.
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
  bool by_suite = true;  ///< Who has to send the first Close frame, or drop the connection.
  bool clean = true;
  std::vector<std::uint16_t> codes{
      1000};                  ///< Of the other side's frame; none at all always passes.
  bool code_decides = false;  ///< A wrong code makes the behaviour FAILED too.
  bool end_decides = false;   ///< So does the wrong side's closing.
};

/// One acceptable answer of a server to an offer; absent bits are not repeated.
struct DeflateAnswer {
  bool client_no_context_takeover = false;
  std::optional<int> client_max_window_bits{};
  bool server_no_context_takeover = false;      ///< Also if the client did not ask.
  std::optional<int> server_max_window_bits{};  ///< Also if the client did not ask.
};

struct DeflatePlan {
  std::string offer;                   ///< Sec-WebSocket-Extensions when the suite is the client.
  std::vector<DeflateAnswer> answers;  ///< In order of preference when it is the server.
  bool required = true;                ///< Without an agreement the case is UNIMPLEMENTED.
  bool needs_context = false;          ///< Without one for the suite the case is INFORMATIONAL.
};

/// What the suite has to know to write its own end of a handshake.
struct HandshakeFacts {
  std::string host;        ///< Host field with port.
  std::string target;      ///< Resource to ask for.
  std::string key;         ///< Sec-WebSocket-Key.
  std::string extensions;  ///< What the client offered, if the suite is the server.
};

/// A handshake that differs from the ordinary one.
struct HandshakePlan {
  std::function<Octets(const HandshakeFacts&)> head;  ///< All octets; empty: the ordinary one.
  std::size_t chop = 0;
  /// Statuses a refusing server should use, others of 4xx and 5xx are NON-STRICT. Empty: any.
  std::vector<int> statuses{};
  bool refusal = false;       ///< The other side has to refuse it.
  bool drop_allowed = false;  ///< A server may also just drop the connection.
  /// What a server's Sec-WebSocket-Extensions has to be, if it is checked.
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
  std::optional<milliseconds> reaction{};  ///< Time from the last octet sent to the end.
};

enum class Roles : std::uint8_t { both, suite_is_client, suite_is_server };

struct Case {
  std::string id;
  std::string description;
  std::string expectation;
  std::function<Plan()> plan;  ///< Built when it is needed: some hold megabytes.
  Roles roles = Roles::both;
  bool timed = false;  ///< Its duration is a measurement.
};

}  // namespace conformance
