// app_run.hpp - one call of WebSocketApp::run_forever(): dial, drive the channel, decide, end.
// Private.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <wirespan/app/client/app_shared.hpp>
#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/client/mask_keys.hpp>
#include <wirespan/app/common/compression.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/reconnect_policy.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/core/backoff.hpp>
#include <wirespan/net/address_rotation.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/heap_trim.hpp>
#include <wirespan/net/remote.hpp>

namespace wirespan {

/// One run: its event loop, the attempt under way and the open connection. All of it runs on the
/// thread of the loop. Other threads reach it through Shared, which posts messages and closes to
/// `remote_`. A run of run_forever() lives on the stack of that call and has a loop of its own. A
/// run of start() belongs to Shared and uses the caller's loop; when it has ended, a last task
/// destroys it behind all tasks that were posted for it.
///
/// States: connecting (`dialer_`), open (`channel_`), waiting to reconnect (neither; the timer
/// runs), finished. An attempt or a connection that fails is reported to on_error. Then, and after
/// the peer's Close, the ReconnectPolicy judges: the next attempt begins after the delay that
/// Backoff says, or the run ends. stop() starts the closing handshake or cancels the attempt; after
/// it no message is delivered. on_close is called once, last.
///
/// Sources: app_run.cpp has the beginning and the open connection, app_sending.cpp sending,
/// app_ending.cpp the ends and coming back.
class WebSocketApp::Run final : private RunPort, private net::Timer {
 public:
  /// Checks the options and reserves the app. Throws as run_forever(). `loop`: the caller's; null:
  /// one of the run's own.
  Run(WebSocketApp& app, const RunOptions& options, net::EventLoop* loop = nullptr);
  ~Run();

  /// Drives its own loop until the run is finished.
  [[nodiscard]] RunResult run(const std::stop_token& stop);
  /// Begins on the caller's loop, which it leaves in a later turn: then `on_ended` is called.
  static void start(std::shared_ptr<Run> run, RunEnded on_ended);
  /// Ends a run of start() at once, and calls no handler: the app is being destroyed.
  void abandon() noexcept;

  [[nodiscard]] bool is_connected() const noexcept override { return channel_ != nullptr; }
  /// Sends on the run's thread; requires is_connected(). Throws std::bad_alloc alone.
  [[nodiscard]] SendResult try_send(const net::MessageLog::Message& message) override;
  void pause(bool paused) override;
  /// on_drain is called when there is room again.
  void owe_drain() override;
  [[nodiscard]] bool is_amid_frame() const noexcept override { return mask_keys_.is_asking(); }
  /// Ends the run with a closing handshake if a connection is open. Only the first request counts.
  void stop(const CloseRequest& request) override;
  /// Bytes accepted from any thread that have not reached the kernel.
  [[nodiscard]] std::size_t unsent() const noexcept;
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;

 private:
  /// The channel's handler: static dispatch, one pointer.
  struct ChannelHandler {
    Run* run;
    void on_message(const Message& message) { run->on_message(message); }
    void on_fragment(const Fragment& fragment) { run->on_fragment(fragment); }
    void on_ping(Bytes payload);
    void on_pong(Bytes payload);
    void on_ping_sent();
    void on_backlog(std::size_t unsent) { run->on_backlog(unsent); }
    void on_drained() { run->on_drained(); }
    void on_dropped(std::size_t count) { run->shared_.counters().dropped.add(count); }
    void on_conflated(std::size_t count) { run->shared_.counters().conflated.add(count); }
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
  void count_received(std::size_t size) noexcept;
  void count_pong() noexcept;
  void on_backlog(std::size_t unsent);
  void on_drained();
  void on_written(std::size_t size);
  /// Sends the messages that other threads have put into the outbox.
  void drain_listed();
  void drain(net::Remote::Look look);
  /// Sends a message of another thread, or gives it back for the next connection.
  [[nodiscard]] std::error_code deliver(const net::MessageLog::Message& message);
  /// Sends the messages that were kept while there was no connection.
  void send_kept();
  [[nodiscard]] std::error_code send_granted(const net::MessageLog::Message& message);
  [[nodiscard]] std::error_code send(const net::MessageLog::Message& message,
                                     net::Admission admission);
  void close_for_overflow();
  void on_end(const net::SessionEnd& end);
  void close_channel();
  void attempt_failed(std::error_code code, const std::exception_ptr& error);
  void dial_failed(const DialFailure& failure);
  void failed(ConnectionEnd end, const std::exception_ptr& error,
              std::chrono::milliseconds at_least = {});
  void come_back_or(EndReason why, ConnectionEnd end, std::chrono::milliseconds at_least = {});
  [[nodiscard]] bool is_worth_it(const ConnectionEnd& end) noexcept;
  void set_error(std::error_code code, std::string text = {}) noexcept;
  void finish(EndReason why) noexcept;
  void wind_up() noexcept;
  void complete();
  [[nodiscard]] std::shared_ptr<Run> leave() noexcept;
  void tell_close();
  void report(const std::exception_ptr& error) noexcept;
  void handler_failed(const std::exception_ptr& error) noexcept;
  /// Calls a handler; its exception goes to on_error.
  template <class Call>
  void guarded(Call call) noexcept {
    try {
      call();
    } catch (...) {
      handler_failed(std::current_exception());
    }
  }

  WebSocketApp& app_;
  const RunOptions options_;
  const std::shared_ptr<Shared> shared_owner_;  // tasks for this run may outlive the app
  Shared& shared_;
  net::AddressRotation rotation_;  // of the attempts since the last open connection
  std::optional<net::EventLoop> own_loop_;
  net::EventLoop& loop_;
  MaskKeys mask_keys_{app_.options_.get_mask_key, loop_.random()};
  net::RemoteAccount account_;
  net::Remote remote_;
  net::HeapTrim trim_;
  net::SessionOptions session_options_;
  const std::optional<ReconnectPolicy> policy_;  // unset: the run ends with its connection
  Backoff backoff_;
  Compression compression_;
  // At most one of the two is set: an attempt, or an open connection.
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<AppChannel> channel_;
  std::optional<CloseRequest> stop_request_;  // set by stop(): nothing more is delivered
  bool not_first_attempt_ = false;            // the next connection calls on_reconnect
  bool has_opened_ = false;                   // a connection of this run has been open
  std::optional<TimePoint> ping_sent_;        // a keep-alive ping that no pong has answered
  bool used_socket_ = false;                  // AppOptions::socket is used up: no reconnecting
  bool has_overflowed_ = false;               // this connection was closed by Overflow::close
  std::uint64_t dropped_on_the_way_ = 0;      // RemoteCounts::dropped, as counted already
  bool finished_ = false;                     // result_.why is final
  bool on_error_failed_ = false;  // on_error has thrown: the run ends, and nothing is asked
  bool has_left_ = false;         // the app may run again: Shared has forgotten the run
  RunEnded on_ended_;             // of start()
  RunResult result_;
};

}  // namespace wirespan
