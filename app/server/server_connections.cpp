// server_connections.cpp - calls of handles, outboxes, fan-out and events of a loop's channels.
#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include <wirespan/app/server/handler_failure.hpp>
#include <wirespan/app/server/server_connections.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan {
namespace {

/// Unsent bytes of a connection from which the admission of other threads learns of them within the
/// turn, before the kernel was asked to take them.
constexpr std::size_t early_report_size = std::size_t{64} << 10;

net::SessionOptions session_options(const ServerOptions& options) {
  net::SessionOptions session{.keep_alive = {.interval = bounded(options.ping_interval),
                                             .timeout = unless_off(options.ping_timeout),
                                             .only_pongs_count = options.only_pongs_count},
                              .match_pongs = options.match_pongs,
                              .close_time = options.close_time,
                              .idle_time = unless_off(options.idle_time),
                              .idle_ignores_output = options.idle_ignores_output,
                              .progress_time = unless_off(options.progress_time),
                              .progress_bytes = options.progress_bytes,
                              .send_high_watermark = options.send_high_watermark,
                              .send_low_watermark = options.send_low_watermark,
                              .send_hard_limit = options.send_hard_limit,
                              .overflow = options.overflow,
                              .hold_reading = options.hold_reading};
  if (session.keep_alive.interval.count() > 0) session.idle_time.reset();
  return session;
}

std::shared_ptr<const ConnectionOptions> connection_options(const ServerOptions& options,
                                                            net::EventLoop& loop) {
  auto connection = std::make_shared<ConnectionOptions>();
  connection->receive.max_message_size = options.max_message_size;
  connection->receive.max_fragments = options.max_message_fragments;
  connection->receive.max_pings_per_second = options.max_pings_per_second;
  connection->receive.deliver_fragments = options.deliver_fragments;
  connection->blocks = &loop.buffers().source();
  return connection;
}

}  // namespace

// Other sources of the server destroy channels without including channel_impl.hpp.
namespace net {
template class Channel<Transport, ServerConnections::ChannelHandler>;
}  // namespace net

ServerConnections::ServerConnections(ServerShared& shared, net::EventLoop& loop, ServerHub& hub,
                                     ServerCounters& counters)
    : handlers_(shared.handlers),
      failure_lines_(shared.handler_failures),
      admission_(shared.admission),
      loop_(loop),
      hub_(hub),
      counters_(counters),
      compression_(shared.options.compression),
      session_options_(session_options(shared.options)),
      connection_options_(connection_options(shared.options, loop)),
      table_(hub),
      after_close_(shared.options.after_close) {
  budget_.limit = shared.options.loop_send_budget;
  session_options_.budget = &budget_;
  session_options_.connections = &protocol_pool_.emplace(Role::server, connection_options_);
}

template <class Step>
void ServerConnections::or_abort(ServerChannel& channel, Step step) noexcept {
  try {
    step();
  } catch (const std::bad_alloc&) {
    channel.abort_later(make_error_code(std::errc::not_enough_memory));
  }
}

void ServerConnections::open(AcceptedConnection accepted) {
  const ConnectionKey key = table_.allocate();
  std::unique_ptr<ServerChannel> channel;
  std::unique_ptr<KeptWithConnection> kept;
  try {
    channel = std::make_unique<ServerChannel>(
        loop_, std::move(accepted.transport),
        Connection(Role::server, connection_options_,
                   compression_.codec(Role::server, accepted.agreement)),
        ChannelHandler{ServerConnection(hub_, key)}, session_options_);
    if (accepted.user_data.has_value() || accepted.request) {
      kept = std::make_unique<KeptWithConnection>();
      kept->user_data = std::move(accepted.user_data);
      if (accepted.request) kept->subprotocol = std::move(accepted.agreement.subprotocol);
      kept->request = std::move(accepted.request);
    }
  } catch (...) {
    table_.free(key);
    throw;
  }
  ServerChannel& opened = *channel;
  const ServerConnection self = opened.handler().self;
  table_.open(key, std::move(channel), std::move(accepted.ticket.address), std::move(kept));
  accepted.ticket.permit.keep();
  open_count_.add();
  counters_.opened.add();
  guarded(self, [&] {
    if (handlers_.on_open) handlers_.on_open(self);
  });
  if (table_.find(key) == &opened) opened.start(accepted.unread);
}

