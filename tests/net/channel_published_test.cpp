// net/channel_output.hpp: published (shared) frames among a server's own, conflation, overflow and
// the send budget.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;
using net::Overflow;

PublishedFrame::Ptr published(std::string_view text, std::string_view key = {}) {
  return PublishedFrame::make(Opcode::text, wire_bytes(text), key);
}

net::SessionOptions small(Overflow overflow) {
  return {.send_high_watermark = 500,
          .send_low_watermark = 100,
          .send_hard_limit = 1000,
          .overflow = overflow};
}

/// A server's channel whose peer takes nothing at first.
struct Server {
  explicit Server(net::SessionOptions options = {})
      : channel(Role::server, {.channel = std::move(options)}) {
    channel.script.room = 0;
    channel.host.start();
  }
  [[nodiscard]] std::error_code publish(std::string_view text, std::string_view key = {}) {
    return channel.host->send_published(published(text, key));
  }
  [[nodiscard]] std::error_code send(std::string_view text) {
    return channel.host->send(Opcode::text, wire_bytes(text));
  }
  /// The peer takes `taken` bytes and then nothing: further messages have to wait.
  void begin_backlog(std::size_t taken = 1) {
    EXPECT_FALSE(send("begin"));
    channel.script.room = taken;
    channel.turn(2);
    EXPECT_TRUE(channel.host->has_backlog());
  }
  [[nodiscard]] List read_all() {
    channel.script.room = SIZE_MAX;
    channel.turn(3);
    return channel.sent();
  }

  StagedChannel channel;
};

/// Sends every kind of frame, in a fixed order.
void send_everything(Server& server) {
  EXPECT_FALSE(server.send("one"));
  EXPECT_FALSE(server.publish("two"));
  EXPECT_FALSE(server.channel.host->ping(bytes_of("3")));
  EXPECT_FALSE(server.publish("four", "key"));
  EXPECT_FALSE(server.publish(std::string(300, '5')));
  EXPECT_FALSE(server.channel.host->pong(bytes_of("6")));
  EXPECT_FALSE(server.send("seven"));
  EXPECT_FALSE(server.channel.host->close(CloseCode::normal, "eight"));
  EXPECT_EQ(server.publish("nine"), Errc::not_open);
  EXPECT_EQ(server.send("nine"), Errc::not_open);
}

const List everything{"text \"one\"",
                      "text \"two\"",
                      "ping 33",
                      "text \"four\"",
                      "text " + readable(bytes_of(std::string(300, '5'))),
                      "pong 36",
                      "text \"seven\"",
                      "close 1000"};

TEST(ChannelPublished, keeps_its_place_among_all_others_however_writes_are_cut) {
  for (std::size_t size = 1; size < 360; size += size < 40 ? 1 : 17) {
    Server server;
    server.channel.script.room = SIZE_MAX;
    server.channel.script.write_size = size;
    send_everything(server);
    server.channel.turn(500);
    EXPECT_EQ(server.channel.sent(), everything) << "pieces of " << size;
  }
}

TEST(ChannelPublished, keeps_its_place_when_the_peer_stops_at_every_byte) {
  for (std::size_t room = 0; room < 360; room += room < 60 ? 1 : 13) {
    Server server;
    server.channel.script.room = room;
    send_everything(server);
    server.channel.turn(2);
    EXPECT_EQ(server.read_all(), everything) << "after " << room;
  }
}

TEST(ChannelPublished, is_neither_copied_nor_kept_longer_than_needed) {
  Server server;
  const auto frame = published("shared");
  EXPECT_FALSE(server.channel.host->send_published(frame));
  EXPECT_FALSE(server.channel.host->send_published(frame));
  EXPECT_EQ(server.channel.host->memory(), 0U) << "of its own; the loop's queue has it";
  EXPECT_EQ(server.read_all(), (List{"text \"shared\"", "text \"shared\""}));
  EXPECT_EQ(server.channel.host->unsent_bytes(), 0U);
}

TEST(ChannelPublished, in_the_middle_of_a_fragmented_message_it_is_refused) {
  Server server;
  EXPECT_FALSE(server.channel.host->send(Opcode::text, bytes_of("a"), {.fin = false}));
  EXPECT_TRUE(server.publish("between"));
  EXPECT_FALSE(server.channel.host->send(Opcode::continuation, bytes_of("b")));
  EXPECT_FALSE(server.publish("after"));
  EXPECT_EQ(server.read_all().size(), 3U);
}

