// log_lines.hpp - collects what the library logs.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/app/log.hpp>

namespace wirespan::test {

/// Collects the lines of the log up to a level during its lifetime, without tracing.
class LogLines {
 public:
  explicit LogLines(LogLevel most = LogLevel::warning) {
    enable_trace(
        true,
        [this, most](LogLevel level, std::string_view line) {
          if (level > most) return;
          const std::lock_guard lock(mutex_);
          lines_.emplace_back(line);
        },
        most);
    enable_trace(false);
  }
  ~LogLines() {
    enable_trace(true, {}, LogLevel::warning);  // drops the sink, which would outlive this
    enable_trace(false);
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  [[nodiscard]] std::vector<std::string> get() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace wirespan::test
