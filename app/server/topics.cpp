// topics.cpp - subscribes, unsubscribes and lists members in constant time for each membership.
#include <algorithm>
#include <utility>

#include <wirespan/app/server/topics.hpp>

namespace wirespan {
namespace {

constexpr std::size_t first_capacity = 4;

/// Reserves room for one push_back(), which then cannot throw. Capacity doubles, as in push_back().
void reserve_one_more(std::vector<Topics::Member>& members) {
  if (members.size() < members.capacity()) return;
  members.reserve(std::max(first_capacity, 2 * members.capacity()));
}

}  // namespace

/// Allocates first, then takes the steps that cannot fail.
void Topics::subscribe(Member member, std::string_view name) {
  const auto topic = find_or_make(name);
  if (memberships_.contains({&*topic, member})) return;
  try {
    reserve_one_more(topic->second.list);
    Entry*& first = first_of_.try_emplace(member).first->second;
    try {
      link(*memberships_.try_emplace({&*topic, member}).first, first);
    } catch (...) {
      if (first == nullptr) first_of_.erase(member);
      throw;
    }
  } catch (...) {
    forget_if_empty(*topic);
    throw;
  }
}

void Topics::unsubscribe(Member member, std::string_view name) noexcept {
  const auto topic = topics_.find(name);
  if (topic == topics_.end()) return;
  const auto membership = memberships_.find({&*topic, member});
  if (membership == memberships_.end()) return;
  unlink(*membership);
  remove_from_topic(*membership);
  memberships_.erase(membership);
  forget_if_empty(*topic);
}

void Topics::leave_all(Member member) noexcept {
  const auto first = first_of_.find(member);
  if (first == first_of_.end()) return;
  for (Entry* entry = first->second; entry != nullptr;) {
    const Key key = entry->first;
    Entry* const next = entry->second.next;
    remove_from_topic(*entry);
    memberships_.erase(key);
    forget_if_empty(*key.topic);
    entry = next;
  }
  first_of_.erase(first);
}

std::span<const Topics::Member> Topics::members(std::string_view topic) const noexcept {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? std::span<const Member>() : found->second.list;
}

bool Topics::has(Member member, std::string_view name) noexcept {
  const auto topic = topics_.find(name);
  return topic != topics_.end() && memberships_.contains({&*topic, member});
}

std::size_t Topics::count(std::string_view topic) const {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second.count.load(std::memory_order_relaxed);
}

Topics::TopicMap::iterator Topics::find_or_make(std::string_view topic) {
  const auto found = topics_.find(topic);
  if (found != topics_.end()) return found;
  std::string name(topic);
  const std::lock_guard lock(mutex_);
  return topics_.try_emplace(std::move(name)).first;
}

/// Appends the member to its topic and puts the membership in front of the member's others.
void Topics::link(Entry& entry, Entry*& first) noexcept {
  auto& members = entry.first.topic->second;
  entry.second = {.index = members.list.size(), .previous = nullptr, .next = first};
  members.list.push_back(entry.first.member);
  members.count.store(members.list.size(), std::memory_order_relaxed);
  if (first != nullptr) first->second.previous = &entry;
  first = &entry;
}

void Topics::unlink(const Entry& entry) noexcept {
  Entry* const previous = entry.second.previous;
  Entry* const next = entry.second.next;
  if (next != nullptr) next->second.previous = previous;
  if (previous != nullptr) {
    previous->second.next = next;
  } else if (next != nullptr) {
    first_of_.find(entry.first.member)->second = next;
  } else {
    first_of_.erase(entry.first.member);
  }
}

/// Removes the member from the list of its topic: the last one in the list takes its place.
void Topics::remove_from_topic(const Entry& entry) noexcept {
  const auto [topic, member] = entry.first;
  std::vector<Member>& members = topic->second.list;
  const Member moved = members.back();
  members[entry.second.index] = moved;
  memberships_.find({topic, moved})->second.index = entry.second.index;
  members.pop_back();
  topic->second.count.store(members.size(), std::memory_order_relaxed);
}

void Topics::forget_if_empty(const Topic& topic) noexcept {
  if (!topic.second.list.empty()) return;
  const std::lock_guard lock(mutex_);
  topics_.erase(topics_.find(topic.first));
}

}  // namespace wirespan
