// progress.cpp - a line that writes itself anew.
#include "programs/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace conformance {

Progress::Progress(std::size_t total, bool quiet) noexcept
    : total_(total), shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void Progress::show(const Result& result) {
  constexpr std::size_t width = 30;
  ++done_;
  const bool good = passes(result.judgement.behavior) && passes(result.judgement.close);
  flawed_ += good ? 0 : 1;
  if (!shown_) return;
  const std::size_t filled = total_ == 0 ? 0 : std::min(width, done_ * width / total_);
  std::string bar(filled, '=');
  bar.resize(width, ' ');
  std::fprintf(stderr, "\r\033[K[%s] %zu of %zu, %zu did not pass   %s %s", bar.c_str(), done_,
               total_, flawed_, result.id.c_str(), name_of(result.judgement.behavior).c_str());
}

void Progress::end() const {
  if (shown_) std::fputs("\r\033[K", stderr);
}

}  // namespace conformance
