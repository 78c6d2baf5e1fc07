// judge.hpp - turns the facts of a case into its verdict, by the rules of the Autobahn test suite.
#pragma once

#include "engine/result.hpp"

namespace conformance {

[[nodiscard]] Judgement judge(const Plan& plan, const Facts& facts, Role role, double time_scale);

/// Describes an event for reports: "text 'Hello'", "pong 0xfffe".
[[nodiscard]] std::string describe(const Event& event);

}  // namespace conformance
