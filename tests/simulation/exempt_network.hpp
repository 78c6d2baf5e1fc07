// exempt_network.hpp - a Network whose own allocations do not fail: only the library's do.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulation/exempt.hpp"
#include <wirespan/net/network.hpp>

namespace wirespan::test {

/// The Poller of an ExemptNetwork.
class ExemptPoller : public net::Poller {
 public:
  explicit ExemptPoller(std::unique_ptr<net::Poller> inner) noexcept : inner_(std::move(inner)) {}
  ~ExemptPoller() override {
    const Exempt exempt;
    inner_.reset();
  }

  std::error_code add(int fd, net::Interest interest, net::IoHandler& handler) override {
    const Exempt exempt;
    return inner_->add(fd, interest, handler);
  }
  std::error_code modify(int fd, net::Interest interest, net::IoHandler& handler) override {
    const Exempt exempt;
    return inner_->modify(fd, interest, handler);
  }
  void remove(int fd) noexcept override {
    const Exempt exempt;
    inner_->remove(fd);
  }
  std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
    const Exempt exempt;
    return inner_->wait(timeout);
  }
  [[nodiscard]] bool woken() const noexcept override { return inner_->woken(); }
  void wake() noexcept override {
    const Exempt exempt;
    inner_->wake();
  }
  void for_each_fd(const std::function<void(int, net::Interest)>& tell) const override {
    inner_->for_each_fd(tell);
  }

 private:
  std::unique_ptr<net::Poller> inner_;
};

/// Passes every call on.
class ExemptNetwork : public net::Network {
  template <class Call, class... Arguments>
  decltype(auto) call(Call what, Arguments&&... arguments) {
    const Exempt exempt;
    return (inner_.*what)(std::forward<Arguments>(arguments)...);
  }

 public:
  explicit ExemptNetwork(net::Network& inner) noexcept : inner_(inner) {}

  Expected<int> open(net::Family family) override { return call(&Network::open, family); }
  std::error_code bind(int fd, const net::Endpoint& local) override {
    return call(&Network::bind, fd, local);
  }
  std::error_code connect(int fd, const net::Endpoint& peer) override {
    return call(&Network::connect, fd, peer);
  }
  std::error_code connect_result(int fd) override { return call(&Network::connect_result, fd); }
  Expected<int> listen(const net::Endpoint& local, const net::ListenOptions& options) override {
    return call(&Network::listen, local, options);
  }
  Expected<net::Accepted> accept(int listener) override { return call(&Network::accept, listener); }
  net::IoResult read(int fd, MutableBytes in) override { return call(&Network::read, fd, in); }
  std::error_code enable_receive_times(int fd) override {
    return call(&Network::enable_receive_times, fd);
  }
  net::IoResult write(int fd, std::span<const Bytes> pieces) override {
    return call(&Network::write, fd, pieces);
  }
  void shutdown_write(int fd) noexcept override { call(&Network::shutdown_write, fd); }
  void shutdown_both(int fd) noexcept override { call(&Network::shutdown_both, fd); }
  void close(int fd) noexcept override { call(&Network::close, fd); }
  std::error_code set_nonblocking(int fd) override { return call(&Network::set_nonblocking, fd); }
  std::error_code set_option(int fd, const net::SocketOption& option) override {
    return call(&Network::set_option, fd, option);
  }
  Expected<net::Endpoint> local_endpoint(int fd) override {
    return call(&Network::local_endpoint, fd);
  }
  Expected<net::Endpoint> peer_endpoint(int fd) override {
    return call(&Network::peer_endpoint, fd);
  }
  Expected<std::vector<net::Endpoint>> resolve(const std::string& host,
                                               std::uint16_t port) override {
    return call(&Network::resolve, host, port);
  }
  std::error_code start_thread(std::function<void()> work) override {
    return call(&Network::start_thread, std::move(work));
  }
  [[nodiscard]] bool simulates_threads() const noexcept override {
    return inner_.simulates_threads();
  }
  bool wait(std::span<net::Waiting> entries,
            std::optional<std::chrono::nanoseconds> timeout) override {
    return call(&Network::wait, entries, timeout);
  }
  std::unique_ptr<net::Poller> make_poller(net::Backend backend) override {
    const Exempt exempt;
    return std::make_unique<ExemptPoller>(inner_.make_poller(backend));
  }
  TimePoint now() noexcept override { return inner_.now(); }
  std::chrono::sys_seconds wall_clock() noexcept override { return inner_.wall_clock(); }
  std::error_code random(MutableBytes out) noexcept override { return call(&Network::random, out); }

 private:
  net::Network& inner_;
};

}  // namespace wirespan::test
