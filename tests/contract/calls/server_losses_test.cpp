// server_losses_test.cpp - the table of the ends of a server's connection: every byte that was
// accepted has reached the kernel or is told by buffered_amount() inside on_close.
#include "contract/calls/server_losses.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/places.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t server_close = 4;  // header, code

/// The header of a message of 256 bytes, and nothing of its payload.
const std::string half_a_message(wire_text(from_hex("82 fe 0100 00000000")));

std::size_t closing_with(std::string_view reason) { return server_close + reason.size(); }
std::size_t closing_for(Errc error) { return closing_with(make_error_code(error).message()); }

std::vector<ServerLoss> client_violations() {
  std::vector<ServerLoss> rows;
  for (const Violation& one : violations_of_servers()) {
    const std::string bytes(wire_text(masked(wire_bytes(one.bytes))));
    rows.push_back({one.name, [bytes](ServerLossWorld& world) { world.peer().write(bytes); },
                    one.error, closing_for(one.error)});
  }
#ifdef WIRESPAN_TEST_DEFLATE
  for (const Violation& one : violations_of_compression()) {
    const std::string bytes(wire_text(masked(wire_bytes(one.bytes))));
    rows.push_back({one.name, [bytes](ServerLossWorld& world) { world.peer().write(bytes); },
                    one.error, closing_for(one.error), true,
                    [](ServerOptions& options) {
                      options.compression.emplace().max_inflate_ratio = 100;
                      options.max_message_size = limits::message_size;
                    }});
  }
#endif
  rows.push_back({"missing_mask", [](ServerLossWorld& world) { world.peer().write("\x81\x01m"); },
                  Errc::missing_mask, closing_for(Errc::missing_mask)});
  rows.push_back({"ping_flood",
                  [](ServerLossWorld& world) {
                    for (int i = 0; i < 11; ++i) world.peer().send(0x89, "");
                  },
                  Errc::ping_flood, closing_for(Errc::ping_flood), true,
                  [](ServerOptions& options) { options.max_pings_per_second = 10; }});
  return rows;
}

/// Ends that the client has begun, or the network.
std::vector<ServerLoss> ends_from_outside() {
  return {
      {"Close_of_the_peer",
       [](ServerLossWorld& world) {
         world.peer().close(4000);
         world.network().sleep_for(500ms);
         world.peer().reads = true;
       },
       {},
       server_close},
      {"close_timeout of the peer's Close",
       [](ServerLossWorld& world) { world.peer().close(4000); },
       {},
       server_close},
      {"reset", [](ServerLossWorld& world) { world.network().reset_connections(); },
       make_error_code(std::errc::connection_reset)},
      {"write_error", [](ServerLossWorld& world) { break_writes(world.network(), world.peer()); },
       make_error_code(std::errc::broken_pipe)},
      {"connection_lost", [](ServerLossWorld& world) { world.peer().end_output(); },
       Errc::connection_lost},
      {"ping_timeout", [](ServerLossWorld& world) { world.network().silence_connections(); },
       Errc::ping_timeout, closing_for(Errc::ping_timeout) + 2, true,
       [](ServerOptions& options) {
         options.ping_interval = 5s;
         options.ping_timeout = 2s;
       }},
      {"idle_timeout", [](ServerLossWorld&) {}, Errc::idle_timeout, closing_with("idle"), true,
       [](ServerOptions& options) { options.idle_time = 2s; }},
      {"slow_sender", [](ServerLossWorld& world) { world.peer().write(half_a_message); },
       Errc::slow_sender, closing_for(Errc::slow_sender), true,
       [](ServerOptions& options) { options.progress_time = 2s; }},
  };
}

/// Ends that the application has begun.
std::vector<ServerLoss> ends_of_ours() {
  return {
      {"Close_of_ours",
       [](ServerLossWorld& world) {
         world.peer().reads = true;
         (void)world.connection().close();
       },
       {},
       server_close,
       false},
      {"close_timeout", [](ServerLossWorld& world) { (void)world.connection().close(); },
       Errc::close_timeout, server_close},
      {"close_timeout of stop()",
       [](ServerLossWorld& world) { world.server().stop({.deadline = 1s}); }, Errc::close_timeout,
       server_close},
      {"stop() at once", [](ServerLossWorld& world) { world.server().stop({.deadline = 0ms}); },
       Errc::close_timeout, server_close},
      {"connection_closed", [](ServerLossWorld& world) { (void)world.connection().abort(); },
       Errc::connection_closed},
      {"destruction", [](ServerLossWorld& world) { world.destroy(); }, Errc::connection_closed},
      {"handler_failed",
       [](ServerLossWorld& world) {
         world.handlers_throw = true;
         world.peer().send(0x81, "go");
       },
       Errc::handler_failed, closing_for(Errc::handler_failed)},
  };
}

