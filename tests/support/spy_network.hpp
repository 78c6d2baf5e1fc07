// spy_network.hpp - the system's network with fault injection: calls are counted, cut short or
// refused.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/fail_after.hpp"
#include <wirespan/net/network.hpp>

namespace wirespan::test {

/// Passes every call on to the system's network, and counts it. The counters may be read by any
/// thread.
class SpyNetwork : public net::Network {
 public:
  std::atomic<int> opens{0}, connects{0}, reads{0}, writes{0}, closes{0}, resolves{0};
  std::atomic<int> waits{0}, registrations{0}, wakes{0};

  /// Its pollers find nothing when they look without waiting.
  std::atomic<bool> pollers_are_blind{false};
  std::size_t most_per_read = SIZE_MAX;
  std::size_t most_per_write = SIZE_MAX;
  /// The call that it does not allow fails with `error` and does not reach the system.
  FailAfter* fail = nullptr;
  std::error_code error = make_error_code(std::errc::connection_reset);
  bool random_works = true;
  /// Replaces the system's resolver if set; called on a thread of the look-up pool.
  std::function<Expected<std::vector<net::Endpoint>>(const std::string&)> resolver;

  [[nodiscard]] Expected<int> open(net::Family family) override {
    ++opens;
    if (fails()) return error;
    return system_.open(family);
  }
  [[nodiscard]] std::error_code bind(int fd, const net::Endpoint& local) override {
    return fails() ? error : system_.bind(fd, local);
  }
  [[nodiscard]] std::error_code connect(int fd, const net::Endpoint& peer) override {
    ++connects;
    return fails() ? error : system_.connect(fd, peer);
  }
  [[nodiscard]] std::error_code connect_result(int fd) override {
    return fails() ? error : system_.connect_result(fd);
  }
  [[nodiscard]] Expected<int> listen(const net::Endpoint& local,
                                     const net::ListenOptions& options) override {
    if (fails()) return error;
    return system_.listen(local, options);
  }
  [[nodiscard]] bool shares_ports() const noexcept override { return system_.shares_ports(); }
  [[nodiscard]] Expected<net::Accepted> accept(int listener) override {
    if (fails()) return error;
    return system_.accept(listener);
  }
  [[nodiscard]] net::IoResult read(int fd, MutableBytes in) override {
    ++reads;
    if (fails()) return net::IoResult::failure(error);
    return system_.read(fd, in.first(std::min(in.size(), most_per_read)));
  }
  [[nodiscard]] net::IoResult write(int fd, std::span<const Bytes> pieces) override {
    ++writes;
    if (fails()) return net::IoResult::failure(error);
    if (most_per_write == SIZE_MAX) return system_.write(fd, pieces);
    const Bytes first = pieces.front();
    const std::array cut{first.first(std::min(first.size(), most_per_write))};
    return system_.write(fd, cut);
  }
  void shutdown_write(int fd) noexcept override { system_.shutdown_write(fd); }
  void shutdown_both(int fd) noexcept override { system_.shutdown_both(fd); }
  void close(int fd) noexcept override {
    ++closes;
    system_.close(fd);
  }
  [[nodiscard]] std::error_code set_nonblocking(int fd) override {
    return fails() ? error : system_.set_nonblocking(fd);
  }
  [[nodiscard]] std::error_code set_option(int fd, const net::SocketOption& option) override {
    return fails() ? error : system_.set_option(fd, option);
  }
  [[nodiscard]] Expected<net::Endpoint> local_endpoint(int fd) override {
    return system_.local_endpoint(fd);
  }
  [[nodiscard]] Expected<net::Endpoint> peer_endpoint(int fd) override {
    return system_.peer_endpoint(fd);
  }
  [[nodiscard]] Expected<std::vector<net::Endpoint>> resolve(const std::string& host,
                                                             std::uint16_t port) override {
    ++resolves;
    return resolver ? resolver(host) : system_.resolve(host, port);
  }
  [[nodiscard]] bool wait(std::span<net::Waiting> entries,
                          std::optional<std::chrono::nanoseconds> timeout) override {
    return system_.wait(entries, timeout);
  }
  [[nodiscard]] std::unique_ptr<net::Poller> make_poller(net::Backend backend) override {
    return std::make_unique<SpyPoller>(*this, system_.make_poller(backend));
  }
  [[nodiscard]] TimePoint now() noexcept override { return system_.now(); }
  [[nodiscard]] std::error_code random(MutableBytes out) noexcept override {
    return random_works ? system_.random(out) : make_error_code(std::errc::io_error);
  }

 private:
  class SpyPoller final : public net::Poller {
   public:
    SpyPoller(SpyNetwork& spy, std::unique_ptr<net::Poller> poller)
        : spy_(spy), poller_(std::move(poller)) {}
    std::error_code add(int fd, net::Interest interest, net::IoHandler& handler) override {
      ++spy_.registrations;
      return spy_.fails() ? spy_.error : poller_->add(fd, interest, handler);
    }
    std::error_code modify(int fd, net::Interest interest, net::IoHandler& handler) override {
      ++spy_.registrations;
      return spy_.fails() ? spy_.error : poller_->modify(fd, interest, handler);
    }
    void remove(int fd) noexcept override {
      ++spy_.registrations;
      poller_->remove(fd);
    }
    std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
      ++spy_.waits;
      if (spy_.pollers_are_blind && timeout == std::chrono::nanoseconds(0)) return {};
      return poller_->wait(timeout);
    }
    [[nodiscard]] bool woken() const noexcept override { return poller_->woken(); }
    void wake() noexcept override {
      ++spy_.wakes;
      poller_->wake();
    }
    [[nodiscard]] int poll_fd() const noexcept override { return poller_->poll_fd(); }

   private:
    SpyNetwork& spy_;
    std::unique_ptr<net::Poller> poller_;
  };

  [[nodiscard]] bool fails() noexcept { return fail != nullptr && !fail->allows(); }

  net::Network& system_ = net::system_network();
};

}  // namespace wirespan::test
