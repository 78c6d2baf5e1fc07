// wsbench_report.hpp - what a run has come to: as text, as JSON, as a page with plots.
#pragma once

#include <string>

#include "wsbench_options.hpp"
#include "wsbench_results.hpp"

namespace wsbench {

/// A few lines for people.
[[nodiscard]] std::string text_of(const Options& options, const Results& results);
/// One object, with a line end; app/guide/wsbench.md says what is in it.
[[nodiscard]] std::string json_of(const Options& options, const Results& results);
/// A page that needs no other file and no network.
[[nodiscard]] std::string html_of(const Options& options, const Results& results);

/// "830 ns", "1.24 ms", "2.5 s": three digits.
[[nodiscard]] std::string time_text(std::uint64_t nanoseconds);
/// True if wsbench itself was the slowest part.
[[nodiscard]] bool was_the_slowest(const Options& options, const Results& results);

}  // namespace wsbench
