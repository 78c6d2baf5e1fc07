// conformance_client.cpp - judges an echo server.
#include <atomic>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>

#include <CLI/CLI.hpp>

#include "cases/cases.hpp"
#include "engine/run_case.hpp"
#include "programs/progress.hpp"
#include "report/report.hpp"

namespace {

using namespace conformance;

struct Settings {
  std::string url = "ws://127.0.0.1:9001";
  std::string agent;
  std::string cases = default_patterns;
  std::string excluded;
  std::string folder = "reports/servers";
  std::string ca_file;
  std::size_t jobs = 1;
  double time_scale = 1;
  bool insecure = false;
  bool list = false;
};

/// Several threads run the cases until none is left or a connection cannot be made.
class Run {
 public:
  Run(const Settings& settings, Cases cases)
      : settings_(settings),
        url_(parse_url(settings.url)),
        tls_(url_.tls ? client_tls(settings.ca_file, settings.insecure) : nullptr),
        cases_(std::move(cases)),
        progress_(cases_.size()),
        results_(cases_.size()) {}

  std::vector<Result> all() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < settings_.jobs; ++i) threads.emplace_back([this] { work(); });
    }
    progress_.end();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(results_);
  }

 private:
  void work() {
    try {
      for (;;) {
        const std::size_t index = next_++;
        if (index >= cases_.size()) return;
        Result result = run_as_client(cases_[index], url_, tls_.get(), settings_.time_scale);
        result.agent = settings_.agent;
        result.number = index + 1;
        const std::scoped_lock lock(mutex_);
        progress_.show(++done_, result);
        results_[index] = std::move(result);
      }
    } catch (const std::exception&) {
      const std::scoped_lock lock(mutex_);
      failure_ = std::current_exception();
      next_ = cases_.size();
    }
  }

  const Settings& settings_;
  Url url_;
  TlsContext tls_;
  Cases cases_;
  Progress progress_;
  std::vector<Result> results_;
  std::atomic<std::size_t> next_ = 0;
  std::size_t done_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

int list_cases(const Cases& cases) {
  for (const auto& each : cases) {
    std::printf("%-9s %s\n", each.id.c_str(), each.description.c_str());
  }
  return 0;
}

int run(int argc, char** argv) {
  Settings settings;
  CLI::App cli("Judges a WebSocket server that echoes. Ends with 1 if a case does not pass.");
  cli.add_option("url", settings.url, "ws: or wss: URL of the server")->capture_default_str();
  cli.add_option("--agent", settings.agent, "Name in the reports; default: the URL");
  cli.add_option("--cases", settings.cases, "Patterns, with commas between: 1.*,6.2.3,W*")
      ->capture_default_str();
  cli.add_option("--exclude", settings.excluded, "Patterns of cases to leave out");
  cli.add_option("--jobs", settings.jobs, "Cases at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  cli.add_option("--outdir", settings.folder, "Folder of the reports")->capture_default_str();
  cli.add_option("--ca", settings.ca_file, "Authorities to trust, PEM");
  cli.add_flag("--insecure", settings.insecure, "Trust any certificate");
  cli.add_option("--time-scale", settings.time_scale, "Factor of all time limits")
      ->check(CLI::PositiveNumber);
  cli.add_flag("--list", settings.list, "Only show the cases");
  CLI11_PARSE(cli, argc, argv);

  if (settings.agent.empty()) settings.agent = settings.url;
  Cases cases = select(all_cases(), Role::client, patterns_of(settings.cases),
                       patterns_of(settings.excluded));
  if (settings.list) return list_cases(cases);
  const auto results = Run(settings, std::move(cases)).all();
  write_reports(settings.folder, settings.agent, results);
  std::printf("%s: %zu cases\n%s", settings.agent.c_str(), results.size(),
              summary_table(results).c_str());
  return std::ranges::all_of(results,
                             [](const Result& each) {
                               return passes(each.judgement.behavior) &&
                                      passes(each.judgement.close);
                             })
             ? 0
             : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conformance_client: %s\n", error.what());
    return 2;
  }
}
