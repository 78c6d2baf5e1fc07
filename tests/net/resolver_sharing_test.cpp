// net/resolver.cpp, net/lookup_threads.cpp: names that never resolve, abandoned look-ups, threads
// that cannot be started, and fork().
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/back_ends.hpp"
#include "support/other_threads.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include <wirespan/net/lookup_threads.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Endpoint;
using net::Lookup;
using net::LookupThreads;
using Answer = Expected<std::vector<Endpoint>>;

/// Names that begin with "dead" are not resolved before release(); all others are 127.0.0.1.
class HalfDeadNetwork final : public SpyNetwork {
 public:
  HalfDeadNetwork() {
    resolver = [this](const std::string& host) -> Answer {
      std::unique_lock lock(mutex_);
      names_.insert(host);
      changed_.wait(lock, [&] { return released_ || !host.starts_with("dead"); });
      ++answered_;
      return std::vector{loopback(80)};
    };
  }
  ~HalfDeadNetwork() override {
    release();
    while (true) {
      const std::lock_guard lock(mutex_);
      if (answered_ == resolves) return;
    }
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool was_asked(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return names_.contains(name);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::string> names_;
  bool released_ = false;
  int answered_ = 0;
};

class LookupSharing : public ::testing::Test {
 protected:
  HalfDeadNetwork network;
  net::EventLoop loop{{.receive_buffer = 4096, .network = &network}};
  int answers = 0;

  std::unique_ptr<Lookup> ask(const std::string& name, std::uint16_t port = 80) {
    return std::make_unique<Lookup>(loop, name, port, [this](const Answer& answer) {
      EXPECT_TRUE(answer) << answer.error().message();
      ++answers;
    });
  }
  std::vector<std::unique_ptr<Lookup>> ask_for_dead_names(std::size_t count) {
    std::vector<std::unique_ptr<Lookup>> lookups;
    for (std::size_t i = 0; i < count; ++i) lookups.push_back(ask("dead" + std::to_string(i)));
    return lookups;
  }
  bool are_begun(int count) {
    return turn_until(loop, [&] { return network.resolves >= count; });
  }
};

TEST_F(LookupSharing, one_look_up_serves_all_who_ask_for_a_name_and_port) {
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 100; ++i) lookups.push_back(ask("dead"));
  lookups.push_back(ask("dead", 81));
  ASSERT_TRUE(are_begun(2));
  network.release();
  ASSERT_TRUE(turn_until(loop, [&] { return answers == 101; }));
  EXPECT_EQ(network.resolves, 2);
}

TEST_F(LookupSharing, those_who_give_up_leave_it_to_the_others) {
  auto first = ask("dead");
  auto second = ask("dead");
  ASSERT_TRUE(are_begun(1));
  first.reset();
  network.release();
  ASSERT_TRUE(turn_until(loop, [&] { return answers == 1; }));
  turn_for(loop, 5ms);
  EXPECT_EQ(answers, 1);
}

TEST_F(LookupSharing, a_name_is_asked_for_anew_once_it_was_answered) {
  for (int round = 1; round <= 3; ++round) {
    const auto lookup = ask("good");
    ASSERT_TRUE(turn_until(loop, [&] { return answers == round; }));
  }
  EXPECT_EQ(network.resolves, 3);
}

/// A look-up of a destroyed network may still be finishing in its thread.
TEST(LookupSharingOver, a_network_at_an_old_address_joins_no_look_up_of_the_one_before) {
  std::optional<SpyNetwork> network;
  std::vector<LookupThreads::Key> keys;
  for (int i = 0; i < 2; ++i) {
    SpyNetwork& made = network.emplace();
    keys.push_back({.network = &made, .serial = made.serial(), .host = "name.example", .port = 80});
  }
  EXPECT_EQ(keys[0].network, keys[1].network);
  EXPECT_TRUE(keys[0] < keys[1]);
  EXPECT_FALSE(keys[1] < keys[0]);
}

/// Ten apps reconnect to a dead name with a time-out shorter than the resolver's.
TEST_F(LookupSharing, one_dead_name_delays_no_good_one_however_often_it_is_asked_for) {
  for (int round = 0; round < 100; ++round) {
    std::vector<std::unique_ptr<Lookup>> apps;
    for (int app = 0; app < 10; ++app) apps.push_back(ask("dead"));
    loop.run_once(0ms);
  }
  const auto good = ask("good");
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 1; }));
  EXPECT_LE(network.resolves, 2) << "threads that wait for the dead name";
}

