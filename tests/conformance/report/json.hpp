// json.hpp - JSON values to be written. RFC 8259.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace conformance {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json>;  // sorted, as the Autobahn test suite writes them

  Json() = default;
  Json(std::nullptr_t) {}                           // NOLINT(google-explicit-constructor)
  Json(bool value) : value_(value) {}               // NOLINT(google-explicit-constructor)
  Json(std::int64_t value) : value_(value) {}       // NOLINT(google-explicit-constructor)
  Json(int value) : value_(std::int64_t{value}) {}  // NOLINT(google-explicit-constructor)
  Json(std::size_t value)                           // NOLINT(google-explicit-constructor)
      : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  Json(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Json(std::string value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Json(Array value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Json(Object value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)

  /// Returns the value as text: `indent` spaces per level and a line per element; on one line if
  /// negative.
  [[nodiscard]] std::string text(int indent = -1) const;

 private:
  void append_to(std::string& out, int indent, int level) const;

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_{
      nullptr};
};

}  // namespace conformance
