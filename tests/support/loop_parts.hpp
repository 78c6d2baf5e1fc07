// loop_parts.hpp - handlers, timers and objects to be deleted, for tests of EventLoop.
#pragma once

#include <functional>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/sockets.hpp"
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {

/// An IoHandler on one end of a socket pair, readable from the start unless `is_ready` is false. It
/// counts its calls and runs the functions that a test puts into `ready` and `flush`.
class Spot final : public net::IoHandler {
 public:
  explicit Spot(net::EventLoop& loop, bool is_ready = true) : loop_(loop) {
    if (is_ready) make_ready();
  }
  ~Spot() { loop_.forget(fd(), *this); }
  Spot(const Spot&) = delete;
  Spot& operator=(const Spot&) = delete;

  void make_ready() { EXPECT_EQ(::send(pair_.theirs.get(), "x", 1, MSG_NOSIGNAL), 1); }
  void take_byte() const {
    char byte = 0;
    EXPECT_EQ(::recv(fd(), &byte, 1, MSG_DONTWAIT), 1);
  }
  [[nodiscard]] std::error_code watch(net::Interest interest = net::Interest::read) {
    return loop_.watch(fd(), interest, *this);
  }
  void on_ready(net::Readiness) override {
    ++times_ready;
    if (ready) ready();
  }
  bool on_look() override {
    ++times_looked;
    return look && look();
  }
  void on_flush() override {
    ++times_flushed;
    if (flush) flush();
  }
  [[nodiscard]] int fd() const { return pair_.ours.get(); }

  int times_ready = 0;
  int times_looked = 0;
  int times_flushed = 0;
  std::function<void()> ready;
  std::function<bool()> look;
  std::function<void()> flush;

 private:
  net::EventLoop& loop_;
  SocketPair pair_ = unix_pair();
};

struct NotingTimer final : net::Timer {
  explicit NotingTimer(std::function<void()> what) : action(std::move(what)) {}
  void on_timer(TimePoint) override { action(); }
  std::function<void()> action;
};

/// Runs a function in its destructor.
struct Mourned {
  explicit Mourned(std::function<void()> what) : action(std::move(what)) {}
  ~Mourned() { action(); }
  Mourned(const Mourned&) = delete;
  Mourned& operator=(const Mourned&) = delete;
  std::function<void()> action;
};

}  // namespace wirespan::test
