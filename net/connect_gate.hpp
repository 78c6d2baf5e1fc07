// connect_gate.hpp - at most one connection attempt at a time to one address. RFC 6455 §4.1 item 2.
#pragma once

#include <functional>
#include <vector>

#include <wirespan/net/endpoint.hpp>

namespace wirespan::net {

/// Admission of connection attempts: keeps a client from flooding an address (host and port) with
/// connections in state CONNECTING. Attempts to one address form a line; the first is inside, the
/// others wait. One per loop, owned by EventLoop; must outlive its visits. Not thread-safe.
class ConnectGate {
 public:
  /// The place of one attempt in the line, from the wish to connect until its opening handshake is
  /// over. Owned by the attempt; destroying it lets the next attempt in.
  class Visit {
   public:
    /// Joins the line for `peer`. `enter` is called once: within this call if the line is empty,
    /// else from the destructor of the visit before this one.
    Visit(ConnectGate& gate, const Endpoint& peer, std::function<void()> enter);
    /// Leaves the line, and calls `enter` of the next visit if this one was inside.
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    friend class ConnectGate;
    ConnectGate& gate_;
    Endpoint peer_;
    std::function<void()> enter_;  // empty once it was called
  };

 private:
  [[nodiscard]] Visit* first_for(const Endpoint& peer) const noexcept;

  std::vector<Visit*> visits_;  // in order of arrival; the first of each address is inside
};

}  // namespace wirespan::net
