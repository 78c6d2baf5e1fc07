#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan::net {
namespace {

/// Threads that look up names. They start when all others are busy and end after a while without
/// work. The pool is never destroyed, so a thread that hangs in a look-up at exit does no harm.
class LookupThreads {
 public:
  using Job = std::function<void()>;

  static LookupThreads& shared() {
    static auto* threads = new LookupThreads;
    return *threads;
  }

  void run(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (idle_ < jobs_.size() && count_ < most_threads) {
      std::thread([this] { work(); }).detach();
      ++count_;
    }
    work_waits_.notify_one();
  }

 private:
  static constexpr std::size_t most_threads = 32;
  static constexpr std::chrono::seconds patience{10};

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      const bool found = work_waits_.wait_for(lock, patience, [this] { return !jobs_.empty(); });
      --idle_;
      if (!found) break;
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
    --count_;
  }

  std::mutex mutex_;
  std::condition_variable work_waits_;
  std::deque<Job> jobs_;
  std::size_t idle_ = 0;
  std::size_t count_ = 0;
};

Expected<std::vector<Endpoint>> look_up(Network& network, const std::string& host,
                                        std::uint16_t port) noexcept {
  try {
    auto endpoints = network.resolve(host, port);
    if (endpoints && endpoints->empty()) return std::error_code(Errc::host_not_found);
    return endpoints;
  } catch (const std::bad_alloc&) {
    return make_error_code(std::errc::not_enough_memory);
  }
}

}  // namespace

/// Touched on the loop's thread only; a look-up thread merely carries it.
struct Lookup::Answer {
  Handler handler;

  void deliver(Expected<std::vector<Endpoint>> endpoints) {
    if (const Handler call = std::exchange(handler, nullptr)) call(std::move(endpoints));
  }
};

Lookup::Lookup(EventLoop& loop, std::string host, std::uint16_t port, Handler handler)
    : answer_(std::make_shared<Answer>(Answer{std::move(handler)})) {
  if (const auto numeric = Endpoint::from_numeric(host, port)) {
    loop.post([answer = answer_, endpoint = *numeric] {
      answer->deliver(std::vector<Endpoint>{endpoint});
    });
    return;
  }
  LookupThreads::shared().run([mailbox = loop.mailbox(), answer = answer_,
                               network = &loop.network(), host = std::move(host), port] {
    const auto found =
        std::make_shared<const Expected<std::vector<Endpoint>>>(look_up(*network, host, port));
    mailbox->post([answer, found] { answer->deliver(*found); });
  });
}

Lookup::~Lookup() { answer_->handler = nullptr; }

}  // namespace wirespan::net
