// What handles ask for, and what channels tell: the connections of a loop while they are open.
#include <utility>
#include <vector>

#include <wirespan/app/log.hpp>
#include <wirespan/app/server/server_impl.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

ServerWorker::ServerChannel* ServerWorker::find(std::uint32_t slot,
                                                std::uint32_t generation) noexcept {
  ServerChannel* channel = slot < places_.size() ? places_[slot].channel.get() : nullptr;
  const bool is_current = channel != nullptr && channel->handler().self.generation_ == generation;
  return is_current ? channel : nullptr;
}

// Calls of handles.

SendResult ServerWorker::send(const ServerConnection& connection, Opcode opcode, Bytes payload,
                              Compress compress) {
  ServerChannel* channel = find(connection.slot_, connection.generation_);
  if (channel == nullptr) return Errc::not_open;
  const bool waits = channel->has_backlog();
  const bool is_message = !is_control(opcode);
  const std::error_code error = is_message ? channel->send(opcode, payload, true, compress)
                                           : send_control(*channel, opcode, payload);
  if (error) {
    count_refused(error);
    return error;
  }
  if (is_message) counters_.messages_out.add();
  if (waits) on_backlog(channel->handler().self, channel->unsent_bytes());
  return waits ? SendResult::Outcome::queued : SendResult::Outcome::sent;
}

std::error_code ServerWorker::send_control(ServerChannel& channel, Opcode opcode, Bytes payload) {
  if (opcode == Opcode::ping) return channel.ping(payload);
  if (opcode == Opcode::pong) return channel.pong(payload);
  return channel.send(opcode, payload);  // which refuses it
}

void ServerWorker::count_refused(std::error_code error) {
  if (error == Errc::send_queue_full) counters_.refused.send_queue.add();
  if (error == Errc::send_budget_spent) counters_.refused.send_budget.add();
  if (error == Errc::overflow_closed) counters_.refused.overflow_closed.add();
}

/// The message is copied; what is on its way counts as unsent, so that a fast thread cannot fill
/// the memory of a loop that is busy.
SendResult ServerWorker::send_from_afar(const ServerConnection& connection, ServerHub& hub,
                                        Opcode opcode, Bytes payload, Compress compress) {
  ServerHub::Slot& slot = *hub.find(connection.slot_);
  const std::size_t size = payload.size();
  const std::size_t before = slot.queued.fetch_add(size) + slot.unsent.load();
  const std::size_t limit = hub.send_hard_limit();
  if (before > 0 && (before > limit || size > limit - before)) {
    slot.queued.fetch_sub(size);
    return Errc::send_queue_full;
  }
  std::vector<std::byte> copy(payload.begin(), payload.end());
  const bool posted = hub.post([self = connection, opcode, compress, copy = std::move(copy)] {
    self.hub_->find(self.slot_)->queued.fetch_sub(copy.size());
    ServerWorker* worker = self.hub_->worker();
    if (worker == nullptr) return;
    const auto result = worker->send(self, opcode, copy, compress);
    if (!result) return;
    // It was accepted, so it may not vanish while its connection lives: the limit has been reached
    // on the way, by what others have sent.
    worker->counters_.unsent_at_close.add(copy.size());
    (void)worker->close(self.slot_, self.generation_, CloseCode::try_again_later, "too slow");
  });
  if (posted) return SendResult::Outcome::queued;
  slot.queued.fetch_sub(size);
  return Errc::not_open;
}

std::error_code ServerWorker::close(std::uint32_t slot, std::uint32_t generation, CloseCode code,
                                    std::string_view reason) {
  ServerChannel* channel = find(slot, generation);
  return channel == nullptr ? Errc::not_open : channel->close(code, reason);
}

std::error_code ServerWorker::abort(std::uint32_t slot, std::uint32_t generation) {
  ServerChannel* channel = find(slot, generation);
  if (channel == nullptr) return Errc::not_open;
  channel->abort(Errc::connection_closed);
  return {};
}

std::error_code ServerWorker::set_reading(std::uint32_t slot, std::uint32_t generation, bool on) {
  ServerChannel* channel = find(slot, generation);
  if (channel == nullptr) return Errc::not_open;
  if (on) {
    channel->resume_reading();
  } else {
    channel->pause_reading();
  }
  return {};
}

std::error_code ServerWorker::subscribe(std::uint32_t slot, std::uint32_t generation,
                                        std::string_view topic) {
  if (find(slot, generation) == nullptr) return Errc::not_open;
  topics_.subscribe(slot, topic);
  return {};
}

std::error_code ServerWorker::unsubscribe(std::uint32_t slot, std::uint32_t generation,
                                          std::string_view topic) {
  if (find(slot, generation) == nullptr) return Errc::not_open;
  topics_.unsubscribe(slot, topic);
  return {};
}

