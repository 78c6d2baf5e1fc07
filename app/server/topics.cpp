#include <algorithm>

#include <wirespan/app/server/topics.hpp>

namespace wirespan {

void Topics::subscribe(Member member, std::string_view topic) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) found = topics_.emplace(topic, std::vector<Member>()).first;
  auto& own = memberships_[member];
  const auto is_this = [&](const Membership& other) { return other.topic == &*found; };
  if (std::any_of(own.begin(), own.end(), is_this)) return;
  own.push_back({.topic = &*found, .place = found->second.size()});
  found->second.push_back(member);
}

void Topics::unsubscribe(Member member, std::string_view topic) {
  const auto own = memberships_.find(member);
  if (own == memberships_.end()) return;
  auto& list = own->second;
  const auto membership = std::find_if(list.begin(), list.end(), [&](const Membership& other) {
    return other.topic->first == topic;
  });
  if (membership == list.end()) return;
  const Membership removed = *membership;
  *membership = list.back();
  list.pop_back();
  if (list.empty()) memberships_.erase(own);
  remove(removed);
}

void Topics::leave_all(Member member) {
  const auto own = memberships_.extract(member);
  if (own.empty()) return;
  for (const Membership& membership : own.mapped()) remove(membership);
}

std::span<const Topics::Member> Topics::members(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? std::span<const Member>() : found->second;
}

/// The last member takes the place of the removed one; a topic without members is forgotten.
void Topics::remove(Membership membership) {
  std::vector<Member>& members = membership.topic->second;
  const Member moved = members.back();
  members[membership.place] = moved;
  members.pop_back();
  if (members.empty()) {
    topics_.erase(topics_.find(membership.topic->first));
    return;
  }
  if (membership.place == members.size()) return;
  for (Membership& other : memberships_[moved]) {
    if (other.topic == membership.topic) other.place = membership.place;
  }
}

}  // namespace wirespan
