// field_count.hpp - the number of fields of an aggregate, at compile time.
#pragma once

#include <cstddef>
#include <type_traits>

namespace wirespan::test {

// clang-format off
#define WIRESPAN_BRACES_1 {},
#define WIRESPAN_BRACES_2 WIRESPAN_BRACES_1 WIRESPAN_BRACES_1
#define WIRESPAN_BRACES_3 WIRESPAN_BRACES_2 WIRESPAN_BRACES_1
#define WIRESPAN_BRACES_4 WIRESPAN_BRACES_2 WIRESPAN_BRACES_2
#define WIRESPAN_BRACES_5 WIRESPAN_BRACES_4 WIRESPAN_BRACES_1
#define WIRESPAN_BRACES_6 WIRESPAN_BRACES_4 WIRESPAN_BRACES_2
#define WIRESPAN_BRACES_7 WIRESPAN_BRACES_4 WIRESPAN_BRACES_3
#define WIRESPAN_BRACES_8 WIRESPAN_BRACES_4 WIRESPAN_BRACES_4
#define WIRESPAN_BRACES_16 WIRESPAN_BRACES_8 WIRESPAN_BRACES_8
#define WIRESPAN_BRACES_32 WIRESPAN_BRACES_16 WIRESPAN_BRACES_16
#define WIRESPAN_TRY_FIELDS(number, ...) \
  if constexpr (requires { Aggregate{__VA_ARGS__}; }) return number; else
// clang-format on
#define WIRESPAN_TRY_8_FIELDS(before, ...)                         \
  WIRESPAN_TRY_FIELDS((before) + 8, __VA_ARGS__ WIRESPAN_BRACES_8) \
  WIRESPAN_TRY_FIELDS((before) + 7, __VA_ARGS__ WIRESPAN_BRACES_7) \
  WIRESPAN_TRY_FIELDS((before) + 6, __VA_ARGS__ WIRESPAN_BRACES_6) \
  WIRESPAN_TRY_FIELDS((before) + 5, __VA_ARGS__ WIRESPAN_BRACES_5) \
  WIRESPAN_TRY_FIELDS((before) + 4, __VA_ARGS__ WIRESPAN_BRACES_4) \
  WIRESPAN_TRY_FIELDS((before) + 3, __VA_ARGS__ WIRESPAN_BRACES_3) \
  WIRESPAN_TRY_FIELDS((before) + 2, __VA_ARGS__ WIRESPAN_BRACES_2) \
  WIRESPAN_TRY_FIELDS((before) + 1, __VA_ARGS__ WIRESPAN_BRACES_1)

/// Returns the number of fields, 0 to 64: the most initializers `{}` that the aggregate takes, one
/// for each base and each field. A nested aggregate and an array are one field each. A field that
/// has no default value ends the count.
template <class Aggregate>
constexpr std::size_t field_count() {
  static_assert(std::is_aggregate_v<Aggregate>);
  WIRESPAN_TRY_8_FIELDS(56, WIRESPAN_BRACES_32 WIRESPAN_BRACES_16 WIRESPAN_BRACES_8)
  WIRESPAN_TRY_8_FIELDS(48, WIRESPAN_BRACES_32 WIRESPAN_BRACES_16)
  WIRESPAN_TRY_8_FIELDS(40, WIRESPAN_BRACES_32 WIRESPAN_BRACES_8)
  WIRESPAN_TRY_8_FIELDS(32, WIRESPAN_BRACES_32)
  WIRESPAN_TRY_8_FIELDS(24, WIRESPAN_BRACES_16 WIRESPAN_BRACES_8)
  WIRESPAN_TRY_8_FIELDS(16, WIRESPAN_BRACES_16)
  WIRESPAN_TRY_8_FIELDS(8, WIRESPAN_BRACES_8)
  WIRESPAN_TRY_8_FIELDS(0, )
  return 0;
}

#undef WIRESPAN_TRY_8_FIELDS
#undef WIRESPAN_TRY_FIELDS

}  // namespace wirespan::test
