// network.hpp - every system call of the library, as one replaceable object.
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
#include <wirespan/net/socket_option.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// Whether several listeners share one port, over which the kernel spreads connections
/// (SO_REUSEPORT).
enum class PortSharing : std::uint8_t {
  none,
  /// Takes the port as `none` does: std::errc::address_in_use if there is any other listener. From
  /// then on listeners with `join` may share it, also those of other processes of the same user.
  claim,
  /// Shares a port that was claimed.
  join,
};

/// Options of Network::listen().
struct ListenOptions {
  /// Connections that wait for accept(); 0 and below: as many as the system allows.
  int backlog = 0;
  PortSharing sharing = PortSharing::none;  ///< Whether other listeners may have the port, too.
  bool only_ipv6 = false;  ///< "::" leaves IPv4 to another listener of the same port.
  /// Options that accepted sockets inherit from the listener, which saves a system call for each.
  /// An option that the address family does not know is passed over.
  std::span<const SocketOption> inherited{};
  /// Permissions of the file of a Unix socket, set before anybody can connect; unset: as the umask
  /// has it. Without a meaning for other families, and for networks without files.
  std::optional<unsigned> mode{};
};

/// A connection from accept(); the caller closes `fd`.
struct Accepted {
  int fd = -1;    ///< Non-blocking, closed on exec.
  Endpoint peer;  ///< The other end.
};

/// A descriptor to wait for, as poll() takes it: wait() writes `ready`.
struct Waiting {
  int fd = -1;                         ///< Passed over if negative.
  Interest interest = Interest::read;  ///< The readiness to wait for.
  Readiness ready{};                   ///< The readiness found.
};

/// The operating system as the library sees it: sockets, resolver, threads, clock and random bytes.
/// The default is the real one (system_network()); tests put a simulated one in its place, also for
/// fault injection. It must outlive everything that uses it; descriptors belong to the caller.
///
/// Sockets are non-blocking and closed on exec. Every function may be called from any thread, and
/// throws nothing but std::bad_alloc, except make_poller(). A call that a signal interrupts is
/// repeated, never reported; only wait() returns early.
class Network {
 public:
  virtual ~Network() = default;
  /// Number of this object, unique in the process: an object at the address of an older one has
  /// another number.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }

  /// Returns a new stream socket.
  [[nodiscard]] virtual Expected<int> open(Family family) = 0;
  /// Binds a socket that will connect to a local address. With port 0 the kernel chooses the port
  /// when it connects. std::errc::not_supported for networks that cannot choose.
  [[nodiscard]] virtual std::error_code bind(int fd, const Endpoint& local);
  /// Starts to connect. No error: connected. std::errc::operation_in_progress: wait for
  /// writability, then ask connect_result().
  [[nodiscard]] virtual std::error_code connect(int fd, const Endpoint& peer) = 0;
  /// The outcome of a connect() that was in progress; asked once, when the socket is writable.
  [[nodiscard]] virtual std::error_code connect_result(int fd) = 0;
  /// Returns a bound, listening socket, with SO_REUSEADDR unless it is a Unix socket.
  [[nodiscard]] virtual Expected<int> listen(const Endpoint& local,
                                             const ListenOptions& options) = 0;
  /// An error unless the descriptor is a listening stream socket; for one that did not come from
  /// listen(). Networks that cannot tell find no error.
  [[nodiscard]] virtual std::error_code check_listener(int fd);
  /// True if listen() takes PortSharing. Else a server of several loops has one listener, and its
  /// first loop hands the connections out.
  [[nodiscard]] virtual bool shares_ports() const noexcept { return true; }
  /// Returns the next connection; std::errc::operation_would_block if none waits.
  [[nodiscard]] virtual Expected<Accepted> accept(int listener) = 0;
  /// Reads once, up to the size of `in`.
  [[nodiscard]] virtual IoResult read(int fd, MutableBytes in) = 0;
  /// Lets the kernel note the time at which each packet arrives (SO_TIMESTAMPNS).
  /// std::errc::not_supported for Unix sockets, whose ancillary data might be descriptors that the
  /// peer has sent, and for networks that know no times.
  [[nodiscard]] virtual std::error_code enable_receive_times(int fd);
  /// As read(), with IoResult::received_at if that was enabled and the kernel knows.
  [[nodiscard]] virtual IoResult read_timed(int fd, MutableBytes in) { return read(fd, in); }
  /// Gather write: one system call, which may take only a part of the pieces (the system's network
  /// offers it 64 at most). Never raises SIGPIPE.
  [[nodiscard]] virtual IoResult write(int fd, std::span<const Bytes> pieces) = 0;
  /// Half-closes: no byte follows, and the peer reads the end of the stream.
  virtual void shutdown_write(int fd) noexcept = 0;
  /// Ends both directions at once; the descriptor stays.
  virtual void shutdown_both(int fd) noexcept = 0;
  /// Gives the descriptor back.
  virtual void close(int fd) noexcept = 0;
  /// For a descriptor that did not come from open() or accept().
  [[nodiscard]] virtual std::error_code set_nonblocking(int fd) = 0;
  /// As setsockopt().
  [[nodiscard]] virtual std::error_code set_option(int fd, const SocketOption& option) = 0;
  /// The addresses of the two ends.
  [[nodiscard]] virtual Expected<Endpoint> local_endpoint(int fd) = 0;
  [[nodiscard]] virtual Expected<Endpoint> peer_endpoint(int fd) = 0;

  /// Resolves a name; blocks for as long as the system's resolver does. Errc::host_not_found if
  /// there is no such name, resolver_had_no_answer() if the resolver could not tell.
  [[nodiscard]] virtual Expected<std::vector<Endpoint>> resolve(const std::string& host,
                                                                std::uint16_t port) = 0;
  /// Runs `work` on a new, detached thread. std::errc::resource_unavailable_try_again if the system
  /// has no room for one; `work` is then never called.
  [[nodiscard]] virtual std::error_code start_thread(std::function<void()> work);
  /// True if start_thread() makes simulated threads, which block in calls of this object alone:
  /// then each look-up of a name has one, instead of a thread of the process's pool.
  [[nodiscard]] virtual bool simulates_threads() const noexcept { return false; }
  /// Waits for the readiness of at most 4 descriptors, up to `timeout`; std::nullopt: without
  /// limit. False when the time is over. A signal may end the wait early: true, with none ready.
  [[nodiscard]] virtual bool wait(std::span<Waiting> entries,
                                  std::optional<std::chrono::nanoseconds> timeout) = 0;
  /// Returns a poller for one loop. Throws std::system_error if the system has no descriptor left.
  [[nodiscard]] virtual std::unique_ptr<Poller> make_poller(Backend backend) = 0;
  /// The time of a monotonic clock.
  [[nodiscard]] virtual TimePoint now() noexcept = 0;
  /// The time of day, by default the system's; for dates of peers (Retry-After) alone, because it
  /// may jump.
  [[nodiscard]] virtual std::chrono::sys_seconds wall_clock() noexcept {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  /// Fills `out` with unpredictable bytes, or returns an error; never weaker bytes.
  [[nodiscard]] virtual std::error_code random(MutableBytes out) noexcept = 0;

 private:
  static std::uint64_t next_serial() noexcept;

  std::uint64_t serial_ = next_serial();
};

/// The error of a resolver that had no answer for a name: a temporary failure, equal to
/// std::errc::resource_unavailable_try_again, with a text that says so.
[[nodiscard]] std::error_code resolver_had_no_answer() noexcept;

/// The Network of the operating system: one object for the process.
[[nodiscard]] Network& system_network() noexcept;

}  // namespace wirespan::net
