// conformance_server.cpp - judges any client that drives itself through /getCaseCount, /runCase and
// /updateReports, as the Autobahn test suite's clients do.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <list>
#include <thread>

#include <CLI/CLI.hpp>
#include <poll.h>
#include <sys/socket.h>

#include "programs/judge_server.hpp"
#include "programs/progress.hpp"

namespace {

using namespace conformance;

constexpr milliseconds accept_time{5000};
constexpr int poll_interval = 100;  // milliseconds until a request to stop is noticed

std::atomic<bool> stop_wanted = false;

struct Settings {
  std::uint16_t port = 9001;
  bool tls = false;
  std::string certificate;
  std::string key;
  std::string cases = default_patterns;
  std::string excluded;
  JudgeServer::Settings judge{.folder = "reports/clients"};
};

/// A thread for each connection; finished threads are joined when new connections come.
class Connections {
 public:
  Connections(JudgeServer& judge, SSL_CTX* tls, double time_scale)
      : judge_(judge), tls_(tls), time_scale_(time_scale) {}

  void add(UniqueFd fd) {
    connections_.remove_if([](const Connection& each) { return each.over.load(); });
    auto& added = connections_.emplace_back();
    added.thread = std::jthread([this, &added, socket = fd.release()] {
      serve(UniqueFd(socket));
      added.over = true;
    });
  }

 private:
  struct Connection {
    std::atomic<bool> over = false;
    std::jthread thread;
  };

  void serve(UniqueFd fd) {
    try {
      Link link = Link::accepted(std::move(fd), tls_, deadline_in(accept_time, time_scale_));
      if (judge_.serve(std::move(link))) stop_wanted = true;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "conformance_server: %s\n", error.what());
    }
  }

  JudgeServer& judge_;
  SSL_CTX* tls_;
  double time_scale_;
  std::list<Connection> connections_;
};

void serve(Settings settings) {
  JudgeServer judge(settings.judge, select(all_cases(), Role::server, patterns_of(settings.cases),
                                           patterns_of(settings.excluded)));
  const TlsContext tls = settings.tls ? server_tls(settings.certificate, settings.key) : nullptr;
  const UniqueFd listener = listen_on_loopback(settings.port);
  std::printf("listening on %s://127.0.0.1:%u/\n", settings.tls ? "wss" : "ws",
              unsigned{settings.port});
  std::fflush(stdout);
  Connections connections(judge, tls.get(), settings.judge.time_scale);
  while (!stop_wanted) {
    pollfd entry{.fd = listener.get(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, poll_interval) <= 0) continue;
    UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.valid()) connections.add(std::move(fd));
  }
}

int run(int argc, char** argv) {
  Settings settings;
  CLI::App cli("Judges WebSocket clients that echo; listens on 127.0.0.1.");
  cli.add_option("--port", settings.port, "Port; 0 picks a free one")->capture_default_str();
  auto* tls = cli.add_flag("--tls", settings.tls, "Serve wss:");
  cli.add_option("--certificate", settings.certificate, "Certificate chain, PEM")->needs(tls);
  cli.add_option("--key", settings.key, "Private key, PEM")->needs(tls);
  cli.add_option("--cases", settings.cases, "Patterns, with commas between: 1.*,6.2.3,W*")
      ->capture_default_str();
  cli.add_option("--exclude", settings.excluded, "Patterns of cases to leave out");
  cli.add_option("--outdir", settings.judge.folder, "Folder of the reports")->capture_default_str();
  cli.add_option("--time-scale", settings.judge.time_scale, "Factor of all time limits")
      ->check(CLI::PositiveNumber);
  cli.add_flag("--quiet", settings.judge.quiet, "No table on standard output");
  CLI11_PARSE(cli, argc, argv);
  serve(std::move(settings));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { stop_wanted = true; });
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conformance_server: %s\n", error.what());
    return 2;
  }
}
