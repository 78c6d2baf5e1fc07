// server_losses.cpp - ServerLossWorld: the backlog of a server's connection, and the balance when
// it has ended.
#include "contract/calls/server_losses.hpp"

#include <stdexcept>

#include "support/handshakes.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* offer = "Sec-WebSocket-Extensions: permessage-deflate";
constexpr std::size_t server_frame = message_size + 4;  // header, two bytes of length

}  // namespace

ServerLossWorld::ServerLossWorld(const ServerLoss& row) : row_(row) {
  network_.set_path([](const net::Endpoint&) {
    net::SimulatedPath path;
    path.down.buffer = 4'096;
    return path;
  });
  in_handler_ = &server_.emplace(options(), handlers());
  port_ = server_->listen();
  network_.start("server", [this] { serve(); });
  network_.start("director", [this] { direct(); });
  if (!network_.run()) throw std::runtime_error("the simulation is stuck");
}

ServerOptions ServerLossWorld::options() {
  ServerOptions options;
  options.network = &network_;
  options.max_message_size = 1'000;
  options.max_message_fragments = 3;
  options.close_time = 2s;
  options.hold_reading = false;
  if (row_.options) row_.options(options);
  return options;
}

ServerHandlers ServerLossWorld::handlers() {
  ServerHandlers handlers;
  handlers.on_open = [this](const ServerConnection& self) {
    (connection_ ? other_ : connection_) = self;
  };
  handlers.on_message = [this](const ServerConnection&, const Message&) {
    if (handlers_throw) throw std::runtime_error("a handler has failed");
  };
  handlers.on_close = [this](const ServerConnection& self, CloseCode, std::string_view,
                             std::error_code cause) { closed(self, cause); };
  return handlers;
}

void ServerLossWorld::closed(const ServerConnection& self, std::error_code cause) {
  if (self != *connection_) return;
  ++closes_;
  cause_ = cause;
  lost_ = self.buffered_amount();
  stats_ = in_handler_->stats();
}

/// Turn by turn, so that the server can be destroyed with its connections.
void ServerLossWorld::serve() {
  while (!is_destroyed_ && server_->run_once(20ms)) {
  }
  if (is_destroyed_) server_.reset();
  is_over_ = true;
}

void ServerLossWorld::on_loop(const std::function<void()>& work) {
  bool is_done = false;
  (void)connection_->post([&](const ServerConnection&) {
    work();
    is_done = true;
  });
  (void)network_.wait_until([&] { return is_done; }, 10s);
}

void ServerLossWorld::send_to_another(std::size_t size) {
  other_peer_.emplace(network_, Role::client, port_);
  (void)network_.wait_until([this] { return other_.has_value(); }, 5s);
  on_loop([&] {
    if (other_->send_binary(ByteVector(size)).accepted()) ++to_another_;
  });
}

void ServerLossWorld::send_some() {
  for (int i = 0; i < messages_each; ++i) {
    const SendResult result =
        connection_->send(Opcode::binary, ByteVector(message_size), Compress::never);
    if (result.accepted()) ++accepted_;
  }
}

void ServerLossWorld::direct() {
  peer_.emplace(network_, Role::client, port_,
                options().compression ? adding(valid_request(), {offer}) : std::string());
  (void)network_.wait_until([this] { return peer_->is_connected; }, 5s);
  network_.sleep_for(10ms);
  peer_->reads = false;
  on_loop([this] { send_some(); });
  network_.sleep_for(10ms);
  send_some();
  network_.sleep_for(10ms);
  (void)connection_->post([this](const ServerConnection&) { network_.sleep_for(50ms); });
  network_.sleep_for(5ms);
  send_some();
  row_.end(*this);
  network_.sleep_for(30s);  // longer than every time-out
  peer_->reads = true;
  network_.sleep_for(1s);
  if (server_) server_->stop({.deadline = 1s});
  (void)network_.wait_until([this] { return is_over_; }, 60s);
  peer_->stop();
  if (other_peer_) other_peer_->stop();
}

/// Nothing but the connection's own frames counts in ServerStats::bytes_out here.
LossAccount ServerLossWorld::account() const {
  return {.accepted = accepted_,
          .by_connections = stats_.messages_out - to_another_,
          .frame_size = server_frame,
          .written = stats_.bytes_out,
          .told = lost_,
          .extra = row_.extra};
}

}  // namespace wirespan::test
