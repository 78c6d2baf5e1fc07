// topics.hpp - who of one loop has subscribed to what. Private.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wirespan {

/// Members are numbers of the owner's choice. Subscribing and leaving cost as much as the member
/// has subscriptions, however many others there are. Not thread-safe.
class Topics {
 public:
  using Member = std::uint32_t;

  void subscribe(Member member, std::string_view topic);
  void unsubscribe(Member member, std::string_view topic);
  void leave_all(Member member);
  /// Valid until the next change.
  [[nodiscard]] std::span<const Member> members(std::string_view topic) const;
  [[nodiscard]] std::size_t size() const noexcept { return topics_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };
  using Map = std::unordered_map<std::string, std::vector<Member>, Hash, std::equal_to<>>;
  struct Membership {
    Map::value_type* topic = nullptr;  // nodes of the map do not move
    std::size_t place = 0;             // in its list of members
  };

  void remove(Membership membership);

  Map topics_;
  std::unordered_map<Member, std::vector<Membership>> memberships_;
};

}  // namespace wirespan
