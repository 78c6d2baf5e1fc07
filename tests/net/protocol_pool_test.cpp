// net/protocol_pool.cpp: the protocol pool, and how a channel borrows a Connection from it.
#include <memory>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using List = std::vector<std::string>;

TEST(ProtocolPool, lends_the_one_that_came_back_last) {
  net::ProtocolPool pool(Role::server, std::make_shared<const ConnectionOptions>());
  EXPECT_EQ(pool.idle(), 1U) << "the first one who asks needs no memory";
  auto first = pool.lend();
  auto second = pool.lend();
  EXPECT_EQ(pool.idle(), 0U);
  const Connection* last = second.get();
  pool.take_back(std::move(first));
  pool.take_back(std::move(second));
  EXPECT_EQ(pool.idle(), 2U);
  EXPECT_EQ(pool.lend().get(), last);
}

TEST(ProtocolPool, keeps_a_bounded_number) {
  net::ProtocolPool pool(Role::server, std::make_shared<const ConnectionOptions>());
  std::vector<std::unique_ptr<Connection>> lent;
  for (int i = 0; i < 1000; ++i) lent.push_back(pool.lend());
  for (auto& one : lent) pool.take_back(std::move(one));
  EXPECT_LE(pool.idle(), 64U);
}

class PooledChannel : public ::testing::Test {
 protected:
  PooledChannel() { channel.host.start(); }
  [[nodiscard]] std::size_t idle() { return channel.host.pool->idle(); }

  StagedChannel channel{Role::server, {.pooled = true}};
};

TEST_F(PooledChannel, an_idle_channel_has_none) {
  EXPECT_EQ(idle(), 2U) << "its own, and the one that was there";
  channel.host.echo();
  channel.deliver("81 01 61"_hex);
  channel.turn();
  EXPECT_EQ(channel.sent(), List{"text \"a\""});
  EXPECT_EQ(idle(), 2U);
}

TEST_F(PooledChannel, it_keeps_one_within_a_message) {
  channel.deliver("01 01 61"_hex);
  EXPECT_EQ(idle(), 1U);
  channel.deliver("80 01 62"_hex);
  EXPECT_EQ(idle(), 2U);
  EXPECT_EQ(channel.events(), List{"text \"ab\""});
}

TEST_F(PooledChannel, a_call_that_is_refused_keeps_none) {
  EXPECT_EQ(channel.host->send(Opcode::text, "ff"_hex), Errc::invalid_text);
  EXPECT_EQ(channel.host->ping(pattern_bytes(126)), Errc::control_too_long);
  EXPECT_EQ(channel.host->pong(pattern_bytes(126)), Errc::control_too_long);
  EXPECT_EQ(channel.host->close(CloseCode{1005}, {}), Errc::close_code_not_allowed);
  channel.turn();
  EXPECT_EQ(idle(), 2U);
}

TEST_F(PooledChannel, one_that_has_begun_to_close_is_not_lent_again) {
  EXPECT_FALSE(channel.host->close(CloseCode::normal, {}));
  channel.turn();
  channel.deliver("88 00"_hex);
  EXPECT_EQ(idle(), 1U);
}

}  // namespace
}  // namespace wirespan::test
