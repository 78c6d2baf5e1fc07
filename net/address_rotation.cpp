// address_rotation.cpp - AddressRotation: begins behind the address that was tried last.
#include <algorithm>

#include <wirespan/net/address_rotation.hpp>

namespace wirespan::net {

std::vector<Endpoint> AddressRotation::rotated(std::vector<Endpoint> endpoints) const {
  if (!last_) return endpoints;
  const auto found = std::find(endpoints.begin(), endpoints.end(), *last_);
  if (found != endpoints.end()) std::rotate(endpoints.begin(), found + 1, endpoints.end());
  return endpoints;
}

}  // namespace wirespan::net
