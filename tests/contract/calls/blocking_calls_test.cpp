// blocking_calls_test.cpp - the table of the sending calls of WebSocket, the blocking client: each
// in every state. It has no callbacks; websocket_threads_test.cpp has its threads.
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/peer.hpp"
#include "contract/calls/places.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t some_bytes = 100'000;  // more than the kernel takes, and room for more
constexpr std::size_t small_kernel_buffer = 32'768;

enum class BlockingKind : std::uint8_t {
  message,      ///< Sends a message, or a ping or pong.
  sends_close,  ///< Sends a Close frame.
  ends,         ///< Ends the connection; tells nothing.
  misuse,       ///< Refused for what it is given; waits for room first.
  misused_close,
  misused_end,  ///< The same, but does nothing without an open connection.
};

struct BlockingCall {
  const char* name;
  BlockingKind kind;
  std::function<void(WebSocket&)> make;
  std::vector<std::string> payloads{};  ///< Of the messages that the peer gets, if all goes well.
  std::error_code misuse{};
};
void PrintTo(const BlockingCall& row, std::ostream* out) { *out << row.name; }

std::vector<BlockingCall> blocking_calls() {
  using enum BlockingKind;
  const Bytes bytes = wire_bytes("bytes");
  static constexpr std::string_view many[] = {"a", "b"};
  const Frame first = Frame::create_frame("half", Opcode::text, false);
  return {
      {"WebSocket::send", message, [](auto& ws) { ws.send("text"); }, {"text"}},
      {"WebSocket::send_text", message, [](auto& ws) { ws.send_text("text"); }, {"text"}},
      {"WebSocket::send_bytes", message, [=](auto& ws) { ws.send_bytes(bytes); }, {"bytes"}},
      {"WebSocket::send_binary", message, [=](auto& ws) { ws.send_binary(bytes); }, {"bytes"}},
      {"WebSocket::send_many", message, [](auto& ws) { ws.send_many(many); }, {"a", "b"}},
      {"WebSocket::send_frame", message, [=](auto& ws) { ws.send_frame(first); }, {"half"}},
      {"WebSocket::ping", message, [](auto& ws) { ws.ping("p"); }, {"p"}},
      {"WebSocket::pong", message, [](auto& ws) { ws.pong("p"); }, {"p"}},
      {"WebSocket::send_close", sends_close, [](auto& ws) { ws.send_close(); }},
      {"WebSocket::close", ends, [](auto& ws) { ws.close(STATUS_NORMAL, "", 10s); }},
      {"WebSocket::abort", ends, [](auto& ws) { ws.abort(); }},
      {"WebSocket::shutdown", ends, [](auto& ws) { ws.shutdown(); }},
  };
}

/// Calls with something that may not be sent.
std::vector<BlockingCall> blocking_misuses() {
  using enum BlockingKind;
  static constexpr std::string_view one_bad[] = {"a", "\xFF"};
  const Frame stray = Frame::create_frame("rest", Opcode::continuation);
  const std::string longest(126, 'x');
  return {
      {"WebSocket::send of no UTF-8",
       misuse,
       [](auto& ws) { ws.send("\xFF"); },
       {},
       Errc::invalid_text},
      {"WebSocket::ping of 126 bytes",
       misuse,
       [=](auto& ws) { ws.ping(longest); },
       {},
       Errc::control_too_long},
      {"WebSocket::send_frame of a stray continuation",
       misuse,
       [=](auto& ws) { ws.send_frame(stray); },
       {},
       Errc::no_message_under_way},
      {"WebSocket::send_many with one bad text",
       misuse,
       [](auto& ws) { ws.send_many(one_bad); },
       {"a"},
       Errc::invalid_text},
      {"WebSocket::send_close with 1006",
       misused_close,
       [](auto& ws) { ws.send_close(CloseCode::abnormal_closure); },
       {},
       Errc::close_code_not_allowed},
      {"WebSocket::close with 1006",
       misused_end,
       [](auto& ws) { ws.close(CloseCode::abnormal_closure); },
       {},
       Errc::close_code_not_allowed},
  };
}

