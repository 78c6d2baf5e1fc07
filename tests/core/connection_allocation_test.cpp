// core/connection.cpp, core/byte_buffer.cpp: number of allocations, and failed allocations.
#include <algorithm>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include "support/alloc_counter.hpp"
#include "support/case_name.hpp"
#include "support/every_cut.hpp"
#include "support/fail_after.hpp"
#include "support/frames.hpp"
#include "support/handshakes.hpp"
#include "support/small_pool.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

void drain(Connection& connection) {
  while (!std::holds_alternative<NeedInput>(connection.next())) {
  }
}

/// Ordinary traffic: whole and fragmented messages, one larger than a piece, and control frames.
ByteVector ordinary_day() {
  return join({frame(0x81, bytes_of("hello")), frame(0x82, pattern_bytes(300)),
               frame(0x01, bytes_of("fragm")), frame(0x89, bytes_of("now?")),
               frame(0x80, bytes_of("ented")), frame(0x8A, {}), frame(0x82, pattern_bytes(9000))});
}

class ConnectionAllocation : public ::testing::TestWithParam<Role> {};

TEST_P(ConnectionAllocation, none_per_message_after_the_first_round) {
  const ByteVector wire = as_received_by(GetParam(), ordinary_day());
  ByteVector buffer(wire.size());
  const ByteVector payload = pattern_bytes(500);
  SmallPool pool;
  CountingKeys keys;
  Connection connection(GetParam(), {.mask_source = keys.source(), .blocks = &pool.source()});
  const auto one_round = [&](std::size_t cut) {
    buffer = wire;
    connection.feed(MutableBytes(buffer).first(cut));
    drain(connection);
    connection.feed(MutableBytes(buffer).subspan(cut));
    drain(connection);
    EXPECT_FALSE(connection.send(Opcode::binary, payload));
    EXPECT_FALSE(connection.ping());
    connection.output().consume(connection.output().size());
  };
  one_round(wire.size());
  one_round(7);
  const AllocCounter counter;
  for (std::size_t cut = 0; cut <= wire.size(); cut += 11) one_round(cut);
  EXPECT_EQ(counter.count(), 0U);
  EXPECT_EQ(connection.memory(), 0U) << "an idle connection holds no block";
}

/// Runs a conversation with every kind of traffic, in which one allocation fails. True if it did.
bool conversation_with_a_failure(Role role, std::size_t allowed, const ByteVector& wire) {
  AllocCounter counter;
  counter.fail_after(allowed);
  try {
    CountingKeys keys;
    Connection connection(role, {.mask_source = keys.source()});
    Bytes rest = wire;
    for (const std::size_t piece : {5U, 400U, 30U, 10'000U}) {
      const ExactCopy block(rest.first(std::min(piece, rest.size())));
      rest = rest.subspan(block.bytes().size());
      connection.feed(block.bytes());
      connection.keep_unread_input();
      connection.set_output_blocked(piece == 400U);
      drain(connection);
    }
    EXPECT_FALSE(connection.send(Opcode::binary, bytes_of("out"), false));
    EXPECT_FALSE(connection.send(Opcode::continuation, pattern_bytes(2000)));
    EXPECT_FALSE(connection.ping(bytes_of("p")));
    connection.fail(Errc::ping_timeout);
    EXPECT_FALSE(counter.failed());
  } catch (const std::bad_alloc&) {
    EXPECT_TRUE(counter.failed());
  }
  EXPECT_EQ(counter.outstanding(), 0) << "leak after allocation " << allowed;
  return counter.failed();
}

TEST_P(ConnectionAllocation, every_one_may_fail_and_nothing_leaks) {
  const ByteVector wire = as_received_by(GetParam(), ordinary_day());
  std::size_t allowed = 0;
  while (conversation_with_a_failure(GetParam(), allowed, wire)) ++allowed;
  EXPECT_GT(allowed, 5U) << "the scenario is too tame to say anything";
}

/// After bad_alloc the output holds whole frames only.
TEST_P(ConnectionAllocation, a_refused_block_leaves_the_output_whole) {
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    CountingBlocks blocks(&fail);
    CountingKeys keys;
    Connection connection(GetParam(), {.mask_source = keys.source(), .blocks = &blocks.source()});
    std::size_t sent = 0;
    for (const std::size_t size : {10U, 100U, 1000U, 10'000U, 100'000U}) {
      try {
        ASSERT_FALSE(connection.send(Opcode::binary, pattern_bytes(size)));
        ++sent;
      } catch (const std::bad_alloc&) {
      }
    }
    const auto frames = parse_frames(connection.output().data());
    ASSERT_TRUE(frames);
    EXPECT_EQ(frames->size(), sent);
    EXPECT_EQ(complaint_about(*frames, GetParam()), "");
  });
  EXPECT_GE(places, 4);
}

INSTANTIATE_TEST_SUITE_P(Roles, ConnectionAllocation, ::testing::Values(Role::client, Role::server),
                         role_name);

template <class Scenario>
void fail_every_allocation(Scenario scenario) {
  for (std::size_t allowed = 0;; ++allowed) {
    AllocCounter counter;
    counter.fail_after(allowed);
    try {
      scenario();
    } catch (const std::bad_alloc&) {
      ASSERT_TRUE(counter.failed());
    }
    ASSERT_EQ(counter.outstanding(), 0) << "leak after allocation " << allowed;
    if (!counter.failed()) return;
  }
}

TEST(HandshakeAllocation, every_one_may_fail_and_nothing_leaks) {
  const std::string request = adding(
      valid_request(), {"Sec-WebSocket-Protocol: chat, a-subprotocol-with-a-rather-long-name",
                        "Sec-WebSocket-Extensions: an-extension-with-a-long-name; a=\"b\""});
  fail_every_allocation([&] {
    ServerHandshake handshake;
    (void)handshake.feed(wire_bytes(request).first(40));
    (void)handshake.feed(wire_bytes(request).subspan(40));
  });
  const std::string response = adding(valid_response(), {"X-Long: " + std::string(100, 'x')});
  fail_every_allocation([&] {
    ClientHandshake handshake(simple_client_request(), sample_handshake_key());
    (void)handshake.feed(wire_bytes(response).first(40));
    (void)handshake.feed(wire_bytes(response).subspan(40));
  });
}

/// The block returns to its BlockSource, whether it was released or destroyed with its buffer.
TEST(BlockAllocation, one_allocation_per_block_and_all_come_back) {
  const AllocCounter counter;
  {
    ByteBuffer buffer;
    EXPECT_EQ(counter.count(), 0U) << "an empty buffer owns nothing";
    buffer.append(wire_bytes("abc"));
    EXPECT_EQ(counter.count(), 1U);
    const Block::Ptr block = buffer.release();
    buffer.append(wire_bytes("def"));
    EXPECT_EQ(counter.count(), 2U);
    EXPECT_EQ(counter.outstanding(), 2);
  }
  EXPECT_EQ(counter.outstanding(), 0);
}

}  // namespace
}  // namespace wirespan::test
