// protocol_pool.hpp - the protocol pool: protocol objects lent to the busy sessions of a loop.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <wirespan/core/connection.hpp>

namespace wirespan::net {

/// Lends protocol objects (Connection), not sockets. Most connections of a server are idle at any
/// time, and idle protocol objects are all alike. A session borrows one when bytes come or go and
/// gives it back when nothing is under way: an idle session needs no memory for it, and the object
/// in use tends to be in the cache. At most 64 idle ones are kept.
///
/// All sessions that share a pool must have its role and its options. Not thread-safe; must outlive
/// its sessions.
class ProtocolPool {
 public:
  /// Creates one protocol object, so that the first lend() needs no memory. Throws std::bad_alloc.
  ProtocolPool(Role role, std::shared_ptr<const ConnectionOptions> options);

  /// Returns an idle protocol object, or a new one. Throws std::bad_alloc.
  [[nodiscard]] std::unique_ptr<Connection> lend();
  /// Keeps the object, or destroys it if enough are idle. Requires connection->is_like_new().
  void take_back(std::unique_ptr<Connection> connection) noexcept;
  /// Number of objects that are not lent.
  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }

 private:
  static constexpr std::size_t keep = 64;

  Role role_;
  std::shared_ptr<const ConnectionOptions> options_;
  std::vector<std::unique_ptr<Connection>> idle_;  // its capacity, reserved once, is the bound
};

}  // namespace wirespan::net
