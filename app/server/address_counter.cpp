// address_counter.cpp - connections counted by IPv4 address or IPv6 /64 prefix.
#include <wirespan/app/server/address_counter.hpp>
#include <wirespan/core/bytes.hpp>

namespace wirespan {
namespace {

constexpr std::size_t ipv6_prefix_size = 8;

/// A dual-stack listener sees IPv4 clients as ::ffff:a.b.c.d, all inside one /64: their IPv4
/// address counts. RFC 4291 §2.5.5.2.
std::string key_of(const IpAddress& address) {
  const Bytes key = address.is_ipv4() ? Bytes(address.ipv4_bytes())
                                      : Bytes(address.bytes()).first(ipv6_prefix_size);
  return std::string(wire_text(key));
}

}  // namespace

std::optional<AddressCounter::Ticket> AddressCounter::take(const net::Endpoint& peer) {
  const auto ip = peer.ip();
  if (limit_ == 0 || !ip) return Ticket();
  if (peer.is_loopback() && !count_loopback_) return Ticket();
  const std::lock_guard lock(mutex_);
  auto& entry = *counts_.try_emplace(key_of(ip->address), 0).first;
  if (entry.second >= limit_) return std::nullopt;
  ++entry.second;
  return Ticket(*this, entry);
}

void AddressCounter::give_back(Ticket::Entry& entry) noexcept {
  const std::lock_guard lock(mutex_);
  if (--entry.second == 0) counts_.erase(counts_.find(entry.first));
}

}  // namespace wirespan
