// address_rotation.hpp - several attempts to reach one name take its addresses by turns.
#pragma once

#include <cstddef>
#include <vector>

#include <wirespan/net/endpoint.hpp>

namespace wirespan::net {

/// Remembers, from one attempt to the next, the addresses that were tried, so that the next attempt
/// begins with another one: an address that accepts TCP and then resets, or whose server answers
/// 503, must not hide the others. Happy Eyeballs (RFC 8305) moves on only while TCP is not
/// connected.
///
/// One attempt may connect several times: to the target of a redirect, or to a proxy again with the
/// answer to its 407. All of them go by what earlier attempts tried, so the answer goes to the
/// address that asked, and each port of a name takes its addresses by turns of its own.
///
/// Owned by the owner of the attempts, which calls next_attempt() before each one and forget() when
/// one has succeeded. Not thread-safe.
class AddressRotation {
 public:
  /// An attempt begins: the addresses noted until now are those of earlier ones.
  void next_attempt() noexcept;
  /// Notes that this attempt uses this address now. The latest `most` addresses are kept; without
  /// memory for it, it is not noted.
  void note(const Endpoint& peer) noexcept;
  /// Addresses kept.
  static constexpr std::size_t most = 64;
  /// The attempt has succeeded: the next one begins where the resolver says.
  void forget() noexcept;
  /// Returns the addresses, rotated such that the first is the one behind the address of these that
  /// earlier attempts tried last. If they tried none of them, their order stays.
  [[nodiscard]] std::vector<Endpoint> rotated(std::vector<Endpoint> endpoints) const;

 private:
  std::vector<Endpoint> noted_;  // in the order in which they were tried
  std::size_t earlier_ = 0;      // the first of noted_: those of earlier attempts
};

}  // namespace wirespan::net
