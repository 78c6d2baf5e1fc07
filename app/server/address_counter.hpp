// address_counter.hpp - how many connections come from one address. Private.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <wirespan/net/endpoint.hpp>

namespace wirespan {

/// Shared by the loops of a server. An IPv6 host has a whole /64 to itself, so that is what counts
/// as one address there.
class AddressCounter {
 public:
  /// A share of the count, given back when it is destroyed.
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

  /// `limit` 0: nothing is counted.
  AddressCounter(std::size_t limit, bool count_loopback) noexcept
      : limit_(limit), count_loopback_(count_loopback) {}

  /// Nothing if the address has as many as it may. Unix sockets have no address to count.
  [[nodiscard]] std::optional<Ticket> take(const net::Endpoint& peer);

 private:
  void give_back(Ticket::Entry& entry) noexcept;

  std::size_t limit_;
  bool count_loopback_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace wirespan
