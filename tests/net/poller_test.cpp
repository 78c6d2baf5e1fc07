// net/epoll_poller.cpp, net/poll_poller.cpp: both back ends report the same readiness.
#include <array>
#include <climits>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "support/back_ends.hpp"
#include "support/plain_posix.hpp"
#include "support/sockets.hpp"
#include <wirespan/net/network.hpp>
#include <wirespan/net/pollers.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Interest;

struct Idle final : net::IoHandler {
  void on_ready(net::Readiness) override {}
};

class BothPollers : public ::testing::TestWithParam<net::Backend> {
 protected:
  std::unique_ptr<net::Poller> poller = net::system_network().make_poller(GetParam());
  SocketPair pair = tcp_pair();
  Idle handler;

  /// Returns the readiness of `handler` at this moment.
  net::Readiness ready() {
    net::Readiness all;
    for (const auto& one : poller->wait(0ns)) {
      EXPECT_EQ(one.handler, &handler);
      all = one.readiness;
    }
    return all;
  }
  void write_to_us() { ASSERT_EQ(::send(pair.theirs.get(), "x", 1, MSG_NOSIGNAL), 1); }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(BothPollers);

TEST_P(BothPollers, report_what_was_asked_for) {
  ASSERT_FALSE(poller->add(pair.ours.get(), Interest::read, handler));
  EXPECT_TRUE(poller->wait(0ns).empty());
  write_to_us();
  EXPECT_TRUE(ready().readable);
  EXPECT_FALSE(ready().writable) << "nobody asked";
  EXPECT_TRUE(ready().readable) << "level-triggered: until it is read";
  ASSERT_FALSE(poller->modify(pair.ours.get(), Interest::both, handler));
  EXPECT_TRUE(ready().readable);
  EXPECT_TRUE(ready().writable);
  ASSERT_FALSE(poller->modify(pair.ours.get(), Interest::write, handler));
  EXPECT_FALSE(ready().readable);
  EXPECT_TRUE(ready().writable);
  ASSERT_FALSE(poller->modify(pair.ours.get(), Interest::none, handler));
  EXPECT_TRUE(poller->wait(0ns).empty());
  poller->remove(pair.ours.get());
  EXPECT_TRUE(poller->wait(0ns).empty());
}

TEST_P(BothPollers, an_end_of_stream_is_readable) {
  ASSERT_FALSE(poller->add(pair.ours.get(), Interest::read, handler));
  pair.theirs = net::UniqueFd();
  const auto wait = poller->wait(10s);
  ASSERT_EQ(wait.size(), 1U);
  EXPECT_TRUE(wait.front().readiness.readable);
}

TEST_P(BothPollers, a_reset_is_reported_even_if_nothing_was_asked_for) {
  ASSERT_FALSE(poller->add(pair.ours.get(), Interest::none, handler));
  NonblockingPeer(std::move(pair.theirs)).reset();
  const auto wait = poller->wait(10s);
  ASSERT_EQ(wait.size(), 1U);
  EXPECT_TRUE(wait.front().readiness.failed);
}

TEST_P(BothPollers, wake_ends_a_wait_once) {
  poller->wake();
  poller->wake();
  EXPECT_TRUE(poller->wait(std::nullopt).empty()) << "it would wait for ever";
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(poller->wait(20ms).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms) << "the wake-up is used up";
}

TEST_P(BothPollers, wake_does_not_hide_what_is_ready) {
  ASSERT_FALSE(poller->add(pair.ours.get(), Interest::read, handler));
  write_to_us();
  poller->wake();
  EXPECT_TRUE(ready().readable);
}

TEST_P(BothPollers, a_wait_never_ends_before_its_time) {
  for (const auto time : {1ns, 999'999ns, 1'000'001ns, 3'500'000ns}) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_TRUE(poller->wait(time).empty());
    EXPECT_GE(std::chrono::steady_clock::now() - before, time);
  }
}

/// More ready descriptors than one wait() returns: each is reported, and none for another handler.
TEST_P(BothPollers, many_descriptors_are_kept_apart) {
  constexpr std::size_t count = 300;
  std::vector<SocketPair> pairs;
  std::vector<Idle> handlers(count);
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(unix_pair());
    ASSERT_FALSE(poller->add(pairs[i].ours.get(), Interest::read, handlers[i]));
  }
  for (std::size_t i = 0; i < count; i += 3) {
    ASSERT_EQ(::send(pairs[i].theirs.get(), "x", 1, MSG_NOSIGNAL), 1);
  }
  for (std::size_t i = 0; i < count; i += 2) poller->remove(pairs[i].ours.get());
  std::vector<int> seen(count, 0);
  for (const auto& one : poller->wait(0ns)) {
    ++seen[static_cast<std::size_t>(static_cast<Idle*>(one.handler) - handlers.data())];
  }
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(seen[i], i % 3 == 0 && i % 2 == 1 ? 1 : 0) << i;
  }
}

