// topics.hpp - the subscriptions of one loop's connections. Private.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wirespan {

/// The subscribers of each topic on one loop. Members are numbers of the owner's choice;
/// ServerConnections uses slots. A topic lists its members in one vector, because each fan-out
/// reads that list; a member's memberships form a linked list, and a hash table finds each
/// membership by topic and member. So subscribing, unsubscribing and each membership of a member
/// that leaves take constant time, however many topics and members there are. A membership takes
/// about 70 bytes. A topic exists while it has members. Not thread-safe, but for count().
class Topics {
 public:
  using Member = std::uint32_t;

  /// Adds the member to the topic, unless it is there. Throws std::bad_alloc, and then nothing has
  /// changed.
  void subscribe(Member member, std::string_view topic);
  void unsubscribe(Member member, std::string_view topic) noexcept;
  /// Ends all memberships of the member.
  void leave_all(Member member) noexcept;
  /// Returns the members of the topic, in no order; valid until the next change.
  [[nodiscard]] std::span<const Member> members(std::string_view topic) const noexcept;
  [[nodiscard]] bool has(Member member, std::string_view topic) noexcept;
  /// Returns the number of members of the topic. Any thread.
  [[nodiscard]] std::size_t count(std::string_view topic) const;
  /// Topics that have members.
  [[nodiscard]] std::size_t size() const noexcept { return topics_.size(); }

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };
  struct Members {
    std::vector<Member> list;
    std::atomic<std::size_t> count{0};  // of the list, for other threads
  };
  using TopicMap = std::unordered_map<std::string, Members, NameHash, std::equal_to<>>;
  using Topic = TopicMap::value_type;  // nodes of the map do not move

  struct Key {
    Topic* topic = nullptr;
    Member member = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<const void*>()(key.topic) ^ (key.member * std::size_t{0x9E3779B97F4A7C15});
    }
  };
  struct Membership;
  using MembershipMap = std::unordered_map<Key, Membership, KeyHash>;
  using Entry = MembershipMap::value_type;
  // Invariant: topic->second.list[index] == member, for the key of the entry. previous and next
  // link the memberships of the same member.
  struct Membership {
    std::size_t index = 0;
    Entry* previous = nullptr;
    Entry* next = nullptr;
  };

  [[nodiscard]] TopicMap::iterator find_or_make(std::string_view topic);
  void link(Entry& entry, Entry*& first) noexcept;
  void unlink(const Entry& entry) noexcept;
  void remove_from_topic(const Entry& entry) noexcept;
  void forget_if_empty(const Topic& topic) noexcept;

  mutable std::mutex mutex_;  // guards the map against count(), whenever a topic comes or goes
  TopicMap topics_;
  MembershipMap memberships_;
  std::unordered_map<Member, Entry*> first_of_;  // no entry for members without memberships
};

}  // namespace wirespan
