// percent_encoding.hpp - percent-encoded triplets of URIs. RFC 3986 §2.1.
#pragma once

#include <string>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Returns `text` with each triplet of '%' and two hexadecimal digits replaced by its byte. A '%'
/// without two digits stays. The bytes are not checked: CR, LF and NUL may be among them.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// Appends `byte` to `out` as a triplet with digits in upper case. RFC 3986 §6.2.2.1.
void append_percent_encoded(std::string& out, char byte);

/// Returns the place of the first '%' from `from` on that is not followed by two hexadecimal
/// digits; std::string_view::npos if there is none.
[[nodiscard]] std::size_t find_bad_triplet(std::string_view text, std::size_t from = 0) noexcept;

}  // namespace wirespan
