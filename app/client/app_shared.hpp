// app_shared.hpp - the part of a WebSocketApp that all threads may touch. Private.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/app/client/app_counters.hpp>
#include <wirespan/app/client/kept_messages.hpp>
#include <wirespan/app/options.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/core/agreement.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/opcode.hpp>
#include <wirespan/net/outbox.hpp>
#include <wirespan/net/remote.hpp>
#include <wirespan/net/thread_id.hpp>
#include <wirespan/tls/session_cache.hpp>

namespace wirespan {

/// The arguments of a close().
struct CloseRequest {
  CloseCode status = CloseCode::normal;
  std::string reason{};
  std::chrono::milliseconds timeout = limits::close_time;
};

/// The run as Shared sees it; called on the loop's thread.
class RunPort {
 public:
  virtual void stop(const CloseRequest& request) = 0;
  [[nodiscard]] virtual bool is_connected() const noexcept = 0;
  /// True while get_mask_key runs.
  [[nodiscard]] virtual bool is_amid_frame() const noexcept = 0;
  /// Requires is_connected().
  [[nodiscard]] virtual SendResult try_send(const net::MessageLog::Message& message) = 0;
  virtual void pause(bool paused) = 0;
  virtual void owe_drain() = 0;

 protected:
  ~RunPort() = default;
};

/// The state of a WebSocketApp that outlives a run and that any thread may use. The app owns it.
/// During a run, Remote admits the messages of other threads or refuses them for want of room; a
/// refused sender waits here (backpressure) until output has drained, the connection ends, or
/// close() is called. With WhileDown::keep the messages sent without a connection are kept here,
/// until the run has sent them on the next one. Between runs nothing is accepted, and the facts of
/// the latest connection can be read.
class WebSocketApp::Shared {
 public:
  explicit Shared(bool keep_running) : keep_running_(keep_running) {}

  /// The TLS contexts and sessions of this app's connections, of all its runs.
  [[nodiscard]] const std::shared_ptr<tls::SessionCache>& tls_sessions() const noexcept {
    return tls_sessions_;
  }
  using Message = net::MessageLog::Message;

  // For the run, on its thread.

  /// Registers the run. False if another run is active.
  [[nodiscard]] bool begin_run(Run& run, RunPort& port, net::Remote& remote,
                               net::RemoteAccount& account, const AppOptions& options);
  /// Takes a share of a run of start(), until end_run(). Its thread is not known yet.
  void own_run(std::shared_ptr<Run> run) noexcept;
  /// The calling thread is that of the run.
  void begin_turns() noexcept;
  /// Forgets the run: nothing is posted for it from here on. Returns the share of own_run().
  std::shared_ptr<Run> end_run() noexcept;
  /// The run of start() under way; null without one.
  [[nodiscard]] std::shared_ptr<Run> owned_run() const noexcept;
  void begin_connection(const Agreement& agreement, int status, int fd);
  /// Messages are refused from here on; senders that wait throw Errc::not_open.
  void end_connection() noexcept;
  /// Returns the oldest message that was kept, borrowed until end_kept(), which removes it if it
  /// was sent. std::nullopt: there is none, and from here on messages go to the connection.
  [[nodiscard]] std::optional<Message> next_kept();
  void end_kept(bool was_sent) noexcept;
  /// Takes back a message that was accepted for a connection which has not taken it: it goes in
  /// front of those kept. False if messages are not kept, or without memory: it is lost then.
  [[nodiscard]] bool give_back(const Message& message) noexcept;
  /// Payload bytes of the messages kept.
  [[nodiscard]] std::size_t kept() const noexcept;
  /// Drops the messages still kept; returns their payload bytes.
  [[nodiscard]] std::size_t drop_kept() noexcept;
  /// Wakes the senders that wait, after the unsent bytes have changed.
  void tell_room() noexcept;
  void set_ping(TimePoint when) noexcept;
  void set_pong(TimePoint when) noexcept;
  void set_errored() noexcept;
  /// A message was refused for lack of room: on_drain is owed, by the next connection if this one
  /// ends before.
  void note_refused() noexcept;
  [[nodiscard]] bool owes_drain() const noexcept;
  /// on_drain is being called.
  void settle_drain() noexcept;
  void set_stopping() noexcept;
  [[nodiscard]] bool on_run_thread() const noexcept;
  [[nodiscard]] Run* run() noexcept { return run_; }  // requires on_run_thread()

