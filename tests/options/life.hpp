// life.hpp - a whole life of server and client on a simulated network, with any options.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {

using namespace std::chrono_literals;
using Ms = std::chrono::milliseconds;

/// The largest values.
inline constexpr std::size_t most = SIZE_MAX;
inline constexpr std::uint32_t most32 = UINT32_MAX;
inline constexpr Ms for_ever = Ms::max();
inline constexpr Ms long_ago = Ms::min();

/// The parts of a life under way, for those who interfere.
struct Trouble {
  net::SimulatedNetwork& network;
  WebSocketServer& server;
  std::string url;
};

/// A client connects to an echo server, sends texts of the given sizes, then a ping; stays; and
/// closes. All of it is repeatable and takes no real time.
struct Life {
  ServerOptions server{};
  bool tls = false;             ///< The client has a wss: URL; `server` has its certificate.
  std::string subprotocol{};    ///< That the server chooses.
  bool holds_requests = false;  ///< The server decides on no request.
  /// Called by the server for each connection that has opened, with its number from 1 on.
  std::function<void(net::SimulatedNetwork&, const ServerConnection&, int number)> on_open{};
  std::vector<std::size_t> sizes{0, 1, 125, 126, 5'000, 70'000};
  /// The path of each attempt to connect, by its number from 1 on.
  std::function<net::SimulatedPath(int attempt, const net::Endpoint& peer)> path{};
  std::chrono::nanoseconds patience{1min};  ///< The app's, for echoes and pong.
  /// Called when echoes and pong have come, or did not come in time.
  std::function<void(const Trouble&)> trouble{};
  std::chrono::nanoseconds stay{0};  ///< Time between that and the client's close().
  /// Set: the server is stopped then, and the client does not close by itself.
  std::optional<StopOptions> stop{};
  /// Further calls of the blocking client before its close(); the text is appended to the story.
  std::function<std::string(WebSocket&, net::SimulatedNetwork&)> calls{};
  std::function<void(WebSocketApp&)> app_opened{};  ///< Called in on_open, before the messages.
  std::optional<net::EventLoopOptions> loop{};      ///< Set: the app runs on a loop of its own.
  std::function<void(WebSocketApp&)> app_failed{};  ///< Called in on_error.
};

struct LifeReport {
  /// For example "6 echoes, a pong, stopped". Errors that were told are in it, and each rule that
  /// did not hold: no thread and no descriptor is left, on_close comes once.
  std::string story;
  std::vector<ClientOffer> requests;
  std::vector<std::string> server_ends;  ///< Code of each connection at the server, and the cause.
  std::vector<Ms> attempts;              ///< Times of the attempts to connect, from the beginning.
  std::vector<std::string> peers;        ///< Their addresses; "the server" for its own.
  Ms took{0};                            ///< Time of the client's run.
  Ms stop_took{0};                       ///< Time from the server's stop() to the end of its run().
  std::vector<Ms> server_end_times;
  int server_drains = 0;
  std::size_t unsent_at_drain = 0;  ///< Of the latest on_drain, of the server or of the app.
  int server_pings = 0;             ///< Pings that the server got.
  int server_pongs = 0;
  int client_pings = 0;  ///< Pings that the app got.
  int drains = 0;        ///< Calls of the app's on_drain.
  AppMetrics metrics{};
};

/// The options of a run that looks for no proxy in the environment.
inline const RunOptions direct{.proxy_from_environment = false};

[[nodiscard]] LifeReport live(const Life& life, const AppOptions& app,
                              const RunOptions& run = direct);
[[nodiscard]] inline LifeReport live(const Life& life, const RunOptions& run) {
  return live(life, AppOptions{}, run);
}
[[nodiscard]] LifeReport live(const Life& life, const ConnectOptions& options);

/// The story of a life in which all is well.
inline const std::string works = "6 echoes, a pong, stopped";
inline const std::string works_blocking = "6 echoes, a pong, closed";

/// Returns a path on which nothing is refused and nothing answers.
[[nodiscard]] net::SimulatedPath unanswered();
/// Returns a path on which the attempt is refused.
[[nodiscard]] net::SimulatedPath refused();
/// Returns the value of a header field of the first request; "none" if there is none.
[[nodiscard]] std::string request_field(const LifeReport& report, const char* name);
/// Returns the time in seconds, rounded, as "10 s", or in milliseconds below a second.
[[nodiscard]] std::string shown_time(Ms time);

}  // namespace wirespan::test
