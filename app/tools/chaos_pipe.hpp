// chaos_pipe.hpp - one direction of a connection through chaos_proxy: a bounded queue of bytes that
// is slow, or comes to an end, on purpose. Without a socket and without a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>

#include "chaos_options.hpp"
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/time.hpp>

namespace chaos {

using wirespan::TimePoint;

/// The end that a connection is to come to, once enough bytes were forwarded.
enum class Fault : std::uint8_t { none, cut, reset, black_hole };

/// Takes bytes from one socket and says which of them may be written to the other one, and when. It
/// takes no more than it has room for, 64 KiB, so a slow receiver holds its sender up.
class Pipe {
 public:
  /// `faults` must outlive the pipe; `seed` is that of the jitter.
  Pipe(const Faults& faults, std::uint64_t seed) : faults_(&faults), random_(seed) {}

  /// Room to read into; empty if the pipe is full or the input has ended.
  [[nodiscard]] wirespan::MutableBytes room();
  /// Takes `size` bytes that were read into the room.
  void received(std::size_t size, TimePoint now);
  /// The sender has half-closed.
  void end_input(TimePoint now);
  /// Forwards nothing more: input is taken and dropped.
  void swallow() noexcept;

  /// The bytes that may be written now, the next piece only. Valid until the next call.
  [[nodiscard]] wirespan::Bytes due(TimePoint now) const;
  /// Removes `size` bytes that were written.
  void forwarded(std::size_t size, TimePoint now);
  /// True if the receiver's stream is to be half-closed now; end_forwarded() says that it was.
  [[nodiscard]] bool end_is_due(TimePoint now) const;
  void end_forwarded() noexcept { end_forwarded_ = true; }
  /// The time at which the next bytes, or the end, are due; none while there is nothing to forward.
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  /// The fault whose number of bytes has been reached.
  [[nodiscard]] Fault fault() const noexcept;

  [[nodiscard]] bool input_ended() const noexcept { return end_at_.has_value(); }
  /// True if nothing will be forwarded any more.
  [[nodiscard]] bool done() const noexcept { return swallows_ ? input_ended() : end_forwarded_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  /// Bytes of the queue with one time of release.
  struct Chunk {
    TimePoint at;
    std::size_t size;
  };

  [[nodiscard]] TimePoint release_time(TimePoint now);
  [[nodiscard]] std::uint64_t bytes_until_fault() const noexcept;
  [[nodiscard]] std::size_t largest_piece() const noexcept;
  void stall_if_due(TimePoint now);

  const Faults* faults_;
  std::mt19937_64 random_;
  wirespan::ByteBuffer queue_;
  std::deque<Chunk> chunks_;         // of queue_, in order of release
  std::optional<TimePoint> end_at_;  // release of the end of the stream
  TimePoint last_release_{};         // no byte overtakes another one
  TimePoint held_until_{};           // by the rate or by the stall
  std::uint64_t bytes_ = 0;          // forwarded
  bool stalled_ = false;
  bool swallows_ = false;
  bool end_forwarded_ = false;
};

}  // namespace chaos
