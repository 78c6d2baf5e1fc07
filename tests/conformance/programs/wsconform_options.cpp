// wsconform_options.cpp - options of both commands.
#include "programs/wsconform_options.hpp"

#include <cstdio>

#include "cases/clause.hpp"

namespace conformance {
namespace {

std::vector<std::string> patterns_of(const std::string& list) {
  return list.empty() ? std::vector<std::string>{} : split(list, ',');
}

}  // namespace

void add_run_options(CLI::App& command, RunOptions& options, const char* folder) {
  options.folder = folder;
  command.add_option("--cases", options.cases, "Patterns, with commas between: 1.*,6.2.3,W*")
      ->capture_default_str();
  command.add_option("--exclude", options.excluded, "Patterns of cases to leave out");
  command.add_flag("--list", options.list, "Only show the cases");
  command.add_option("--outdir", options.folder, "Folder of the reports")->capture_default_str();
  command.add_flag("--json", options.json, "Print one JSON object for each agent");
  command.add_option("--junit", options.junit, "Write a report in JUnit's format to this file");
  command.add_option("--baseline", options.baseline, "Compare with the results in this file")
      ->check(CLI::ExistingFile);
  command.add_option("--write-baseline", options.write_baseline, "Write the results to this file");
  command.add_option("--time-scale", options.time_scale, "Factor of all time limits")
      ->check(CLI::PositiveNumber);
  command.add_flag("-q,--quiet", options.quiet, "No line of progress and no table");
}

Cases cases_of(const RunOptions& options, Role role) {
  return select(all_cases(), role, patterns_of(options.cases), patterns_of(options.excluded));
}

void list_cases(const Cases& cases) {
  for (const auto& each : cases) {
    std::printf("%-9s %s [%s]\n", each.id.c_str(), each.description.c_str(),
                clause_of(each.id).c_str());
  }
}

}  // namespace conformance
