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
#include <thread>

#include <wirespan/app/options.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/core/agreement.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/opcode.hpp>
#include <wirespan/net/remote.hpp>

namespace wirespan {

/// How a close() is to be done.
struct CloseRequest {
  CloseCode status = CloseCode::normal;
  std::string reason{};
  std::chrono::milliseconds timeout = limits::close_time;
};

/// The loop's side of a run, called on its thread.
class RunPort {
 public:
  virtual void stop(const CloseRequest& request) = 0;

 protected:
  ~RunPort() = default;
};

/// Guarded by its mutex. A run announces itself here with its Remote, which has the messages of
/// other threads and decides about room for them; senders wait here while it has none.
class WebSocketApp::Shared {
 public:
  explicit Shared(bool keep_running) : keep_running_(keep_running) {}

  // For the run, on its thread.

  /// False if another run is active.
  [[nodiscard]] bool begin_run(Run& run, RunPort& port, net::Remote& remote,
                               net::RemoteAccount& account);
  void end_run() noexcept;
  void begin_connection(const Agreement& agreement, int status, int fd);
  /// Nothing more is accepted. Senders that wait find the connection closed.
  void end_connection() noexcept;
  /// Wakes the senders that wait: there may be room.
  void tell_room() noexcept;
  void set_ping(TimePoint when) noexcept;
  void set_pong(TimePoint when) noexcept;
  void set_errored() noexcept;
  void set_stopping() noexcept;
  [[nodiscard]] bool on_run_thread() const noexcept;
  [[nodiscard]] Run* run() noexcept { return run_; }  // only when on_run_thread()

  // For any thread.

  /// Waits while too much is unsent. Throws as WebSocketApp::send().
  void post_frame(Opcode opcode, Bytes payload, Compress compress);
  /// Ends the run, behind what was sent before; nothing without one. No close counts but the first.
  void post_close(CloseRequest request);
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
  void wait_for_room(Lock& lock, std::optional<TimePoint> deadline);

  mutable std::mutex mutex_;
  std::condition_variable room_;
  net::Remote* remote_ = nullptr;  // null without a run
  net::RemoteAccount* account_ = nullptr;
  Run* run_ = nullptr;
  RunPort* port_ = nullptr;
  std::atomic<std::thread::id> thread_{};
  bool keep_running_;
  bool open_ = false;
  bool errored_ = false;
  Agreement agreement_;
  int status_ = 0;
  int fd_ = -1;
  std::optional<TimePoint> last_ping_;
  std::optional<TimePoint> last_pong_;
};

}  // namespace wirespan