/// The client reads too slowly, and the options say that this ends the connection.
std::vector<ServerLoss> ends_by_overflow() {
  return {
      {"overflow_closed",
       [](ServerLossWorld& world) {
         world.on_loop([&] {
           EXPECT_EQ(world.connection().send_binary(ByteVector(10'000)), Errc::overflow_closed);
         });
       },
       Errc::close_timeout, closing_with("too slow"), true,
       [](ServerOptions& options) {
         options.overflow = Overflow::close;
         options.send_hard_limit = 3 * messages_each * (message_size + 16);
       }},
      {"overflow_closed from another thread",
       [](ServerLossWorld& world) {
         EXPECT_EQ(world.connection().send_binary(ByteVector(10'000)), Errc::overflow_closed);
       },
       Errc::close_timeout, closing_with("too slow"), true,
       [](ServerOptions& options) {
         options.overflow = Overflow::close;
         options.send_hard_limit = 3 * messages_each * (message_size + 16);
       }},
      {"overflow_closed of the largest debtor",
       [](ServerLossWorld& world) { world.send_to_another(20'000); }, Errc::overflow_closed, 0,
       true, [](ServerOptions& options) { options.loop_send_budget = 60'000; }},
  };
}

std::vector<ServerLoss> all_server_losses() {
  std::vector<ServerLoss> all = ends_of_ours();
  for (const auto& more : {ends_by_overflow(), ends_from_outside(), client_violations()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

class ServerLosses : public ::testing::TestWithParam<ServerLoss> {};
INSTANTIATE_TEST_SUITE_P(Table, ServerLosses, ::testing::ValuesIn(all_server_losses()),
                         [](const auto& row) { return test_name(row.param.name); });

TEST_P(ServerLosses, every_accepted_byte_is_written_or_told_inside_on_close) {
  const ServerLoss& row = GetParam();
  ServerLossWorld world(row);
  const LossAccount account = world.account();
  EXPECT_EQ(world.closes(), 1);
  EXPECT_EQ(world.cause(), row.cause) << world.cause().message();
  EXPECT_EQ(account.accepted, 3U * messages_each);
  EXPECT_EQ(account.left(), account.right())
      << account.by_connections << " messages of connections, written " << account.written
      << ", told " << account.told;
  EXPECT_EQ(account.told > 0, row.loses);
  EXPECT_EQ(world.stats().unsent_at_close, account.told);
  EXPECT_LE(world.peer().wire_bytes_got(), account.written);
  if (row.name.starts_with("Close_of")) {
    EXPECT_EQ(world.peer().data_frames(), account.by_connections) << "what was taken has arrived";
  }
}

struct ServerDrop {
  const char* name;
  Overflow overflow;
  const char* key;             // of published messages
  std::size_t limit = 10'000;  // also less than the outbox gets
};
void PrintTo(const ServerDrop& row, std::ostream* out) { *out << row.name; }

class ServerDrops : public ::testing::TestWithParam<ServerDrop> {};
INSTANTIATE_TEST_SUITE_P(Table, ServerDrops,
                         ::testing::Values(ServerDrop{"drop_oldest", Overflow::drop_oldest, ""},
                                           ServerDrop{"conflation", Overflow::refuse, "key",
                                                      100'000},
                                           ServerDrop{"both", Overflow::drop_oldest, "key"},
                                           ServerDrop{"refuse", Overflow::refuse, ""}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(ServerDrops, every_accepted_message_arrives_or_is_counted) {
  std::size_t published = 0;
  const auto publish = [&](ServerLossWorld& world) {
    for (int i = 0; i < messages_each; ++i) {
      const std::string text(message_size, 'p');
      if (!world.server().publish("news", text, GetParam().key)) ++published;
    }
  };
  const ServerLoss row{.name = GetParam().name,
                       .end =
                           [&](ServerLossWorld& world) {
                             (void)world.connection().subscribe("news");
                             publish(world);
                             world.on_loop([&] { publish(world); });
                             world.network().sleep_for(100ms);
                             world.peer().reads = true;
                           },
                       .options =
                           [](ServerOptions& options) {
                             options.overflow = GetParam().overflow;
                             options.send_hard_limit = GetParam().limit;
                           }};
  ServerLossWorld world(row);
  const ServerStats& stats = world.stats();
  EXPECT_EQ(published, 2U * messages_each) << "tells only whether the server can";
  // A published message for which this subscriber has no room counts as refused; so does a sent
  // one, which was not accepted then.
  const std::size_t refused_sends = 3U * messages_each - world.account().accepted;
  EXPECT_EQ(world.peer().data_frames() + stats.refused.dropped + stats.conflated +
                stats.refused.send_queue,
            world.account().accepted + refused_sends + published);
  EXPECT_EQ(stats.refused.dropped > 0, GetParam().overflow == Overflow::drop_oldest);
  EXPECT_EQ(stats.conflated > 0, *GetParam().key != '\0');
  EXPECT_EQ(world.account().told, 0U);
}

}  // namespace
}  // namespace wirespan::test
