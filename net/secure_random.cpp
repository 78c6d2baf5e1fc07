// secure_random.cpp - unpredictable bytes from the kernel, 4 KiB at a time, safe across fork().
#include <atomic>
#include <cstring>

#include <pthread.h>
#include <string.h>

#include <wirespan/net/secure_random.hpp>

namespace wirespan::net {
namespace {

/// Number of forks between the first process and this one.
std::atomic<unsigned> fork_count{0};

void count_fork() noexcept { fork_count.fetch_add(1, std::memory_order_relaxed); }

unsigned forks_so_far() noexcept {
  static const int registered = ::pthread_atfork(nullptr, nullptr, count_fork);
  (void)registered;
  return fork_count.load(std::memory_order_relaxed);
}

}  // namespace

SecureRandom::~SecureRandom() { ::explicit_bzero(pool_.data(), pool_.size()); }

bool SecureRandom::fill(MutableBytes out) noexcept {
  if (out.empty()) return true;
  if (out.size() > pool_.size()) return !network_->random(out);
  if (forks_ != forks_so_far() || pool_.size() - used_ < out.size()) {
    if (!refill()) return false;
  }
  std::memcpy(out.data(), pool_.data() + used_, out.size());
  ::explicit_bzero(pool_.data() + used_, out.size());
  used_ += out.size();
  return true;
}

bool SecureRandom::refill() noexcept {
  used_ = pool_.size();
  if (network_->random(pool_)) return false;
  used_ = 0;
  forks_ = forks_so_far();
  return true;
}

MaskSource SecureRandom::mask_source() noexcept {
  return {.next = [](void* self,
                     MaskKey& key) noexcept { return static_cast<SecureRandom*>(self)->fill(key); },
          .context = this};
}

}  // namespace wirespan::net