// Calls of handles.

SendResult ServerConnections::send(ConnectionKey key, Opcode opcode, Bytes payload,
                                   Compress compress) {
  ServerChannel* channel = table_.find(key);
  if (channel == nullptr) return Errc::not_open;
  drain_before_send(*channel);
  const bool waits = channel->has_backlog();
  const std::error_code error = channel->send(opcode, payload, {.compress = compress});
  if (error) {
    count_refused(error);
    return error;
  }
  if (!is_control(opcode)) counters_.messages_out.add();
  if (waits || reports_early(*channel)) report_unsent(*channel);
  return waits ? SendResult::Outcome::queued : SendResult::Outcome::sent;
}

/// True if the admission of other threads has to know the unsent bytes before the kernel was asked
/// to take them.
bool ServerConnections::reports_early(const ServerChannel& channel) const noexcept {
  return hub_.remote().is_used() && channel.unsent_bytes() >= early_report_size;
}

void ServerConnections::report_unsent(ServerChannel& channel) {
  on_backlog(channel.handler().self.key_, channel.unsent_bytes());
}

void ServerConnections::drain_outboxes() noexcept {
  hub_.remote().drain_listed([&](std::uint32_t slot) {
    if (ServerChannel* channel = table_.at(slot)) {
      drain_outbox(*channel, net::Remote::Look::listed);
    }
  });
}

/// Sends what the connection's outbox has. A step that throws std::bad_alloc aborts the connection,
/// and the remaining messages are counted as lost.
void ServerConnections::drain_outbox(ServerChannel& channel, net::Remote::Look look) noexcept {
  const std::uint32_t slot = channel.handler().self.key_.slot;
  const auto deliver = [&](const net::MessageLog::Message& message) {
    std::error_code error = make_error_code(std::errc::not_enough_memory);
    or_abort(channel, [&] { error = send_granted(channel, message); });
    return error;
  };
  const auto on_refused = [&] { or_abort(channel, [&] { channel.owe_drain(); }); };
  const auto on_overflow = [&] {
    or_abort(channel, [&] { (void)channel.close(CloseCode::try_again_later, "too slow"); });
  };
  hub_.remote().drain_account(*hub_.find(slot), slot, look, deliver, on_refused, on_overflow);
}

std::error_code ServerConnections::send_granted(ServerChannel& channel,
                                                const net::MessageLog::Message& message) {
  const auto error = channel.send(
      message.opcode, message.payload,
      {.compress = message.compress, .admission = net::Admission::granted, .key = message.key});
  if (error) return error;
  if (!is_control(message.opcode)) counters_.messages_out.add();
  report_unsent(channel);
  return {};
}

void ServerConnections::count_refused(std::error_code error) {
  if (error == Errc::send_queue_full) counters_.refused.send_queue.add();
  if (error == Errc::send_budget_spent) counters_.refused.send_budget.add();
  if (error == Errc::overflow_closed) counters_.refused.overflow_closed.add();
}

std::error_code ServerConnections::close(ConnectionKey key, CloseCode code,
                                         std::string_view reason) {
  ServerChannel* channel = table_.find(key);
  if (channel == nullptr) return Errc::not_open;
  drain_before_send(*channel);
  return channel->close(code, reason, std::nullopt, after_close_);
}

std::error_code ServerConnections::abort(ConnectionKey key) {
  ServerChannel* channel = table_.find(key);
  if (channel == nullptr) return Errc::not_open;
  channel->abort(Errc::connection_closed);
  return {};
}

