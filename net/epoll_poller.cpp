// epoll_poller.cpp - the epoll back end of Poller, level-triggered.
#include <array>
#include <cerrno>
#include <vector>

#include <sys/epoll.h>

#include <wirespan/net/pollers.hpp>
#include <wirespan/net/unique_fd.hpp>
#include <wirespan/net/wakeup.hpp>

namespace wirespan::net {
namespace {

/// Most events of one turn; epoll reports the rest in the next turn.
constexpr std::size_t events_per_wait = 1024;

std::uint32_t epoll_events_for(Interest interest) noexcept {
  return (wants_read(interest) ? EPOLLIN : 0U) | (wants_write(interest) ? EPOLLOUT : 0U) |
         (wants_hang_up(interest) ? EPOLLRDHUP : 0U);
}

Readiness readiness_of(std::uint32_t events) noexcept {
  return {.readable = (events & EPOLLIN) != 0,
          .writable = (events & EPOLLOUT) != 0,
          .failed = (events & (EPOLLERR | EPOLLHUP)) != 0,
          .peer_ended = (events & EPOLLRDHUP) != 0};
}

/// The kernel keeps the set of descriptors; each event carries its IoHandler. The poller's own
/// wake-up descriptor is registered with a null handler.
class EpollPoller final : public Poller {
 public:
  EpollPoller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!fd_.is_open()) throw std::system_error(errno, std::system_category(), "epoll_create1");
    if (const auto error = control(EPOLL_CTL_ADD, wakeup_.fd(), Interest::read, nullptr)) {
      throw std::system_error(error, "epoll_ctl");
    }
    ready_.reserve(events_per_wait);
  }

  std::error_code add(int fd, Interest interest, IoHandler& handler) override {
    return control(EPOLL_CTL_ADD, fd, interest, &handler);
  }

  std::error_code modify(int fd, Interest interest, IoHandler& handler) override {
    return control(EPOLL_CTL_MOD, fd, interest, &handler);
  }

  void remove(int fd) noexcept override { ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
    ready_.clear();
    woken_ = false;
    const int count = ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(events_.size()),
                                   in_milliseconds(timeout));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        wakeup_.drain();
        woken_ = true;
      } else {
        ready_.push_back({.handler = static_cast<IoHandler*>(event.data.ptr),
                          .readiness = readiness_of(event.events)});
      }
    }
    return ready_;
  }

  [[nodiscard]] bool woken() const noexcept override { return woken_; }
  void wake() noexcept override { wakeup_.notify(); }

  [[nodiscard]] int poll_fd() const noexcept override { return fd_.get(); }

 private:
  std::error_code control(int operation, int fd, Interest interest, IoHandler* handler) noexcept {
    epoll_event event{};
    event.events = epoll_events_for(interest);
    event.data.ptr = handler;
    if (::epoll_ctl(fd_.get(), operation, fd, &event) == 0) return {};
    return {errno, std::system_category()};
  }

  UniqueFd fd_;
  Wakeup wakeup_;
  std::array<epoll_event, events_per_wait> events_{};
  std::vector<Ready> ready_;
  bool woken_ = false;
};

}  // namespace

std::unique_ptr<Poller> make_epoll_poller() { return std::make_unique<EpollPoller>(); }

}  // namespace wirespan::net
