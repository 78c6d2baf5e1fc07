// net/mailbox.cpp through its loop: tasks from other threads.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/back_ends.hpp"
#include "support/spy_network.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

class LoopMailbox : public LoopTest {};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopMailbox);

TEST_P(LoopMailbox, runs_tasks_in_the_order_of_posting) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(loop.post([&order, i] { order.push_back(i); }));
  loop.run_once(10s);
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST_P(LoopMailbox, a_task_that_posts_is_not_overtaken_by_its_own_post) {
  std::vector<std::string> order;
  loop.post([&] {
    loop.post([&] { order.push_back("posted by a task"); });
    order.push_back("first");
  });
  loop.post([&] { order.push_back("second"); });
  loop.run_once(10s);
  EXPECT_EQ(order, (std::vector<std::string>{"first", "second"})) << "the next turn has it";
  loop.run_once(10s);
  EXPECT_EQ(order.back(), "posted by a task");
}

TEST_P(LoopMailbox, after_the_loop_has_gone_nothing_is_accepted) {
  std::shared_ptr<net::Mailbox> mailbox;
  {
    net::EventLoop short_lived({.backend = GetParam()});
    mailbox = short_lived.mailbox();
    EXPECT_TRUE(mailbox->post([] {}));
  }
  bool ran = false;
  EXPECT_FALSE(mailbox->post([&] { ran = true; }));
  mailbox->wake();
  EXPECT_FALSE(ran);
}

TEST_P(LoopMailbox, a_task_that_never_runs_is_destroyed) {
  const auto owned = std::make_shared<int>(1);
  std::shared_ptr<net::Mailbox> mailbox;
  {
    net::EventLoop short_lived({.backend = GetParam()});
    mailbox = short_lived.mailbox();
    mailbox->post([owned] {});
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(mailbox->post([owned] {}));
  EXPECT_EQ(owned.use_count(), 1);
}

/// A task may own an object whose destructor posts: the mailbox must hold no lock then.
TEST_P(LoopMailbox, a_task_may_post_while_it_is_destroyed) {
  std::shared_ptr<net::Mailbox> mailbox;
  struct PostsWhenItDies {
    std::shared_ptr<net::Mailbox> mailbox;
    std::atomic<int>* refused;
    ~PostsWhenItDies() {
      if (!mailbox->post([] {})) ++*refused;
    }
  };
  std::atomic<int> refused{0};
  {
    net::EventLoop short_lived({.backend = GetParam()});
    mailbox = short_lived.mailbox();
    auto object = std::shared_ptr<PostsWhenItDies>(new PostsWhenItDies{mailbox, &refused});
    mailbox->post([object = std::move(object)] {});
  }
  EXPECT_EQ(refused, 1);
}

TEST_P(LoopMailbox, a_task_is_destroyed_as_soon_as_it_has_run) {
  const auto owned = std::make_shared<int>(1);
  long during_next = -1;
  loop.post([owned] {});
  loop.post([&] { during_next = owned.use_count(); });
  loop.run_once(10s);
  EXPECT_EQ(during_next, 1);
}

TEST_P(LoopMailbox, many_threads_keep_their_own_order) {
  constexpr int threads = 8;
  constexpr int each = 2000;
  std::vector<int> next(threads, 0);
  int done = 0;
  std::vector<std::thread> posters;
  for (int who = 0; who < threads; ++who) {
    posters.emplace_back([&, who] {
      for (int i = 0; i < each; ++i) {
        EXPECT_TRUE(loop.post([&, who, i] {
          EXPECT_EQ(next[static_cast<std::size_t>(who)]++, i);
          ++done;
        }));
      }
    });
  }
  EXPECT_TRUE(turn_until(loop, [&] { return done == threads * each; }));
  for (std::thread& poster : posters) poster.join();
}

TEST_P(LoopMailbox, posting_races_with_the_end_of_the_loop) {
  for (int round = 0; round < 50; ++round) {
    auto short_lived = std::make_unique<net::EventLoop>(
        net::EventLoopOptions{.backend = GetParam(), .receive_buffer = 4096});
    const auto mailbox = short_lived->mailbox();
    const auto owned = std::make_shared<int>(1);
    std::thread poster([&] {
      while (mailbox->post([owned] {})) {
      }
    });
    short_lived->run_once(0ms);
    short_lived.reset();
    poster.join();
    ASSERT_EQ(owned.use_count(), 1);
  }
}

TEST_P(LoopMailbox, a_batch_costs_one_wake_up) {
  SpyNetwork network;
  net::EventLoop watched({.backend = GetParam(), .network = &network});
  int ran = 0;
  for (int i = 0; i < 100; ++i) watched.post([&] { ++ran; });
  EXPECT_EQ(network.wakes, 1);
  watched.run_once(10s);
  EXPECT_EQ(ran, 100);
  watched.post([&] { ++ran; });
  EXPECT_EQ(network.wakes, 2);
  watched.run_once(10s);
  EXPECT_EQ(ran, 101);
}

TEST_P(LoopMailbox, wakes_the_loop_without_a_task) {
  std::thread other([mailbox = loop.mailbox()] { mailbox->wake(); });
  loop.run_once(std::nullopt);  // without the wake-up it would wait for ever
  other.join();
}

}  // namespace
}  // namespace wirespan::test
