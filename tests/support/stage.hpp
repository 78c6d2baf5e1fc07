// stage.hpp - a Network without a kernel: time passes only while the loop waits, and descriptors
// behave as a test says.
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

/// A simulated system: clock, poller, sockets that connect, random bytes. The test owns it and
/// gives it to the event loop; it must outlive the loop. By itself, `time` advances only inside the
/// poller's wait(), straight to the next change of a device or to the time-out, so a test of hours
/// runs in no time and the same way each time. Devices stand behind descriptors and report
/// readiness. Calls that no test needs fail with function_not_supported.
class Stage final : public net::Network {
 public:
  /// The object behind a descriptor.
  class Device {
   public:
    virtual ~Device() = default;
    [[nodiscard]] virtual net::Readiness readiness(TimePoint now) const = 0;
    /// The time at which its readiness changes by itself; nullopt if it does not.
    [[nodiscard]] virtual std::optional<TimePoint> next_change(TimePoint) const { return {}; }
  };

  /// The answer of an address to a connection attempt.
  struct Answer {
    std::optional<std::chrono::milliseconds> after{};  ///< Unset: never.
    std::error_code error{};
  };

  /// Calls that the loop and its streams made to the system.
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

  /// Returns a new descriptor for a device, which must outlive it.
  [[nodiscard]] int add_device(const Device& device);
  void remove_device(int fd) { devices_.erase(fd); }
  [[nodiscard]] std::size_t open_sockets() const noexcept { return attempts_.size(); }

  /// Runs turns of `loop` until the time has passed. Fails the test if the loop spins: 10,000 turns
  /// without the time moving.
  void run_for(net::EventLoop& loop, std::chrono::nanoseconds time);
  /// Runs turns of `loop` until `done()` is true; false after 100,000 turns.
  [[nodiscard]] bool run_until(net::EventLoop& loop, const std::function<bool()>& done);

  TimePoint time{std::chrono::hours(1)};
  Calls calls;
  bool random_works = true;
  std::error_code register_error{};  ///< Result of the poller's add() and modify().
  std::map<std::string, Answer> answers;
  /// The addresses of all connection attempts, and when each was made.
  std::vector<std::pair<std::string, TimePoint>> connects;

  [[nodiscard]] Expected<int> open(net::Family family) override;
  [[nodiscard]] std::error_code bind(int fd, const net::Endpoint& local) override;
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

  int refused_option = -1;  ///< Name of a socket option that set_option() refuses; -1: none.
  std::error_code option_error = make_error_code(std::errc::no_protocol_option);
  std::error_code bind_error{};    ///< Result of bind().
  std::vector<std::string> steps;  ///< "option 7", "bind 127.0.0.1:0", in the order of the calls.

 private:
  friend class StagePoller;
  class Attempt;

  std::map<int, const Device*> devices_;
  std::map<int, std::unique_ptr<Attempt>> attempts_;
  int next_fd_ = 1'000'000;  // outside the range of real descriptors
  unsigned char next_random_ = 0;
};

}  // namespace wirespan::test
