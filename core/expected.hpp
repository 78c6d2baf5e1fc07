// expected.hpp - a value or an error code; the part of C++23's std::expected that is needed here.
#pragma once

#include <cassert>
#include <concepts>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include <wirespan/core/cxx20.hpp>

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

  /// A copy is made from the value itself: where the value's own copy throws, the variant of
  /// libstdc++ 12 destroys one that is not there.
  Expected(const Expected& other) requires std::copy_constructible<T>
      : state_(other.has_value() ? State(std::in_place_index<0>, *other)
                                 : State(std::in_place_index<1>, other.error())) {}
  Expected& operator=(const Expected& other) requires std::copy_constructible<T> {
    return *this = Expected(other);
  }
  Expected(Expected&&) noexcept(std::is_nothrow_move_constructible_v<T>) = default;
  Expected& operator=(Expected&&) noexcept(
      std::is_nothrow_move_constructible_v<T>&& std::is_nothrow_move_assignable_v<T>) = default;
  ~Expected() = default;

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
  using State = std::variant<T, std::error_code>;
  State state_;
};

}  // namespace wirespan