/// As many dead names as the pool may have threads, abandoned one after the other.
TEST_F(LookupSharing, dead_names_that_were_given_up_delay_no_good_one) {
  auto dead = ask_for_dead_names(LookupThreads::most_threads);
  ASSERT_TRUE(are_begun(LookupThreads::most_threads));
  const auto good = ask("good");
  turn_for(loop, 20ms);
  EXPECT_FALSE(network.was_asked("good")) << "all threads are in use";
  dead.pop_back();
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 1; }));
}

/// As many dead names as the pool has places, whose waiters are patient.
TEST_F(LookupSharing, dead_names_that_are_waited_for_delay_a_good_one_until_they_are_slow) {
  const auto dead = ask_for_dead_names(LookupThreads::most_threads);
  ASSERT_TRUE(are_begun(LookupThreads::most_threads));
  const auto good = ask("good");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 1; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, LookupThreads::slow_after + 2s);
}

/// Three times as many dead names as places, and good ones behind them, all at once.
TEST_F(LookupSharing, dead_names_in_the_queue_are_passed_one_round_after_the_other) {
  const auto dead = ask_for_dead_names(LookupThreads::most_threads * 3);
  std::vector<std::unique_ptr<Lookup>> good;
  for (int i = 0; i < 100; ++i) good.push_back(ask("good" + std::to_string(i)));
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 100; }));
}

TEST_F(LookupSharing, a_look_up_that_was_given_up_before_it_began_never_runs) {
  const auto dead = ask_for_dead_names(LookupThreads::most_threads);
  ASSERT_TRUE(are_begun(LookupThreads::most_threads));
  const auto owned = std::make_shared<int>(1);
  for (int i = 0; i < 50; ++i) {
    const Lookup given_up(loop, "unwanted" + std::to_string(i), 80, [owned](const Answer&) {});
  }
  EXPECT_EQ(owned.use_count(), 1);
  const auto last = ask("last");
  network.release();
  ASSERT_TRUE(turn_until(loop, [&] { return answers == LookupThreads::most_threads + 1; }));
  EXPECT_EQ(network.resolves, LookupThreads::most_threads + 1);
}

TEST_F(LookupSharing, one_that_gives_up_before_it_began_leaves_it_to_the_others) {
  const auto dead = ask_for_dead_names(LookupThreads::most_threads);
  ASSERT_TRUE(are_begun(LookupThreads::most_threads));
  auto first = ask("wanted");
  const auto second = ask("wanted");
  first.reset();
  network.release();
  ASSERT_TRUE(turn_until(loop, [&] { return answers == LookupThreads::most_threads + 1; }));
}

TEST_F(LookupSharing, the_number_of_threads_is_bounded_whoever_gives_up) {
  for (std::size_t i = 0; i < 2 * LookupThreads::most_with_abandoned; ++i) {
    auto lookup = ask("dead" + std::to_string(i));
    const int begun = static_cast<int>(std::min(i + 1, LookupThreads::most_with_abandoned));
    ASSERT_TRUE(are_begun(begun));
  }
  turn_for(loop, 20ms);
  EXPECT_EQ(network.resolves, static_cast<int>(LookupThreads::most_with_abandoned));
  const auto good = ask("good");
  network.release();
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 1; }));
}

TEST_F(LookupSharing, whoever_asks_for_an_abandoned_name_joins_the_look_up_that_runs) {
  ask("dead").reset();
  auto first = ask("dead");
  ASSERT_TRUE(are_begun(1));
  first.reset();
  const auto second = ask("dead");
  network.release();
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 1; }));
  EXPECT_EQ(network.resolves, 1);
}

#if defined(__SANITIZE_THREAD__)
constexpr bool can_fork_with_threads = false;  // the sanitizer does not support it
#else
constexpr bool can_fork_with_threads = true;
#endif

/// Runs in a child process: true if a look-up by name is answered.
bool answers_in_child(std::chrono::milliseconds pause) {
  SpyNetwork network;
  network.resolver = [](const std::string&) -> Answer { return std::vector{loopback(80)}; };
  net::EventLoop loop({.receive_buffer = 4096, .network = &network});
  bool answered = false;
  for (int round = 0; round < 2; ++round) {
    answered = false;
    const Lookup lookup(loop, "child.example", 80, [&](const Answer& a) { answered = bool(a); });
    for (int i = 0; i < 300 && !answered; ++i) loop.run_once(10ms);
    if (!answered || pause == 0ms) break;
    std::this_thread::sleep_for(pause);
  }
  return answered;
}

