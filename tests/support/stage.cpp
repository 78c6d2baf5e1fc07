// stage.cpp - a Poller and a Network without a kernel.
#include "support/stage.hpp"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace wirespan::test {
namespace {

std::error_code not_played() { return make_error_code(std::errc::function_not_supported); }

}  // namespace

/// A socket that is connecting.
class Stage::Attempt final : public Device {
 public:
  [[nodiscard]] net::Readiness readiness(TimePoint now) const override {
    const bool done = answer_at && now >= *answer_at;
    return {.readable = false, .writable = done, .failed = done && answer.error};
  }
  [[nodiscard]] std::optional<TimePoint> next_change(TimePoint now) const override {
    return answer_at && *answer_at > now ? answer_at : std::nullopt;
  }

  Answer answer;
  std::optional<TimePoint> answer_at;
};

class StagePoller final : public net::Poller {
 public:
  explicit StagePoller(Stage& stage) : stage_(stage) {}

  std::error_code add(int fd, net::Interest interest, net::IoHandler& handler) override {
    EXPECT_FALSE(watched_.contains(fd)) << "added twice";
    ++stage_.calls.add;
    if (stage_.register_error) return stage_.register_error;
    watched_[fd] = {interest, &handler};
    return {};
  }

  std::error_code modify(int fd, net::Interest interest, net::IoHandler& handler) override {
    EXPECT_TRUE(watched_.contains(fd)) << "changed before it was added";
    ++stage_.calls.modify;
    if (stage_.register_error) return stage_.register_error;
    watched_[fd] = {interest, &handler};
    return {};
  }

  void remove(int fd) noexcept override {
    ++stage_.calls.remove;
    EXPECT_EQ(watched_.erase(fd), 1U) << "removed although it is not watched";
  }

  std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
    ++stage_.calls.wait;
    const TimePoint end = timeout ? stage_.time + *timeout : TimePoint::max();
    while (true) {
      collect();
      was_woken_ = woken_.exchange(false);
      if (!ready_.empty() || was_woken_ || stage_.time >= end) return ready_;
      const TimePoint next = std::min(end, next_change());
      if (next == TimePoint::max()) return ready_;  // no device will change
      stage_.time = next;
    }
  }

  [[nodiscard]] bool woken() const noexcept override { return was_woken_; }
  void wake() noexcept override { woken_.store(true); }

 private:
  struct Watched {
    net::Interest interest = net::Interest::none;
    net::IoHandler* handler = nullptr;
  };

  void collect() {
    ready_.clear();
    for (const auto& [fd, watched] : watched_) {
      const auto device = stage_.devices_.find(fd);
      if (device == stage_.devices_.end()) continue;
      net::Readiness readiness = device->second->readiness(stage_.time);
      readiness.readable = readiness.readable && wants_read(watched.interest);
      readiness.writable = readiness.writable && wants_write(watched.interest);
      if (readiness.readable || readiness.writable || readiness.failed) {
        ready_.push_back({.handler = watched.handler, .readiness = readiness});
      }
    }
  }

  [[nodiscard]] TimePoint next_change() const {
    TimePoint next = TimePoint::max();
    for (const auto& [fd, watched] : watched_) {
      const auto device = stage_.devices_.find(fd);
      if (device == stage_.devices_.end()) continue;
      next = std::min(next, device->second->next_change(stage_.time).value_or(next));
    }
    return next;
  }

  Stage& stage_;
  std::map<int, Watched> watched_;
  std::vector<Ready> ready_;
  std::atomic<bool> woken_{false};
  bool was_woken_ = false;
};

Stage::Stage() = default;
Stage::~Stage() = default;

int Stage::add_device(const Device& device) {
  devices_[++next_fd_] = &device;
  return next_fd_;
}

void Stage::run_for(net::EventLoop& loop, std::chrono::nanoseconds duration) {
  const TimePoint end = time + duration;
  int turns_without_time = 0;
  while (time < end) {
    const TimePoint before = time;
    loop.run_once(end - time);
    turns_without_time = time == before ? turns_without_time + 1 : 0;
    ASSERT_LT(turns_without_time, 10'000) << "the loop spins";
  }
}

bool Stage::run_until(net::EventLoop& loop, const std::function<bool()>& done) {
  for (int turns = 0; turns < 100'000; ++turns) {
    if (done()) return true;
    loop.run_once(std::chrono::hours(1));
  }
  return false;
}

Expected<int> Stage::open(net::Family) {
  ++calls.open;
  auto attempt = std::make_unique<Attempt>();
  const int fd = add_device(*attempt);
  attempts_[fd] = std::move(attempt);
  return fd;
}

std::error_code Stage::bind(int, const net::Endpoint& local) {
  steps.push_back("bind " + local.to_string());
  return bind_error;
}

std::error_code Stage::connect(int fd, const net::Endpoint& peer) {
  ++calls.connect;
  connects.emplace_back(peer.to_string(), time);
  Attempt& attempt = *attempts_.at(fd);
  attempt.answer = answers[peer.to_string()];
  const bool at_once = attempt.answer.after && attempt.answer.after->count() == 0;
  if (at_once) return attempt.answer.error;
  if (attempt.answer.after) attempt.answer_at = time + *attempt.answer.after;
  return make_error_code(std::errc::operation_in_progress);
}

std::error_code Stage::connect_result(int fd) { return attempts_.at(fd)->answer.error; }

Expected<int> Stage::listen(const net::Endpoint&, const net::ListenOptions&) {
  return not_played();
}
Expected<net::Accepted> Stage::accept(int) { return not_played(); }
net::IoResult Stage::read(int, MutableBytes) { return net::IoResult::failure(not_played()); }
net::IoResult Stage::write(int, std::span<const Bytes>) {
  return net::IoResult::failure(not_played());
}

void Stage::close(int fd) noexcept {
  ++calls.close;
  remove_device(fd);
  EXPECT_EQ(attempts_.erase(fd), 1U) << "closed although it is not open";
}

std::error_code Stage::set_option(int, const net::SocketOption& option) {
  steps.push_back("option " + std::to_string(option.name));
  if (option.name == refused_option) return option_error;
  return {};
}

Expected<net::Endpoint> Stage::local_endpoint(int) { return not_played(); }
Expected<net::Endpoint> Stage::peer_endpoint(int) { return not_played(); }
Expected<std::vector<net::Endpoint>> Stage::resolve(const std::string&, std::uint16_t) {
  return not_played();
}
bool Stage::wait(std::span<net::Waiting>, std::optional<std::chrono::nanoseconds>) { return false; }

std::unique_ptr<net::Poller> Stage::make_poller(net::Backend) {
  return std::make_unique<StagePoller>(*this);
}

std::error_code Stage::random(MutableBytes out) noexcept {
  if (!random_works) return make_error_code(std::errc::io_error);
  for (std::byte& byte : out) byte = std::byte{++next_random_};
  return {};
}

}  // namespace wirespan::test
