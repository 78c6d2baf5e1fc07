// judge.hpp - from what was seen to the verdict. The rules are those of the Autobahn test suite.
#pragma once

#include "engine/result.hpp"

namespace conformance {

[[nodiscard]] Judgement judge(const Plan& plan, const Facts& facts, Role role, double time_scale);

/// For reports: "text 'Hello'", "pong 0xfffe".
[[nodiscard]] std::string describe(const Event& event);

}  // namespace conformance
