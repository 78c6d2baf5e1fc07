// outcome.hpp - results for pipelines of tests: earlier ones to compare with, JUnit, a summary as
// JSON.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/result.hpp"
#include "report/json.hpp"

namespace conformance {

/// The verdicts of earlier results by case: behaviour and close.
using Baseline = std::map<std::string, std::pair<std::string, std::string>>;

/// Reads a file of lines "case TAB behaviour TAB close"; `#` begins a comment. Throws
/// std::runtime_error, which names the file and the line.
[[nodiscard]] Baseline read_baseline(const std::string& file);
/// Writes such a file. Throws std::runtime_error.
void write_baseline(const std::string& file, const std::vector<Result>& results);

/// Why a result is not good: not as in the baseline or, without one, a verdict that does not pass.
/// Nothing if it is good.
[[nodiscard]] std::optional<std::string> flaw_of(const Result& result,
                                                 const std::optional<Baseline>& baseline);

/// A document in JUnit's format.
[[nodiscard]] std::string junit_of(const std::string& agent, const std::vector<Result>& results,
                                   const std::optional<Baseline>& baseline);

/// An object: agent, numbers of each verdict, flaws, passed.
[[nodiscard]] Json summary_json(const std::string& agent, const std::vector<Result>& results,
                                const std::optional<Baseline>& baseline);

/// Writes a whole file. Throws std::runtime_error.
void write_text(const std::string& file, const std::string& text);

}  // namespace conformance