std::error_code ServerConnections::set_reading(ConnectionKey key, bool on) {
  ServerChannel* channel = table_.find(key);
  if (channel == nullptr) return Errc::not_open;
  if (on) {
    channel->resume_reading();
  } else {
    channel->pause_reading();
  }
  return {};
}

std::error_code ServerConnections::subscribe(ConnectionKey key, std::string_view topic) {
  if (table_.find(key) == nullptr) return Errc::not_open;
  topics_.subscribe(key.slot, topic);
  return {};
}

std::error_code ServerConnections::unsubscribe(ConnectionKey key, std::string_view topic) {
  if (table_.find(key) == nullptr) return Errc::not_open;
  topics_.unsubscribe(key.slot, topic);
  return {};
}

bool ServerConnections::is_subscribed(ConnectionKey key, std::string_view topic) noexcept {
  return table_.find(key) != nullptr && topics_.has(key.slot, topic);
}

void ServerConnections::for_each(const std::function<void(const ServerConnection&)>& call) {
  for (std::uint32_t slot = 0; slot < table_.size(); ++slot) {
    ServerChannel* channel = table_.at(slot);
    if (channel == nullptr) continue;
    const ServerConnection self = channel->handler().self;  // the call may end the channel
    guarded(self, [&] { call(self); });
  }
}

void ServerConnections::deliver(std::string_view topic, const PublishedFrame::Ptr& frame,
                                const ServerConnection& except) {
  const bool is_ours = except.hub_ == &hub_ && table_.find(except.key_) != nullptr;
  const std::uint32_t left_out = is_ours ? except.key_.slot : ServerHub::none;
  for (const std::uint32_t slot : topics_.members(topic)) {
    if (slot == left_out) continue;
    ServerChannel& channel = *table_.at(slot);
    or_abort(channel, [&] {
      drain_before_send(channel);
      if (const auto error = channel.send_published(frame)) return count_refused(error);
      counters_.messages_out.add();
      if (channel.has_backlog()) report_unsent(channel);
    });
  }
}

std::size_t ServerConnections::buffered_amount(ConnectionKey key) {
  if (is_ending(key)) return lost_bytes_;
  const ServerChannel* channel = table_.find(key);
  return channel == nullptr ? 0 : channel->unsent_bytes() + hub_.find(key.slot)->on_its_way();
}

std::optional<net::ReceiveTime> ServerConnections::received_at(ConnectionKey key) {
  const ServerChannel* channel = table_.find(key);
  return channel == nullptr ? std::nullopt : channel->received_at();
}

std::any* ServerConnections::user_data(ConnectionKey key) {
  if (!is_ending(key) && table_.find(key) == nullptr) return nullptr;
  auto& kept = table_.kept(key.slot);
  if (!kept) kept = std::make_unique<KeptWithConnection>();
  return &kept->user_data;
}

const KeptWithConnection* ServerConnections::kept(ConnectionKey key) noexcept {
  if (!is_ending(key) && table_.find(key) == nullptr) return nullptr;
  return table_.kept(key.slot).get();
}

std::optional<net::Endpoint> ServerConnections::local_endpoint(ConnectionKey key) {
  ServerChannel* channel = table_.find(key);
  if (channel == nullptr) return std::nullopt;
  const auto local = loop_.network().local_endpoint(channel->stream().fd());
  return local ? std::optional(*local) : std::nullopt;
}

std::string ServerConnections::tls_description(ConnectionKey key) {
  ServerChannel* channel = table_.find(key);
  return channel == nullptr ? std::string() : channel->stream().tls_description();
}

void ServerConnections::run_task(const ServerConnection& self,
                                 const std::function<void(const ServerConnection&)>& task) {
  if (table_.find(self.key_) == nullptr) return;
  guarded(self, [&] { task(self); });
}

