// expected.hpp - a value or an error code; the part of C++23's std::expected that is needed here.
#pragma once

#include <cassert>
#include <system_error>
#include <utility>
#include <variant>

namespace wirespan {

/// Holds either a `T` or the error code that says why there is none.
template <class T>
class [[nodiscard]] Expected {
 public:
  /// Converts from a value, and from an error code, which must not be 0.
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: as std
  Expected(std::error_code error) noexcept : state_(std::in_place_index<1>, error) {
    assert(error && "an Expected without a value needs a reason");
  }

  /// True if there is a value.
  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value. Requires has_value().
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The error; none if there is a value.
  [[nodiscard]] std::error_code error() const noexcept {
    const auto* error = std::get_if<1>(&state_);
    return error == nullptr ? std::error_code{} : *error;
  }

 private:
  std::variant<T, std::error_code> state_;
};

}  // namespace wirespan
