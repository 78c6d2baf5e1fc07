// WebSocketApp: keep-alive pings, and peers that do not answer them. RFC 6455 §5.5.2.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

class AppHeartbeat : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppHeartbeat);

/// A peer that records when each ping came, answers it if `answer`, and closes after `count`.
RawServer::Script counting_pings(int count, bool answer, std::vector<Clock::time_point>& times) {
  return [=, &times](RawPeer& peer) {
    (void)peer.accept();
    times.push_back(Clock::now());
    for (int i = 0; i < count; ++i) {
      const WireFrame frame = peer.read_frame();
      EXPECT_EQ(describe(frame), "ping 6265617421");
      times.push_back(Clock::now());
      if (answer) (void)peer.send_pong(payload_text(frame));
    }
    (void)peer.send_close();
    (void)peer.read_until_close();
  };
}

TEST_P(AppHeartbeat, FIX_D5_R112_the_first_ping_comes_after_one_interval_and_then_one_every) {
  std::vector<Clock::time_point> times;
  RawServer server(counting_pings(4, true, times), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const RunResult result = app.run_forever(
      running({.ping_interval = 120ms, .ping_timeout = 100ms, .ping_payload = "beat!"}));
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  for (std::size_t i = 1; i < times.size(); ++i) {
    const auto since = std::chrono::duration_cast<Milliseconds>(times[i] - times[i - 1]);
    EXPECT_GE(since, 90ms) << i;
    EXPECT_LT(since, 230ms) << i << ": not twice the interval";
  }
}

TEST_P(AppHeartbeat, R112_without_an_interval_there_are_no_pings_and_no_time_out) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_FALSE(peer.has_input(200ms));
        (void)peer.send_close();
        EXPECT_EQ(peer.read_described(), "close 1000");
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.ping_timeout = 10ms})).failed());
  EXPECT_EQ(app.last_ping_tm(), std::nullopt);
}

TEST_P(AppHeartbeat, R112_without_a_time_out_a_peer_need_not_answer) {
  std::vector<Clock::time_point> times;
  RawServer server(counting_pings(5, false, times), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.ping_interval = 20ms, .ping_payload = "beat!"})).failed());
  EXPECT_NE(app.last_ping_tm(), std::nullopt);
  EXPECT_EQ(app.last_pong_tm(), std::nullopt);
}

TEST_P(AppHeartbeat, R112_a_peer_that_does_not_answer_is_given_up_after_the_time_out) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "ping 6f6b3f");
        EXPECT_EQ(peer.read_described(), "close 1011");
        EXPECT_EQ(peer.read_to_end(), "");
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const Stopwatch watch;
  const RunResult result = app.run_forever(
      running({.ping_interval = 200ms, .ping_timeout = 100ms, .ping_payload = "ok?"}));
  EXPECT_GE(watch.elapsed(), 299ms);
  EXPECT_LT(watch.elapsed(), 2s) << "FIX: no wait for a closing handshake on top";
  EXPECT_EQ(ending_of(result),
            (Ending{EndReason::failed, CloseCode::abnormal_closure, "", Errc::ping_timeout}));
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::error("WebSocketTimeoutException", Errc::ping_timeout),
                   called::close(1006)}));
}

/// Liveness: in Python only a pong counts, so a peer in the middle of a long message times out.
TEST_P(AppHeartbeat, FIX_any_byte_counts_as_an_answer_unless_only_pongs_shall) {
  for (const bool only_pongs : {false, true}) {
    RawServer server(
        [](RawPeer& peer) {
          (void)peer.accept();
          for (int i = 0; i < 200; ++i) {
            if (!peer.send_text("alive")) return;
            std::this_thread::sleep_for(5ms);
          }
          (void)peer.send_close();
          (void)peer.read_until_close();
        },
        link());
    Recorder heard;
    WebSocketApp app(server.url(), heard.handlers(), with());
    const auto result = app.run_forever(
        running({.ping_interval = 100ms, .ping_timeout = 50ms, .only_pongs_count = only_pongs}));
    EXPECT_EQ(result.error, only_pongs ? Errc::ping_timeout : std::error_code());
  }
}

