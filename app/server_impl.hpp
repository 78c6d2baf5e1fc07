// server_impl.hpp - the loop behind a WebSocketServer. Private.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include <wirespan/app/acceptor.hpp>
#include <wirespan/app/compression.hpp>
#include <wirespan/app/transport.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/tls/context.hpp>

namespace wirespan {

/// What the handles of a server share: the way to its loop, for as long as there is one.
class ServerConnection::Hub {
 public:
  explicit Hub(std::shared_ptr<net::Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

  [[nodiscard]] bool on_loop_thread() const noexcept {
    return thread_.load() == std::this_thread::get_id();
  }
  void begin_serving() noexcept { thread_ = std::this_thread::get_id(); }
  void end_serving() noexcept {
    thread_ = std::thread::id();
    over_ = true;
  }
  /// False if the server has gone, or will never look into its mailbox again.
  bool post(net::Mailbox::Task task) { return !over_ && mailbox_->post(std::move(task)); }

  WebSocketServer::Impl* impl_ = nullptr;  // touched on the loop's thread only

 private:
  std::shared_ptr<net::Mailbox> mailbox_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> over_{false};
};

class WebSocketServer::Impl final : private net::IoHandler, private net::Timer {
 public:
  Impl(ServerOptions options, ServerHandlers handlers);
  ~Impl();

  [[nodiscard]] std::uint16_t listen();
  void run();
  void stop(CloseCode code);
  void stop_from_signal() noexcept;
  [[nodiscard]] std::size_t connection_count() const noexcept { return open_count_.load(); }

  // For handles, on the loop's thread.
  [[nodiscard]] std::error_code send(std::uint64_t id, Opcode opcode, Bytes payload,
                                     Compress compress);
  [[nodiscard]] std::error_code close(std::uint64_t id, CloseCode code, std::string_view reason);

 private:
  struct ChannelHandler {
    Impl* impl;
    std::uint64_t id;
    void on_message(const Message& message) { impl->on_message(id, message); }
    void on_fragment(const Fragment&) {}
    void on_ping(Bytes payload) { impl->on_control(id, impl->handlers_.on_ping, payload); }
    void on_pong(Bytes payload) { impl->on_control(id, impl->handlers_.on_pong, payload); }
    void on_ping_sent() {}
    void on_backlog(std::size_t) {}
    void on_drained() {}
    void on_end(const net::ChannelEnd& end) { impl->on_end(id, end); }
  };
  using ServerChannel = net::Channel<Transport, ChannelHandler>;
  using ControlHandler = std::function<void(const ServerConnection&, Bytes)>;

  void on_ready(net::Readiness readiness) override;
  void on_timer(TimePoint now) override;

  void accept_one(const net::Accepted& accepted);
  void pause_accepting();
  void on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> accepted);
  void open(AcceptedConnection accepted);
  void on_message(std::uint64_t id, const Message& message);
  void on_control(std::uint64_t id, const ControlHandler& handler, Bytes payload);
  void on_end(std::uint64_t id, const net::ChannelEnd& end);
  void begin_stop(CloseCode code);
  void cut_everything();
  void stop_listening() noexcept;
  [[nodiscard]] ServerChannel* find(std::uint64_t id) noexcept;
  [[nodiscard]] ServerConnection handle(std::uint64_t id) const { return {hub_, id}; }
  /// Calls a handler; an exception fails the connection.
  template <class Call>
  void guarded(std::uint64_t id, Call call) noexcept;

  ServerOptions options_;
  ServerHandlers handlers_;
  net::EventLoop loop_;
  std::shared_ptr<ServerConnection::Hub> hub_;
  net::ChannelOptions channel_options_;
  std::shared_ptr<const ConnectionOptions> connection_options_;
  Compression compression_;
  std::optional<tls::Context> tls_;
  int listener_ = -1;
  std::unordered_map<Acceptor*, std::unique_ptr<Acceptor>> acceptors_;
  std::unordered_map<std::uint64_t, std::unique_ptr<ServerChannel>> channels_;
  std::uint64_t last_id_ = 0;
  std::atomic<std::size_t> open_count_{0};
  std::atomic<bool> signalled_{false};
  bool stopping_ = false;
};

}  // namespace wirespan
