// net/event_loop.cpp: stopped and woken by other threads and signals, and used inside another loop.
#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "support/back_ends.hpp"
#include "support/plain_posix.hpp"
#include "support/sockets.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

struct NotingTimer final : net::Timer {
  explicit NotingTimer(std::function<void(TimePoint)> what) : action(std::move(what)) {}
  void on_timer(TimePoint now) override { action(now); }
  std::function<void(TimePoint)> action;
};

/// A signal handler for the lifetime of this object.
class SignalHandler {
 public:
  SignalHandler(int number, void (*handler)(int)) : number_(number) {
    struct sigaction action {};
    action.sa_handler = handler;  // without SA_RESTART: system calls are interrupted
    EXPECT_EQ(::sigaction(number, &action, &before_), 0);
  }
  ~SignalHandler() { ::sigaction(number_, &before_, nullptr); }
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;

 private:
  int number_;
  struct sigaction before_ {};
};

class LoopStop : public LoopTest {};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopStop);

TEST_P(LoopStop, before_run_ends_the_next_run_at_once_and_only_that_one) {
  loop.stop();
  loop.stop();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_FALSE(ran);
  loop.run();
  EXPECT_TRUE(ran);
}

TEST_P(LoopStop, from_a_task_ends_the_run_after_the_turn) {
  int ran = 0;
  loop.post([&] { loop.stop(); });
  loop.post([&] { ++ran; });
  loop.run();
  EXPECT_EQ(ran, 1);
}

TEST_P(LoopStop, from_a_timer) {
  NotingTimer timer([&](TimePoint) { loop.stop(); });
  loop.timers().schedule(timer, loop.now() + 5ms);
  loop.run();
}

TEST_P(LoopStop, from_another_thread) {
  for (int round = 0; round < 100; ++round) {
    std::thread other([&] { loop.stop(); });
    loop.run();
    other.join();
  }
}

net::EventLoop* stopped_by_signal = nullptr;

TEST_P(LoopStop, from_a_signal_handler) {
  stopped_by_signal = &loop;
  const SignalHandler handler(SIGUSR1, [](int) { stopped_by_signal->stop(); });
  const pthread_t runner = ::pthread_self();
  for (int round = 0; round < 50; ++round) {
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(round * 37));
      ::pthread_kill(runner, SIGUSR1);
    });
    loop.run();
    other.join();
  }
}

class LoopThread : public LoopTest {};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopThread);

TEST_P(LoopThread, is_the_one_that_is_inside) {
  EXPECT_FALSE(loop.in_loop_thread());
  std::atomic<int> inside{-1};
  loop.post([&] {
    EXPECT_TRUE(loop.in_loop_thread());
    std::thread([&] { inside = loop.in_loop_thread() ? 1 : 0; }).join();
  });
  loop.run_once(10s);
  EXPECT_EQ(inside, 0);
  EXPECT_FALSE(loop.in_loop_thread());
}

TEST_P(LoopThread, may_be_another_one_each_time) {
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    loop.post([&] {
      EXPECT_TRUE(loop.in_loop_thread());
      ++ran;
    });
    std::thread([&] { loop.run_once(10s); }).join();
  }
  EXPECT_EQ(ran, 3);
}

TEST_P(LoopThread, is_woken_by_another) {
  std::thread other([&] { loop.wake(); });
  loop.run_once(std::nullopt);
  other.join();
  loop.wake();
  loop.run_once(std::nullopt);  // also if wake() comes first
}

