// retry_after.hpp - the wait that a server asks for in a response. RFC 9110 §10.2.3.
#pragma once

#include <chrono>
#include <optional>

#include <wirespan/core/headers.hpp>

namespace wirespan {

/// Returns the wait that Retry-After asks for, at most limits::retry_after_time: its number of
/// seconds, or the time from the server's Date to its date; `wall_clock` is the server's time if
/// the response has no valid Date. 0 for a date that has passed. std::nullopt if there is no
/// Retry-After, or one that is neither a number nor a date.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(
    const Headers& headers, std::chrono::sys_seconds wall_clock) noexcept;

}  // namespace wirespan
