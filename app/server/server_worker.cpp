#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <wirespan/app/common/longest_wait.hpp>
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/app/server/origin_policy.hpp>
#include <wirespan/app/server/server_impl.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan {
namespace {

/// How often those who are to be told over a time are looked at.
constexpr std::chrono::milliseconds telling_step{10};

net::ChannelOptions channel_options(const ServerOptions& options) {
  net::ChannelOptions channel{.close_time = options.close_time,
                              .progress_bytes = options.progress_bytes,
                              .send_high_watermark = options.send_high_watermark,
                              .send_low_watermark = options.send_low_watermark,
                              .send_hard_limit = options.send_hard_limit,
                              .overflow = options.overflow,
                              .hold_reading = options.hold_reading};
  if (options.ping_interval.count() > 0) {
    channel.keep_alive = {.interval = options.ping_interval, .timeout = options.ping_timeout};
  } else if (options.idle_time.count() > 0) {
    channel.idle_time = options.idle_time;
  }
  if (options.progress_time.count() > 0) channel.progress_time = options.progress_time;
  return channel;
}

AcceptorOptions acceptor_options(const ServerOptions& options, const ServerHandlers& handlers) {
  return {.head = {.size = options.max_head_size,
                   .fields = std::min(options.max_head_fields, limits::head_fields)},
          .handshake_time = options.handshake_time,
          .serves_http = handlers.on_http != nullptr};
}

}  // namespace

// The calls of channels are in another source.
namespace net {
template class Channel<Transport, ServerWorker::ChannelHandler>;
}  // namespace net

ServerWorker::ServerWorker(ServerImpl& server, unsigned index)
    : server_(server),
      loop_({.backend = server.options().backend,
             .network = server.options().network,
             .busy_poll = bounded_busy_poll(server.options().busy_poll)}),
      hub_(new ServerHub(loop_.mailbox(), index, server.options().send_hard_limit)),
      compression_(server.options().compression),
      channel_options_(channel_options(server.options())),
      acceptor_options_(acceptor_options(server.options(), server.handlers())) {
  budget_.limit = server.options().loop_send_budget;
  channel_options_.budget = &budget_;
  auto connection = std::make_shared<ConnectionOptions>();
  connection->receive.max_message_size = server.options().max_message_size;
  connection->receive.max_fragments = server.options().max_message_fragments;
  connection->receive.max_pings_per_second = server.options().max_pings_per_second;
  connection->receive.deliver_fragments = server.options().deliver_fragments;
  connection->blocks = &loop_.buffers().source();
  connection_options_ = std::move(connection);
  channel_options_.connections = &idle_connections_.emplace(Role::server, connection_options_);
}

ServerWorker::~ServerWorker() {
  hub_->end_serving();
  places_.clear();  // handlers inside hold shares of the hub
  hub_->remove_owner();
}

Expected<std::uint16_t> ServerWorker::listen(const net::Endpoint& local,
                                             const net::ListenOptions& options) {
  auto listener = std::make_unique<ServerListener>(
      loop_,
      [this, family = local.family()](const net::Accepted& accepted) {
        if (!server_.spreads(family)) return accept(accepted);
        // One listener for all loops: it hands the sockets on, one loop after the other.
        // A task that never runs closes its socket when it is destroyed.
        ServerWorker& other = server_.next_worker();
        const auto socket = std::make_shared<net::TcpSocket>(loop_.network(), accepted.fd);
        (void)other.loop_.post([&other, socket, peer = accepted.peer] {
          other.accept({.fd = socket->release(), .peer = peer});
        });
      },
      [this] { counters_.refused.no_descriptor.add(); });
  if (const auto error = listener->open(local, options)) return error;
  const std::uint16_t port = listener->local().port();
  listeners_.push_back(std::move(listener));
  return port;
}

bool ServerWorker::turn(std::optional<std::chrono::nanoseconds> timeout) {
  const auto is_over = [this] { return stopping_ && open_count_.get() == 0 && acceptors_.empty(); };
  if (is_over()) return false;
  loop_.run_once(timeout);
  const TimePoint now = loop_.network().now();
  counters_.lag.note(now, now - loop_.now());
  return !is_over();
}

// Accepting.

