// secure_random.hpp - unpredictable bytes for keys and mask keys. RFC 6455 §5.3, §10.3.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::net {

/// The kernel's generator, taken in gulps so that a mask key costs a few nanoseconds. Bytes are
/// used once and wiped; a forked child throws away what its parent had taken. If the kernel has
/// none, the answer is no: never a weaker source. Not thread-safe.
class SecureRandom {
 public:
  explicit SecureRandom(Network& network = system_network()) noexcept : network_(&network) {}
  SecureRandom(const SecureRandom&) = delete;
  SecureRandom& operator=(const SecureRandom&) = delete;
  ~SecureRandom();

  /// False if the kernel refused; then `out` is not to be used.
  [[nodiscard]] bool fill(MutableBytes out) noexcept;
  /// As core wants it; valid as long as this object stays where it is.
  [[nodiscard]] MaskSource mask_source() noexcept;

 private:
  [[nodiscard]] bool refill() noexcept;

  Network* network_;
  std::array<std::byte, 4096> pool_{};
  std::size_t used_ = sizeof pool_;
  unsigned forks_ = 0;
};

}  // namespace wirespan::net
