// server_hub.hpp - the way from handles to the loop of their connections. Private.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include <wirespan/app/connection_key.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/remote.hpp>

namespace wirespan {

class RequestPort;
class ServerConnections;

/// The loop's side of messages from other threads.
class OutboxPort {
 public:
  virtual void drain_outboxes() noexcept = 0;

 protected:
  ~OutboxPort() = default;
};

/// Shared by a loop and all handles of its connections, by reference count, and knows neither: it
/// only leads handles to the two ports of the loop. It outlives them all; once the loop has gone it
/// answers Errc::not_open.
class ServerHub {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  /// A slot is used again under the next generation.
  using Slot = net::RemoteAccount;

  ServerHub(std::shared_ptr<net::Mailbox> mailbox, unsigned loop,
            const net::RemoteOptions& options);

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void remove_owner() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] bool on_loop_thread() const noexcept {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// Any thread. False if the loop has gone and no task will run.
  template <class Task>
  bool post(Task task) {
    return !over_.load(std::memory_order_acquire) && remote_.post(std::move(task));
  }
  [[nodiscard]] net::Remote& remote() noexcept { return remote_; }
  [[nodiscard]] bool is_current(ConnectionKey key) const noexcept;
  /// Any thread; null where there never was a connection.
  [[nodiscard]] Slot* find(std::uint32_t slot) const noexcept;
  [[nodiscard]] std::uint64_t id_of(ConnectionKey key) const noexcept {
    return std::uint64_t{key.generation} << 32 | std::uint64_t{loop_} << 24 | key.slot;
  }

  // The loop's side.

  /// On the thread that runs the loop from now on.
  void begin_serving(ServerConnections& connections, OutboxPort& outboxes,
                     RequestPort& requests) noexcept;
  void end_serving() noexcept;
  /// Null on every thread but the loop's, and when the loop has gone.
  [[nodiscard]] ServerConnections* connections() const noexcept { return connections_; }
  [[nodiscard]] RequestPort* requests() const noexcept { return requests_; }
  /// Makes sure that there is one. Throws std::bad_alloc.
  Slot& make(std::uint32_t slot);

 private:
  struct ChunkIndex {
    std::size_t chunk = 0;
    std::size_t chunk_size = 0;
    std::size_t index = 0;
  };

  ~ServerHub();
  [[nodiscard]] static ChunkIndex chunk_index(std::uint32_t slot) noexcept;

  net::Remote remote_;
  /// Of 64 slots and more, four of each size: a slot that was handed out never moves, and at most a
  /// fifth of all is in waiting.
  std::array<std::atomic<Slot*>, 68> chunks_{};
  std::atomic<std::thread::id> thread_{};
  std::atomic<std::uint32_t> owners_{1};
  std::atomic<bool> over_{false};
  ServerConnections* connections_ = nullptr;
  OutboxPort* outboxes_ = nullptr;
  RequestPort* requests_ = nullptr;
  unsigned loop_;
};

/// One share of a hub.
using HubShare = std::shared_ptr<ServerHub>;
[[nodiscard]] inline HubShare adopt_share(ServerHub& hub) {
  return {&hub, [](ServerHub* shared) { shared->remove_owner(); }};
}
[[nodiscard]] inline HubShare share_of(ServerHub& hub) {
  hub.add_owner();
  return adopt_share(hub);
}
[[nodiscard]] inline HubShare make_hub(std::shared_ptr<net::Mailbox> mailbox, unsigned loop,
                                       const net::RemoteOptions& options) {
  return adopt_share(*new ServerHub(std::move(mailbox), loop, options));
}

}  // namespace wirespan
