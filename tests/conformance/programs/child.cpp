// child.cpp - starts and ends a process.
#include "programs/child.hpp"

#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace conformance {
namespace {

/// A process has two seconds to end when it is asked to.
constexpr std::chrono::milliseconds pause(20);
constexpr int patience = 100;

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const std::string& url) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (auto& word : words) {
    replace_all(word, "{url}", url);
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  const int error =
      ::posix_spawnp(&process_, arguments.front(), &actions, nullptr, arguments.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), command.front());
}

Child::~Child() {
  if (process_ < 0) return;
  ::kill(process_, SIGTERM);
  for (int i = 0; i < patience && !ended(); ++i) std::this_thread::sleep_for(pause);
  if (ended()) return;
  ::kill(process_, SIGKILL);
  (void)::waitpid(process_, nullptr, 0);
}

bool Child::ended() {
  if (process_ < 0) return true;
  if (::waitpid(process_, nullptr, WNOHANG) != process_) return false;
  process_ = -1;
  return true;
}

}  // namespace conformance
