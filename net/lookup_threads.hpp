// lookup_threads.hpp - the thread pool that calls the system's resolver. Private.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include <wirespan/core/expected.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::net {

/// The thread pool for name look-ups: the system's resolver blocks, for half a minute where a name
/// server does not answer. One look-up per network, name and port serves all its waiters, so a dead
/// name takes one thread, however often it is asked for. A look-up that has not begun is dropped
/// when its last waiter cancels. A look-up that runs cannot be stopped: once it is slow, or
/// abandoned because it has no waiters left, its thread does not count towards `most_threads`, so
/// that dead names delay no other one for longer than `slow_after`.
///
/// One pool per process, shared by all loops; every function is for any thread. A thread starts
/// when all others are busy and ends after `patience` without work. The pool is never destroyed, so
/// a thread that hangs at exit does no harm. A forked child has none of its parent's threads and
/// perhaps a locked mutex: it gets a pool of its own and never touches the old one.
class LookupThreads {
 public:
  /// The addresses of a name, or the error of Network::resolve().
  using Answer = Expected<std::vector<Endpoint>>;
  /// Identifies a look-up.
  struct Key {
    Network* network = nullptr;
    std::uint64_t serial = 0;  // Network::serial(): another object may get the same address later
    std::string host;
    std::uint16_t port = 0;
    bool operator<(const Key& other) const {
      return std::tie(serial, port, host) < std::tie(other.serial, other.port, other.host);
    }
  };
  /// Receives an answer, on the thread of the loop that the mailbox of add() belongs to.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    virtual void deliver(const Answer& answer) = 0;
  };

  /// Most look-ups that run at one time, apart from slow and abandoned ones: an application asks
  /// for few names at once, and a resolver answers most of them in milliseconds.
  static constexpr std::size_t most_threads = 32;
  /// Time after which a look-up is slow: its name is probably dead, and names that wait behind it
  /// get further threads.
  static constexpr std::chrono::milliseconds slow_after{1'000};
  /// Most threads, those included that hang in slow and abandoned look-ups. A thread takes about 20
  /// KiB; 128 threads stay below most limits on a user's processes.
  static constexpr std::size_t most_with_abandoned = 128;
  /// Time without work after which a thread ends.
  static constexpr std::chrono::seconds patience{10};

  /// The pool of this process; created by the first call, and again in a forked child.
  [[nodiscard]] static LookupThreads& shared();

  LookupThreads();
  LookupThreads(const LookupThreads&) = delete;
  LookupThreads& operator=(const LookupThreads&) = delete;

  /// Adds a waiter to the look-up of `key`, which starts if it is new; the answer is posted to
  /// `mailbox`. Returns an error if no thread could be started; then, as after std::bad_alloc,
  /// nothing has changed.
  [[nodiscard]] std::error_code add(const Key& key, const std::shared_ptr<Mailbox>& mailbox,
                                    const std::shared_ptr<Waiter>& waiter);
  /// Asks the network, on this thread. No addresses, and no memory, are errors.
  [[nodiscard]] static Answer look_up(Network& network, const std::string& host,
                                      std::uint16_t port) noexcept;
  /// Posts an answer to the loop of `mailbox`. If there is no memory for that, the waiter gets
  /// none, and ends with its own deadline.
  static void tell(Mailbox& mailbox, std::shared_ptr<Waiter> waiter, const Answer& answer) noexcept;
  /// Removes the waiter. Does nothing if its answer was posted already, or in a forked child.
  void cancel(const Key& key, const Waiter& waiter) noexcept;

 private:
  struct Destination {
    std::shared_ptr<Mailbox> mailbox;
    std::shared_ptr<Waiter> waiter;
  };
  struct Job;
  using Jobs = std::map<Key, Job>;
  using Queue = std::list<Jobs::iterator>;
  // One look-up. !running => in queue_, at `place`, with at least one destination.
  // running => in running_, at `place`; without destinations it is abandoned.
  struct Job {
    std::map<const Waiter*, Destination> destinations;
    bool running = false;
    TimePoint begun{};  // if running
    Queue::iterator place;
  };

  [[nodiscard]] Jobs::iterator insert(const Key& key);
  void drop(Jobs::iterator job) noexcept;
  [[nodiscard]] bool is_fresh(const Job& job, TimePoint now) const noexcept;
  [[nodiscard]] std::size_t free_places(TimePoint now) const noexcept;
  [[nodiscard]] bool may_run(TimePoint now) const noexcept;
  [[nodiscard]] TimePoint next_slow(TimePoint now) const noexcept;
  [[nodiscard]] bool should_start_thread() const noexcept;
  [[nodiscard]] std::error_code start_thread(Network& network);
  void work() noexcept;
  [[nodiscard]] bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void run(Jobs::iterator job, std::unique_lock<std::mutex>& lock) noexcept;

  const unsigned generation_;           // forks before the process that created this pool
  std::mutex mutex_;                    // guards all that follows
  std::condition_variable work_waits_;  // notified when may_run() may have become true
  Jobs jobs_;                           // running and queued look-ups
  Queue queue_;                         // queued ones, in the order of add()
  Queue running_;                       // running ones, in the order of their beginning
  std::size_t idle_ = 0;                // threads without a look-up, those that start included
  std::size_t count_ = 0;               // all threads, at most most_with_abandoned
};

}  // namespace wirespan::net
