// simulated_network.hpp - a network, its clock and its threads inside one thread, for tests that
// are repeatable and run thousands of times faster than time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::net {

/// Behaviour of one direction of a simulated connection. Positions count the bytes of the
/// direction from the beginning of the connection, so TLS and the handshake included.
struct SimulatedDirection {
  std::chrono::nanoseconds latency{
      std::chrono::milliseconds(1)};  ///< Time of each byte on its way.
  std::chrono::nanoseconds jitter{
      0};  ///< At most this much more, by chance, in order all the same.
  /// Probability, 0 to 1, that a packet is dropped; it is sent again after 200 ms, then 400 ms and
  /// so on, and what follows waits for it.
  double loss = 0;
  std::size_t buffer = std::size_t{64} << 10;  ///< Bytes that may be written and not read yet.
  /// Most bytes that a write takes or a read returns; each call draws a number up to it. 0: all.
  std::size_t most_per_write = 0;
  /// The same for a read.
  std::size_t most_per_read = 0;
  /// The connection is reset when this many bytes have been written.
  std::optional<std::uint64_t> reset_after{};
  /// From this many bytes on nothing arrives any more, in either direction, and nobody is told.
  std::optional<std::uint64_t> silent_after{};
  /// The bytes behind this many arrive later by `stall`.
  std::optional<std::uint64_t> stall_after{};
  /// Length of that delay.
  std::chrono::nanoseconds stall{0};
};

/// The fate of one attempt to connect, and of the connection.
struct SimulatedPath {
  SimulatedDirection up{};    ///< From the side that connects.
  SimulatedDirection down{};  ///< To it.
  std::error_code
      connect_error{};  ///< Answer to the attempt, after both latencies; none: connected.
  bool answers = true;  ///< False: the attempt gets no answer.
};

/// The answer to the look-up of a name.
struct SimulatedName {
  std::vector<std::string> addresses{};  ///< Numeric, in the order of preference.
  std::chrono::nanoseconds delay{std::chrono::milliseconds(5)};  ///< Until the answer.
  std::error_code error{};                                       ///< Instead of addresses, if set.
};

/// The calls of a Network that can fail. `watch` is that of a poller.
enum class SimulatedCall : std::uint8_t {
  open,
  bind,
  connect,
  listen,
  accept,
  read,
  write,
  set_option,
  local_endpoint,
  peer_endpoint,
  resolve,
  start_thread,
  make_poller,
  watch,
  random,
};

/// Thrown by a wait of a SimulatedNetwork when nothing can happen any more, or when its threads run
/// on and on and the time stands still. The text names the threads.
class SimulationStuck : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A Network whose sockets, names, threads and clock exist in this object alone. Everything that
/// takes a Network runs on it unchanged: EventLoop, WebSocketServer, WebSocketApp, WebSocket, TLS.
/// The same seed and the same program give the same run. Time passes only when every thread waits;
/// then it jumps to the next event.
///
/// Threads (start()) are functions with stacks of their own that take turns on the real thread that
/// calls run(); one runs until it waits in a call of this object. A call outside of run(), on no
/// simulated thread, runs the others while it waits. So a mutex or a condition variable must not
/// make one thread wait for another: use a WebSocket from one simulated thread only, try_send() or
/// AppHandle where WebSocketApp::send() could wait for room, and ServerOptions::threads of 1. TLS
/// draws from OpenSSL's own randomness.
///
/// An object belongs to one real thread. It must outlive everything that uses it. Threads that have
/// not ended when it is destroyed leave the objects on their stacks behind.
class SimulatedNetwork final : public Network {
 public:
  /// `seed` decides about jitter, loss, the order of threads, random bytes: all that is chance.
  explicit SimulatedNetwork(std::uint64_t seed = 0);
  ~SimulatedNetwork() override;

  // The world. Changes count for later calls and connections.

  /// Chooses the path of each attempt to connect to `peer`. Unset: SimulatedPath{}.
  void set_path(std::function<SimulatedPath(const Endpoint& peer)> choose);
  /// Lets a name resolve. Without it "localhost" has 127.0.0.1, and other names are not found.
  void set_name(const std::string& host, SimulatedName name);
  /// Sockets and pollers that may be open at one time; more: std::errc::too_many_files_open.
  void set_descriptor_limit(std::size_t most) noexcept;
  /// Is asked before each call; if it returns an error, the call fails with it and does nothing.
  /// Unset: none fails by itself.
  void set_fault(std::function<std::error_code(SimulatedCall)> fault);
  /// Resets every open connection now, or lets it fall silent as silent_after does.
  void reset_connections();
  void silence_connections();
  /// Lets time pass at once, as for a process that was suspended.
  void jump(std::chrono::nanoseconds time);
  /// Moves the time of day, which passes with the clock.
  void set_wall_clock(std::chrono::sys_seconds time) noexcept;

