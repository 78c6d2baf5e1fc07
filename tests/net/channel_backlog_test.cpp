// net/channel_impl.hpp: backpressure by a peer that does not read - its backlog, watermarks, hard
// limit.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::string>;

/// Returns options with small watermarks and a small hard limit.
net::SessionOptions small_limits() {
  return {.close_time = 3s,
          .send_high_watermark = 1000,
          .send_low_watermark = 200,
          .send_hard_limit = 5000};
}

class ChannelBacklog : public RoleTest {
 protected:
  StagedChannel channel{GetParam(), {.channel = small_limits()}};

  void SetUp() override {
    channel.script.room = 0;
    channel.host.start();
  }
  std::error_code send(std::size_t size) {
    return channel.host->send(Opcode::binary, pattern_bytes(size));
  }
  void make_room(std::size_t bytes) {
    channel.script.room = bytes;
    channel.turn();
  }
};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelBacklog);

TEST_P(ChannelBacklog, a_peer_that_takes_one_byte_at_a_time_gets_all_of_them) {
  channel.script.write_size = 1;
  channel.script.room = SIZE_MAX;
  channel.host.on_message = [&](const Message& message) {
    EXPECT_FALSE(channel.host->send(message.opcode, message.payload));
  };
  channel.deliver(join({text_frame("hello"), frame(0x82, pattern_bytes(300)), frame(0x89, {})}));
  channel.turn(600);
  EXPECT_EQ(channel.sent(),
            (List{"text \"hello\"", "binary " + readable_hex(pattern_bytes(300)), "pong "}));
  EXPECT_EQ(channel.host.backlogs.back(), 0U) << "told when the kernel has taken the rest";
}

TEST_P(ChannelBacklog, above_the_hard_limit_a_message_is_refused_and_the_others_are_unharmed) {
  EXPECT_FALSE(send(3000));
  EXPECT_FALSE(send(1500));
  EXPECT_EQ(send(1000), Errc::send_queue_full);
  const std::size_t unsent = channel.host->unsent_bytes();
  EXPECT_EQ(send(10'000'000), Errc::send_queue_full);
  EXPECT_EQ(channel.host->unsent_bytes(), unsent);
  EXPECT_FALSE(send(100)) << "a smaller one still fits";
  make_room(SIZE_MAX);
  EXPECT_EQ(channel.sent().size(), 3U);
  EXPECT_FALSE(send(1000)) << "and there is room again";
}

