// net/remote.hpp: messages from other threads - limits, order, and accepted bytes that are lost.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/core/error.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/remote.hpp>

namespace wirespan::test {
namespace {

using net::MessageLog;
using net::Overflow;
using net::Remote;
using net::RemoteAccount;
using net::RemoteOptions;

constexpr std::size_t overhead = MessageLog::overhead;

/// A loop with one RemoteAccount; records the messages that it drains.
class RemoteHost {
 public:
  explicit RemoteHost(const RemoteOptions& options = {})
      : remote(loop.mailbox(), options, [this] { drain(); }) {}

  [[nodiscard]] std::error_code send(std::string_view text, Opcode opcode = Opcode::text) {
    return remote.send(account, account.generation.load(), 0, opcode, wire_bytes(text),
                       Compress::if_agreed);
  }
  void turn() { loop.run_once(std::chrono::nanoseconds(0)); }
  void drain() {
    ++drains;
    remote.drain_listed([&](std::uint32_t) { drain_one(Remote::Look::listed); });
  }
  void drain_one(Remote::Look look) {
    remote.drain_account(
        account, 0, look,
        [&](const MessageLog::Message& message) {
          got.emplace_back(wire_text(message.payload));
          if (end_at == got.size()) lost = remote.close_account(account);
          return answer;
        },
        [&] { got.emplace_back("(refused)"); }, [&] { got.emplace_back("(close)"); });
  }

