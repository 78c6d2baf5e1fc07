// result.hpp - the facts, the log and the verdict of a case when it is over.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan.hpp"

namespace conformance {

struct LogEntry {
  double at = 0;      ///< Milliseconds since the handshake was done.
  bool sent = false;  ///< By the suite.
  bool note = false;  ///< Not a frame: a timer, a violation, the end.
  std::string what;
  std::size_t size = 0;
  Octets payload;  ///< Only the beginning of a long payload.
};

/// The log of a connection. Keeps the first 60 and the last 20 entries, and counts those between.
class Log {
 public:
  static constexpr std::size_t kept_payload = 160;

  void add(LogEntry entry);
  void silence() noexcept { silent_ = true; }
  [[nodiscard]] const std::vector<LogEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }

 private:
  std::vector<LogEntry> entries_;
  std::size_t left_out_ = 0;
  bool silent_ = false;
};

/// Facts about a connection, collected by the conversation and judged afterwards.
struct Facts {
  std::vector<Event> received;
  bool handshake_done = false;
  bool handshake_timed_out = false;
  std::string handshake_defect;  ///< The defect of the other side's part.
  int refusal_status = 0;        ///< Status of a server that did not answer with 101.
  bool refused_by_drop = false;
  bool spoke_after_refusal = false;
  bool no_deflate = false;  ///< The case needs compression, and none was agreed on.
  bool no_context = false;  ///< The case needs a kept window, and none was agreed on.

  bool closed_by_suite = false;  ///< The suite sent the first Close frame.
  bool failed_by_suite = false;  ///< The suite failed the connection: a violation or a limit.
  bool dropped_by_suite = false;
  bool close_received = false;
  bool clean = false;
  bool close_timed_out = false;
  bool drop_timed_out = false;
  std::string unclean_reason;
  std::optional<std::uint16_t> local_code;
  std::string local_reason;
  std::optional<std::uint16_t> remote_code;
  std::string remote_reason;
  std::optional<double> reaction;  ///< Milliseconds from the last octet sent to the end.

  std::string request;
  std::string response;
  std::size_t octets_in = 0;
  std::size_t octets_out = 0;
  std::size_t application_octets = 0;  ///< Sent in messages, before compression.
  double duration = 0;                 ///< Milliseconds from the open handshake to the loss of TCP.
};

struct Judgement {
  Behavior behavior = Behavior::failed;
  CloseBehavior close = CloseBehavior::failed;
  std::string result;
  std::string close_result;
  bool late = false;  ///< Failed, and a time of the case had passed: something came too late.
};

struct Result {
  std::string agent;
  std::string id;
  std::size_t number = 0;
  std::string description;
  std::string expectation;
  bool timed = false;
  std::string started;
  Role role = Role::client;
  std::vector<Alternative> expected;  ///< Payloads cut to the length shown in reports.
  CloseRule close_rule;
  Facts facts;
  Judgement judgement;
  Log log;
};

[[nodiscard]] std::string name_of(Behavior behavior);
[[nodiscard]] std::string name_of(CloseBehavior behavior);
[[nodiscard]] bool passes(Behavior behavior) noexcept;
[[nodiscard]] bool passes(CloseBehavior behavior) noexcept;
[[nodiscard]] std::string utc_now();

}  // namespace conformance
