// turn.hpp - one thread at a time does something; the others wait for their turn. Private.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include <wirespan/app/client/fair_mutex.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {

/// Holds `taken`, which `lock` guards, from when it is free until it is destroyed.
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

  /// False: the deadline came first.
  explicit operator bool() const noexcept { return has_; }

 private:
  bool& taken_;
  std::condition_variable_any& changed_;
  bool has_ = false;
};

}  // namespace wirespan
