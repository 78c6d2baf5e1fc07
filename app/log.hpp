// log.hpp - the log of the library, its sink, and enable_trace().
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// The urgency of a line, the most urgent first.
enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Receives one line of the log, without a line end. Called on the thread that logs, one call at a
/// time, under a mutex: a sink must not call log() or enable_trace(). Its exceptions are dropped,
/// and so is a line for which there is no memory.
using LogSink = std::function<void(LogLevel, std::string_view line)>;

/// Turns tracing on or off. Connections that are made while it is on log their opening handshakes
/// and every frame, with the bytes as they are on the wire, at LogLevel::debug; secrets in headers
/// and messages are shown, too. False stops it at once. True also replaces the sink (an empty one:
/// standard error) and the level up to which lines reach it. Any thread.
void enable_trace(bool traceable, LogSink sink = {}, LogLevel level = LogLevel::debug);
/// True while tracing is on.
[[nodiscard]] bool is_trace_enabled() noexcept;

/// True if lines of this level reach the sink: error and warning by default, those up to the
/// `level` of enable_trace(true) after it was called.
[[nodiscard]] bool is_enabled_for(LogLevel level) noexcept;
/// Gives the line to the sink if is_enabled_for(level). Any thread.
void log(LogLevel level, std::string_view line) noexcept;
/// Logs the line at LogLevel::debug while tracing is on.
void trace(std::string_view line) noexcept;
/// Traces a block: "--- title ---", the text line by line, and a rule. Only while tracing is on.
void dump(std::string_view title, std::string_view text);

}  // namespace wirespan
