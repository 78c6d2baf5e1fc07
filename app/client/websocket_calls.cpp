// websocket_calls.cpp - WebSocket's public calls, and events turned into frames and messages.
#include <array>
#include <atomic>
#include <utility>
#include <variant>

#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/overloaded.hpp>

namespace wirespan {
namespace {

constexpr std::int64_t no_timeout = -1;
std::atomic<std::int64_t> default_timeout{no_timeout};

/// The payload of the Close frame that this event was made from. RFC 6455 §5.5.1.
std::string close_payload(const CloseReceived& close) {
  if (close.code == CloseCode::no_status_received) return {};
  std::array<std::byte, 2> code;
  store_big_endian<std::uint16_t>(code, static_cast<std::uint16_t>(close.code));
  return std::string(wire_text(code)) + std::string(close.reason);
}

/// The frame that an event was made from; nullopt for Failed and NeedInput. A message that came in
/// fragments is one frame.
std::optional<Frame> frame_of(const Event& event) {
  const auto frame = [](Opcode opcode, Bytes payload, bool fin = true) {
    return std::optional(Frame::create_frame(wire_text(payload), opcode, fin));
  };
  return std::visit(
      Overloaded{
          [&](const Message& message) { return frame(message.opcode, message.payload); },
          [&](const Fragment& part) { return frame(part.opcode, part.payload, part.fin); },
          [&](const Ping& ping) { return frame(Opcode::ping, ping.payload); },
          [&](const Pong& pong) { return frame(Opcode::pong, pong.payload); },
          [&](const CloseReceived& close) {
            return std::optional(Frame::create_frame(close_payload(close), Opcode::close));
          },
          [](const Failed&) { return std::optional<Frame>(); },
          [](const NeedInput&) { return std::optional<Frame>(); },
      },
      event);
}

bool is_ping_or_pong(const Frame& frame) noexcept {
  return frame.opcode == Opcode::ping || frame.opcode == Opcode::pong;
}

}  // namespace

void setdefaulttimeout(std::optional<std::chrono::milliseconds> timeout) noexcept {
  default_timeout = timeout ? bounded(*timeout).count() : no_timeout;
}

std::optional<std::chrono::milliseconds> getdefaulttimeout() noexcept {
  const std::int64_t timeout = default_timeout;
  if (timeout == no_timeout) return std::nullopt;
  return std::chrono::milliseconds(timeout);
}

WebSocket::WebSocket(ConnectOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
WebSocket::~WebSocket() = default;
WebSocket::WebSocket(WebSocket&& other) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&& other) noexcept = default;

void WebSocket::connect(const std::string& url) { impl_->connect(url); }

std::size_t WebSocket::send(std::string_view payload, Opcode opcode, Compress compress) {
  if (opcode != Opcode::text && opcode != Opcode::binary) {
    return send_frame(Frame::create_frame(payload, opcode));
  }
  return impl_->send(opcode, wire_bytes(payload), true, compress);
}

std::size_t WebSocket::send_bytes(Bytes payload, Compress compress) {
  return impl_->send(Opcode::binary, payload, true, compress);
}

std::size_t WebSocket::send_many(std::span<const std::string_view> payloads, Opcode opcode,
                                 std::size_t* queued) {
  std::size_t unasked = 0;
  std::size_t& count = queued != nullptr ? *queued : unasked;
  count = 0;
  return impl_->send_many(opcode, payloads, count);
}

std::size_t WebSocket::send_frame(const Frame& frame) {
  const bool control = is_control(frame.opcode);
  if (frame.rsv1 || frame.rsv2 || frame.rsv3 || (control && !frame.fin)) {
    throw_for(Errc::unsupported_frame, "send_frame");
  }
  if (!control || is_ping_or_pong(frame)) {
    return impl_->send(frame.opcode, wire_bytes(frame.data), frame.fin, Compress::if_agreed);
  }
  if (const auto error = frame.validate()) throw_for(Errc::unsupported_frame, "send_frame");
  if (frame.data.empty()) {
    send_close(CloseCode::no_status_received);
  } else {
    const auto code = load_big_endian<std::uint16_t>(wire_bytes(frame.data).first<2>());
    send_close(CloseCode{code}, std::string_view(frame.data).substr(2));
  }
  return frame.wire_size();
}

std::size_t WebSocket::ping(std::string_view payload) {
  return impl_->send(Opcode::ping, wire_bytes(payload), true, Compress::never);
}

std::size_t WebSocket::pong(std::string_view payload) {
  return impl_->send(Opcode::pong, wire_bytes(payload), true, Compress::never);
}

ReceivedMessage WebSocket::recv() {
  ReceivedMessage received;
  impl_->receive(false, [&](const Event& event) {
    if (const auto* message = std::get_if<Message>(&event)) {
      received = {.opcode = message->opcode, .data = std::string(message->text())};
      return true;
    }
    const auto* part = std::get_if<Fragment>(&event);
    if (part == nullptr) return false;
    received = {
        .opcode = part->opcode, .data = std::string(wire_text(part->payload)), .fin = part->fin};
    return true;
  });
  return received;
}

Message WebSocket::recv_view() {
  Message received;
  impl_->receive(false, [&](const Event& event) {
    if (const auto* message = std::get_if<Message>(&event)) {
      received = *message;
      return true;
    }
    const auto* part = std::get_if<Fragment>(&event);
    if (part != nullptr) received = {.opcode = part->opcode, .payload = part->payload};
    return part != nullptr;
  });
  return received;
}

std::pair<Opcode, Frame> WebSocket::recv_data_frame(bool control_frame) {
  Frame received;
  impl_->receive(false, [&](const Event& event) {
    auto frame = frame_of(event);
    if (!frame || (is_ping_or_pong(*frame) && !control_frame)) return false;
    received = *std::move(frame);
    return true;
  });
  return {received.opcode, std::move(received)};
}

std::pair<Opcode, std::string> WebSocket::recv_data(bool control_frame) {
  auto [opcode, frame] = recv_data_frame(control_frame);
  return {opcode, std::move(frame.data)};
}

Frame WebSocket::recv_frame() {
  Frame received;
  impl_->receive(true, [&](const Event& event) {
    auto frame = frame_of(event);
    if (!frame) return false;
    received = *std::move(frame);
    return true;
  });
  return received;
}

void WebSocket::close(CloseCode status, std::string_view reason,
                      std::optional<std::chrono::milliseconds> timeout) {
  impl_->close(status, reason, timeout);
}

void WebSocket::send_close(CloseCode status, std::string_view reason) {
  impl_->send_close(status, reason);
}

void WebSocket::abort() noexcept { impl_->abort(); }
void WebSocket::shutdown() noexcept { impl_->shutdown(); }

void WebSocket::settimeout(std::optional<std::chrono::milliseconds> timeout) noexcept {
  impl_->set_timeout(timeout);
}
std::optional<std::chrono::milliseconds> WebSocket::gettimeout() const noexcept {
  return impl_->facts().timeout;
}
void WebSocket::set_mask_key(std::function<MaskKey()> get_mask_key) {
  impl_->set_mask_key(std::move(get_mask_key));
}

std::string WebSocket::subprotocol() const { return impl_->agreement().subprotocol; }
int WebSocket::status() const noexcept { return impl_->facts().status; }
Headers WebSocket::headers() const { return impl_->agreement().headers; }
std::optional<DeflateParameters> WebSocket::compression() const {
  return impl_->agreement().deflate;
}
bool WebSocket::connected() const noexcept { return impl_->facts().connected; }
bool WebSocket::pending() const noexcept { return impl_->facts().pending; }
int WebSocket::fileno() const noexcept { return impl_->facts().fileno; }
std::optional<net::ReceiveTime> WebSocket::received_at() const noexcept {
  return impl_->facts().received_at;
}
bool WebSocket::is_ssl() const noexcept { return impl_->facts().is_ssl; }

WebSocket::Iterator& WebSocket::Iterator::operator++() {
  try {
    current_ = socket_->recv();
  } catch (const WebSocketConnectionClosedException& closed) {
    current_.reset();
    if (!closed.close_code()) throw;  // the connection was lost, not closed by the peer
  }
  return *this;
}

}  // namespace wirespan
