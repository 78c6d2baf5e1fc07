// http_date.hpp - the three forms of a date in HTTP. RFC 9110 §5.6.7.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Parses a date in any of the three forms that a recipient must accept:
///   Sun, 06 Nov 1994 08:49:37 GMT      the one form that may be sent
///   Sunday, 06-Nov-94 08:49:37 GMT     obsolete; years 70 to 99 are of 1900, 00 to 69 of 2000
///   Sun Nov  6 08:49:37 1994           obsolete, of asctime()
/// The names are compared with case; the name of the day need not fit the date. std::nullopt for
/// everything else, a day that the month does not have included.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(
    std::string_view text) noexcept;

}  // namespace wirespan
