// app_run.hpp - one call of WebSocketApp::run_forever(): dial, drive the channel, decide, end.
// Private.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <wirespan/app/client/app_shared.hpp>
#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/common/compression.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// Lives on the stack of run_forever(); everything happens on its thread.
class WebSocketApp::Run final : private RunPort, private net::Timer, private net::IoHandler {
 public:
  /// Checks the options and reserves the app. Throws as run_forever().
  Run(WebSocketApp& app, const RunOptions& options);
  ~Run();

  [[nodiscard]] RunResult run(const std::stop_token& stop);

  void send(Opcode opcode, Bytes payload, Compress compress);
  void drain_outbox() override;
  void stop(const CloseRequest& request) override;
  [[nodiscard]] std::size_t unsent() const noexcept;
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;

 private:
  /// What the channel calls; static dispatch.
  struct ChannelHandler {
    Run* run;
    void on_message(const Message& message) { run->on_message(message); }
    void on_fragment(const Fragment& fragment) { run->on_fragment(fragment); }
    void on_ping(Bytes payload);
    void on_pong(Bytes payload);
    void on_ping_sent();
    void on_backlog(std::size_t unsent) { run->on_backlog(unsent); }
    void on_drained() {}
    void on_end(const net::ChannelEnd& end) { run->on_end(end); }
  };
  using AppChannel = net::Channel<Transport, ChannelHandler>;

  void on_timer(TimePoint now) override;
  void on_ready(net::Readiness) override {}
  void on_flush() override { drain_outbox(); }

  [[nodiscard]] ConnectOptions connect_options() const;
  void attempt();
  void on_dialed(Dialer::Result result);
  void open(Dialed dialed);
  void on_message(const Message& message);
  void on_fragment(const Fragment& fragment);
  void on_backlog(std::size_t unsent);
  void on_end(const net::ChannelEnd& end);
  void count_unsent_outbox();
  void await_room();
  void close_channel();
  void failed(std::error_code code, const std::exception_ptr& error);
  void finish(EndReason why) noexcept;
  void tell_close();
  void report(const std::exception_ptr& error) noexcept;
  void handler_failed(const std::exception_ptr& error) noexcept;
  /// Calls a handler; what it throws goes to on_error.
  template <class Call>
  void guarded(Call call) noexcept;
  [[nodiscard]] bool next_mask_key(MaskKey& key) noexcept;

  WebSocketApp& app_;
  const RunOptions& options_;
  Shared& shared_;
  net::EventLoop loop_;
  net::ChannelOptions channel_options_;
  Compression compression_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<AppChannel> channel_;
  std::optional<CloseRequest> stop_request_;
  Outbox drained_;               // taken from other threads, not in the channel yet
  bool kernel_is_full_ = false;  // on_backlog() will be called when it has taken something
  std::exception_ptr mask_failure_;
  bool connected_before_or_failed_ = false;
  bool used_socket_ = false;
  bool finished_ = false;
  RunResult result_;
};

}  // namespace wirespan
