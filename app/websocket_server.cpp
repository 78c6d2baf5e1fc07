#include <utility>
#include <vector>

#include <wirespan/app/server_impl.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {

std::error_code ServerConnection::send_text(std::string_view text) const {
  return send(Opcode::text, wire_bytes(text));
}

std::error_code ServerConnection::send_binary(Bytes payload) const {
  return send(Opcode::binary, payload);
}

std::error_code ServerConnection::ping(std::string_view payload) const {
  return send(Opcode::ping, wire_bytes(payload));
}

std::error_code ServerConnection::send(Opcode opcode, Bytes payload, Compress compress) const {
  if (!hub_) return Errc::not_open;
  if (hub_->on_loop_thread()) return hub_->impl_->send(id_, opcode, payload, compress);
  if (is_control(opcode) && payload.size() > max_control_payload) return Errc::control_too_long;
  if (opcode == Opcode::text && !is_valid_utf8(payload)) return Errc::invalid_text;
  std::vector<std::byte> copy(payload.begin(), payload.end());
  const bool posted = hub_->post([hub = hub_, id = id_, opcode, compress, copy = std::move(copy)] {
    if (hub->impl_ != nullptr) (void)hub->impl_->send(id, opcode, copy, compress);
  });
  return posted ? std::error_code{} : Errc::not_open;
}

std::error_code ServerConnection::close(CloseCode code, std::string_view reason) const {
  if (!hub_) return Errc::not_open;
  if (const auto error = check_close(Role::server, code, reason)) return error;
  if (hub_->on_loop_thread()) return hub_->impl_->close(id_, code, reason);
  const bool posted = hub_->post([hub = hub_, id = id_, code, text = std::string(reason)] {
    if (hub->impl_ != nullptr) (void)hub->impl_->close(id, code, text);
  });
  return posted ? std::error_code{} : Errc::not_open;
}

WebSocketServer::WebSocketServer(ServerOptions options, ServerHandlers handlers)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handlers))) {}
WebSocketServer::~WebSocketServer() = default;

std::uint16_t WebSocketServer::listen() { return impl_->listen(); }
void WebSocketServer::run() { impl_->run(); }
void WebSocketServer::stop(CloseCode code) { impl_->stop(code); }
void WebSocketServer::stop_from_signal() noexcept { impl_->stop_from_signal(); }
std::size_t WebSocketServer::connection_count() const noexcept { return impl_->connection_count(); }

}  // namespace wirespan
