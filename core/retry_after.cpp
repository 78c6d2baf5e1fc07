// retry_after.cpp - reads Retry-After: a number of seconds, or a date. RFC 9110 §10.2.3.
#include <algorithm>
#include <string_view>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/http_date.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/retry_after.hpp>

namespace wirespan {
namespace {

using std::chrono::seconds;

constexpr seconds most = std::chrono::duration_cast<seconds>(limits::retry_after_time);

/// Parses decimal digits; a number above the limit is the limit, however many digits it has.
std::optional<seconds> parse_seconds(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  seconds value{0};
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = std::min(value * 10 + seconds(c - '0'), most);
  }
  return value;
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_after(const Headers& headers,
                                                     std::chrono::sys_seconds wall_clock) noexcept {
  const auto value = headers.get("Retry-After");
  if (!value) return std::nullopt;
  if (const auto number = parse_seconds(trim(*value))) return *number;
  const auto then = parse_http_date(trim(*value));
  if (!then) return std::nullopt;
  const auto date = headers.get("Date");
  const auto now = date ? parse_http_date(trim(*date)).value_or(wall_clock) : wall_clock;
  return std::clamp(*then - now, seconds(0), most);
}

}  // namespace wirespan
