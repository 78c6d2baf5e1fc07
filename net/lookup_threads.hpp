// lookup_threads.hpp - the threads of the process that wait for the system's resolver. Private.
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
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::net {

/// The system's resolver blocks, for half a minute where a name server does not answer. One look-up
/// per name and port serves all who wait for it, so a dead name takes one thread, however often it
/// is asked for. A look-up that has not begun is dropped when its last waiter gives up; one that
/// runs cannot be stopped, but its thread no longer counts as one of `most_threads`.
///
/// Threads start when all others are busy and end after some time without work. A pool is never
/// destroyed, so a thread that hangs at exit does no harm. A forked child has none of its parent's
/// threads and perhaps a locked mutex: it gets a pool of its own and never touches the old one.
class LookupThreads {
 public:
  using Answer = Expected<std::vector<Endpoint>>;
  struct Key {
    Network* network = nullptr;
    std::uint64_t serial = 0;  // of the network: another one may be at its address later
    std::string host;
    std::uint16_t port = 0;
    bool operator<(const Key& other) const {
      return std::tie(serial, port, host) < std::tie(other.serial, other.port, other.host);
    }
  };
  /// Told on the thread of the loop that the mailbox belongs to.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    virtual void deliver(const Answer& answer) = 0;
  };

  /// Look-ups that somebody waits for at one time: names that are asked for at once are few, and a
  /// resolver answers most of them in milliseconds.
  static constexpr std::size_t most_threads = 32;
  /// All threads, those included that hang in look-ups which nobody waits for any more. A thread
  /// takes about 20 KiB; 128 of them still leave most limits of a user's processes alone.
  static constexpr std::size_t most_with_abandoned = 128;
  static constexpr std::chrono::seconds patience{10};

  /// The pool of this process.
  [[nodiscard]] static LookupThreads& shared();

  LookupThreads();
  LookupThreads(const LookupThreads&) = delete;
  LookupThreads& operator=(const LookupThreads&) = delete;

  /// An error, if no thread could be started: then, as after an exception, nothing has changed.
  [[nodiscard]] std::error_code add(const Key& key, const std::shared_ptr<Mailbox>& mailbox,
                                    const std::shared_ptr<Waiter>& waiter);
  /// Nothing happens if the answer is on its way already, or in a forked child.
  void cancel(const Key& key, const Waiter& waiter) noexcept;

 private:
  struct Destination {
    std::shared_ptr<Mailbox> mailbox;
    std::shared_ptr<Waiter> waiter;
  };
  struct Job;
  using Jobs = std::map<Key, Job>;
  using Queue = std::list<Jobs::iterator>;
  // Not running => in the queue, at `place`, with at least one destination.
  struct Job {
    std::map<const Waiter*, Destination> destinations;
    bool running = false;
    Queue::iterator place;
  };

  [[nodiscard]] Jobs::iterator insert(const Key& key);
  void drop(Jobs::iterator job) noexcept;
  [[nodiscard]] bool may_run() const noexcept;
  [[nodiscard]] bool should_start_thread() const noexcept;
  [[nodiscard]] std::error_code start_thread(Network& network);
  void work() noexcept;
  void run(Jobs::iterator job, std::unique_lock<std::mutex>& lock) noexcept;

  const unsigned generation_;  // of the process that made it
  std::mutex mutex_;
  std::condition_variable work_waits_;
  Jobs jobs_;    // those that run, and those in the queue
  Queue queue_;  // in the order of asking
  std::size_t idle_ = 0;
  std::size_t count_ = 0;
  std::size_t abandoned_ = 0;  // running jobs without destinations
};

}  // namespace wirespan::net
