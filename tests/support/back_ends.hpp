// back_ends.hpp - runs every test of an event-loop suite on both back ends, epoll and poll.
#pragma once

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {

/// Fixture with an event loop of its own, on the back end that is its parameter.
class LoopTest : public ::testing::TestWithParam<net::Backend> {
 protected:
  net::EventLoop loop{{.backend = GetParam()}};
};

inline std::string back_end_name(const ::testing::TestParamInfo<net::Backend>& info) {
  return info.param == net::Backend::epoll ? "epoll" : "poll";
}

/// Far longer than a loaded machine needs; a test that waits this long has failed.
inline constexpr std::chrono::seconds patience{20};

/// Runs turns of the loop until `done()` is true; false if that takes longer than `longest`.
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

/// Runs turns of the loop for this long, to show that something does not happen.
inline void turn_for(net::EventLoop& loop, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) loop.run_once(std::chrono::milliseconds(1));
}

}  // namespace wirespan::test

/// Instantiates every test of a suite on epoll and on poll.
#define WIRESPAN_TEST_BOTH_BACK_ENDS(suite)                                               \
  INSTANTIATE_TEST_SUITE_P(                                                               \
      on, suite,                                                                          \
      ::testing::Values(::wirespan::net::Backend::epoll, ::wirespan::net::Backend::poll), \
      ::wirespan::test::back_end_name)
