// WebSocketApp against other servers: messages, keep-alive, and both directions of closing.
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "peers/app_fixture.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

class AppMessages : public CallbackClient {
 protected:
  struct Sending {
    std::string payload;
    Opcode opcode;
  };

  /// Sends one message after the other, each when the one before was echoed.
  void echo_all(std::span<const std::size_t> sizes,
                net::Backend backend = net::Backend::automatic) {
    std::size_t step = 0;
    Sending current;
    const auto send_next = [&](WebSocketApp& app) {
      if (step == 2 * sizes.size()) return app.close();
      const bool text = step % 2 == 0;
      current = {.payload = random_payload(sizes[step / 2], text),
                 .opcode = text ? Opcode::text : Opcode::binary};
      app.send(current.payload, current.opcode);
    };
    const RunResult result = run("/echo",
                                 {.on_open = send_next,
                                  .on_message =
                                      [&](WebSocketApp& app, const Message& message) {
                                        EXPECT_EQ(message.opcode, current.opcode) << step;
                                        EXPECT_TRUE(message.text() == current.payload) << step;
                                        ++step;
                                        send_next(app);
                                      }},
                                 {.backend = backend});
    EXPECT_EQ(step, 2 * sizes.size());
    EXPECT_EQ(result.why, EndReason::stopped);
    EXPECT_EQ(errors_, Strings{});
    EXPECT_EQ(ending(), "1000 ");
  }
};
INSTANTIATE_TEST_SUITE_P(To, AppMessages, ::testing::ValuesIn(peers()), peer_name);

TEST_P(AppMessages, R75_R83_R113_R116_messages_of_every_size_come_back) { echo_all(message_sizes); }

TEST_P(AppMessages, R83_messages_of_16_and_64_MiB_come_back) { echo_all(large_sizes); }

TEST_P(AppMessages, the_poll_back_end_does_the_same) {
  echo_all(message_sizes, net::Backend::poll);
}

TEST_P(AppMessages, what_threads_send_comes_back_in_the_order_of_each) {
  constexpr int count = 500;
  std::vector<std::jthread> threads;
  std::map<char, int> next;
  int received = 0;
  const RunResult result =
      run("/echo", {.on_open =
                        [&](WebSocketApp& app) {
                          for (const char name : {'a', 'b', 'c'}) {
                            threads.emplace_back([&app, name] {
                              for (int i = 0; i < count; ++i) app.send(name + std::to_string(i));
                            });
                          }
                        },
                    .on_message =
                        [&](WebSocketApp& app, const Message& message) {
                          const std::string text(message.text());
                          EXPECT_EQ(text.substr(1), std::to_string(next[text[0]]++));
                          if (++received == 3 * count) app.close();
                        }});
  EXPECT_EQ(received, 3 * count);
  EXPECT_EQ(result.unsent_bytes, 0U);
  EXPECT_EQ(errors_, Strings{});
}

TEST_P(AppMessages, R93_R114_fragments_are_joined_or_handed_out_one_by_one) {
  const std::string text = "κόσμος – 🌍";
  Strings whole;
  (void)run("/echo?cut=1,0,2,3", {.on_open = [&](WebSocketApp& app) { app.send(text); },
                                  .on_message =
                                      [&](WebSocketApp& app, const Message& message) {
                                        whole.emplace_back(message.text());
                                        app.close();
                                      }});
  EXPECT_EQ(whole, Strings{text});
  std::vector<std::size_t> sizes;
  std::string joined;
  (void)run("/echo?cut=1,0,2,3", {.on_open = [&](WebSocketApp& app) { app.send(text); },
                                  .on_cont_message =
                                      [&](WebSocketApp& app, const Fragment& fragment) {
                                        sizes.push_back(fragment.payload.size());
                                        joined += wire_text(fragment.payload);
                                        if (fragment.fin) app.close();
                                      }});
  EXPECT_EQ(joined, text);
  EXPECT_EQ(std::vector(sizes.begin(), sizes.begin() + 5),
            (std::vector<std::size_t>{1, 0, 2, 3, 1}));
}

// Pings and keep-alive. §5.5.2.

class AppPings : public CallbackClient {};
INSTANTIATE_TEST_SUITE_P(To, AppPings, ::testing::ValuesIn(peers()), peer_name);

TEST_P(AppPings, R108_R109_R111_every_ping_gets_a_pong_with_its_payload) {
  std::vector<std::size_t> pings;
  Strings messages;
  const RunResult result =
      run("/pings?sizes=0,1,125",
          {.on_message =
               [&](WebSocketApp& app, const Message& message) {
                 messages.emplace_back(message.text());
                 if (messages.size() == 4) app.close();
               },
           .on_ping = [&](WebSocketApp&, Bytes payload) { pings.push_back(payload.size()); }});
  EXPECT_EQ(messages, (Strings{"before a ping of 0", "before a ping of 1", "before a ping of 125",
                               "all pongs came"}));
  EXPECT_EQ(pings, (std::vector<std::size_t>{0, 1, 125}));
  EXPECT_EQ(result.why, EndReason::stopped);
  EXPECT_EQ(ending(), "1000 ");
}

