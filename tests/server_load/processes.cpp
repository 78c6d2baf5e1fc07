// processes.cpp - processes of a load program: their line, their limits, their verdict.
#include "processes.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wirespan::test {
namespace {

bool failed = false;

}  // namespace

void Line::tell(std::uint64_t number) {
  if (::send(fd_.get(), &number, sizeof number, MSG_NOSIGNAL) != sizeof number) {
    throw std::runtime_error("the other process has gone");
  }
}

std::uint64_t Line::hear(std::chrono::seconds time) {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  if (::poll(&waiting, 1, static_cast<int>(patience)) <= 0) {
    throw std::runtime_error("the other process says nothing");
  }
  std::uint64_t number = 0;
  if (::recv(fd_.get(), &number, sizeof number, MSG_WAITALL) != sizeof number) {
    throw std::runtime_error("the other process has gone");
  }
  return number;
}

Child::Child(const std::function<void(Line&)>& body) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error("no socket pair");
  }
  std::fflush(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  if (pid_ > 0) {
    ::close(ends[1]);
    line_ = Line(ends[0]);
    return;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::close(ends[0]);
  Line line(ends[1]);
  int status = 0;
  try {
    body(line);
  } catch (const std::exception& error) {
    std::printf("clients: %s\n", error.what());
    status = 1;
  }
  std::fflush(nullptr);
  ::_exit(status);
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Child::join() {
  int status = 0;
  const bool waited = ::waitpid(pid_, &status, 0) == pid_;
  pid_ = -1;
  return waited && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void need_descriptors(std::size_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return;
  limit.rlim_cur = count;
  if (limit.rlim_max < count) limit.rlim_max = count;  // only root may raise it
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  std::printf("this needs %zu descriptors, and the hard limit (ulimit -Hn) is lower\n", count);
  std::exit(2);
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t argument(int argc, char** argv, int n, std::size_t otherwise) {
  return argc > n ? std::strtoul(argv[n], nullptr, 10) : otherwise;
}

void require(bool holds, const std::string& what) {
  std::printf("%s: %s\n", holds ? "holds" : "FAILS", what.c_str());
  std::fflush(stdout);
  failed |= !holds;
}

int verdict() { return failed ? 1 : 0; }

}  // namespace wirespan::test
