// simulated_sockets.hpp - the sockets of a SimulatedNetwork. Private.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/simulated_clock.hpp>
#include <wirespan/net/simulated_network.hpp>
#include <wirespan/net/simulated_pipe.hpp>

namespace wirespan::net {

/// The table of descriptors, and TCP as far as a program can see it. Its functions are those of
/// Network. Owned by a SimulatedNetwork; belongs to its thread.
class SimulatedSockets {
 public:
  /// `clock` must outlive it.
  explicit SimulatedSockets(SimulatedClock& clock) : clock_(clock) {}

  std::function<SimulatedPath(const Endpoint& peer)> choose_path;
  std::size_t descriptor_limit = SIZE_MAX;
  std::size_t pollers = 0;  ///< Open pollers; each counts as one descriptor.

  // As Network's.

  /// Fails with std::errc::too_many_files_open at the limit.
  [[nodiscard]] Expected<int> open(Family family);
  [[nodiscard]] std::error_code bind(int fd, const Endpoint& local);
  [[nodiscard]] std::error_code connect(int fd, const Endpoint& peer);
  [[nodiscard]] std::error_code connect_result(int fd);
  [[nodiscard]] Expected<int> listen(const Endpoint& local, const ListenOptions& options);
  [[nodiscard]] Expected<Accepted> accept(int listener);
  [[nodiscard]] IoResult read(int fd, MutableBytes in);
  [[nodiscard]] IoResult write(int fd, std::span<const Bytes> pieces);
  void shutdown_write(int fd) noexcept;
  void shutdown_both(int fd) noexcept;
  void close(int fd) noexcept;
  [[nodiscard]] std::error_code set_option(int fd, const SocketOption& option);
  [[nodiscard]] Expected<Endpoint> local_endpoint(int fd);
  [[nodiscard]] Expected<Endpoint> peer_endpoint(int fd);

  void reset_all();
  void silence_all();
  [[nodiscard]] Readiness readiness(int fd);
  /// Descriptors that the program has: not those of connections that wait for accept().
  [[nodiscard]] std::size_t count() const noexcept { return sockets_.size() - waiting_ + pollers; }
  [[nodiscard]] std::uint64_t bytes_written(int fd) const noexcept {
    const auto found = written_.find(fd);
    return found == written_.end() ? 0 : found->second;
  }
  [[nodiscard]] bool is_full() const noexcept { return count() >= descriptor_limit; }

 private:
  enum class State : std::uint8_t { fresh, listening, connecting, failed, connected };

  /// Both directions of one connection; its ends share it.
  struct Connection {
    SimulatedPipe up, down;
    bool reset = false;        // by either end, or on the way
    TimePoint silent_since{};  // valid if a pipe is silent
    bool up_open = true;       // the end that writes up is open
    bool down_open = true;
  };
  /// Options that end a silent connection.
  struct Patience {
    bool keep_alive = false;
    std::chrono::seconds idle{7200}, interval{75};
    int count = 9;
    std::chrono::milliseconds user_timeout{0};
  };
  struct Socket {
    State state = State::fresh;
    Family family = Family::other;
    Endpoint local{};
    Endpoint peer{};
    std::shared_ptr<Connection> connection{};
    bool is_client = false;
    bool reads_no_more = false;
    bool error_told = false;
    std::error_code error{};  // connecting: of the attempt; connected: the end by time-out
    Patience patience{};
    std::optional<TimePoint> unacknowledged{};  // first write since the connection fell silent
    std::deque<int> backlog{};                  // listening: connections to accept
    std::size_t most_waiting = 0;
  };

  [[nodiscard]] Socket* find(int fd) noexcept;
  [[nodiscard]] int add(Socket socket);
  [[nodiscard]] static SimulatedPipe& out(const Socket& socket) noexcept;
  [[nodiscard]] static SimulatedPipe& in(const Socket& socket) noexcept;
  [[nodiscard]] Socket* listener_for(const Endpoint& peer);
  void arrive(int fd, const Endpoint& peer, const SimulatedPath& path);
  void answer(int fd, std::chrono::nanoseconds after, std::error_code error);
  void reset(const std::shared_ptr<Connection>& connection, std::chrono::nanoseconds after);
  void reset_if_closed(const Socket& socket);
  [[nodiscard]] std::error_code failure(Socket& socket);
  void note_silence(Socket& socket);
  void end_by_time(Socket& socket);
  [[nodiscard]] std::uint16_t free_port() noexcept { return next_port_++; }

  SimulatedClock& clock_;
  std::map<int, Socket> sockets_;
  std::map<int, std::uint64_t> written_;  // bytes, also of closed sockets
  std::size_t waiting_ = 0;               // sockets in a backlog
  int next_fd_ = 1 << 20;                 // no real descriptor has such a number
  std::uint16_t next_port_ = 32768;
};

}  // namespace wirespan::net
