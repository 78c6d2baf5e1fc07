// log.hpp - enable_trace() and where its lines go.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace wirespan {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Takes one line, without its end. Called on whatever thread has something to say, one at a time.
/// What it throws is dropped, and so is a line for which there is no memory.
using LogSink = std::function<void(LogLevel, std::string_view line)>;

/// Shows the opening handshakes and every frame, with the bytes as they are on the wire, of the
/// connections made from now on; false stops it at once. Secrets in headers and messages are shown
/// too. Without a sink: standard error. Any thread.
void enable_trace(bool traceable, LogSink sink = {}, LogLevel level = LogLevel::debug);
[[nodiscard]] bool is_trace_enabled() noexcept;

/// Lines up to this level reach the sink: error and warning at the start, those up to the level of
/// enable_trace(true) afterwards.
[[nodiscard]] bool is_enabled_for(LogLevel level) noexcept;
void log(LogLevel level, std::string_view line) noexcept;
/// Only while tracing.
void trace(std::string_view line) noexcept;
/// A block with a title: "--- title ---", the text line by line, and a rule. Only while tracing.
void dump(std::string_view title, std::string_view text);

}  // namespace wirespan
