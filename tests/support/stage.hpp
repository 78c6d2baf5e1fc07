// stage.hpp - a system that is only played: time passes while the loop waits and at no other time,
// and descriptors do what a test says.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::test {

class Stage final : public net::Network {
 public:
  /// What stands behind a descriptor.
  class Device {
   public:
    virtual ~Device() = default;
    [[nodiscard]] virtual net::Readiness readiness(TimePoint now) const = 0;
    /// When readiness will change by itself.
    [[nodiscard]] virtual std::optional<TimePoint> next_change(TimePoint) const { return {}; }
  };

  /// How an address answers a connection attempt.
  struct Answer {
    std::optional<std::chrono::milliseconds> after{};  ///< Never, if unset.
    std::error_code error{};
  };

  /// How often the loop and its streams asked the system for something.
  struct Calls {
    int wait = 0;
    int add = 0;
    int modify = 0;
    int remove = 0;
    int open = 0;
    int connect = 0;
    int close = 0;
    [[nodiscard]] int registrations() const noexcept { return add + modify + remove; }
  };

  Stage();
  ~Stage() override;

  /// A new descriptor for a device, which must outlive it.
  [[nodiscard]] int add_device(const Device& device);
  void remove_device(int fd) { devices_.erase(fd); }
  [[nodiscard]] std::size_t open_sockets() const noexcept { return attempts_.size(); }

  /// Turns `loop` until the time has passed. A loop that turns again and again although nothing
  /// changes fails the test.
  void run_for(net::EventLoop& loop, std::chrono::nanoseconds time);
  /// The same until `done`; false if nothing happens any more.
  [[nodiscard]] bool run_until(net::EventLoop& loop, const std::function<bool()>& done);

  TimePoint time{std::chrono::hours(1)};
  Calls calls;
  bool random_works = true;
  std::error_code register_error{};  ///< What the poller answers to add() and modify().
  std::map<std::string, Answer> answers;
  /// Who was connected to, and when.
  std::vector<std::pair<std::string, TimePoint>> connects;

  [[nodiscard]] Expected<int> open(net::Family family) override;
  [[nodiscard]] std::error_code connect(int fd, const net::Endpoint& peer) override;
  [[nodiscard]] std::error_code connect_result(int fd) override;
  [[nodiscard]] Expected<int> listen(const net::Endpoint&, const net::ListenOptions&) override;
  [[nodiscard]] Expected<net::Accepted> accept(int) override;
  [[nodiscard]] net::IoResult read(int, MutableBytes) override;
  [[nodiscard]] net::IoResult write(int, std::span<const Bytes>) override;
  void shutdown_write(int) noexcept override {}
  void shutdown_both(int) noexcept override {}
  void close(int fd) noexcept override;
  [[nodiscard]] std::error_code set_nonblocking(int) override { return {}; }
  [[nodiscard]] std::error_code set_option(int, const net::SocketOption& option) override;
  [[nodiscard]] Expected<net::Endpoint> local_endpoint(int) override;
  [[nodiscard]] Expected<net::Endpoint> peer_endpoint(int) override;
  [[nodiscard]] Expected<std::vector<net::Endpoint>> resolve(const std::string&,
                                                             std::uint16_t) override;
  [[nodiscard]] bool wait(std::span<net::Waiting>,
                          std::optional<std::chrono::nanoseconds>) override;
  [[nodiscard]] std::unique_ptr<net::Poller> make_poller(net::Backend) override;
  [[nodiscard]] TimePoint now() noexcept override { return time; }
  [[nodiscard]] std::error_code random(MutableBytes out) noexcept override;

  int refused_option = -1;  ///< The name of a socket option that the system does not know.

 private:
  friend class StagePoller;
  class Attempt;

  std::map<int, const Device*> devices_;
  std::map<int, std::unique_ptr<Attempt>> attempts_;
  int next_fd_ = 1'000'000;  // no descriptor of the real system
  unsigned char next_random_ = 0;
};

}  // namespace wirespan::test
