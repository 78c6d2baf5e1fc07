// soak_sick.hpp - the sick peers of the soak: raw clients in a thread of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace wirespan::test {

/// Sick peers that come and go: they do not read what they have asked for, stop inside a message or
/// inside the opening handshake, break a rule, or are cut in the middle.
class SoakSick {
 public:
  explicit SoakSick(std::uint16_t port);
  ~SoakSick();
  SoakSick(const SoakSick&) = delete;
  SoakSick& operator=(const SoakSick&) = delete;

  /// Cuts them all and returns their number.
  std::uint64_t finish();

 private:
  void run();
  void crowd();

  std::uint16_t port_;
  std::atomic<bool> over_{false};
  std::uint64_t count_ = 0;
  std::thread thread_;
};

}  // namespace wirespan::test
