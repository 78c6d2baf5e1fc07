// judge.cpp - compares the facts of a connection with the plan of its case.
#include "engine/judge.hpp"

#include <algorithm>

namespace conformance {
namespace {

struct CloseVerdict {
  CloseBehavior behavior = CloseBehavior::ok;
  std::string why;
};

CloseVerdict judge_close(const CloseRule& rule, const Facts& facts, Role role) {
  if (!facts.handshake_done) {
    return {CloseBehavior::failed, "The opening handshake did not complete."};
  }
  if (facts.closed_by_suite != rule.by_suite) {
    return {CloseBehavior::failed,
            rule.by_suite ? "The connection was closed by the implementation under test."
                          : "The connection had to be closed by the suite."};
  }
  if (rule.clean && !facts.clean) {
    return {CloseBehavior::unclean, "Not a clean close: " + facts.unclean_reason};
  }
  if (facts.remote_code && std::ranges::find(rule.codes, *facts.remote_code) == rule.codes.end()) {
    return {CloseBehavior::wrong_code,
            "Close code " + std::to_string(*facts.remote_code) + " is not one of those allowed."};
  }
  if (role == Role::client && facts.dropped_by_suite) {
    return {CloseBehavior::failed_by_client, "The server did not drop the TCP connection."};
  }
  return {CloseBehavior::ok, "Closed as expected."};
}

struct BehaviorVerdict {
  Behavior behavior = Behavior::failed;
  std::string why;
};

BehaviorVerdict judge_events(const Plan& plan, const Facts& facts) {
  if (!facts.handshake_done) return {Behavior::failed, "No handshake: " + facts.handshake_defect};
  if (facts.no_deflate) return {Behavior::unimplemented, "No compression was agreed."};
  if (facts.no_context) {
    return {Behavior::informational, "The other side wants no context kept, as it may."};
  }
  if (!facts.handshake_defect.empty()) return {Behavior::failed, facts.handshake_defect};
  for (const auto& alternative : plan.expected) {
    if (alternative.events == facts.received) {
      return {alternative.verdict, "What was received is what was expected."};
    }
  }
  return {Behavior::failed, "What was received is not what was expected."};
}

Judgement judge_refusal(const HandshakePlan& plan, const Facts& facts, Role role) {
  Judgement out{.behavior = Behavior::failed,
                .close = CloseBehavior::ok,
                .result = {},
                .close_result = "The connection ended with the handshake."};
  const int status = facts.refusal_status;
  if (facts.handshake_done || facts.spoke_after_refusal) {
    out.result = "The handshake was accepted.";
  } else if (facts.handshake_timed_out) {
    out.result = "The handshake was neither accepted nor refused in time.";
  } else if (role == Role::server) {
    out.behavior = Behavior::ok;
    out.result = "The client gave up.";
  } else if (facts.refused_by_drop) {
    out.behavior = plan.drop_allowed ? Behavior::ok : Behavior::non_strict;
    out.result = "The connection was dropped without an answer.";
  } else if (status >= 400 && status < 600) {
    const bool named =
        plan.statuses.empty() || std::ranges::find(plan.statuses, status) != plan.statuses.end();
    out.behavior = named ? Behavior::ok : Behavior::non_strict;
    out.result = "Refused with status " + std::to_string(status) + ".";
  } else {
    out.result = "Answered with status " + std::to_string(status) + ".";
  }
  if (out.behavior == Behavior::failed) {
    out.close = CloseBehavior::failed;
    out.close_result = out.result;
  }
  return out;
}

bool drags_behavior_down(const CloseRule& rule, const Facts& facts, CloseBehavior close) {
  if (rule.code_decides && close == CloseBehavior::wrong_code) return true;
  return rule.end_decides && facts.closed_by_suite != rule.by_suite;
}

/// True if a step of the case has waited for an event until its time was over.
bool has_waited_in_vain(const Facts& facts) noexcept {
  return std::ranges::any_of(facts.received,
                             [](const Event& event) { return event.kind == Event::Kind::timeout; });
}

}  // namespace

Judgement judge(const Plan& plan, const Facts& facts, Role role, double time_scale) {
  if (plan.handshake && plan.handshake->refusal) return judge_refusal(*plan.handshake, facts, role);
  auto behavior = judge_events(plan, facts);
  auto close = judge_close(plan.close, facts, role);
  if ((facts.no_deflate || facts.no_context) && facts.handshake_done) {
    close = judge_close({.by_suite = true, .clean = true, .codes = {1000}}, facts, role);
  } else if (plan.informational && facts.handshake_done) {
    behavior = {Behavior::informational, "Observed only: " + behavior.why};
    close = {CloseBehavior::informational, "Observed only: " + close.why};
  } else if (passes(behavior.behavior) && drags_behavior_down(plan.close, facts, close.behavior)) {
    behavior = {Behavior::failed, close.why};
  }
  bool late = false;
  if (plan.reaction && behavior.behavior == Behavior::ok) {
    const double limit = static_cast<double>(plan.reaction->count()) * time_scale;
    if (!facts.reaction || *facts.reaction > limit) {
      behavior = {Behavior::failed, "The reaction came too late."};
      late = facts.reaction.has_value();
    }
  }
  late = late || (behavior.behavior == Behavior::failed && has_waited_in_vain(facts));
  return {behavior.behavior, close.behavior, std::move(behavior.why), std::move(close.why), late};
}

std::string describe(const Event& event) {
  switch (event.kind) {
    case Event::Kind::message:
      return (event.binary ? "binary " : "text ") + excerpt(event.payload);
    case Event::Kind::pong:
      return "pong " + excerpt(event.payload);
    case Event::Kind::timeout:
      return "timeout " + event.payload;
    case Event::Kind::exchange:
      break;
  }
  return event.payload;
}

}  // namespace conformance
