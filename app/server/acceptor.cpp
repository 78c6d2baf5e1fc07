// acceptor.cpp - the steps of a server's opening handshake, and the lingering close of a refusal.
#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <utility>

#include <wirespan/app/server/acceptor.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {
namespace {

Rejection internal_error() { return {.status = 500, .body = "internal error\n"}; }
Rejection too_many_connections() {
  return {.status = 429, .body = "too many connections from this address\n"};
}

}  // namespace

Acceptor::Acceptor(net::EventLoop& loop, AcceptorHost& host, const AcceptorOptions& options,
                   Transport transport, net::Endpoint peer, ServerAdmission::Ticket ticket)
    : loop_(loop),
      host_(host),
      options_(options),
      transport_(std::move(transport)),
      peer_(peer),
      ticket_(std::move(ticket)),
      handshake_(options.head, loop.buffers().source(), options.serves_http),
      answer_(loop.buffers().source()) {}

Acceptor::~Acceptor() {
  if (transport_) loop_.forget(transport_->fd(), *this);
}

template <class Call>
void Acceptor::guarded(Call call) noexcept {
  try {
    call();
  } catch (const std::bad_alloc&) {
    give_up(make_error_code(std::errc::not_enough_memory));
  }
}

void Acceptor::begin_timeout() {
  if (const auto time = unless_off(options_.handshake_time)) {
    loop_.timers().schedule(*this, later(loop_.network().now(), *time));
  }
}

void Acceptor::start_with_proxy_header() {
  begin_timeout();
  step_ = Step::opening;
  proxy_header_.emplace();
  guarded([&] { go_on(); });
}

void Acceptor::start(Bytes already_read) {
  begin_timeout();
  guarded([&] {
    if (!already_read.empty()) {
      step_ = Step::reading;
      take(already_read);
    }
    go_on();
  });
}

void Acceptor::on_ready(net::Readiness readiness) {
  // Step::deciding reads nothing, and readiness is level-triggered: a lost connection would be
  // reported in every turn.
  if (step_ == Step::deciding && readiness.failed) return give_up(Errc::connection_lost);
  guarded([&] { go_on(); });
}

void Acceptor::on_flush() {
  guarded([&] { go_on(); });
}

/// The handshake timeout. Reads once more before it judges: a busy loop may have left input in the
/// kernel. Best-effort 503 when the application has not decided in time: only if the kernel takes
/// it at once.
void Acceptor::on_timer(TimePoint) {
  guarded([&] {
    go_on();
    if (step_ == Step::finished) return;
    if (step_ == Step::deciding) {
      const std::string late = build_rejection({.status = 503, .body = "no decision in time\n"});
      (void)transport_->write_some(wire_bytes(late));
    }
    give_up(error_ ? error_ : Errc::handshake_timeout);
  });
}

/// Runs the steps of the handshake until the transport would block.
void Acceptor::go_on() {
  if (step_ == Step::opening && read_proxy_header()) step_ = Step::securing;
  if (step_ == Step::securing && secure()) step_ = Step::reading;
  if (step_ == Step::reading) read_request();
  if (step_ == Step::answering && write_answer()) return open();
  if (step_ == Step::refusing && write_answer()) discard_input();
}

/// Reads no byte behind the header: it may be one of TLS.
bool Acceptor::read_proxy_header() {
  std::array<std::byte, 512> buffer;
  while (true) {
    const MutableBytes room(buffer.data(), std::min(proxy_header_->surely_left(), buffer.size()));
    const auto result = transport_->read_some(room);
    if (result.would_block()) {
      wait_for(result);
      return false;
    }
    if (!result.is_ok()) {
      give_up(result.error ? result.error : Errc::connection_lost);
      return false;
    }
    const ProxyHeaderStep step = proxy_header_->feed(Bytes(room).first(result.bytes));
    if (const auto* failed = std::get_if<Failed>(&step)) {
      host_.on_bad_proxy_header(*this, proxy_header_->detail());
      give_up(failed->error);
      return false;
    }
    if (const auto* header = std::get_if<ProxyHeader>(&step)) return take_proxy_header(*header);
  }
}

bool Acceptor::take_proxy_header(const ProxyHeader& header) {
  std::optional<net::Endpoint> client;
  if (header.client) client = net::Endpoint::from_ip(*header.client);
  loop_.forget(transport_->fd(), *this);
  Transport plain = *std::move(transport_);
  transport_.reset();
  transport_ = host_.on_proxy_header(*this, std::move(plain), client);
  if (!transport_) give_up({});
  return transport_.has_value();
}

void Acceptor::speak_for(const net::Endpoint& client, AddressCounter::Ticket ticket) {
  if (!proxy_) proxy_ = peer_;
  peer_ = client;
  ticket_.address = std::move(ticket);
}

bool Acceptor::secure() {
  if (transport_->is_tls() && !host_.may_secure()) {
    wait_for(want_);  // level-triggered: the next turn asks again
    return false;
  }
  const auto result = transport_->handshake();
  if (result.is_ok()) return true;
  want_ = result;
  if (result.would_block()) {
    wait_for(result);
  } else {
    give_up(result.error ? result.error : Errc::connection_lost);
  }
  return false;
}

void Acceptor::read_request() {
  std::array<std::byte, limits::head_size> buffer;
  while (step_ == Step::reading) {
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) return wait_for(result);
    if (!result.is_ok()) return give_up(result.error ? result.error : Errc::connection_lost);
    take(Bytes(buffer).first(result.bytes));
  }
}

