// in_quotes.hpp - text of a caller or a peer, made fit for an error text or a line of a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <wirespan/core/limits.hpp>

namespace wirespan {

/// `text` in double quotes. Characters that could end the line, the quotes or a terminal's mode
/// (all but visible ASCII and blanks, `"` and `\`) become `\xNN`. Of a longer text the first `most`
/// bytes and "..." are shown.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t most = limits::quoted_text);

}  // namespace wirespan