void ServerWorker::deliver(std::string_view topic, const PublishedFrame::Ptr& frame) {
  for (const std::uint32_t slot : topics_.members(topic)) {
    ServerChannel& channel = *places_[slot].channel;
    if (const auto error = channel.send_published(frame)) {
      count_refused(error);
      continue;
    }
    counters_.messages_out.add();
    if (channel.has_backlog()) on_backlog(channel.handler().self, channel.unsent_bytes());
  }
}

std::size_t ServerWorker::buffered_amount(std::uint32_t slot, std::uint32_t generation) {
  const bool is_ending =
      ending_ != nullptr && ending_->slot_ == slot && ending_->generation_ == generation;
  if (is_ending) return lost_bytes_;
  const ServerChannel* channel = find(slot, generation);
  return channel == nullptr ? 0 : channel->unsent_bytes() + hub_->find(slot)->queued.load();
}

std::optional<net::ReceiveTime> ServerWorker::received_at(std::uint32_t slot,
                                                          std::uint32_t generation) {
  const ServerChannel* channel = find(slot, generation);
  return channel == nullptr ? std::nullopt : channel->received_at();
}

std::any* ServerWorker::user_data(std::uint32_t slot, std::uint32_t generation) {
  const bool is_ending =
      ending_ != nullptr && ending_->slot_ == slot && ending_->generation_ == generation;
  if (!is_ending && find(slot, generation) == nullptr) return nullptr;
  auto& data = places_[slot].user_data;
  if (!data) data = std::make_unique<std::any>();
  return data.get();
}

void ServerWorker::run_task(const ServerConnection& self,
                            const std::function<void(const ServerConnection&)>& task) {
  if (find(self.slot_, self.generation_) == nullptr) return;
  guarded(self, [&] { task(self); });
}

// What channels tell.

void ServerWorker::on_message(const ServerConnection& self, const Message& message) {
  counters_.messages_in.add();
  guarded(self, [&] {
    if (server_.handlers().on_message) server_.handlers().on_message(self, message);
  });
}

void ServerWorker::on_fragment(const ServerConnection& self, const Fragment& fragment) {
  if (fragment.fin) counters_.messages_in.add();
  guarded(self, [&] {
    if (server_.handlers().on_fragment) server_.handlers().on_fragment(self, fragment);
  });
}

void ServerWorker::on_ping(const ServerConnection& self, Bytes payload) {
  guarded(self, [&] {
    if (server_.handlers().on_ping) server_.handlers().on_ping(self, payload);
  });
}

void ServerWorker::on_pong(const ServerConnection& self, Bytes payload) {
  guarded(self, [&] {
    if (server_.handlers().on_pong) server_.handlers().on_pong(self, payload);
  });
}

void ServerWorker::on_backlog(const ServerConnection& self, std::size_t unsent) {
  auto& published = hub_->find(self.slot_)->unsent;
  const std::size_t before = published.exchange(unsent, std::memory_order_relaxed);
  counters_.send_queue.add(unsent - before);  // modulo 2^64, so it goes down as well
}

void ServerWorker::on_drain(const ServerConnection& self) {
  guarded(self, [&] {
    if (server_.handlers().on_drain) server_.handlers().on_drain(self);
  });
}

void ServerWorker::on_end(const ServerConnection& self, const net::ChannelEnd& end) {
  Place& place = places_[self.slot_];
  ServerHub::Slot& slot = *hub_->find(self.slot_);
  loop_.retire(std::move(place.channel));
  slot.generation.fetch_add(1, std::memory_order_release);
  topics_.leave_all(self.slot_);
  on_backlog(self, 0);
  open_count_.subtract(1);
  counters_.closed.add();
  counters_.unsent_at_close.add(end.unsent_bytes);
  counters_.count_failed_connection(end.error);
  counters_.count_close(end.code);
  lost_bytes_ = end.unsent_bytes + slot.queued.load();
  const ServerConnection* outer = std::exchange(ending_, &self);
  guarded(self, [&] {
    if (server_.handlers().on_close) server_.handlers().on_close(self, end.code, end.reason);
  });
  ending_ = outer;
  place.user_data.reset();
  place.ticket = {};
  slot.next_free = std::exchange(first_free_, self.slot_);
  server_.give_back_connection();
}

void ServerWorker::handler_has_thrown(const ServerConnection& self) {
  log(LogLevel::error, "a handler of the server has thrown an exception");
  if (ServerChannel* channel = find(self.slot_, self.generation_)) {
    channel->fail(Errc::handler_failed);
  }
}

}  // namespace wirespan
