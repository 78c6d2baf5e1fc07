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
#include <wirespan/net/heap_trim.hpp>
#include <wirespan/net/remote.hpp>

namespace wirespan {

/// Lives on the stack of run_forever(); everything happens on its thread.
class WebSocketApp::Run final : private RunPort, private net::Timer {
 public:
  /// Checks the options and reserves the app. Throws as run_forever().
  Run(WebSocketApp& app, const RunOptions& options);
  ~Run();

  [[nodiscard]] RunResult run(const std::stop_token& stop);

  void send(Opcode opcode, Bytes payload, Compress compress);
  void stop(const CloseRequest& request) override;
  [[nodiscard]] std::size_t unsent() const noexcept;
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;

 private:
  /// Called by the channel; static dispatch.
  struct ChannelHandler {
    Run* run;
    void on_message(const Message& message) { run->on_message(message); }
    void on_fragment(const Fragment& fragment) { run->on_fragment(fragment); }
    void on_ping(Bytes payload);
    void on_pong(Bytes payload);
    void on_ping_sent();
    void on_backlog(std::size_t unsent) { run->on_backlog(unsent); }
    void on_drained() {}
    void on_bytes_written(std::size_t size) { run->on_written(size); }
    void on_end(const net::SessionEnd& end) { run->on_end(end); }
  };
  using AppChannel = net::Channel<Transport, ChannelHandler>;

  void on_timer(TimePoint now) override;

  [[nodiscard]] ConnectOptions connect_options() const;
  void attempt();
  void on_dialed(Dialer::Result result);
  void open(Dialed dialed);
  void on_message(const Message& message);
  void on_fragment(const Fragment& fragment);
  void on_backlog(std::size_t unsent);
  void on_written(std::size_t size);
  /// Sends the messages of other threads.
  void drain_listed();
  void drain(net::Remote::Look look);
  [[nodiscard]] std::error_code send_granted(const net::MessageLog::Message& message);
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, Compress compress,
                                     net::Admission admission);
  void on_end(const net::SessionEnd& end);
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
  net::RemoteAccount account_;
  net::Remote remote_;
  net::HeapTrim trim_;
  net::SessionOptions session_options_;
  Compression compression_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<AppChannel> channel_;
  std::optional<CloseRequest> stop_request_;
  std::exception_ptr mask_failure_;
  bool connected_before_or_failed_ = false;
  bool used_socket_ = false;
  bool finished_ = false;
  RunResult result_;
};

}  // namespace wirespan