TEST_P(ChannelBacklog, what_finds_nothing_before_it_may_be_of_any_size) {
  EXPECT_FALSE(send(50'000));
  EXPECT_EQ(send(1), Errc::send_queue_full);
  EXPECT_EQ(channel.host->ping({}), Errc::send_queue_full);
  EXPECT_EQ(channel.host->pong({}), Errc::send_queue_full);
  EXPECT_FALSE(channel.host->close(CloseCode::normal, "")) << "closing is always possible";
}

TEST_P(ChannelBacklog, control_frames_pass_the_limit_for_messages_but_not_all_of_them) {
  EXPECT_FALSE(send(4990));
  EXPECT_EQ(send(10), Errc::send_queue_full);
  int pings = 0;
  while (!channel.host->ping({}) && pings < 1000) ++pings;
  EXPECT_GE(pings, 1);
  EXPECT_LT(pings, 20);
}

TEST_P(ChannelBacklog, the_owner_is_told_how_much_is_left_and_once_when_it_may_go_on) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  ASSERT_EQ(channel.host.backlogs.size(), 1U);
  const std::size_t all = channel.host.backlogs.front();
  EXPECT_GT(all, 2000U);
  make_room(all - 500);
  EXPECT_EQ(channel.host.backlogs.back(), 500U);
  EXPECT_TRUE(channel.events().empty()) << "500 is not below the low mark";
  make_room(300);
  EXPECT_EQ(channel.host.backlogs.back(), 200U);
  EXPECT_EQ(channel.events(), List{"drained"});
  make_room(100);
  make_room(SIZE_MAX);
  EXPECT_EQ(channel.host.backlogs.back(), 0U);
  EXPECT_EQ(channel.events(), List{"drained"}) << "once";
}

TEST_P(ChannelBacklog, nobody_is_told_to_go_on_who_was_not_told_to_wait) {
  EXPECT_FALSE(send(900));
  channel.turn();
  make_room(SIZE_MAX);
  channel.turn(3);
  EXPECT_TRUE(channel.events().empty());
  EXPECT_EQ(channel.host.backlogs.back(), 0U);
}

/// A sender whose message was refused waits for on_drained(), which must come even if the peer then
/// takes everything at once.
TEST_P(ChannelBacklog, the_owner_is_told_to_go_on_although_all_of_it_leaves_at_once) {
  EXPECT_FALSE(send(500));
  channel.turn();  // a backlog below the high watermark
  EXPECT_FALSE(send(3000));
  EXPECT_EQ(send(3000), Errc::send_queue_full);
  EXPECT_GT(channel.host->unsent_bytes(), 1000U) << "above the high mark";
  channel.turn();
  make_room(SIZE_MAX);
  EXPECT_EQ(channel.host->unsent_bytes(), 0U);
  EXPECT_EQ(channel.events(), List{"drained"});
}

/// Output of this turn that the kernel was not asked to take says nothing about the peer.
TEST_P(ChannelBacklog, a_limit_refuses_only_after_the_kernel_was_asked) {
  channel.script.room = SIZE_MAX;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(send(4000)) << i;
  channel.turn();
  EXPECT_EQ(channel.sent().size(), 10U);
  EXPECT_EQ(channel.events(), List{});
  channel.script.room = 0;
  EXPECT_FALSE(send(4000));
  EXPECT_EQ(send(4000), Errc::send_queue_full);
}

TEST_P(ChannelBacklog, what_is_too_large_for_the_rest_of_the_queue_is_asked_for_again) {
  channel.host.on_drained = [&] { (void)send(6000); };
  EXPECT_FALSE(send(100));
  EXPECT_EQ(send(6000), Errc::send_queue_full);
  channel.turn();
  make_room(50);  // on_drained(), whose send() is refused again
  make_room(SIZE_MAX);
  channel.turn(3);
  EXPECT_EQ(channel.sent().size(), 2U);
}

/// The low watermark is above the hard limit: what is left is always below it, and there is still
/// no room. Each call of on_drained() follows a write.
TEST_P(ChannelBacklog, a_refused_sender_is_not_called_again_before_something_has_left) {
  net::SessionOptions options = small_limits();
  options.send_high_watermark = options.send_low_watermark = 100'000;
  StagedChannel eager(GetParam(), {.channel = options});
  int calls = 0;
  std::error_code last;
  const auto send_one = [&] { return eager.host->send(Opcode::binary, pattern_bytes(4000)); };
  eager.host.on_drained = [&] {
    ++calls;
    last = send_one();
  };
  eager.script.room = 0;
  eager.host.start();
  EXPECT_FALSE(send_one());
  EXPECT_EQ(send_one(), Errc::send_queue_full);
  eager.turn(100);
  EXPECT_EQ(calls, 0);
  eager.script.room = 50;
  eager.turn(100);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(last, Errc::send_queue_full);
  eager.script.room = SIZE_MAX;
  eager.turn(3);
  EXPECT_FALSE(last);
  EXPECT_EQ(eager.sent().size(), 2U);
}

TEST_P(ChannelBacklog, without_a_backlog_nobody_is_told_of_one) {
  channel.script.room = SIZE_MAX;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(send(4000));
    channel.turn();
  }
  EXPECT_TRUE(channel.host.backlogs.empty());
}

TEST_P(ChannelBacklog, what_is_sent_on_drained_leaves_without_further_ado) {
  channel.host.on_drained = [&] { EXPECT_FALSE(send(50)); };
  EXPECT_FALSE(send(2000));
  channel.turn();
  make_room(SIZE_MAX);
  channel.turn(2);
  EXPECT_EQ(channel.sent().size(), 2U);
}

TEST_P(ChannelBacklog, what_is_sent_on_backlog_leaves_too) {
  channel.host.on_backlog = [&] {
    if (channel.host.backlogs.size() < 3) {
      EXPECT_FALSE(send(50));
    }
  };
  EXPECT_FALSE(send(2000));
  channel.turn();
  make_room(SIZE_MAX);
  channel.turn(3);
  EXPECT_EQ(channel.sent().size(), 3U);
}

