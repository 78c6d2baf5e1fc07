// WebSocketServer with several threads shares its port between its own loops and with no other
// server.
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/running_server.hpp"
#include <wirespan/app/exceptions.hpp>

namespace wirespan::test {
namespace {

std::error_code error_of_listening(std::uint16_t port, int threads) {
  try {
    (void)WebSocketServer({.port = port, .threads = threads}, {}).listen();
  } catch (const WebSocketException& exception) {
    return exception.code();
  }
  return {};
}

/// Returns error_of_listening() of a forked process.
std::errc error_in_another_process(std::uint16_t port, int threads) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(error_of_listening(port, threads).value());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return static_cast<std::errc>(WEXITSTATUS(status));
}

class PortSharing : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Threads, PortSharing, ::testing::Values(1, 3));

TEST_P(PortSharing, a_second_server_cannot_have_the_port) {
  WebSocketServer first({.threads = GetParam()}, {});
  const std::uint16_t port = first.listen();
  for (const int threads : {1, 3}) {
    EXPECT_EQ(error_of_listening(port, threads), std::errc::address_in_use) << threads;
  }
}

TEST_P(PortSharing, a_server_in_another_process_cannot_have_the_port) {
  WebSocketServer first({.threads = GetParam()}, {});
  const std::uint16_t port = first.listen();
  for (const int threads : {1, 3}) {
    EXPECT_EQ(error_in_another_process(port, threads), std::errc::address_in_use) << threads;
  }
}

/// Another program may take the port meanwhile, but not ten ports in a row.
TEST_P(PortSharing, the_port_is_free_again_after_its_server_has_gone) {
  const auto is_free_again = [&] {
    std::uint16_t port = 0;
    {
      WebSocketServer first({.threads = GetParam()}, {});
      port = first.listen();
    }
    return !error_of_listening(port, 3) && error_in_another_process(port, 3) == std::errc{};
  };
  bool was_free = false;
  for (int i = 0; i < 10 && !was_free; ++i) was_free = is_free_again();
  EXPECT_TRUE(was_free);
}

}  // namespace
}  // namespace wirespan::test
