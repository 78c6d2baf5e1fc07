// admission.hpp - admission of accepted sockets: the limits for connections of a server. Private.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

#include <wirespan/app/server/address_counter.hpp>

namespace wirespan {

/// Admission of sockets under max_connections and max_connections_per_address, shared by the loops
/// of a server. A socket holds a Ticket during its handshake; an open connection keeps both parts
/// of it until its end. So handshakes count as connections. Safe on any thread.
class ServerAdmission {
 public:
  /// One of max_connections, given back when it is destroyed.
  class Permit {
   public:
    explicit Permit(ServerAdmission& admission) noexcept : admission_(&admission) {}
    Permit(Permit&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
    Permit& operator=(Permit other) noexcept {
      std::swap(admission_, other.admission_);
      return *this;
    }
    ~Permit() {
      if (admission_ != nullptr) admission_->give_back();
    }
    /// Leaves it to the open connection, whose end calls ServerAdmission::give_back().
    void keep() noexcept { admission_ = nullptr; }

   private:
    ServerAdmission* admission_;
  };
  /// The parts of both limits that an admitted socket holds.
  struct Ticket {
    AddressCounter::Ticket address;
    Permit permit;
  };

  ServerAdmission(std::size_t connections, std::size_t per_address, bool count_loopback) noexcept
      : limit_(connections), addresses_(per_address, count_loopback) {}

  /// Returns a permit, or nothing if max_connections are taken. `max_connections` 0: no limit.
  [[nodiscard]] std::optional<Permit> take() noexcept {
    const std::size_t before = count_.fetch_add(1, std::memory_order_relaxed);
    Permit permit(*this);
    if (limit_ == 0 || before < limit_) return permit;
    return std::nullopt;
  }
  void give_back() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] AddressCounter& addresses() noexcept { return addresses_; }
  [[nodiscard]] std::size_t count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> count_{0};
  AddressCounter addresses_;
};

}  // namespace wirespan
