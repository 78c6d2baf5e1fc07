// app_losses.hpp - a WebSocketApp with a backlog and an end that is about to come.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "contract/calls/account.hpp"
#include "contract/calls/peer.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {

class AppLossWorld;

/// One way in which the connection of an app ends.
struct AppLoss {
  std::string name;
  std::function<void(AppLossWorld&)> end;  ///< Called on a thread beside the loop's.
  std::error_code error{};                 ///< Of the RunResult.
  std::size_t extra = 0;                   ///< As LossAccount::extra, of the first connection.
  bool loses = true;                       ///< Whether bytes are told as unsent.
  std::function<void(AppOptions&, RunOptions&)> options{};
  std::string key{};  ///< Conflation key of the messages; empty: none.
};
inline void PrintTo(const AppLoss& row, std::ostream* out) { *out << row.name; }

/// Runs the app through the row: a peer that does not read, messages of the loop, messages of
/// another thread, and messages in the outbox of a busy loop; then the end.
class AppLossWorld {
 public:
  AppLossWorld(const AppLoss& row, bool comes_back);

  [[nodiscard]] net::SimulatedNetwork& network() noexcept { return network_; }
  [[nodiscard]] WirePeer& peer() noexcept { return peer_; }
  [[nodiscard]] WebSocketApp& app() noexcept { return *app_; }
  /// Runs `work` on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& work);
  /// Sends messages_each messages from the calling thread.
  void send_some();
  bool handlers_throw = false;
  bool keys_fail = false;

  [[nodiscard]] LossAccount account() const;
  [[nodiscard]] const RunResult& result() const noexcept { return result_; }
  [[nodiscard]] AppMetrics metrics() const { return app_->metrics(); }
  [[nodiscard]] int closes() const noexcept { return closes_; }
  [[nodiscard]] std::size_t buffered_at_end() const { return app_->buffered_amount(); }

 private:
  AppOptions app_options();
  RunOptions run_options();
  AppHandlers handlers();
  void opened();
  void turn();
  void direct();

  const AppLoss& row_;
  const bool comes_back_;
  net::SimulatedNetwork network_{1};
  WirePeer peer_{network_, Role::server, 4000};
  net::EventLoop loop_{{.receive_buffer = std::size_t{16} << 10, .network = &network_}};
  struct Socket {
    int fd = -1;
    std::uint64_t before = 0;  // bytes of the handshake
  };
  std::vector<Socket> sockets_;
  std::size_t accepted_ = 0;
  RunResult result_;
  int closes_ = 0;
  bool is_over_ = false;
  std::optional<WebSocketApp> app_;
};

}  // namespace wirespan::test
