#include <memory>
#include <string>
#include <vector>

#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

/// What can be said without the connection. RFC 6455 §5.5, §5.6.
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

ServerConnection::ServerConnection(ServerHub& hub, std::uint32_t slot,
                                   std::uint32_t generation) noexcept
    : hub_(&hub), slot_(slot), generation_(generation) {
  hub_->add_owner();
}

ServerConnection::ServerConnection(const ServerConnection& other) noexcept
    : hub_(other.hub_), slot_(other.slot_), generation_(other.generation_) {
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
  if (hub_->on_loop_thread()) return hub_->worker()->send(*this, opcode, payload, compress);
  if (!hub_->is_current(slot_, generation_)) return Errc::not_open;
  if (const auto error = check_message(opcode, payload)) return error;
  return ServerWorker::send_from_afar(*this, *hub_, opcode, payload, compress);
}

template <class Call>
std::error_code ServerConnection::on_loop(Call call) const {
  if (hub_ == nullptr) return Errc::not_open;
  if (hub_->on_loop_thread()) return call(*hub_->worker());
  if (!hub_->is_current(slot_, generation_)) return Errc::not_open;
  const bool posted = hub_->post([self = *this, call = std::move(call)] {
    if (ServerWorker* worker = self.hub_->worker()) (void)call(*worker);
  });
  return posted ? std::error_code{} : Errc::not_open;
}

std::error_code ServerConnection::close(CloseCode code, std::string_view reason) const {
  if (hub_ == nullptr) return Errc::not_open;
  if (const auto error = check_close(Role::server, code, reason)) return error;
  return on_loop([slot = slot_, generation = generation_, code, text = std::string(reason)](
                     ServerWorker& worker) { return worker.close(slot, generation, code, text); });
}

std::error_code ServerConnection::abort() const {
  return on_loop([slot = slot_, generation = generation_](ServerWorker& worker) {
    return worker.abort(slot, generation);
  });
}

std::error_code ServerConnection::pause() const {
  return on_loop([slot = slot_, generation = generation_](ServerWorker& worker) {
    return worker.set_reading(slot, generation, false);
  });
}

std::error_code ServerConnection::resume() const {
  return on_loop([slot = slot_, generation = generation_](ServerWorker& worker) {
    return worker.set_reading(slot, generation, true);
  });
}

std::error_code ServerConnection::subscribe(std::string_view topic) const {
  return on_loop([slot = slot_, generation = generation_, name = std::string(topic)](
                     ServerWorker& worker) { return worker.subscribe(slot, generation, name); });
}

std::error_code ServerConnection::unsubscribe(std::string_view topic) const {
  return on_loop([slot = slot_, generation = generation_, name = std::string(topic)](
                     ServerWorker& worker) { return worker.unsubscribe(slot, generation, name); });
}

/// Also on the loop's own thread it runs later: the caller may be inside a handler.
std::error_code ServerConnection::post(std::function<void(const ServerConnection&)> task) const {
  if (hub_ == nullptr || !hub_->is_current(slot_, generation_)) return Errc::not_open;
  const bool posted = hub_->post([self = *this, task = std::move(task)] {
    if (ServerWorker* worker = self.hub_->worker()) worker->run_task(self, task);
  });
  return posted ? std::error_code{} : Errc::not_open;
}

std::size_t ServerConnection::buffered_amount() const noexcept {
  if (hub_ == nullptr) return 0;
  if (hub_->on_loop_thread()) return hub_->worker()->buffered_amount(slot_, generation_);
  const ServerHub::Slot* slot = hub_->find(slot_);
  if (slot == nullptr || !hub_->is_current(slot_, generation_)) return 0;
  return slot->queued.load() + slot->unsent.load();
}

std::optional<net::ReceiveTime> ServerConnection::received_at() const noexcept {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return std::nullopt;
  return hub_->worker()->received_at(slot_, generation_);
}

std::any* ServerConnection::user_data() const noexcept {
  if (hub_ == nullptr || !hub_->on_loop_thread()) return nullptr;
  return hub_->worker()->user_data(slot_, generation_);
}

bool ServerConnection::is_open() const noexcept {
  return hub_ != nullptr && hub_->is_current(slot_, generation_);
}

std::uint64_t ServerConnection::id() const noexcept {
  return hub_ == nullptr ? 0 : hub_->id_of(slot_, generation_);
}

}  // namespace wirespan
