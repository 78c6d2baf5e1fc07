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

/// Owns the loop and everything that lives on it. Belongs to the thread that calls turn(), but for
/// the hub, the mailbox and the counters.
class ServerWorker {
 public:
  ServerWorker(ServerShared& shared, unsigned index);
  /// abort_all() has been called, or there never was a connection.
  ~ServerWorker();
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;

  /// On the thread that calls turn() from now on.
  void begin_serving() noexcept { hub_->begin_serving(connections_, connections_, front_); }
  void end_serving() noexcept { hub_->end_serving(); }
  /// One turn; false once the worker has stopped and no connection is left. An exception that
  /// leaves the loop is logged: the other connections go on.
  [[nodiscard]] bool turn(std::optional<std::chrono::nanoseconds> timeout) noexcept;
  void begin_stop(std::shared_ptr<const StopOptions> options) noexcept;
  /// Ends every connection at once, each with its on_close, on the calling thread. For the owner,
  /// when no other thread runs the loop.
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
