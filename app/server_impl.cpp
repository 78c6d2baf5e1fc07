#include <string>
#include <utility>
#include <vector>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/app/server_impl.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan {
namespace {

/// How long a listener rests when the process has no descriptor left.
constexpr std::chrono::milliseconds accept_pause{100};

bool is_exhausted(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::no_buffer_space ||
         error == std::errc::not_enough_memory;
}

net::ChannelOptions channel_options(const ServerOptions& options) {
  net::ChannelOptions channel{.close_time = options.close_time,
                              .send_hard_limit = options.send_hard_limit,
                              .hold_reading = true};
  if (options.idle_time.count() > 0) channel.idle_time = options.idle_time;
  return channel;
}

}  // namespace

WebSocketServer::Impl::Impl(ServerOptions options, ServerHandlers handlers)
    : options_(std::move(options)),
      handlers_(std::move(handlers)),
      loop_({.backend = options_.backend}),
      hub_(std::make_shared<ServerConnection::Hub>(loop_.mailbox())),
      channel_options_(channel_options(options_)),
      compression_(options_.compression) {
  auto connection = std::make_shared<ConnectionOptions>();
  connection->receive.max_message_size = options_.max_message_size;
  connection->receive.max_fragments = options_.max_message_fragments;
  connection->blocks = &loop_.buffers().source();
  connection_options_ = std::move(connection);
  hub_->impl_ = this;
}

WebSocketServer::Impl::~Impl() {
  stop_listening();
  hub_->impl_ = nullptr;
}

std::uint16_t WebSocketServer::Impl::listen() {
  if (const auto error = compression_.check()) throw_for(error, "compression of the server");
  if (options_.tls && !tls_) {
    auto context = tls::Context::for_server(*options_.tls);
    if (!context) throw_for(context.error(), "TLS of the server");
    tls_ = std::move(*context);
  }
  const auto address = net::Endpoint::from_numeric(options_.address, options_.port);
  if (!address) throw_for(Errc::invalid_option, "address to listen on");
  const auto listener = loop_.network().listen(*address, {});
  if (!listener) throw_for(listener.error(), "listen");
  listener_ = *listener;
  if (const auto error = loop_.watch(listener_, net::Interest::read, *this)) {
    throw_for(error, "listen");
  }
  const auto local = loop_.network().local_endpoint(listener_);
  if (!local) throw_for(local.error(), "listen");
  return local->port();
}

void WebSocketServer::Impl::run() {
  hub_->begin_serving();
  while (!stopping_ || !channels_.empty()) {
    loop_.run_once(std::nullopt);
    if (signalled_.exchange(false)) begin_stop(CloseCode::going_away);
  }
  loop_.timers().cancel(*this);
  hub_->end_serving();
}

// Accepting.

void WebSocketServer::Impl::on_ready(net::Readiness) {
  for (int i = 0; i < limits::accepts_per_turn && listener_ >= 0; ++i) {
    const auto accepted = loop_.network().accept(listener_);
    if (accepted) {
      accept_one(*accepted);
    } else if (is_exhausted(accepted.error())) {
      return pause_accepting();
    } else if (accepted.error() == std::errc::operation_would_block) {
      return;
    }
    // Anything else concerned one connection that is gone already.
  }
}

void WebSocketServer::Impl::accept_one(const net::Accepted& accepted) {
  net::TcpSocket socket(loop_.network(), accepted.fd);
  for (const SocketOption& option : net::default_socket_options()) {
    (void)loop_.network().set_option(accepted.fd, option);  // none of them is vital
  }
  std::optional<Transport> transport;
  if (tls_) {
    auto stream = tls::TlsStream::server(net::make_transport(std::move(socket)), *tls_);
    if (!stream) return;
    transport.emplace(std::move(*stream));
  } else {
    transport.emplace(std::move(socket));
  }
  auto decide = [this](const ClientOffer& offer, const net::Endpoint& peer,
                       Agreement& agreement) -> std::optional<Rejection> {
    compression_.propose(offer, agreement);
    if (!handlers_.on_request) return std::nullopt;
    auto rejection = handlers_.on_request({.offer = offer, .peer = peer}, agreement);
    compression_.confirm(agreement);
    return rejection;
  };
  auto acceptor = std::make_unique<Acceptor>(
      loop_, *std::move(transport), accepted.peer, std::move(decide),
      [this](Acceptor& done, std::optional<AcceptedConnection> connection) {
        on_accepted(done, std::move(connection));
      });
  Acceptor& started = *acceptor;
  acceptors_.emplace(&started, std::move(acceptor));
  started.start(options_.handshake_time);
}

