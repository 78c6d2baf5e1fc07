// simulated_pipe.hpp - one direction of a simulated connection. Private.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/net/simulated_clock.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::net {

/// The bytes of one direction: those on their way, and those that have arrived and were not read.
class SimulatedPipe {
 public:
  SimulatedPipe(SimulatedClock& clock, const SimulatedDirection& options)
      : clock_(clock), options_(options), last_arrival_(clock.now()) {}

  /// Takes as many bytes as there is room for, none without room.
  [[nodiscard]] std::size_t write(std::span<const Bytes> pieces);
  /// Returns bytes that have arrived, none if none have.
  [[nodiscard]] std::size_t read(MutableBytes in);
  /// The writer half-closes: the end arrives behind the bytes.
  void end();
  /// Nothing arrives from here on.
  void silence();

  [[nodiscard]] std::size_t unread() const;
  [[nodiscard]] bool has_room() const noexcept { return held() < options_.buffer; }
  [[nodiscard]] std::size_t held() const noexcept { return bytes_.size() - begin_; }
  /// True if the end has arrived.
  [[nodiscard]] bool end_has_come() const noexcept { return end_at_ && *end_at_ <= clock_.now(); }
  [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }
  [[nodiscard]] bool is_silent() const noexcept { return is_silent_; }
  /// True if the writer has reached SimulatedDirection::reset_after.
  [[nodiscard]] bool resets() const noexcept {
    return options_.reset_after && written_ >= *options_.reset_after;
  }
  [[nodiscard]] std::chrono::nanoseconds latency() const noexcept { return options_.latency; }
  /// The time at which the last byte written so far arrives.
  [[nodiscard]] TimePoint last_arrival() const noexcept { return last_arrival_; }

 private:
  /// Bytes that arrive together.
  struct Packet {
    TimePoint at;
    std::size_t size = 0;
  };

  [[nodiscard]] std::size_t room() const noexcept;
  void send_packet(std::size_t size);
  [[nodiscard]] TimePoint arrival();

  SimulatedClock& clock_;
  SimulatedDirection options_;
  std::vector<std::byte> bytes_;  // unread from begin_ on
  std::size_t begin_ = 0;
  mutable std::size_t arrived_ = 0;    // of the unread ones
  mutable std::deque<Packet> on_way_;  // those behind them, in order
  std::uint64_t written_ = 0;
  TimePoint last_arrival_;
  std::optional<TimePoint> end_at_;  // unset: not ended, or the end is lost
  bool is_ended_ = false;
  bool is_silent_ = false;
  bool has_stalled_ = false;
};

}  // namespace wirespan::net
