// report.hpp - results as files: index.json and a file for each case in the Autobahn test suite's
// format, and an HTML page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/result.hpp"
#include "report/json.hpp"

namespace conformance {

/// Returns the agent's name as it is used in file names.
[[nodiscard]] std::string slug_of(const std::string& agent);
[[nodiscard]] std::string report_file_of(const std::string& agent, const std::string& id);

[[nodiscard]] Json index_entry(const Result& result);
[[nodiscard]] Json case_report(const Result& result);
/// Returns the data of an agent for the page.
[[nodiscard]] Json page_data(const std::string& agent, const std::vector<Result>& results);

/// Writes all files of one agent and renews index.json and index.html over all agents in `folder`.
/// Throws std::runtime_error if a file cannot be written.
void write_reports(const std::filesystem::path& folder, const std::string& agent,
                   const std::vector<Result>& results);

/// Returns the number of results of each behaviour as text, and every case that does not pass.
[[nodiscard]] std::string summary_table(const std::vector<Result>& results);

}  // namespace conformance
