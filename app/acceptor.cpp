#include <array>
#include <utility>

#include <wirespan/app/acceptor.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {

Acceptor::Acceptor(net::EventLoop& loop, Transport transport, net::Endpoint peer, Decide decide,
                   Done done)
    : loop_(loop),
      transport_(std::move(transport)),
      peer_(peer),
      decide_(std::move(decide)),
      done_(std::move(done)),
      handshake_({}, loop.buffers().source()),
      answer_(loop.buffers().source()) {}

Acceptor::~Acceptor() {
  if (transport_) loop_.forget(transport_->fd(), *this);
}

void Acceptor::start(std::chrono::milliseconds deadline) {
  loop_.timers().schedule(*this, loop_.now() + deadline);
  go_on();
}

void Acceptor::on_ready(net::Readiness) { go_on(); }

void Acceptor::on_timer(TimePoint) { give_up(); }

/// Does as much as the transport allows.
void Acceptor::go_on() {
  if (step_ == Step::securing && secure()) step_ = Step::reading;
  if (step_ == Step::reading) read_request();
  if (step_ == Step::answering && write_answer()) return open();
  if (step_ == Step::refusing && write_answer()) discard_input();
}

bool Acceptor::secure() {
  const auto result = transport_->handshake();
  if (result.is_ok()) return true;
  if (!result.would_block()) {
    give_up();
  } else {
    wait_for(result.status == net::IoStatus::want_write ? net::Interest::write
                                                        : net::Interest::read);
  }
  return false;
}

void Acceptor::read_request() {
  std::array<std::byte, limits::head_size> buffer;
  while (step_ == Step::reading) {
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) {
      return wait_for(result.status == net::IoStatus::want_write ? net::Interest::write
                                                                 : net::Interest::read);
    }
    if (!result.is_ok()) return give_up();
    take(Bytes(buffer).first(result.bytes));
  }
}

void Acceptor::take(Bytes input) {
  ServerHandshakeStep step = handshake_.feed(input);
  if (const auto* failed = std::get_if<Failed>(&step)) return refuse(rejection_for(failed->error));
  auto* received = std::get_if<RequestReceived>(&step);
  if (received == nullptr) return;
  const Bytes rest = input.subspan(received->consumed);
  unread_.assign(rest.begin(), rest.end());
  answer(std::move(received->offer));
}

void Acceptor::answer(ClientOffer offer) {
  offer_ = std::move(offer);
  std::optional<Rejection> rejection;
  try {
    if (decide_) rejection = decide_(offer_, peer_, agreement_);
  } catch (...) {
    rejection = Rejection{.status = 500, .body = "internal error\n"};
  }
  if (!rejection && check_agreement(offer_, agreement_)) {
    rejection = Rejection{.status = 500, .body = "internal error\n"};
  }
  if (rejection) return refuse(*rejection);
  answer_.append(wire_bytes(build_acceptance(offer_, agreement_)));
  step_ = Step::answering;
}

void Acceptor::refuse(const Rejection& rejection) {
  answer_.append(wire_bytes(build_rejection(rejection)));
  step_ = Step::refusing;
}

bool Acceptor::write_answer() {
  while (!answer_.empty()) {
    const auto result = transport_->write_some(answer_.data());
    if (result.would_block()) {
      wait_for(result.status == net::IoStatus::want_read ? net::Interest::read
                                                         : net::Interest::write);
      return false;
    }
    if (!result.is_ok()) {
      give_up();
      return false;
    }
    answer_.consume(result.bytes);
  }
  return true;
}

/// The refusal is with the kernel. Closing now would answer what the peer still sends with a reset,
/// which could destroy the refusal on its way (RFC 9112 §9.6); so the peer closes first, in time.
void Acceptor::discard_input() {
  if (!shut_down_) {
    shut_down_ = true;
    if (transport_->shutdown().status == net::IoStatus::error) return give_up();
  }
  std::array<std::byte, limits::head_size> buffer;
  while (discarded_ < limits::linger_bytes) {
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) return wait_for(net::Interest::read);
    if (!result.is_ok()) break;
    discarded_ += result.bytes;
  }
  give_up();
}

void Acceptor::open() {
  loop_.forget(transport_->fd(), *this);
  AcceptedConnection connection{.transport = *std::move(transport_),
                                .offer = std::move(offer_),
                                .agreement = std::move(agreement_),
                                .peer = peer_,
                                .unread = std::move(unread_)};
  transport_.reset();
  finish(std::move(connection));
}

void Acceptor::wait_for(net::Interest interest) {
  if (loop_.watch(transport_->fd(), interest, *this)) give_up();
}

void Acceptor::give_up() { finish(std::nullopt); }

void Acceptor::finish(std::optional<AcceptedConnection> connection) {
  if (step_ == Step::finished) return;
  step_ = Step::finished;
  loop_.timers().cancel(*this);
  if (transport_) loop_.forget(transport_->fd(), *this);
  transport_.reset();
  done_(*this, std::move(connection));
}

}  // namespace wirespan
