// foreign_error.hpp - errors of the application's own category, as fail() may be given.
#pragma once

#include <string>
#include <system_error>

namespace wirespan::fuzz {

/// An error category of the application whose texts are neither short nor ASCII.
class ForeignCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "foreign"; }
  [[nodiscard]] std::string message(int value) const override {
    std::string text(static_cast<std::size_t>(value) % 2, 'x');
    for (int i = 0; i < value; ++i) text += "\xC3\xA9";
    return text;
  }
};

[[nodiscard]] inline std::error_code foreign_error(int value) {
  static const ForeignCategory category;
  return {value, category};
}

}  // namespace wirespan::fuzz
