// report.cpp - writes the files of a report, and the summary for the terminal.
#include "report/report.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "report/page.hpp"

namespace conformance {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> files_in(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

/// Joins the stored part of each agent as a member of one object, so that no part has to be parsed.
std::string joined_index(const fs::path& parts) {
  std::string out = "{\n";
  for (const auto& part : files_in(parts, ".part")) {
    if (out.size() > 2) out += ",\n";
    out += read_file(part);
  }
  return out + "\n}\n";
}

std::string page_over(const fs::path& parts) {
  std::string scripts;
  for (const auto& part : files_in(parts, ".js")) {
    scripts += "<script src=\"agents/" + part.filename().string() + "\"></script>\n";
  }
  std::string page(report_page);
  constexpr std::string_view mark = "<!-- agents -->";
  page.replace(page.find(mark), mark.size(), scripts);
  return page;
}

/// Escapes `<`: JSON may contain text that ends a script element.
std::string as_script(const std::string& json) {
  std::string out = "report.add(";
  for (const char c : json) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out + ");\n";
}

template <class Name>
void append_counts(std::string& out, const char* title, const std::vector<Result>& results,
                   Name name) {
  std::map<std::string, int> counts;
  for (const auto& result : results) ++counts[name(result)];
  out += title;
  for (const auto& [each, count] : counts) out += "  " + each + " " + std::to_string(count);
  out += '\n';
}

}  // namespace

void write_reports(const fs::path& folder, const std::string& agent,
                   const std::vector<Result>& results) {
  const fs::path parts = folder / "agents";
  fs::create_directories(parts);
  Json::Object entries;
  for (const auto& result : results) {
    entries[result.id] = index_entry(result);
    write_file(folder / report_file_of(agent, result.id), case_report(result).text(2) + "\n");
  }
  const std::string slug = slug_of(agent);
  write_file(parts / (slug + ".part"),
             Json(agent).text() + ": " + Json(std::move(entries)).text(2));
  write_file(parts / (slug + ".js"), as_script(page_data(agent, results).text()));
  write_file(folder / "index.json", joined_index(parts));
  write_file(folder / "index.html", page_over(parts));
}

std::string summary_table(const std::vector<Result>& results) {
  std::string out;
  append_counts(out, "behavior      ", results,
                [](const Result& each) { return name_of(each.judgement.behavior); });
  append_counts(out, "behaviorClose ", results,
                [](const Result& each) { return name_of(each.judgement.close); });
  for (const auto& each : results) {
    const auto& verdict = each.judgement;
    if (each.timed && each.id.starts_with("9.")) {
      std::array<char, 64> line{};
      std::snprintf(line.data(), line.size(), "%-8s %10.1f ms\n", each.id.c_str(),
                    each.facts.duration);
      out += line.data();
    }
    const bool strict = verdict.behavior != Behavior::non_strict;
    if (strict && passes(verdict.behavior) && passes(verdict.close)) continue;
    out += each.id + ": " + name_of(verdict.behavior) + " / " + name_of(verdict.close) + ": " +
           verdict.result + " " + verdict.close_result + "\n";
  }
  return out;
}

}  // namespace conformance