std::vector<BlockingCall> all_blocking_calls() {
  std::vector<BlockingCall> all = blocking_calls();
  for (const BlockingCall& row : blocking_misuses()) all.push_back(row);
  return all;
}

/// The error that is thrown: none in `open`; the state's own error; or that of the call.
std::error_code expected_of_blocking(const BlockingCall& call, CallState state) {
  const bool is_open =
      state == CallState::open || state == CallState::backlog || state == CallState::full;
  if (call.kind == BlockingKind::ends) return {};
  if (call.kind == BlockingKind::misused_end) return is_open ? call.misuse : std::error_code();
  if (!is_open) return state == CallState::ended ? Errc::connection_closed : Errc::not_open;
  if (call.kind == BlockingKind::misused_close) return call.misuse;
  const bool waits = call.kind == BlockingKind::message || call.kind == BlockingKind::misuse;
  if (waits && state == CallState::full) return Errc::send_queue_full;
  if (call.kind == BlockingKind::misuse) return call.misuse;
  return state == CallState::open ? std::error_code() : Errc::send_timeout;
}

/// A client, the peer, and one call.
class BlockingWorld {
 public:
  BlockingWorld(CallState state, const BlockingCall& call) : state_(state), call_(call) {
    network_.set_path([](const net::Endpoint&) {
      net::SimulatedPath path;
      path.up.buffer = small_kernel_buffer;
      return path;
    });
    network_.start("client", [this] { work(); });
    if (!network_.run()) throw std::runtime_error("the simulation is stuck");
  }

  std::error_code outcome;
  std::size_t filler_bytes = 0;
  [[nodiscard]] const WirePeer& peer() const noexcept { return peer_; }
  [[nodiscard]] bool is_connected() const noexcept { return was_connected_; }

 private:
  ConnectOptions options() {
    ConnectOptions options;
    options.network = &network_;
    options.proxy_from_environment = false;
    return options;
  }

  void work() {
    WebSocket client(options());
    if (state_ != CallState::without_run) client.connect(peer_.url());
    client.settimeout(50ms);
    make_state(client);
    if (call_.kind == BlockingKind::ends) peer_.reads = true;
    outcome = code_thrown_by([&] { call_.make(client); });
    peer_.reads = true;
    client.settimeout(60s);
    was_connected_ = client.connected();
    if (!std::exchange(peer_.answers_close, true)) peer_.close();
    client.close(STATUS_NORMAL, "", 60s);
    peer_.stop();
  }

  void fill(WebSocket& client, std::size_t size) {
    peer_.reads = false;
    const std::string filler(size, 'f');
    if (code_thrown_by([&] { client.send(filler); }) == Errc::send_timeout) filler_bytes = size;
  }

  void make_state(WebSocket& client) {
    if (state_ == CallState::backlog) fill(client, some_bytes);
    if (state_ == CallState::full) fill(client, limits::send_hard_limit + some_bytes);
    if (state_ == CallState::closing) {
      peer_.answers_close = false;
      client.send_close();
    }
    if (state_ != CallState::ended) return;
    peer_.close(4000);
    (void)client.recv_data();
  }

  const CallState state_;
  const BlockingCall& call_;
  net::SimulatedNetwork network_{1};
  WirePeer peer_{network_, Role::server, 4000};
  bool was_connected_ = false;
};

using BlockingCell = std::tuple<BlockingCall, CallState>;

class BlockingCalls : public ::testing::TestWithParam<BlockingCell> {};
std::string blocking_cell_name(const ::testing::TestParamInfo<BlockingCell>& cell) {
  return test_name(std::get<0>(cell.param).name) + "__" + name_of(std::get<1>(cell.param));
}
INSTANTIATE_TEST_SUITE_P(Table, BlockingCalls,
                         ::testing::Combine(::testing::ValuesIn(all_blocking_calls()),
                                            ::testing::Values(CallState::without_run,
                                                              CallState::open, CallState::backlog,
                                                              CallState::full, CallState::closing,
                                                              CallState::ended)),
                         blocking_cell_name);

