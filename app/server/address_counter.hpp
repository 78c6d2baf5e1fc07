// address_counter.hpp - counts the connections from one client address. Private.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <wirespan/net/endpoint.hpp>

namespace wirespan {

/// The limit max_connections_per_address of a server, shared by its loops and safe on any thread:
/// one mutex, taken at the beginning and at the end of a connection. An IPv6 host has a whole /64
/// to itself, so for IPv6 the /64 prefix counts as one address. Must outlive its tickets.
class AddressCounter {
 public:
  /// One connection in the count of its address, until the ticket is destroyed. An empty ticket
  /// counts nothing.
  class Ticket {
   public:
    Ticket() noexcept = default;
    Ticket(Ticket&& other) noexcept
        : counter_(std::exchange(other.counter_, nullptr)), entry_(other.entry_) {}
    Ticket& operator=(Ticket other) noexcept {
      std::swap(counter_, other.counter_);
      std::swap(entry_, other.entry_);
      return *this;
    }
    ~Ticket() {
      if (counter_ != nullptr) counter_->give_back(*entry_);
    }

   private:
    friend class AddressCounter;
    using Entry = std::pair<const std::string, std::size_t>;
    Ticket(AddressCounter& counter, Entry& entry) noexcept : counter_(&counter), entry_(&entry) {}
    AddressCounter* counter_ = nullptr;
    Entry* entry_ = nullptr;
  };

  /// `limit` 0: nothing is counted. `count_loopback` false: 127.0.0.0/8 and ::1 are not counted.
  AddressCounter(std::size_t limit, bool count_loopback) noexcept
      : limit_(limit), count_loopback_(count_loopback) {}

  /// Returns a ticket, or nothing if the address has reached the limit. The ticket is empty for a
  /// peer that is not counted; a Unix socket has no address to count.
  [[nodiscard]] std::optional<Ticket> take(const net::Endpoint& peer);

 private:
  void give_back(Ticket::Entry& entry) noexcept;

  std::size_t limit_;
  bool count_loopback_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;  // guarded; tickets point to its entries
};

}  // namespace wirespan
