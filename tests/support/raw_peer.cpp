// raw_peer.cpp - RawPeer on a non-blocking socket: poll() with a deadline, frames and handshakes.
#include "support/raw_peer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <variant>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wirespan/core/accept_key.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan::test {
namespace {

constexpr MaskKey client_key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};

/// Makes the socket non-blocking and turns Nagle's algorithm off.
void prepare(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw PeerError("cannot set O_NONBLOCK");
  const int yes = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // a Unix socket has none
}

/// False when the deadline has passed.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, std::max(0, static_cast<int>(left.count())));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw PeerError("poll failed");
  }
}

short events_for(net::IoStatus status) {
  return status == net::IoStatus::want_write ? POLLOUT : POLLIN;
}

void unmask_in_place(std::string& payload, const MaskKey& key) {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>(std::byte(payload[i]) ^ key[i % 4]);
  }
}

std::string header_value(std::string_view head, std::string_view name) {
  const std::size_t start = head.find(name);
  if (start == std::string_view::npos) return {};
  head.remove_prefix(start + name.size());
  return std::string(head.substr(0, head.find("\r\n")));
}

}  // namespace

struct RawPeer::Stream {
  std::variant<net::TcpSocket, tls::TlsStream> kind;

  [[nodiscard]] int fd() const {
    return std::visit([](const auto& s) { return s.fd(); }, kind);
  }
  [[nodiscard]] net::IoResult handshake() {
    return std::visit([](auto& s) { return s.handshake(); }, kind);
  }
  [[nodiscard]] net::IoResult read(MutableBytes in) {
    return std::visit([&](auto& s) { return s.read_some(in); }, kind);
  }
  [[nodiscard]] net::IoResult write(Bytes out) {
    return std::visit([&](auto& s) { return s.write_some(out); }, kind);
  }
  [[nodiscard]] bool has_buffered_input() const {
    return std::visit([](const auto& s) { return s.has_buffered_input(); }, kind);
  }
  net::IoResult shutdown() {
    return std::visit([](auto& s) { return s.shutdown(); }, kind);
  }
};

RawPeer::RawPeer(int fd, Role role)
    : stream_(new Stream{net::TcpSocket(net::system_network(), fd)}), role_(role) {
  prepare(fd);
}
RawPeer::RawPeer(RawPeer&&) noexcept = default;
RawPeer::~RawPeer() = default;

RawPeer RawPeer::to_port(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    throw PeerError("cannot connect to port " + std::to_string(port));
  }
  return RawPeer(fd, Role::client);
}

void RawPeer::secure_as_server(const tls::ServerOptions& options) {
  const auto context = tls::Context::for_server(options);
  if (!context) throw PeerError("TLS context: " + context.error().message());
  auto socket = std::get<net::TcpSocket>(std::move(stream_->kind));
  auto secured = tls::TlsStream::server(net::make_transport(std::move(socket)), *context);
  if (!secured) throw PeerError("TLS: " + secured.error().message());
  stream_->kind = std::move(*secured);
  handshake();
}

void RawPeer::secure_as_client(const tls::ClientOptions& options, const std::string& name) {
  const auto context = tls::Context::for_client(options);
  if (!context) throw PeerError("TLS context: " + context.error().message());
  auto socket = std::get<net::TcpSocket>(std::move(stream_->kind));
  auto secured = tls::TlsStream::client(net::make_transport(std::move(socket)), *context, name);
  if (!secured) throw PeerError("TLS: " + secured.error().message());
  stream_->kind = std::move(*secured);
  handshake();
}

void RawPeer::handshake() {
  const auto latest = deadline();
  while (true) {
    const auto result = stream_->handshake();
    if (result.is_ok()) return;
    if (!result.would_block()) throw PeerError("TLS handshake: " + result.error.message());
    if (!wait_for(fd(), events_for(result.status), latest)) throw PeerError("TLS handshake: slow");
  }
}

int RawPeer::fd() const noexcept { return stream_ ? stream_->fd() : -1; }

void RawPeer::take_little() {
  const int size = 64 << 10;  // the kernel doubles it
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0) {
    throw PeerError("SO_RCVBUF");
  }
}

// Bytes.

bool RawPeer::write(std::string_view bytes) {
  const auto latest = deadline();
  while (!bytes.empty()) {
    const auto result = stream_->write(wire_bytes(bytes));
    bytes.remove_prefix(result.bytes);
    if (result.is_ok()) continue;
    if (!result.would_block()) return false;
    if (!wait_for(fd(), events_for(result.status), latest)) throw PeerError("nobody reads");
  }
  return true;
}

