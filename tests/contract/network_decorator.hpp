// network_decorator.hpp - the system's network with its reads, writes and registrations counted.
#pragma once

#include <memory>
#include <utility>

#include <wirespan/net/network.hpp>

namespace wirespan::test {

/// Passes every call on to the system's network; counts reads, writes and changes of interest.
class CountingNetwork final : public net::Network {
 public:
  std::size_t reads = 0;
  std::size_t writes = 0;
  std::size_t interest_changes = 0;
  void reset() noexcept { reads = writes = interest_changes = 0; }

  Expected<int> open(net::Family family) override { return system_.open(family); }
  std::error_code connect(int fd, const net::Endpoint& peer) override {
    return system_.connect(fd, peer);
  }
  std::error_code connect_result(int fd) override { return system_.connect_result(fd); }
  Expected<int> listen(const net::Endpoint& local, const net::ListenOptions& options) override {
    return system_.listen(local, options);
  }
  [[nodiscard]] bool shares_ports() const noexcept override { return system_.shares_ports(); }
  Expected<net::Accepted> accept(int listener) override { return system_.accept(listener); }
  net::IoResult read(int fd, MutableBytes in) override {
    ++reads;
    return system_.read(fd, in);
  }
  net::IoResult write(int fd, std::span<const Bytes> pieces) override {
    ++writes;
    return system_.write(fd, pieces);
  }
  void shutdown_write(int fd) noexcept override { system_.shutdown_write(fd); }
  void shutdown_both(int fd) noexcept override { system_.shutdown_both(fd); }
  void close(int fd) noexcept override { system_.close(fd); }
  std::error_code set_nonblocking(int fd) override { return system_.set_nonblocking(fd); }
  std::error_code set_option(int fd, const net::SocketOption& option) override {
    return system_.set_option(fd, option);
  }
  Expected<net::Endpoint> local_endpoint(int fd) override { return system_.local_endpoint(fd); }
  Expected<net::Endpoint> peer_endpoint(int fd) override { return system_.peer_endpoint(fd); }
  Expected<std::vector<net::Endpoint>> resolve(const std::string& host,
                                               std::uint16_t port) override {
    return system_.resolve(host, port);
  }
  bool wait(std::span<net::Waiting> entries,
            std::optional<std::chrono::nanoseconds> timeout) override {
    return system_.wait(entries, timeout);
  }
  std::unique_ptr<net::Poller> make_poller(net::Backend backend) override {
    return std::make_unique<CountingPoller>(system_.make_poller(backend), *this);
  }
  TimePoint now() noexcept override { return system_.now(); }
  std::error_code random(MutableBytes out) noexcept override { return system_.random(out); }

 private:
  class CountingPoller final : public net::Poller {
   public:
    CountingPoller(std::unique_ptr<net::Poller> poller, CountingNetwork& network)
        : poller_(std::move(poller)), network_(network) {}
    std::error_code add(int fd, net::Interest interest, net::IoHandler& handler) override {
      ++network_.interest_changes;
      return poller_->add(fd, interest, handler);
    }
    std::error_code modify(int fd, net::Interest interest, net::IoHandler& handler) override {
      ++network_.interest_changes;
      return poller_->modify(fd, interest, handler);
    }
    void remove(int fd) noexcept override {
      ++network_.interest_changes;
      poller_->remove(fd);
    }
    std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
      return poller_->wait(timeout);
    }
    [[nodiscard]] bool woken() const noexcept override { return poller_->woken(); }
    void wake() noexcept override { poller_->wake(); }

   private:
    std::unique_ptr<net::Poller> poller_;
    CountingNetwork& network_;
  };

  net::Network& system_ = net::system_network();
};

}  // namespace wirespan::test
