// in_quotes.hpp - quotes and escapes text of a caller or a peer for error texts and lines of a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <wirespan/core/limits.hpp>

namespace wirespan {

/// Returns `text` in double quotes, safe against log injection: characters that could end the line,
/// the quotes or a terminal's mode become `\xNN`, which is all but visible ASCII and spaces, and
/// also the double quote and the backslash. Of a text longer than `most` bytes the first `most` and
/// "..." are returned.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t most = limits::quoted_text);

}  // namespace wirespan
