// address_rotation.cpp - AddressRotation: begins behind the address that was tried last.
#include <algorithm>

#include <wirespan/net/address_rotation.hpp>

namespace wirespan::net {

std::vector<Endpoint> AddressRotation::rotated(std::vector<Endpoint> endpoints) const {
  if (!last_) return endpoints;
  const auto found = std::ranges::find(endpoints, *last_);
  if (found != endpoints.end()) std::ranges::rotate(endpoints, found + 1);
  return endpoints;
}

}  // namespace wirespan::net
