// server_hub.hpp - the way from handles to the loop of their connections. Private.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include <wirespan/app/server_connection.hpp>
#include <wirespan/net/mailbox.hpp>

namespace wirespan {

class ServerWorker;

/// Shared by a worker and all handles of its connections, by reference count. It outlives them all;
/// once the worker has gone it answers Errc::not_open.
class ServerHub {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  /// What any thread may see of a connection. A place is used again under the next generation.
  struct Slot {
    std::atomic<std::uint32_t> generation{1};
    std::uint32_t next_free = none;      ///< The loop's own: a chain of the places nobody has.
    std::atomic<std::size_t> queued{0};  ///< Bytes on their way from other threads.
    std::atomic<std::size_t> unsent{0};  ///< Bytes that the kernel did not take.
  };

  ServerHub(std::shared_ptr<net::Mailbox> mailbox, unsigned loop,
            std::size_t send_hard_limit) noexcept
      : mailbox_(std::move(mailbox)), send_hard_limit_(send_hard_limit), loop_(loop) {}

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void remove_owner() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] bool on_loop_thread() const noexcept {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// Any thread. False if nobody will ever look into the mailbox again.
  bool post(net::Mailbox::Task task) {
    return !over_.load(std::memory_order_acquire) && mailbox_->post(std::move(task));
  }
  [[nodiscard]] std::size_t send_hard_limit() const noexcept { return send_hard_limit_; }
  [[nodiscard]] bool is_current(std::uint32_t slot, std::uint32_t generation) const noexcept;
  /// Any thread; null where there never was a connection.
  [[nodiscard]] Slot* find(std::uint32_t slot) const noexcept;
  [[nodiscard]] std::uint64_t id_of(std::uint32_t slot, std::uint32_t generation) const noexcept {
    return std::uint64_t{generation} << 32 | std::uint64_t{loop_} << 24 | slot;
  }

  // The worker's side.

  void begin_serving(ServerWorker& worker) noexcept;
  void end_serving() noexcept;
  /// Null on every thread but the loop's, and when the worker has gone.
  [[nodiscard]] ServerWorker* worker() const noexcept { return worker_; }
  /// Makes sure that there is one. Throws std::bad_alloc.
  Slot& make(std::uint32_t slot);
  [[nodiscard]] ServerConnection handle(std::uint32_t slot, std::uint32_t generation) noexcept {
    return {*this, slot, generation};
  }

 private:
  struct Place {
    std::size_t chunk = 0;
    std::size_t chunk_size = 0;
    std::size_t index = 0;
  };

  ~ServerHub();
  [[nodiscard]] static Place place_of(std::uint32_t slot) noexcept;

  std::shared_ptr<net::Mailbox> mailbox_;
  /// Of 64 places and more, four of each size: what was handed out never moves, and at most a fifth
  /// of all is in waiting.
  std::array<std::atomic<Slot*>, 68> chunks_{};
  std::atomic<std::thread::id> thread_{};
  std::atomic<std::uint32_t> owners_{1};
  std::atomic<bool> over_{false};
  ServerWorker* worker_ = nullptr;
  std::size_t send_hard_limit_;
  unsigned loop_;
};

}  // namespace wirespan
