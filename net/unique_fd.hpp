// unique_fd.hpp - the only owner of a file descriptor.
#pragma once

#include <utility>

#include <unistd.h>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::net {

/// Owns a file descriptor and closes it once. Movable, not copyable. -1: none.
class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  /// Owns `fd`; a negative one means none.
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// The descriptor; -1 for none.
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// True if there is a descriptor.
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  /// Gives the descriptor to the caller.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace wirespan::net
