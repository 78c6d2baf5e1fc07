// connect_gate.cpp - the line of connection attempts to each address. RFC 6455 §4.1 item 2.
#include <algorithm>
#include <utility>

#include <wirespan/net/connect_gate.hpp>

namespace wirespan::net {

ConnectGate::Visit::Visit(ConnectGate& gate, const Endpoint& peer, std::function<void()> enter)
    : gate_(gate), peer_(peer), enter_(std::move(enter)) {
  gate_.visits_.push_back(this);
  if (gate_.first_for(peer_) == this) std::exchange(enter_, nullptr)();
}

ConnectGate::Visit::~Visit() {
  std::erase(gate_.visits_, this);
  Visit* next = gate_.first_for(peer_);
  if (next != nullptr && next->enter_) std::exchange(next->enter_, nullptr)();
}

ConnectGate::Visit* ConnectGate::first_for(const Endpoint& peer) const noexcept {
  const auto found = std::find_if(visits_.begin(), visits_.end(),
                                  [&](const Visit* visit) { return visit->peer_ == peer; });
  return found == visits_.end() ? nullptr : *found;
}

}  // namespace wirespan::net
