// broken_endpoint.cpp - an echo server, or a client to be judged, with one flaw on purpose.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>

#include <CLI/CLI.hpp>
#include <sys/socket.h>

#include "broken/endpoint.hpp"
#include "engine/handshake.hpp"
#include "engine/run_case.hpp"

namespace {

using namespace conformance;

constexpr milliseconds patience{20'000};  // longer than any case that it is used for

constexpr milliseconds quiet_time{150};

/// True if no input comes for 150 ms.
bool is_quiet(const Link& link) {
  const auto end = deadline_in(quiet_time, 1);
  link.wait(false, end);
  return Clock::now() >= end;
}

/// Drives an Endpoint from the end of the handshake to the end of the connection.
void converse(Link& link, Role role, Flaw flaw, const Octets& early, Octets* first_message) {
  Endpoint endpoint(role, flaw);
  endpoint.receive(early);
  const auto deadline = deadline_in(patience, 1);
  while (Clock::now() < deadline) {
    const bool settled = flaw != Flaw::echoes_late || endpoint.over() || is_quiet(link);
    if (settled && !write_all(link, endpoint.take_output(), 0, deadline)) return;
    if (endpoint.over()) break;
    Octets input;
    const Io how = link.read(input);
    if (how == Io::ended || how == Io::broken) return;
    if (first_message != nullptr) *first_message += input;
    endpoint.receive(input);
    if (how == Io::again) link.wait(false, deadline);
  }
  link.end_output();
  // Reads until the peer's end: unread input would make the kernel reset the connection, and the
  // peer might lose the Close frame.
  const auto end = deadline_in(milliseconds(role == Role::client ? 1000 : 50), 1);
  Octets rest;
  for (Io how = Io::again; (how == Io::again || how == Io::done) && Clock::now() < end;) {
    how = link.read(rest);
    if (how == Io::again) link.wait(false, end);
  }
}

void serve_one(int fd, Flaw flaw) {
  Link link = Link::accepted(UniqueFd(fd), nullptr, deadline_in(patience, 1));
  const auto request = read_request(link, 1);
  if (!request) return;
  const HandshakeFacts facts{.host = {},
                             .target = {},
                             .key = request->head.field("sec-websocket-key").value_or(""),
                             .extensions = {}};
  write_all(link, ordinary_response(facts), 0, deadline_in(patience, 1));
  converse(link, Role::server, flaw, request->early, nullptr);
}

void serve(Flaw flaw) {
  std::uint16_t port = 0;
  const UniqueFd listener = listen_on_loopback(port);
  std::printf("listening on ws://127.0.0.1:%u/\n", unsigned{port});
  std::fflush(stdout);
  for (;;) {
    const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(serve_one, fd, flaw).detach();
  }
}

/// Requests a resource and echoes; returns the octets of the answer, frame headers included.
Octets visit(const Url& url, const std::string& target, Flaw flaw) {
  Link link = Link::connect(url.host, url.port, nullptr, deadline_in(patience, 1));
  const HandshakeFacts facts{.host = url.host + ":" + url.port,
                             .target = target,
                             .key = random_websocket_key(),
                             .extensions = {}};
  Facts ignored;
  const auto outcome = open_as_client(link, {}, facts, 1, ignored);
  Octets received = outcome.early;
  if (outcome.open) converse(link, Role::client, flaw, outcome.early, &received);
  return received;
}

void be_judged(const Url& url, const std::string& agent, Flaw flaw, int jobs) {
  // The answer is one short text frame, whose payload begins after two octets.
  const Octets count = visit(url, "/getCaseCount", Flaw::none);
  const int cases = std::atoi(count.substr(std::min<std::size_t>(2, count.size())).c_str());
  std::atomic<int> next = 1;
  std::vector<std::thread> threads;
  for (int i = 0; i < jobs; ++i) {
    threads.emplace_back([&] {
      for (int number = next++; number <= cases; number = next++) {
        visit(url, "/runCase?case=" + std::to_string(number) + "&agent=" + agent, flaw);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  visit(url, "/updateReports?agent=" + agent, Flaw::none);
}

int run(int argc, char** argv) {
  std::map<std::string, Flaw> flaws;
  for (const auto& each : flaw_names) flaws.emplace(each.name, each.flaw);
  Flaw flaw = Flaw::none;
  std::string url;
  std::string agent = "broken";
  int jobs = 1;
  bool list = false;

  CLI::App cli("Echoes with a flaw: as a server, or as a client of --url.");
  cli.add_option("--flaw", flaw, "What it does wrong")
      ->transform(CLI::CheckedTransformer(flaws, CLI::ignore_case));
  cli.add_option("--url", url, "Be a client and let this server judge");
  cli.add_option("--agent", agent, "Name in the reports")->capture_default_str();
  cli.add_option("--jobs", jobs, "Cases at a time, as a client")->capture_default_str();
  cli.add_flag("--list", list, "Only show the flaws");
  CLI11_PARSE(cli, argc, argv);

  if (list) {
    for (const auto& each : flaw_names) std::printf("%s\n", each.name);
  } else if (url.empty()) {
    serve(flaw);
  } else {
    be_judged(parse_url(url), agent, flaw, jobs);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "broken_endpoint: %s\n", error.what());
    return 2;
  }
}
