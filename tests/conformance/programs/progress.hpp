// progress.hpp - a line on the terminal that shows the latest case; default patterns of a run.
#pragma once

#include <cstdio>
#include <string>

#include <unistd.h>

#include "engine/result.hpp"

namespace conformance {

class Progress {
 public:
  explicit Progress(std::size_t total) noexcept
      : total_(total), on_terminal_(::isatty(STDERR_FILENO) == 1) {}

  void show(std::size_t done, const Result& result) const {
    if (!on_terminal_) return;
    std::fprintf(stderr, "\r\033[K[%zu/%zu] %s %s", done, total_, result.id.c_str(),
                 name_of(result.judgement.behavior).c_str());
  }
  void end() const {
    if (on_terminal_) std::fprintf(stderr, "\r\033[K");
  }

 private:
  std::size_t total_;
  bool on_terminal_;
};

/// The cases of a run without --cases: all groups of the Autobahn test suite.
inline constexpr const char* default_patterns = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*,12.*,13.*";

[[nodiscard]] inline std::vector<std::string> patterns_of(const std::string& list) {
  return list.empty() ? std::vector<std::string>{} : split(list, ',');
}

}  // namespace conformance