TEST(ChannelPublished, a_newer_value_replaces_an_unsent_one_and_nothing_else_moves) {
  Server server;
  EXPECT_FALSE(server.publish("a1", "a"));
  EXPECT_FALSE(server.send("mine"));
  EXPECT_FALSE(server.publish("b1", "b"));
  EXPECT_FALSE(server.publish("none"));
  EXPECT_FALSE(server.publish("a2", "a"));
  EXPECT_FALSE(server.publish("b2", "b"));
  EXPECT_FALSE(server.publish("a3", "a"));
  EXPECT_EQ(server.channel.events(), (List{"conflated", "conflated", "conflated"}));
  EXPECT_EQ(server.read_all(),
            (List{"text \"a3\"", "text \"mine\"", "text \"b2\"", "text \"none\""}));
}

TEST(ChannelPublished, a_value_that_has_begun_to_leave_is_finished) {
  for (std::size_t room = 1; room < 4; ++room) {
    Server server;
    EXPECT_FALSE(server.publish("a1", "a"));
    server.channel.script.room = room;
    server.channel.turn();
    EXPECT_FALSE(server.publish("a2", "a"));
    EXPECT_FALSE(server.publish("a3", "a"));
    EXPECT_EQ(server.read_all(), (List{"text \"a1\"", "text \"a3\""})) << room;
  }
}

TEST(ChannelOverflow, refuse_keeps_what_there_is) {
  Server server(small(Overflow::refuse));
  server.begin_backlog();
  EXPECT_FALSE(server.publish(std::string(700, 'p')));
  EXPECT_EQ(server.publish(std::string(200, 'p')), Errc::send_queue_full);
  EXPECT_EQ(server.send(std::string(200, 's')), Errc::send_queue_full);
  EXPECT_FALSE(server.send("small"));
  EXPECT_EQ(server.read_all().size(), 3U);
  EXPECT_EQ(server.channel.events(), List{"drained"}) << "who was refused is told";
}

TEST(ChannelOverflow, drop_oldest_makes_room_with_whole_messages_in_their_order) {
  net::SessionOptions options = small(Overflow::drop_oldest);
  options.send_hard_limit += 5 * net::WriteQueue::entry_overhead;
  Server server(options);
  server.begin_backlog();
  for (int i = 0; i < 10; ++i) {
    const std::string text = std::to_string(i) + std::string(199, '.');
    EXPECT_FALSE(i % 2 == 0 ? server.publish(text) : server.send(text)) << i;
    EXPECT_LE(server.channel.host->unsent_bytes(), 1000U);
  }
  EXPECT_EQ(server.channel.events(), List(6, "dropped 1"));
  const List all = server.read_all();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all.front(), "text \"begin\"") << "it had begun to leave";
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(all[i], "text " + readable(bytes_of(std::to_string(i + 5) + std::string(199, '.'))));
  }
}

TEST(ChannelOverflow, drop_oldest_spares_control_frames_and_fragments) {
  Server server(small(Overflow::drop_oldest));
  server.begin_backlog();
  EXPECT_FALSE(server.channel.host->ping(bytes_of("p")));
  EXPECT_FALSE(server.channel.host->send(Opcode::text, bytes_of("a"), {.fin = false}));
  EXPECT_FALSE(server.channel.host->send(Opcode::continuation, bytes_of("b"), {.fin = true}));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(server.send(std::string(200, 'x')));
  const List all = server.read_all();
  EXPECT_EQ((List{all[0], all[1], all[2].substr(0, 4)}),
            (List{"text \"begin\"", "ping 70", "text"}));
}

TEST(ChannelOverflow, drop_oldest_drops_nothing_for_a_message_that_has_no_room_even_then) {
  Server server(small(Overflow::drop_oldest));
  server.begin_backlog();
  EXPECT_FALSE(server.publish("small"));
  EXPECT_EQ(server.publish(std::string(5000, 'x')), Errc::send_queue_full);
  EXPECT_EQ(server.channel.events(), List{});
  EXPECT_EQ(server.read_all(), (List{"text \"begin\"", "text \"small\""}));
}

TEST(ChannelOverflow, close_says_1013_behind_what_was_accepted) {
  Server server(small(Overflow::close));
  server.begin_backlog();
  EXPECT_FALSE(server.publish("kept"));
  EXPECT_EQ(server.publish(std::string(2000, 'x')), Errc::overflow_closed);
  EXPECT_EQ(server.publish("later"), Errc::not_open);
  EXPECT_EQ(server.read_all(), (List{"text \"begin\"", "text \"kept\"", "close 1013"}));
}

