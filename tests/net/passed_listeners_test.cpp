// net/passed_listeners.cpp: the sockets that a process is started with. sd_listen_fds(3).
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wirespan/net/passed_listeners.hpp>

namespace wirespan::test {
namespace {

struct Passing {
  const char* process;  // null: the variable is not set; "self": the number of the process
  const char* count;
  const char* names;
  int open;              // descriptors from 3 on
  std::string expected;  // "3=a 4=b", and "again" if a second call returns something
};

void set(const char* name, const char* value) {
  value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
}

std::string taken() {
  std::string text;
  for (const net::PassedListener& listener : net::passed_listeners()) {
    if (!text.empty()) text += " ";
    text += std::to_string(listener.descriptor) + "=" + listener.name;
    if ((::fcntl(listener.descriptor, F_GETFD) & FD_CLOEXEC) == 0) text += " stays open";
  }
  return text;
}

/// In a process of its own, whose descriptors from 3 on are as the row says.
int exit_status(const Passing& row) {
  for (int fd = 3; fd < 10; ++fd) ::close(fd);
  for (int i = 0; i < row.open; ++i) ::dup2(0, 3 + i);
  const std::string self = std::to_string(::getpid());
  const bool is_self = row.process != nullptr && row.process == std::string("self");
  set("LISTEN_PID", is_self ? self.c_str() : row.process);
  set("LISTEN_FDS", row.count);
  set("LISTEN_FDNAMES", row.names);
  if (taken() != row.expected) return 1;
  if (!taken().empty()) return 2;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    if (std::getenv(name) != nullptr) return 3;
  }
  return 0;
}

TEST(PassedListeners, are_those_that_the_variables_tell_this_process) {
  const std::vector<Passing> rows = {
      {"self", "2", "web:admin", 2, "3=web 4=admin"},
      {"self", "1", nullptr, 2, "3="},
      {"self", "2", "web", 2, "3=web 4="},
      {"self", "2", ":b:c", 2, "3= 4=b"},
      {"self", "0", "web", 1, ""},
      {"self", "5", "a:b", 2, "3=a 4=b"},
      {"self", "2147483644", "a", 1, "3=a"},
      {"self", "2147483645", "a", 1, ""},
      {"self", "-1", "a", 1, ""},
      {"self", "x", "a", 1, ""},
      {"self", "", "a", 1, ""},
      {"self", nullptr, "a", 1, ""},
      {"1", "1", "a", 1, ""},
      {"", "1", "a", 1, ""},
      {"self ", "1", "a", 1, ""},
      {"99999999999999999999", "1", "a", 1, ""},
      {nullptr, "1", "a", 1, ""},
      {nullptr, nullptr, nullptr, 1, ""},
  };
  for (const Passing& row : rows) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(exit_status(row));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0) << row.expected << (WIFEXITED(status) ? "" : " has crashed");
    EXPECT_TRUE(WIFEXITED(status));
  }
}

}  // namespace
}  // namespace wirespan::test
