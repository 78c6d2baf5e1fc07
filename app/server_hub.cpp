#include <bit>

#include <wirespan/app/server_hub.hpp>

namespace wirespan {

ServerHub::~ServerHub() {
  for (auto& chunk : chunks_) delete[] chunk.load();
}

ServerHub::Place ServerHub::place_of(std::uint32_t slot) noexcept {
  const auto chunk = static_cast<std::size_t>(std::bit_width(slot / first_chunk));
  const std::size_t before = chunk == 0 ? 0 : first_chunk << (chunk - 1);
  return {.chunk = chunk, .index = slot - before};
}

ServerHub::Slot* ServerHub::find(std::uint32_t slot) const noexcept {
  const Place place = place_of(slot);
  if (place.chunk >= chunks_.size()) return nullptr;
  Slot* chunk = chunks_[place.chunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : chunk + place.index;
}

bool ServerHub::is_current(std::uint32_t slot, std::uint32_t generation) const noexcept {
  const Slot* found = find(slot);
  return found != nullptr && found->generation.load(std::memory_order_acquire) == generation &&
         !over_.load(std::memory_order_acquire);
}

ServerHub::Slot& ServerHub::make(std::uint32_t slot) {
  const Place place = place_of(slot);
  auto& chunk = chunks_.at(place.chunk);
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    const std::size_t size = place.chunk == 0 ? first_chunk : first_chunk << (place.chunk - 1);
    chunk.store(new Slot[size], std::memory_order_release);
  }
  return chunk.load(std::memory_order_relaxed)[place.index];
}

void ServerHub::begin_serving(ServerWorker& worker) noexcept {
  worker_ = &worker;
  thread_.store(std::this_thread::get_id());
}

void ServerHub::end_serving() noexcept {
  over_.store(true);
  thread_.store(std::thread::id());
  worker_ = nullptr;
}

}  // namespace wirespan
