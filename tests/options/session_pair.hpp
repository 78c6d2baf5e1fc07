// session_pair.hpp - two sessions without sockets that talk to each other on a clock of the test.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "options/life.hpp"
#include "support/frames.hpp"
#include <wirespan/net/buffer_pool.hpp>
#include <wirespan/net/secure_random.hpp>
#include <wirespan/net/session.hpp>

namespace wirespan::test {

/// The owner of one session, which moves its bytes and tells it the time.
class SessionHalf {
 public:
  SessionHalf(Role role, net::SessionOptions options, TimePoint now)
      : options_(std::move(options)),
        session(Connection(role, ConnectionOptions{.mask_source = random_.mask_source(),
                                                   .blocks = &pool_.source()}),
                options_, queues_, true, now) {}

  /// Takes up to `size` bytes of the output.
  [[nodiscard]] ByteVector take(std::size_t size, TimePoint now) {
    ByteVector taken;
    const bool had_backlog = session.has_backlog();
    std::array<Bytes, 32> pieces;
    while (const std::size_t count = session.gather(pieces)) {
      const std::size_t before = taken.size();
      std::size_t offered = 0;
      for (const Bytes piece : std::span(pieces).first(count)) {
        const Bytes part = piece.first(std::min(piece.size(), size - taken.size()));
        taken.insert(taken.end(), part.begin(), part.end());
        offered += piece.size();
      }
      session.wrote(taken.size() - before, 0, taken.size() - before == offered);
      if (taken.size() - before < offered) break;
    }
    (void)session.end_of_write(had_backlog);
    session.settle(now);
    if (session.take_drained()) {
      ++drains;
      held_at_drain = session.held_bytes();
    }
    if (session.wants_shutdown()) session.shut();
    return taken;
  }

  void give(ByteVector bytes, TimePoint now) {
    if (bytes.empty() || !session.wants_input()) return;
    for (std::size_t done = 0; done < bytes.size();) {
      const MutableBytes window = session.receive_window(std::span(bytes).subspan(done));
      const std::size_t size = std::min(window.size(), bytes.size() - done);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(done), size, window.begin());
      done += size;
      session.received(window.first(size), now, done == bytes.size());
      digest(now);
    }
  }

  void digest(TimePoint now) {
    while (true) {
      const Event event = session.next();
      if (std::holds_alternative<NeedInput>(event)) break;
      if (const auto* message = std::get_if<Message>(&event)) {
        received.emplace_back(wire_text(message->payload));
        if (echoes) (void)session.send(message->opcode, message->payload);
      }
      pings += std::holds_alternative<Ping>(event) ? 1 : 0;
    }
    session.settle(now);
    session.end_turn();
  }

  std::vector<std::string> received;
  bool echoes = false;
  int pings = 0;
  int drains = 0;
  std::size_t held_at_drain = 0;

 private:
  net::BufferPool pool_;
  net::WriteQueuePool queues_{pool_.source()};
  net::SecureRandom random_{net::system_network()};
  net::SessionOptions options_;

 public:
  net::Session session;
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
