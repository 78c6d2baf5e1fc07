// running_server.hpp - a WebSocketServer running on another thread, and raw clients for it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/raw_server.hpp"
#include "support/thrown.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {

/// Listens in its constructor and calls run() on another thread; stops and joins it in its
/// destructor. Declare it before its clients.
class RunningServer {
 public:
  RunningServer(ServerHandlers handlers, const Link& link, ServerOptions options = {})
      : link_(link), server_(for_link(link, std::move(options)), std::move(handlers)) {
    port_ = server_.listen();
    over_ = std::async(std::launch::async, [this] { server_.run(); });
  }
  ~RunningServer() {
    server_.stop();
    wait();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  /// Waits until run() has returned; aborts the process if it does not.
  void wait(Milliseconds patience = 20s) {
    if (!over_.valid()) return;
    if (over_.wait_for(patience) != std::future_status::ready) {
      std::fputs("WebSocketServer::run() does not return\n", stderr);
      std::abort();
    }
    over_.get();
  }

  [[nodiscard]] WebSocketServer& server() noexcept { return server_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const { return link_.url(port_); }
  /// Connects a raw client, over TLS if the link has it, without sending a request.
  [[nodiscard]] RawPeer dial() const {
    RawPeer peer = RawPeer::to_port(port_);
    if (link_.is_secure()) peer.secure_as_client(link_.for_client());
    return peer;
  }
  /// Connects a raw client and completes the opening handshake.
  [[nodiscard]] RawPeer open() const {
    RawPeer peer = dial();
    const std::string answer = peer.open();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
    return peer;
  }
  [[nodiscard]] bool has_connections(std::size_t count) const {
    return eventually([&] { return server_.connection_count() == count; });
  }

 private:
  static ServerOptions for_link(const Link& link, ServerOptions options) {
    options.tls = link.for_server();
    options.backend = link.backend;
    return options;
  }

  Link link_;
  WebSocketServer server_;
  std::uint16_t port_ = 0;
  std::future<void> over_;
};

/// Returns handlers that echo every message.
[[nodiscard]] inline ServerHandlers echoing() {
  return {.on_message = [](const ServerConnection& connection, const Message& message) {
    (void)connection.send(message.opcode, message.payload);
  }};
}

class ServerTest : public ::testing::TestWithParam<Link> {
 protected:
  [[nodiscard]] const Link& link() const { return GetParam(); }
};

/// Returns a request that every server accepts, with more header lines.
[[nodiscard]] inline std::string upgrade_request(const std::string& more_lines = {},
                                                 const std::string& target = "/") {
  return "GET " + target +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         more_lines + "\r\n";
}

}  // namespace wirespan::test