void ServerWorker::accept(const net::Accepted& accepted) {
  counters_.accepted.add();
  net::TcpSocket socket(loop_.network(), accepted.fd);
  auto ticket = admit(accepted.peer);
  if (!ticket) return;
  shake_hands(std::move(socket), accepted.peer, *std::move(ticket), {}, false);
}

void ServerWorker::adopt(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read,
                         bool is_secured) {
  auto ticket = admit(peer);
  if (ticket) shake_hands(std::move(socket), peer, *std::move(ticket), already_read, is_secured);
}

/// Nothing: a limit is reached, or the server stops. Otherwise a connection more is counted.
std::optional<AddressCounter::Ticket> ServerWorker::admit(const net::Endpoint& peer) {
  if (stopping_) return std::nullopt;
  auto ticket = server_.addresses().take(peer);
  if (!ticket) {
    counters_.refused.address.add();
  } else if (!server_.take_connection()) {
    counters_.refused.connections.add();
    ticket.reset();
  }
  return ticket;
}

void ServerWorker::shake_hands(net::TcpSocket socket, const net::Endpoint& peer,
                               AddressCounter::Ticket ticket, Bytes already_read, bool is_secured) {
  if (server_.options().receive_timestamps) socket.tell_receive_times();
  std::optional<Transport> transport;
  if (server_.tls() && !is_secured) {
    auto stream = tls::TlsStream::server(net::make_transport(std::move(socket)), *server_.tls());
    if (!stream) {
      counters_.refused.tls.add();
      return server_.give_back_connection();
    }
    transport.emplace(std::move(*stream));
  } else {
    transport.emplace(std::move(socket));
  }
  AcceptorHost& host = *this;
  auto acceptor = std::make_unique<Acceptor>(loop_, host, acceptor_options_, *std::move(transport),
                                             peer, std::move(ticket));
  Acceptor& started = *acceptor;
  started.id = ++last_acceptor_;
  acceptors_.emplace(started.id, std::move(acceptor));
  counters_.handshaking.add();
  started.start(already_read);
}

/// A stampede of new clients must not stall the open ones: a TLS handshake costs as much as
/// thousands of messages.
bool ServerWorker::may_secure() {
  if (secured_in_ != loop_.now()) {
    secured_in_ = loop_.now();
    secured_ = 0;
  }
  return ++secured_ <= limits::tls_handshakes_per_turn;
}

void ServerWorker::on_upgrade(Acceptor& acceptor, ServerRequest request) {
  try {
    const ClientOffer& offer = request.offer;
    if (!is_origin_welcome(server_.options().origins, offer.origin, offer.host)) {
      counters_.refused.origin.add();
      log_refused_origin(offer.origin, offer.host);
      return acceptor.reject({.status = 403, .body = "this origin is not welcome\n"},
                             Errc::origin_not_welcome);
    }
    if (!server_.handlers().on_request) return accept_request(acceptor, {});
    server_.handlers().on_request(PendingRequest(
        std::make_unique<PendingRequest::State>(*hub_, acceptor.id, std::move(request))));
  } catch (...) {
    log(LogLevel::error, "a handler of the server has thrown an exception");
    acceptor.reject({.status = 500, .body = "internal error\n"});
  }
}

std::optional<HttpResponse> ServerWorker::on_http(const HttpRequest& request) {
  counters_.http_requests.add();
  try {
    return server_.handlers().on_http(request);
  } catch (...) {
    log(LogLevel::error, "a handler of the server has thrown an exception");
    return HttpResponse{.status = 500, .body = "internal error\n"};
  }
}

void ServerWorker::answer(ServerHub& hub, std::uint64_t acceptor, RequestAnswer answer) {
  if (hub.on_loop_thread()) return hub.worker()->answer_here(acceptor, answer);
  hub.add_owner();
  const auto owner = std::shared_ptr<ServerHub>(&hub, [](ServerHub* p) { p->remove_owner(); });
  const auto shared = std::make_shared<RequestAnswer>(std::move(answer));
  hub.post([owner, acceptor, shared] {
    if (ServerWorker* worker = owner->worker()) worker->answer_here(acceptor, *shared);
  });
}

void ServerWorker::answer_here(std::uint64_t acceptor, RequestAnswer& answer) {
  const auto found = acceptors_.find(acceptor);
  if (found == acceptors_.end()) return;  // the client has gone, or the time is over
  if (answer.rejection) return found->second->reject(*answer.rejection);
  accept_request(*found->second, std::move(answer));
}

