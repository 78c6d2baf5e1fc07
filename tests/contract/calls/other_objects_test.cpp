// other_objects_test.cpp - a server, a blocking client and an event loop in each of their states,
// destroyed, closed, stopped or run again: each ends within its bound, and nothing is left open.
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/peer.hpp"
#include "contract/calls/places.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

// A server.

enum class ServerState : std::uint8_t {
  fresh,
  listening,
  handshaking,
  open,
  backlog,
  closing,
  ended
};
constexpr const char* server_state_names[] = {"fresh",   "listening", "handshaking", "open",
                                              "backlog", "closing",   "ended"};
enum class ServerAction : std::uint8_t { destroy, stop, stop_twice, stop_from_signal, run_again };
constexpr const char* server_action_names[] = {"destroy", "stop", "stop_twice", "stop_from_signal",
                                               "run_again"};
using ServerObjectCell = std::tuple<ServerState, ServerAction>;

class ServerObject {
 public:
  ServerObject(ServerState state, ServerAction action) : state_(state), action_(action) {
    network_.set_path([](const net::Endpoint&) {
      net::SimulatedPath path;
      path.down.buffer = 4'096;
      return path;
    });
    network_.start("director", [this] { direct(); });
    if (!network_.run()) throw std::runtime_error("the simulation is stuck");
    server_.reset();
    client_.reset();
    descriptors = network_.open_descriptors();
  }

  std::chrono::nanoseconds end_time{};
  int opens = 0;
  int closes = 0;
  std::size_t descriptors = 0;

 private:
  void make_server() {
    ServerHandlers handlers;
    handlers.on_open = [this](const ServerConnection& self) {
      ++opens;
      connection_ = self;
    };
    handlers.on_close = [this](const ServerConnection&, CloseCode, std::string_view) { ++closes; };
    server_.emplace(ServerOptions{.network = &network_}, handlers);
  }

  /// Turn by turn, so that the server may be destroyed in any state.
  void serve() {
    is_running_ = true;
    network_.start("server", [this] {
      while (!is_destroyed_ && server_->run_once(10ms)) {
      }
      if (is_destroyed_) server_.reset();
      is_running_ = false;
    });
  }

  void direct() {
    make_server();
    if (state_ != ServerState::fresh) reach_state();
    const TimePoint begin = network_.now();
    act();
    (void)network_.wait_until([this] { return !is_running_; }, 1h);
    end_time = network_.now() - begin;
    if (client_) client_->stop();
    network_.sleep_for(1s);
  }

