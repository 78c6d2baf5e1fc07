// handshake_front.cpp - admission of accepted sockets, their handshakes, answers to requests.
#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include <wirespan/app/log.hpp>
#include <wirespan/app/server/handler_failure.hpp>
#include <wirespan/app/server/handshake_front.hpp>
#include <wirespan/app/server/origin_policy.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

/// Returns the first of the server's subprotocols that the client has offered; empty: none.
std::string preferred_subprotocol(const ServerOptions& options, const ClientOffer& offer) {
  const auto is_offered = [&](const std::string& subprotocol) {
    return std::ranges::find(offer.subprotocols, subprotocol) != offer.subprotocols.end();
  };
  const auto found = std::ranges::find_if(options.subprotocols, is_offered);
  return found == options.subprotocols.end() ? std::string() : *found;
}

AcceptorOptions acceptor_options(ServerShared& shared) {
  const ServerOptions& options = shared.options;
  return {.head = {.size = options.max_head_size,
                   .fields = std::min(options.max_head_fields, limits::head_fields)},
          .handshake_time = options.handshake_time,
          .keep_request = options.keep_request,
          .serves_http = shared.handlers.on_http != nullptr,
          .unsendable_answer = &shared.unsendable_answer};
}

}  // namespace

HandshakeFront::HandshakeFront(ServerShared& shared, net::EventLoop& loop, ServerHub& hub,
                               ServerCounters& counters, ServerConnections& connections)
    : shared_(shared),
      loop_(loop),
      hub_(hub),
      counters_(counters),
      connections_(connections),
      acceptor_options_(acceptor_options(shared)) {}

std::unique_ptr<ServerListener> HandshakeFront::make_listener(ListenerKind kind) {
  return std::make_unique<ServerListener>(
      loop_, [this, kind](const net::Accepted& accepted) { take(accepted, kind); },
      [this] {
        counters_.refused.no_descriptor.add();
        shared_.shortage.log(LogLevel::warning,
                             "no descriptor or memory left to accept connections with; trying "
                             "again",
                             loop_.now());
      });
}

std::uint16_t HandshakeFront::keep(std::unique_ptr<ServerListener> listener) {
  listeners_.push_back(std::move(listener));
  return listeners_.back()->local().port();
}

Expected<std::uint16_t> HandshakeFront::listen(const net::Endpoint& local,
                                               const net::ListenOptions& options,
                                               ListenerKind kind) {
  auto listener = make_listener(kind);
  if (const auto error = listener->open(local, options)) return error;
  return keep(std::move(listener));
}

Expected<std::uint16_t> HandshakeFront::adopt_listener(int fd, ListenerKind kind) {
  auto listener = make_listener(kind);
  if (const auto error = listener->adopt(fd)) return error;
  return keep(std::move(listener));
}

void HandshakeFront::take(const net::Accepted& accepted, ListenerKind kind) noexcept {
  net::TcpSocket socket(loop_.network(), accepted.fd);
  if (!kind.is_spread) return accept(std::move(socket), accepted.peer, kind.is_plain);
  try {
    shared_.spreader.spread(std::move(socket), accepted.peer, kind.is_plain);
  } catch (const std::exception& failure) {
    lost_for_resources(failure.what());
  }
}

void HandshakeFront::accept(net::TcpSocket socket, const net::Endpoint& peer,
                            bool is_plain) noexcept {
  counters_.accepted.add();
  if (!shared_.proxies.wants_proxy_header()) return adopt(std::move(socket), peer, {}, is_plain);
  try {
    await_proxy_header(std::move(socket), peer, is_plain);
  } catch (const std::exception& failure) {
    lost_for_resources(failure.what());
  }
}

void HandshakeFront::adopt(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read,
                           bool is_secured) noexcept {
  try {
    shake_hands(std::move(socket), peer, already_read, is_secured);
  } catch (const std::exception& failure) {
    lost_for_resources(failure.what());
  }
}

