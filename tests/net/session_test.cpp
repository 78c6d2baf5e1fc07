// net/session.hpp with an owner that has neither a socket nor a clock: two sessions exchange their
// bytes, whole and in pieces. RFC 6455 §5, §7.
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/frames.hpp"
#include "support/session_owner.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

TEST(Session, two_of_them_talk_and_close_in_pieces_of_every_size) {
  for (std::size_t size = 1; size < 60; ++size) {
    SessionOwner client(Role::client);
    SessionOwner server(Role::server);
    EXPECT_FALSE(client.session.send(Opcode::text, wire_bytes("question")));
    EXPECT_FALSE(server.session.send(Opcode::text, wire_bytes("welcome")));
    EXPECT_FALSE(client.session.close(CloseCode::normal, "bye", {}, net::AfterClose::deliver));
    for (int turn = 0; turn < 200; ++turn) {
      server.give(client.take(size));
      client.give(server.take(size));
    }
    EXPECT_EQ(server.seen_by_owner, List{seen::text(wire_bytes("question"))}) << size;
    EXPECT_EQ(client.seen_by_owner, List{seen::text(wire_bytes("welcome"))}) << size;
    EXPECT_EQ(server.session.phase(), net::Session::Phase::lingering);
    EXPECT_TRUE(server.session.wants_shutdown()) << "the server ends the stream";
    EXPECT_FALSE(client.session.wants_shutdown());
    client.session.read_ended({});
    server.session.read_ended({});
    ASSERT_TRUE(client.session.over() && server.session.over());
    const net::SessionEnd end = server.session.take_end();
    EXPECT_FALSE(end.error);
    EXPECT_EQ(end.code, CloseCode::normal);
    EXPECT_EQ(end.reason, "bye");
    EXPECT_EQ(client.session.take_end().unsent_bytes, 0U);
  }
}

TEST(Session, a_deadline_is_told_and_nothing_happens_before_it) {
  SessionOwner alone(Role::client, {.idle_time = 5s});
  EXPECT_EQ(alone.session.deadline(), alone.now + 5s);
  alone.now += 4s;
  EXPECT_FALSE(alone.session.tick(alone.now));
  EXPECT_EQ(alone.session.state(), State::open);
  alone.now += 1s;
  EXPECT_FALSE(alone.session.tick(alone.now));
  EXPECT_EQ(alone.session.state(), State::closing);
  (void)alone.take(100);
  EXPECT_EQ(alone.session.deadline(), alone.now + limits::close_time);
  alone.now += limits::close_time;
  (void)alone.session.tick(alone.now);
  EXPECT_TRUE(alone.session.over());
  EXPECT_EQ(alone.session.take_end().error, Errc::idle_timeout);
}

TEST(Session, destroyed_or_aborted_it_counts_what_is_lost) {
  SessionOwner one(Role::server);
  EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(1000)));
  const std::size_t accepted = one.session.unsent_bytes();
  EXPECT_EQ(one.take(100).size(), 100U);
  one.session.abort(Errc::connection_lost);
  EXPECT_EQ(one.session.unsent_bytes(), accepted - 100);
  EXPECT_EQ(one.session.send(Opcode::binary, pattern_bytes(1)), Errc::not_open);
  EXPECT_EQ(one.session.take_end().unsent_bytes, accepted - 100);
}

/// A message that cannot be sent makes no room: what was accepted before our Close stays.
TEST(Session, a_send_after_our_close_drops_nothing_and_owes_nothing) {
  for (const net::Overflow overflow :
       {net::Overflow::refuse, net::Overflow::drop_oldest, net::Overflow::close}) {
    SessionOwner one(Role::server, {.send_hard_limit = 300, .overflow = overflow});
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
    EXPECT_EQ(one.take(10).size(), 10U);
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
    EXPECT_FALSE(one.session.close(CloseCode::normal, ""));
    const std::size_t accepted = one.session.unsent_bytes();
    for (const net::Admission admission : {net::Admission::ask, net::Admission::granted}) {
      const net::SendHow how{.admission = admission};
      EXPECT_EQ(one.session.send(Opcode::binary, pattern_bytes(200), how), Errc::not_open);
      EXPECT_EQ(one.session.send(Opcode::ping, pattern_bytes(20), how), Errc::not_open);
    }
    EXPECT_EQ(one.session.take_dropped(), 0U);
    EXPECT_EQ(one.session.unsent_bytes(), accepted);
    EXPECT_EQ(one.take(1000).size(), accepted);
    EXPECT_FALSE(one.session.take_drained());
  }
}

