// public_suffix.hpp - tells domains below which anybody can register, such as "co.uk". RFC 6265
// §5.3.
#pragma once

#include <string_view>

namespace wirespan {

/// True if this build has libpsl and libpsl has a list. CMake option WIRESPAN_PSL.
[[nodiscard]] bool has_public_suffix_list() noexcept;

/// True if `domain` is a public suffix: by the newest list that libpsl finds on this system, or
/// without one by lacks_inner_dot(). Thread-safe.
[[nodiscard]] bool is_public_suffix(std::string_view domain);

/// The guard without a list: true if `domain` has no dot between two labels, as "com" and
/// "localhost". It misses "co.uk".
[[nodiscard]] bool lacks_inner_dot(std::string_view domain) noexcept;

}  // namespace wirespan