/// In Python any pong counts, also one that answers no ping.
TEST_P(AppHeartbeat, FIX_with_match_pongs_only_the_pong_of_an_unanswered_ping_counts) {
  for (const bool answers : {true, false}) {
    RawServer server(
        [answers](RawPeer& peer) {
          (void)peer.accept();
          for (int i = 1; i <= 3; ++i) {
            const WireFrame ping = peer.read_frame();
            if (ping.opcode() != Opcode::ping) return;
            EXPECT_EQ(wire_text(ping.payload), "beat " + std::to_string(i));
            (void)peer.send_pong(answers ? wire_text(ping.payload) : "beat 0");
          }
          (void)peer.send_close();
          (void)peer.read_until_close();
        },
        link());
    WebSocketApp app(server.url(), {}, with());
    const auto result = app.run_forever(running({.ping_interval = 100ms,
                                                 .ping_timeout = 90ms,
                                                 .ping_payload = "beat ",
                                                 .match_pongs = true}));
    EXPECT_EQ(result.error, answers ? std::error_code() : Errc::ping_timeout);
  }
}

TEST_P(AppHeartbeat, match_pongs_needs_room_for_a_number_behind_the_payload) {
  WebSocketApp app(link().url(unused_port()), {}, with());
  const auto start = [&](std::size_t size, bool match) {
    return thrown_by([&] {
      (void)app.run_forever(
          running({.ping_payload = std::string(size, 'p'), .match_pongs = match}));
    });
  };
  EXPECT_EQ(start(limits::numbered_ping_payload, true), nothing_thrown());
  EXPECT_EQ(start(limits::numbered_ping_payload + 1, true), plain_exception(Errc::invalid_option));
  EXPECT_EQ(start(limits::numbered_ping_payload + 1, false), nothing_thrown());
  EXPECT_EQ(start(126, true), plain_exception(Errc::control_too_long));
}

TEST_P(AppHeartbeat, KEEP_any_pong_keeps_the_connection) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        for (int i = 0; i < 3; ++i) {
          EXPECT_EQ(peer.read_frame().opcode(), Opcode::ping);
          (void)peer.send_pong("something else");
        }
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running({.ping_interval = 100ms, .ping_timeout = 90ms})).failed());
  EXPECT_EQ(recorder.calls("pong").size(), 3U);
  EXPECT_EQ(recorder.calls("error"), Calls{});
}

TEST_P(AppHeartbeat, the_times_of_ping_and_pong_are_told_while_it_runs_and_reset_by_the_next_run) {
  std::vector<Clock::time_point> times;
  RawServer server(counting_pings(1, true, times), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const RunOptions options =
      running({.ping_interval = 100ms, .ping_timeout = 90ms, .ping_payload = "beat!"});
  const auto start = Clock::now();
  EXPECT_FALSE(app.run_forever(options).failed());
  ASSERT_TRUE(app.last_ping_tm() && app.last_pong_tm());
  EXPECT_GT(*app.last_ping_tm(), start);
  EXPECT_GE(*app.last_pong_tm(), *app.last_ping_tm());
  EXPECT_LE(*app.last_pong_tm(), Clock::now());
  app.handlers().on_open = [](WebSocketApp& self) {
    EXPECT_EQ(self.last_ping_tm(), std::nullopt);
    EXPECT_EQ(self.last_pong_tm(), std::nullopt);
    self.close();
  };
  RawServer other(echo_script, link());
  app.url() = other.url();
  EXPECT_FALSE(app.run_forever(options).failed());
}

TEST_P(AppHeartbeat, R108_pings_of_the_peer_are_answered_before_on_ping_is_called) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_ping("one");
        EXPECT_EQ(peer.read_described(), "pong 6f6e65");
        EXPECT_EQ(peer.read_described(), "text \"from on_ping\"");
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_ping = [](WebSocketApp& app, Bytes payload) {
    EXPECT_EQ(wire_text(payload), "one");
    app.send("from on_ping");
  };
  EXPECT_FALSE(run(server, handlers).failed());
}

TEST_P(AppHeartbeat, B6_a_flood_of_pings_is_a_policy_violation) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        std::string flood;
        for (int i = 0; i < 3000; ++i) flood += std::string("\x89\x00", 2);
        (void)peer.write(flood);
        WireFrame last;
        do last = peer.read_frame();
        while (last.opcode() == Opcode::pong);
        EXPECT_EQ(describe(last), "close 1008");
      },
      link());
  EXPECT_EQ(run(server, {}).error, Errc::ping_flood);
}

TEST_P(AppHeartbeat, after_a_reconnect_the_beat_starts_anew) {
  std::vector<Clock::time_point> times;
  RawServer server({[](RawPeer& peer) { (void)peer.accept(); }, counting_pings(2, true, times)},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  EXPECT_EQ(app.run_forever(running({.ping_interval = 100ms,
                                     .ping_timeout = 90ms,
                                     .ping_payload = "beat!",
                                     .reconnect = 10ms}))
                .why,
            EndReason::closed_by_peer);
  ASSERT_EQ(times.size(), 3U);
  EXPECT_GE(times[1] - times[0], 75ms);
}

}  // namespace
}  // namespace wirespan::test
