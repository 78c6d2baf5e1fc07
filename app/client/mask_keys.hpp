// mask_keys.hpp - the mask keys of a client's frames: from get_mask_key, or random. Private.
#pragma once

#include <exception>
#include <functional>
#include <utility>

#include <wirespan/core/mask.hpp>
#include <wirespan/net/secure_random.hpp>

namespace wirespan {

/// The source of the mask keys of one client's connections (RFC 6455 §5.3), and the exception of a
/// get_mask_key that has thrown: core throws nothing, so the owner rethrows it where it may. Both
/// arguments of the constructor have to outlive the object. Not thread-safe.
class MaskKeys {
 public:
  MaskKeys(const std::function<MaskKey()>& get_mask_key, net::SecureRandom& random) noexcept
      : get_mask_key_(get_mask_key), random_(random) {}
  MaskKeys(const MaskKeys&) = delete;
  MaskKeys& operator=(const MaskKeys&) = delete;

  [[nodiscard]] MaskSource source() noexcept {
    return {.next = [](void* self,
                       MaskKey& key) noexcept { return static_cast<MaskKeys*>(self)->fill(key); },
            .context = this};
  }
  /// True while get_mask_key runs: a frame is half made, and no other one may be begun.
  [[nodiscard]] bool is_asking() const noexcept { return is_asking_; }
  [[nodiscard]] bool has_failed() const noexcept { return failure_ != nullptr; }
  /// The exception of get_mask_key since the last call; null if there was none.
  [[nodiscard]] std::exception_ptr take_failure() noexcept {
    return std::exchange(failure_, nullptr);
  }

 private:
  [[nodiscard]] bool fill(MaskKey& key) noexcept {
    if (!get_mask_key_) return random_.fill(key);
    is_asking_ = true;
    bool is_made = true;
    try {
      key = get_mask_key_();
    } catch (...) {
      failure_ = std::current_exception();
      is_made = false;
    }
    is_asking_ = false;
    return is_made;
  }

  const std::function<MaskKey()>& get_mask_key_;
  net::SecureRandom& random_;
  std::exception_ptr failure_;
  bool is_asking_ = false;
};

}  // namespace wirespan
