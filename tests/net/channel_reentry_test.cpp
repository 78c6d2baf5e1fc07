// net/channel_impl.hpp: reentrancy - a handler makes any call from inside any callback; the channel
// ends once, and no callback follows its end. Every callback times every call.
#include <chrono>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/staged_channel.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

using Hook = std::function<void()>;

/// The callback in which the handler makes a call.
struct Place {
  std::string name;
  void (*set)(StagedChannel&, Hook);
};

const Place places[] = {
    {"on_message",
     [](StagedChannel& channel, Hook hook) {
       channel.host.on_message = [hook = std::move(hook)](const Message&) { hook(); };
     }},
    {"on_fragment", [](StagedChannel& c, Hook hook) { c.host.on_fragment = std::move(hook); }},
    {"on_ping", [](StagedChannel& c, Hook hook) { c.host.on_ping = std::move(hook); }},
    {"on_pong", [](StagedChannel& c, Hook hook) { c.host.on_pong = std::move(hook); }},
    {"on_ping_sent", [](StagedChannel& c, Hook hook) { c.host.on_ping_sent = std::move(hook); }},
    {"on_backlog", [](StagedChannel& c, Hook hook) { c.host.on_backlog = std::move(hook); }},
    {"on_drained", [](StagedChannel& c, Hook hook) { c.host.on_drained = std::move(hook); }},
    {"on_end", [](StagedChannel& c, Hook hook) { c.host.on_end = std::move(hook); }},
};

/// The call that the handler makes there.
struct Deed {
  std::string name;
  void (*act)(StagedChannel&);
};

const Deed deeds[] = {
    {"nothing", [](StagedChannel&) {}},
    {"send", [](StagedChannel& c) { (void)c.host->send(Opcode::text, bytes_of("answer")); }},
    {"send_much",
     [](StagedChannel& c) { (void)c.host->send(Opcode::binary, pattern_bytes(3000)); }},
    {"ping", [](StagedChannel& c) { (void)c.host->ping(bytes_of("p")); }},
    {"close", [](StagedChannel& c) { (void)c.host->close(CloseCode::normal, "done"); }},
    {"send_and_close",
     [](StagedChannel& c) {
       (void)c.host->send(Opcode::text, bytes_of("bye"));
       (void)c.host->close(CloseCode::normal, "");
     }},
    {"close_twice",
     [](StagedChannel& c) {
       (void)c.host->close(CloseCode::normal, "");
       (void)c.host->close(CloseCode::going_away, "");
     }},
    {"close_and_abort",
     [](StagedChannel& c) {
       (void)c.host->close(CloseCode::normal, "");
       c.host->abort(Errc::close_timeout);
     }},
    {"fail", [](StagedChannel& c) { c.host->fail(Errc::handler_failed); }},
    {"fail_and_close",
     [](StagedChannel& c) {
       c.host->fail(Errc::handler_failed);
       (void)c.host->close(CloseCode::normal, "");
     }},
    {"abort", [](StagedChannel& c) { c.host->abort(Errc::handler_failed); }},
    {"abort_twice",
     [](StagedChannel& c) {
       c.host->abort(Errc::handler_failed);
       c.host->abort(Errc::close_timeout);
     }},
    {"abort_and_send",
     [](StagedChannel& c) {
       c.host->abort(Errc::handler_failed);
       EXPECT_EQ(c.host->send(Opcode::text, bytes_of("late")), Errc::not_open);
     }},
    {"pause", [](StagedChannel& c) { c.host->pause_reading(); }},
    {"pause_and_resume",
     [](StagedChannel& c) {
       c.host->pause_reading();
       c.host->resume_reading();
     }},
    {"pause_and_close",
     [](StagedChannel& c) {
       c.host->pause_reading();
       (void)c.host->close(CloseCode::normal, "");
     }},
};

void PrintTo(const Place& place, std::ostream* out) { *out << place.name; }
void PrintTo(const Deed& deed, std::ostream* out) { *out << deed.name; }

using ReentryParam = std::tuple<Place, Deed, Role>;

std::string reentry_name(const ::testing::TestParamInfo<ReentryParam>& info) {
  const auto& [place, deed, role] = info.param;
  return deed.name + "_in_" + place.name + (role == Role::server ? "_of_a_server" : "_of_a_client");
}

class ChannelReentry : public ::testing::TestWithParam<ReentryParam> {};

/// Runs a connection in which every callback is called, at least twice where that is possible.
void live(StagedChannel& channel) {
  channel.script.room = 1500;  // causes a backlog
  channel.host.start();
  (void)channel.host->send(Opcode::binary, pattern_bytes(2500));
  channel.turn();
  for (int round = 0; round < 2; ++round) {
    channel.receive(join({text_frame("one"), text_frame("two"), frame(0x01, bytes_of("thr")),
                          frame(0x89, bytes_of("?")), frame(0x80, bytes_of("ee")),
                          frame(0x8A, bytes_of("!")), text_frame("four")}));
    channel.turn(2);
    channel.script.room = round == 0 ? 1100 : SIZE_MAX;
    channel.turn(2);
  }
  channel.run_for(1100ms);  // keep-alive sends a ping
  channel.receive(text_frame("five"));
  channel.turn(2);
  if (!channel.host.ended()) channel.host->resume_reading();
  channel.turn(2);
  channel.receive(close_frame(1000));
  channel.script.end();
  channel.turn(2);
}

TEST_P(ChannelReentry, ends_once_and_nothing_comes_after) {
  const auto& [place, deed, role] = GetParam();
  StagedChannel channel(role, {.receive = {.deliver_fragments = true},
                               .channel = {.keep_alive = {.interval = 1s},
                                           .close_time = 500ms,
                                           .send_high_watermark = 1000,
                                           .send_low_watermark = 100}});
  int acted = 0;
  place.set(channel, [&, act = deed.act] {
    if (++acted <= 20) act(channel);  // else one that fills the drained queue would never end
  });
  live(channel);
  for (int i = 0; i < 20 && !channel.host.ended(); ++i) {
    channel.host->resume_reading();  // some calls pause again and again
    channel.turn(2);
  }
  channel.run_for(10s);  // every wait has a deadline
  EXPECT_GE(acted, 1) << "the callback was not called at all";
  EXPECT_TRUE(channel.host.ended());
  EXPECT_TRUE(channel.script.closed);
  channel.turn(3);
  // If the channel ended before everything was written, the last frame may be incomplete.
  if (channel.end().unsent_bytes == 0) (void)channel.sent();
}

INSTANTIATE_TEST_SUITE_P(of, ChannelReentry,
                         ::testing::Combine(::testing::ValuesIn(places), ::testing::ValuesIn(deeds),
                                            ::testing::Values(Role::client, Role::server)),
                         reentry_name);

}  // namespace
}  // namespace wirespan::test