std::optional<ServerAdmission::Ticket> HandshakeFront::admit(const net::Endpoint& peer) {
  if (stopped_) return std::nullopt;
  auto address = count_address(peer);
  if (!address) return std::nullopt;
  auto permit = shared_.admission.take();
  if (!permit) {
    counters_.refused.connections.add();
    return std::nullopt;
  }
  return ServerAdmission::Ticket{.address = *std::move(address), .permit = *std::move(permit)};
}

/// A proxy speaks for many clients, each of which counts once it is known.
std::optional<AddressCounter::Ticket> HandshakeFront::count_address(const net::Endpoint& client) {
  if (shared_.proxies.trusts(client)) return AddressCounter::Ticket();
  auto ticket = shared_.admission.addresses().take(client);
  if (!ticket) counters_.refused.address.add();
  return ticket;
}

void HandshakeFront::shake_hands(net::TcpSocket socket, const net::Endpoint& peer,
                                 Bytes already_read, bool is_secured) {
  auto ticket = admit(peer);
  if (!ticket) return;
  if (shared_.options.receive_timestamps) socket.tell_receive_times();
  auto transport = secure(Transport(std::move(socket)), is_secured);
  if (!transport) return;
  Acceptor& acceptor = add_acceptor(*std::move(transport), peer, *std::move(ticket));
  acceptor.start(already_read);
}

void HandshakeFront::await_proxy_header(net::TcpSocket socket, const net::Endpoint& peer,
                                        bool is_plain) {
  if (!shared_.proxies.trusts(peer)) {
    counters_.refused.proxy.add();
    return log_refused_proxy(peer, "it is none of ProxyPolicy::trusted");
  }
  auto ticket = admit(peer);
  if (!ticket) return;
  if (shared_.options.receive_timestamps) socket.tell_receive_times();
  Acceptor& acceptor = add_acceptor(Transport(std::move(socket)), peer, *std::move(ticket));
  acceptor.is_plain = is_plain;
  acceptor.start_with_proxy_header();
}

std::optional<Transport> HandshakeFront::secure(Transport plain, bool is_secured) {
  if (is_secured || !shared_.tls.is_on()) return plain;
  auto stream = tls::TlsStream::server(plain.release(), shared_.tls.current());
  if (stream) return Transport(std::move(*stream));
  count_failed(stream.error());
  return std::nullopt;
}

Acceptor& HandshakeFront::add_acceptor(Transport transport, const net::Endpoint& peer,
                                       ServerAdmission::Ticket ticket) {
  AcceptorHost& host = *this;
  auto acceptor = std::make_unique<Acceptor>(loop_, host, acceptor_options_, std::move(transport),
                                             peer, std::move(ticket));
  Acceptor& added = *acceptor;
  added.id = ++last_acceptor_;
  acceptors_.emplace(added.id, std::move(acceptor));
  counters_.handshaking.add();
  return added;
}

std::optional<Transport> HandshakeFront::on_proxy_header(
    Acceptor& acceptor, Transport transport, const std::optional<net::Endpoint>& client) {
  if (client && !introduce(acceptor, *client)) return std::nullopt;
  transport.restart_trace();
  return secure(std::move(transport), acceptor.is_plain);
}

void HandshakeFront::on_bad_proxy_header(Acceptor& acceptor, std::string_view why) {
  log_refused_proxy(acceptor.peer(), why);
}

void HandshakeFront::log_refused_proxy(const net::Endpoint& peer, std::string_view why) {
  const std::string line =
      "a connection from " + peer.to_string() + " is closed: " + std::string(why);
  shared_.refused_proxy.log(LogLevel::warning, line, loop_.now());
}

/// Gives the client its place in the limit per address. False if there is none left.
bool HandshakeFront::introduce(Acceptor& acceptor, const net::Endpoint& client) {
  auto ticket = count_address(client);
  if (!ticket) return false;
  acceptor.speak_for(client, *std::move(ticket));
  return true;
}

bool HandshakeFront::find_client(Acceptor& acceptor, const Headers& headers) {
  const auto client = shared_.proxies.client_of(acceptor.peer(), headers);
  return !client || introduce(acceptor, *client);
}

