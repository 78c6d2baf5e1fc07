// cases.hpp - the table of all cases. Groups 1 to 13 have the numbers of the Autobahn test suite,
// groups that begin with W belong to this suite alone.
#pragma once

#include <string_view>
#include <vector>

#include "engine/plan.hpp"

namespace conformance {

using Cases = std::vector<Case>;

void add_framing(Cases& out);          // 1
void add_pings(Cases& out);            // 2
void add_reserved(Cases& out);         // 3, 4
void add_fragmentation(Cases& out);    // 5
void add_utf8_handling(Cases& out);    // 6.1 to 6.4
void add_utf8_sequences(Cases& out);   // 6.5 to 6.23
void add_closing(Cases& out);          // 7
void add_limits(Cases& out);           // 9, 10
void add_compression(Cases& out);      // 12, 13
void add_bad_requests(Cases& out);     // W1.1
void add_bad_responses(Cases& out);    // W1.2
void add_masking(Cases& out);          // W2
void add_close_races(Cases& out);      // W3
void add_offers(Cases& out);           // W4.1
void add_answers(Cases& out);          // W4.2
void add_deflate_abuse(Cases& out);    // W4.3
void add_deflate_windows(Cases& out);  // W4.4
void add_fast_failures(Cases& out);    // W5

/// Returns all cases, sorted by id, component by component.
[[nodiscard]] Cases all_cases();

/// Returns the cases for this role whose id matches one of `wanted` and none of `excluded`. In a
/// pattern `*` stands for any text; a pattern without one is a whole id.
[[nodiscard]] Cases select(Cases cases, Role role, const std::vector<std::string>& wanted,
                           const std::vector<std::string>& excluded);

[[nodiscard]] bool matches(std::string_view pattern, std::string_view id) noexcept;

/// True if `a` sorts before `b`: 2.2 before 2.10, numbers before letters.
[[nodiscard]] bool id_less(std::string_view a, std::string_view b);

}  // namespace conformance
