// chaos_link.cpp - moves bytes between the sockets and the pipes of a connection.
#include "chaos_link.hpp"

#include <cstdio>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace chaos {
namespace {

using wirespan::TimePoint;
using wirespan::net::IoResult;
using wirespan::net::IoStatus;

/// Time for the peers to end a connection that was cut. Their input is dropped meanwhile: closing a
/// socket with unread input would be a reset.
constexpr std::chrono::seconds cut_time{2};
/// Pause before a socket without readiness events is read again.
constexpr std::chrono::milliseconds broken_pause{4};

}  // namespace

Link::Link(wirespan::net::EventLoop& loop, int client, const Faults& faults_up,
           const Faults& faults_down, std::uint64_t seed, OnOver on_over)
    : loop_(loop),
      faults_up_(faults_up),
      faults_down_(faults_down),
      up_(faults_up_, seed),
      down_(faults_down_, seed + 1),
      on_over_(std::move(on_over)) {
  client_.socket = wirespan::net::TcpSocket(loop.network(), client);
}

Link::~Link() {
  for (Side* side : {&client_, &server_}) loop_.forget(side->socket.fd(), *side);
}

void Link::connect(const std::vector<wirespan::net::Endpoint>& to) {
  connector_ = std::make_unique<wirespan::net::Connector>(
      loop_, to, wirespan::net::ConnectorOptions{.one_at_a_time = false},
      [this](auto connected) { on_connected(std::move(connected)); });
}

void Link::on_connected(wirespan::Expected<wirespan::net::Connected> connected) {
  if (!connected) {
    std::fprintf(stderr, "chaos_proxy: no connection to the server: %s\n",
                 connected.error().message().c_str());
    return reset("no server");
  }
  server_.socket = std::move(connected->socket);
  for (Side* side : {&client_, &server_}) {
    (void)loop_.network().set_option(side->socket.fd(), {IPPROTO_TCP, TCP_NODELAY, 1});
  }
  pump();
}

void Link::on_timer(TimePoint now) {
  if (cut_until_ && now >= *cut_until_) return finish(how_);
  pump();
}

void Link::on_ready(Side& side, wirespan::net::Readiness readiness) {
  if (over_) return;
  // An error is reported in every turn. While the pipe is full it cannot be read away.
  if (readiness.failed && side.from.room().empty()) {
    side.broken = true;
    loop_.unwatch(side.socket.fd(), side);
  }
  pump();
}

/// One turn: at most one read and one write of each socket, so that pieces stay pieces.
void Link::pump() {
  for (Side* side : {&client_, &server_}) {
    if (!over_) fill(*side);
  }
  for (Side* side : {&client_, &server_}) {
    if (!over_) obey(side->to.fault());
    if (!over_) drain(*side);
    if (!over_) obey(side->to.fault());
  }
  if (over_) return;
  if (up_.done() && down_.done()) return finish(how_);
  watch(client_);
  if (!over_) watch(server_);
  if (!over_) schedule();
}

void Link::fill(Side& side) {
  const wirespan::MutableBytes room = side.from.room();
  if (room.empty()) return;
  const IoResult result = side.socket.read_some(room);
  if (result.is_ok()) return side.from.received(result.bytes, loop_.now());
  if (result.would_block()) return;
  const bool is_passed_on = result.status == IoStatus::error && how_ == "ended";
  if (is_passed_on) return reset("reset by a peer");
  side.from.end_input(loop_.now());
}

void Link::drain(Side& side) {
  const wirespan::Bytes piece = side.to.due(loop_.now());
  if (!piece.empty()) {
    const IoResult result = side.socket.write_some(piece);
    if (result.is_ok()) side.to.forwarded(result.bytes, loop_.now());
    if (result.status == IoStatus::error) side.to.swallow();  // reading tells how the peer ended
  }
  if (side.to.end_is_due(loop_.now())) {
    (void)side.socket.shutdown();
    side.to.end_forwarded();
  }
}

void Link::obey(Fault fault) {
  if (fault == Fault::cut) cut();
  if (fault == Fault::reset) reset("reset");
  if (fault != Fault::black_hole) return;
  how_ = "black hole";
  if (faults_up_.black_hole_after) up_.swallow();
  if (faults_down_.black_hole_after) down_.swallow();
}

void Link::cut() {
  how_ = "cut";
  cut_until_ = loop_.now() + cut_time;
  for (Side* side : {&client_, &server_}) {
    side->to.swallow();
    (void)side->socket.shutdown();
  }
}

void Link::reset(std::string_view how) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  for (Side* side : {&client_, &server_}) {
    if (side->socket.fd() < 0) continue;
    (void)loop_.network().set_option(side->socket.fd(), {SOL_SOCKET, SO_LINGER, at_once});
  }
  finish(how);
}

void Link::watch(Side& side) {
  if (side.broken) return;
  const bool reads = !side.from.room().empty();
  const bool writes = !side.to.due(loop_.now()).empty();
  const auto interest = wirespan::net::interest_in(reads, writes);
  if (loop_.watch(side.socket.fd(), interest, side)) reset("no memory");
}

void Link::schedule() {
  std::optional<TimePoint> first = cut_until_;
  const auto consider = [&](std::optional<TimePoint> when) {
    if (when) first = first ? std::min(*first, *when) : *when;
  };
  for (Side* side : {&client_, &server_}) {
    const auto when = side->to.next_due();
    if (when && (*when > loop_.now() || side->broken)) consider(when);
    if (side->broken && !side->from.input_ended()) consider(loop_.now() + broken_pause);
  }
  if (first) loop_.timers().schedule(*this, *first);
}

void Link::finish(std::string_view how) {
  over_ = true;
  loop_.timers().cancel(*this);
  for (Side* side : {&client_, &server_}) loop_.forget(side->socket.fd(), *side);
  on_over_(*this, how);
}

}  // namespace chaos
