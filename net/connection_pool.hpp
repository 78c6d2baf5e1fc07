// connection_pool.hpp - protocol machines for channels that would keep one only while they need it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <wirespan/core/connection.hpp>

namespace wirespan::net {

/// Most connections of a server are idle at any time, and then each protocol machine is like every
/// other. The channels of a loop take one when something happens and give it back when all is said:
/// an idle channel is smaller by it, and the one in use tends to be in the cache. Not thread-safe;
/// must outlive its channels, and may be used by such only as have the role and the options.
class ConnectionPool {
 public:
  /// With one to lend, so that the first one who asks needs no memory. Throws std::bad_alloc.
  ConnectionPool(Role role, std::shared_ptr<const ConnectionOptions> options);

  /// Throws std::bad_alloc.
  [[nodiscard]] std::unique_ptr<Connection> lend();
  /// Requires connection->is_like_new().
  void take_back(std::unique_ptr<Connection> connection) noexcept;
  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }

 private:
  static constexpr std::size_t keep = 64;

  Role role_;
  std::shared_ptr<const ConnectionOptions> options_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace wirespan::net
