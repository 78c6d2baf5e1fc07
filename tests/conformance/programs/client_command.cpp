// client_command.cpp - wsconform client: judges any client that drives itself through
// /getCaseCount, /runCase and /updateReports, as the Autobahn test suite's clients do.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <list>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

#include "programs/child.hpp"
#include "programs/conclusion.hpp"
#include "programs/judge_server.hpp"
#include "programs/progress.hpp"

namespace conformance {
namespace {

using Settings = ClientCommand::Settings;

constexpr milliseconds accept_time{5000};
constexpr int poll_interval = 100;  // milliseconds until a request to stop is noticed

std::atomic<bool> stop_wanted = false;

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
      std::fprintf(stderr, "wsconform: %s\n", error.what());
    }
  }

  JudgeServer& judge_;
  SSL_CTX* tls_;
  double time_scale_;
  std::list<Connection> connections_;
};

/// Serves until a client or a signal asks for the end, or the client that was started has ended.
void serve(const Settings& settings, JudgeServer& judge) {
  const TlsContext tls = settings.tls ? server_tls(settings.certificate, settings.key) : nullptr;
  std::uint16_t port = settings.port;
  const UniqueFd listener = listen_on_loopback(port);
  const std::string url =
      std::string(settings.tls ? "wss" : "ws") + "://127.0.0.1:" + std::to_string(port) + "/";
  std::optional<Child> child;
  if (settings.client.empty()) {
    std::printf("listening on %s\n", url.c_str());
    std::fflush(stdout);
  } else {
    child.emplace(settings.client, url);
  }
  Connections connections(judge, tls.get(), settings.run.time_scale);
  while (!stop_wanted && !(child && child->ended())) {
    pollfd entry{.fd = listener.get(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, poll_interval) <= 0) continue;
    UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.valid()) connections.add(std::move(fd));
  }
}

}  // namespace

ClientCommand::ClientCommand(CLI::App& command) {
  command.add_option("--port", settings_.port, "Port; 0 picks a free one")->capture_default_str();
  auto* tls = command.add_flag("--tls", settings_.tls, "Serve wss:");
  command.add_option("--certificate", settings_.certificate, "Certificate chain, PEM")->needs(tls);
  command.add_option("--key", settings_.key, "Private key, PEM")->needs(tls);
  command.add_option("client", settings_.client,
                     "Behind --: a client to start, with its arguments; {url} is the server");
  add_run_options(command, settings_.run, "reports/clients");
}

int ClientCommand::run() {
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { stop_wanted = true; });
  Cases cases = cases_of(settings_.run, Role::server);
  if (settings_.run.list) {
    list_cases(cases);
    return status::good;
  }
  Conclusion conclusion(settings_.run);
  Progress progress(cases.size(), settings_.run.quiet);
  JudgeServer judge({.time_scale = settings_.run.time_scale,
                     .on_result = [&](const Result& result) { progress.show(result); },
                     .on_report =
                         [&](const std::string& agent, const std::vector<Result>& results) {
                           progress.end();
                           conclusion.report(agent, results);
                         }},
                    std::move(cases));
  serve(settings_, judge);
  judge.report_the_rest();
  return conclusion.exit_status();
}

}  // namespace conformance
