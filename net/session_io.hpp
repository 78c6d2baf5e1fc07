// session_io.hpp - the two ways between a Session and its stream, for owners.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <wirespan/net/session.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// Writes what the session has until nothing is left or the kernel takes no more, and says what the
/// stream waits for: ok (nothing), want_write, want_read (TLS) or error. A failure is told to the
/// session, which reads on. `clock` answers the time now; `on_written` is called with the bytes of
/// each write.
template <Stream S, class Clock, class OnWritten>
IoStatus write_waiting(Session& session, S& stream, Clock clock, OnWritten on_written) {
  std::array<Bytes, 32> storage;
  while (const std::size_t count = session.gather(storage)) {
    const auto pieces = std::span<const Bytes>(storage).first(count);
    std::size_t offered = 0;
    for (const Bytes piece : pieces) offered += piece.size();
    const IoResult result =
        count == 1 ? stream.write_some(pieces[0]) : write_pieces(stream, pieces);
    if (result.status == IoStatus::error) {
      session.write_failed(result.error, clock());
      return IoStatus::error;
    }
    std::size_t repeat = 0;
    if constexpr (requires { stream.bytes_to_repeat(); }) repeat = stream.bytes_to_repeat();
    if (result.bytes > 0) on_written(result.bytes);
    session.wrote(result.bytes, repeat, result.bytes == offered);
    if (result.bytes < offered) {
      return result.status == IoStatus::want_read ? IoStatus::want_read : IoStatus::want_write;
    }
  }
  return IoStatus::ok;
}

/// The result of one read.
struct ReadOutcome {
  IoStatus status = IoStatus::ok;
  std::size_t bytes = 0;
  bool filled_window = false;
  /// The stream has more at hand and has reached a bound of its own (records of TLS).
  bool stopped_short = false;
};

/// Reads once and tells the session. After anything but want_read and want_write there may be
/// events: call Session::next() until NeedInput before the next read.
template <Stream S>
ReadOutcome read_once(Session& session, S& stream, MutableBytes shared, TimePoint now) {
  const MutableBytes window = session.receive_window(shared);
  const IoResult result = stream.read_some(window);
  if (result.would_block()) return {.status = result.status};
  if (!result.is_ok()) {
    session.read_ended(result.error);
    return {.status = result.status};
  }
  session.note_received_at(result.received_at);
  const bool filled = result.bytes == window.size();
  const bool more_at_hand = stream.has_buffered_input();
  session.received(window.first(result.bytes), now, !filled && !more_at_hand);
  return {.status = result.status,
          .bytes = result.bytes,
          .filled_window = filled,
          .stopped_short = !filled && more_at_hand};
}

}  // namespace wirespan::net
