// outcome.cpp - compares with earlier results; JUnit and JSON.
#include "report/outcome.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace conformance {
namespace {

std::pair<std::string, std::string> verdicts_of(const Result& result) {
  return {name_of(result.judgement.behavior), name_of(result.judgement.close)};
}

std::string reason_of(const Result& result) {
  std::string reason = result.judgement.result;
  if (!result.judgement.close_result.empty()) reason += " " + result.judgement.close_result;
  return reason;
}

std::string in_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool control = value_of(c) < 0x20 || value_of(c) == 0x7F;
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += control ? ' ' : c;
    }
  }
  return out;
}

std::string seconds(double milliseconds) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.3f", milliseconds / 1000);
  return text.data();
}

std::string junit_case(const std::string& agent, const Result& result,
                       const std::optional<Baseline>& baseline) {
  const std::string group = result.id.substr(0, result.id.find('.'));
  std::string out = "  <testcase classname=\"" + in_xml(agent) + "." + group + "\" name=\"" +
                    in_xml(result.id + " " + result.description) + "\" time=\"" +
                    seconds(result.facts.duration) + "\"";
  const auto flaw = flaw_of(result, baseline);
  if (!flaw) return out + "/>\n";
  return out + ">\n    <failure message=\"" + in_xml(*flaw) + "\">" + in_xml(reason_of(result)) +
         "</failure>\n  </testcase>\n";
}

}  // namespace

Baseline read_baseline(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file);
  Baseline baseline;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto words = split(line, '\t');
    if (words.size() != 3) {
      throw std::runtime_error(file + " line " + std::to_string(number) +
                               ": not a case, a behaviour and a close with tabs between");
    }
    baseline[words[0]] = {words[1], words[2]};
  }
  return baseline;
}

void write_baseline(const std::string& file, const std::vector<Result>& results) {
  std::string text = "# wsconform: case, behaviour, close\n";
  for (const auto& result : results) {
    const auto [behavior, close] = verdicts_of(result);
    text.append(result.id).append("\t").append(behavior).append("\t").append(close).append("\n");
  }
  write_text(file, text);
}

std::optional<std::string> flaw_of(const Result& result, const std::optional<Baseline>& baseline) {
  const auto found = verdicts_of(result);
  const std::string text = found.first + " / " + found.second;
  if (!baseline) {
    const bool good = passes(result.judgement.behavior) && passes(result.judgement.close);
    return good ? std::nullopt : std::optional(text);
  }
  const auto before = baseline->find(result.id);
  if (before == baseline->end()) return text + ", not in the baseline";
  if (before->second == found) return std::nullopt;
  return text + ", in the baseline " + before->second.first + " / " + before->second.second;
}

std::string junit_of(const std::string& agent, const std::vector<Result>& results,
                     const std::optional<Baseline>& baseline) {
  std::string cases;
  std::size_t failures = 0;
  double time = 0;
  for (const auto& result : results) {
    cases += junit_case(agent, result, baseline);
    failures += flaw_of(result, baseline) ? 1 : 0;
    time += result.facts.duration;
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" + in_xml(agent) +
         "\" tests=\"" + std::to_string(results.size()) + "\" failures=\"" +
         std::to_string(failures) + "\" time=\"" + seconds(time) + "\">\n" + cases +
         "</testsuite>\n";
}

Json summary_json(const std::string& agent, const std::vector<Result>& results,
                  const std::optional<Baseline>& baseline) {
  std::map<std::string, int> behaviors;
  std::map<std::string, int> closes;
  Json::Object flaws;
  for (const auto& result : results) {
    ++behaviors[name_of(result.judgement.behavior)];
    ++closes[name_of(result.judgement.close)];
    if (const auto flaw = flaw_of(result, baseline)) flaws[result.id] = *flaw;
  }
  const bool passed = flaws.empty();
  const auto object_of = [](const std::map<std::string, int>& counts) {
    Json::Object object;
    for (const auto& [name, count] : counts) object[name] = count;
    return object;
  };
  return Json::Object{{"agent", agent},
                      {"cases", results.size()},
                      {"behavior", object_of(behaviors)},
                      {"behaviorClose", object_of(closes)},
                      {"flaws", std::move(flaws)},
                      {"passed", passed}};
}

void write_text(const std::string& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  if (!stream.flush()) throw std::runtime_error("cannot write " + file);
}

}  // namespace conformance
