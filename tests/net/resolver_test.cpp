// net/resolver.cpp: names that resolve, names that do not, and owners destroyed before the answer.
#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Endpoint;
using net::Lookup;
using Answer = Expected<std::vector<Endpoint>>;

/// A network that resolves every name to 127.0.0.1; names that begin with "slow" only after
/// release().
class PatientNetwork final : public SpyNetwork {
 public:
  PatientNetwork() {
    resolver = [this, gate = gate_](const std::string& host) -> Answer {
      if (host.starts_with("slow")) std::shared_future(gate).wait();
      ++answered;
      return std::vector{loopback(80)};
    };
  }
  /// Waits until every look-up has returned: none may use this object afterwards.
  ~PatientNetwork() override {
    release();
    while (answered < resolves) std::this_thread::yield();
  }
  void release() {
    if (!std::exchange(released_, true)) open_.set_value();
  }
  std::atomic<int> answered{0};

 private:
  std::promise<void> open_;
  std::shared_future<void> gate_ = open_.get_future().share();
  bool released_ = false;
};

class LookupOnLoop : public ::testing::TestWithParam<net::Backend> {
 protected:
  PatientNetwork network;
  std::optional<net::EventLoop> loop{
      std::in_place,
      net::EventLoopOptions{.backend = GetParam(), .receive_buffer = 4096, .network = &network}};
  std::vector<Answer> answers;

  auto collect() {
    return [this](Answer answer) {
      EXPECT_TRUE(loop->in_loop_thread());
      answers.push_back(std::move(answer));
    };
  }
  bool wait_for_answers(std::size_t count) {
    return turn_until(*loop, [&] { return answers.size() >= count; });
  }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(LookupOnLoop);

TEST_P(LookupOnLoop, a_number_needs_no_thread_but_a_turn) {
  const Lookup v4(*loop, "127.0.0.1", 81, collect());
  const Lookup v6(*loop, "::1", 82, collect());
  EXPECT_TRUE(answers.empty()) << "never from the constructor";
  loop->run_once(10s);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]->front(), loopback(81));
  EXPECT_EQ(answers[1]->front(), loopback(82, "::1"));
  EXPECT_EQ(network.resolves, 0);
  loop->run_once(0ms);
  EXPECT_EQ(answers.size(), 2U) << "once";
}

TEST_P(LookupOnLoop, a_number_with_a_zone_needs_no_thread_either) {
  const Lookup lookup(*loop, "fe80::1%lo", 81, collect());
  loop->run_once(10s);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->front().to_string(), "[fe80::1%lo]:81");
  EXPECT_EQ(network.resolves, 0);
}

TEST_P(LookupOnLoop, a_name_is_answered_on_the_thread_of_the_loop) {
  const Lookup lookup(*loop, "some.example", 80, collect());
  EXPECT_TRUE(answers.empty());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers[0]->front(), loopback(80));
  EXPECT_EQ(network.resolves, 1);
}

TEST_P(LookupOnLoop, the_name_of_this_machine_is_found) {
  network.resolver = nullptr;
  {
    const Lookup lookup(*loop, "localhost", 9001, collect());
    ASSERT_TRUE(wait_for_answers(1));
  }
  network.answered = 1;
  ASSERT_TRUE(answers[0]);
  EXPECT_TRUE(answers[0]->front().is_loopback());
  EXPECT_EQ(answers[0]->front().port(), 9001);
}

TEST_P(LookupOnLoop, R10_an_unknown_name_is_an_error) {
  network.resolver = [&](const std::string&) -> Answer {
    ++network.answered;
    return std::error_code(Errc::host_not_found);
  };
  const Lookup lookup(*loop, "nobody.example", 80, collect());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers[0].error(), Errc::host_not_found);
}

TEST_P(LookupOnLoop, a_name_without_addresses_is_an_error_too) {
  network.resolver = [&](const std::string&) -> Answer {
    ++network.answered;
    return std::vector<Endpoint>{};
  };
  const Lookup lookup(*loop, "empty.example", 80, collect());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers[0].error(), Errc::host_not_found);
}

TEST_P(LookupOnLoop, a_resolver_without_memory_ends_the_look_up_and_nothing_else) {
  network.resolver = [&](const std::string&) -> Answer {
    ++network.answered;
    throw std::bad_alloc();
  };
  const Lookup lookup(*loop, "large.example", 80, collect());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers[0].error(), std::errc::not_enough_memory);
}