TEST_P(AppPings, R112_keep_alive_pings_arrive_and_their_pongs_keep_the_connection) {
  int pongs = 0;
  Strings heard;
  (void)run("/heard",
            {.on_message =
                 [&](WebSocketApp& app, const Message& message) {
                   heard.emplace_back(message.text());
                   app.close();
                 },
             .on_pong =
                 [&](WebSocketApp& app, Bytes payload) {
                   EXPECT_EQ(wire_text(payload), "alive?");
                   EXPECT_TRUE(app.last_ping_tm() && app.last_pong_tm());
                   if (++pongs == 2) app.send("which pings?");
                 }},
            {}, {.ping_interval = 2000ms, .ping_timeout = 1900ms, .ping_payload = "alive?"});
  EXPECT_EQ(heard, Strings{"alive?,alive?"});
  EXPECT_EQ(errors_, Strings{});
}

TEST_P(AppPings, R112_a_peer_that_does_not_answer_pings_is_given_up) {
  const RunResult result = run("/deaf", {}, {}, {.ping_interval = 400ms, .ping_timeout = 200ms});
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(result.error, Errc::ping_timeout);
  EXPECT_EQ(errors_.size(), 1U);
  EXPECT_EQ(closes_, Strings{"1006 "});
}

// Opening and closing. §4.1, §7.

class AppClosing : public CallbackClient {};
INSTANTIATE_TEST_SUITE_P(To, AppClosing, ::testing::ValuesIn(peers()), peer_name);

TEST_P(AppClosing, R125_the_peer_sees_our_code_and_our_reason) {
  for (const int code : {1000, 1001, 3000, 4999}) {
    const RunResult result =
        run("/wait", {.on_open = [&](WebSocketApp& app) {
              app.close(CloseCode{static_cast<std::uint16_t>(code)}, "schön – 🌍", 30s);
            }});
    EXPECT_EQ(result.why, EndReason::stopped);
    EXPECT_EQ(result.error, std::error_code());
    EXPECT_EQ(ending(), std::to_string(code) + " schön – 🌍");
  }
}

TEST_P(AppClosing, R103_R126_R127_their_code_and_reason_are_told_and_the_code_goes_back) {
  for (const int code : {1000, 1001, 1011, 3000, 4999}) {
    int messages = 0;
    const std::string number = std::to_string(code);
    const RunResult result =
        run("/close?count=3&code=" + number + "&reason=" + percent_encoded("schön – 🌍"),
            {.on_message = [&](WebSocketApp&, const Message&) { ++messages; }});
    EXPECT_EQ(messages, 3);
    EXPECT_EQ(result.why, EndReason::closed_by_peer);
    EXPECT_FALSE(result.failed());
    EXPECT_EQ(closes_, Strings{number + " schön – 🌍"});
    EXPECT_EQ(errors_, Strings{});
    EXPECT_EQ(ending(), number + " ") << "what we answered";
  }
}

TEST_P(AppClosing, R126_their_close_frame_without_a_code_is_1005) {
  const RunResult result = run("/close", {});
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(closes_, Strings{"1005 "});
  EXPECT_EQ(ending(), "1005 ");
}

TEST_P(AppClosing, R126_R132_a_connection_that_the_peer_cuts_has_failed) {
  const RunResult result = run("/drop", {});
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(errors_.size(), 1U);
  EXPECT_EQ(closes_, Strings{"1006 "});
}

TEST_P(AppClosing, a_cut_connection_is_made_again_as_often_as_wanted) {
  int reconnects = 0;
  const RunResult result = run("/drop",
                               {.on_reconnect =
                                    [&](WebSocketApp& app) {
                                      if (++reconnects < 3) return;
                                      app.close();
                                    }},
                               {}, {.reconnect = 50ms});
  EXPECT_EQ(reconnects, 3);
  EXPECT_EQ(result.why, EndReason::stopped);
  EXPECT_EQ(errors_.size(), 3U);
  EXPECT_EQ(closes_.size(), 1U);
}

TEST_P(AppClosing, R23_R128_a_refusal_is_an_error_and_there_was_no_connection) {
  const RunResult result = run("/refuse?status=404", {});
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(result.error, Errc::not_switching_protocols);
  ASSERT_EQ(errors_.size(), 1U);
  EXPECT_NE(errors_[0].find("404"), std::string::npos);
  EXPECT_EQ(closes_, Strings{"no connection"});
}

TEST_P(AppClosing, R21_the_app_knows_the_subprotocol_and_the_response) {
  Strings told;
  (void)run(
      "/echo?choose=superchat",
      {.on_open =
           [&](WebSocketApp& app) {
             told = {app.subprotocol(), std::string(app.headers().get("X-Peer").value_or(""))};
             app.close();
           }},
      {.subprotocols = {"chat", "superchat"}});
  EXPECT_EQ(told, (Strings{"superchat", GetParam().name.starts_with("npm") ? "ws" : "websockets"}));
}

}  // namespace
}  // namespace wirespan::test
