// back_ends.hpp - tests of what runs on a loop: each of them on both back ends.
#pragma once

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {

/// A test with a loop of its own.
class LoopTest : public ::testing::TestWithParam<net::Backend> {
 protected:
  net::EventLoop loop{{.backend = GetParam()}};
};

inline std::string back_end_name(const ::testing::TestParamInfo<net::Backend>& info) {
  return info.param == net::Backend::epoll ? "epoll" : "poll";
}

/// Far beyond what a loaded machine needs; a test that gets there has failed.
inline constexpr std::chrono::seconds patience{20};

/// Turns the loop until `done` says so; false if that takes longer than anybody waits.
template <class Done>
[[nodiscard]] bool turn_until(net::EventLoop& loop, Done done,
                              std::chrono::milliseconds longest = patience) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.run_once(std::chrono::milliseconds(1));
  }
  return true;
}

/// Turns the loop for this long: for what must not happen.
inline void turn_for(net::EventLoop& loop, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) loop.run_once(std::chrono::milliseconds(1));
}

}  // namespace wirespan::test

/// Runs every test of a suite on epoll and on poll.
#define WIRESPAN_TEST_BOTH_BACK_ENDS(suite)                                               \
  INSTANTIATE_TEST_SUITE_P(                                                               \
      on, suite,                                                                          \
      ::testing::Values(::wirespan::net::Backend::epoll, ::wirespan::net::Backend::poll), \
      ::wirespan::test::back_end_name)
