// wsdump_text.hpp - bytes as text for a terminal, a pipe or JSON, and hexadecimal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/bytes.hpp>

namespace wsdump {

/// Returns `text` without a character that drives a terminal: C0 but for tab and line feed, DEL and
/// ESC become \x1b; the C1 characters of Unicode become \u009b; bytes that are not UTF-8 become
/// \xff.
[[nodiscard]] std::string for_terminal(std::string_view text);

/// Returns `text`, which is UTF-8, as a JSON string with its quotes. RFC 8259 §7. Control
/// characters of C0 and C1 are escaped.
[[nodiscard]] std::string json_string(std::string_view text);

/// Returns two lower-case digits for each byte.
[[nodiscard]] std::string to_hex(wirespan::Bytes bytes);
/// Returns the bytes of hexadecimal digits, in either case; blanks between bytes are skipped.
/// Nothing for anything else.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// Returns binary data as Python's wsdump shows it: "[gzip] text", "[zlib] text" for raw deflate
/// data, else b'...'.
[[nodiscard]] std::string shown_binary(wirespan::Bytes data);

/// The form of compressed data: RFC 1952, RFC 1951.
enum class Deflated { gzip, raw };
/// Returns the inflated bytes of compressed data. Nothing if it is not one whole stream, or if it
/// inflates to more than `limit` bytes.
[[nodiscard]] std::optional<std::string> inflated(wirespan::Bytes data, Deflated form,
                                                  std::size_t limit);

}  // namespace wsdump
