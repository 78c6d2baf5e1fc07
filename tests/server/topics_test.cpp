// app/server/topics.hpp: who has subscribed to what, beside a model that is too simple to be wrong.
#include <algorithm>
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

/// One random step on both.
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

}  // namespace
}  // namespace wirespan::test
