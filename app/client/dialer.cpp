// dialer.cpp - resolves, connects, goes through a proxy, secures, and performs the opening
// handshake, again for each redirect. RFC 6455 §4.1.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/redirect.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {
namespace {

/// True for the beginning of a TLS alert, a server's answer to a request that is not TLS.
/// RFC 8446 §5.1.
bool is_tls_alert(Bytes input) noexcept {
  const auto first = input.first(std::min<std::size_t>(input.size(), 2));
  constexpr std::array<std::byte, 2> alert{std::byte{21}, std::byte{3}};
  return !first.empty() && std::equal(first.begin(), first.end(), alert.begin());
}

}  // namespace

Dialer::Dialer(net::EventLoop& loop, DialPlan plan, Handler handler)
    : loop_(loop),
      plan_(std::move(plan)),
      handler_(std::move(handler)),
      deadline_(loop.network().now() + bounded(plan_.deadline)),
      output_(loop.buffers().source()) {
  plan_.socket < 0 ? reach() : adopt_socket();
}

Dialer::~Dialer() {
  if (transport_) loop_.forget(transport_->fd(), *this);
}

/// Bounds the steps that follow by the deadline of the attempt, and by that of the proxy.
void Dialer::set_deadline(bool with_proxy) {
  const bool has_own = with_proxy && plan_.proxy && plan_.proxies.deadline.count() > 0;
  if (has_own && !proxy_deadline_) {
    proxy_deadline_ = later(loop_.network().now(), plan_.proxies.deadline);
  }
  loop_.timers().schedule(*this, has_own ? std::min(*proxy_deadline_, deadline_) : deadline_);
}

// Reaching the server or its proxy.

/// Begins to reach the server of `plan_.url`: for the first time, behind a redirect, or once more
/// with an answer to the proxy's challenge.
void Dialer::reach() {
  release();
  set_deadline(true);
  step_ = Step::resolving;
  address_.clear();
  target_ = {.host = plan_.url.host, .port = plan_.url.port};
  if (!plan_.url.unix_path.empty()) {
    const auto endpoint = net::Endpoint::from_unix_path(plan_.url.unix_path);
    if (!endpoint) return fail(Errc::invalid_url, "socket " + in_quotes(plan_.url.unix_path));
    return on_addresses({*endpoint});
  }
  if (!plan_.proxy) {
    return look_up(plan_.url.host_and_zone(), plan_.url.port, &Dialer::on_addresses);
  }
  if (resolves_at_proxy(plan_.proxy->type) || numeric_address(target_.host)) {
    return look_up(plan_.proxy->host, plan_.proxy->port, &Dialer::on_addresses);
  }
  step_ = Step::resolving_server;
  look_up(plan_.url.host, plan_.url.port, &Dialer::on_server_addresses);
}

void Dialer::look_up(const std::string& host, std::uint16_t port,
                     void (Dialer::*then)(const std::vector<net::Endpoint>&)) {
  trace("resolving " + in_quotes(host));
  lookup_ = std::make_unique<net::Lookup>(
      loop_, host, port, [this, then](const Expected<std::vector<net::Endpoint>>& endpoints) {
        endpoints ? (this->*then)(*endpoints) : fail(endpoints.error());
      });
}

/// SOCKS without a resolver of its own gets the first address that its version can carry.
void Dialer::on_server_addresses(const std::vector<net::Endpoint>& endpoints) {
  step_ = Step::resolving;
  const bool only_ipv4 = plan_.proxy->type == ProxyType::socks4;
  for (const net::Endpoint& endpoint : endpoints) {
    if (only_ipv4 && endpoint.family() != net::Family::ipv4) continue;
    target_.address = numeric_address(endpoint.host()).value_or(std::vector<std::byte>());
    break;
  }
  std::string detail;
  if (const auto error = check_proxy_target(*plan_.proxy, target_, &detail)) {
    return fail(error, std::move(detail));
  }
  look_up(plan_.proxy->host, plan_.proxy->port, &Dialer::on_addresses);
}

