// server_impl.hpp - what stands behind a WebSocketServer: the loops and what they share. Private.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <wirespan/app/server/address_counter.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/tls/context.hpp>

namespace wirespan {

class ServerImpl {
 public:
  ServerImpl(ServerOptions options, ServerHandlers handlers);
  ~ServerImpl();

  [[nodiscard]] std::uint16_t listen();
  void run();
  [[nodiscard]] bool run_once(std::optional<std::chrono::nanoseconds> timeout);
  void stop(const StopOptions& options);
  void stop_from_signal() noexcept;
  [[nodiscard]] std::error_code adopt(int fd, Bytes already_read, bool is_secured);
  [[nodiscard]] std::error_code publish(std::string_view topic, Opcode opcode, Bytes payload,
                                        std::string_view key);
  [[nodiscard]] ServerStats stats() const;
  [[nodiscard]] std::size_t connection_count() const noexcept;
  [[nodiscard]] ServerWorker& first() noexcept { return *workers_.front(); }

  // For the workers, any of their threads.

  [[nodiscard]] const ServerOptions& options() const noexcept { return options_; }
  [[nodiscard]] const ServerHandlers& handlers() const noexcept { return handlers_; }
  [[nodiscard]] const std::optional<tls::Context>& tls() const noexcept { return tls_; }
  [[nodiscard]] AddressCounter& addresses() noexcept { return addresses_; }
  /// False if there are as many as there may be. Otherwise one more, until it is given back.
  [[nodiscard]] bool take_connection() noexcept;
  void give_back_connection() noexcept { connections_.fetch_sub(1, std::memory_order_relaxed); }
  /// The loop for the next connection of a listener that serves all of them.
  [[nodiscard]] ServerWorker& next_worker() noexcept;
  [[nodiscard]] bool spreads(net::Family family) const noexcept;

 private:
  [[nodiscard]] net::Endpoint endpoint(const std::string& address, const char* option) const;
  [[nodiscard]] bool lists_ipv4() const;
  [[nodiscard]] std::error_code listen_on(const net::Endpoint& local);
  [[nodiscard]] std::error_code listen_on_all(std::span<const net::Endpoint> addresses);
  [[nodiscard]] std::error_code listen_on_some_port(std::span<const net::Endpoint> addresses);
  void stop_listening() noexcept;
  void begin_serving() noexcept;
  void check_signal();

  const ServerOptions options_;
  const ServerHandlers handlers_;
  std::optional<tls::Context> tls_;
  std::error_code tls_error_;  // of an unusable certificate or key
  std::string tls_detail_;     // and its name
  net::Endpoint refused_;      // the address that listen_on() tried last
  AddressCounter addresses_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> signalled_{false};
  std::vector<std::unique_ptr<ServerWorker>> workers_;
  std::uint16_t port_ = 0;
  bool serving_ = false;
};

}  // namespace wirespan
