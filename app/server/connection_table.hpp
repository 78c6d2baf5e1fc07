// connection_table.hpp - the open connections of one loop, found by slot. Private.
#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <utility>

#include <wirespan/app/connection_key.hpp>
#include <wirespan/app/server/address_counter.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/stable_table.hpp>

namespace wirespan {

/// Slots, their free list and what belongs to a connection beside its channel. The generation of a
/// slot stands in the hub, where handles on other threads see it; a channel knows its own as
/// `handler().generation()`.
///
/// A slot is free, taken (between allocate() and open()) or open. close() ends an open one: its
/// handles are stale from then on, but user data and ticket stay until free(). The loop's thread
/// only.
template <class Channel>
class ConnectionTable {
 public:
  explicit ConnectionTable(ServerHub& hub) noexcept : hub_(hub) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  /// A free slot, under the generation of its next connection. Throws std::bad_alloc, and then
  /// nothing has changed. free() gives it back.
  [[nodiscard]] ConnectionKey allocate() {
    std::uint32_t slot = first_free_;
    if (slot != ServerHub::none) {
      first_free_ = hub_.find(slot)->next_free;
    } else {
      slot = static_cast<std::uint32_t>(entries_.size());
      hub_.make(slot);
      entries_.emplace_back();
    }
    return {slot, hub_.find(slot)->generation.load(std::memory_order_relaxed)};
  }
  void open(ConnectionKey key, std::unique_ptr<Channel> channel, AddressCounter::Ticket ticket,
            std::unique_ptr<std::any> user_data) noexcept {
    Entry& entry = entries_[key.slot];
    entry.channel = std::move(channel);
    entry.ticket = std::move(ticket);
    entry.user_data = std::move(user_data);
  }
  /// The channel leaves; handles of the connection find nothing once the hub's account is closed,
  /// too.
  [[nodiscard]] std::unique_ptr<Channel> close(ConnectionKey key) noexcept {
    return std::move(entries_[key.slot].channel);
  }
  /// Destroys the user data and gives the ticket back; the slot can be allocated again.
  void free(ConnectionKey key) noexcept {
    Entry& entry = entries_[key.slot];
    entry.user_data.reset();
    entry.ticket = {};
    hub_.find(key.slot)->next_free = std::exchange(first_free_, key.slot);
  }

  /// Null if that connection is not open.
  [[nodiscard]] Channel* find(ConnectionKey key) noexcept {
    Channel* channel = key.slot < entries_.size() ? entries_[key.slot].channel.get() : nullptr;
    const bool is_current = channel != nullptr && channel->handler().generation() == key.generation;
    return is_current ? channel : nullptr;
  }
  /// Slots that exist, free ones included.
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(entries_.size());
  }
  /// Null if the slot is free. Requires slot < size().
  [[nodiscard]] Channel* at(std::uint32_t slot) noexcept { return entries_[slot].channel.get(); }
  /// Requires slot < size().
  [[nodiscard]] std::unique_ptr<std::any>& user_data(std::uint32_t slot) noexcept {
    return entries_[slot].user_data;
  }

 private:
  struct Entry {
    std::unique_ptr<Channel> channel;
    std::unique_ptr<std::any> user_data;
    AddressCounter::Ticket ticket;
  };

  ServerHub& hub_;
  StableTable<Entry> entries_;
  std::uint32_t first_free_ = ServerHub::none;
};

}  // namespace wirespan
