// server_impl.hpp - the implementation of WebSocketServer: its loops and shared state. Private.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include <wirespan/app/server/certificate_watch.hpp>
#include <wirespan/app/server/server_listening.hpp>
#include <wirespan/app/server/server_shared.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/app/server_handlers.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/app/server_stats.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan {

/// Owns the loops: starts and stops them, and publishes on all of them. WebSocketServer owns it and
/// documents its functions, which have the same names. listening() opens the listeners; run(), or
/// run_once() with one thread, serves until stop() has ended the last connection. The destructor,
/// when no thread runs a loop, aborts the connections that are left.
class ServerImpl final : private SocketSpreader {
 public:
  ServerImpl(ServerOptions options, ServerHandlers handlers);
  ~ServerImpl();

  [[nodiscard]] ServerListening& listening() noexcept { return *listening_; }
  void run();
  [[nodiscard]] bool run_once(std::optional<std::chrono::nanoseconds> timeout);
  void stop(const StopOptions& options);
  void stop_from_signal() noexcept;
  [[nodiscard]] std::error_code adopt(int fd, Bytes already_read, bool is_secured);
  [[nodiscard]] std::error_code reload_certificates(const tls::ServerOptions* options,
                                                    std::string* detail);
  [[nodiscard]] std::error_code publish(std::string_view topic, Opcode opcode, Bytes payload,
                                        const PublishOptions& options);
  [[nodiscard]] std::size_t subscriber_count(std::string_view topic) const;
  [[nodiscard]] std::error_code for_each_connection(
      const std::function<void(const ServerConnection&)>& call);
  [[nodiscard]] ServerStats stats() const;
  [[nodiscard]] std::size_t connection_count() const noexcept;
  [[nodiscard]] ServerWorker& first() noexcept { return *workers_.front(); }

 private:
  void spread(net::TcpSocket socket, const net::Endpoint& peer, bool is_plain) override;

  /// Returns the loops in turn (round robin), for sockets that no loop has accepted for itself.
  [[nodiscard]] ServerWorker& next_worker() noexcept;
  [[nodiscard]] const ServerOptions& options() const noexcept { return shared_.options; }
  [[nodiscard]] bool on_a_loop_thread() const noexcept;
  [[nodiscard]] bool reserve_rooms(std::size_t size) noexcept;
  void give_back_room(ServerWorker& worker, std::size_t size) noexcept;
  bool publish_on(ServerWorker& worker, std::string_view topic, const PublishedFrame::Ptr& frame,
                  std::size_t size, const ServerConnection& except);
  void begin_serving() noexcept;
  void check_signal();

  class ThreadGate;

  ServerShared shared_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> signalled_{false};  // stop_from_signal() was called; check_signal() resets it
  std::vector<std::unique_ptr<ServerWorker>> workers_;
  std::optional<ServerListening> listening_;
  std::optional<CertificateWatch> watch_;  // on the first loop, so destroyed before it
  bool serving_ = false;
};

}  // namespace wirespan