/// The listener stays readable while nobody can be accepted: without a pause the loop would spin.
void WebSocketServer::Impl::pause_accepting() {
  log(LogLevel::warning, "no descriptor left to accept a connection with; trying again soon");
  (void)loop_.watch(listener_, net::Interest::none, *this);
  loop_.timers().schedule(*this, loop_.now() + accept_pause);
}

void WebSocketServer::Impl::on_accepted(Acceptor& acceptor,
                                        std::optional<AcceptedConnection> accepted) {
  auto found = acceptors_.extract(&acceptor);
  if (!found.empty()) loop_.retire(std::move(found.mapped()));
  if (accepted) open(*std::move(accepted));
}

void WebSocketServer::Impl::open(AcceptedConnection accepted) {
  const std::uint64_t id = ++last_id_;
  auto channel = std::make_unique<ServerChannel>(
      loop_, std::move(accepted.transport),
      Connection(Role::server, connection_options_,
                 compression_.codec(Role::server, accepted.agreement)),
      ChannelHandler{this, id}, channel_options_);
  ServerChannel& opened = *channel;
  channels_.emplace(id, std::move(channel));
  ++open_count_;
  guarded(id, [&] {
    if (handlers_.on_open) handlers_.on_open(handle(id));
  });
  opened.start(accepted.unread);
}

// Open connections.

void WebSocketServer::Impl::on_message(std::uint64_t id, const Message& message) {
  guarded(id, [&] {
    if (handlers_.on_message) handlers_.on_message(handle(id), message);
  });
}

void WebSocketServer::Impl::on_control(std::uint64_t id, const ControlHandler& handler,
                                       Bytes payload) {
  guarded(id, [&] {
    if (handler) handler(handle(id), payload);
  });
}

void WebSocketServer::Impl::on_end(std::uint64_t id, const net::ChannelEnd& end) {
  auto found = channels_.extract(id);
  if (found.empty()) return;
  loop_.retire(std::move(found.mapped()));
  --open_count_;
  guarded(id, [&] {
    if (handlers_.on_close) handlers_.on_close(handle(id), end.code, end.reason);
  });
}

template <class Call>
void WebSocketServer::Impl::guarded(std::uint64_t id, Call call) noexcept {
  try {
    call();
  } catch (...) {
    log(LogLevel::error, "a handler of the server has thrown an exception");
    if (ServerChannel* channel = find(id)) channel->fail(Errc::handler_failed);
  }
}

WebSocketServer::Impl::ServerChannel* WebSocketServer::Impl::find(std::uint64_t id) noexcept {
  const auto found = channels_.find(id);
  return found == channels_.end() ? nullptr : found->second.get();
}

std::error_code WebSocketServer::Impl::send(std::uint64_t id, Opcode opcode, Bytes payload,
                                            Compress compress) {
  ServerChannel* channel = find(id);
  if (channel == nullptr) return Errc::not_open;
  switch (opcode) {
    case Opcode::ping:
      return channel->ping(payload);
    case Opcode::pong:
      return channel->pong(payload);
    default:
      return channel->send(opcode, payload, true, compress);
  }
}

std::error_code WebSocketServer::Impl::close(std::uint64_t id, CloseCode code,
                                             std::string_view reason) {
  ServerChannel* channel = find(id);
  return channel == nullptr ? Errc::not_open : channel->close(code, reason);
}

// Stopping.

void WebSocketServer::Impl::stop(CloseCode code) {
  if (hub_->on_loop_thread()) return begin_stop(code);
  loop_.post([this, code] { begin_stop(code); });
}

void WebSocketServer::Impl::stop_from_signal() noexcept {
  signalled_.store(true);
  loop_.wake();
}

void WebSocketServer::Impl::begin_stop(CloseCode code) {
  if (std::exchange(stopping_, true)) return;
  stop_listening();
  for (auto& [key, acceptor] : std::exchange(acceptors_, {})) loop_.retire(std::move(acceptor));
  loop_.timers().schedule(*this, loop_.network().now() + options_.close_time);
  std::vector<std::uint64_t> ids;
  for (const auto& [id, channel] : channels_) ids.push_back(id);
  for (const std::uint64_t id : ids) (void)close(id, code, "");
}

/// The listener has rested, or the time for closing handshakes is over.
void WebSocketServer::Impl::on_timer(TimePoint) {
  if (stopping_) return cut_everything();
  if (listener_ >= 0) (void)loop_.watch(listener_, net::Interest::read, *this);
}

void WebSocketServer::Impl::cut_everything() {
  while (!channels_.empty()) channels_.begin()->second->abort(Errc::close_timeout);
}

void WebSocketServer::Impl::stop_listening() noexcept {
  if (listener_ < 0) return;
  loop_.forget(listener_, *this);
  loop_.network().close(std::exchange(listener_, -1));
}

}  // namespace wirespan