  // Threads.

  /// Starts a thread. `name` is for reports.
  void start(std::string name, std::function<void()> work);
  /// Runs threads until all have ended. False if those that are left wait for something that cannot
  /// come: waiting() names them. Throws SimulationStuck, and what a thread has thrown.
  bool run();
  /// The same, but for `time` at most; true if all have ended.
  bool run_for(std::chrono::nanoseconds time);
  /// Lets the calling thread wait.
  void sleep_for(std::chrono::nanoseconds time);
  /// Lets it wait until `done()`, at most for `time`; false if the time has passed. `done` is asked
  /// after each step of a thread and must not change anything.
  bool wait_until(const std::function<bool()>& done,
                  std::optional<std::chrono::nanoseconds> time = {});
  /// The names of the threads that have not ended.
  [[nodiscard]] std::vector<std::string> waiting() const;

  // Counts.

  /// Sockets and pollers that are open.
  [[nodiscard]] std::size_t open_descriptors() const noexcept;
  /// Bytes that were written to the socket so far; also of one that was closed, whose number no
  /// other one gets.
  [[nodiscard]] std::uint64_t bytes_written(int fd) const noexcept;
  /// Steps of threads so far.
  [[nodiscard]] std::uint64_t steps() const noexcept;
  /// Returns a number below `bound`, or 0 if that is 0, from the seed of this object.
  [[nodiscard]] std::uint64_t draw(std::uint64_t bound) noexcept;

  // Network.

  /// As Network's.
  [[nodiscard]] Expected<int> open(Family family) override;
  [[nodiscard]] std::error_code bind(int fd, const Endpoint& local) override;
  [[nodiscard]] std::error_code connect(int fd, const Endpoint& peer) override;
  [[nodiscard]] std::error_code connect_result(int fd) override;
  [[nodiscard]] Expected<int> listen(const Endpoint& local, const ListenOptions& options) override;
  [[nodiscard]] Expected<Accepted> accept(int listener) override;
  [[nodiscard]] IoResult read(int fd, MutableBytes in) override;
  [[nodiscard]] IoResult write(int fd, std::span<const Bytes> pieces) override;
  void shutdown_write(int fd) noexcept override;
  void shutdown_both(int fd) noexcept override;
  void close(int fd) noexcept override;
  [[nodiscard]] std::error_code set_nonblocking(int fd) override;
  [[nodiscard]] std::error_code set_option(int fd, const SocketOption& option) override;
  [[nodiscard]] Expected<Endpoint> local_endpoint(int fd) override;
  [[nodiscard]] Expected<Endpoint> peer_endpoint(int fd) override;
  [[nodiscard]] Expected<std::vector<Endpoint>> resolve(const std::string& host,
                                                        std::uint16_t port) override;
  [[nodiscard]] std::error_code start_thread(std::function<void()> work) override;
  [[nodiscard]] bool simulates_threads() const noexcept override { return true; }
  [[nodiscard]] bool wait(std::span<Waiting> entries,
                          std::optional<std::chrono::nanoseconds> timeout) override;
  [[nodiscard]] std::unique_ptr<Poller> make_poller(Backend backend) override;
  [[nodiscard]] TimePoint now() noexcept override;
  [[nodiscard]] std::chrono::sys_seconds wall_clock() noexcept override;
  [[nodiscard]] std::error_code random(MutableBytes out) noexcept override;

 private:
  [[nodiscard]] std::error_code fault(SimulatedCall call) const {
    return fault_ ? fault_(call) : std::error_code{};
  }

  class Threads;
  class SimulatedPoller;

  std::unique_ptr<class SimulatedClock> clock_;
  std::unique_ptr<class SimulatedSockets> sockets_;
  std::unique_ptr<class SimulatedNames> names_;
  std::unique_ptr<Threads> threads_;
  std::function<std::error_code(SimulatedCall)> fault_;
  std::chrono::sys_seconds wall_clock_{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
};

}  // namespace wirespan::net