TEST_P(BlockingCalls, has_one_outcome_and_what_it_took_arrives_once) {
  const auto& [call, state] = GetParam();
  const BlockingWorld world(state, call);
  EXPECT_EQ(world.outcome, expected_of_blocking(call, state));
  const bool ends = call.kind == BlockingKind::ends || call.kind == BlockingKind::sends_close;
  const bool stays = !ends && state >= CallState::open && state <= CallState::full;
  const bool is_told_later = std::string_view(call.name) == "WebSocket::abort";
  EXPECT_TRUE(is_told_later || world.is_connected() == stays);
  const bool cuts =
      call.kind == BlockingKind::ends && std::string_view(call.name) != "WebSocket::close";
  if (cuts) return;
  const bool is_queued = !world.outcome || world.outcome == Errc::send_timeout ||
                         (world.outcome == call.misuse && state != CallState::full);
  std::vector<std::string> expected = is_queued ? call.payloads : std::vector<std::string>();
  if (world.filler_bytes > 0)
    expected.insert(expected.begin(), std::string(world.filler_bytes, 'f'));
  EXPECT_TRUE(world.peer().got() == expected) << world.peer().got().size() << " messages";
}

class BlockingCallsAmidFrame : public ::testing::TestWithParam<BlockingCall> {};
INSTANTIATE_TEST_SUITE_P(Table, BlockingCallsAmidFrame, ::testing::ValuesIn(all_blocking_calls()),
                         [](const ::testing::TestParamInfo<BlockingCall>& cell) {
                           return test_name(cell.param.name);
                         });

/// get_mask_key is called in the middle of a frame, under the lock of the client.
TEST_P(BlockingCallsAmidFrame, leaves_the_frame_whole) {
  const BlockingCall& call = GetParam();
  net::SimulatedNetwork network(1);
  WirePeer peer(network, Role::server, 4000);
  std::error_code outcome;
  bool was_connected = false;
  network.start("client", [&] {
    ConnectOptions options;
    options.network = &network;
    options.proxy_from_environment = false;
    WebSocket client(options);
    bool is_armed = true;
    client.set_mask_key([&] {
      if (std::exchange(is_armed, false)) {
        outcome = code_thrown_by([&] { call.make(client); });
        was_connected = client.connected();
        client.settimeout(10s);
      }
      return MaskKey{std::byte{1}};
    });
    client.connect(peer.url());
    (void)code_thrown_by([&] { client.send("frame"); });
    client.close(STATUS_NORMAL, "", 10s);
    peer.stop();
  });
  ASSERT_TRUE(network.run());
  const bool cuts = call.kind == BlockingKind::ends && !outcome;
  EXPECT_EQ(outcome, cuts ? std::error_code() : make_error_code(Errc::reentrant_call));
  EXPECT_EQ(cuts, std::string_view(call.name) == "WebSocket::abort" ||
                      std::string_view(call.name) == "WebSocket::shutdown");
  EXPECT_TRUE(was_connected);
  if (!cuts) {
    EXPECT_EQ(peer.got(), std::vector<std::string>{"frame"});
  }
}

TEST(BlockingCallsAmidFrameOnce, the_mask_key_function_cannot_replace_itself) {
  WebSocket client;
  std::error_code outcome;
  net::SimulatedNetwork network(1);
  WirePeer peer(network, Role::server, 4000);
  network.start("client", [&] {
    ConnectOptions options;
    options.network = &network;
    options.proxy_from_environment = false;
    client = WebSocket(options);
    client.set_mask_key([&] {
      outcome = code_thrown_by([&] { client.set_mask_key({}); });
      return MaskKey{std::byte{1}};
    });
    client.connect(peer.url());
    client.send("frame");
    client.close(STATUS_NORMAL, "", 10s);
    peer.stop();
  });
  ASSERT_TRUE(network.run());
  EXPECT_EQ(outcome, Errc::reentrant_call);
  EXPECT_EQ(peer.got(), std::vector<std::string>{"frame"});
}

}  // namespace
}  // namespace wirespan::test
