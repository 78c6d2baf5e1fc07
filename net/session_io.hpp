// session_io.hpp - moves bytes between a Session and its stream, for owners.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include <wirespan/core/event.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/overloaded.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/session.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// Result of one SessionIo::read().
struct ReadOutcome {
  IoStatus status = IoStatus::ok;  ///< Of the last read.
  std::size_t bytes = 0;           ///< Bytes read.
  bool filled_window = false;      ///< The window is full: there may be more.
  /// The stream holds more input but has reached a limit of its own (TLS: records per read).
  bool stopped_short = false;
  /// True if nothing can be read before the stream is ready again.
  [[nodiscard]] bool would_block() const noexcept {
    return status == IoStatus::want_read || status == IoStatus::want_write;
  }
};

/// Reads, writes and shuts down the stream of a session for its owner, and remembers the readiness
/// that the stream waits for: TLS may have to write in order to read, and to read in order to
/// write. One per session; it holds neither the session nor the stream.
class SessionIo {
 public:
  /// Reads once and hands the bytes, the end or the error to the session. Unless the outcome
  /// would_block() there may be events: call Session::next() until NeedInput before the next read.
  template <Stream S>
  ReadOutcome read(Session& session, S& stream, MutableBytes shared, TimePoint now);

  /// True if an owner that has read and taken the events should read on in this turn. One read is
  /// the share of a connection. Inside a large message it is more, up to `budget` bytes, so that
  /// the message is finished while it is in the CPU cache.
  template <Stream S>
  [[nodiscard]] static bool should_read_on(const Session& session, const S& stream,
                                           const ReadOutcome& last, std::size_t budget);

  /// Writes the session's output until all is written or the kernel takes no more. An error is
  /// handed to the session, which reads on. `clock` returns the time; `on_written` is called with
  /// the bytes of each write. True if the backlog has changed; the owner tells its user.
  template <Stream S, class Clock, class OnWritten>
  bool write(Session& session, S& stream, Clock clock, OnWritten on_written);

  /// Calls the handler's function for an event: on_message(), on_fragment(), on_ping(), on_pong().
  /// The session itself acts on all others.
  template <class Handler>
  static void pass_on(const Event& event, Handler& handler) {
    std::visit(Overloaded{
                   [&](const Message& message) { handler.on_message(message); },
                   [&](const Fragment& fragment) { handler.on_fragment(fragment); },
                   [&](const Ping& ping) { handler.on_ping(ping.payload); },
                   [&](const Pong& pong) { handler.on_pong(pong.payload); },
                   [](const CloseReceived&) {},
                   [](const Failed&) {},
                   [](const NeedInput&) {},
               },
               event);
  }

  /// Ends our direction of the stream (half-close); the session ends if that fails.
  template <Stream S>
  void shut(Session& session, S& stream);

  /// Returns the readiness to wait for before the next step of the session.
  [[nodiscard]] Interest interest(const Session& session) const noexcept {
    const bool input = session.wants_input();
    const bool output = session.unsent_bytes() > 0 && !session.write_has_failed();
    const bool write =
        (input && read_wants_write_) || shutdown_wants_write_ || (output && !write_wants_read_);
    return interest_in(write_wants_read_ || (input && !read_wants_write_), write,
                       session.is_paused());
  }
  /// Returns the readiness to wait for in order to write only.
  [[nodiscard]] Interest output_interest() const noexcept {
    return write_wants_read_ ? Interest::read : Interest::write;
  }
  /// True if reading waits for the descriptor to be writable (TLS).
  [[nodiscard]] bool read_wants_write() const noexcept { return read_wants_write_; }
  /// True if bytes lie in the session or in the stream which next() or a read takes without waiting
  /// for readiness. A part of a TLS record that the last read has left because it would block does
  /// not count: a poller reports the rest.
  template <Stream S>
  [[nodiscard]] bool has_input_at_hand(const Session& session, const S& stream) const noexcept {
    if (session.phase() != Session::Phase::open) return false;
    return session.has_unread_input() || (!read_would_block_ && stream.has_buffered_input());
  }

 private:
  template <Stream S, class Clock, class OnWritten>
  static IoStatus write_waiting(Session& session, S& stream, Clock clock, OnWritten on_written);

  // The stream's last read, write or shutdown would block until the readiness of the other kind.
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  bool shutdown_wants_write_ = false;
  bool read_would_block_ = false;  // the last read, whatever it waits for
};

template <Stream S>
ReadOutcome SessionIo::read(Session& session, S& stream, MutableBytes shared, TimePoint now) {
  const MutableBytes window = session.receive_window(shared);
  const IoResult result = stream.read_some(window);
  read_wants_write_ = result.status == IoStatus::want_write;
  read_would_block_ = result.would_block();
  if (result.would_block()) return {.status = result.status};
  if (!result.is_ok()) {
    session.read_ended(result.error);
    return {.status = result.status};
  }
  session.note_received_at(result.received_at);
  const bool filled = result.bytes == window.size();
  const bool more_at_hand = stream.has_buffered_input();
  // After a full window, or while the stream holds input, the owner may read again before it
  // writes.
  session.received(window.first(result.bytes), now, !filled && !more_at_hand);
  return {.status = result.status,
          .bytes = result.bytes,
          .filled_window = filled,
          .stopped_short = !filled && more_at_hand};
}

template <Stream S>
bool SessionIo::should_read_on(const Session& session, const S& stream, const ReadOutcome& last,
                               std::size_t budget) {
  if (last.status != IoStatus::ok || !session.wants_input() || budget == 0) return false;
  // In a lingering close input is only discarded.
  const bool discards = session.phase() == Session::Phase::lingering;
  return discards || stream.has_buffered_input() ||
         (last.filled_window && session.inside_data_frame());
}

template <Stream S, class Clock, class OnWritten>
bool SessionIo::write(Session& session, S& stream, Clock clock, OnWritten on_written) {
  // TLS may need input before it can write; interest() then asks for it.
  const bool had_backlog = session.has_backlog();
  const IoStatus status = write_waiting(session, stream, clock, on_written);
  write_wants_read_ = status == IoStatus::want_read;
  return session.end_of_write(had_backlog);
}

template <Stream S, class Clock, class OnWritten>
IoStatus SessionIo::write_waiting(Session& session, S& stream, Clock clock, OnWritten on_written) {
  // Gather write: at most 32 pieces for one call of the stream.
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

template <Stream S>
void SessionIo::shut(Session& session, S& stream) {
  const IoResult result = stream.shutdown();
  // The owner repeats this while the shutdown would block.
  shutdown_wants_write_ = result.status == IoStatus::want_write;
  if (result.status == IoStatus::error) return session.abort({});
  if (!result.would_block()) session.shut();
}

}  // namespace wirespan::net
