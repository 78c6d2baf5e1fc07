// handle_calls.cpp - ServerConnection: direct calls on the loop's thread, messages from others.
//
// This source includes the loop's side, into which it calls; the loop's side includes the header of
// ServerConnection, because handlers are given handles.
#include <memory>
#include <string>
#include <utility>

#include <wirespan/app/server/server_connections.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

/// Checks a message as far as no connection is needed for it: opcode, UTF-8, length of a control
/// frame. RFC 6455 §5.5, §5.6.
std::error_code check_message(Opcode opcode, Bytes payload) noexcept {
  switch (opcode) {
    case Opcode::text:
      return is_valid_utf8(payload) ? std::error_code{} : Errc::invalid_text;
    case Opcode::binary:
      return {};
    case Opcode::ping:
    case Opcode::pong:
      return payload.size() > max_control_payload ? Errc::control_too_long : std::error_code{};
    case Opcode::continuation:
      return Errc::no_message_under_way;
    default:
      return Errc::unsupported_frame;
  }
}

}  // namespace

ServerConnection::ServerConnection(ServerHub& hub, ConnectionKey key) noexcept
    : hub_(&hub), key_(key) {
  hub_->add_owner();
}

ServerConnection::ServerConnection(const ServerConnection& other) noexcept
    : hub_(other.hub_), key_(other.key_) {
  if (hub_ != nullptr) hub_->add_owner();
}

ServerConnection::~ServerConnection() {
  if (hub_ != nullptr) hub_->remove_owner();
}

SendResult ServerConnection::send_text(std::string_view text) const {
  return send(Opcode::text, wire_bytes(text));
}

SendResult ServerConnection::send_binary(Bytes payload) const {
  return send(Opcode::binary, payload);
}

SendResult ServerConnection::ping(std::string_view payload) const {
  return send(Opcode::ping, wire_bytes(payload));
}

SendResult ServerConnection::send(Opcode opcode, Bytes payload, Compress compress) const {
  if (hub_ == nullptr) return Errc::not_open;
  if (hub_->on_loop_thread()) return send_directly(opcode, payload, compress);
  if (!hub_->is_current(key_)) return Errc::not_open;
  if (const auto error = check_message(opcode, payload)) return error;
  const auto error = hub_->remote().send(*hub_->find(key_.slot), key_.generation, key_.slot, opcode,
                                         payload, compress);
  return error ? SendResult(error) : SendResult::Outcome::queued;
}

/// On the loop's thread. A misuse is told whatever the state of the connection is, as on other
/// threads; the fast path leaves the check of a text to the connection, which makes it once.
SendResult ServerConnection::send_directly(Opcode opcode, Bytes payload, Compress compress) const {
  const bool is_data = opcode == Opcode::text || opcode == Opcode::binary;
  const auto misuse = [&] {
    return hub_->is_current(key_) ? check_message(opcode, payload) : Errc::not_open;
  };
  if (!is_data) {
    if (const std::error_code error = misuse()) return error;
  }
  const SendResult result = hub_->connections()->send(key_, opcode, payload, compress);
  if (result == Errc::not_open && is_data) {
    if (const std::error_code error = misuse()) return error;
  }
  return result;
}

template <class Call>
std::error_code ServerConnection::on_loop(Call call) const {
  if (hub_ == nullptr) return Errc::not_open;
  if (hub_->on_loop_thread()) return call(*hub_->connections());
  if (!hub_->is_current(key_)) return Errc::not_open;
  const bool posted = hub_->post([self = *this, call = std::move(call)] {
    if (ServerConnections* connections = self.hub_->connections()) (void)call(*connections);
  });
  return posted ? std::error_code{} : Errc::not_open;
}

std::error_code ServerConnection::close(CloseCode code, std::string_view reason) const {
  if (hub_ == nullptr) return Errc::not_open;
  if (const auto error = check_close(Role::server, code, reason)) return error;
  return on_loop([key = key_, code, text = std::string(reason)](ServerConnections& connections) {
    return connections.close(key, code, text);
  });
}

std::error_code ServerConnection::abort() const {
  return on_loop([key = key_](ServerConnections& connections) { return connections.abort(key); });
}

std::error_code ServerConnection::pause() const {
  return on_loop(
      [key = key_](ServerConnections& connections) { return connections.set_reading(key, false); });
}

std::error_code ServerConnection::resume() const {
  return on_loop(
      [key = key_](ServerConnections& connections) { return connections.set_reading(key, true); });
}

std::error_code ServerConnection::subscribe(std::string_view topic) const {
  return on_loop([key = key_, name = std::string(topic)](ServerConnections& connections) {
    return connections.subscribe(key, name);
  });
}

std::error_code ServerConnection::unsubscribe(std::string_view topic) const {
  return on_loop([key = key_, name = std::string(topic)](ServerConnections& connections) {
    return connections.unsubscribe(key, name);
  });
}

bool ServerConnection::is_subscribed(std::string_view topic) const noexcept {
  return hub_ != nullptr && hub_->on_loop_thread() &&
         hub_->connections()->is_subscribed(key_, topic);
}

/// Posts also on the loop's own thread: the caller may be inside a handler, where the task must not
/// run.
std::error_code ServerConnection::post(std::function<void(const ServerConnection&)> task) const {
  if (hub_ == nullptr || !hub_->is_current(key_)) return Errc::not_open;
  const bool posted = hub_->post([self = *this, task = std::move(task)] {
    if (ServerConnections* connections = self.hub_->connections()) {
      connections->run_task(self, task);
    }
  });
  return posted ? std::error_code{} : Errc::not_open;
}

std::size_t ServerConnection::buffered_amount() const noexcept {
  if (hub_ == nullptr) return 0;
  if (hub_->on_loop_thread()) return hub_->connections()->buffered_amount(key_);
  const ServerHub::Slot* slot = hub_->find(key_.slot);
  if (slot == nullptr || !hub_->is_current(key_)) return 0;
  return hub_->remote().buffered(*slot);
}

std::optional<net::ReceiveTime> ServerConnection::received_at() const noexcept {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return std::nullopt;
  return hub_->connections()->received_at(key_);
}

std::any* ServerConnection::user_data() const noexcept {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return nullptr;
  return hub_->connections()->user_data(key_);
}

const ServerRequest* ServerConnection::request() const noexcept {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return nullptr;
  const KeptWithConnection* kept = hub_->connections()->kept(key_);
  return kept == nullptr ? nullptr : kept->request.get();
}

std::string_view ServerConnection::subprotocol() const noexcept {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return {};
  const KeptWithConnection* kept = hub_->connections()->kept(key_);
  return kept == nullptr ? std::string_view() : std::string_view(kept->subprotocol);
}

std::optional<net::Endpoint> ServerConnection::local_endpoint() const {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return std::nullopt;
  return hub_->connections()->local_endpoint(key_);
}

std::string ServerConnection::tls_description() const {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return {};
  return hub_->connections()->tls_description(key_);
}

bool ServerConnection::is_open() const noexcept {
  return hub_ != nullptr && hub_->is_current(key_);
}

std::uint64_t ServerConnection::id() const noexcept {
  return hub_ == nullptr ? 0 : hub_->id_of(key_);
}

}  // namespace wirespan
