// server_losses.hpp - a connection of a WebSocketServer with a backlog and an end that is about to
// come.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "contract/calls/account.hpp"
#include "contract/calls/peer.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {

class ServerLossWorld;

/// One way in which a connection of a server ends.
struct ServerLoss {
  std::string name;
  std::function<void(ServerLossWorld&)> end;  ///< Called on a thread beside the loop's.
  std::error_code cause{};                    ///< Of on_close.
  std::size_t extra = 0;                      ///< As LossAccount::extra.
  bool loses = true;                          ///< Whether bytes are told as lost.
  std::function<void(ServerOptions&)> options{};
};
inline void PrintTo(const ServerLoss& row, std::ostream* out) { *out << row.name; }

/// Runs a server through the row: a client that does not read, messages of the loop, messages of
/// another thread, and messages in the outbox of a busy loop; then the end.
class ServerLossWorld {
 public:
  explicit ServerLossWorld(const ServerLoss& row);

  [[nodiscard]] net::SimulatedNetwork& network() noexcept { return network_; }
  [[nodiscard]] WirePeer& peer() noexcept { return *peer_; }
  [[nodiscard]] WebSocketServer& server() noexcept { return *server_; }
  [[nodiscard]] const ServerConnection& connection() const { return *connection_; }
  /// Runs `work` on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& work);
  /// Opens a second connection, which is then sent a message of that size on the loop.
  void send_to_another(std::size_t size);
  /// Lets the server's thread end and the server be destroyed.
  void destroy() { is_destroyed_ = true; }
  bool handlers_throw = false;

  [[nodiscard]] LossAccount account() const;
  [[nodiscard]] std::error_code cause() const { return cause_; }
  /// As they were inside on_close.
  [[nodiscard]] const ServerStats& stats() const noexcept { return stats_; }
  [[nodiscard]] int closes() const noexcept { return closes_; }

 private:
  ServerOptions options();
  ServerHandlers handlers();
  void closed(const ServerConnection& self, std::error_code cause);
  void serve();
  void direct();
  void send_some();

  const ServerLoss& row_;
  net::SimulatedNetwork network_{1};
  std::uint16_t port_ = 0;
  std::optional<WirePeer> peer_;
  std::optional<WirePeer> other_peer_;
  std::optional<ServerConnection> connection_;
  std::optional<ServerConnection> other_;
  std::size_t accepted_ = 0;
  std::size_t to_another_ = 0;  // messages
  std::size_t lost_ = 0;
  std::error_code cause_;
  ServerStats stats_;
  int closes_ = 0;
  bool is_over_ = false;
  bool is_destroyed_ = false;
  std::optional<WebSocketServer> server_;
  WebSocketServer* in_handler_ = nullptr;  // while std::optional destroys its value it is empty
};

}  // namespace wirespan::test
