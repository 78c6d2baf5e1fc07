// session_pair.hpp - two sessions without sockets that talk to each other on a clock of the test.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "options/life.hpp"
#include "support/session_owner.hpp"

namespace wirespan::test {

/// One of the two, on the clock of the pair; counts its drains.
class SessionHalf : public SessionOwner {
 public:
  SessionHalf(Role role, net::SessionOptions options, TimePoint begin)
      : SessionOwner(role, std::move(options), begin) {}

  /// Takes up to `size` bytes of the output.
  [[nodiscard]] ByteVector take(std::size_t size, TimePoint time) {
    now = time;
    ByteVector taken = SessionOwner::take(size);
    if (session.take_drained()) {
      ++drains;
      held_at_drain = session.held_bytes();
    }
    if (session.wants_shutdown()) session.shut();
    return taken;
  }
  void give(ByteVector bytes, TimePoint time) {
    now = time;
    SessionOwner::give(std::move(bytes));
  }

  int drains = 0;
  std::size_t held_at_drain = 0;
};

/// The session whose options are tested, and its peer.
class SessionPair {
 public:
  explicit SessionPair(const net::SessionOptions& options, Role role = Role::server)
      : tested(role, options, now),
        peer(role == Role::server ? Role::client : Role::server, {}, now) {}

  /// Moves bytes until nothing moves; in each step up to `at_once` bytes of the tested session.
  void exchange(std::size_t at_once = SIZE_MAX) {
    for (bool moved = true; moved;) {
      ByteVector out = tested.take(at_once, now);
      ByteVector in = peer.take(SIZE_MAX, now);
      moved = !out.empty() || !in.empty();
      peer.give(std::move(out), now);
      tested.give(std::move(in), now);
    }
  }
  /// Lets time pass. The peer is silent or answers.
  void pass(std::chrono::nanoseconds time, bool silent) {
    const TimePoint end = now + time;
    for (int turns = 0; turns < 20'000; ++turns) {
      if (silent) {
        (void)tested.take(SIZE_MAX, now);
      } else {
        exchange();
      }
      if (!failed && tested.session.failure()) failed = now;
      const auto next = tested.session.deadline();
      if (tested.session.over() || !next || *next > end) {
        if (!tested.session.over()) now = end;
        return;
      }
      now = std::max(now, *next);
      (void)tested.session.tick(now);
      tested.session.settle(now);
    }
    spins = true;
  }
  /// Says how the tested session ended or failed, and when, from the beginning of the pair.
  [[nodiscard]] std::string end() {
    if (spins) return "SPINS";
    const std::error_code failure = tested.session.failure();
    if (!failure && !tested.session.over()) return "goes on";
    return (failure ? failure.message() : "ended well") + " after " +
           shown_time(std::chrono::duration_cast<Ms>(failed.value_or(now) - TimePoint(1h)));
  }

  TimePoint now{1h};
  std::optional<TimePoint> failed{};
  bool spins = false;
  SessionHalf tested;
  SessionHalf peer;
};

}  // namespace wirespan::test
