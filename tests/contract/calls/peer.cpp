// peer.cpp - WirePeer: opening handshake by hand, frames by the reference implementation.
#include "contract/calls/peer.hpp"

#include <array>

#include "support/handshakes.hpp"
#include <wirespan/core/accept_key.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// Longest wait of the peer for anything; only a test that has gone wrong waits for so long.
constexpr auto patience = std::chrono::nanoseconds(1h);

/// Size of the first frame of `wire`, or 0 if it is not whole.
std::size_t whole_frame(std::string_view wire) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(wire[i]); };
  if (wire.size() < 2) return 0;
  const unsigned length = at(1) & 0x7FU;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  const std::size_t head = 2 + extended + ((at(1) & 0x80U) != 0 ? 4 : 0);
  if (wire.size() < head) return 0;
  std::size_t payload = extended == 0 ? length : 0;
  for (std::size_t i = 0; i < extended; ++i) payload = payload * 256 + at(2 + i);
  return wire.size() < head + payload ? 0 : head + payload;
}

std::string key_of(std::string_view head) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const std::size_t at = head.find(name);
  return at == head.npos ? std::string() : std::string(head.substr(at + name.size(), 24));
}

}  // namespace

WirePeer::WirePeer(net::SimulatedNetwork& network, Role role, std::uint16_t port,
                   std::string request)
    : network_(network),
      role_(role),
      port_(port),
      request_(request.empty() ? valid_request() : std::move(request)) {
  if (role == Role::server) {
    listener_ = *network.listen(*net::Endpoint::from_numeric("127.0.0.1", port), {});
    network.start("peer", [this] { serve(); });
  } else {
    network.start("peer", [this] { dial(); });
  }
}

WirePeer::~WirePeer() {
  hang_up();
  if (listener_ >= 0) network_.close(listener_);
}

std::string WirePeer::url() const { return "ws://127.0.0.1:" + std::to_string(port_) + "/"; }

void WirePeer::write(std::string_view bytes) {
  if (fd_ < 0) return;
  const std::array pieces{wire_bytes(bytes)};
  (void)network_.write(fd_, pieces);
}

void WirePeer::send(unsigned first_byte, std::string_view payload) {
  const ByteVector wire = frame(first_byte, wire_bytes(payload));
  write(wire_text(role_ == Role::client ? masked(wire) : wire));
}

void WirePeer::close(unsigned code) {
  send(0x88, std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)});
}

void WirePeer::hang_up() {
  is_connected = false;
  if (fd_ >= 0) network_.close(std::exchange(fd_, -1));
}

void WirePeer::end_output() {
  if (fd_ >= 0) network_.shutdown_write(fd_);
}

void WirePeer::stop() {
  is_stopped_ = true;
  hang_up();
}

bool WirePeer::wait_for(int fd, net::Interest interest) {
  const TimePoint end = network_.now() + patience;
  while (!is_stopped_ && network_.now() < end) {
    std::array waiting{net::Waiting{.fd = fd, .interest = interest}};
    if (network_.wait(waiting, std::chrono::nanoseconds(10ms))) return true;
    if (fd != listener_ && fd != fd_) return false;
  }
  return false;
}

void WirePeer::serve() {
  while (wait_for(listener_, net::Interest::read)) {
    const auto accepted = network_.accept(listener_);
    if (!accepted) continue;
    fd_ = accepted->fd;
    input_.clear();
    if (read_head()) converse();
    hang_up();
  }
}

void WirePeer::dial() {
  const auto fd = network_.open(net::Family::ipv4);
  if (!fd) return;
  fd_ = *fd;
  (void)network_.connect(fd_, *net::Endpoint::from_numeric("127.0.0.1", port_));
  if (!wait_for(fd_, net::Interest::write)) return;
  write(request_);
  if (read_head()) converse();
  hang_up();
}

/// Reads the head of the other end's handshake and answers a request.
bool WirePeer::read_head() {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  while (input_.find(end_of_head) == input_.npos) {
    if (!read_more()) return false;
  }
  const std::size_t size = input_.find(end_of_head) + end_of_head.size();
  const std::string head = input_.substr(0, size);
  input_.erase(0, size);
  if (role_ == Role::server) {
    const AcceptKey accept = accept_for(key_of(head));
    std::string answer =
        with_line(valid_response(), "Sec-WebSocket-Accept",
                  "Sec-WebSocket-Accept: " + std::string(accept.begin(), accept.end()));
    answer.insert(answer.size() - 2, more_headers);
    write(answer);
  }
  is_connected = role_ == Role::server || head.find(" 101 ") != head.npos;
  return is_connected;
}

void WirePeer::converse() {
  take_frames();
  while (read_more()) take_frames();
}

/// Reads once, as soon as it may; false at the end of the stream.
bool WirePeer::read_more() {
  do {
    (void)network_.wait_until([this] { return reads || fd_ < 0 || is_stopped_; }, patience);
    if (fd_ < 0 || is_stopped_ || !wait_for(fd_, net::Interest::read)) return false;
  } while (!reads);
  if (fd_ < 0) return false;
  std::array<std::byte, 16'384> buffer{};
  const net::IoResult result = network_.read(fd_, buffer);
  if (result.is_ok()) input_ += wire_text(Bytes(buffer).first(result.bytes));
  return result.is_ok() || result.would_block();
}

void WirePeer::take_frames() {
  for (std::size_t size = whole_frame(input_); size > 0; size = whole_frame(input_)) {
    const auto frames = parse_frames(wire_bytes(std::string_view(input_).substr(0, size)));
    input_.erase(0, size);
    const WireFrame& one = frames->front();
    if (one.opcode() != Opcode::close) wire_bytes_ += size;
    take(one);
  }
}

void WirePeer::take(const WireFrame& frame) {
  const std::string payload(wire_text(frame.payload));
  if (frame.opcode() == Opcode::close) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
    closes_.push_back(payload.size() < 2 ? 0 : at(0) * 256U + at(1));
    if (!answers_close) return;
    send(0x88, payload.substr(0, 2));
    if (role_ == Role::server) hang_up();
    return;
  }
  if (echoes_pings && frame.opcode() == Opcode::ping) send(0x8A, payload);
  got_bytes_ += payload.size();
  if (!is_control(frame.opcode())) ++data_frames_;
  got_.push_back(payload);
}

void break_writes(net::SimulatedNetwork& network, WirePeer& peer) {
  network.set_fault([](net::SimulatedCall call) {
    const bool is_write = call == net::SimulatedCall::write;
    return is_write ? make_error_code(std::errc::broken_pipe) : std::error_code();
  });
  peer.reads = true;
  network.sleep_for(std::chrono::seconds(10));
  network.set_fault({});
}

}  // namespace wirespan::test