TEST_P(LookupOnLoop, a_slow_name_holds_up_neither_others_nor_the_loop) {
  std::vector<std::unique_ptr<Lookup>> slow;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "slow" + std::to_string(i) + ".example";
    slow.push_back(std::make_unique<Lookup>(*loop, name, 80, collect()));
  }
  ASSERT_TRUE(turn_until(*loop, [&] { return network.resolves == 12; }));
  const Lookup fast(*loop, "fast.example", 80, collect());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(network.answered, 1);
  int turns = 0;
  for (; turns < 20; ++turns) loop->run_once(1ms);
  EXPECT_EQ(answers.size(), 1U);
  network.release();
  ASSERT_TRUE(wait_for_answers(13));
}

TEST_P(LookupOnLoop, a_cancelled_look_up_never_calls_back) {
  const auto owned = std::make_shared<int>(1);
  auto lookup = std::make_unique<Lookup>(*loop, "slow.example", 80,
                                         [owned](Answer) { ADD_FAILURE() << "was cancelled"; });
  ASSERT_TRUE(turn_until(*loop, [&] { return network.resolves == 1; }));
  lookup.reset();  // does not block
  EXPECT_EQ(owned.use_count(), 1) << "what the handler held is free at once";
  network.release();
  ASSERT_TRUE(turn_until(*loop, [&] { return network.answered == 1; }));
  turn_for(*loop, 10ms);
}

TEST_P(LookupOnLoop, a_cancelled_number_never_calls_back) {
  { const Lookup lookup(*loop, "127.0.0.1", 80, collect()); }
  loop->run_once(0ms);
  loop->run_once(0ms);
  EXPECT_TRUE(answers.empty());
}

TEST_P(LookupOnLoop, the_answer_may_come_when_the_look_up_is_gone_but_the_task_is_on_its_way) {
  auto lookup = std::make_unique<Lookup>(*loop, "fast.example", 80, collect());
  while (network.answered < 1) std::this_thread::yield();
  std::this_thread::sleep_for(5ms);  // most likely the answer is in the mailbox now
  lookup.reset();
  turn_for(*loop, 10ms);
  EXPECT_TRUE(answers.empty());
}

TEST_P(LookupOnLoop, the_loop_may_have_gone_before_the_answer) {
  auto owned = std::make_shared<int>(1);
  auto lookup = std::make_unique<Lookup>(*loop, "slow.example", 80,
                                         [owned](Answer) { ADD_FAILURE() << "on which loop?"; });
  ASSERT_TRUE(turn_until(*loop, [&] { return network.resolves == 1; }));
  lookup.reset();
  loop.reset();
  network.release();
  while (network.answered < 1) std::this_thread::yield();
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_P(LookupOnLoop, the_loop_may_go_before_its_look_up) {
  auto lookup = std::make_unique<Lookup>(*loop, "slow.example", 80,
                                         [](Answer) { ADD_FAILURE() << "on which loop?"; });
  ASSERT_TRUE(turn_until(*loop, [&] { return network.resolves == 1; }));
  loop.reset();
  network.release();
  while (network.answered < 1) std::this_thread::yield();
  lookup.reset();
}

TEST_P(LookupOnLoop, the_handler_may_destroy_its_look_up) {
  std::unique_ptr<Lookup> number;
  std::unique_ptr<Lookup> name;
  number = std::make_unique<Lookup>(*loop, "127.0.0.1", 80, [&](Answer answer) {
    number.reset();
    answers.push_back(std::move(answer));
  });
  name = std::make_unique<Lookup>(*loop, "fast.example", 80, [&](Answer answer) {
    name.reset();
    answers.push_back(std::move(answer));
  });
  ASSERT_TRUE(wait_for_answers(2));
  EXPECT_FALSE(number);
  EXPECT_FALSE(name);
}

TEST_P(LookupOnLoop, many_names_at_once_are_all_answered) {
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "name" + std::to_string(i) + ".example";
    lookups.push_back(std::make_unique<Lookup>(*loop, name, 80, collect()));
  }
  ASSERT_TRUE(wait_for_answers(200));
  EXPECT_EQ(network.resolves, 200);
}

}  // namespace
}  // namespace wirespan::test
