// log.cpp - the process-wide log: level, sink, and the trace lines of enable_trace().
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>

#include <wirespan/app/log.hpp>

namespace wirespan {
namespace {

std::atomic<bool> tracing{false};
std::atomic<LogLevel> threshold{LogLevel::warning};

void write_to_standard_error(LogLevel, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fputc('\n', stderr);
}

struct Output {
  std::mutex mutex;
  LogSink sink = write_to_standard_error;
};

/// Never destroyed, so that threads may log while the process ends.
Output& output() {
  static auto* shared = new Output;
  return *shared;
}

}  // namespace

void enable_trace(bool traceable, LogSink sink, LogLevel level) {
  if (traceable) {
    const std::lock_guard lock(output().mutex);
    output().sink = sink ? std::move(sink) : write_to_standard_error;
    threshold = level;
  }
  tracing = traceable;
}

bool is_trace_enabled() noexcept { return tracing.load(std::memory_order_relaxed); }

bool is_enabled_for(LogLevel level) noexcept { return level <= threshold.load(); }

/// Drops the exceptions of the sink: callers log in the middle of work that must not fail.
void log(LogLevel level, std::string_view line) noexcept {
  if (!is_enabled_for(level)) return;
  try {
    const std::lock_guard lock(output().mutex);
    output().sink(level, line);
  } catch (...) {
    return;
  }
}

void trace(std::string_view line) noexcept {
  if (is_trace_enabled()) log(LogLevel::debug, line);
}

void dump(std::string_view title, std::string_view text) {
  if (!is_trace_enabled()) return;
  trace("--- " + std::string(title) + " ---");
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    trace(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  trace("-----------------------");
}

}  // namespace wirespan
