// header_source.hpp - further header fields of a request, in every form that Python takes.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wirespan/core/expected.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

/// One header field: a line "Name: value", or a name and a value. A field whose value is
/// std::nullopt is left out.
class HeaderItem {
 public:
  /// A whole line, "Name: value".
  HeaderItem(const char* line) : name_or_line_(line), is_line_(true) {}  // NOLINT: implicit
  HeaderItem(std::string line) : name_or_line_(std::move(line)), is_line_(true) {}  // NOLINT
  /// A name and its value; without a value, no field.
  HeaderItem(std::string name, std::optional<std::string> value)
      : name_or_line_(std::move(name)), value_(std::move(value)) {}

 private:
  friend class HeaderSource;
  std::string name_or_line_;
  std::optional<std::string> value_;
  bool is_line_ = false;
};

/// Further header fields of a request. Converts from
///   {"Authorization: Basic x", "X-Trace: 7"}      lines,
///   {{"Authorization", "Basic x"}}                pairs,
///   Headers, std::vector<std::string>, std::map   the same, ready-made,
///   [] { return Headers{{"Authorization", fresh_token()}}; }   called before every attempt.
/// A name that is no token, or a value with CR, LF or another control character, is refused before
/// anything is sent: Errc::invalid_header.
class HeaderSource {
 public:
  HeaderSource() = default;
  /// Lines or pairs, in braces.
  HeaderSource(std::initializer_list<HeaderItem> items) : items_(items) {}
  /// Fields that are ready, lines, or a map from names to values.
  HeaderSource(const Headers& headers);                         // NOLINT: implicit
  HeaderSource(const std::vector<std::string>& lines);          // NOLINT
  HeaderSource(const std::map<std::string, std::string>& map);  // NOLINT
  /// Called before every attempt, for fields that change.
  template <class Callable>
  requires std::invocable<Callable&> &&
      std::convertible_to<std::invoke_result_t<Callable&>, Headers>
      HeaderSource(Callable callable) : callable_(std::move(callable)) {}  // NOLINT

  /// Returns the fields for one attempt: calls the callable if there is one, and lets its
  /// exceptions pass. Errc::invalid_header for a line without a colon; `detail`, if given, gets the
  /// number of that line, but not its text, which may be a secret.
  [[nodiscard]] Expected<Headers> collect(std::string* detail = nullptr) const;
  /// True if the fields come from a callable.
  [[nodiscard]] bool is_callable() const noexcept { return callable_ != nullptr; }

 private:
  std::vector<HeaderItem> items_;
  std::function<Headers()> callable_;
};

}  // namespace wirespan
