// WebSocketApp: messages that are sent while there is no connection (AppOptions::while_down).
#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

using Frames = std::vector<std::string>;

class AppReconnectKept : public AppTest {
 protected:
  [[nodiscard]] AppOptions keeping(AppOptions options = {}) const {
    options.while_down = WhileDown::keep;
    return with(std::move(options));
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppReconnectKept);

/// Accepts, notes `count` frames, then closes with 1000.
RawServer::Script noting(Frames& frames, int count) {
  return [&frames, count](RawPeer& peer) {
    (void)peer.accept();
    for (int i = 0; i < count; ++i) frames.push_back(peer.read_described());
    (void)peer.send_close(1000, "done");
    (void)peer.read_until_close();
  };
}

void accept_and_leave(RawPeer& peer) { (void)peer.accept(); }

Frames texts(std::initializer_list<std::string> payloads) {
  Frames frames;
  for (const std::string& payload : payloads) {
    frames.push_back("text \"" + payload + "\"");
  }
  return frames;
}

TEST_P(AppReconnectKept, by_default_a_message_without_a_connection_is_refused) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), with());
  BackgroundRun run(app, running({.reconnect = 1h}));
  recorder.wait_for("error");
  EXPECT_EQ(refusal_of([&] { app.send("x"); }), closed_exception(Errc::not_open));
  EXPECT_EQ(app.buffered_amount(), 0U);
}

TEST_P(AppReconnectKept, messages_leave_in_order_behind_those_of_the_handler) {
  Frames frames;
  RawServer server({accept_and_leave, noting(frames, 4)}, link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) {
    self.send("one");  // on the run's thread
    std::thread([&] { self.send("two"); }).join();
    self.send_binary(wire_bytes("three"));
    EXPECT_EQ(self.buffered_amount(), 11U);
  };
  app.handlers().on_reconnect = [](WebSocketApp& self) { self.send("login"); };
  const RunResult result = app.run_forever(running({.reconnect = 1ms}));
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(result.unsent_bytes, 0U);
  Frames expected = texts({"login", "one", "two"});
  expected.push_back("binary " + to_hex(wire_bytes("three")));
  EXPECT_EQ(frames, expected);
}

TEST_P(AppReconnectKept, messages_of_other_threads_do_not_overtake_while_the_handler_runs) {
  Frames frames;
  RawServer server({accept_and_leave, noting(frames, 4)}, link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) { self.send("first"); };
  app.handlers().on_reconnect = [](WebSocketApp& self) {
    std::thread([&] { self.send("second"); }).join();
    self.send("login");
    std::thread([&] { self.send("third"); }).join();
  };
  EXPECT_FALSE(app.run_forever(running({.reconnect = 1ms})).failed());
  EXPECT_EQ(frames, texts({"login", "first", "second", "third"}));
}

/// A try_send() that down_limit refuses makes on_drain due: it is called once, when the next
/// connection has taken the messages that were kept.
TEST_P(AppReconnectKept, on_drain_follows_a_message_that_did_not_fit) {
  Frames frames;
  RawServer server({accept_and_leave, noting(frames, 2)}, link());
  AppOptions options = keeping();
  options.down_limit = 300;
  WebSocketApp app(server.url(), recorder.handlers(), options);
  const std::string large(150, 'm');
  app.handlers().on_error = [&](WebSocketApp& self, const std::exception&) {
    EXPECT_TRUE(self.try_send("first").accepted());  // 5 bytes, and 128 for its entry
    EXPECT_EQ(self.try_send(large), Errc::send_queue_full);
    std::thread([&] { EXPECT_EQ(self.try_send(large), Errc::send_queue_full); }).join();
  };
  app.handlers().on_drain = [&](WebSocketApp& self) {
    recorder.note("drain");
    EXPECT_TRUE(self.try_send(large).accepted());
  };
  EXPECT_FALSE(app.run_forever(running({.reconnect = 1ms})).failed());
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames.front(), "text \"first\"");
  EXPECT_TRUE(frames.back().starts_with("text 150 bytes")) << frames.back();
  EXPECT_EQ(recorder.calls("drain"), Calls{"drain"});
}

