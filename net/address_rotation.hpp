// address_rotation.hpp - several attempts to reach one name take its addresses by turns.
#pragma once

#include <optional>
#include <vector>

#include <wirespan/net/endpoint.hpp>

namespace wirespan::net {

/// Remembers, from one attempt to the next, the address that was tried last, so that the next
/// attempt begins with another one: an address that accepts TCP and then resets, or whose server
/// answers 503, must not hide the others. Happy Eyeballs (RFC 8305) moves on only while TCP is not
/// connected.
///
/// Owned by the owner of the attempts, which calls forget() when one has succeeded. Not
/// thread-safe.
class AddressRotation {
 public:
  /// Notes that an attempt uses this address now.
  void note(const Endpoint& peer) { last_ = peer; }
  /// The attempt has succeeded: the next one begins where the resolver says.
  void forget() noexcept { last_.reset(); }
  /// Returns the addresses, rotated such that the one behind the address noted last is the first.
  /// If that is not among them, their order stays.
  [[nodiscard]] std::vector<Endpoint> rotated(std::vector<Endpoint> endpoints) const;

 private:
  std::optional<Endpoint> last_;
};

}  // namespace wirespan::net