TEST_P(BothPollers, a_removed_descriptor_may_be_added_again_for_somebody_else) {
  Idle other;
  ASSERT_FALSE(poller->add(pair.ours.get(), Interest::read, other));
  poller->remove(pair.ours.get());
  poller->remove(pair.ours.get());  // harmless
  ASSERT_FALSE(poller->add(pair.ours.get(), Interest::read, handler));
  write_to_us();
  EXPECT_TRUE(ready().readable);
}

TEST_P(BothPollers, own_descriptors_that_no_other_program_inherits) {
  const std::size_t before = open_descriptors();
  auto another = net::system_network().make_poller(GetParam());
  const std::size_t with = open_descriptors();
  EXPECT_GT(with, before);
  if (another->poll_fd() >= 0) {
    EXPECT_NE(::fcntl(another->poll_fd(), F_GETFD) & FD_CLOEXEC, 0);
  }
  another.reset();
  EXPECT_EQ(open_descriptors(), before);
}

/// No descriptor is left: the constructor throws, and no descriptor stays open.
TEST_P(BothPollers, that_cannot_be_made_say_so) {
  const std::size_t before = open_descriptors();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  int failures = 0;
  for (rlim_t number = 0; number < before + 4; ++number) {
    const rlimit tight{.rlim_cur = number, .rlim_max = limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    try {
      const auto another = net::system_network().make_poller(GetParam());
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::too_many_files_open);
      ++failures;
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  EXPECT_GE(failures, 1);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Pollers, only_epoll_has_a_descriptor_of_its_own) {
  const auto best = net::system_network().make_poller(net::Backend::epoll);
  EXPECT_EQ(best->poll_fd() >= 0, !plain_posix);
  EXPECT_EQ(net::make_poll_poller()->poll_fd(), -1);
}

TEST(Pollers, a_timeout_is_rounded_up_to_milliseconds) {
  EXPECT_EQ(net::in_milliseconds(std::nullopt), -1);
  EXPECT_EQ(net::in_milliseconds(0ns), 0);
  EXPECT_EQ(net::in_milliseconds(-5s), 0) << "what is overdue does not wait for ever";
  EXPECT_EQ(net::in_milliseconds(1ns), 1);
  EXPECT_EQ(net::in_milliseconds(1ms), 1);
  EXPECT_EQ(net::in_milliseconds(1'000'001ns), 2);
  EXPECT_EQ(net::in_milliseconds(std::chrono::hours(24 * 365)), INT_MAX) << "24.8 days at most";
}

TEST(Pollers, interest_is_put_together_and_taken_apart) {
  for (const bool read : {false, true}) {
    for (const bool write : {false, true}) {
      const Interest interest = net::interest_in(read, write);
      EXPECT_EQ(net::wants_read(interest), read);
      EXPECT_EQ(net::wants_write(interest), write);
    }
  }
}

}  // namespace
}  // namespace wirespan::test
