// chaos_link.hpp - one connection through chaos_proxy: a client, the server, and a pipe each way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "chaos_options.hpp"
#include "chaos_pipe.hpp"
#include <wirespan/net/connector.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace chaos {

/// The connection of one client. It connects to the server, forwards in both directions,
/// half-closes included, and does what the faults of its pipes ask for. It is over when both
/// streams have ended, after a fault that closes them, or after a reset by either side, which it
/// passes on; it then calls its owner once, who retires it. Belongs to the thread of its loop.
class Link final : private wirespan::net::Timer {
 public:
  /// Told how the connection ended.
  using OnOver = std::function<void(Link& link, std::string_view how)>;

  /// Takes ownership of `client`, a socket from accept(). `seed` is that of the jitter.
  Link(wirespan::net::EventLoop& loop, int client, const Faults& faults_up,
       const Faults& faults_down, std::uint64_t seed, OnOver on_over);
  ~Link();

  /// Connects to the first of the addresses that answers.
  void connect(const std::vector<wirespan::net::Endpoint>& to);

  [[nodiscard]] std::uint64_t bytes_up() const noexcept { return up_.bytes(); }
  [[nodiscard]] std::uint64_t bytes_down() const noexcept { return down_.bytes(); }

 private:
  /// A socket, the pipe that it fills and the pipe that it empties.
  struct Side final : wirespan::net::IoHandler {
    Side(Link& link, int fd, Pipe& from_here, Pipe& to_here)
        : owner(link), socket(link.loop_.network(), fd), from(from_here), to(to_here) {}
    void on_ready(wirespan::net::Readiness readiness) override { owner.on_ready(*this, readiness); }

    Link& owner;
    wirespan::net::TcpSocket socket;
    Pipe& from;
    Pipe& to;
    bool broken = false;  // both directions have ended, and the loop no longer watches it
  };

  void on_timer(wirespan::TimePoint now) override;
  void on_connected(wirespan::Expected<wirespan::net::Connected> connected);
  void on_ready(Side& side, wirespan::net::Readiness readiness);
  void pump();
  void fill(Side& side);
  void drain(Side& side);
  void obey(Fault fault);
  void cut();
  void reset(std::string_view how);
  void watch(Side& side);
  void schedule();
  void finish(std::string_view how);

  wirespan::net::EventLoop& loop_;
  const Faults faults_up_;
  const Faults faults_down_;
  Pipe up_;
  Pipe down_;
  Side client_{*this, -1, up_, down_};
  Side server_{*this, -1, down_, up_};
  std::unique_ptr<wirespan::net::Connector> connector_;
  OnOver on_over_;
  std::string_view how_ = "ended";                // the end that the connection is coming to
  std::optional<wirespan::TimePoint> cut_until_;  // set: the streams were cut; over by then
  bool over_ = false;
};

}  // namespace chaos