TEST_P(AppReconnectKept, messages_before_the_first_connection_are_kept_too) {
  Frames frames;
  RawServer server({answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"), noting(frames, 1)},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) { self.send("early"); };
  EXPECT_FALSE(app.run_forever(running({.reconnect = 1ms})).failed());
  EXPECT_EQ(frames, texts({"early"}));
}

TEST_P(AppReconnectKept, messages_behind_the_peers_Close_go_to_the_next_connection) {
  Frames frames;
  Signal sent;
  RawServer server({[&](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.send_close(1012, "");
                      EXPECT_EQ(peer.read_described(), "close 1012");
                      recorder.note("answered");
                      sent.wait();
                    },
                    noting(frames, 2)},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  BackgroundRun run(app, running({.reconnect = 1ms}));
  recorder.wait_for("answered");
  app.send("one");  // the client waits some ms for the server to close TCP, or has given up already
  app.send("two");
  sent.set();
  const RunResult result = run.wait();
  EXPECT_EQ(result.unsent_bytes, 0U);
  EXPECT_EQ(frames, texts({"one", "two"}));
}

TEST_P(AppReconnectKept, many_threads_and_many_connections_lose_nothing_and_keep_every_order) {
  constexpr std::size_t threads = 3;
  std::mutex mutex;
  std::size_t count = 0;
  std::vector<std::vector<std::string>> got;  // by connection: one may be read behind the next one
  const auto some = [&](RawPeer& peer) {      // closes behind 40 messages, and notes those behind
    (void)peer.accept();
    std::unique_lock first(mutex);
    const std::size_t connection = got.size();
    got.emplace_back();
    first.unlock();
    for (int i = 1; true; ++i) {
      const WireFrame frame = peer.read_frame();
      if (frame.opcode() == Opcode::close) break;
      const std::lock_guard lock(mutex);
      got[connection].push_back(payload_text(frame));
      ++count;
      if (i == 40) (void)peer.send_close(1012, "");
    }
    (void)peer.send_close();  // the answer, if the client was first
  };
  std::atomic<bool> is_over{false};  // a connection that has just begun is cut then
  const auto script = [&](RawPeer& peer) {
    try {
      some(peer);
    } catch (const PeerError&) {
      if (!is_over) throw;
    }
  };
  RawServer server(script, link());
  WebSocketApp app(server.url(), {}, keeping());
  std::vector<std::vector<std::string>> sent(threads);
  {
    BackgroundRun run(app, running({.reconnect = 1ms}));
    ASSERT_TRUE(eventually([&] { return app.keep_running(); }));
    std::vector<std::thread> senders;
    for (auto& own : sent) {
      senders.emplace_back([&app, &server, &own, name = std::to_string(senders.size()) + " "] {
        for (int i = 0; i < 20'000 && server.accepted() < 5; ++i) {
          own.push_back(name + std::to_string(i));
          app.send(own.back());
          std::this_thread::sleep_for(100us);
        }
      });
    }
    for (std::thread& sender : senders) sender.join();
    EXPECT_GE(server.accepted(), 5);
    const std::size_t all = sent[0].size() + sent[1].size() + sent[2].size();
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return count == all;
    }));
    is_over = true;
  }
  server.wait();
  for (std::size_t t = 0; t < threads; ++t) {
    std::vector<std::string> own;
    for (const auto& texts : got) {
      std::ranges::copy_if(texts, std::back_inserter(own), [&](const std::string& text) {
        return text.starts_with(std::to_string(t) + " ");
      });
    }
    EXPECT_EQ(own, sent[t]);
  }
}

TEST_P(AppReconnectKept, a_message_that_does_not_fit_is_refused_on_every_thread) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), keeping({.down_limit = 324}));
  const Thrown full = plain_exception(Errc::send_queue_full);
  app.handlers().on_error = [&](WebSocketApp& self, const std::exception&) {
    self.send(std::string(34, 'x'));  // 162 bytes, its entry included
    EXPECT_EQ(refusal_of([&] { self.send(std::string(35, 'x')); }), full);
    self.send(std::string(34, 'x'));
    EXPECT_EQ(refusal_of([&] { self.send(""); }), full);
    EXPECT_EQ(what_of([&] { self.send("four"); }),
              "send of 4 bytes without a connection, down_limit 324: too many unsent bytes");
    std::thread([&] { EXPECT_EQ(refusal_of([&] { self.send("x"); }), full); }).join();
    recorder.note("full");
  };
  BackgroundRun run(app, running({.reconnect = 1h}));
  recorder.wait_for("full");
  EXPECT_EQ(app.buffered_amount(), 68U);
  app.close();
  const RunResult result = run.wait();
  EXPECT_EQ(result.why, EndReason::stopped);
  EXPECT_EQ(result.unsent_bytes, 68U) << "accepted, and never sent";
  EXPECT_EQ(app.buffered_amount(), 0U);
  EXPECT_EQ(refusal_of([&] { app.send("x"); }), closed_exception(Errc::not_open));
}

TEST_P(AppReconnectKept, a_limit_of_nothing_keeps_nothing) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), keeping({.down_limit = 0}));
  BackgroundRun run(app, running({.reconnect = 1h}));
  recorder.wait_for("error");
  EXPECT_EQ(refusal_of([&] { app.send(""); }), plain_exception(Errc::send_queue_full));
}

TEST_P(AppReconnectKept, pings_and_pongs_and_bad_text_are_refused) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), keeping());
  const auto refusals = [&] {
    EXPECT_EQ(refusal_of([&] { app.ping("x"); }), closed_exception(Errc::not_open));
    EXPECT_EQ(refusal_of([&] { app.pong("x"); }), closed_exception(Errc::not_open));
    EXPECT_EQ(refusal_of([&] { app.send("\xFF"); }), plain_exception(Errc::invalid_text));
  };
  app.handlers().on_error = [&](WebSocketApp&, const std::exception&) {
    refusals();
    recorder.note("refused");
  };
  BackgroundRun run(app, running({.reconnect = 1h}));
  recorder.wait_for("refused");
  refusals();
  EXPECT_EQ(app.buffered_amount(), 0U);
}

