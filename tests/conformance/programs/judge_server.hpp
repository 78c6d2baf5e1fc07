// judge_server.hpp - the resources through which a client runs the cases and asks for reports.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cases/cases.hpp"
#include "engine/run_case.hpp"

namespace conformance {

/// Holds the cases and the results of all agents. Thread-safe: each connection is served on a
/// thread of its own. Lives as long as conformance_server runs.
class JudgeServer {
 public:
  struct Settings {
    std::string folder;
    double time_scale = 1;
    bool quiet = false;
  };

  JudgeServer(Settings settings, Cases cases);

  /// Serves one connection, from the request to its end. True if the program has to end.
  [[nodiscard]] bool serve(Link link);

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
  [[nodiscard]] std::vector<Result> results_of(const std::string& agent);

  Settings settings_;
  Cases cases_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, AgentResults> results_;
  std::map<std::string, int> running_;
};

}  // namespace conformance
