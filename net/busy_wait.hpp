// busy_wait.hpp - busy polling: asks without blocking for a while before it sleeps.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <wirespan/core/time.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::net {

/// Returns the busy-poll duration on this network: none if it simulates threads, because its clock
/// stands still while one of them polls.
inline std::chrono::nanoseconds busy_time(const Network& network, std::chrono::nanoseconds busy) {
  return network.simulates_threads() ? std::chrono::nanoseconds(0) : busy;
}

/// Waits up to `timeout` (std::nullopt: without limit). For up to `busy` of it the thread polls
/// with a timeout of zero, because waking a sleeping thread costs more than asking again; then it
/// blocks for the rest. `busy` of 0 and below: it blocks at once. `clock()` returns the time,
/// `wait(time)` waits up to `time` and returns an answer; `done(answer)` ends the wait if true.
template <class Clock, class Wait, class Done>
auto busy_wait(std::chrono::nanoseconds busy, std::optional<std::chrono::nanoseconds> timeout,
               Clock clock, Wait wait, Done done) {
  constexpr auto no_time = std::chrono::nanoseconds(0);
  if (busy <= no_time) return wait(timeout);
  const TimePoint begin = clock();
  const auto longest = timeout ? std::min(*timeout, busy) : busy;
  do {
    auto answer = wait(std::optional(no_time));
    if (done(answer)) return answer;
  } while (clock() - begin < longest);
  return wait(timeout ? std::optional(*timeout - longest) : std::nullopt);
}

}  // namespace wirespan::net
