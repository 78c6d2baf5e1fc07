// busy_wait.hpp - looks for a while before it sleeps: waking up costs more than looking again.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <wirespan/core/time.hpp>

namespace wirespan::net {

/// Waits for up to `timeout`, without one for ever: for `busy` of it by asking again and again,
/// then asleep. `clock()` answers the time now; `wait(time)` waits and answers what came;
/// `done(answer)` says whether that is something.
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
