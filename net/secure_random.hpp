// secure_random.hpp - unpredictable bytes for keys and mask keys. RFC 6455 §5.3, §10.3.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::net {

/// Unpredictable bytes from the kernel's generator, read 4 KiB at a time, so that a mask key costs
/// about 10 ns. Each byte is used once and then wiped. A forked child discards the bytes that its
/// parent had read. If the kernel has none, fill() fails: there is no weaker source. An event loop
/// owns one. Not thread-safe.
class SecureRandom {
 public:
  /// `network` must outlive this object.
  explicit SecureRandom(Network& network = system_network()) noexcept : network_(&network) {}
  SecureRandom(const SecureRandom&) = delete;
  SecureRandom& operator=(const SecureRandom&) = delete;
  ~SecureRandom();

  /// Fills `out`; false if the kernel refused, and then `out` must not be used.
  [[nodiscard]] bool fill(MutableBytes out) noexcept;
  /// Returns this generator as a source of mask keys for core; valid while this object is not
  /// destroyed.
  [[nodiscard]] MaskSource mask_source() noexcept;

 private:
  [[nodiscard]] bool refill() noexcept;

  Network* network_;
  std::array<std::byte, 4096> pool_{};
  std::size_t used_ = sizeof pool_;  // bytes at the front of pool_ that are used and wiped
  unsigned forks_ = 0;  // fork count when pool_ was filled; another one now => discard it
};

}  // namespace wirespan::net
