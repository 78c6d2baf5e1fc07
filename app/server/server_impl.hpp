// server_impl.hpp - the implementation of WebSocketServer: its loops and shared state. Private.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <wirespan/app/server/certificate_watch.hpp>
#include <wirespan/app/server/server_shared.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/app/server_handlers.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/app/server_stats.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan {

/// Owns the loops: binds their listeners, starts and stops them, and publishes on all of them.
/// WebSocketServer owns it and documents its functions, which have the same names. listen() opens
/// the listeners; run(), or run_once() with one thread, serves until stop() has ended the last
/// connection. The destructor, when no thread runs a loop, aborts the connections that are left.
class ServerImpl final : private SocketSpreader {
 public:
  ServerImpl(ServerOptions options, ServerHandlers handlers);
  ~ServerImpl();

  [[nodiscard]] std::uint16_t listen();
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
  [[nodiscard]] bool spreads(net::Family family) const noexcept override;
  [[nodiscard]] bool listens_everywhere(net::Family family) const noexcept;
  void spread(net::TcpSocket socket, const net::Endpoint& peer) override;

  /// Returns the loops in turn (round robin), for sockets that no loop has accepted for itself.
  [[nodiscard]] ServerWorker& next_worker() noexcept;
  [[nodiscard]] const ServerOptions& options() const noexcept { return shared_.options; }
  [[nodiscard]] net::Endpoint endpoint(const std::string& address, const char* option) const;
  [[nodiscard]] std::error_code check_compression(std::string* detail) const;
  [[nodiscard]] bool lists_ipv4() const;
  [[nodiscard]] std::error_code listen_on(const net::Endpoint& local);
  [[nodiscard]] std::error_code listen_on_all(std::span<const net::Endpoint> addresses);
  [[nodiscard]] std::error_code listen_on_some_port(std::span<const net::Endpoint> addresses);
  void stop_listening() noexcept;
  [[nodiscard]] bool on_a_loop_thread() const noexcept;
  [[nodiscard]] bool reserve_rooms(std::size_t size) noexcept;
  void give_back_room(ServerWorker& worker, std::size_t size) noexcept;
  bool publish_on(ServerWorker& worker, std::string_view topic, const PublishedFrame::Ptr& frame,
                  std::size_t size, const ServerConnection& except);
  void begin_serving() noexcept;
  void check_signal();

  class ThreadGate;

  ServerShared shared_;
  net::Endpoint refused_;  // the address that listen_on() tried last
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> signalled_{false};  // stop_from_signal() was called; check_signal() resets it
  std::vector<std::unique_ptr<ServerWorker>> workers_;
  std::optional<CertificateWatch> watch_;  // on the first loop, so destroyed before it
  std::uint16_t port_ = 0;
  bool serving_ = false;
};

}  // namespace wirespan
