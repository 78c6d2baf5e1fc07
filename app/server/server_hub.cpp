// server_hub.cpp - slots that any thread can look up, and the ports of the loop.
#include <bit>

#include <wirespan/app/server/server_hub.hpp>

namespace wirespan {

ServerHub::ServerHub(std::shared_ptr<net::Mailbox> mailbox, unsigned loop,
                     const net::RemoteOptions& options)
    : remote_(std::move(mailbox), options,
              [this] {
                if (outboxes_ != nullptr) outboxes_->drain_outboxes();
              }),
      loop_(loop) {}

ServerHub::~ServerHub() {
  for (auto& chunk : chunks_) delete[] chunk.load();
}

ServerHub::ChunkIndex ServerHub::chunk_index(std::uint32_t slot) noexcept {
  constexpr std::size_t smallest = 64;
  constexpr std::size_t of_each_size = 4;
  constexpr auto least_width = std::bit_width(smallest * of_each_size);
  const std::size_t position = slot + smallest * of_each_size;
  const auto doublings = static_cast<std::size_t>(std::bit_width(position) - least_width);
  const std::size_t size = smallest << doublings;
  const std::size_t which = position / size - of_each_size;
  return {.chunk = doublings * of_each_size + which, .chunk_size = size, .index = position % size};
}

ServerHub::Slot* ServerHub::find(std::uint32_t slot) const noexcept {
  const ChunkIndex at = chunk_index(slot);
  if (at.chunk >= chunks_.size()) return nullptr;
  Slot* chunk = chunks_[at.chunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : chunk + at.index;
}

bool ServerHub::is_current(ConnectionKey key) const noexcept {
  const Slot* found = find(key.slot);
  return found != nullptr && found->generation.load(std::memory_order_acquire) == key.generation &&
         !over_.load(std::memory_order_acquire);
}

ServerHub::Slot& ServerHub::make(std::uint32_t slot) {
  const ChunkIndex at = chunk_index(slot);
  auto& chunk = chunks_.at(at.chunk);
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    chunk.store(new Slot[at.chunk_size], std::memory_order_release);
  }
  return chunk.load(std::memory_order_relaxed)[at.index];
}

void ServerHub::begin_serving(ServerConnections& connections, OutboxPort& outboxes,
                              RequestPort& requests) noexcept {
  connections_ = &connections;
  outboxes_ = &outboxes;
  requests_ = &requests;
  thread_.store(net::current_thread());
}

void ServerHub::end_serving() noexcept {
  over_.store(true);
  thread_.store(nullptr);
  connections_ = nullptr;
  outboxes_ = nullptr;
  requests_ = nullptr;
}

}  // namespace wirespan