TEST(ChannelOverflow, close_also_for_a_message_of_its_own) {
  Server server(small(Overflow::close));
  server.begin_backlog();
  EXPECT_EQ(server.send(std::string(2000, 'x')), Errc::overflow_closed);
  EXPECT_EQ(server.read_all().back(), "close 1013");
}

/// Two channels of one loop share a budget of unsent bytes.
TEST(ChannelBudget, is_shared_and_given_back) {
  net::SendBudget budget(1000);
  net::SessionOptions options;
  options.budget = &budget;
  {
    Server one(options);
    Server two(options);
    one.begin_backlog(1);
    two.begin_backlog(1);
    EXPECT_EQ(budget.used, 12U);
    EXPECT_EQ(budget.debtors(), 2U);
    EXPECT_FALSE(one.send(std::string(600, 'x')));
    EXPECT_EQ(one.send(std::string(600, 'x')), Errc::send_budget_spent) << "it owes the most";
    EXPECT_FALSE(two.send(std::string(300, 'x')));
    EXPECT_GT(budget.used, 900U);
    EXPECT_EQ(one.read_all().size(), 2U);
    EXPECT_LT(budget.used, 400U) << "what has left is given back";
    EXPECT_FALSE(two.send(std::string(600, 'x')));
    two.channel.host->abort(Errc::connection_closed);
    EXPECT_EQ(budget.used, 0U);
    EXPECT_EQ(budget.debtors(), 0U);
  }
  Server dropped(options);
  dropped.begin_backlog();
  EXPECT_GT(budget.used, 0U);
  dropped.channel.host.drop();
  EXPECT_EQ(budget.used, 0U);
  EXPECT_EQ(budget.debtors(), 0U);
}

/// When the budget is spent, the connection with the most unsent bytes is closed, and one without a
/// backlog is not refused.
TEST(ChannelBudget, the_largest_debtor_pays_and_never_one_that_owes_nothing) {
  net::SendBudget budget(3000);
  net::SessionOptions options;
  options.budget = &budget;
  Server small_debtor(options);
  Server large_debtor(options);
  Server healthy(options);
  small_debtor.begin_backlog(1);
  large_debtor.begin_backlog(1);
  EXPECT_FALSE(small_debtor.send(std::string(900, 'x')));
  EXPECT_FALSE(large_debtor.send(std::string(2000, 'x')));
  EXPECT_FALSE(healthy.send(std::string(500, 'h')));
  large_debtor.channel.turn();
  EXPECT_EQ(large_debtor.channel.end().error, Errc::overflow_closed);
  EXPECT_GT(large_debtor.channel.end().unsent_bytes, 2000U) << "what was accepted is told as lost";
  EXPECT_FALSE(small_debtor.channel.host.ended());
  EXPECT_EQ(healthy.read_all().size(), 1U);
  EXPECT_LE(budget.used, 1000U);
}

/// The budget also bounds the first message of each connection.
TEST(ChannelBudget, bounds_first_messages_too) {
  net::SendBudget budget(1000);
  net::SessionOptions options;
  options.budget = &budget;
  Server alone(options);
  EXPECT_EQ(alone.send(std::string(1001, 'x')), Errc::send_budget_spent);
  std::vector<std::unique_ptr<Server>> crowd;
  for (int i = 0; i < 30; ++i) {
    crowd.push_back(std::make_unique<Server>(options));
    crowd.back()->channel.script.room = 0;
    EXPECT_FALSE(crowd.back()->send(std::string(900, 'x'))) << i;
    EXPECT_LE(budget.used, 2000U) << "the limit and one message";
  }
}

