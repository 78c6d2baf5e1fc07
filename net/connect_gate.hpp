// connect_gate.hpp - at most one connection attempt at a time to one address. RFC 6455 §4.1 item 2.
#pragma once

#include <functional>
#include <vector>

#include <wirespan/net/endpoint.hpp>

namespace wirespan::net {

/// Keeps a client from flooding an address with connections that are still in state CONNECTING.
/// One for each loop; not thread-safe.
class ConnectGate {
 public:
  /// One attempt, from the wish to connect until the opening handshake is over.
  class Visit {
   public:
    /// `enter` is called once: here if nobody is before us, else when those before us have left.
    Visit(ConnectGate& gate, const Endpoint& peer, std::function<void()> enter);
    /// Leaves, and lets the next one in.
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    friend class ConnectGate;
    ConnectGate& gate_;
    Endpoint peer_;
    std::function<void()> enter_;
  };

 private:
  [[nodiscard]] Visit* first_for(const Endpoint& peer) const noexcept;

  std::vector<Visit*> visits_;  // in the order of arrival; the first of each address is inside
};

}  // namespace wirespan::net
