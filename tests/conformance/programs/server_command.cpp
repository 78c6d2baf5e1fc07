// server_command.cpp - wsconform server: judges an echo server, several cases at a time.
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/run_case.hpp"
#include "programs/conclusion.hpp"
#include "programs/progress.hpp"

namespace conformance {
namespace {

using Settings = ServerCommand::Settings;

/// Several threads run the cases until none is left or a connection cannot be made.
class Run {
 public:
  Run(const Settings& settings, Cases cases)
      : settings_(settings),
        url_(parse_url(settings.url)),
        tls_(url_.tls ? client_tls(settings.ca_file, settings.insecure) : nullptr),
        cases_(std::move(cases)),
        progress_(cases_.size(), settings.run.quiet),
        results_(cases_.size()) {}

  std::vector<Result> all() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < settings_.jobs; ++i) threads.emplace_back([this] { work(); });
    }
    progress_.end();
    if (failure_) std::rethrow_exception(failure_);
    if (settings_.jobs > 1) judge_late_ones_again();
    return std::move(results_);
  }

 private:
  void work() {
    try {
      for (;;) {
        const std::size_t index = next_++;
        if (index >= cases_.size()) return;
        Result result = run(index);
        const std::scoped_lock lock(mutex_);
        progress_.show(result);
        results_[index] = std::move(result);
      }
    } catch (const std::exception&) {
      const std::scoped_lock lock(mutex_);
      failure_ = std::current_exception();
      next_ = cases_.size();
    }
  }

  /// Beside other cases a reaction may have to wait for a processor, of the server or of this
  /// suite. By itself it is judged by the same limit.
  void judge_late_ones_again() {
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (results_[i].judgement.late) results_[i] = run(i);
    }
  }

  Result run(std::size_t index) {
    Result result = run(cases_[index]);
    result.agent = settings_.agent;
    result.number = index + 1;
    return result;
  }

  /// A server that was there and is not any more fails the cases that it keeps from running.
  Result run(const Case& tested) {
    try {
      Result result = run_as_client(tested, url_, tls_.get(), settings_.run.time_scale);
      was_there_ = true;
      return result;
    } catch (const LinkError& error) {
      if (!was_there_) throw;
      return failed_to_run(tested,
                           "The server cannot be reached any more: " + std::string(error.what()));
    }
  }

  const Settings& settings_;
  Url url_;
  TlsContext tls_;
  Cases cases_;
  Progress progress_;
  std::vector<Result> results_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> was_there_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

ServerCommand::ServerCommand(CLI::App& command) {
  command.add_option("url", settings_.url, "ws: or wss: URL of the server")->capture_default_str();
  command.add_option("--agent", settings_.agent, "Name in the reports; default: the URL");
  command.add_option("--jobs", settings_.jobs, "Cases at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_option("--ca", settings_.ca_file, "Authorities to trust, PEM");
  command.add_flag("--insecure", settings_.insecure, "Trust any certificate");
  add_run_options(command, settings_.run, "reports/servers");
}

int ServerCommand::run() {
  if (settings_.agent.empty()) settings_.agent = settings_.url;
  Cases cases = cases_of(settings_.run, Role::client);
  if (settings_.run.list) {
    list_cases(cases);
    return status::good;
  }
  Conclusion conclusion(settings_.run);
  conclusion.report(settings_.agent, Run(settings_, std::move(cases)).all());
  return conclusion.exit_status();
}

}  // namespace conformance
