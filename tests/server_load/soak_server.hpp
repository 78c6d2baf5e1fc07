// soak_server.hpp - the servers of the soak: echo, publishing, peers that are cut at random.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {

/// The kinds of connections, by the path of the request.
enum class SoakKind : std::uint8_t {
  echo,        ///< "/echo": each message comes back; nothing may end the connection but its client.
  cut,         ///< "/cut": echo, and the server aborts the connection at random.
  churn,       ///< "/churn": echo; the client may go without a closing handshake.
  subscriber,  ///< "/sub?N": subscribes to the topics from N on.
  sick,        ///< "/": gets more than it reads, or breaks a rule.
};

constexpr std::size_t soak_topics = 20'000;
/// Topics of one subscriber.
constexpr std::size_t soak_topics_each = 1'000;

/// A server in threads of its own, plain or with TLS.
class SoakServer {
 public:
  explicit SoakServer(bool tls);
  ~SoakServer();
  SoakServer(const SoakServer&) = delete;
  SoakServer& operator=(const SoakServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] WebSocketServer& server() noexcept { return server_; }
  /// Waits until `count` connections are open and nothing is unsent; false after 10 s.
  [[nodiscard]] bool comes_to_rest(std::size_t count) const;
  /// Ends the server and states its requirements.
  void stop_and_judge(const char* name);

 private:
  [[nodiscard]] static ServerOptions options(bool tls);
  [[nodiscard]] ServerHandlers handlers();
  void answer(const ServerConnection& connection, const Message& message);
  void ended(const ServerConnection& connection, std::error_code cause);

  std::atomic<bool> stops_{false};
  std::atomic<std::uint64_t> told_as_unsent_{0};
  std::atomic<std::uint64_t> healthy_refused_{0};
  std::atomic<std::uint64_t> healthy_cut_{0};
  std::atomic<std::uint64_t> sick_ended_{0};
  WebSocketServer server_;
  std::uint16_t port_ = 0;
  std::thread running_;
};

/// Publishes numbered messages to random topics of a server, from a thread of its own.
class SoakPublisher {
 public:
  explicit SoakPublisher(WebSocketServer& server);
  ~SoakPublisher();
  SoakPublisher(const SoakPublisher&) = delete;
  SoakPublisher& operator=(const SoakPublisher&) = delete;

  void pause(bool paused) noexcept { paused_ = paused; }
  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }

 private:
  void run();

  WebSocketServer& server_;
  std::vector<std::uint32_t> next_;
  std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> paused_{true};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace wirespan::test
