// event_loop.cpp - the turn of the event loop, posted tasks and deferred deletion.
#include <algorithm>
#include <new>
#include <utility>

#include <wirespan/net/busy_wait.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::net {
namespace {

/// Marks the current thread as the loop's for the duration of run() or run_once(), which may nest.
class ThreadMark {
 public:
  explicit ThreadMark(std::atomic<ThreadId>& mark) noexcept
      : mark_(mark), before_(mark.exchange(current_thread())) {}
  ~ThreadMark() { mark_.store(before_); }
  ThreadMark(const ThreadMark&) = delete;
  ThreadMark& operator=(const ThreadMark&) = delete;

 private:
  std::atomic<ThreadId>& mark_;
  ThreadId before_;
};

/// Reserved capacity of the deferred-deletion list: objects retired in one turn without allocation.
constexpr std::size_t reserved_retirements = 256;

}  // namespace

EventLoop::EventLoop(EventLoopOptions options)
    : network_(options.network != nullptr ? *options.network : system_network()),
      random_(network_),
      timers_(network_.now()),
      poller_(network_.make_poller(options.backend)),
      mailbox_(std::make_shared<Mailbox>(*poller_)),
      busy_poll_(busy_time(network_, options.busy_poll)),
      receive_buffer_size_(std::max(options.receive_buffer, std::size_t{1})),
      receive_buffer_(std::make_unique_for_overwrite<std::byte[]>(receive_buffer_size_)),
      now_(network_.now()) {
  retired_.reserve(reserved_retirements);
  deleting_.reserve(reserved_retirements);
}

EventLoop::~EventLoop() {
  mailbox_->close();
  tasks_.clear();  // destroying a task may retire objects
  delete_retired();
}

void EventLoop::run() {
  const ThreadMark mark(thread_);
  while (!stopped_.exchange(false)) run_once(std::nullopt);
}

void EventLoop::run_once(std::optional<std::chrono::nanoseconds> timeout) {
  const ThreadMark mark(thread_);
  if (const auto until_timer = next_timeout()) {
    timeout = timeout ? std::min(*timeout, *until_timer) : *until_timer;
  }
  wait(timeout);
  dispatch(ready_);
  timers_.advance(now_);
  run_tasks();
  flush();
  delete_retired();
}

/// Where one connection talks at a time, the next input is most likely its own: reading without
/// asking the poller first saves a system call and a reading of the clock between the input and its
/// handler. The poller is asked first in each turn, and then every fourth time, for all the others.
void EventLoop::wait(std::optional<std::chrono::nanoseconds> timeout) {
  constexpr unsigned looks_per_wait = 4;
  unsigned looks = 0;
  bool found = false;
  ready_ = busy_wait(
      busy_poll_, timeout, [this] { return now_ = network_.now(); },
      [&](std::optional<std::chrono::nanoseconds> time) -> std::span<Poller::Ready> {
        const bool may_guess = favourite_ != nullptr && time == std::chrono::nanoseconds(0);
        if (looks++ % looks_per_wait == 0 || !may_guess) return poller_->wait(time);
        found = favourite_->on_look();
        return {};
      },
      [&](std::span<Poller::Ready> ready) { return found || !ready.empty() || poller_->woken(); });
  if (!found) now_ = network_.now();
}

void EventLoop::stop() noexcept {
  stopped_.store(true);
  poller_->wake();
}

bool EventLoop::in_loop_thread() const noexcept { return thread_.load() == current_thread(); }

std::error_code EventLoop::watch(int fd, Interest interest, IoHandler& handler) {
  if (handler.watched_ && handler.interest_ == interest) return {};
  const auto error = handler.watched_ ? poller_->modify(fd, interest, handler)
                                      : poller_->add(fd, interest, handler);
  if (!error) {
    handler.watched_ = true;
    handler.interest_ = interest;
  }
  return error;
}

void EventLoop::forget(int fd, IoHandler& handler) noexcept {
  unwatch(fd, handler);
  if (favourite_ == &handler) favourite_ = nullptr;
  for (Poller::Ready& ready : ready_) {
    if (ready.handler == &handler) ready.handler = nullptr;
  }
  if (handler.flush_asked_) {
    handler.flush_asked_ = false;
    std::replace(to_flush_.begin(), to_flush_.end(), &handler, static_cast<IoHandler*>(nullptr));
    std::replace(flushing_.begin(), flushing_.end(), &handler, static_cast<IoHandler*>(nullptr));
  }
}

void EventLoop::unwatch(int fd, IoHandler& handler) noexcept {
  if (std::exchange(handler.watched_, false)) poller_->remove(fd);
}

void EventLoop::flush_later(IoHandler& handler) {
  if (handler.flush_asked_) return;
  to_flush_.push_back(&handler);
  handler.flush_asked_ = true;
}

MutableBytes EventLoop::receive_buffer() noexcept {
  return {receive_buffer_.get(), receive_buffer_size_};
}

std::optional<std::chrono::nanoseconds> EventLoop::next_timeout() noexcept {
  if (!to_flush_.empty() || !tasks_.empty() || !retired_.empty())
    return std::chrono::nanoseconds(0);
  const auto deadline = timers_.next_deadline();
  if (!deadline) return std::nullopt;
  return std::max(*deadline - network_.now(), TimePoint::duration::zero());
}

void EventLoop::dispatch(std::span<Poller::Ready> ready) {
  if (!ready.empty()) favourite_ = ready.size() == 1 ? ready.front().handler : nullptr;
  for (const Poller::Ready& entry : ready) {
    if (entry.handler != nullptr) entry.handler->on_ready(entry.readiness);
  }
  ready_ = {};
}

void EventLoop::run_tasks() {
  try {
    run_taken_tasks();  // tasks left over when one before them threw
    mailbox_->take(tasks_);
    run_taken_tasks();
  } catch (...) {
    poller_->wake();  // flush and deletion are still due: an outer loop has to run the next turn
    throw;
  }
}

void EventLoop::run_taken_tasks() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const Mailbox::Task task = std::exchange(tasks_[i], nullptr);
    if (task) task();
  }
  tasks_.clear();
}

/// A handler that calls flush_later() from within on_flush() is called again in the next turn.
void EventLoop::flush() {
  std::swap(to_flush_, flushing_);
  for (std::size_t i = 0; i < flushing_.size(); ++i) {
    IoHandler* handler = flushing_[i];
    if (handler == nullptr) continue;
    handler->flush_asked_ = false;
    handler->on_flush();
  }
  flushing_.clear();
}

void EventLoop::retire_erased(Erased object) noexcept {
  try {
    retired_.push_back(std::move(object));
  } catch (const std::bad_alloc&) {
    (void)object.release();
  }
}

/// Deferred deletion. Repeats, because a destructor may retire another object.
void EventLoop::delete_retired() noexcept {
  while (!retired_.empty()) {
    std::swap(retired_, deleting_);
    deleting_.clear();
  }
}

}  // namespace wirespan::net
