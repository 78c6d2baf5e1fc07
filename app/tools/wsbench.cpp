// wsbench.cpp - loads a WebSocket server. See app/guide/wsbench.md.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "wsbench_options.hpp"
#include "wsbench_report.hpp"
#include "wsbench_worker.hpp"
#include <wirespan/app/exceptions.hpp>

namespace wsbench {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> interrupted{false};

void on_signal(int) { interrupted = true; }

/// As many descriptors as the system gives, for as many connections.
void lift_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Throws for what a run would refuse: a malformed URL, header or proxy.
void check(const Options& options) {
  wirespan::net::EventLoop loop;
  wirespan::WebSocketApp app(options.url, {}, options.app);
  app.start(loop, options.run);
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    for (std::size_t i = 0; i < options.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(options, i));
    }
  }

  [[nodiscard]] Results run() {
    const bool all_settled = options_.mode == Mode::connect || settle();
    const TimePoint start = Clock::now();
    begin_ = start + options_.warm_up;
    end_ = all_settled ? begin_ + options_.time : start;
    for (const auto& worker : workers_) worker->load(start, begin_, end_);
    watch(start);
    return collect();
  }

 private:
  [[nodiscard]] Glance glance() const {
    Glance sum;
    for (const auto& worker : workers_) {
      const Glance one = worker->glance();
      sum.open += one.open;
      sum.settled += one.settled;
      sum.ended += one.ended;
      sum.messages += one.messages;
      sum.recent.add(one.recent);
    }
    return sum;
  }

  /// Waits until each connection has opened or failed. False if none is open, or after Ctrl+C.
  bool settle() {
    for (Glance now = glance(); now.settled < options_.connections; now = glance()) {
      if (interrupted) return false;
      say("connecting: %zu of %zu", now.open, options_.connections);
      std::this_thread::sleep_for(50ms);
    }
    return glance().open > 0;
  }

  /// Waits for the end of the load; brings it forward when nothing is left to load.
  void watch(TimePoint start) {
    std::uint64_t before = 0;
    for (TimePoint now = Clock::now(); now < end_; now = Clock::now()) {
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(end_ - now, 250ms));
      const Glance seen = glance();
      tell(seen, seen.messages - before, Clock::now() - start);
      before = seen.messages;
      if (Clock::now() >= end_ || (!interrupted && seen.ended < options_.connections)) continue;
      end_ = Clock::now();
      for (const auto& worker : workers_) worker->load(start, begin_, end_);
    }
    say("%s", "");
  }

  void tell(const Glance& seen, std::uint64_t messages, std::chrono::nanoseconds time) const {
    const double whole = std::chrono::duration<double>(options_.warm_up + options_.time).count();
    say("%.1f of %.1f s   %zu open   %.0f messages/s   p99 %s",
        std::chrono::duration<double>(time).count(), whole, seen.open,
        static_cast<double>(messages) * 4, time_text(seen.recent.quantile(0.99)).c_str());
  }

  /// Writes the line of progress, on a terminal only.
  template <class... Values>
  void say(const char* format, Values... values) const {
    if (options_.quiet || ::isatty(STDERR_FILENO) == 0) return;
    std::fputs("\r\x1b[K", stderr);
    std::fprintf(stderr, format, values...);
    std::fflush(stderr);
  }

  [[nodiscard]] Results collect() {
    Results sum = workers_.front()->finish();
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      const Results one = workers_[i]->finish();
      sum.add(one);
      sum.own_cpu += one.own_cpu;
    }
    sum.seconds = std::max(0.0, std::chrono::duration<double>(end_ - begin_).count());
    const double thread_time = sum.seconds * 1e9 * static_cast<double>(workers_.size());
    sum.own_cpu = thread_time > 0 ? sum.own_cpu / thread_time : 0;
    return sum;
  }

  const Options& options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  TimePoint begin_{};
  TimePoint end_{};
};

int status_of(const Results& results) {
  if (interrupted) return status::interrupted;
  if (results.opened == 0) return status::unreachable;
  const bool good = results.not_connected + results.lost + results.wrong + results.unanswered == 0;
  return good ? status::good : status::flawed;
}

/// False if the report cannot be written.
bool write_page(const Options& options, const Results& results) {
  if (options.html.empty()) return true;
  std::ofstream file(options.html);
  file << html_of(options, results);
  file.close();
  if (file) return true;
  std::fprintf(stderr, "wsbench: cannot write %s\n", options.html.c_str());
  return false;
}

int run(const Options& options) {
  check(options);
  lift_descriptor_limit();
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  const Results results = Bench(options).run();
  std::fputs((options.json ? json_of(options, results) : text_of(options, results)).c_str(),
             stdout);
  if (!write_page(options, results) || std::fflush(stdout) != 0) return status::output;
  return status_of(results);
}

}  // namespace
}  // namespace wsbench

int main(int argc, char** argv) {
  try {
    const auto parsed = wsbench::parse_options(argc, argv);
    if (const int* status = std::get_if<int>(&parsed)) return *status;
    return wsbench::run(std::get<wsbench::Options>(parsed));
  } catch (const wirespan::WebSocketException& error) {
    std::fprintf(stderr, "wsbench: %s\n", error.what());
    return wsbench::status::usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wsbench: %s\n", error.what());
    return wsbench::status::flawed;
  }
}
