// server_hub.hpp - shared state by which handles reach the loop of their connections. Private.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <wirespan/app/connection_key.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/remote.hpp>
#include <wirespan/net/thread_id.hpp>

namespace wirespan {

class RequestPort;
class ServerConnections;

/// The loop's side of messages from other threads.
class OutboxPort {
 public:
  /// Sends the messages of all outboxes that are due, on the loop's thread.
  virtual void drain_outboxes() noexcept = 0;

 protected:
  ~OutboxPort() = default;
};

/// Shared state of a loop and all handles of its connections: a slot for each connection, with the
/// generation and the unsent bytes that any thread may read, the net::Remote that takes messages
/// and tasks of other threads, and the ports of the loop. It depends on neither side.
///
/// Reference-counted: the loop, each handle and each pending request own a share, and the last one
/// destroys it. From begin_serving() to end_serving() calls on the loop's thread go straight to its
/// ports. After end_serving() the hub refuses tasks and messages, and handles return
/// Errc::not_open.
class ServerHub {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  /// A slot is used again under the next generation.
  using Slot = net::RemoteAccount;

  ServerHub(std::shared_ptr<net::Mailbox> mailbox, unsigned loop,
            const net::RemoteOptions& options);

  /// Counts a share, or gives one back; the last one destroys the hub. Any thread.
  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void remove_owner() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] bool on_loop_thread() const noexcept {
    return thread_.load(std::memory_order_relaxed) == net::current_thread();
  }
  /// Runs the task on the loop's thread, later. False if the loop has gone and no task will run.
  /// Any thread.
  template <class Task>
  bool post(Task task) {
    return !over_.load(std::memory_order_acquire) && remote_.post(std::move(task));
  }
  [[nodiscard]] net::Remote& remote() noexcept { return remote_; }
  /// True if the connection of that key is open and its loop serves. Any thread.
  [[nodiscard]] bool is_current(ConnectionKey key) const noexcept;
  /// Returns the slot, null if there never was one. Any thread.
  [[nodiscard]] Slot* find(std::uint32_t slot) const noexcept;
  [[nodiscard]] std::uint64_t id_of(ConnectionKey key) const noexcept {
    return std::uint64_t{key.generation} << 32 | std::uint64_t{loop_} << 24 | key.slot;
  }

  // The loop's side.

  /// Call it on the thread that runs the loop from then on.
  void begin_serving(ServerConnections& connections, OutboxPort& outboxes,
                     RequestPort& requests) noexcept;
  void end_serving() noexcept;
  /// The ports of the loop, null outside of begin_serving() and end_serving(). The loop's thread
  /// only.
  [[nodiscard]] ServerConnections* connections() const noexcept { return connections_; }
  [[nodiscard]] RequestPort* requests() const noexcept { return requests_; }
  /// Returns the slot; allocates its chunk if need be. Throws std::bad_alloc.
  Slot& make(std::uint32_t slot);

 private:
  /// Position of a slot in chunks_.
  struct ChunkIndex {
    std::size_t chunk = 0;
    std::size_t chunk_size = 0;
    std::size_t index = 0;
  };

  ~ServerHub();
  [[nodiscard]] static ChunkIndex chunk_index(std::uint32_t slot) noexcept;

  net::Remote remote_;
  /// Chunks of 64 slots and more, four of each size: a slot never moves, so other threads may look
  /// it up without a lock, and at most a fifth of all slots is allocated in advance.
  std::array<std::atomic<Slot*>, 68> chunks_{};
  std::atomic<net::ThreadId> thread_{nullptr};
  std::atomic<std::uint32_t> owners_{1};
  std::atomic<bool> over_{false};
  ServerConnections* connections_ = nullptr;
  OutboxPort* outboxes_ = nullptr;
  RequestPort* requests_ = nullptr;
  unsigned loop_;
};

/// One share of a hub. adopt_share() takes over a share that is counted, share_of() adds one.
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
