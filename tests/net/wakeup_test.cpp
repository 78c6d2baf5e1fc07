// net/wakeup.cpp: a descriptor that another thread makes readable to wake a loop.
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "support/sockets.hpp"
#include <wirespan/net/wakeup.hpp>

namespace wirespan::test {
namespace {

using net::Wakeup;

bool is_readable(const Wakeup& wakeup, int milliseconds = 0) {
  pollfd entry{.fd = wakeup.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, milliseconds) == 1;
}

TEST(Wakeup, is_quiet_until_somebody_notifies) {
  Wakeup wakeup;
  EXPECT_FALSE(is_readable(wakeup));
  wakeup.notify();
  EXPECT_TRUE(is_readable(wakeup));
  EXPECT_TRUE(is_readable(wakeup)) << "until it is drained";
  wakeup.drain();
  EXPECT_FALSE(is_readable(wakeup));
}

TEST(Wakeup, many_notifications_are_one) {
  Wakeup wakeup;
  for (int i = 0; i < 1000; ++i) wakeup.notify();
  wakeup.drain();
  EXPECT_FALSE(is_readable(wakeup));
}

TEST(Wakeup, draining_without_a_notification_does_not_block) {
  Wakeup wakeup;
  wakeup.drain();
  wakeup.drain();
  wakeup.notify();
  EXPECT_TRUE(is_readable(wakeup));
}

TEST(Wakeup, leaves_errno_alone) {
  Wakeup wakeup;
  errno = 123;
  wakeup.notify();
  EXPECT_EQ(errno, 123);
}

TEST(Wakeup, reaches_a_thread_that_waits) {
  Wakeup wakeup;
  std::thread other([&] { wakeup.notify(); });
  EXPECT_TRUE(is_readable(wakeup, 10'000));
  other.join();
}

TEST(Wakeup, serves_many_threads_at_once) {
  Wakeup wakeup;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) wakeup.notify();
    });
  }
  for (int n = 0; n < 100; ++n) wakeup.drain();
  for (std::thread& thread : threads) thread.join();
  wakeup.notify();
  EXPECT_TRUE(is_readable(wakeup));
  wakeup.drain();
  EXPECT_FALSE(is_readable(wakeup));
}

Wakeup* notified_by_signal = nullptr;

TEST(Wakeup, may_be_used_in_a_signal_handler) {
  Wakeup wakeup;
  notified_by_signal = &wakeup;
  struct sigaction action {};
  action.sa_handler = [](int) { notified_by_signal->notify(); };
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  ::raise(SIGUSR1);
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(is_readable(wakeup));
}

TEST(Wakeup, closes_its_descriptor_and_leaves_none_to_programs_it_starts) {
  int fd = -1;
  {
    const Wakeup wakeup;
    fd = wakeup.fd();
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_FALSE(is_open_descriptor(fd));
}

}  // namespace
}  // namespace wirespan::test
