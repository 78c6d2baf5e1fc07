// session_options.hpp - options that sessions share, and those of one send.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/keep_alive.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/net/overflow.hpp>
#include <wirespan/net/send_budget.hpp>

namespace wirespan::net {

/// Whether a message is subject to admission.
enum class Admission : std::uint8_t {
  ask,  ///< The limits of the session and of its send budget decide.
  /// No limit refuses the message: its room was reserved, and its text found valid, when it was
  /// accepted on another thread. With Overflow::drop_oldest older messages still make room as far
  /// as they can.
  granted,
};

/// The fate of messages that come after our own Close frame.
enum class AfterClose : std::uint8_t {
  discard,  ///< Nothing more is delivered.
  deliver,  ///< Messages are delivered until the peer's Close comes.
};

/// Options of one Session::send().
struct SendHow {
  bool fin = true;  ///< False: more parts follow, with Opcode::continuation.
  Compress compress = Compress::if_agreed;  ///< Whether a codec may compress it.
  Admission admission = Admission::ask;     ///< Whether limits and the budget are asked.
  /// Conflation: a whole message, never compressed, replaces an unsent one with the same key, in
  /// its place; one that has been written in part stays. Empty: none. Above limits::conflation_key
  /// bytes: Errc::key_too_long.
  std::string_view key{};
};

class ProtocolPool;

/// Options of sessions that behave alike; must outlive them. A time is clamped where it is used: 0
/// and below mean what the comment says, and milliseconds::max() is as good as for ever.
struct SessionOptions {
  KeepAlive::Options keep_alive{};  ///< Pings and the pong timeout; off by default.
  /// Payload of keep-alive's pings, at most 125 bytes; with a longer one the first ping fails the
  /// session with Errc::control_too_long.
  std::string ping_payload{};
  /// Strict matching of pongs: the pings of keep-alive are numbered behind ping_payload (of at most
  /// limits::numbered_ping_payload bytes), and only a pong with the payload of one that is still
  /// unanswered is an answer; no other byte is, as with KeepAlive::Options::only_pongs_count.
  bool match_pongs = false;
  /// From our Close frame to the peer's, and again for the lingering close after it; 0 and below:
  /// the peer is not waited for.
  std::chrono::milliseconds close_time = limits::close_time;
  /// A client's wait for the server to close TCP after both Close frames; 0 and below: none.
  std::chrono::milliseconds peer_close_time = limits::peer_close_time;
  /// Idle timeout: time without a byte in either direction before the session ends with
  /// Errc::idle_timeout. Unset: for ever; 0 and below: at the next tick().
  std::optional<std::chrono::milliseconds> idle_time{};
  /// Only received bytes put off the idle timeout, so that our own output does not keep a silent
  /// peer.
  bool idle_ignores_output = false;
  /// Minimum receive rate: inside a message the peer has to send `progress_bytes` in every
  /// `progress_time`, or the connection fails with Errc::slow_sender. Unset: no minimum; 0 and
  /// below: due at every tick().
  std::optional<std::chrono::milliseconds> progress_time{};
  std::size_t progress_bytes = limits::progress_bytes;
  /// Limits for held bytes, entry overhead included. Crossing the high watermark with a backlog
  /// makes on_drained() due at the low one. Above the hard limit `overflow` decides; a hard limit
  /// of 0 accepts a message only if nothing is unsent.
  std::size_t send_high_watermark = limits::send_high_watermark;
  std::size_t send_low_watermark = limits::send_low_watermark;
  std::size_t send_hard_limit = limits::send_hard_limit;
  Overflow overflow = Overflow::refuse;
  SendBudget* budget = nullptr;  ///< Shared by the sessions of a loop; null: no common limit.
  /// Backpressure: reads nothing from a peer while more than the high watermark is unsent to it,
  /// until no more than the low one is: a peer that wants answers has to read them. For servers
  /// only: if both ends did it, each could wait for the other.
  bool hold_reading = false;
  /// Pool to which an idle session gives its protocol object back, which saves its memory. Null: it
  /// keeps the object.
  ProtocolPool* connections = nullptr;
};

}  // namespace wirespan::net
