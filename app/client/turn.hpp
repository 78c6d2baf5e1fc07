// turn.hpp - lets one thread at a time receive; other receivers wait for their turn. Private.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include <wirespan/app/client/fair_mutex.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {

/// Scoped ownership of an activity that releases its lock while it waits. The constructor waits
/// until `taken` is false, then sets it; the destructor clears it and wakes the waiters on
/// `changed`. `lock` guards `taken`, and its mutex is held at both ends.
class Turn {
 public:
  Turn(bool& taken, std::condition_variable_any& changed, std::unique_lock<FairMutex>& lock,
       std::optional<TimePoint> deadline)
      : taken_(taken), changed_(changed) {
    const auto is_free = [&] { return !taken_; };
    if (deadline) {
      has_ = changed_.wait_until(lock, *deadline, is_free);
    } else {
      changed_.wait(lock, is_free);
      has_ = true;
    }
    if (has_) taken_ = true;
  }
  ~Turn() {
    if (!has_) return;
    taken_ = false;
    changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// False if the deadline came first; then the destructor does nothing.
  explicit operator bool() const noexcept { return has_; }

 private:
  bool& taken_;
  std::condition_variable_any& changed_;
  bool has_ = false;
};

}  // namespace wirespan
