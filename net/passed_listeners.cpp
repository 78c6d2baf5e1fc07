// passed_listeners.cpp - reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. sd_listen_fds(3).
#include <algorithm>
#include <climits>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <wirespan/core/numeric_address.hpp>
#include <wirespan/net/passed_listeners.hpp>

namespace wirespan::net {
namespace {

constexpr int first_passed = 3;  // behind standard input, output and error

/// Returns the variable's text, and removes it from the environment.
std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value != nullptr ? value : "";
  ::unsetenv(name);
  return text;
}

/// Removes the name in front of ':' from the list, and the colon.
std::string take_name(std::string_view& names) {
  std::string name(names.substr(0, names.find(':')));
  names.remove_prefix(std::min(name.size() + 1, names.size()));
  return name;
}

}  // namespace

std::vector<PassedListener> passed_listeners() {
  const auto process = number_up_to(INT_MAX, take_variable("LISTEN_PID"));
  const auto count = number_up_to(INT_MAX - first_passed, take_variable("LISTEN_FDS"));
  const std::string all_names = take_variable("LISTEN_FDNAMES");
  std::vector<PassedListener> passed;
  if (!process || !count || *process != static_cast<unsigned>(::getpid())) return passed;
  std::string_view names = all_names;
  const int end = first_passed + static_cast<int>(*count);
  for (int descriptor = first_passed; descriptor < end; ++descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags < 0) break;  // there are fewer than LISTEN_FDS says
    (void)::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    passed.push_back({.descriptor = descriptor, .name = take_name(names)});
  }
  return passed;
}

}  // namespace wirespan::net
