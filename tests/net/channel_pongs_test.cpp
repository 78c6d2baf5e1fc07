// channel_pongs_test.cpp - which pong answers which ping, with SessionOptions::match_pongs.
// RFC 6455 §5.5.3.
#include <chrono>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

HostOptions matching_pongs(std::chrono::milliseconds interval, std::chrono::milliseconds timeout) {
  return {.channel = {.keep_alive = {.interval = interval, .timeout = timeout},
                      .ping_payload = "p",
                      .match_pongs = true}};
}

class ChannelPongs : public RoleTest {};
WIRESPAN_TEST_AS_BOTH_ROLES(ChannelPongs);

/// RFC 6455 §5.5.3: a pong has the payload of the ping that it answers; the latest may stand for
/// all.
TEST_P(ChannelPongs, R112_only_the_payload_of_an_unanswered_ping_answers) {
  struct Case {
    const char* answer;
    bool lives;
  };
  for (const auto& [answer, lives] : {Case{"p1", true}, Case{"p", false}, Case{"p2", false},
                                      Case{"p0", false}, Case{"", false}, Case{"1", false}}) {
    StagedChannel channel(GetParam(), matching_pongs(10s, 4s));
    channel.host.start();
    channel.run_for(11s);
    channel.receive(frame(0x8A, bytes_of(answer)));
    channel.receive(text_frame("I live"));
    channel.run_for(4s);
    EXPECT_EQ(channel.host.ended(), !lives) << answer;
  }
}

/// With a timeout above the interval, pings 2 and 3 still wait when ping 1 is answered.
TEST_P(ChannelPongs, R112_a_pong_answers_no_later_ping_and_only_once) {
  for (const bool comes_again : {false, true}) {
    StagedChannel channel(GetParam(), matching_pongs(2s, 7s));
    channel.host.start();
    channel.run_for(5s);
    channel.receive(frame(0x8A, bytes_of("p1")));
    channel.run_for(2s);
    if (comes_again) channel.receive(frame(0x8A, bytes_of("p1")));
    channel.run_for(4s - 1ns);
    EXPECT_FALSE(channel.host.ended()) << "ping 2 was sent after 4 s";
    channel.run_for(1s);
    EXPECT_EQ(channel.end().error, Errc::ping_timeout);
  }
}

}  // namespace
}  // namespace wirespan::test