TEST_P(ChannelBacklog, an_abort_while_told_of_the_backlog_is_the_last_word) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  channel.host.on_backlog = [&] { channel.host->abort(Errc::handler_failed); };
  make_room(SIZE_MAX);  // without the abort, on_drained() would follow
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
  EXPECT_TRUE(channel.events().empty()) << "on_drained() after on_end()";
}

/// §5.5.3: of several pings only the last needs a pong; the backlog does not grow with pings.
TEST_P(ChannelBacklog, pings_that_cannot_be_answered_now_get_one_pong) {
  EXPECT_FALSE(send(600));
  channel.turn();
  const std::size_t before = channel.host->unsent_bytes();
  for (int i = 0; i < 200; ++i) {
    channel.deliver(frame(0x89, bytes_of(std::to_string(i))));
  }
  EXPECT_EQ(channel.host->unsent_bytes(), before);
  make_room(SIZE_MAX);
  channel.turn();
  EXPECT_EQ(channel.sent(), (List{"binary " + readable_hex(pattern_bytes(600)), "pong 313939"}));
}

/// A partly written frame is finished before any other frame.
TEST_P(ChannelBacklog, a_pong_never_lands_inside_another_frame) {
  channel.script.write_size = 7;
  EXPECT_FALSE(send(1500));
  make_room(SIZE_MAX);
  for (int i = 0; i < 100; ++i) {
    channel.receive(frame(0x89, bytes_of("?")));
    channel.turn();
    if (i % 10 == 0) {
      EXPECT_FALSE(channel.host->send(Opcode::text, bytes_of("between")));
    }
  }
  channel.turn(400);
  const auto frames = channel.sent();  // fails the test if they are not whole
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.front(), "binary " + readable_hex(pattern_bytes(1500)));
}

TEST_P(ChannelBacklog, reading_goes_on_although_writing_does_not) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  for (int i = 0; i < 5; ++i) channel.deliver(text_frame("more"));
  EXPECT_EQ(channel.host.messages, 5U);
}

TEST_P(ChannelBacklog, an_abort_reports_what_never_left) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  const std::size_t unsent = channel.host->unsent_bytes();
  channel.host->abort(Errc::connection_lost);
  EXPECT_EQ(channel.end().unsent_bytes, unsent);
}

TEST_P(ChannelBacklog, R142_closing_behind_a_backlog_ends_in_time) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  EXPECT_FALSE(channel.host->close(CloseCode::normal, "bye"));
  channel.run_for(3s - 1ms);
  EXPECT_FALSE(channel.host.ended());
  channel.run_for(10ms);
  EXPECT_EQ(channel.end().error, Errc::close_timeout);
  EXPECT_GT(channel.end().unsent_bytes, 2000U);
}

TEST_P(ChannelBacklog, R142_failing_behind_a_backlog_ends_in_time) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  channel.host->fail(Errc::handler_failed);  // called by the owner, outside of a handler
  channel.run_for(10s);
  ASSERT_TRUE(channel.host.ended()) << "a peer that never reads would keep it for ever";
  EXPECT_EQ(channel.end().error, Errc::handler_failed);
}

TEST_P(ChannelBacklog, R142_a_violation_behind_a_backlog_ends_in_time) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  channel.deliver(frame(0x83, {}));
  channel.run_for(10s);
  ASSERT_TRUE(channel.host.ended());
  EXPECT_EQ(channel.end().error, Errc::reserved_opcode);
}

TEST_P(ChannelBacklog, R104_what_was_queued_leaves_before_the_answer_to_a_close) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  channel.deliver(close_frame(1000));
  make_room(SIZE_MAX);
  channel.turn(2);
  EXPECT_EQ(channel.sent(), (List{"binary " + readable_hex(pattern_bytes(2000)), "close 1000"}));
  channel.script.end();
  channel.turn(2);
  EXPECT_FALSE(channel.end().error);
}

TEST_P(ChannelBacklog, the_peer_may_end_its_direction_and_still_read_the_rest) {
  EXPECT_FALSE(send(2000));
  channel.turn();
  channel.receive(close_frame(1000));
  channel.script.end();
  channel.turn(3);
  EXPECT_FALSE(channel.host.ended());
  for (int i = 0; i < 50 && !channel.host.ended(); ++i) make_room(100);
  EXPECT_FALSE(channel.end().error);
  EXPECT_EQ(channel.sent().back(), "close 1000");
  EXPECT_EQ(channel.end().unsent_bytes, 0U);
}

}  // namespace
}  // namespace wirespan::test
