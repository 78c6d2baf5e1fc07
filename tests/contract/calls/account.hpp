// account.hpp - the exact balance of what was accepted, and the ways in which a peer ends a
// connection by breaking a rule.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "support/hex.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {

/// Each message of the loss tables has this size, so that frames can be counted.
inline constexpr std::size_t message_size = 3'000;
/// Messages that are sent on the loop, by another thread to a loop that turns, and by another
/// thread to a busy loop: these are still in the outbox when the end comes.
inline constexpr int messages_each = 5;

/// A client's Close frame with a code and no reason: header, mask key, code.
inline constexpr std::size_t client_close = 8;

/// The two sides of the balance. A message counts with its frame once a connection has taken it,
/// and with its payload alone before.
struct LossAccount {
  std::size_t accepted = 0;        ///< Messages.
  std::size_t by_connections = 0;  ///< Of these: those that connections have taken (messages_out).
  std::size_t counted = 0;         ///< Of the others: those that were dropped and counted.
  std::size_t frame_size = 0;
  std::size_t written = 0;  ///< Bytes that the kernel has taken, behind the handshakes.
  std::size_t told = 0;     ///< Bytes told as unsent.
  std::size_t extra = 0;    ///< Bytes of frames that are no messages: Close, ping.

  [[nodiscard]] std::size_t left() const noexcept {
    return by_connections * frame_size + (accepted - by_connections - counted) * message_size +
           extra;
  }
  [[nodiscard]] std::size_t right() const noexcept { return written + told; }
};

/// A rule that a peer can break on an open connection, by the bytes that do it. RFC 6455 §5, §7.
struct Violation {
  const char* name;
  Errc error;
  std::string bytes;
};
/// As a server sends them: without a mask.
[[nodiscard]] std::vector<Violation> violations_of_servers();
/// Violations of permessage-deflate, RFC 7692: data that is none, and a bomb that inflates to 160
/// times its size, and beyond limits::inflate_ratio_floor.
[[nodiscard]] std::vector<Violation> violations_of_compression();

}  // namespace wirespan::test
