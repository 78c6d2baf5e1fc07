// pollers.hpp - the two Poller back ends. Both are tested on Linux; poll() is the portable one.
#pragma once

#include <memory>

#include <wirespan/net/poller.hpp>

namespace wirespan::net {

/// Both throw std::system_error if the system refuses a descriptor for one. There is no
/// make_epoll_poller() with WIRESPAN_PLAIN_POSIX.
[[nodiscard]] std::unique_ptr<Poller> make_epoll_poller();
[[nodiscard]] std::unique_ptr<Poller> make_poll_poller();

/// Returns the timeout for poll() and epoll_wait(), rounded up, so that a wait never ends before
/// its time. -1 without a timeout.
[[nodiscard]] int in_milliseconds(std::optional<std::chrono::nanoseconds> timeout) noexcept;

/// Returns the readiness that poll() has reported as `events` (its revents).
[[nodiscard]] Readiness poll_readiness(short events) noexcept;

}  // namespace wirespan::net
