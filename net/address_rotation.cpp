// address_rotation.cpp - AddressRotation: begins behind the address of earlier attempts.
#include <algorithm>
#include <new>

#include <wirespan/net/address_rotation.hpp>

namespace wirespan::net {

/// Of several entries for one address only the latest says something.
void AddressRotation::next_attempt() noexcept {
  for (auto entry = noted_.begin(); entry != noted_.end();) {
    const bool comes_again = std::find(entry + 1, noted_.end(), *entry) != noted_.end();
    entry = comes_again ? noted_.erase(entry) : entry + 1;
  }
  earlier_ = noted_.size();
}

void AddressRotation::note(const Endpoint& peer) noexcept {
  try {
    noted_.push_back(peer);
  } catch (const std::bad_alloc&) {
    return;
  }
  if (noted_.size() <= most) return;
  noted_.erase(noted_.begin());
  if (earlier_ > 0) --earlier_;
}

void AddressRotation::forget() noexcept {
  noted_.clear();
  earlier_ = 0;
}

std::vector<Endpoint> AddressRotation::rotated(std::vector<Endpoint> endpoints) const {
  for (std::size_t i = earlier_; i > 0; --i) {
    const auto found = std::find(endpoints.begin(), endpoints.end(), noted_[i - 1]);
    if (found == endpoints.end()) continue;
    std::rotate(endpoints.begin(), found + 1, endpoints.end());
    break;
  }
  return endpoints;
}

}  // namespace wirespan::net
