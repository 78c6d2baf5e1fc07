// poll_poller.cpp - the portable Poller back end, on poll().
#include <cassert>
#include <cerrno>
#include <chrono>
#include <climits>
#include <new>
#include <unordered_map>
#include <vector>

#include <poll.h>

#include <wirespan/net/pollers.hpp>
#include <wirespan/net/wakeup.hpp>

namespace wirespan::net {
namespace {

#if defined(POLLRDHUP) && !defined(WIRESPAN_PLAIN_POSIX)
constexpr int peer_has_ended = POLLRDHUP;
#else
constexpr int peer_has_ended = 0;  // a half-close is not reported, only the end of both directions
#endif

short poll_events_for(Interest interest) noexcept {
  return static_cast<short>((wants_read(interest) ? POLLIN : 0) |
                            (wants_write(interest) ? POLLOUT : 0) |
                            (wants_hang_up(interest) ? peer_has_ended : 0));
}

/// One pollfd per watched descriptor. A wait costs time in proportion to all of them, ready or not.
class PollPoller final : public Poller {
 public:
  PollPoller() {
    entries_.push_back({.fd = wakeup_.fd(), .events = POLLIN, .revents = 0});
    handlers_.push_back(nullptr);
  }

  std::error_code add(int fd, Interest interest, IoHandler& handler) override {
    assert(!places_.contains(fd));
    const std::size_t place = entries_.size();
    try {
      entries_.push_back({.fd = fd, .events = poll_events_for(interest), .revents = 0});
      handlers_.push_back(&handler);
      places_.emplace(fd, place);
    } catch (const std::bad_alloc&) {
      entries_.resize(place);
      handlers_.resize(place);
      throw;
    }
    return {};
  }

  std::error_code modify(int fd, Interest interest, IoHandler& handler) override {
    const std::size_t place = places_.at(fd);
    entries_[place].events = poll_events_for(interest);
    handlers_[place] = &handler;
    return {};
  }

  void remove(int fd) noexcept override {
    const auto found = places_.find(fd);
    if (found == places_.end()) return;
    const std::size_t place = found->second;  // index of the slot; the last entry moves into it
    places_.erase(found);
    if (place + 1 < entries_.size()) {
      entries_[place] = entries_.back();
      handlers_[place] = handlers_.back();
      places_[entries_[place].fd] = place;
    }
    entries_.pop_back();
    handlers_.pop_back();
  }

  std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
    ready_.clear();
    woken_ = false;
    int count = ::poll(entries_.data(), entries_.size(), in_milliseconds(timeout));
    for (std::size_t i = 0; i < entries_.size() && count > 0; ++i) {
      if (entries_[i].revents == 0) continue;
      --count;
      if (handlers_[i] == nullptr) {
        wakeup_.drain();
        woken_ = true;
      } else if (!report(
                     {.handler = handlers_[i], .readiness = poll_readiness(entries_[i].revents)})) {
        break;
      }
    }
    return ready_;
  }

  [[nodiscard]] bool woken() const noexcept override { return woken_; }
  void wake() noexcept override { wakeup_.notify(); }

  void for_each_fd(const std::function<void(int fd, Interest interest)>& tell) const override {
    for (const pollfd& entry : entries_) {
      tell(entry.fd, interest_in((entry.events & POLLIN) != 0, (entry.events & POLLOUT) != 0,
                                 (entry.events & peer_has_ended) != 0));
    }
  }

 private:
  /// False without memory: what is ready is so in the next turn, too.
  bool report(const Ready& ready) noexcept {
    try {
      ready_.push_back(ready);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  Wakeup wakeup_;
  // entries_[i] belongs to handlers_[i]. Entry 0 is the wake-up descriptor; only its handler is
  // null.
  std::vector<pollfd> entries_;
  std::vector<IoHandler*> handlers_;
  std::unordered_map<int, std::size_t> places_;  // descriptor to index in entries_
  std::vector<Ready> ready_;
  bool woken_ = false;
};

}  // namespace

int in_milliseconds(std::optional<std::chrono::nanoseconds> timeout) noexcept {
  if (!timeout) return -1;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
  if (rounded <= 0) return 0;
  return rounded > INT_MAX ? INT_MAX : static_cast<int>(rounded);
}

Readiness poll_readiness(short events) noexcept {
  const int failure = events & (POLLERR | POLLHUP | POLLNVAL);
  return {.readable = (events & POLLIN) != 0,
          .writable = (events & POLLOUT) != 0,
          .failed = failure != 0,
          .peer_ended = (events & peer_has_ended) != 0};
}

std::unique_ptr<Poller> make_poll_poller() { return std::make_unique<PollPoller>(); }

}  // namespace wirespan::net
