// judge_server.hpp - the resources through which a client runs the cases and asks for reports.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cases/cases.hpp"
#include "engine/run_case.hpp"

namespace conformance {

/// Holds the cases and the results of all agents. Thread-safe: each connection is served on a
/// thread of its own.
class JudgeServer {
 public:
  /// The functions are called one at a time, by any thread.
  struct Settings {
    double time_scale = 1;
    std::function<void(const Result& result)> on_result{};  ///< A case is over.
    /// An agent has asked for its reports, with all its results.
    std::function<void(const std::string& agent, const std::vector<Result>& results)> on_report{};
  };

  JudgeServer(Settings settings, Cases cases);

  /// Serves one connection, from the request to its end. True if the program has to end.
  [[nodiscard]] bool serve(Link link);

  /// Reports the agents that have run cases since they were last reported.
  void report_the_rest();

 private:
  /// Results of one agent by case id.
  using AgentResults = std::map<std::string, Result, decltype(&id_less)>;

  /// Counts a running case of an agent, from its request to its verdict.
  class Running {
   public:
    Running(JudgeServer& server, std::string agent);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    JudgeServer& server_;
    std::string agent_;
  };

  void run_case(Link& link, const ClientRequest& request, const Target& target);
  void send_text(Link& link, const ClientRequest& request, const std::string& text) const;
  void say_goodbye(Link& link, const ClientRequest& request) const;
  void refuse(Link& link, const std::string& why) const;
  void await_verdicts(const std::string& agent);
  void update_reports(const std::string& agent);
  [[nodiscard]] const Case* case_of(const Target& target, std::size_t& number) const;
  [[nodiscard]] std::string status_of(const std::string& agent, const std::string& id);
  [[nodiscard]] std::vector<Result> results_of(const std::string& agent) const;

  Settings settings_;
  Cases cases_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, AgentResults> results_;
  std::map<std::string, int> running_;
  std::set<std::string> unreported_;
};

}  // namespace conformance
