// net/session.cpp, net/session_send.cpp: deadlines of the end, what idles, whom a budget ends,
// keys.
#include <string>

#include <gtest/gtest.h>

#include "support/frames.hpp"
#include "support/session_owner.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

ByteVector from_client(unsigned first_byte, Bytes payload) {
  return as_received_by(Role::server, frame(first_byte, payload));
}

TEST(SessionEndings, after_the_idle_timeout_nothing_is_delivered) {
  SessionOwner server(Role::server, {.idle_time = 5s});
  server.now += 5s;
  (void)server.session.tick(server.now);
  ASSERT_EQ(server.session.state(), State::closing);
  server.give(from_client(0x81, bytes_of("too late")));
  EXPECT_TRUE(server.seen_by_owner.empty());
}

TEST(SessionEndings, output_restarts_the_idle_timeout_unless_it_is_ignored) {
  for (const bool ignored : {false, true}) {
    SessionOwner server(Role::server, {.idle_time = 5s, .idle_ignores_output = ignored});
    server.now += 3s;
    EXPECT_FALSE(server.session.send(Opcode::text, bytes_of("news")));
    EXPECT_FALSE(server.take(100).empty());
    server.now += 2s;
    (void)server.session.tick(server.now);
    EXPECT_EQ(server.session.state(), ignored ? State::closing : State::open);
    server.now += 3s;
    (void)server.session.tick(server.now);
    EXPECT_EQ(server.session.state(), State::closing);
  }
}

/// The time given to close() bounds the closing handshake, lingering included.
TEST(SessionEndings, a_time_given_to_close_bounds_the_lingering_close_too) {
  SessionOwner server(Role::server, {.close_time = 10s});
  EXPECT_FALSE(server.session.close(CloseCode::normal, "", 3s));
  EXPECT_FALSE(server.take(100).empty());
  const TimePoint begin = server.now;
  EXPECT_EQ(server.session.deadline(), begin + 3s);
  server.now += 2s;
  server.give(from_client(0x88, {}));
  ASSERT_EQ(server.session.phase(), net::Session::Phase::lingering);
  EXPECT_EQ(server.session.deadline(), begin + 3s);
}

TEST(SessionEndings, without_such_a_time_lingering_has_close_time_of_its_own) {
  SessionOwner server(Role::server, {.close_time = 10s});
  EXPECT_FALSE(server.session.close(CloseCode::normal, ""));
  EXPECT_FALSE(server.take(100).empty());
  server.now += 2s;
  server.give(from_client(0x88, {}));
  ASSERT_EQ(server.session.phase(), net::Session::Phase::lingering);
  EXPECT_EQ(server.session.deadline(), server.now + 10s);
}

TEST(SessionEndings, a_limit_shortens_the_closing_handshake_and_never_extends_it) {
  SessionOwner server(Role::server, {.close_time = 10s});
  EXPECT_FALSE(server.session.close(CloseCode::normal, ""));
  EXPECT_FALSE(server.take(100).empty());
  const TimePoint begin = server.now;
  server.session.limit_close(begin + 20s);
  EXPECT_EQ(server.session.deadline(), begin + 10s);
  server.session.limit_close(begin + 4s);
  EXPECT_EQ(server.session.deadline(), begin + 4s);
}

/// A peer that has ended its stream sends nothing more: once our Close is written there is nothing
/// to linger for.
TEST(SessionEndings, a_peer_that_has_ended_its_stream_is_not_lingered_for) {
  SessionOwner server(Role::server);
  EXPECT_FALSE(server.session.send(Opcode::binary, pattern_bytes(100)));
  EXPECT_EQ(server.take(10).size(), 10U);
  server.give(from_client(0x88, {}));
  server.session.read_ended({});
  server.digest();
  ASSERT_FALSE(server.session.over()) << "output waits";
  EXPECT_FALSE(server.take(1000).empty());
  EXPECT_TRUE(server.session.over());
  EXPECT_FALSE(server.session.take_end().error);
}

TEST(SessionSends, a_key_has_a_limit) {
  SessionOwner server(Role::server);
  const std::string longest(limits::conflation_key, 'k');
  EXPECT_FALSE(server.session.send(Opcode::text, bytes_of("a"), {.key = longest}));
  EXPECT_EQ(server.session.send(Opcode::text, bytes_of("a"), {.key = longest + "k"}),
            Errc::key_too_long);
}

/// A session that is no debtor any more leaves its place to the last one.
TEST(SessionBudget, debtors_keep_their_places_when_others_leave) {
  net::SendBudget budget(10'000);
  const net::SessionOptions options{.budget = &budget};
  SessionOwner first(Role::server, options);
  SessionOwner second(Role::server, options);
  SessionOwner third(Role::server, options);
  std::size_t size = 100;
  for (SessionOwner* one : {&first, &second, &third}) {
    EXPECT_FALSE(one->session.send(Opcode::binary, pattern_bytes(size)));
    EXPECT_EQ(one->take(10).size(), 10U);
    one->session.note_debt(nullptr, [](void*) {});
    size += 100;
  }
  ASSERT_EQ(budget.debtors(), 3U);
  first.session.abort(Errc::connection_lost);
  EXPECT_EQ(budget.debtors(), 2U);
  third.session.abort(Errc::connection_lost);
  EXPECT_EQ(budget.debtors(), 1U);
  SessionOwner creditor(Role::server, options);
  EXPECT_TRUE(budget.collect(creditor.session, 9'900));
  EXPECT_TRUE(second.session.over()) << "the one that is left pays";
  EXPECT_EQ(budget.debtors(), 0U);
}

}  // namespace
}  // namespace wirespan::test
