// raw_server.hpp - a server that follows a test's script, and ports where connecting fails.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/link.hpp"
#include "support/raw_peer.hpp"
#include <wirespan/net/unique_fd.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan::test {

/// Listens on 127.0.0.1 and runs a script for each connection, each on a thread of its own. When a
/// script returns, the server ends the connection in an orderly way. A script that throws fails the
/// test.
///
/// Declare it before the client, so that the client is destroyed first.
class RawServer {
 public:
  using Script = std::function<void(RawPeer&)>;

  explicit RawServer(Script script, const Link& link = {});
  /// The n-th connection runs the n-th script; those after the last script run the last one.
  RawServer(std::vector<Script> scripts, const Link& link = {});
  /// Stops listening and waits for the scripts.
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& resource = "/") const;
  /// "127.0.0.1:4711"
  [[nodiscard]] std::string authority() const;
  /// Connections accepted so far, and those whose TLS handshake failed.
  [[nodiscard]] int accepted() const noexcept { return accepted_; }
  [[nodiscard]] int refused_by_tls() const noexcept { return refused_by_tls_; }
  /// Waits until the script of every connection has returned.
  void wait() const;

 private:
  struct Talker {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> over;
  };

  void accept_until_stopped();
  void serve(int fd, const Script& script);
  void join_those_that_are_over();

  std::vector<Script> scripts_;
  Link link_;
  std::optional<tls::ServerOptions> tls_;
  net::UniqueFd listener_;
  net::UniqueFd stop_read_;
  net::UniqueFd stop_write_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::atomic<int> refused_by_tls_{0};
  std::atomic<int> done_{0};
  std::thread acceptor_;
  std::vector<Talker> talkers_;  // belongs to the acceptor thread until that has ended
};

/// Accepts the handshake, then echoes until the Close frame.
void echo_script(RawPeer& peer);
/// Returns a script that answers the request with `answer` and ends the connection.
[[nodiscard]] RawServer::Script answering(std::string answer);

/// Returns a port on which no socket listens.
[[nodiscard]] std::uint16_t unused_port();

/// A listener whose accept queue is full: attempts to connect get no answer at all.
class BlackHole {
 public:
  BlackHole();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  net::UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::vector<net::UniqueFd> fillers_;
};

/// Waits until the condition holds; false after `patience`.
[[nodiscard]] bool eventually(const std::function<bool()>& condition, Milliseconds patience = 10s);

/// A flag that one thread sets and another one waits for.
class Signal {
 public:
  void set() { set_ = true; }
  void clear() { set_ = false; }
  [[nodiscard]] bool is_set() const { return set_; }
  /// Waits for set(); fails the test if it does not come in time.
  void wait() const;

 private:
  std::atomic<bool> set_{false};
};

class Stopwatch {
 public:
  [[nodiscard]] Milliseconds elapsed() const {
    return std::chrono::duration_cast<Milliseconds>(Clock::now() - start_);
  }

 private:
  Clock::time_point start_ = Clock::now();
};

}  // namespace wirespan::test
