// cookie.cpp - parses Set-Cookie and its dates, and judges who may set and get a cookie. RFC 6265.
#include <algorithm>
#include <array>
#include <charconv>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/cookie.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

/// Removes the text up to `separator` from the front and returns it without blanks at its ends.
std::string_view take_part(std::string_view& text, char separator) noexcept {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// Clamps to the range of WallTime, whose unit may be so small that it ends in the year 2262.
WallTime bounded_wall_time(sys_seconds at) noexcept {
  constexpr auto earliest = std::chrono::time_point_cast<seconds>(WallTime::min());
  constexpr auto latest = std::chrono::time_point_cast<seconds>(WallTime::max());
  return std::clamp(at, earliest, latest);
}

// Dates, RFC 6265 §5.1.1.

constexpr bool is_date_delimiter(char c) noexcept {
  return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

/// Removes a number of `least` to `most` digits from the front; nothing if it has another length.
std::optional<int> take_number(std::string_view& text, std::size_t least,
                               std::size_t most) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto length = static_cast<std::size_t>(end - text.begin());
  if (length < least || length > most) return std::nullopt;
  int number = 0;
  std::from_chars(text.data(), text.data() + length, number);
  text.remove_prefix(length);
  return number;
}

/// Parses "hh:mm:ss", behind which anything but a digit may stand.
std::optional<seconds> time_of_day(std::string_view token) noexcept {
  std::array<int, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) {
      if (!token.starts_with(':')) return std::nullopt;
      token.remove_prefix(1);
    }
    const auto number = take_number(token, 1, 2);
    if (!number) return std::nullopt;
    parts[i] = *number;
  }
  const auto [hour, minute, second] = parts;
  // An hour of 24 and more is a time that the rules find and then refuse: below 0 stands for it.
  if (hour > 23 || minute > 59 || second > 59) return seconds(-1);
  return seconds(hour * 3600 + minute * 60 + second);
}

std::optional<int> month_number(std::string_view token) noexcept {
  constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (token.size() < 3) return std::nullopt;
  for (std::size_t at = 0; at < names.size(); at += 3) {
    if (equal_ignoring_case(token.substr(0, 3), names.substr(at, 3))) {
      return static_cast<int>(at / 3) + 1;
    }
  }
  return std::nullopt;
}

struct DateParts {
  std::optional<seconds> time;
  std::optional<int> day;
  std::optional<int> month;
  std::optional<int> year;
};

/// Notes the token as the first part of the date that is still missing and has its form.
void note_token(std::string_view token, DateParts& parts) noexcept {
  std::string_view rest = token;
  if (!parts.time && (parts.time = time_of_day(token))) return;
  if (!parts.day && (parts.day = take_number(rest, 1, 2))) return;
  if (!parts.month && (parts.month = month_number(token))) return;
  if (!parts.year) parts.year = take_number(rest, 2, 4);
}

// Attributes, RFC 6265 §5.2.1 to §5.2.6.

/// Returns Max-Age, with 0 for a negative one and the largest number for one that is too large.
std::optional<seconds> parse_max_age(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  if (negative) return seconds(0);
  seconds::rep number = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return result.ec == std::errc() ? seconds(number) : seconds::max();
}

void note_attribute(std::string_view name, std::string_view value, SetCookie& cookie) {
  if (equal_ignoring_case(name, "Expires")) {
    if (const auto date = parse_cookie_date(value)) cookie.expires = date;
  } else if (equal_ignoring_case(name, "Max-Age")) {
    if (const auto age = parse_max_age(value)) cookie.max_age = age;
  } else if (equal_ignoring_case(name, "Domain")) {
    if (value.starts_with('.')) value.remove_prefix(1);
    if (!value.empty()) cookie.domain = to_lower(value);
  } else if (equal_ignoring_case(name, "Path")) {
    cookie.path = value.starts_with('/') ? value : std::string_view();
  } else if (equal_ignoring_case(name, "Secure")) {
    cookie.secure = true;
  } else if (equal_ignoring_case(name, "HttpOnly")) {
    cookie.http_only = true;
  }
}

// Storing, RFC 6265 §5.3.

std::optional<WallTime> expiry(const SetCookie& set, WallTime now) noexcept {
  if (!set.max_age) return set.expires;
  if (set.max_age->count() <= 0) return WallTime::min();
  constexpr seconds longest = std::chrono::hours(24 * 365 * 1000);  // no sum of two overflows
  return bounded_wall_time(std::chrono::time_point_cast<seconds>(now) +
                           std::min(*set.max_age, longest));
}

/// RFC 6265bis §4.1.3: names with these beginnings promise a server that no ws: origin and, for
/// "__Host-", no sub-domain has set the cookie. They are compared without case, as §5.7 demands,
/// because servers may do so.
bool keeps_promise_of_prefix(const SetCookie& set) noexcept {
  const auto begins_with = [&](std::string_view prefix) {
    return equal_ignoring_case(std::string_view(set.name).substr(0, prefix.size()), prefix);
  };
  if (begins_with("__Secure-")) return set.secure;
  if (begins_with("__Host-")) return set.secure && set.domain.empty() && set.path == "/";
  return true;
}

