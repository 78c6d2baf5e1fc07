// dialer.cpp - resolves, connects, secures and performs the opening handshake. RFC 6455 §4.1.
#include <algorithm>
#include <charconv>
#include <utility>

#include <wirespan/app/client/connector_options.hpp>
#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {
namespace {

std::string origin_of(const Url& url) {
  return (url.secure ? "https://" : "http://") + url.authority();
}

std::chrono::milliseconds connect_time(const ConnectOptions& options) {
  if (options.connect_timeout) return *options.connect_timeout;
  const auto timeout = options.timeout ? options.timeout : getdefaulttimeout();
  return timeout && timeout->count() > 0 ? *timeout : limits::connect_time;
}

/// Bytes of a rejection's body to wait for: its Content-Length, at most
/// limits::rejection_body_size. Without a length the body ends when the server closes. Chunked
/// bodies are not decoded, so they are not waited for.
std::size_t body_size_of(const HandshakeRejected& rejection) {
  const int status = rejection.status;
  if (status == 204 || status == 304) return 0;
  if (rejection.headers.contains("Transfer-Encoding")) return 0;
  const auto length = rejection.headers.get("Content-Length");
  if (!length) return limits::rejection_body_size;
  std::size_t size = 0;
  const auto parsed = std::from_chars(length->data(), length->data() + length->size(), size);
  if (parsed.ec != std::errc() || parsed.ptr != length->data() + length->size()) return 0;
  return std::min(size, limits::rejection_body_size);
}

}  // namespace

Expected<DialPlan> make_dial_plan(const std::string& url, const ConnectOptions& options,
                                  std::string& detail) {
  auto parsed = parse_url(url, &detail);
  if (!parsed) return parsed.error();
  auto headers = options.header.collect(&detail);
  if (!headers) return headers.error();

  ClientRequest request{.host = options.host.empty() ? parsed->authority() : options.host,
                        .target = parsed->resource,
                        .connection = options.connection,
                        .cookie = options.cookie,
                        .subprotocols = options.subprotocols,
                        .require_subprotocol = options.require_subprotocol,
                        .deflate = options.compression,
                        .headers = std::move(*headers)};
  if (options.suppress_origin) {
    request.headers.remove("Origin");
  } else {
    request.origin = options.origin.value_or(origin_of(*parsed));
  }
  if (const auto error = check_client_request(request, &detail)) return error;

  auto connector = connector_options(options, detail);
  if (!connector) return connector.error();
  return DialPlan{.url = std::move(*parsed),
                  .request = std::move(request),
                  .tls = options.sslopt,
                  .connector = std::move(*connector),
                  .deadline = connect_time(options),
                  .socket = options.socket,
                  .already_secured = options.already_secured,
                  .receive_timestamps = options.receive_timestamps};
}

void throw_for(const DialFailure& failure) {
  if (failure.exception) std::rethrow_exception(failure.exception);
  if (failure.error == Errc::not_switching_protocols) {
    throw WebSocketBadStatusException(
        failure.error, "handshake status " + std::to_string(failure.status) + " " + failure.reason,
        failure.status, failure.headers, failure.body);
  }
  throw_for(failure.error, failure.detail);
}

Dialer::Dialer(net::EventLoop& loop, DialPlan plan, Handler handler)
    : loop_(loop),
      plan_(std::move(plan)),
      handler_(std::move(handler)),
      deadline_(loop.network().now() + bounded(plan_.deadline)),
      request_(loop.buffers().source()) {
  start();
}

Dialer::~Dialer() {
  if (transport_) loop_.forget(transport_->fd(), *this);
}

void Dialer::start() {
  loop_.timers().schedule(*this, deadline_);
  if (plan_.socket >= 0) return adopt_socket();
  lookup_ = std::make_unique<net::Lookup>(loop_, plan_.url.host, plan_.url.port,
                                          [this](Expected<std::vector<net::Endpoint>> endpoints) {
                                            on_addresses(std::move(endpoints));
                                          });
}

void Dialer::adopt_socket() {
  net::TcpSocket socket(loop_.network(), plan_.socket);
  if (const auto error = loop_.network().set_nonblocking(plan_.socket)) {
    return fail(error, "ConnectOptions::socket " + std::to_string(plan_.socket));
  }
  on_stream(std::move(socket));
}

void Dialer::on_addresses(Expected<std::vector<net::Endpoint>> endpoints) {
  if (!endpoints) return fail(endpoints.error());
  connector_ = std::make_unique<net::Connector>(
      loop_, std::move(*endpoints), plan_.connector,
      [this](Expected<net::Connected> connected) { on_connected(std::move(connected)); });
}

void Dialer::on_connected(Expected<net::Connected> connected) {
  if (!connected) return fail_to_connect(connected.error());
  visit_ = std::move(connected->visit);
  on_stream(std::move(connected->socket));
}

void Dialer::on_stream(net::TcpSocket socket) {
  if (plan_.receive_timestamps) socket.tell_receive_times();
  if (plan_.url.secure && !plan_.already_secured) return secure(std::move(socket));
  transport_.emplace(std::move(socket));
  ask();
}

