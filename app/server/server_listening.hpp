// server_listening.hpp - opens the listeners of all loops of a server. Private.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include <wirespan/app/server/server_shared.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/net/endpoint.hpp>

namespace wirespan {

/// Returns the error of ServerOptions::compression, if there is one; `detail` then names the
/// option.
[[nodiscard]] std::error_code check_compression(const ServerOptions& options, std::string* detail);

/// Checks the options that a server cannot do without, binds, and listens: on every loop where the
/// kernel spreads connections over listeners of one port, else on the first, which passes them on.
/// ServerImpl owns it; its workers do not change. Both functions are documented at WebSocketServer,
/// and called before the loops run.
class ServerListening {
 public:
  using Workers = std::span<const std::unique_ptr<ServerWorker>>;

  ServerListening(const ServerShared& shared, Workers workers) noexcept
      : shared_(shared), workers_(workers) {}

  [[nodiscard]] std::uint16_t listen();
  [[nodiscard]] std::uint16_t listen(const ListenerOptions& listener);

 private:
  [[nodiscard]] const ServerOptions& options() const noexcept { return shared_.options; }
  [[nodiscard]] ServerWorker& first() const noexcept { return *workers_.front(); }
  void check_options() const;
  [[nodiscard]] bool listens_everywhere(net::Family family) const noexcept;
  [[nodiscard]] bool lists_ipv4() const;
  [[nodiscard]] std::error_code listen_on(const net::Endpoint& local,
                                          const ListenerOptions& listener);
  [[nodiscard]] std::error_code listen_on_all(std::span<const net::Endpoint> addresses);
  [[nodiscard]] std::error_code listen_on_some_port(std::span<const net::Endpoint> addresses);
  [[nodiscard]] std::uint16_t adopt(const ListenerOptions& listener);
  void stop_listening() noexcept;

  const ServerShared& shared_;
  Workers workers_;
  net::Endpoint refused_;     // the address that listen_on() tried last
  std::uint16_t port_ = 0;    // of ServerOptions::address, once it is known
  std::uint16_t latest_ = 0;  // the port that listen_on() has got
};

}  // namespace wirespan
