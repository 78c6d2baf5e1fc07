// chaos_listener.hpp - accepts the clients of chaos_proxy, and decides which of them are hurt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <unordered_map>

#include "chaos_link.hpp"
#include "chaos_options.hpp"
#include <wirespan/net/event_loop.hpp>

namespace chaos {

/// The listening socket and all connections of the program. It stops the loop when the last of
/// Options::count connections is over. Belongs to the thread of its loop.
class Listener final : private wirespan::net::IoHandler, private wirespan::net::Timer {
 public:
  /// Listens at once. Throws std::system_error if it cannot. `options` must outlive it.
  Listener(wirespan::net::EventLoop& loop, const Options& options);
  ~Listener();

  /// The address with the port that the kernel has chosen.
  [[nodiscard]] const wirespan::net::Endpoint& local() const noexcept { return local_; }

 private:
  void on_ready(wirespan::net::Readiness readiness) override;
  void on_timer(wirespan::TimePoint now) override;
  void accept(int client);
  void on_over(std::size_t number, Link& link, std::string_view how);
  void close() noexcept;
  [[nodiscard]] bool is_hurt();

  wirespan::net::EventLoop& loop_;
  const Options& options_;
  std::mt19937_64 random_;
  int fd_ = -1;
  wirespan::net::Endpoint local_;
  std::size_t accepted_ = 0;
  std::unordered_map<std::size_t, std::unique_ptr<Link>> links_;  // by number, from 1 on
};

}  // namespace chaos