class LoopInsideAnother : public LoopTest {
 protected:
  /// True if an outer loop would call run_once().
  bool has_something_to_do() {
    if (loop.next_timeout() == 0ns) return true;
    pollfd entry{.fd = loop.poll_fd(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1;
  }
};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopInsideAnother);

TEST_P(LoopInsideAnother, FIX_tells_how_long_it_may_wait) {
  EXPECT_EQ(loop.next_timeout(), std::nullopt);
  NotingTimer timer([](TimePoint) {});
  loop.timers().schedule(timer, std::chrono::steady_clock::now() + 1h);
  const auto timeout = loop.next_timeout();
  ASSERT_TRUE(timeout);
  EXPECT_LE(*timeout, 1h);
  EXPECT_GT(*timeout, 30min);
  loop.timers().schedule(timer, std::chrono::steady_clock::now() - 1h);
  EXPECT_EQ(loop.next_timeout(), 0ns) << "never negative";
}

TEST_P(LoopInsideAnother, is_readable_when_there_is_something_to_do) {
  if (plain_posix) GTEST_SKIP() << "no descriptor for all";
  if (GetParam() == net::Backend::poll) {
    EXPECT_EQ(loop.poll_fd(), -1);
    return;
  }
  EXPECT_FALSE(has_something_to_do());
  loop.post([] {});
  EXPECT_TRUE(has_something_to_do());
  loop.run_once(0ms);
  EXPECT_FALSE(has_something_to_do());
  loop.wake();
  EXPECT_TRUE(has_something_to_do());
  loop.run_once(0ms);
  EXPECT_FALSE(has_something_to_do());
}

TEST_P(LoopInsideAnother, FIX_is_readable_when_a_descriptor_is_ready) {
  if (plain_posix) GTEST_SKIP() << "no descriptor for all";
  if (GetParam() == net::Backend::poll) return;  // that back end has no descriptor
  struct Reader final : net::IoHandler {
    void on_ready(net::Readiness) override { ready = true; }
    bool ready = false;
  } reader;
  const auto pair = unix_pair();
  ASSERT_FALSE(loop.watch(pair.ours.get(), net::Interest::read, reader));
  EXPECT_FALSE(has_something_to_do());
  ASSERT_EQ(::send(pair.theirs.get(), "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(has_something_to_do());
  loop.run_once(0ms);
  EXPECT_TRUE(reader.ready);
  loop.forget(pair.ours.get(), reader);
}

/// After an exception there are tasks left, of which only the loop knows.
TEST_P(LoopInsideAnother, tells_of_tasks_that_an_exception_left_behind) {
  if (GetParam() == net::Backend::poll) return;  // that back end has no descriptor
  bool ran = false;
  loop.post([] { throw 1; });
  EXPECT_ANY_THROW(loop.run_once(0ms));
  loop.post([&] { ran = true; });
  for (int turn = 0; turn < 10 && has_something_to_do(); ++turn) loop.run_once(0ms);
  EXPECT_TRUE(ran);
}

class LoopUnderSignals : public LoopTest {};
WIRESPAN_TEST_BOTH_BACK_ENDS(LoopUnderSignals);

std::atomic<int> alarms{0};

/// A thousand signals per second: no timer fires early, nothing is lost, and the loop goes on.
TEST_P(LoopUnderSignals, goes_on) {
  alarms = 0;
  const SignalHandler handler(SIGALRM, [](int) { ++alarms; });
  const itimerval each_millisecond{.it_interval = {0, 1000}, .it_value = {0, 1000}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &each_millisecond, nullptr), 0);

  int fired = 0;
  TimePoint due{};
  NotingTimer* self = nullptr;
  NotingTimer timer([&](TimePoint now) {
    EXPECT_GE(now, due);
    if (++fired == 20) return loop.stop();
    due = now + 7ms;
    loop.timers().schedule(*self, due);
  });
  self = &timer;
  loop.timers().schedule(timer, loop.now());
  int posted = 0;
  std::thread poster([&] {
    for (int i = 0; i < 100; ++i) {
      loop.post([&] { ++posted; });
      std::this_thread::sleep_for(1ms);
    }
  });
  loop.run();
  poster.join();
  loop.run_once(0ms);
  const itimerval off{};
  ::setitimer(ITIMER_REAL, &off, nullptr);
  EXPECT_EQ(fired, 20);
  EXPECT_EQ(posted, 100);
  EXPECT_GT(alarms, 10);
}

}  // namespace
}  // namespace wirespan::test