void ServerWorker::accept_request(Acceptor& acceptor, RequestAnswer answer) {
  const bool open = answer.may_compress && !answer.agreement.deflate;
  if (open) compression_.propose(acceptor.offer(), answer.agreement);
  compression_.confirm(answer.agreement);
  acceptor.accept(std::move(answer.agreement), std::move(answer.user_data));
}

void ServerWorker::on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                               std::error_code error) {
  auto found = acceptors_.extract(acceptor.id);
  if (found.empty()) return;
  loop_.retire(std::move(found.mapped()));
  counters_.handshaking.subtract(1);
  if (connection) return open(*std::move(connection));
  counters_.count_failed_handshake(error);
  server_.give_back_connection();
}

std::uint32_t ServerWorker::take_place() {
  if (first_free_ != ServerHub::none) {
    return std::exchange(first_free_, hub_->find(first_free_)->next_free);
  }
  const auto slot = static_cast<std::uint32_t>(places_.size());
  hub_->make(slot);
  places_.emplace_back();
  return slot;
}

void ServerWorker::open(AcceptedConnection accepted) {
  const std::uint32_t slot = take_place();
  const std::uint32_t generation = hub_->find(slot)->generation.load(std::memory_order_relaxed);
  const ServerConnection self = hub_->handle(slot, generation);
  auto channel = std::make_unique<ServerChannel>(
      loop_, std::move(accepted.transport),
      Connection(Role::server, connection_options_,
                 compression_.codec(Role::server, accepted.agreement)),
      ChannelHandler{self}, channel_options_);
  ServerChannel& opened = *channel;
  places_[slot].channel = std::move(channel);
  places_[slot].ticket = std::move(accepted.ticket);
  if (accepted.user_data.has_value()) {
    places_[slot].user_data = std::make_unique<std::any>(std::move(accepted.user_data));
  }
  open_count_.add();
  counters_.opened.add();
  guarded(self, [&] {
    if (server_.handlers().on_open) server_.handlers().on_open(self);
  });
  if (find(slot, generation) == &opened) opened.start(accepted.unread);
}

// Stopping.

void ServerWorker::begin_stop(const StopOptions& options) {
  if (stopping_) return;
  const TimePoint now = loop_.network().now();
  stopping_.emplace();
  stopping_->options = options;
  stopping_->begin = now;
  stopping_->cut_at =
      now + options.deadline.value_or(options.spread + server_.options().close_time);
  for (auto& listener : std::exchange(listeners_, {})) {
    listener->close();
    loop_.retire(std::move(listener));
  }
  for (auto& [id, acceptor] : std::exchange(acceptors_, {})) {
    loop_.retire(std::move(acceptor));
    counters_.handshaking.subtract(1);
    server_.give_back_connection();
  }
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    const auto& channel = places_[slot].channel;
    if (channel) stopping_->untold.push_back(channel->handler().self);
  }
  stopping_->total = stopping_->untold.size();
  tell_due(now);
}

/// As many as belong to the time that has passed.
void ServerWorker::tell_due(TimePoint now) {
  const auto spread = std::chrono::duration<double>(stopping_->options.spread).count();
  const auto passed = std::chrono::duration<double>(now - stopping_->begin).count();
  const double share = spread > 0 ? std::min(1.0, passed / spread) : 1.0;
  const auto told = static_cast<std::size_t>(share * static_cast<double>(stopping_->total));
  auto& untold = stopping_->untold;
  while (!untold.empty() && stopping_->total - untold.size() < told) {
    const ServerConnection connection = std::move(untold.back());
    untold.pop_back();
    ServerChannel* channel = find(connection.slot_, connection.generation_);
    if (channel == nullptr) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(stopping_->cut_at - now);
    (void)channel->close(stopping_->options.code, stopping_->options.reason, left);
  }
  const TimePoint next = untold.empty() ? stopping_->cut_at : now + telling_step;
  loop_.timers().schedule(*this, std::min(next, stopping_->cut_at));
}

void ServerWorker::on_timer(TimePoint now) {
  if (now >= stopping_->cut_at) return cut_everything();
  tell_due(now);
}

void ServerWorker::cut_everything() {
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if (places_[slot].channel) places_[slot].channel->abort(Errc::close_timeout);
  }
}

}  // namespace wirespan