void Acceptor::take(Bytes input) {
  ServerHandshakeStep step = handshake_.feed(input);
  if (const auto* failed = std::get_if<Failed>(&step)) {
    error_ = failed->error;
    return refuse(rejection_for(failed->error));
  }
  if (auto* plain = std::get_if<PlainRequest>(&step)) return serve(std::move(*plain));
  auto* received = std::get_if<RequestReceived>(&step);
  if (received == nullptr) return;
  const Bytes rest = input.subspan(received->consumed);
  unread_.assign(rest.begin(), rest.end());
  ask(std::move(received->offer));
}

ServerRequest Acceptor::request_of(ClientOffer offer) const {
  ServerRequest request{.offer = std::move(offer),
                        .peer = peer_,
                        .proxy = proxy_,
                        .is_tls = transport_->is_tls(),
                        .certificate = {}};
  if (request.is_tls) request.certificate = transport_->peer_certificate();
  return request;
}

void Acceptor::ask(ClientOffer offer) {
  if (!host_.find_client(*this, offer.headers)) return refuse(too_many_connections());
  offer_ = offer;
  step_ = Step::deciding;
  asking_ = true;
  host_.on_upgrade(*this, request_of(std::move(offer)));
  asking_ = false;
  if (step_ == Step::deciding) wait_for(net::Interest::none);
}

void Acceptor::accept(Agreement agreement, std::any user_data) {
  if (step_ != Step::deciding) return;
  std::string detail;
  if (const auto error = check_agreement(offer_, agreement, &detail)) {
    const std::string line =
        "the answer to a request cannot be sent: " + detail + ": " + error.message();
    options_.unsendable_answer->log(LogLevel::error, line, loop_.now());
    return reject(internal_error());
  }
  agreement_ = std::move(agreement);
  user_data_ = std::move(user_data);
  answer_.append(wire_bytes(build_acceptance(offer_, agreement_)));
  step_ = Step::answering;
  if (!asking_) loop_.flush_later(*this);
}

void Acceptor::reject(const Rejection& rejection, std::error_code why) {
  if (step_ != Step::deciding) return;
  error_ = why;
  refuse(rejection);
  if (!asking_) loop_.flush_later(*this);
}

void Acceptor::serve(PlainRequest plain) {
  if (!host_.find_client(*this, plain.headers)) return refuse(too_many_connections());
  const auto answer = host_.on_http({.method = std::move(plain.method),
                                     .target = std::move(plain.target),
                                     .headers = std::move(plain.headers),
                                     .peer = peer_,
                                     .proxy = proxy_,
                                     .is_tls = transport_->is_tls()});
  if (!answer) {
    error_ = Errc::missing_upgrade;
    return refuse(rejection_for(error_));
  }
  refuse({.status = answer->status, .headers = answer->headers, .body = answer->body});
}

void Acceptor::refuse(const Rejection& rejection) {
  answer_.append(wire_bytes(build_rejection(rejection, handshake_.asks_for_head())));
  step_ = Step::refusing;
}

bool Acceptor::write_answer() {
  while (!answer_.empty()) {
    const auto result = transport_->write_some(answer_.data());
    if (result.would_block()) {
      wait_for(result);
      return false;
    }
    if (!result.is_ok()) {
      give_up(error_ ? error_ : result.error);
      return false;
    }
    answer_.consume(result.bytes);
  }
  return true;
}

/// Lingering close after a refusal (RFC 9112 §9.6): half-closes, then reads and discards until the
/// peer closes, limits::linger_bytes have come or the handshake times out. Closing at once would
/// answer input with a reset, which could destroy the refusal on its way.
void Acceptor::discard_input() {
  if (!shut_down_) {
    const auto result = transport_->shutdown();
    if (result.would_block()) return wait_for(result);
    shut_down_ = true;
    if (result.status == net::IoStatus::error) return give_up(error_);
  }
  std::array<std::byte, limits::head_size> buffer;
  while (discarded_ < limits::linger_bytes) {
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) return wait_for(result);
    if (!result.is_ok()) break;
    discarded_ += result.bytes;
  }
  give_up(error_);
}

void Acceptor::open() {
  loop_.forget(transport_->fd(), *this);
  std::unique_ptr<const ServerRequest> request;
  if (options_.keep_request) {
    request = std::make_unique<const ServerRequest>(request_of(std::move(offer_)));
  }
  AcceptedConnection connection{.transport = *std::move(transport_),
                                .agreement = std::move(agreement_),
                                .ticket = std::move(ticket_),
                                .unread = std::move(unread_),
                                .user_data = std::move(user_data_),
                                .request = std::move(request)};
  transport_.reset();
  finish(std::move(connection));
}

void Acceptor::wait_for(net::Interest interest) {
  if (const auto error = loop_.watch(transport_->fd(), interest, *this)) give_up(error);
}

void Acceptor::wait_for(const net::IoResult& blocked) {
  wait_for(blocked.status == net::IoStatus::want_write ? net::Interest::write
                                                       : net::Interest::read);
}

void Acceptor::give_up(std::error_code error) {
  error_ = error;
  finish(std::nullopt);
}

void Acceptor::finish(std::optional<AcceptedConnection> connection) {
  if (step_ == Step::finished) return;
  step_ = Step::finished;
  loop_.timers().cancel(*this);
  if (transport_) loop_.forget(transport_->fd(), *this);
  transport_.reset();
  host_.on_accepted(*this, std::move(connection), error_);
}

}  // namespace wirespan