void Dialer::adopt_socket() {
  set_deadline(false);
  net::TcpSocket socket(loop_.network(), plan_.socket);
  if (const auto error = loop_.network().set_nonblocking(plan_.socket)) {
    return fail(error, "ConnectOptions::socket " + std::to_string(plan_.socket));
  }
  if (plan_.receive_timestamps) socket.tell_receive_times();
  transport_.emplace(std::move(socket));
  on_stream();
}

void Dialer::on_addresses(const std::vector<net::Endpoint>& endpoints) {
  step_ = Step::connecting;
  net::ConnectorOptions options = plan_.connector;
  options.one_at_a_time = options.one_at_a_time && !plan_.proxy;
  connector_ = std::make_unique<net::Connector>(
      loop_, endpoints, std::move(options),
      [this](Expected<net::Connected> connected) { on_connected(std::move(connected)); });
}

void Dialer::on_connected(Expected<net::Connected> connected) {
  if (!connected) {
    const net::Connector::Failure failure = connector_->failure();
    return fail(connected.error(), failure.detail, failure.exception);
  }
  visit_ = std::move(connected->visit);
  if (const auto peer = loop_.network().peer_endpoint(connected->socket.fd())) {
    address_ = peer->to_string();
  }
  if (plan_.receive_timestamps) connected->socket.tell_receive_times();
  transport_.emplace(std::move(connected->socket));
  if (!plan_.proxy) return on_stream();
  if (plan_.proxy->type != ProxyType::https) return open_tunnel();
  secure(plan_.proxies.sslopt, plan_.proxy->host, plan_.proxy->port, Step::securing_proxy);
}

void Dialer::on_stream() {
  if (!plan_.url.secure || plan_.already_secured) return ask();
  secure(plan_.tls, plan_.url.name_for_tls(), plan_.url.port, Step::securing);
}

// TLS.

/// Puts TLS on top of the stream, as the client of `host`.
void Dialer::secure(const tls::ClientOptions& options, std::string_view host, std::uint16_t port,
                    Step step) {
  step_ = step;
  std::string detail;
  const auto context = tls::Context::for_client(options, &detail);
  if (!context) return fail(context.error(), std::move(detail));
  const bool check = options.check_hostname.value_or(options.verify == tls::Verify::required);
  const std::string name(options.server_hostname.empty() ? host : options.server_hostname);
  auto stream = tls::TlsStream::client(transport_->release(), *context, name, check, port);
  transport_.reset();
  if (!stream) return fail(stream.error(), "TLS with the name " + in_quotes(name));
  transport_.emplace(std::move(*stream));
  go_on();
}

/// Continues a TLS handshake; true once it is complete. A refused certificate fails the attempt
/// here, with an error of certificate_category().
bool Dialer::do_handshake() {
  const auto result = transport_->handshake();
  if (result.would_block()) {
    wait_for(result.status);
    return false;
  }
  if (!result.is_ok()) fail(result.error);
  return result.is_ok();
}

// The opening handshake.

void Dialer::ask() {
  step_ = Step::asking;
  has_response_ = false;
  std::array<std::byte, 16> nonce;
  if (!loop_.random().fill(nonce)) return fail(make_error_code(std::errc::io_error));
  ClientRequest request = next_request(plan_);
  std::string detail;
  if (const auto error = check_client_request(request, &detail)) {
    return fail(error, std::move(detail));
  }
  handshake_.emplace(std::move(request), make_key(nonce));
  output_.append(wire_bytes(handshake_->request_bytes()));
  go_on();
}

void Dialer::on_ready(net::Readiness) { go_on(); }

/// Goes through the steps until the transport would block.
void Dialer::go_on() {
  if (step_ == Step::securing_proxy || step_ == Step::securing) {
    if (!do_handshake()) return;
    return step_ == Step::securing ? ask() : open_tunnel();
  }
  if (step_ == Step::tunnelling) return talk_to_proxy();
  if (write_output()) read_response();
}

/// Writes the rest of the request. True once all of it is on its way.
bool Dialer::write_output() {
  while (!output_.empty()) {
    const auto result = transport_->write_some(output_.data());
    if (result.would_block()) {
      wait_for(result.status);
      return false;
    }
    if (!result.is_ok()) {
      fail(result.error);
      return false;
    }
    output_.consume(result.bytes);
  }
  return true;
}

