// conclusion.cpp - reports and judges the results of an agent.
#include "programs/conclusion.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "report/report.hpp"

namespace conformance {

Conclusion::Conclusion(const RunOptions& options) : options_(options) {
  if (!options.baseline.empty()) baseline_ = read_baseline(options.baseline);
}

void Conclusion::report(const std::string& agent, const std::vector<Result>& results) {
  agents_ += results.empty() ? 0 : 1;
  good_ = good_ && std::ranges::none_of(results, [&](const Result& each) {
            return flaw_of(each, baseline_).has_value();
          });
  const bool was_written = std::exchange(written_, false);
  write_reports(options_.folder, agent, results);
  if (!options_.junit.empty()) write_text(options_.junit, junit_of(agent, results, baseline_));
  if (!options_.write_baseline.empty()) write_baseline(options_.write_baseline, results);
  written_ = was_written;
  print(agent, results);
}

void Conclusion::print(const std::string& agent, const std::vector<Result>& results) const {
  if (options_.json) {
    std::printf("%s\n", summary_json(agent, results, baseline_).text().c_str());
  } else if (!options_.quiet) {
    std::printf("%s: %zu cases\n%s", agent.c_str(), results.size(), summary_table(results).c_str());
    for (const auto& each : results) {
      const auto flaw = flaw_of(each, baseline_);
      if (baseline_ && flaw) std::printf("different: %s: %s\n", each.id.c_str(), flaw->c_str());
    }
  }
  std::fflush(stdout);
}

int Conclusion::exit_status() const noexcept {
  if (!written_) return status::usage;
  if (agents_ == 0) return status::unreachable;
  return good_ ? status::good : status::different;
}

}  // namespace conformance
