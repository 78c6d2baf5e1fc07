// blocking_losses_test.cpp - the ends of a blocking client's connection. It counts no lost bytes: a
// send that returns has given its whole frame to the kernel, and one that does not says why.
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/account.hpp"
#include "contract/calls/peer.hpp"
#include "contract/calls/places.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t blocking_frame = message_size + 8;

class BlockingLossWorld;

struct BlockingLoss {
  const char* name;
  std::function<void(BlockingLossWorld&)> end;
  std::error_code next{};   ///< Thrown by the next send.
  bool all_arrive = false;  ///< Those that timed out, too.
};
void PrintTo(const BlockingLoss& row, std::ostream* out) { *out << row.name; }

/// A client that has sent more than its peer reads, and the end.
class BlockingLossWorld {
 public:
  /// `in_fragments`: all that is sent is one message, of which `next` is the last fragment.
  BlockingLossWorld(const BlockingLoss& row, bool in_fragments)
      : row_(row), in_fragments_(in_fragments) {
    network.set_path([](const net::Endpoint&) {
      net::SimulatedPath path;
      path.up.buffer = 10'000;
      return path;
    });
    network.start("client", [this] { work(); });
    if (!network.run()) throw std::runtime_error("the simulation is stuck");
  }

  net::SimulatedNetwork network{1};
  WirePeer peer{network, Role::server, 4000};
  std::optional<WebSocket> client;
  std::size_t returned = 0;   // sends
  std::size_t timed_out = 0;  // sends that have queued their message
  std::error_code next;
  std::size_t written = 0;

 private:
  void send_one(std::string_view text, bool is_last) {
    if (!in_fragments_) {
      client->send(text);
      return;
    }
    const bool has_begun = returned + timed_out > 0;
    client->send_frame({.opcode = has_begun ? Opcode::continuation : Opcode::text,
                        .fin = is_last,
                        .data = std::string(text)});
  }

  void send() {
    const auto error = code_thrown_by([this] { send_one(std::string(message_size, 'm'), false); });
    ++(error ? timed_out : returned);
    EXPECT_TRUE(!error || error == Errc::send_timeout) << error.message();
  }

  void work() {
    ConnectOptions options;
    options.network = &network;
    options.proxy_from_environment = false;
    client.emplace(options);
    client->connect(peer.url());
    const int fd = client->fileno();
    const std::uint64_t before = network.bytes_written(fd);
    client->settimeout(50ms);
    peer.reads = false;
    for (int i = 0; i < 2 * messages_each; ++i) send();
    row_.end(*this);
    network.sleep_for(100ms);
    if (client) next = code_thrown_by([this] { send_one("next", true); });
    written = network.bytes_written(fd) - before;
    peer.reads = true;
    network.sleep_for(1s);
    client.reset();
    peer.stop();
  }

  const BlockingLoss& row_;
  const bool in_fragments_;
};

/// Receives until the call throws; returns the code.
std::error_code receive(WebSocket& client) {
  client.settimeout(10s);
  return code_thrown_by([&] { (void)client.recv(); });
}

std::vector<BlockingLoss> blocking_ends() {
  return {
      {"Close_of_ours",
       [](BlockingLossWorld& world) {
         world.peer.reads = true;
         world.client->close(STATUS_NORMAL, "", 10s);
       },
       Errc::connection_closed, true},
      {"close_timeout",
       [](BlockingLossWorld& world) { world.client->close(STATUS_NORMAL, "", 1s); },
       Errc::not_open},
      {"Close_of_the_peer",
       [](BlockingLossWorld& world) {
         world.peer.answers_close = false;
         world.peer.close(4000);
         EXPECT_EQ(receive(*world.client), Errc::connection_closed);
       },
       Errc::connection_closed},
      {"reset",
       [](BlockingLossWorld& world) {
         world.network.reset_connections();
         EXPECT_EQ(receive(*world.client), std::errc::connection_reset);
       },
       Errc::not_open},
      {"connection_lost",
       [](BlockingLossWorld& world) {
         world.peer.end_output();
         EXPECT_EQ(receive(*world.client), Errc::connection_lost);
       },
       Errc::not_open},
      {"violation",
       [](BlockingLossWorld& world) {
         world.peer.write("\x83");
         world.peer.write(std::string(1, '\0'));
         EXPECT_EQ(receive(*world.client), Errc::reserved_opcode);
       },
       Errc::not_open},
  };
}

std::vector<BlockingLoss> blocking_losses() {
  std::vector<BlockingLoss> all = blocking_ends();
  const std::vector<BlockingLoss> ours{
      {"shutdown", [](BlockingLossWorld& world) { world.client->shutdown(); }, Errc::not_open},
      {"destruction", [](BlockingLossWorld& world) { world.client.reset(); }},
      {"none",
       [](BlockingLossWorld& world) {
         world.peer.reads = true;
         world.client->settimeout(10s);
       },
       {},
       true},
  };
  all.insert(all.end(), ours.begin(), ours.end());
  return all;
}

using BlockingLossCell = std::tuple<BlockingLoss, bool>;

class BlockingLosses : public ::testing::TestWithParam<BlockingLossCell> {};
INSTANTIATE_TEST_SUITE_P(Table, BlockingLosses,
                         ::testing::Combine(::testing::ValuesIn(blocking_losses()),
                                            ::testing::Bool()),
                         [](const ::testing::TestParamInfo<BlockingLossCell>& cell) {
                           return std::string(std::get<0>(cell.param).name) +
                                  (std::get<1>(cell.param) ? "__in_a_cut_message" : "");
                         });

TEST_P(BlockingLosses, what_a_send_returned_for_is_in_the_kernel_and_later_calls_tell_the_end) {
  const auto& [row, in_fragments] = GetParam();
  const BlockingLossWorld world(row, in_fragments);
  EXPECT_EQ(world.returned + world.timed_out, 2U * messages_each);
  EXPECT_GT(world.returned, 1U);
  EXPECT_GT(world.timed_out, 1U);
  EXPECT_EQ(world.next, row.next) << world.next.message();
  EXPECT_GE(world.written, world.returned * blocking_frame);
  EXPECT_LE(world.peer.wire_bytes_got(), world.written);
  const std::size_t all = world.returned + world.timed_out + (row.next ? 0 : 1);
  if (row.all_arrive) {
    EXPECT_EQ(world.peer.data_frames(), all);
  } else {
    EXPECT_LT(world.written, all * blocking_frame) << "the rest is lost, and the end is told";
  }
}

}  // namespace
}  // namespace wirespan::test