void Dialer::secure(net::TcpSocket socket) {
  const auto& options = plan_.tls;
  std::string detail;
  const auto context = tls::Context::for_client(options, &detail);
  if (!context) return fail(context.error(), std::move(detail));
  const bool check = options.check_hostname.value_or(options.verify == tls::Verify::required);
  const std::string& name =
      options.server_hostname.empty() ? plan_.url.host : options.server_hostname;
  auto stream = tls::TlsStream::client(net::make_transport(std::move(socket)), *context, name,
                                       check, plan_.url.port);
  if (!stream) return fail(stream.error(), "TLS with the name " + in_quotes(name));
  transport_.emplace(std::move(*stream));
  step_ = Step::securing;
  go_on();
}

void Dialer::on_ready(net::Readiness) { go_on(); }

/// Goes through the steps until the transport would block.
void Dialer::go_on() {
  if (step_ == Step::securing && !do_handshake()) return;
  if (step_ == Step::securing) return ask();
  if (step_ == Step::asking && !write_request()) return;
  read_response();
}

/// Continues the TLS handshake; true once it is complete. A refused certificate fails the attempt
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

void Dialer::ask() {
  std::array<std::byte, 16> nonce;
  if (!loop_.random().fill(nonce)) return fail(make_error_code(std::errc::io_error));
  handshake_.emplace(plan_.request, make_key(nonce));
  request_.append(wire_bytes(handshake_->request_bytes()));
  step_ = Step::asking;
  go_on();
}

bool Dialer::write_request() {
  while (!request_.empty()) {
    const auto result = transport_->write_some(request_.data());
    if (result.would_block()) {
      wait_for(result.status);
      return false;
    }
    if (!result.is_ok()) {
      fail(result.error);
      return false;
    }
    request_.consume(result.bytes);
  }
  return true;
}

void Dialer::read_response() {
  std::array<std::byte, limits::head_size> buffer;
  while (step_ != Step::finished) {
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) return wait_for(result.status);
    if (result.status == net::IoStatus::eof && rejection_) return finish(*std::move(rejection_));
    if (result.status == net::IoStatus::eof) return fail(Errc::connection_lost);
    if (!result.is_ok() && rejection_) return finish(*std::move(rejection_));
    if (!result.is_ok()) return fail(result.error);
    const Bytes input = Bytes(buffer).first(result.bytes);
    rejection_ ? take_body(input) : take(input);
  }
}

void Dialer::take(Bytes input) {
  ClientHandshakeStep step = handshake_->feed(input);
  if (const auto* failed = std::get_if<Failed>(&step)) return fail(failed->error);
  if (auto* rejected = std::get_if<HandshakeRejected>(&step)) {
    const Bytes rest = input.subspan(rejected->consumed);
    return take_rejection(std::move(*rejected), rest);
  }
  auto* done = std::get_if<HandshakeDone>(&step);
  if (done == nullptr) return;
  const Bytes unread = input.subspan(done->consumed);
  loop_.forget(transport_->fd(), *this);
  Transport open = std::move(*transport_);
  transport_.reset();
  finish(Dialed{.transport = std::move(open),
                .agreement = std::move(done->agreement),
                .status = 101,
                .unread = {unread.begin(), unread.end()}});
}

void Dialer::take_rejection(HandshakeRejected rejection, Bytes rest) {
  body_size_ = body_size_of(rejection);
  rejection_ = DialFailure{.error = Errc::not_switching_protocols,
                           .detail = {},
                           .status = rejection.status,
                           .reason = std::move(rejection.reason),
                           .headers = std::move(rejection.headers),
                           .body = {}};
  step_ = Step::reading_body;
  take_body(rest);
}

void Dialer::take_body(Bytes input) {
  std::string& body = rejection_->body;
  body += wire_text(input.first(std::min(input.size(), body_size_ - body.size())));
  if (body.size() == body_size_) finish(*std::move(rejection_));
}

void Dialer::wait_for(net::IoStatus status) {
  const auto interest =
      status == net::IoStatus::want_write ? net::Interest::write : net::Interest::read;
  if (const auto error = loop_.watch(transport_->fd(), interest, *this)) fail(error);
}

void Dialer::fail(std::error_code error, std::string detail) {
  if (detail.empty()) {
    detail = "connecting to " + plan_.url.authority();
    if (plan_.url.is_default_port()) detail.append(1, ':').append(std::to_string(plan_.url.port));
  }
  finish(DialFailure{.error = error, .detail = std::move(detail)});
}

void Dialer::fail_to_connect(std::error_code error) {
  const net::Connector::Failure failure = connector_->failure();
  if (!failure.exception) return fail(error, failure.detail);
  finish(DialFailure{.error = error, .detail = failure.detail, .exception = failure.exception});
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
}

void Dialer::on_timer(TimePoint) {
  if (step_ != Step::finished) {
    // A rejection whose body is not complete in time is delivered with the part that came.
    return rejection_ ? finish(*std::move(rejection_)) : fail(Errc::connect_timeout);
  }
  const Handler handler = std::move(handler_);
  handler(*std::exchange(result_, std::nullopt));
}

}  // namespace wirespan