/// TLS has encrypted a record and then finds that the kernel takes none of it: the messages in it
/// have left as far as the peer is concerned, although no byte counts as written.
TEST(Session, a_record_that_was_refused_as_a_whole_stays_as_it_is) {
  SessionOwner one(Role::server, {.send_hard_limit = 700, .overflow = net::Overflow::drop_oldest});
  EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100), {.key = "price"}));
  const std::size_t record = one.session.unsent_bytes();
  one.session.wrote(0, record, false);
  EXPECT_TRUE(one.session.end_of_write(false));
  EXPECT_FALSE(one.session.send(Opcode::binary, ByteVector(100, std::byte{1}), {.key = "price"}));
  EXPECT_EQ(one.session.take_conflated(), 0U);
  EXPECT_FALSE(one.session.send(Opcode::binary, ByteVector(400, std::byte{2})));
  EXPECT_EQ(one.session.take_dropped(), 1U) << "the newer price";
  const ByteVector first = one.take(record);
  EXPECT_EQ(ByteVector(first.begin() + 2, first.end()), pattern_bytes(100));
}

TEST(Session, after_a_failed_write_no_reply_is_offered) {
  SessionOwner one(Role::server);
  EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
  EXPECT_EQ(one.take(10).size(), 10U);
  const std::size_t lost = one.session.unsent_bytes();
  one.session.write_failed(make_error_code(std::errc::broken_pipe), one.now);
  one.give(as_received_by(Role::server, frame(0x88, {})));
  std::array<Bytes, 4> pieces;
  EXPECT_EQ(one.session.gather(pieces), 0U) << "the Close would stand inside of a message";
  ASSERT_TRUE(one.session.over());
  EXPECT_EQ(one.session.take_end().unsent_bytes, lost);
}

/// A sender that waits for the kernel is told why, also if another thread's close() has ended it.
TEST(Session, bytes_lost_at_the_close_deadline_have_an_error) {
  SessionOwner one(Role::server);
  EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
  EXPECT_EQ(one.take(10).size(), 10U);
  EXPECT_EQ(one.session.write_error(), std::error_code());
  EXPECT_FALSE(one.session.close(CloseCode::normal, "", std::chrono::milliseconds(100)));
  one.session.settle(one.now);
  one.now += std::chrono::milliseconds(200);
  (void)one.session.tick(one.now);
  ASSERT_TRUE(one.session.over());
  EXPECT_TRUE(one.session.write_has_failed());
  EXPECT_EQ(one.session.write_error(), Errc::close_timeout);
}

/// Before older messages make room, or the connection is closed for its slow peer, a message is
/// known to be one that can be sent.
TEST(Session, a_message_that_cannot_be_sent_makes_no_room) {
  const ByteVector no_text(200, std::byte{0xFF});
  for (const net::Overflow overflow : {net::Overflow::drop_oldest, net::Overflow::close}) {
    SessionOwner one(Role::server, {.send_hard_limit = 500, .overflow = overflow});
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
    EXPECT_EQ(one.take(10).size(), 10U);
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
    const std::size_t accepted = one.session.unsent_bytes();
    EXPECT_EQ(one.session.send(Opcode::text, no_text), Errc::invalid_text);
    EXPECT_EQ(one.session.send(Opcode::text, no_text, {.fin = false}), Errc::invalid_text);
    const net::SendHow granted{.admission = net::Admission::granted};
    EXPECT_EQ(one.session.send(Opcode::continuation, pattern_bytes(200), granted),
              Errc::no_message_under_way);
    EXPECT_EQ(one.session.send(Opcode::continuation, pattern_bytes(200)),
              Errc::no_message_under_way);
    EXPECT_EQ(one.session.take_dropped(), 0U);
    EXPECT_EQ(one.session.unsent_bytes(), accepted);
    EXPECT_EQ(one.session.state(), State::open);
  }
}

