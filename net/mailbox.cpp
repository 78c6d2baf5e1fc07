// mailbox.cpp - posts tasks to an event loop and wakes it.
#include <utility>

#include <wirespan/net/mailbox.hpp>

namespace wirespan::net {

bool Mailbox::post(Task task) {
  const std::lock_guard lock(mutex_);
  if (poller_ == nullptr) return false;
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) poller_->wake();
  return true;
}

void Mailbox::wake() noexcept {
  const std::lock_guard lock(mutex_);
  if (poller_ != nullptr) poller_->wake();
}

void Mailbox::take(std::vector<Task>& into) {
  const std::lock_guard lock(mutex_);
  std::swap(tasks_, into);
}

void Mailbox::close() noexcept {
  std::vector<Task> unused;
  const std::lock_guard lock(mutex_);
  poller_ = nullptr;
  std::swap(tasks_, unused);  // destroyed after the lock is released: a task may own anything
}

}  // namespace wirespan::net