  // For any thread.

  /// Sends a message: on the run's thread straight to the connection; else it is copied into the
  /// outbox of the connection, or kept for the next one. Waits on other threads while
  /// AppOptions::send_hard_limit bytes are unsent, up to getdefaulttimeout(). Throws as
  /// WebSocketApp::send().
  void send(const Message& message);
  /// The same without waiting or throwing.
  [[nodiscard]] SendResult try_send(const Message& message) noexcept;
  /// Pauses or resumes reading from the peer of the open connection.
  void post_pause(bool paused);
  [[nodiscard]] AppCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const AppCounters& counters() const noexcept { return counters_; }
  /// Posts a close that ends the run after the messages sent before. Does nothing without a run;
  /// only the first close counts.
  void post_close(CloseRequest request);
  /// At once on the run's thread, unless a frame is half made there; else by a task.
  void close(CloseRequest request);
  [[nodiscard]] bool keep_running() const noexcept;
  [[nodiscard]] bool is_open() const noexcept;
  [[nodiscard]] bool has_errored() const noexcept;
  [[nodiscard]] Agreement agreement() const;
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] int fileno() const noexcept;
  [[nodiscard]] std::size_t unsent() const noexcept;
  [[nodiscard]] std::optional<TimePoint> last_ping() const noexcept;
  [[nodiscard]] std::optional<TimePoint> last_pong() const noexcept;

 private:
  friend class Run;
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] bool accepts() const noexcept;
  [[nodiscard]] bool keeps(Opcode opcode) const noexcept;
  [[nodiscard]] bool has_room_to_keep(const Message& message) noexcept;
  [[nodiscard]] std::error_code keep(const Message& message);
  [[nodiscard]] std::size_t kept_payload() const noexcept {
    return given_back_.payload() + kept_.payload();
  }
  [[nodiscard]] SendResult send_directly(const Message& message);
  [[nodiscard]] std::error_code hand_over(const Message& message);
  void post(const Message& message);
  [[nodiscard]] SendResult try_post(const Message& message);
  void wait_for_room(Lock& lock, std::optional<TimePoint> deadline);

  AppCounters counters_;
  const std::shared_ptr<tls::SessionCache> tls_sessions_ = std::make_shared<tls::SessionCache>();
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable room_;
  // Set during a run, null without one. open_ => remote_ is set.
  net::Remote* remote_ = nullptr;
  net::RemoteAccount* account_ = nullptr;
  Run* run_ = nullptr;
  RunPort* port_ = nullptr;
  std::shared_ptr<Run> owned_;                  // a run of start()
  std::atomic<net::ThreadId> thread_{nullptr};  // the run's; read without the mutex
  bool keep_running_;
  bool open_ = false;
  bool owes_drain_ = false;  // a try_send() of this run was refused; on_drain has not been called
  // Messages for the next connection. is_keeping_: new ones go behind them; set from the beginning
  // of a run or the end of a connection until all of them are sent. given_back_ is older than
  // kept_.
  bool is_keeping_ = false;
  bool keeps_while_down_ = false;  // AppOptions::while_down of this run
  std::size_t down_limit_ = 0;
  bool makes_room_ = false;  // Overflow::drop_oldest
  KeptMessages given_back_;
  KeptMessages kept_;
  bool errored_ = false;
  Agreement agreement_;
  int status_ = 0;
  int fd_ = -1;
  std::optional<TimePoint> last_ping_;
  std::optional<TimePoint> last_pong_;
};

}  // namespace wirespan
