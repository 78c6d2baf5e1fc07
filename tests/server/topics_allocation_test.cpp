// app/server/topics.hpp: fault injection; a subscription without memory changes nothing.
#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/alloc_counter.hpp"
#include <wirespan/app/server/topics.hpp>

namespace wirespan::test {
namespace {

using Members = std::vector<Topics::Member>;

const std::string known = "a topic that has members and a name of more than fifteen letters";
const std::string fresh = "a topic that nobody has subscribed to, with a name as long as that";

Members members_of(const Topics& topics, std::string_view topic) {
  const auto members = topics.members(topic);
  return {members.begin(), members.end()};
}

/// Topics with four members: their list is full, and so is the smallest hash table.
struct WithFourMembers : Topics {
  WithFourMembers() {
    for (Member member = 1; member <= 4; ++member) subscribe(member, known);
  }
};

/// Lets each allocation of a subscription fail in turn; returns the number of allocations.
std::size_t fail_each_allocation(Topics::Member member, const std::string& name) {
  for (std::size_t n = 0;; ++n) {
    WithFourMembers topics;
    const bool has_failed = [&] {
      AllocCounter allocations;
      allocations.fail_after(n);
      try {
        topics.subscribe(member, name);
      } catch (const std::bad_alloc&) {
      }
      return allocations.failed();
    }();
    if (!has_failed) return n;
    EXPECT_EQ(members_of(topics, known), (Members{1, 2, 3, 4})) << "allocation " << n;
    EXPECT_EQ(topics.size(), 1U) << "a topic without members stays, allocation " << n;
    topics.leave_all(member);
    topics.subscribe(member, name);
    EXPECT_EQ(members_of(topics, name).back(), member);
    for (Topics::Member each = 0; each <= 5; ++each) topics.leave_all(each);
    EXPECT_EQ(topics.size(), 0U) << "allocation " << n;
  }
}

TEST(TopicsWithoutMemory, a_new_member_of_a_new_topic_is_in_it_or_nothing_has_changed) {
  EXPECT_GE(fail_each_allocation(5, fresh), 4U);
}

TEST(TopicsWithoutMemory, a_new_member_of_a_known_topic_is_in_it_or_nothing_has_changed) {
  EXPECT_GE(fail_each_allocation(5, known), 3U);
}

TEST(TopicsWithoutMemory, a_known_member_of_a_new_topic_is_in_it_or_nothing_has_changed) {
  EXPECT_GE(fail_each_allocation(1, fresh), 3U);
}

TEST(TopicsWithoutMemory, leaving_needs_none) {
  WithFourMembers topics;
  topics.subscribe(1, fresh);
  AllocCounter allocations;
  topics.unsubscribe(2, known);
  topics.leave_all(1);
  topics.unsubscribe(3, known);
  topics.leave_all(4);
  EXPECT_EQ(allocations.count(), 0U);
  EXPECT_EQ(topics.size(), 0U);
}

}  // namespace
}  // namespace wirespan::test