TEST_P(AppReconnectKept, close_sends_what_was_kept_in_front_of_its_close_frame) {
  Frames frames;
  RawServer server({accept_and_leave,
                    [&](RawPeer& peer) {
                      (void)peer.accept();
                      frames = peer.read_until_close();
                      (void)peer.send_close();
                    }},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) { self.send("kept"); };
  app.handlers().on_reconnect = [](WebSocketApp& self) {
    self.send("login");
    self.close();
    EXPECT_EQ(refusal_of([&] { self.send("late"); }), closed_exception(Errc::not_open));
  };
  const RunResult result = app.run_forever(running({.reconnect = 1ms}));
  EXPECT_EQ(result.why, EndReason::stopped);
  EXPECT_EQ(result.unsent_bytes, 0U);
  Frames expected = texts({"login", "kept"});
  expected.push_back("close 1000");
  EXPECT_EQ(frames, expected);
}

TEST_P(AppReconnectKept, a_message_of_a_lost_connection_is_not_sent_again) {
  Frames frames;
  RawServer server({[](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.read_frame();
                    },
                    noting(frames, 1)},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  app.handlers().on_open = [](WebSocketApp& self) { self.send("on the first connection"); };
  app.handlers().on_reconnect = [](WebSocketApp& self) { self.send("on the second"); };
  EXPECT_FALSE(app.run_forever(running({.reconnect = 1ms})).failed());
  EXPECT_EQ(frames, texts({"on the second"}));
}

TEST_P(AppReconnectKept, a_message_that_the_connection_could_not_take_stays_for_the_next) {
  Frames frames;
  RawServer server({accept_and_leave,
                    [](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.read_to_end();
                    },
                    noting(frames, 2)},
                   link());
  int asked = 0;
  WebSocketApp app(server.url(), recorder.handlers(), keeping({.get_mask_key = [&]() -> MaskKey {
                     if (++asked == 1) throw std::runtime_error("no key yet");
                     return {};
                   }}));
  app.handlers().on_error = [first = true](WebSocketApp& self, const std::exception&) mutable {
    if (std::exchange(first, false))
      self.send("a");
    else
      self.send("b");
  };
  EXPECT_FALSE(app.run_forever(running({.reconnect = 1ms})).failed());
  EXPECT_EQ(frames, texts({"a", "b"}));
}

/// A message that was replaced by a longer one gives back all of its bytes when it leaves.
TEST_P(AppReconnectKept, a_replaced_message_takes_no_room_once_it_is_sent) {
  Frames frames;
  RawServer server({accept_and_leave,
                    [](RawPeer& peer) {
                      (void)peer.accept();
                      EXPECT_EQ(peer.read_described(), "text \"a longer one\"");
                    },
                    noting(frames, 1)},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), keeping());
  app.handlers().on_error = [first = true](WebSocketApp& self, const std::exception&) mutable {
    if (std::exchange(first, false)) {
      self.send("1", "key");
      self.send("a longer one", "key");
    } else if (const SendResult result = self.try_send("x"); !result.accepted()) {
      ADD_FAILURE() << result.error().message();
      self.close();  // the server would wait for the message
    }
  };
  EXPECT_EQ(app.run_forever(running({.reconnect = 1ms})).why, EndReason::closed_by_peer);
  EXPECT_EQ(frames, texts({"x"}));
}

TEST_P(AppReconnectKept, a_message_that_is_being_sent_is_not_dropped_for_another) {
  Frames frames;
  RawServer server({accept_and_leave, noting(frames, 1)}, link());
  WebSocketApp app(server.url(), recorder.handlers(),
                   keeping({.overflow = Overflow::drop_oldest, .down_limit = 150}));
  std::optional<SendResult> second;
  app.options().get_mask_key = [&]() -> MaskKey {  // for "1", which the queue still holds
    if (!second) std::thread([&] { second = app.try_send("2"); }).join();
    return {};
  };
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) { self.send("1"); };
  EXPECT_EQ(app.run_forever(running({.reconnect = 1ms})).why, EndReason::closed_by_peer);
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, Errc::send_queue_full) << "there is nothing else that could make room";
  EXPECT_EQ(frames, texts({"1"}));
  EXPECT_EQ(app.metrics().dropped, 0U);
}

TEST_P(AppReconnectKept, no_run_no_keeping) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), keeping({.keep_running = true}));
  EXPECT_EQ(refusal_of([&] { app.send("x"); }), closed_exception(Errc::not_open));
  app.handlers().on_close = [&](WebSocketApp& self, std::optional<CloseCode>, std::string_view) {
    EXPECT_EQ(refusal_of([&] { self.send("x"); }), closed_exception(Errc::not_open));
    recorder.note("closed");
  };
  const RunResult result = app.run_forever(running());
  EXPECT_TRUE(result.failed());
  EXPECT_EQ(result.unsent_bytes, 0U);
  EXPECT_EQ(recorder.last(), "closed");
}

}  // namespace
}  // namespace wirespan::test
