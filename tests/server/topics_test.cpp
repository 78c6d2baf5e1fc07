// app/server/topics.hpp: subscriptions, compared with a plain reference implementation.
#include <algorithm>
#include <ctime>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/app/server/topics.hpp>

namespace wirespan::test {
namespace {

using Members = std::vector<Topics::Member>;

Members members_of(const Topics& topics, std::string_view topic) {
  const auto members = topics.members(topic);
  Members sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

TEST(TopicsTest, members_come_and_go) {
  Topics topics;
  EXPECT_EQ(members_of(topics, "a"), Members{});
  topics.subscribe(1, "a");
  topics.subscribe(2, "a");
  topics.subscribe(2, "b");
  EXPECT_EQ(members_of(topics, "a"), (Members{1, 2}));
  EXPECT_EQ(members_of(topics, "b"), Members{2});
  topics.unsubscribe(1, "a");
  EXPECT_EQ(members_of(topics, "a"), Members{2});
  topics.leave_all(2);
  EXPECT_EQ(topics.size(), 0U) << "a topic without members is forgotten";
}

TEST(TopicsTest, members_are_counted_and_known) {
  Topics topics;
  EXPECT_EQ(topics.count("a"), 0U);
  EXPECT_FALSE(topics.has(1, "a"));
  topics.subscribe(1, "a");
  topics.subscribe(2, "a");
  topics.subscribe(2, "a");
  EXPECT_EQ(topics.count("a"), 2U);
  EXPECT_TRUE(topics.has(1, "a"));
  EXPECT_FALSE(topics.has(1, "b"));
  EXPECT_FALSE(topics.has(3, "a"));
  topics.unsubscribe(1, "a");
  EXPECT_EQ(topics.count("a"), 1U);
  EXPECT_FALSE(topics.has(1, "a"));
  topics.leave_all(2);
  EXPECT_EQ(topics.count("a"), 0U);
}

TEST(TopicsTest, twice_is_once) {
  Topics topics;
  topics.subscribe(1, "a");
  topics.subscribe(1, "a");
  EXPECT_EQ(members_of(topics, "a"), Members{1});
  topics.unsubscribe(1, "a");
  EXPECT_EQ(topics.size(), 0U);
}

TEST(TopicsTest, leaving_what_was_not_entered_changes_nothing) {
  Topics topics;
  topics.unsubscribe(1, "a");
  topics.leave_all(1);
  topics.subscribe(1, "a");
  topics.unsubscribe(1, "b");
  topics.unsubscribe(2, "a");
  topics.leave_all(2);
  EXPECT_EQ(members_of(topics, "a"), Members{1});
}

TEST(TopicsTest, names_are_compared_whole) {
  using namespace std::string_view_literals;
  Topics topics;
  topics.subscribe(1, "");
  topics.subscribe(2, "a");
  topics.subscribe(3, "a\0b"sv);
  topics.subscribe(4, "A");
  EXPECT_EQ(members_of(topics, ""), Members{1});
  EXPECT_EQ(members_of(topics, "a"), Members{2});
  EXPECT_EQ(members_of(topics, "a\0b"sv), Members{3});
  EXPECT_EQ(members_of(topics, "a\0c"sv), Members{});
}

class Model {
 public:
  void subscribe(Topics::Member member, const std::string& topic) { topics_[topic].insert(member); }
  void unsubscribe(Topics::Member member, const std::string& topic) {
    topics_[topic].erase(member);
    if (topics_[topic].empty()) topics_.erase(topic);
  }
  void leave_all(Topics::Member member) {
    for (auto topic = topics_.begin(); topic != topics_.end();) {
      topic->second.erase(member);
      topic = topic->second.empty() ? topics_.erase(topic) : std::next(topic);
    }
  }
  [[nodiscard]] Members members(const std::string& topic) const {
    const auto found = topics_.find(topic);
    return found == topics_.end() ? Members{} : Members(found->second.begin(), found->second.end());
  }
  [[nodiscard]] std::size_t size() const { return topics_.size(); }

 private:
  std::map<std::string, std::set<Topics::Member>> topics_;
};

/// Does one random step on both.
void step(std::mt19937& random, Topics& topics, Model& model) {
  const auto member = static_cast<Topics::Member>(random() % 30);
  const std::string topic = "topic " + std::to_string(random() % 12);
  switch (random() % 8) {
    case 0:
      topics.leave_all(member);
      return model.leave_all(member);
    case 1:
    case 2:
    case 3:
      topics.unsubscribe(member, topic);
      return model.unsubscribe(member, topic);
    default:
      topics.subscribe(member, topic);
      return model.subscribe(member, topic);
  }
}

TEST(TopicsTest, behaves_as_the_model_for_random_steps) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Topics topics;
    Model model;
    for (int n = 0; n < 2000; ++n) {
      step(random, topics, model);
      ASSERT_EQ(topics.size(), model.size()) << "seed " << seed << ", step " << n;
      const std::string topic = "topic " + std::to_string(random() % 12);
      ASSERT_EQ(members_of(topics, topic), model.members(topic))
          << "seed " << seed << ", step " << n;
    }
  }
}

double cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Nanoseconds of CPU time per membership, the best of three.
struct Costs {
  double subscribe = 1e9;
  double unsubscribe = 1e9;
  double leave = 1e9;
};

/// Lets every member subscribe to every topic, unsubscribe from every second one, and leave.
Costs costs_of(Topics::Member members, std::size_t topic_count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < topic_count; ++i) names.push_back("topic " + std::to_string(i));
  const double each = 1e-9 * static_cast<double>(members) * static_cast<double>(topic_count);
  Costs costs;
  for (int round = 0; round < 3; ++round) {
    Topics topics;
    const double begin = cpu_time();
    for (Topics::Member member = 0; member < members; ++member) {
      for (const std::string& name : names) topics.subscribe(member, name);
    }
    const double full = cpu_time();
    for (Topics::Member member = 0; member < members; ++member) {
      for (std::size_t i = 0; i < names.size(); i += 2) topics.unsubscribe(member, names[i]);
    }
    const double half = cpu_time();
    for (Topics::Member member = 0; member < members; ++member) topics.leave_all(member);
    const double empty = cpu_time();
    EXPECT_EQ(topics.size(), 0U);
    costs.subscribe = std::min(costs.subscribe, (full - begin) / each);
    costs.unsubscribe = std::min(costs.unsubscribe, (half - full) / (each / 2));
    costs.leave = std::min(costs.leave, (empty - half) / (each / 2));
  }
  return costs;
}

/// 64 times as many of the other side: a membership would cost 64 times as much if the work were
/// linear; a cache too small for the larger table explains a factor of less than ten.
constexpr double bearable = 24;

TEST(TopicsTest, a_membership_costs_the_same_however_many_topics_its_member_has) {
  const Costs few = costs_of(20, 125);
  const Costs many = costs_of(20, 8000);
  EXPECT_LT(many.subscribe, bearable * few.subscribe) << few.subscribe << " ns";
  EXPECT_LT(many.unsubscribe, bearable * few.unsubscribe) << few.unsubscribe << " ns";
  EXPECT_LT(many.leave, bearable * few.leave) << few.leave << " ns";
}

TEST(TopicsTest, a_membership_costs_the_same_however_many_members_its_topic_has) {
  const Costs few = costs_of(125, 20);
  const Costs many = costs_of(8000, 20);
  EXPECT_LT(many.subscribe, bearable * few.subscribe) << few.subscribe << " ns";
  EXPECT_LT(many.unsubscribe, bearable * few.unsubscribe) << few.unsubscribe << " ns";
  EXPECT_LT(many.leave, bearable * few.leave) << few.leave << " ns";
}

}  // namespace
}  // namespace wirespan::test