void Dialer::read_response() {
  std::array<std::byte, limits::head_size> buffer;
  while (step_ == Step::asking || step_ == Step::reading_body) {
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) return wait_for(result.status);
    if (!result.is_ok() && refusal_) return fail_with_refusal();
    if (result.status == net::IoStatus::eof) return fail(Errc::connection_lost, silent_end());
    if (!result.is_ok()) return fail(result.error);
    has_response_ = true;
    const Bytes input = Bytes(buffer).first(result.bytes);
    refusal_ ? take_body(input) : take(input);
  }
}

/// OpenSSL's servers end a plain request in this way, without an alert. Empty behind a byte.
std::string Dialer::silent_end() const {
  if (has_response_) return {};
  return phase() + ", ended without an answer" +
         (plan_.url.secure ? "" : ", as by a server that speaks TLS (wss)");
}

void Dialer::take(Bytes input) {
  ClientHandshakeStep step = handshake_->feed(input);
  if (const auto* failed = std::get_if<Failed>(&step)) {
    return fail(is_tls_alert(input) ? make_error_code(Errc::peer_speaks_tls) : failed->error);
  }
  if (auto* rejected = std::get_if<HandshakeRejected>(&step)) {
    const Bytes rest = input.subspan(rejected->consumed);
    return take_refusal(std::move(*rejected), rest);
  }
  auto* done = std::get_if<HandshakeDone>(&step);
  if (done == nullptr) return;
  if (plan_.cookies) plan_.cookies->store(plan_.url, done->agreement.headers);
  const Bytes unread = input.subspan(done->consumed);
  loop_.forget(transport_->fd(), *this);
  Transport open = std::move(*transport_);
  transport_.reset();
  finish(Dialed{.transport = std::move(open),
                .agreement = std::move(done->agreement),
                .status = 101,
                .unread = {unread.begin(), unread.end()}});
}

void Dialer::take_refusal(HandshakeRejected response, Bytes rest) {
  if (plan_.cookies) plan_.cookies->store(plan_.url, response.headers);
  if (plan_.follows_redirects && is_redirect(response.status)) return redirect(response.headers);
  refusal_.emplace(std::move(response));
  step_ = Step::reading_body;
  take_body(rest);
}

/// Takes bytes of a refusal's body, and gives the next ones limits::rejection_grace to come.
void Dialer::take_body(Bytes input) {
  if (refusal_->take(input)) return fail_with_refusal();
  const TimePoint grace = later(loop_.network().now(), limits::rejection_grace);
  loop_.timers().schedule(*this, std::min(grace, deadline_));
}

void Dialer::redirect(const Headers& response) {
  std::string detail;
  if (const auto error = follow_redirect(plan_, response, detail)) {
    return fail(error, std::move(detail));
  }
  trace("following a redirect to " + shown(plan_.url));
  has_answered_ = has_answered_twice_ = false;
  authorization_.clear();
  proxy_deadline_.reset();
  reach();
}

// Ending.

void Dialer::wait_for(net::IoStatus status) {
  const auto interest =
      status == net::IoStatus::want_write ? net::Interest::write : net::Interest::read;
  if (const auto error = loop_.watch(transport_->fd(), interest, *this)) fail(error);
}

/// The timer calls the handler, so that no function of the dialer is on the stack when the handler
/// destroys it.
void Dialer::finish(Result result) {
  if (step_ == Step::finished) return;
  step_ = Step::finished;
  release();
  result_ = std::move(result);
  loop_.timers().schedule(*this, loop_.now());
}

/// Cancels everything that could still call the dialer.
void Dialer::release() {
  if (transport_) loop_.forget(transport_->fd(), *this);
  transport_.reset();
  connector_.reset();
  lookup_.reset();
  visit_.reset();
  proxy_.reset();
  output_.clear();
}

void Dialer::on_timer(TimePoint) {
  if (step_ != Step::finished) {
    // A refusal whose body is not complete in time is delivered with the part that came.
    return refusal_ ? fail_with_refusal() : fail(Errc::connect_timeout);
  }
  const Handler handler = std::move(handler_);
  handler(*std::exchange(result_, std::nullopt));
}

}  // namespace wirespan
