// conclusion.hpp - reports of the results of one agent, and the exit status that they mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "programs/wsconform_options.hpp"
#include "report/outcome.hpp"

namespace conformance {

/// Writes and prints the results of agents, each as the options say.
class Conclusion {
 public:
  /// Reads the baseline. Throws std::runtime_error.
  explicit Conclusion(const RunOptions& options);

  /// Reports an agent. Throws std::runtime_error if a file cannot be written.
  void report(const std::string& agent, const std::vector<Result>& results);

  /// good if all agents so far were; unreachable if there was none, usage if a file was not
  /// written.
  [[nodiscard]] int exit_status() const noexcept;

 private:
  void print(const std::string& agent, const std::vector<Result>& results) const;

  const RunOptions& options_;
  std::optional<Baseline> baseline_;
  bool good_ = true;
  bool written_ = true;
  std::size_t agents_ = 0;
};

}  // namespace conformance