bool RawPeer::write_slowly(std::string_view bytes, Milliseconds pause) {
  for (const char c : bytes) {
    if (!write(std::string_view(&c, 1))) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

/// Reads into `read_`. False at the end of the stream; throws when the deadline has passed.
bool RawPeer::fill(Clock::time_point latest) {
  if (end_) return false;
  std::string buffer(std::size_t{256} << 10, '\0');
  while (true) {
    const auto result = stream_->read(std::as_writable_bytes(std::span(buffer)));
    if (result.is_ok()) {
      read_.append(buffer, 0, result.bytes);
      return true;
    }
    if (!result.would_block()) {
      const bool cut = result.error == tls::TlsErrc::truncated;
      end_ = result.status == net::IoStatus::eof ? StreamEnd::orderly
             : cut                               ? StreamEnd::truncated
                                                 : StreamEnd::reset;
      return false;
    }
    if (!wait_for(fd(), events_for(result.status), latest)) {
      throw PeerError("nothing came; before it: " + readable(wire_bytes(read_)));
    }
  }
}

std::string RawPeer::read_some() {
  if (read_.empty()) (void)fill(deadline());
  return std::exchange(read_, {});
}

std::string RawPeer::read_exactly(std::size_t size) {
  const auto latest = deadline();
  while (read_.size() < size) {
    if (!fill(latest)) {
      throw PeerError("the stream ended after " + readable(wire_bytes(read_)) + ", " +
                      std::to_string(size) + " bytes were expected");
    }
  }
  std::string taken = size == read_.size() ? std::exchange(read_, {}) : read_.substr(0, size);
  read_.erase(0, std::min(size, read_.size()));
  return taken;
}

std::string RawPeer::read_until(std::string_view end) {
  const auto latest = deadline();
  std::size_t found = std::string::npos;
  while ((found = read_.find(end)) == std::string::npos) {
    if (!fill(latest)) throw PeerError("the stream ended after " + readable(wire_bytes(read_)));
  }
  return read_exactly(found + end.size());
}

std::string RawPeer::read_to_end() {
  const auto latest = deadline();
  while (fill(latest)) {
  }
  return std::exchange(read_, {});
}

StreamEnd RawPeer::read_end() {
  if (const std::string rest = read_to_end(); !rest.empty()) {
    throw PeerError("instead of the end came " + readable(wire_bytes(rest)));
  }
  return *end_;
}

bool RawPeer::has_input(Milliseconds time) {
  if (!read_.empty() || end_ || stream_->has_buffered_input()) return true;
  return wait_for(fd(), POLLIN, Clock::now() + time);
}

// Opening handshake.

std::string RawPeer::acceptance(std::string_view request, std::string_view more_lines) {
  const auto accept = accept_for(header_value(request, "Sec-WebSocket-Key: "));
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  answer.append(accept.data(), accept.size()).append("\r\n").append(more_lines);
  return answer + "\r\n";
}

std::string RawPeer::accept(std::string_view more_lines) {
  std::string request = read_head();
  (void)write(acceptance(request, more_lines));
  return request;
}

std::string RawPeer::open(std::string_view more_lines) {
  std::string request =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  request.append(more_lines).append("\r\n");
  (void)write(request);
  return read_head();
}

// Frames.

bool RawPeer::send_frame(unsigned first_byte, std::string_view payload) {
  std::string wire(1, static_cast<char>(first_byte));
  const std::size_t size = payload.size();
  const std::size_t extended = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const std::size_t length = extended == 0 ? size : extended == 2 ? 126 : 127;
  const bool masks = role_ == Role::client;
  wire.push_back(static_cast<char>(length | (masks ? 0x80 : 0)));
  for (std::size_t i = extended; i > 0; --i) {
    wire.push_back(static_cast<char>((size >> (8 * (i - 1))) & 255));
  }
  if (!masks) return write(wire.append(payload));
  std::string hidden(payload);
  unmask_in_place(hidden, client_key);
  wire.append(wire_text(client_key)).append(hidden);
  return write(wire);
}

bool RawPeer::send_close(unsigned code, std::string_view reason) {
  return send_frame(0x88, close_body(code, reason));
}

WireFrame RawPeer::read_frame() {
  const auto value = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c)); };
  const std::string head = read_exactly(2);
  WireFrame frame{.first_byte = static_cast<unsigned>(value(head[0])), .payload = {}};
  frame.masked = (value(head[1]) & 0x80) != 0;
  std::size_t size = value(head[1]) & 0x7F;
  if (size >= 126) {
    const std::size_t form = size;
    size = 0;
    for (const char c : read_exactly(form == 126 ? 2 : 8)) size = size * 256 + value(c);
    frame.minimal = size > (form == 126 ? 125U : 65535U);
  }
  if (frame.masked) {
    const std::string key = read_exactly(4);
    std::memcpy(frame.key.data(), key.data(), 4);
  }
  std::string payload = read_exactly(size);
  if (frame.masked) unmask_in_place(payload, frame.key);
  frame.payload = bytes_of(payload);
  return frame;
}

WireFrame RawPeer::read_message() {
  while (true) {
    WireFrame frame = read_frame();
    if (frame.opcode() != Opcode::ping && frame.opcode() != Opcode::pong) return frame;
  }
}

std::vector<std::string> RawPeer::read_until_close() {
  std::vector<std::string> frames;
  while (true) {
    const WireFrame frame = read_frame();
    frames.push_back(describe(frame));
    if (frame.opcode() == Opcode::close) return frames;
  }
}

void RawPeer::echo() {
  while (!read_.empty() || fill(deadline())) {
    const WireFrame frame = read_frame();
    const std::string payload = payload_text(frame);
    switch (frame.opcode()) {
      case Opcode::ping:
        (void)send_pong(payload);
        break;
      case Opcode::pong:
        break;
      default:
        (void)send_frame(frame.first_byte, payload);
        if (frame.opcode() == Opcode::close) return;
    }
  }
}

// The end.

void RawPeer::shutdown_write() {
  const auto latest = deadline();
  while (stream_->shutdown().would_block()) {
    if (!wait_for(fd(), POLLOUT, latest)) throw PeerError("cannot shut down");
  }
}

void RawPeer::close() noexcept { stream_.reset(); }

void RawPeer::reset() noexcept {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void RawPeer::finish() noexcept {
  if (!stream_) return;
  try {
    shutdown_write();
    set_patience(1s);
    (void)read_to_end();
  } catch (const PeerError&) {
    // The other side does not end its direction.
  }
  close();
}

// Texts.

std::string payload_text(const WireFrame& frame) { return std::string(wire_text(frame.payload)); }

std::string close_body(unsigned code, std::string_view reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 255)}.append(reason);
}

std::string letters(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('!' + (i * 7 + i / 251) % 90);
  }
  return text;
}

}  // namespace wirespan::test
