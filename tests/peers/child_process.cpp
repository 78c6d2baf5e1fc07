// child_process.cpp - posix_spawn with two pipes, and lines read with a time limit.
#include "peers/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace wirespan::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Pipe {
  net::UniqueFd read;
  net::UniqueFd write;
};

/// Makes a pipe that other children do not inherit: they would keep it open after this end closes.
Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
  return {.read = net::UniqueFd(ends[0]), .write = net::UniqueFd(ends[1])};
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command) {
  Pipe to_child = make_pipe();
  Pipe from_child = make_pipe();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, to_child.read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, from_child.write.get(), STDOUT_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawnp(&id_, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw std::system_error(error, std::generic_category(),
                            command[0] + " (tests/peers/install.sh installs what is missing)");
  input_ = std::move(to_child.write);
  output_ = std::move(from_child.read);
}

ChildProcess::~ChildProcess() {
  input_ = net::UniqueFd();
  if (ends_within(milliseconds(2000))) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

bool ChildProcess::ends_within(milliseconds patience) const {
  const auto deadline = Clock::now() + patience;
  while (Clock::now() < deadline) {
    if (::waitpid(id_, nullptr, WNOHANG) == id_) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

std::optional<std::string> ChildProcess::read_line(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto rest = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    pollfd waiting{.fd = output_.get(), .events = POLLIN, .revents = 0};
    if (rest.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(rest.count())) <= 0) return {};
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(output_.get(), buffer.data(), buffer.size());
    if (size <= 0) return {};
    unread_.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace wirespan::test
