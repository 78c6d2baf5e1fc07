// connection_table.hpp - the open connections of one loop, found by slot. Private.
#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <wirespan/app/connection_key.hpp>
#include <wirespan/app/server/address_counter.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/stable_table.hpp>
#include <wirespan/app/server_request.hpp>

namespace wirespan {

/// Objects that a connection keeps beside its channel.
struct KeptWithConnection {
  std::any user_data;
  std::unique_ptr<const ServerRequest> request;  // null unless ServerOptions::keep_request
  std::string subprotocol;                       // likewise; empty: none was chosen
};

/// The slots of a loop: channel, kept objects and address ticket of each connection, and the list
/// of free slots. The generation of a slot is in the hub, where handles on other threads read it; a
/// channel knows its own as `handler().generation()`.
///
/// A slot is free, allocated (between allocate() and open()), open, or closed (between close() and
/// free()). After close() find() returns null for the connection's handles, but kept objects
/// and ticket stay until free(). Owned by ServerConnections; the loop's thread only.
template <class Channel>
class ConnectionTable {
 public:
  explicit ConnectionTable(ServerHub& hub) noexcept : hub_(hub) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  /// Allocates a slot; the key has the generation of its next connection. free() gives it back.
  /// Throws std::bad_alloc, and then nothing has changed.
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
  /// Opens an allocated slot with the channel, ticket and kept objects of its connection.
  void open(ConnectionKey key, std::unique_ptr<Channel> channel, AddressCounter::Ticket ticket,
            std::unique_ptr<KeptWithConnection> kept) noexcept {
    Entry& entry = entries_[key.slot];
    entry.channel = std::move(channel);
    entry.ticket = std::move(ticket);
    entry.kept = std::move(kept);
  }
  /// Returns the channel, to be retired. Handles on other threads still take the connection for
  /// open until net::Remote::close_account().
  [[nodiscard]] std::unique_ptr<Channel> close(ConnectionKey key) noexcept {
    return std::move(entries_[key.slot].channel);
  }
  /// Destroys the kept objects and gives the ticket and the slot back.
  void free(ConnectionKey key) noexcept {
    Entry& entry = entries_[key.slot];
    entry.kept.reset();
    entry.ticket = {};
    hub_.find(key.slot)->next_free = std::exchange(first_free_, key.slot);
  }

  /// Returns the channel of the connection, null if that is not open.
  [[nodiscard]] Channel* find(ConnectionKey key) noexcept {
    Channel* channel = key.slot < entries_.size() ? entries_[key.slot].channel.get() : nullptr;
    const bool is_current = channel != nullptr && channel->handler().generation() == key.generation;
    return is_current ? channel : nullptr;
  }
  /// Slots that exist, free ones included.
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(entries_.size());
  }
  /// Returns the channel of the slot, null if it is not open. Requires slot < size().
  [[nodiscard]] Channel* at(std::uint32_t slot) noexcept { return entries_[slot].channel.get(); }
  /// Requires slot < size().
  [[nodiscard]] std::unique_ptr<KeptWithConnection>& kept(std::uint32_t slot) noexcept {
    return entries_[slot].kept;
  }

 private:
  struct Entry {
    std::unique_ptr<Channel> channel;
    std::unique_ptr<KeptWithConnection> kept;
    AddressCounter::Ticket ticket;
  };

  ServerHub& hub_;
  StableTable<Entry> entries_;
  std::uint32_t first_free_ = ServerHub::none;
};

}  // namespace wirespan
