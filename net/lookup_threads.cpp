// lookup_threads.cpp - queue, threads and fork handling of the look-up thread pool.
#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include <pthread.h>

#include <wirespan/core/error.hpp>
#include <wirespan/net/lookup_threads.hpp>

namespace wirespan::net {
namespace {

/// Number of forks between the first process and this one. A process number would not tell them
/// apart: a child in another PID namespace may have its parent's.
std::atomic<unsigned> generation{0};
[[maybe_unused]] const int counts_forks =
    ::pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); });

std::atomic<LookupThreads*> current{nullptr};

using Clock = std::chrono::steady_clock;

}  // namespace

LookupThreads::Answer LookupThreads::look_up(Network& network, const std::string& host,
                                             std::uint16_t port) noexcept {
  try {
    auto endpoints = network.resolve(host, port);
    if (endpoints && endpoints->empty()) return std::error_code(Errc::host_not_found);
    return endpoints;
  } catch (const std::bad_alloc&) {
    return make_error_code(std::errc::not_enough_memory);
  }
}

void LookupThreads::tell(Mailbox& mailbox, std::shared_ptr<Waiter> waiter,
                         const Answer& answer) noexcept {
  try {
    mailbox.post([waiter = std::move(waiter), shared = std::make_shared<const Answer>(answer)] {
      waiter->deliver(*shared);
    });
  } catch (const std::bad_alloc&) {
    return;
  }
}

LookupThreads::LookupThreads() : generation_(generation.load()) {}

/// Lock-free, because a forked child may have inherited a locked mutex. A pool that loses the race
/// to be the shared one is destroyed unused.
LookupThreads& LookupThreads::shared() {
  LookupThreads* found = current.load();
  while (found == nullptr || found->generation_ != generation.load()) {
    auto made = std::make_unique<LookupThreads>();
    if (current.compare_exchange_strong(found, made.get())) found = made.release();
  }
  return *found;
}

std::error_code LookupThreads::add(const Key& key, const std::shared_ptr<Mailbox>& mailbox,
                                   const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(mutex_);
  const Jobs::iterator job = insert(key);
  auto& destinations = job->second.destinations;
  const bool is_first = destinations.empty();
  try {
    destinations.emplace(waiter.get(), Destination{.mailbox = mailbox, .waiter = waiter});
  } catch (...) {
    if (!job->second.running && is_first) drop(job);
    throw;
  }
  if (job->second.running) return {};
  if (is_first && should_start_thread()) {
    const auto error = start_thread(*key.network);
    // Without a free place it would only have waited for one; the busy threads do that, too.
    if (error && may_run(Clock::now())) {
      drop(job);
      return error;
    }
  }
  work_waits_.notify_one();
  return {};
}

void LookupThreads::cancel(const Key& key, const Waiter& waiter) noexcept {
  if (generation_ != generation.load()) return;
  const std::lock_guard lock(mutex_);
  const auto job = jobs_.find(key);
  if (job == jobs_.end() || job->second.destinations.erase(&waiter) == 0) return;
  if (!job->second.destinations.empty()) return;
  if (!job->second.running) return drop(job);
  // If no further thread can be started, the queue waits for one that is busy.
  if (should_start_thread()) (void)start_thread(*key.network);
  work_waits_.notify_one();
}

/// Finds the job of `key`, or creates it and appends it to the queue.
LookupThreads::Jobs::iterator LookupThreads::insert(const Key& key) {
  const auto [job, is_new] = jobs_.try_emplace(key);
  if (!is_new) return job;
  try {
    job->second.place = queue_.insert(queue_.end(), job);
  } catch (...) {
    jobs_.erase(job);
    throw;
  }
  return job;
}

void LookupThreads::drop(Jobs::iterator job) noexcept {
  queue_.erase(job->second.place);
  jobs_.erase(job);
}

/// True for a running look-up that counts towards most_threads.
bool LookupThreads::is_fresh(const Job& job, TimePoint now) const noexcept {
  return !job.destinations.empty() && now - job.begun < slow_after;
}

std::size_t LookupThreads::free_places(TimePoint now) const noexcept {
  const auto fresh = std::ranges::count_if(
      running_, [&](const Jobs::iterator& job) { return is_fresh(job->second, now); });
  return most_threads - std::min(most_threads, static_cast<std::size_t>(fresh));
}

bool LookupThreads::may_run(TimePoint now) const noexcept {
  return !queue_.empty() && free_places(now) > 0;
}

/// Returns the time at which the next look-up becomes slow and leaves its place to another one.
TimePoint LookupThreads::next_slow(TimePoint now) const noexcept {
  for (const Jobs::iterator& job : running_) {
    if (is_fresh(job->second, now)) return job->second.begun + slow_after;
  }
  return TimePoint::max();
}

/// Without a free place one idle thread is enough: it waits until a look-up is slow.
bool LookupThreads::should_start_thread() const noexcept {
  if (queue_.empty() || count_ == most_with_abandoned) return false;
  const std::size_t places = free_places(Clock::now());
  return idle_ < std::max<std::size_t>(1, std::min(places, queue_.size()));
}

std::error_code LookupThreads::start_thread(Network& network) {
  const auto error = network.start_thread([this] { work(); });
  if (!error) {
    ++count_;
    ++idle_;
  }
  return error;
}

void LookupThreads::work() noexcept {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    --idle_;
    run(queue_.front(), lock);
    ++idle_;
  }
  --idle_;
  --count_;
}

/// Waits until a look-up may run; false after `patience`.
bool LookupThreads::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const TimePoint end = Clock::now() + patience;
  for (TimePoint now = Clock::now(); !may_run(now); now = Clock::now()) {
    if (now >= end) return false;
    work_waits_.wait_until(lock, queue_.empty() ? end : std::min(end, next_slow(now)));
  }
  return true;
}

/// Runs the look-up without the lock. Its job stays in jobs_ until the answer is there, so that
/// more waiters may join.
void LookupThreads::run(Jobs::iterator job, std::unique_lock<std::mutex>& lock) noexcept {
  running_.splice(running_.end(), queue_, job->second.place);  // allocates nothing
  job->second.running = true;
  job->second.begun = Clock::now();
  const Key& key = job->first;
  if (should_start_thread()) (void)start_thread(*queue_.front()->first.network);
  if (!queue_.empty()) work_waits_.notify_one();  // there may be a place and an idle thread for it
  lock.unlock();
  const Answer answer = look_up(*key.network, key.host, key.port);
  lock.lock();
  running_.erase(job->second.place);
  auto done = jobs_.extract(job);
  auto& destinations = done.mapped().destinations;
  lock.unlock();
  for (auto& [unused, destination] : destinations) {
    tell(*destination.mailbox, std::move(destination.waiter), answer);
  }
  done = {};  // without the lock, as it may destroy a mailbox
  lock.lock();
}

}  // namespace wirespan::net