  void reach_state() {
    const std::uint16_t port = server_->listen();
    if (state_ == ServerState::listening) return;
    serve();
    const bool is_silent = state_ == ServerState::handshaking;
    client_.emplace(network_, Role::client, port, is_silent ? "GET / HTTP/1.1\r\n" : "");
    network_.sleep_for(50ms);
    if (state_ == ServerState::backlog) {
      client_->reads = false;
      for (int i = 0; i < 5; ++i) (void)connection_.send_binary(ByteVector(5'000));
    } else if (state_ == ServerState::closing) {
      client_->answers_close = false;
      (void)connection_.close();
    } else if (state_ == ServerState::ended) {
      server_->stop();
      (void)network_.wait_until([this] { return !is_running_; }, 10s);
    }
    network_.sleep_for(50ms);
  }

  void act() {
    switch (action_) {
      case ServerAction::destroy:
        is_destroyed_ = true;
        if (!is_running_) server_.reset();
        return;
      case ServerAction::stop_twice:
        server_->stop();
        [[fallthrough]];
      case ServerAction::stop:
        return server_->stop();
      case ServerAction::stop_from_signal:
        return server_->stop_from_signal();
      case ServerAction::run_again:
        server_->stop();
        (void)network_.wait_until([this] { return !is_running_; }, 1h);
        return server_->run();  // stopped before: it returns at once
    }
  }

  const ServerState state_;
  const ServerAction action_;
  net::SimulatedNetwork network_{1};
  std::optional<WirePeer> client_;
  std::optional<WebSocketServer> server_;
  ServerConnection connection_;
  bool is_running_ = false;
  bool is_destroyed_ = false;
};

class ServerObjects : public ::testing::TestWithParam<ServerObjectCell> {};
INSTANTIATE_TEST_SUITE_P(
    Table, ServerObjects,
    ::testing::Combine(::testing::Values(ServerState::fresh, ServerState::listening,
                                         ServerState::handshaking, ServerState::open,
                                         ServerState::backlog, ServerState::closing,
                                         ServerState::ended),
                       ::testing::Values(ServerAction::destroy, ServerAction::stop,
                                         ServerAction::stop_twice, ServerAction::stop_from_signal,
                                         ServerAction::run_again)),
    [](const ::testing::TestParamInfo<ServerObjectCell>& cell) {
      return std::string(server_state_names[static_cast<int>(std::get<0>(cell.param))]) + "__" +
             server_action_names[static_cast<int>(std::get<1>(cell.param))];
    });

TEST_P(ServerObjects, ends_within_its_bound_and_leaves_nothing_open) {
  const auto [state, action] = GetParam();
  const ServerObject object(state, action);
  const bool waits_for_peer = state == ServerState::backlog || state == ServerState::closing;
  EXPECT_LE(object.end_time, waits_for_peer ? 3s + 200ms : 100ms);
  EXPECT_EQ(object.opens, state >= ServerState::open ? 1 : 0);
  EXPECT_EQ(object.closes, object.opens) << "on_close, once for each connection";
  EXPECT_EQ(object.descriptors, 0U);
}

// A blocking client.

struct ClientState {
  const char* name;
  std::function<void(WebSocket&, WirePeer&)> reach;
};
struct ClientAction {
  const char* name;
  std::function<void(WebSocket&, WirePeer&)> act;
};
void PrintTo(const ClientState& row, std::ostream* out) { *out << row.name; }
void PrintTo(const ClientAction& row, std::ostream* out) { *out << row.name; }

void connect(WebSocket& client, WirePeer& peer) { client.connect(peer.url()); }

std::vector<ClientState> client_states() {
  return {{"fresh", [](auto&, auto&) {}},
          {"open", connect},
          {"backlog",
           [](auto& client, auto& peer) {
             connect(client, peer);
             peer.reads = false;
             EXPECT_THROW(client.send(std::string(100'000, 'b')), WebSocketTimeoutException);
           }},
          {"closing",
           [](auto& client, auto& peer) {
             connect(client, peer);
             peer.answers_close = false;
             client.send_close();
           }},
          {"peer_closed",
           [](auto& client, auto& peer) {
             connect(client, peer);
             peer.close(4000);
             (void)client.recv_data();
           }},
          {"ended", [](auto& client, auto& peer) {
             connect(client, peer);
             client.close();
           }}};
}

std::vector<ClientAction> client_actions() {
  return {{"destroyed", [](auto& client, auto&) { WebSocket(std::move(client)); }},
          {"closed", [](auto& client, auto&) { client.close(); }},
          {"closed_twice",
           [](auto& client, auto&) {
             client.close();
             client.close();
           }},
          {"aborted", [](auto& client, auto&) { client.abort(); }},
          {"shut_down", [](auto& client, auto&) { client.shutdown(); }},
          {"assigned_over", [](auto& client, auto&) { client = WebSocket(); }},
          {"connected_again", [](auto& client, auto& peer) {
             client.shutdown();
             peer.reads = peer.answers_close = true;
             client.settimeout(10s);
             connect(client, peer);
             EXPECT_TRUE(client.connected());
             client.close();
           }}};
}

using ClientCell = std::tuple<ClientState, ClientAction>;
class ClientObjects : public ::testing::TestWithParam<ClientCell> {};
INSTANTIATE_TEST_SUITE_P(Table, ClientObjects,
                         ::testing::Combine(::testing::ValuesIn(client_states()),
                                            ::testing::ValuesIn(client_actions())),
                         [](const ::testing::TestParamInfo<ClientCell>& cell) {
                           return std::string(std::get<0>(cell.param).name) + "__" +
                                  std::get<1>(cell.param).name;
                         });

TEST_P(ClientObjects, ends_within_its_bound_and_leaves_nothing_open) {
  const auto& [state, action] = GetParam();
  net::SimulatedNetwork network(1);
  std::optional<WirePeer> peer(std::in_place, network, Role::server, std::uint16_t{4000});
  std::chrono::nanoseconds time{};
  network.start("client", [&, &state = state, &action = action] {
    ConnectOptions options;
    options.network = &network;
    options.proxy_from_environment = false;
    options.timeout = 100ms;
    std::optional<WebSocket> client(std::in_place, options);
    state.reach(*client, *peer);
    const TimePoint begin = network.now();
    action.act(*client, *peer);
    client.reset();
    time = network.now() - begin;
    peer->stop();
  });
  EXPECT_TRUE(network.run());
  EXPECT_LE(time, 3s + 200ms);
  peer.reset();
  EXPECT_EQ(network.open_descriptors(), 0U);
}

// An event loop.

TEST(LoopObjects, stopped_before_it_runs_it_returns_at_once_and_runs_again) {
  net::SimulatedNetwork network(1);
  net::EventLoop loop({.receive_buffer = 1 << 14, .network = &network});
  int runs = 0;
  loop.stop();
  loop.run();
  EXPECT_TRUE(loop.post([&] {
    ++runs;
    loop.stop();
  }));
  loop.run();
  EXPECT_EQ(runs, 1);
}

TEST(LoopObjects, destroyed_with_tasks_it_runs_none_and_later_ones_are_refused) {
  net::SimulatedNetwork network(1);
  std::shared_ptr<net::Mailbox> mailbox;
  const auto owned = std::make_shared<int>(1);
  bool has_run = false;
  {
    net::EventLoop loop({.receive_buffer = 1 << 14, .network = &network});
    mailbox = loop.mailbox();
    EXPECT_TRUE(loop.post([&has_run, owned] { has_run = true; }));
  }
  EXPECT_FALSE(mailbox->post([] {}));
  EXPECT_FALSE(has_run);
  EXPECT_EQ(owned.use_count(), 1) << "the task was destroyed";
  EXPECT_EQ(network.open_descriptors(), 0U);
}

}  // namespace
}  // namespace wirespan::test