/// Forks and returns whether the child succeeded; a child that hangs is killed.
bool child_succeeds(std::chrono::milliseconds pause = 0ms) {
  make_heap_ready_for_fork();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(answers_in_child(pause) ? 0 : 1);
  int status = -1;
  for (int i = 0; i < 3000; ++i) {
    if (::waitpid(child, &status, WNOHANG) == child) return status == 0;
    std::this_thread::sleep_for(10ms);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return false;
}

/// Runs in a child process, whose pool has no thread yet. Returns the name of the step that failed.
const char* refuse_the_first_thread() {
  class WithoutThreads final : public SpyNetwork {
   public:
    std::error_code start_thread(std::function<void()> work) override {
      if (refuses) return make_error_code(std::errc::resource_unavailable_try_again);
      return SpyNetwork::start_thread(std::move(work));
    }
    bool refuses = true;
  };
  WithoutThreads network;
  network.resolver = [](const std::string&) -> Answer { return std::vector{loopback(80)}; };
  net::EventLoop loop({.receive_buffer = 4096, .network = &network});
  std::optional<Answer> answer;
  const auto keep = [&](const Answer& given) { answer = given; };
  {
    const Lookup lookup(loop, "refused.example", 80, keep);
    if (answer) return "the constructor calls back";
    if (!turn_until(loop, [&] { return answer.has_value(); })) return "nothing is told";
    if (answer->error() != std::errc::resource_unavailable_try_again) return "another error";
  }
  { const Lookup given_up(loop, "given-up.example", 80, keep); }
  answer.reset();
  network.refuses = false;
  const Lookup good(loop, "good.example", 80, keep);
  if (!turn_until(loop, [&] { return answer.has_value(); })) return "no thread later on";
  if (!*answer) return "the good name is not answered";
  return network.resolves == 1 ? nullptr : "what was refused runs later";
}

TEST(LookupWithoutThread, is_told_through_its_handler_and_leaves_nothing_behind) {
  if (!can_fork_with_threads) GTEST_SKIP();
  make_heap_ready_for_fork();
  const pid_t child = ::fork();
  if (child == 0) {
    const char* wrong = refuse_the_first_thread();
    if (wrong != nullptr) std::fprintf(stderr, "%s\n", wrong);
    ::_exit(wrong == nullptr ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LookupSharing, a_forked_child_has_threads_of_its_own) {
  if (!can_fork_with_threads) GTEST_SKIP();
  const auto good = ask("good");
  ASSERT_TRUE(turn_until(loop, [&] { return answers == 1; }));
  EXPECT_TRUE(child_succeeds()) << "the parent's threads were idle";
  const auto dead = ask_for_dead_names(LookupThreads::most_threads);
  ASSERT_TRUE(are_begun(static_cast<int>(LookupThreads::most_threads)));
  EXPECT_TRUE(child_succeeds()) << "the parent's threads were busy";
}

TEST_F(LookupSharing, a_forked_child_has_threads_after_an_idle_time_too) {
  if (!can_fork_with_threads) GTEST_SKIP();
  const auto good = ask("good");
  ASSERT_TRUE(turn_until(loop, [&] { return answers == 1; }));
  EXPECT_TRUE(child_succeeds(LookupThreads::patience + 500ms));
}

TEST_F(LookupSharing, a_fork_may_come_in_the_middle_of_a_look_up) {
  if (!can_fork_with_threads || !heap_survives_fork) GTEST_SKIP();
  std::atomic<bool> over{false};
  std::thread asking([&] {
    net::EventLoop other({.receive_buffer = 4096, .network = &network});
    while (!over) {
      const Lookup lookup(other, "good", 80, [](const Answer&) {});
      other.run_once(0ms);
    }
  });
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(child_succeeds()) << i;
  over = true;
  asking.join();
}

/// The child destroys the objects that it inherits, without an effect on the parent's pool.
TEST_F(LookupSharing, a_child_may_destroy_what_its_parent_has_asked_for) {
  if (!can_fork_with_threads) GTEST_SKIP();
  auto dead = ask("dead");
  ASSERT_TRUE(are_begun(1));
  make_heap_ready_for_fork();
  const pid_t child = ::fork();
  if (child == 0) {
    dead.reset();
    ::_exit(answers_in_child(0ms) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  network.release();
  EXPECT_TRUE(turn_until(loop, [&] { return answers == 1; }));
}

}  // namespace
}  // namespace wirespan::test
