// server_worker.hpp - one loop of a server, put together from its parts. Private.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <wirespan/app/server/handshake_front.hpp>
#include <wirespan/app/server/server_connections.hpp>
#include <wirespan/app/server/server_counters.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/server_shared.hpp>
#include <wirespan/app/server/server_stopping.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// One loop of a server and everything that lives on it: hub, counters, connections, handshakes and
/// graceful shutdown. ServerImpl owns it. begin_serving() and turn() belong to one thread; turn()
/// returns false once begin_stop() was called and the last connection has ended; end_serving()
/// follows. abort_all() comes before destruction. Other threads may use the hub, the mailbox and
/// the counters only.
class ServerWorker {
 public:
  ServerWorker(ServerShared& shared, unsigned index);
  /// Requires that abort_all() was called, or that there never was a connection.
  ~ServerWorker();
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;

  /// Call it on the thread that calls turn() from then on.
  void begin_serving() noexcept { hub_->begin_serving(connections_, connections_, front_); }
  void end_serving() noexcept { hub_->end_serving(); }
  /// Runs one turn; false once the worker was stopped and no connection or handshake is left. An
  /// exception that leaves the loop is logged: the other connections go on.
  [[nodiscard]] bool turn(std::optional<std::chrono::nanoseconds> timeout) noexcept;
  /// Closes the listeners, ends the handshakes and begins the graceful shutdown; once.
  void begin_stop(std::shared_ptr<const StopOptions> options) noexcept;
  /// Aborts every connection, each with its on_close, on the calling thread. For the owner, when no
  /// other thread runs the loop.
  void abort_all() noexcept;

  [[nodiscard]] HandshakeFront& front() noexcept { return front_; }
  [[nodiscard]] ServerConnections& connections() noexcept { return connections_; }
  [[nodiscard]] net::EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] const ServerCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] ServerHub& hub() noexcept { return *hub_; }

 private:
  [[nodiscard]] bool is_over() const noexcept;

  net::EventLoop loop_;
  HubShare hub_;
  ServerCounters counters_;
  ServerConnections connections_;
  HandshakeFront front_;
  ServerStopping stopping_;
};

}  // namespace wirespan