TEST(ChannelBudget, does_not_stand_in_the_way_of_who_has_no_backlog) {
  net::SendBudget budget(10'000);
  budget.used = 20'000;
  net::SessionOptions options;
  options.budget = &budget;
  Server server(options);
  server.channel.script.room = SIZE_MAX;
  EXPECT_FALSE(server.send(std::string(5000, 'x')));
  EXPECT_EQ(server.read_all().size(), 1U);
  EXPECT_EQ(budget.used, 20'000U);
}

/// A message that was accepted on another thread may overdraw the budget: it is written at once,
/// and what the kernel does not take then leaves like any other backlog.
TEST(ChannelBudget, a_write_at_once_leaves_a_backlog_that_is_written_later) {
  for (const std::size_t room : {0U, 1U, 100U}) {
    net::SendBudget budget(1000);
    net::SessionOptions options;
    options.budget = &budget;
    Server debtor(options);
    debtor.begin_backlog();
    EXPECT_FALSE(debtor.send(std::string(800, 'x')));
    Server healthy(options);
    healthy.channel.turn();
    healthy.channel.script.room = room;
    const net::SendHow granted{.admission = net::Admission::granted};
    EXPECT_FALSE(
        healthy.channel.host->send(Opcode::text, bytes_of(std::string(900, 'h')), granted));
    EXPECT_TRUE(healthy.channel.host->has_backlog()) << "it was written at once";
    EXPECT_EQ(healthy.read_all().size(), 1U) << room;
    EXPECT_LE(budget.used, budget.limit);
  }
}

TEST(ChannelBudget, holds_within_one_turn_too) {
  net::SendBudget budget(1000);
  net::SessionOptions options;
  options.budget = &budget;
  Server server(options);
  EXPECT_FALSE(server.publish(std::string(600, 'x')));
  EXPECT_EQ(server.publish(std::string(600, 'x')), Errc::send_budget_spent);
  EXPECT_EQ(server.read_all().size(), 1U);
  EXPECT_EQ(budget.used, 0U);
}

/// Demands 100 bytes of a message in 10 s.
net::SessionOptions demanding() {
  net::SessionOptions options;
  options.progress_time = 10s;
  options.progress_bytes = 100;
  return options;
}

/// Returns a message of 10,000 bytes, masked as by a client; tests send its beginning.
ByteVector long_message() { return masked(frame(0x82, pattern_bytes(10'000))); }

TEST(ChannelProgress, who_trickles_inside_a_message_fails_with_1008) {
  StagedChannel channel(Role::server, {.channel = demanding()});
  channel.host.start();
  const ByteVector wire = long_message();
  for (std::size_t second = 0; second < 30 && !channel.host.ended(); ++second) {
    channel.script.receive(owned(Bytes(wire).subspan(second * 9, 9)));
    channel.run_for(1s);
    if (!channel.script.written.empty()) break;
  }
  EXPECT_GE(channel.elapsed(), 10s);
  EXPECT_LE(channel.elapsed(), 12s);
  EXPECT_TRUE(channel.sent().back().starts_with("close 1008")) << channel.sent().back();
  channel.run_for(30s);
  EXPECT_EQ(channel.end().error, Errc::slow_sender);
}

TEST(ChannelProgress, who_brings_enough_may_take_as_long_as_it_likes) {
  StagedChannel channel(Role::server, {.channel = demanding()});
  channel.host.start();
  const ByteVector wire = long_message();
  for (std::size_t at = 0; at < wire.size(); at += 15) {
    channel.script.receive(
        owned(Bytes(wire).subspan(at, std::min<std::size_t>(15, wire.size() - at))));
    channel.run_for(1s);
  }
  EXPECT_EQ(channel.host.messages, 1U);
  channel.run_for(60s);
  EXPECT_FALSE(channel.host.ended()) << "between messages there is no such duty";
}

TEST(ChannelProgress, between_fragments_the_duty_goes_on) {
  StagedChannel channel(Role::server, {.channel = demanding()});
  channel.host.start();
  channel.deliver("01 01 61"_hex);
  for (int i = 0; i < 15 && channel.script.written.empty(); ++i) {
    channel.receive("00 00"_hex);
    channel.run_for(1s);
  }
  EXPECT_TRUE(channel.sent().back().starts_with("close 1008"));
}

TEST(ChannelProgress, a_message_before_does_not_count) {
  StagedChannel channel(Role::server, {.channel = demanding()});
  channel.host.start();
  const ByteVector wire = long_message();
  for (const Bytes part : {Bytes(wire).first(9), Bytes(wire).subspan(9)}) {
    channel.script.receive(owned(part));
    channel.turn();
  }
  ASSERT_EQ(channel.host.messages, 1U);
  channel.deliver("01 01 61"_hex);
  channel.run_for(15s);
  ASSERT_FALSE(channel.sent().empty());
  EXPECT_TRUE(channel.sent().back().starts_with("close 1008"));
}

TEST(ChannelProgress, a_pause_of_ours_is_not_held_against_the_peer) {
  StagedChannel channel(Role::server, {.channel = demanding()});
  channel.host.start();
  channel.deliver("01 01 61"_hex);
  channel.host->pause_reading();
  channel.run_for(60s);
  EXPECT_TRUE(channel.script.written.empty());
  channel.host->resume_reading();
  channel.run_for(15s);
  EXPECT_TRUE(channel.sent().back().starts_with("close 1008"));
}

}  // namespace
}  // namespace wirespan::test
