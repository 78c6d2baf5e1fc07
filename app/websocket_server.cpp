// websocket_server.cpp - WebSocketServer: passes each call on to ServerImpl.
#include <utility>

#include <wirespan/app/server/server_impl.hpp>
#include <wirespan/app/websocket_server.hpp>

namespace wirespan {

WebSocketServer::WebSocketServer(ServerOptions options, ServerHandlers handlers)
    : impl_(std::make_unique<ServerImpl>(std::move(options), std::move(handlers))) {}
WebSocketServer::~WebSocketServer() = default;

std::uint16_t WebSocketServer::listen() { return impl_->listening().listen(); }
std::uint16_t WebSocketServer::listen(const ListenerOptions& listener) {
  return impl_->listening().listen(listener);
}
void WebSocketServer::run() { impl_->run(); }
void WebSocketServer::stop(const StopOptions& options) { impl_->stop(options); }
void WebSocketServer::stop_from_signal() noexcept { impl_->stop_from_signal(); }

std::error_code WebSocketServer::adopt(int fd, Bytes already_read, bool is_secured) {
  return impl_->adopt(fd, already_read, is_secured);
}

std::error_code WebSocketServer::reload_certificates(std::string* detail) {
  return impl_->reload_certificates(nullptr, detail);
}

std::error_code WebSocketServer::reload_certificates(const tls::ServerOptions& options,
                                                     std::string* detail) {
  return impl_->reload_certificates(&options, detail);
}

std::error_code WebSocketServer::publish(std::string_view topic, std::string_view text,
                                         std::string_view key, Compress compress) {
  return publish(topic, text, PublishOptions{.key = key, .compress = compress});
}

std::error_code WebSocketServer::publish(std::string_view topic, std::string_view text,
                                         const PublishOptions& options) {
  return impl_->publish(topic, Opcode::text, wire_bytes(text), options);
}

std::error_code WebSocketServer::publish_binary(std::string_view topic, Bytes payload,
                                                std::string_view key, Compress compress) {
  return publish_binary(topic, payload, PublishOptions{.key = key, .compress = compress});
}

std::error_code WebSocketServer::publish_binary(std::string_view topic, Bytes payload,
                                                const PublishOptions& options) {
  return impl_->publish(topic, Opcode::binary, payload, options);
}

std::size_t WebSocketServer::subscriber_count(std::string_view topic) const {
  return impl_->subscriber_count(topic);
}

std::error_code WebSocketServer::for_each_connection(
    const std::function<void(const ServerConnection&)>& call) {
  return impl_->for_each_connection(call);
}

ServerStats WebSocketServer::stats() const { return impl_->stats(); }
std::size_t WebSocketServer::connection_count() const noexcept { return impl_->connection_count(); }

bool WebSocketServer::run_once(std::optional<std::chrono::nanoseconds> timeout) {
  return impl_->run_once(timeout);
}

std::optional<std::chrono::nanoseconds> WebSocketServer::next_timeout() {
  return impl_->first().loop().next_timeout();
}

int WebSocketServer::poll_fd() const noexcept { return impl_->first().loop().poll_fd(); }

void WebSocketServer::for_each_fd(
    const std::function<void(int fd, net::Interest interest)>& tell) const {
  impl_->first().loop().for_each_fd(tell);
}

}  // namespace wirespan