/// At most limits::tls_handshakes_per_turn steps of TLS handshakes in a turn: each costs as much as
/// thousands of messages, and many new clients at once must not stall the open connections.
bool HandshakeFront::may_secure() {
  if (secured_in_ != loop_.now()) {
    secured_in_ = loop_.now();
    secured_ = 0;
  }
  return ++secured_ <= limits::tls_handshakes_per_turn;
}

void HandshakeFront::on_upgrade(Acceptor& acceptor, ServerRequest request) {
  try {
    const ClientOffer& offer = request.offer;
    if (!is_origin_welcome(shared_.options.origins, offer.origin, offer.host)) {
      counters_.refused.origin.add();
      shared_.refused_origin.log(LogLevel::warning,
                                 describe_refused_origin(offer.origin, offer.host), loop_.now());
      return acceptor.reject({.status = 403, .body = "this origin is not welcome\n"},
                             Errc::origin_not_welcome);
    }
    if (!shared_.handlers.on_request) return accept_request(acceptor, {});
    shared_.handlers.on_request(PendingRequest(
        std::make_unique<PendingRequest::State>(hub_, acceptor.id, std::move(request))));
  } catch (...) {
    report_handler_failure(shared_.handler_failures, shared_.handlers, {}, loop_.now());
    acceptor.reject({.status = 500, .body = "internal error\n"});
  }
}

std::optional<HttpResponse> HandshakeFront::on_http(const HttpRequest& request) {
  counters_.http_requests.add();
  try {
    return shared_.handlers.on_http(request);
  } catch (...) {
    report_handler_failure(shared_.handler_failures, shared_.handlers, {}, loop_.now());
    return HttpResponse{.status = 500, .body = "internal error\n"};
  }
}

void HandshakeFront::answer(std::uint64_t acceptor, RequestAnswer& answer) {
  const auto found = acceptors_.find(acceptor);
  if (found == acceptors_.end()) return;  // the client has left, or the handshake timed out
  Acceptor& waiting = *found->second;
  try {
    if (answer.rejection) return waiting.reject(*answer.rejection);
    accept_request(waiting, std::move(answer));
  } catch (const std::bad_alloc&) {
    waiting.abandon(make_error_code(std::errc::not_enough_memory));
  }
}

void HandshakeFront::accept_request(Acceptor& acceptor, RequestAnswer answer) {
  if (answer.agreement.subprotocol.empty()) {
    answer.agreement.subprotocol = preferred_subprotocol(shared_.options, acceptor.offer());
  }
  const bool open = answer.may_compress && !answer.agreement.deflate;
  if (open) connections_.compression().propose(acceptor.offer(), answer.agreement);
  connections_.compression().confirm(answer.agreement);
  if (answer.agreement.deflate) shared_.publisher_compression.expect_receivers();
  acceptor.accept(std::move(answer.agreement), std::move(answer.user_data));
}

void HandshakeFront::on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                                 std::error_code error) {
  auto found = acceptors_.extract(acceptor.id);
  if (found.empty()) return;
  loop_.retire(std::move(found.mapped()));
  counters_.handshaking.subtract(1);
  if (!connection) return count_failed(error);
  try {
    connections_.open(*std::move(connection));
  } catch (const std::exception& failure) {
    lost_for_resources(failure.what());
  }
}

/// The socket is closed. Its peer is not to blame.
void HandshakeFront::lost_for_resources(std::string_view why) noexcept {
  counters_.refused.resources.add();
  shared_.shortage.log(LogLevel::error, why, loop_.now());
}

void HandshakeFront::count_failed(std::error_code error) noexcept {
  if (error != Condition::resources) return counters_.count_failed_handshake(error);
  lost_for_resources("no resources for an opening handshake");
}

void HandshakeFront::stop() noexcept {
  stopped_ = true;
  for (auto& listener : std::exchange(listeners_, {})) {
    listener->close();
    loop_.retire(std::move(listener));
  }
  for (auto& [id, acceptor] : std::exchange(acceptors_, {})) {
    loop_.retire(std::move(acceptor));
    counters_.handshaking.subtract(1);
  }
}

}  // namespace wirespan
