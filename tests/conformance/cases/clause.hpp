// clause.hpp - the clause of the RFC that a case is about.
#pragma once

#include <string>
#include <string_view>

namespace conformance {

/// "RFC 6455 5.5.1", for any id of all_cases().
[[nodiscard]] std::string clause_of(std::string_view id);

}  // namespace conformance
