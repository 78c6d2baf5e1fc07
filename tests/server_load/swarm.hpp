// swarm.hpp - thousands of raw clients in one thread, with an epoll loop of their own; only their
// TLS is the library's. RFC 6455 §4.1, §5.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/net/unique_fd.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan::test {

using LoadClock = std::chrono::steady_clock;

/// Returns a client's frame, masked with a key of zeros: the payload stays legible.
[[nodiscard]] std::string client_frame(unsigned first_byte, std::string_view payload);
/// Returns the request that all clients send.
[[nodiscard]] const std::string& client_request();

/// Clients in one thread. A client is connecting, securing (TLS), opening (its request is sent),
/// open, or ended; it stays in the swarm after its end. The swarm answers Close frames.
class Swarm {
 public:
  enum class State : std::uint8_t { connecting, securing, opening, open, ended };
  struct Client {
    std::size_t index = 0;
    State state = State::connecting;
    int fd = -1;  // of `secure` or of `plain`
    net::UniqueFd plain;
    std::optional<tls::TlsStream> secure;
    std::string in;
    std::string out;
    bool reads = true;        ///< False: the client never reads. Set it in on_open or before.
    bool closed = false;      ///< A Close frame has come.
    std::uint16_t code = 0;   ///< Code of that Close frame.
    std::uint64_t count = 0;  ///< For the user of the swarm, as is `since`.
    LoadClock::time_point since{};
    std::uint32_t watched = 0;
  };

  /// Clients connect to 127.0.0.1, from 127.0.0.2 to 127.0.0.9 in turn.
  explicit Swarm(std::uint16_t port, const tls::Context* tls = nullptr);

  // Events; each may be unset.
  std::function<void(Client&)> on_connected;  ///< Set: the swarm does not send the request.
  std::function<void(Client&)> on_open;
  std::function<void(Client&, unsigned first_byte, std::string_view payload)> on_frame;
  std::function<void(Client&)> on_end;

  int receive_buffer = 0;  ///< SO_RCVBUF of clients that connect from then on; 0: the default.

  std::size_t most_under_way = 300;  ///< Clients that may be connecting at one time.

  /// Adds clients, which connect.
  void add(std::size_t count);
  void send(Client& client, std::string_view bytes);
  void cut(Client& client);
  /// Turns until `done` returns true; false if that takes longer than `time`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, std::chrono::milliseconds time);

  [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }
  [[nodiscard]] Client& at(std::size_t index) { return *clients_[index]; }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] std::size_t ended() const noexcept { return ended_; }
  /// True if all clients that were added are open.
  [[nodiscard]] bool all_open() const noexcept { return waiting_ == 0 && open_ == clients_.size(); }

 private:
  void turn(int timeout);
  void connect_more();
  void work(Client& client);
  [[nodiscard]] bool secure(Client& client);
  void read(Client& client);
  void write(Client& client);
  void parse(Client& client);
  void take_frame(Client& client, unsigned first_byte, std::string_view payload);
  void watch(Client& client);
  void end(Client& client);

  net::UniqueFd epoll_;
  std::uint16_t port_;
  const tls::Context* tls_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t waiting_ = 0;    // to be connected
  std::size_t under_way_ = 0;  // not open yet
  std::size_t open_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace wirespan::test