bool has_empty_label(std::string_view name) noexcept {
  return name.starts_with('.') || name.ends_with('.') || name.find("..") != std::string_view::npos;
}

std::string_view without_final_dot(std::string_view host) noexcept {
  return host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
}

std::string_view path_of(std::string_view resource) noexcept {
  return resource.substr(0, resource.find('?'));
}

}  // namespace

std::optional<WallTime> parse_cookie_date(std::string_view text) noexcept {
  DateParts parts;
  while (!text.empty()) {
    const auto end = std::find_if(text.begin(), text.end(), is_date_delimiter);
    const auto length = static_cast<std::size_t>(end - text.begin());
    note_token(text.substr(0, length), parts);
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  if (!parts.time || !parts.day || !parts.month || !parts.year) return std::nullopt;
  int year = *parts.year;
  if (year < 100) year += year < 70 ? 2000 : 1900;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(*parts.month)),
                                         std::chrono::day(static_cast<unsigned>(*parts.day))};
  if (year < 1601 || !date.ok() || parts.time->count() < 0) return std::nullopt;
  return bounded_wall_time(std::chrono::sys_days(date) + *parts.time);
}

std::optional<SetCookie> parse_set_cookie(std::string_view field) {
  if (!is_field_value(field)) return std::nullopt;
  std::string_view value = take_part(field, ';');
  if (value.find('=') == std::string_view::npos) return std::nullopt;
  const std::string_view name = take_part(value, '=');
  value = trim(value);
  if (name.empty() || name.size() + value.size() > limits::cookie_size) return std::nullopt;

  SetCookie cookie{.name = std::string(name), .value = std::string(value)};
  while (!field.empty()) {
    std::string_view attribute = take_part(field, ';');
    const std::string_view attribute_name = take_part(attribute, '=');
    note_attribute(attribute_name, trim(attribute), cookie);
  }
  return cookie;
}

std::optional<Cookie> make_cookie(const SetCookie& set, const Url& from, WallTime now) {
  std::string host = canonical_host(from.host);
  const bool domain_given = !set.domain.empty();
  if (domain_given && !domain_matches(host, set.domain)) return std::nullopt;
  if (set.secure && !from.secure) return std::nullopt;  // RFC 6265bis §5.7
  if (!keeps_promise_of_prefix(set)) return std::nullopt;

  const bool host_only = !domain_given || is_ip_address(host);
  Cookie cookie{
      .name = set.name,
      .value = set.value,
      .domain = host_only ? host : set.domain,
      .host_only = host_only,
      .path = set.path.empty() ? std::string(default_cookie_path(from.resource)) : set.path,
      .secure = set.secure,
      .http_only = set.http_only,
      .expires = expiry(set, now),
      .created = now,
      .last_used = now};
  if (!is_valid_cookie(cookie)) return std::nullopt;
  return cookie;
}

bool is_valid_cookie(const Cookie& cookie) {
  const auto is_part = [](std::string_view text, std::string_view forbidden) {
    return is_field_value(text) && trim(text) == text &&
           text.find_first_of(forbidden) == std::string_view::npos;
  };
  const std::size_t size =
      cookie.name.size() + cookie.value.size() + cookie.domain.size() + cookie.path.size();
  return size <= limits::cookie_size && !cookie.name.empty() && is_part(cookie.name, "=;") &&
         is_part(cookie.value, ";") && !cookie.domain.empty() && is_part(cookie.domain, ";") &&
         !has_empty_label(cookie.domain) && cookie.domain == to_lower(cookie.domain) &&
         cookie.path.starts_with('/') && is_part(cookie.path, ";");
}

bool is_for_host(const Cookie& cookie, std::string_view host) noexcept {
  return cookie.host_only ? host == cookie.domain : domain_matches(host, cookie.domain);
}

bool belongs_to(const Cookie& cookie, const Url& url) noexcept {
  return (url.secure || !cookie.secure) && is_for_host(cookie, without_final_dot(url.host)) &&
         path_matches(path_of(url.resource), cookie.path);
}

std::string canonical_host(std::string_view host) { return to_lower(without_final_dot(host)); }

bool is_ip_address(std::string_view host) noexcept {
  if (host.find(':') != std::string_view::npos) return true;
  std::string_view label = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  if (label.empty()) return false;
  if (std::all_of(label.begin(), label.end(), is_digit)) return true;
  if (!label.starts_with("0x") && !label.starts_with("0X")) return false;
  label.remove_prefix(2);
  return std::all_of(label.begin(), label.end(), is_hex_digit);
}

bool domain_matches(std::string_view host, std::string_view domain) noexcept {
  if (host == domain) return !host.empty();
  return !domain.empty() && host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.' && !is_ip_address(host);
}

std::string_view default_cookie_path(std::string_view resource) noexcept {
  const std::string_view path = path_of(resource);
  const std::size_t last = path.rfind('/');
  if (!path.starts_with('/') || last == 0) return "/";
  return path.substr(0, last);
}

bool path_matches(std::string_view request_path, std::string_view cookie_path) noexcept {
  if (!request_path.starts_with(cookie_path)) return false;
  return request_path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         request_path[cookie_path.size()] == '/';
}

}  // namespace wirespan
