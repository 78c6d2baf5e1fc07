// protocol_pool.cpp - lends protocol objects and keeps a bounded number of idle ones.
#include <cassert>

#include <wirespan/net/protocol_pool.hpp>

namespace wirespan::net {

ProtocolPool::ProtocolPool(Role role, std::shared_ptr<const ConnectionOptions> options)
    : role_(role), options_(std::move(options)) {
  idle_.reserve(keep);  // so that take_back() allocates nothing
  idle_.push_back(std::make_unique<Connection>(role_, options_));
}

std::unique_ptr<Connection> ProtocolPool::lend() {
  if (idle_.empty()) return std::make_unique<Connection>(role_, options_);
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ProtocolPool::take_back(std::unique_ptr<Connection> connection) noexcept {
  assert(connection->is_like_new());
  if (idle_.size() < idle_.capacity()) idle_.push_back(std::move(connection));
}

}  // namespace wirespan::net
