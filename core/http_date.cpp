// http_date.cpp - parses the dates of HTTP. RFC 9110 §5.6.7.
#include <array>
#include <span>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/http_date.hpp>

namespace wirespan {
namespace {

using std::string_view;

constexpr std::array<string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<string_view, 7> long_days = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                  "Friday", "Saturday", "Sunday"};
constexpr std::array<string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
/// A two-digit year from this one on lies in the 20th century.
constexpr int first_of_1900 = 70;

/// Takes the parts of a date from the front of a text. After the first part that does not fit
/// nothing fits any more.
class DateReader {
 public:
  explicit DateReader(string_view text) noexcept : rest_(text) {}

  void literal(string_view expected) noexcept {
    if (!rest_.starts_with(expected)) return fail();
    rest_.remove_prefix(expected.size());
  }
  /// Takes `width` digits; with `padded`, the first may be a space.
  [[nodiscard]] int number(std::size_t width, bool padded = false) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const bool is_padding = padded && i == 0 && rest_.starts_with(' ');
      if (!is_padding && (rest_.empty() || !is_digit(rest_.front()))) {
        fail();
        return 0;
      }
      if (!is_padding) value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  /// Takes one of the names; returns its index.
  unsigned name(std::span<const string_view> names) noexcept {
    for (unsigned i = 0; i < names.size(); ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return i;
    }
    fail();
    return 0;
  }
  [[nodiscard]] bool is_complete() const noexcept { return !failed_ && rest_.empty(); }

 private:
  void fail() noexcept {
    failed_ = true;
    rest_ = {};
  }

  string_view rest_;
  bool failed_ = false;
};

/// The parts of a date, in the order of their size.
struct DateParts {
  int year = 0;
  unsigned month = 0;  // 0 to 11
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void read_time(DateReader& reader, DateParts& date) noexcept {
  date.hour = reader.number(2);
  reader.literal(":");
  date.minute = reader.number(2);
  reader.literal(":");
  date.second = reader.number(2);
}

std::optional<DateParts> read_fixed_date(string_view text) noexcept {
  DateReader reader(text);
  DateParts date;
  (void)reader.name(days);
  reader.literal(", ");
  date.day = reader.number(2);
  reader.literal(" ");
  date.month = reader.name(months);
  reader.literal(" ");
  date.year = reader.number(4);
  reader.literal(" ");
  read_time(reader, date);
  reader.literal(" GMT");
  return reader.is_complete() ? std::optional(date) : std::nullopt;
}

std::optional<DateParts> read_rfc850_date(string_view text) noexcept {
  DateReader reader(text);
  DateParts date;
  (void)reader.name(long_days);
  reader.literal(", ");
  date.day = reader.number(2);
  reader.literal("-");
  date.month = reader.name(months);
  reader.literal("-");
  date.year = reader.number(2);
  date.year += date.year < first_of_1900 ? 2000 : 1900;
  reader.literal(" ");
  read_time(reader, date);
  reader.literal(" GMT");
  return reader.is_complete() ? std::optional(date) : std::nullopt;
}

std::optional<DateParts> read_asctime_date(string_view text) noexcept {
  DateReader reader(text);
  DateParts date;
  (void)reader.name(days);
  reader.literal(" ");
  date.month = reader.name(months);
  reader.literal(" ");
  date.day = reader.number(2, true);
  reader.literal(" ");
  read_time(reader, date);
  reader.literal(" ");
  date.year = reader.number(4);
  return reader.is_complete() ? std::optional(date) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(string_view text) noexcept {
  auto parts = read_fixed_date(text);
  if (!parts) parts = read_rfc850_date(text);
  if (!parts) parts = read_asctime_date(text);
  if (!parts) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(parts->year),
                                         std::chrono::month(parts->month + 1),
                                         std::chrono::day(static_cast<unsigned>(parts->day))};
  // Second 60 is a leap second.
  if (!date.ok() || parts->hour > 23 || parts->minute > 59 || parts->second > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_seconds(std::chrono::sys_days(date)) + std::chrono::hours(parts->hour) +
         std::chrono::minutes(parts->minute) + std::chrono::seconds(parts->second);
}

}  // namespace wirespan