/// Dropping makes room. A message that has none even then is refused, and nothing is dropped
/// for it: one above the budget, or one that does not fit beside the rest of a message under way.
TEST(Session, a_message_that_never_has_room_drops_nothing) {
  struct Row {
    std::size_t hard_limit;
    std::size_t budget;
    std::size_t size;
    Errc error;
  };
  constexpr std::array rows{Row{10000, 2000, 3000, Errc::send_budget_spent},
                            Row{1000, 1U << 20, 700, Errc::send_queue_full},
                            Row{10000, 1000, 700, Errc::send_budget_spent}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.size);
    net::SendBudget budget(row.budget);
    SessionOwner one(Role::server, {.send_hard_limit = row.hard_limit,
                                    .overflow = net::Overflow::drop_oldest,
                                    .budget = &budget});
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(400)));
    EXPECT_EQ(one.take(10).size(), 10U);
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
    EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(100)));
    const std::size_t accepted = one.session.unsent_bytes();
    EXPECT_EQ(one.session.send(Opcode::binary, pattern_bytes(row.size)), row.error);
    EXPECT_EQ(one.session.send(Opcode::binary, pattern_bytes(row.size), {.key = "price"}),
              row.error);
    EXPECT_EQ(one.session.take_dropped(), 0U);
    EXPECT_EQ(one.session.unsent_bytes(), accepted);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(200)));
    EXPECT_GT(one.session.take_dropped(), 0U) << "for those that have room then";
  }
}

/// Within a batch the budget hears of the output in steps; the session counts its own at once.
TEST(Session, its_own_output_of_a_batch_counts_for_the_budget) {
  net::SendBudget budget(1000);
  SessionOwner one(Role::server, {.budget = &budget});
  (void)one.session.set_digesting(true);
  EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(400)));
  EXPECT_FALSE(one.session.send(Opcode::binary, pattern_bytes(400)));
  EXPECT_EQ(one.session.send(Opcode::binary, pattern_bytes(400)), Errc::send_budget_spent);
  (void)one.session.set_digesting(false);
  EXPECT_EQ(one.take(2000).size(), 2 * 404U);
  EXPECT_EQ(budget.used, 0U);
}

TEST(Session, a_message_that_cannot_be_sent_ends_no_other_session) {
  net::SendBudget budget(300);
  SessionOwner debtor(Role::server, {.budget = &budget});
  EXPECT_FALSE(debtor.session.send(Opcode::binary, pattern_bytes(200)));
  EXPECT_EQ(debtor.take(10).size(), 10U);
  debtor.session.note_debt(nullptr, [](void*) {});
  SessionOwner one(Role::server, {.budget = &budget});
  EXPECT_EQ(one.session.send(Opcode::text, ByteVector(250, std::byte{0xFF})), Errc::invalid_text);
  EXPECT_FALSE(debtor.session.over());
  EXPECT_FALSE(one.session.send(Opcode::text, ByteVector(250, std::byte{'a'})));
  EXPECT_TRUE(debtor.session.over());
}

TEST(Session, frames_that_cannot_be_sent_are_refused) {
  SessionOwner one(Role::server);
  EXPECT_EQ(one.session.send(Opcode::close, {}), Errc::unsupported_frame);
  EXPECT_EQ(one.session.send(Opcode::continuation, {}), Errc::no_message_under_way);
  EXPECT_EQ(one.session.send(Opcode::ping, pattern_bytes(126)), Errc::control_too_long);
  EXPECT_EQ(one.session.unsent_bytes(), 0U);
}

}  // namespace
}  // namespace wirespan::test