  net::EventLoop loop;
  RemoteAccount account;
  Remote remote;
  std::vector<std::string> got;
  std::error_code answer;
  std::size_t end_at = 0;  // messages after which the connection ends; 0: never
  std::size_t lost = 0;
  int drains = 0;
};

using Texts = std::vector<std::string>;

/// A sender that tries again by itself needs no word about a refusal, but the loop has to close.
TEST(Remote, an_overflow_is_told_to_the_loop_even_if_refusals_are_not) {
  RemoteHost host({.send_hard_limit = 100, .overflow = Overflow::close, .tells_refusals = false});
  EXPECT_FALSE(host.send(std::string(80, 'x')));
  EXPECT_EQ(host.send(std::string(80, 'y')), Errc::overflow_closed);
  EXPECT_EQ(host.send("z"), Errc::not_open);
  host.turn();
  EXPECT_EQ(host.got, (Texts{std::string(80, 'x'), "(close)"}));
}

TEST(Remote, when_the_connection_has_ended_messages_behind_a_task_are_due) {
  RemoteHost host;
  EXPECT_FALSE(host.send("before"));
  EXPECT_TRUE(host.remote.post([] {}));
  EXPECT_FALSE(host.send("behind"));
  host.drain_one(Remote::Look::early);
  EXPECT_EQ(host.got, Texts{"before"});
  host.drain_one(Remote::Look::last);
  EXPECT_EQ(host.got, (Texts{"before", "behind"}));
  EXPECT_EQ(host.remote.close_account(host.account), 0U);
}

TEST(Remote, a_key_travels_with_its_message_and_counts) {
  RemoteHost host({.send_hard_limit = 200});
  const std::string key(60, 'k');
  const auto send = [&](std::string_view text) {
    return host.remote.send(host.account, 1, 0, Opcode::text, wire_bytes(text), Compress::never,
                            key);
  };
  EXPECT_FALSE(send("one"));
  EXPECT_FALSE(send("two"));
  EXPECT_EQ(send("three"), Errc::send_queue_full) << "2 x (60 + 3 + 16), and 60 + 5 + 16";
  Texts keys;
  host.remote.drain_account(
      host.account, 0, Remote::Look::early,
      [&](const MessageLog::Message& message) {
        keys.emplace_back(message.key);
        host.got.emplace_back(wire_text(message.payload));
        return std::error_code();
      },
      [] {}, [] {});
  EXPECT_EQ(keys, (Texts{key, key}));
  EXPECT_EQ(host.got, (Texts{"one", "two"}));
  EXPECT_EQ(host.remote.total(), 0U);
}

TEST(Remote, a_batch_is_one_wake_up_in_the_order_of_the_calls) {
  RemoteHost host;
  for (const char* text : {"a", "b", "c"}) EXPECT_FALSE(host.send(text));
  EXPECT_EQ(host.remote.total(), 3 + 3 * overhead);
  host.turn();
  EXPECT_EQ(host.got, (Texts{"a", "b", "c"}));
  EXPECT_EQ(host.drains, 1);
  EXPECT_EQ(host.remote.total(), 0U);
  EXPECT_EQ(host.account.outbox.load(), nullptr) << "an idle connection has none";
}

TEST(Remote, tasks_and_messages_of_one_thread_keep_their_order) {
  RemoteHost host;
  EXPECT_FALSE(host.send("before"));
  EXPECT_TRUE(host.remote.post([&] { host.got.emplace_back("task"); }));
  EXPECT_FALSE(host.send("behind"));
  EXPECT_TRUE(host.remote.post([&] { host.got.emplace_back("task"); }));
  EXPECT_FALSE(host.send("last"));
  host.drain_one(Remote::Look::early);
  EXPECT_EQ(host.got, (Texts{"before"})) << "the others wait for the tasks before them";
  host.turn();
  EXPECT_EQ(host.got, (Texts{"before", "task", "behind", "task", "last"}));
}

TEST(Remote, the_overhead_of_empty_messages_is_counted_and_bounded) {
  RemoteHost host({.send_hard_limit = 10 * overhead});
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(host.send(""));
  EXPECT_EQ(host.send(""), Errc::send_queue_full);
  EXPECT_EQ(host.remote.counts().queue_full.load(), 1U);
  host.turn();
  EXPECT_EQ(host.got.size(), 11U);
  EXPECT_EQ(host.got.back(), "(refused)") << "on_drained() is owed";
}

TEST(Remote, each_batch_has_its_own_wake_up) {
  RemoteHost host;
  for (const char* text : {"a", "b", "c"}) {
    EXPECT_FALSE(host.send(text));
    host.turn();
  }
  EXPECT_EQ(host.got, (Texts{"a", "b", "c"}));
}

TEST(Remote, room_that_is_refused_is_not_taken) {
  RemoteHost host({.task_limit = 100});
  EXPECT_TRUE(host.remote.reserve_room(80));
  EXPECT_FALSE(host.remote.reserve_room(50));
  EXPECT_TRUE(host.remote.reserve_room(20));
  EXPECT_FALSE(host.remote.reserve_room(1));
  host.remote.give_back_room(80);
  EXPECT_TRUE(host.remote.reserve_room(50));
}

TEST(Remote, the_first_message_may_be_of_any_size_below_the_limit_of_the_loop) {
  RemoteHost host({.send_hard_limit = 100, .total_limit = 1000});
  EXPECT_EQ(host.send(std::string(1000, 'x')), Errc::send_budget_spent);
  EXPECT_FALSE(host.send(std::string(500, 'x')));
  EXPECT_EQ(host.send("x"), Errc::send_queue_full);
}

TEST(Remote, a_message_above_the_limit_of_the_loop_is_refused_for_good) {
  RemoteHost host({.total_limit = 1000});
  EXPECT_EQ(host.send(std::string(1001, 'x')), Errc::send_budget_spent);
  host.turn();
  EXPECT_EQ(host.got, Texts{}) << "no room will ever be there for it";
}

TEST(Remote, unsent_bytes_of_the_loop_count_too) {
  RemoteHost host({.send_hard_limit = 100});
  EXPECT_EQ(host.remote.set_unsent(host.account, 80), 0U);
  EXPECT_EQ(host.send("12345"), Errc::send_queue_full);
  EXPECT_FALSE(host.send("1234"));
  EXPECT_EQ(host.remote.buffered(host.account), 84U);
}

TEST(Remote, drop_oldest_makes_room_among_those_that_wait) {
  RemoteHost host({.send_hard_limit = 3 * (1 + overhead), .overflow = Overflow::drop_oldest});
  for (const char* text : {"a", "b", "c", "d", "e"}) EXPECT_FALSE(host.send(text));
  EXPECT_EQ(host.remote.counts().dropped.load(), 2U);
  EXPECT_LE(host.remote.total(), 3 * (1 + overhead));
  host.turn();
  EXPECT_EQ(host.got, (Texts{"c", "d", "e"}));
}

TEST(Remote, drop_oldest_makes_room_in_the_budget_of_the_loop_too) {
  RemoteHost host({.total_limit = 3 * (1 + overhead), .overflow = Overflow::drop_oldest});
  for (const char* text : {"a", "b", "c", "d", "e"}) EXPECT_FALSE(host.send(text));
  EXPECT_EQ(host.remote.counts().dropped.load(), 2U);
  EXPECT_LE(host.remote.total(), 3 * (1 + overhead));
  host.turn();
  EXPECT_EQ(host.got, (Texts{"c", "d", "e"}));
  (void)host.remote.set_unsent(host.account, 3 * (1 + overhead));
  EXPECT_EQ(host.send("f"), Errc::send_budget_spent) << "others, or the loop, hold all of it";
}

TEST(Remote, close_ends_the_connection_behind_what_was_accepted) {
  RemoteHost host({.send_hard_limit = 1 + overhead, .overflow = Overflow::close});
  EXPECT_FALSE(host.send("a"));
  EXPECT_EQ(host.send("b"), Errc::overflow_closed);
  EXPECT_EQ(host.send("c"), Errc::not_open);
  host.turn();
  EXPECT_EQ(host.got, (Texts{"a", "(close)"}));
  EXPECT_EQ(host.send("d"), Errc::not_open);
  EXPECT_EQ(host.remote.counts().overflow_closed.load(), 1U);
}

TEST(Remote, a_ping_needs_no_room_below_the_limit) {
  RemoteHost host({.send_hard_limit = 50});
  EXPECT_FALSE(host.send("12345678901234567890"));
  EXPECT_FALSE(host.send("12345678901234567890", Opcode::ping));
  EXPECT_EQ(host.send("", Opcode::ping), Errc::send_queue_full);
}

TEST(Remote, everything_that_was_accepted_is_delivered_or_told_as_lost) {
  for (std::size_t end_at = 0; end_at <= 3; ++end_at) {
    RemoteHost host;
    host.end_at = end_at;
    for (const char* text : {"1", "22", "333"}) EXPECT_FALSE(host.send(text));
    if (end_at == 0) {
      host.lost = host.remote.close_account(host.account);
    } else {
      host.turn();
    }
    const std::size_t before_the_last = end_at == 0 ? 0 : end_at * (end_at - 1) / 2;
    EXPECT_EQ(host.lost, 6 - before_the_last) << end_at;
    EXPECT_EQ(host.remote.total(), 0U);
    EXPECT_FALSE(host.send("the next connection"));
  }
}

TEST(Remote, a_message_that_the_loop_cannot_send_is_lost) {
  RemoteHost host;
  host.answer = Errc::not_open;
  EXPECT_FALSE(host.send("12345"));
  host.turn();
  EXPECT_EQ(host.remote.total(), 0U);
  EXPECT_EQ(host.remote.close_account(host.account), 5U);
}

TEST(Remote, a_connection_that_has_ended_or_a_loop_that_has_gone_takes_nothing) {
  RemoteAccount account;
  std::unique_ptr<Remote> remote;
  {
    net::EventLoop loop;
    remote = std::make_unique<Remote>(loop.mailbox(), RemoteOptions(), [] {});
    EXPECT_EQ(remote->send(account, 2, 0, Opcode::text, {}, Compress::never), Errc::not_open);
  }
  EXPECT_EQ(remote->send(account, 1, 0, Opcode::text, {}, Compress::never), Errc::not_open);
  EXPECT_FALSE(remote->post([] {}));
}

TEST(Remote, room_for_tasks_is_bounded_and_given_back) {
  RemoteHost host({.task_limit = 100});
  EXPECT_TRUE(host.remote.reserve_room(500)) << "the first of any size";
  EXPECT_FALSE(host.remote.reserve_room(1));
  host.remote.give_back_room(500);
  EXPECT_TRUE(host.remote.reserve_room(60));
  EXPECT_FALSE(host.remote.reserve_room(60));
}

TEST(Remote, threads_and_a_loop_that_looks_early_lose_nothing) {
  constexpr int thread_count = 4;
  constexpr int each = 2000;
  RemoteHost host;
  std::vector<std::thread> threads;
  for (int n = 0; n < thread_count; ++n) {
    threads.emplace_back([&, n] {
      for (int i = 0; i < each; ++i) {
        EXPECT_FALSE(host.send(std::to_string(n) + ' ' + std::to_string(i)));
        if (i % 64 == 0) {
          EXPECT_TRUE(host.remote.post([] {}));
        }
      }
    });
  }
  while (host.got.size() < std::size_t{thread_count} * each) {
    if (host.remote.has_listed()) host.drain_one(Remote::Look::early);
    host.loop.run_once(std::chrono::milliseconds(1));
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> next(thread_count, 0);
  for (const std::string& text : host.got) {
    const auto n = static_cast<std::size_t>(text.front() - '0');
    EXPECT_EQ(std::stoi(text.substr(2)), next[n]++);
  }
  EXPECT_EQ(host.remote.total(), 0U);
}

TEST(Remote, a_log_frees_its_chunks_as_it_is_read) {
  MessageLog log;
  const std::string text(100'000, 'x');
  for (int i = 0; i < 100; ++i) log.push({.payload = wire_bytes(text)});
  EXPECT_EQ(log.size(), 100U);
  for (; !log.empty(); log.pop()) EXPECT_EQ(wire_text(log.front().payload), text);
  log.push({.opcode = Opcode::binary, .batch = 7, .payload = wire_bytes("again")});
  EXPECT_EQ(log.last_batch(), 7U);
  EXPECT_EQ(wire_text(log.front().payload), "again");
}

}  // namespace
}  // namespace wirespan::test
