// address_counter.cpp - connections counted by IPv4 address or IPv6 /64 prefix.
#include <cstring>

#include <netinet/in.h>

#include <wirespan/app/server/address_counter.hpp>

namespace wirespan {
namespace {

constexpr std::size_t ipv6_prefix_size = 8;

std::string key_of(const net::Endpoint& peer) {
  if (peer.family() == net::Family::ipv4) {
    sockaddr_in address{};
    std::memcpy(&address, peer.data(), sizeof address);
    return {reinterpret_cast<const char*>(&address.sin_addr), sizeof address.sin_addr};
  }
  sockaddr_in6 address{};
  std::memcpy(&address, peer.data(), sizeof address);
  const auto* bytes = reinterpret_cast<const char*>(&address.sin6_addr);
  // A dual-stack listener sees IPv4 clients as ::ffff:a.b.c.d, all inside one /64: their IPv4
  // address counts. RFC 4291 §2.5.5.2.
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) return {bytes + 12, sizeof(in_addr)};
  return {bytes, ipv6_prefix_size};
}

bool has_address(const net::Endpoint& peer) noexcept {
  return peer.family() == net::Family::ipv4 || peer.family() == net::Family::ipv6;
}

}  // namespace

std::optional<AddressCounter::Ticket> AddressCounter::take(const net::Endpoint& peer) {
  if (limit_ == 0 || !has_address(peer)) return Ticket();
  if (peer.is_loopback() && !count_loopback_) return Ticket();
  const std::lock_guard lock(mutex_);
  auto& entry = *counts_.try_emplace(key_of(peer), 0).first;
  if (entry.second >= limit_) return std::nullopt;
  ++entry.second;
  return Ticket(*this, entry);
}

void AddressCounter::give_back(Ticket::Entry& entry) noexcept {
  const std::lock_guard lock(mutex_);
  if (--entry.second == 0) counts_.erase(counts_.find(entry.first));
}

}  // namespace wirespan
