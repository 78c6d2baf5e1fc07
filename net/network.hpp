// network.hpp - every call that reaches the operating system, as one replaceable object.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// A socket option as setsockopt() takes it, with an int value.
struct SocketOption {
  int level = 0;
  int name = 0;
  int value = 0;
  bool operator==(const SocketOption&) const = default;
};

/// No delay for small writes, and TCP keep-alive after 30 s of silence, then every 10 s, 3 times:
/// what websocket-client sets.
[[nodiscard]] std::span<const SocketOption> default_socket_options() noexcept;

/// Several listeners of one port, over which the kernel spreads connections (SO_REUSEPORT).
enum class PortSharing : std::uint8_t {
  none,
  /// Takes the port as `none` does: std::errc::address_in_use if there is any other listener. From
  /// then on listeners with `join` may share it, also those of other processes of the same user.
  claim,
  /// Shares a port that was claimed.
  join,
};

struct ListenOptions {
  int backlog = 0;  ///< 0: as many as the system allows.
  PortSharing sharing = PortSharing::none;
  bool only_ipv6 = false;  ///< "::" leaves IPv4 to another listener of the same port.
  /// What the sockets that are accepted inherit from the first one on, so that no call is needed
  /// for each. Those that the family does not know are passed over.
  std::span<const SocketOption> inherited{};
};

struct Accepted {
  int fd = -1;
  Endpoint peer;
};

/// One descriptor to wait for, as poll() sees it.
struct Waiting {
  int fd = -1;
  Interest interest = Interest::read;
  Readiness ready{};
};

/// The system's own by default (system_network()); tests put a simulated one in its place. Sockets
/// are non-blocking and closed on exec. Every function may be called from any thread; none throws
/// anything but std::bad_alloc. An interrupted call is repeated, never reported.
class Network {
 public:
  virtual ~Network() = default;

  /// Another one for each object of the process, also for one at an address that was used before.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }

  [[nodiscard]] virtual Expected<int> open(Family family) = 0;
  /// No error: connected. std::errc::operation_in_progress: wait for writability, then ask
  /// connect_result().
  [[nodiscard]] virtual std::error_code connect(int fd, const Endpoint& peer) = 0;
  [[nodiscard]] virtual std::error_code connect_result(int fd) = 0;
  /// A bound, listening socket with SO_REUSEADDR.
  [[nodiscard]] virtual Expected<int> listen(const Endpoint& local,
                                             const ListenOptions& options) = 0;
  /// std::errc::operation_would_block when nobody waits.
  [[nodiscard]] virtual Expected<Accepted> accept(int listener) = 0;
  [[nodiscard]] virtual IoResult read(int fd, MutableBytes in) = 0;
  /// Lets the kernel note when each packet comes. std::errc::not_supported for local sockets, whose
  /// notes might be descriptors that the peer has sent, and for networks that know no times.
  [[nodiscard]] virtual std::error_code enable_receive_times(int fd);
  /// As read(), with IoResult::received_at if that was enabled and the kernel knows.
  [[nodiscard]] virtual IoResult read_timed(int fd, MutableBytes in) { return read(fd, in); }
  /// One system call for all pieces. Never raises SIGPIPE.
  [[nodiscard]] virtual IoResult write(int fd, std::span<const Bytes> pieces) = 0;
  virtual void shutdown_write(int fd) noexcept = 0;
  virtual void shutdown_both(int fd) noexcept = 0;
  virtual void close(int fd) noexcept = 0;
  /// For descriptors that somebody else has made.
  [[nodiscard]] virtual std::error_code set_nonblocking(int fd) = 0;
  [[nodiscard]] virtual std::error_code set_option(int fd, const SocketOption& option) = 0;
  [[nodiscard]] virtual Expected<Endpoint> local_endpoint(int fd) = 0;
  [[nodiscard]] virtual Expected<Endpoint> peer_endpoint(int fd) = 0;

  /// Blocks for as long as the system's resolver does. Errc::host_not_found if there is no such
  /// name, std::errc::resource_unavailable_try_again if the resolver had no answer.
  [[nodiscard]] virtual Expected<std::vector<Endpoint>> resolve(const std::string& host,
                                                                std::uint16_t port) = 0;
  /// Runs `work` on a new thread that nobody joins. std::errc::resource_unavailable_try_again if
  /// the system has no room for one; `work` is then never called.
  [[nodiscard]] virtual std::error_code start_thread(std::function<void()> work);
  /// Waits for a few descriptors; false when the time is over. Without a timeout for ever.
  [[nodiscard]] virtual bool wait(std::span<Waiting> entries,
                                  std::optional<std::chrono::nanoseconds> timeout) = 0;
  /// Throws std::system_error if the system has no room for one.
  [[nodiscard]] virtual std::unique_ptr<Poller> make_poller(Backend backend) = 0;
  /// Monotonic.
  [[nodiscard]] virtual TimePoint now() noexcept = 0;
  /// Unpredictable bytes, or an error; never a guess.
  [[nodiscard]] virtual std::error_code random(MutableBytes out) noexcept = 0;

 private:
  static std::uint64_t next_serial() noexcept;

  std::uint64_t serial_ = next_serial();
};

[[nodiscard]] Network& system_network() noexcept;

}  // namespace wirespan::net