// Events of channels.

void ServerConnections::on_message(const ServerConnection& self, const Message& message) {
  counters_.messages_in.add();
  guarded(self, [&] {
    if (handlers_.on_message) handlers_.on_message(self, message);
  });
}

void ServerConnections::on_fragment(const ServerConnection& self, const Fragment& fragment) {
  if (fragment.fin) counters_.messages_in.add();
  guarded(self, [&] {
    if (handlers_.on_fragment) handlers_.on_fragment(self, fragment);
  });
}

void ServerConnections::on_ping(const ServerConnection& self, Bytes payload) {
  guarded(self, [&] {
    if (handlers_.on_ping) handlers_.on_ping(self, payload);
  });
}

void ServerConnections::on_pong(const ServerConnection& self, Bytes payload) {
  guarded(self, [&] {
    if (handlers_.on_pong) handlers_.on_pong(self, payload);
  });
}

void ServerConnections::on_backlog(ConnectionKey key, std::size_t unsent) {
  const std::size_t before = hub_.remote().set_unsent(*hub_.find(key.slot), unsent);
  counters_.send_queue.add(unsent - before);  // modulo 2^64: a smaller value subtracts
  trim_.note_held(hub_.remote().total());
}

/// Lowers the unsent bytes that other threads see. Those of reports_early() need it: if the kernel
/// takes the output at once there is no backlog, so no on_backlog().
void ServerConnections::on_written(ConnectionKey key, std::size_t size) {
  counters_.bytes_out.add(size);
  if (hub_.remote().unsent_total() == 0) return;
  const std::size_t told = hub_.find(key.slot)->unsent.load(std::memory_order_relaxed);
  if (told > 0) on_backlog(key, told - std::min(told, size));
}

void ServerConnections::on_drain(const ServerConnection& self) {
  guarded(self, [&] {
    if (handlers_.on_drain) handlers_.on_drain(self);
  });
}

void ServerConnections::on_end(const ServerConnection& self, const net::SessionEnd& end) noexcept {
  const ConnectionKey key = self.key_;
  loop_.retire(table_.close(key));
  const std::size_t lost = end.unsent_bytes + hub_.remote().close_account(*hub_.find(key.slot));
  topics_.leave_all(key.slot);
  on_backlog(key, 0);
  open_count_.subtract(1);
  counters_.closed.add();
  counters_.unsent_at_close.add(lost);
  counters_.count_failed_connection(end.error);
  counters_.count_close(end.code);
  const ConnectionKey* outer = std::exchange(ending_, &key);
  const std::size_t outer_lost = std::exchange(lost_bytes_, lost);
  guarded(self, [&] {
    if (handlers_.on_close) handlers_.on_close(self, end.code, end.reason, end.error);
  });
  lost_bytes_ = outer_lost;
  ending_ = outer;
  table_.free(key);
  admission_.give_back();
}

// Failures and ends.

void ServerConnections::handler_has_thrown(const ServerConnection& self) noexcept {
  report_handler_failure(failure_lines_, handlers_, self, loop_.now());
  if (ServerChannel* channel = table_.find(self.key_)) {
    or_abort(*channel, [&] { channel->fail(Errc::handler_failed); });
  }
}

bool ServerConnections::close_slot(std::uint32_t slot, CloseCode code, std::string_view reason,
                                   std::chrono::milliseconds time, AfterClose after) noexcept {
  ServerChannel* channel = table_.at(slot);
  if (channel == nullptr) return false;
  drain_before_send(*channel);
  or_abort(*channel, [&] { (void)channel->close(code, reason, time, after); });
  return true;
}

void ServerConnections::abort_all(std::error_code error) noexcept {
  for (std::uint32_t slot = 0; slot < table_.size(); ++slot) {
    if (ServerChannel* channel = table_.at(slot)) channel->abort(error);
  }
}

}  // namespace wirespan
