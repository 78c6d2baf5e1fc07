// app_losses_test.cpp - the table of the ends of an app's connection: every byte that was accepted
// has reached the kernel or is told in RunResult::unsent_bytes.
#include "contract/calls/app_losses.hpp"

#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/places.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// A Close frame that fails the connection: its reason is the message of the error.
std::size_t failing_close(Errc error) {
  return client_close + make_error_code(error).message().size();
}

std::vector<AppLoss> app_violations() {
  std::vector<AppLoss> rows;
  for (const Violation& one : violations_of_servers()) {
    rows.push_back({one.name, [one](AppLossWorld& world) { world.peer().write(one.bytes); },
                    one.error, failing_close(one.error)});
  }
#ifdef WIRESPAN_TEST_DEFLATE
  for (const Violation& one : violations_of_compression()) {
    rows.push_back({one.name, [one](AppLossWorld& world) { world.peer().write(one.bytes); },
                    one.error, failing_close(one.error), true,
                    [](AppOptions& options, RunOptions&) {
                      options.compression.emplace().max_inflate_ratio = 100;
                      options.max_message_size = limits::message_size;
                    }});
  }
#endif
  rows.push_back({"unexpected_mask",
                  [](AppLossWorld& world) {
                    world.peer().write(wire_text(masked(frame(0x81, wire_bytes("m")))));
                  },
                  Errc::unexpected_mask, failing_close(Errc::unexpected_mask)});
  rows.push_back({"ping_flood",
                  [](AppLossWorld& world) {
                    for (int i = 0; i < 1'001; ++i) world.peer().send(0x89, "");
                  },
                  Errc::ping_flood, failing_close(Errc::ping_flood)});
  return rows;
}

std::vector<AppLoss> app_closes() {
  return {
      {"Close_of_ours",
       [](AppLossWorld& world) {
         world.peer().reads = true;
         world.app().close();
       },
       {},
       client_close,
       false},
      {"Close_of_the_peer",
       [](AppLossWorld& world) {
         world.peer().close(4000);
         world.network().sleep_for(500ms);
         world.peer().reads = true;
       },
       {},
       client_close},
      {"close_timeout", [](AppLossWorld& world) { world.app().close(STATUS_NORMAL, "", 2s); },
       Errc::close_timeout, client_close},
      {"close_timeout of the peer's Close",
       [](AppLossWorld& world) { world.peer().close(4000); },
       {},
       client_close},
  };
}

/// Ends that the network has begun, or silence.
std::vector<AppLoss> app_ends_by_network() {
  return {
      {"reset", [](AppLossWorld& world) { world.network().reset_connections(); },
       make_error_code(std::errc::connection_reset)},
      {"write_error", [](AppLossWorld& world) { break_writes(world.network(), world.peer()); },
       make_error_code(std::errc::broken_pipe)},
      {"connection_lost", [](AppLossWorld& world) { world.peer().end_output(); },
       Errc::connection_lost},
      {"ping_timeout", [](AppLossWorld& world) { world.network().silence_connections(); },
       Errc::ping_timeout, failing_close(Errc::ping_timeout) + 6, true,
       [](AppOptions&, RunOptions& options) {
         options.ping_interval = 5s;
         options.ping_timeout = 2s;
       }},
  };
}

/// Ends that the application has begun.
std::vector<AppLoss> app_ends_of_ours() {
  return {
      {"overflow_closed",
       [](AppLossWorld& world) {
         world.on_loop([&] { (void)world.app().try_send(std::string(10'000, 'm')); });
       },
       Errc::overflow_closed, client_close + std::string_view("too slow").size(), true,
       [](AppOptions& options, RunOptions&) {
         options.overflow = Overflow::close;
         options.send_hard_limit = 3 * messages_each * (message_size + 16);
       }},
      {"overflow_closed from another thread",
       [](AppLossWorld& world) {
         EXPECT_EQ(world.app().try_send(std::string(10'000, 'm')), Errc::overflow_closed);
       },
       Errc::overflow_closed, client_close + std::string_view("too slow").size(), true,
       [](AppOptions& options, RunOptions&) {
         options.overflow = Overflow::close;
         options.send_hard_limit = 3 * messages_each * (message_size + 16);
       }},
      {"handler_failed",
       [](AppLossWorld& world) {
         world.handlers_throw = true;
         world.peer().send(0x81, "go");
       },
       Errc::handler_failed, failing_close(Errc::handler_failed)},
      {"no_mask_key",
       [](AppLossWorld& world) {
         world.keys_fail = true;
         world.on_loop([&] { (void)world.app().try_send("no key"); });
         world.keys_fail = false;
       },
       Errc::no_mask_key},
  };
}

std::vector<AppLoss> all_app_losses() {
  std::vector<AppLoss> all = app_closes();
  for (const auto& more : {app_ends_by_network(), app_ends_of_ours(), app_violations()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

using AppLossCell = std::tuple<AppLoss, bool>;

class AppLosses : public ::testing::TestWithParam<AppLossCell> {};
INSTANTIATE_TEST_SUITE_P(
    Table, AppLosses, ::testing::Combine(::testing::ValuesIn(all_app_losses()), ::testing::Bool()),
    [](const ::testing::TestParamInfo<AppLossCell>& cell) {
      return test_name(std::get<0>(cell.param).name) + (std::get<1>(cell.param) ? "__keeps" : "");
    });

TEST_P(AppLosses, every_accepted_byte_is_written_or_told_as_unsent) {
  const auto& [row, comes_back] = GetParam();
  AppLossWorld world(row, comes_back);
  const LossAccount account = world.account();
  EXPECT_EQ(account.accepted, 3U * messages_each);
  EXPECT_EQ(account.left(), account.right())
      << account.by_connections << " messages of connections, written " << account.written
      << ", told " << account.told;
  const bool is_given_back = comes_back && row.name == "Close_of_the_peer";
  EXPECT_EQ(account.told > 0, row.loses && !is_given_back);
  EXPECT_EQ(world.metrics().bytes_out, account.written);
  EXPECT_LE(world.peer().wire_bytes_got(), account.written);
  if (row.name.starts_with("Close_of") || account.told == 0) {
    EXPECT_EQ(world.peer().data_frames(), account.by_connections) << "what was taken has arrived";
  }
  EXPECT_EQ(world.closes(), 1);
  EXPECT_EQ(world.buffered_at_end(), 0U);
  if (!comes_back) {
    EXPECT_EQ(world.result().error, row.error) << world.result().text();
  }
}

/// Messages that are sent between two connections, above AppOptions::down_limit: it has room for
/// those that the first connection gives back, and for two more.
AppLoss above_down_limit(Overflow overflow) {
  return {.name = overflow == Overflow::refuse ? "refuse" : "drop_oldest",
          .end =
              [](AppLossWorld& world) {
                world.network().reset_connections();
                world.network().sleep_for(100ms);
                EXPECT_FALSE(world.app().ready());
                world.send_some();
              },
          .options =
              [overflow](AppOptions& options, RunOptions&) {
                options.overflow = overflow;
                options.down_limit = (messages_each + 2) * (message_size + 128);
              }};
}

class AppDownLosses : public ::testing::TestWithParam<Overflow> {};
INSTANTIATE_TEST_SUITE_P(Table, AppDownLosses,
                         ::testing::Values(Overflow::refuse, Overflow::drop_oldest),
                         [](const auto& row) { return above_down_limit(row.param).name; });

TEST_P(AppDownLosses, every_accepted_message_is_written_or_told_or_counted) {
  const AppLoss row = above_down_limit(GetParam());
  AppLossWorld world(row, true);
  LossAccount account = world.account();
  account.counted = world.metrics().dropped;
  EXPECT_EQ(account.left(), account.right())
      << account.by_connections << " messages of connections, written " << account.written
      << ", told " << account.told << ", counted " << account.counted;
  EXPECT_EQ(account.accepted < 4U * messages_each, GetParam() == Overflow::refuse);
  EXPECT_EQ(account.counted > 0, GetParam() == Overflow::drop_oldest);
  EXPECT_EQ(world.buffered_at_end(), 0U);
}

std::vector<AppLoss> app_drops() {
  const auto reads = [](AppLossWorld& world) { world.peer().reads = true; };
  return {
      {"drop_oldest",
       reads,
       {},
       client_close,
       false,
       [](AppOptions& options, RunOptions&) {
         options.overflow = Overflow::drop_oldest;
         options.send_hard_limit = 10'000;  // also less than the outbox gets
       }},
      {"conflation", reads, {}, client_close, false, {}, "key"},
  };
}

class AppDrops : public ::testing::TestWithParam<AppLoss> {};
INSTANTIATE_TEST_SUITE_P(Table, AppDrops, ::testing::ValuesIn(app_drops()),
                         [](const auto& row) { return row.param.name; });

TEST_P(AppDrops, every_accepted_message_arrives_or_is_counted) {
  AppLossWorld world(GetParam(), false);
  const AppMetrics metrics = world.metrics();
  EXPECT_EQ(world.account().accepted, 3U * messages_each);
  EXPECT_EQ(world.peer().data_frames() + metrics.dropped + metrics.conflated, 3U * messages_each);
  EXPECT_EQ(metrics.dropped > 0, GetParam().key.empty());
  EXPECT_EQ(metrics.conflated > 0, !GetParam().key.empty());
  EXPECT_EQ(world.result().unsent_bytes, 0U);
}

}  // namespace
}  // namespace wirespan::test
