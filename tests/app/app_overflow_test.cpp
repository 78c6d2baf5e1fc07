// WebSocketApp: what happens above send_hard_limit and down_limit (AppOptions::overflow), and
// conflation by key.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

using Texts = std::vector<std::string>;

/// More than the kernel's buffers of both sides take, of which one is small.
constexpr std::size_t more_than_the_kernel_takes = std::size_t{2} << 20;
constexpr std::size_t hard_limit = more_than_the_kernel_takes + (std::size_t{512} << 10);

std::string numbered(int number) {
  std::string text = std::to_string(number) + " ";
  text.resize(16 << 10, '.');
  return text;
}

class AppOverflow : public AppTest {
 protected:
  [[nodiscard]] AppOptions limited(Overflow overflow) const {
    return with({.send_hard_limit = hard_limit, .overflow = overflow});
  }
  [[nodiscard]] RunOptions small(RunOptions options = {}) const {
    options.sockopt = {{SOL_SOCKET, SO_SNDBUF, 256 << 10}};
    return running(std::move(options));
  }
  /// Accepts, says "go", and reads nothing until go_on; then notes the first word of each text
  /// until the Close, which it answers. A script whose connection may be read to the end behind the
  /// next one notes nothing.
  [[nodiscard]] RawServer::Script late(bool notes = true) {
    return [this, notes](RawPeer& peer) {
      peer.take_little();
      (void)peer.accept();
      (void)peer.send_text("go");
      go_on.wait();
      WireFrame one = peer.read_frame();
      for (; one.opcode() != Opcode::close; one = peer.read_frame()) {
        const std::string text(wire_text(one.payload));
        if (notes && one.opcode() == Opcode::text) texts.push_back(text.substr(0, text.find(' ')));
      }
      if (notes) close_code = describe(one);
      (void)peer.send_frame(0x88, wire_text(one.payload));
    };
  }
  /// Runs the app until close(). `send` is called behind a large message that the peer does not
  /// read: in on_message, or on this thread.
  template <class Send>
  RunResult run_behind_a_backlog(WebSocketApp& app, bool on_loop, Send send) {
    app.handlers().on_open = [](WebSocketApp& self) {
      self.send_binary(ByteVector(more_than_the_kernel_takes));
    };
    app.handlers().on_message = [this, &send, on_loop](WebSocketApp&, const Message&) {
      if (on_loop) send();
      recorder.note("go");
    };
    BackgroundRun run(app, small());
    recorder.wait_for("go");
    if (!on_loop) send();
    go_on.set();
    app.close(STATUS_NORMAL, "", 20s);  // the peer takes seconds under TSan
    return run.wait();
  }

  void clear() {
    go_on.clear();
    texts.clear();
    close_code.clear();
    recorder.clear();
  }

  Signal go_on;
  Texts texts;             // the script's; read them after the end of the run
  std::string close_code;  // likewise
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppOverflow);

TEST_P(AppOverflow, drop_oldest_keeps_the_newest_and_counts_the_others) {
  constexpr int count = 1000;
  for (const bool on_loop : {false, true}) {
    clear();
    const RawServer server(late(), link());
    WebSocketApp app(server.url(), recorder.handlers(), limited(Overflow::drop_oldest));
    const RunResult result = run_behind_a_backlog(app, on_loop, [&] {
      for (int i = 0; i < count; ++i) EXPECT_TRUE(app.try_send(numbered(i)).accepted()) << i;
    });
    EXPECT_EQ(result.why, EndReason::stopped);
    ASSERT_FALSE(texts.empty());
    EXPECT_EQ(texts.back(), std::to_string(count - 1));
    EXPECT_GT(app.metrics().dropped, 100U);
    EXPECT_EQ(texts.size() + app.metrics().dropped, std::size_t{count}) << "the ledger";
  }
}

TEST_P(AppOverflow, close_ends_the_connection_with_1013_and_tells_on_error) {
  for (const bool on_loop : {false, true}) {
    clear();
    const RawServer server({late(false), late()}, link());
    WebSocketApp app(server.url(), recorder.handlers(), limited(Overflow::close));
    const std::string too_much(hard_limit, 'x');
    app.handlers().on_reconnect = [](WebSocketApp& self) { self.close(); };
    SendResult first = SendResult::Outcome::sent;
    app.handlers().on_open = [](WebSocketApp& self) {
      self.send_binary(ByteVector(more_than_the_kernel_takes));
    };
    app.handlers().on_message = [&](WebSocketApp& self, const Message&) {
      if (on_loop) first = self.try_send(too_much);
      recorder.note("go");
    };
    BackgroundRun run(app, small({.reconnect = 1ms}));
    recorder.wait_for("go");
    if (!on_loop) {
      EXPECT_TRUE(eventually([&] { return app.buffered_amount() > 0; }));
      first = app.try_send(too_much);
      EXPECT_EQ(app.try_send("later"), Errc::not_open) << "refused before the end";
    }
    EXPECT_EQ(first, Errc::overflow_closed);
    go_on.set();
    EXPECT_EQ(run.wait().why, EndReason::stopped) << "it has come back";
    EXPECT_EQ(close_code, "close 1000") << "of the second connection";
    EXPECT_EQ(recorder.calls("error"),
              Calls{called::error("WebSocketException", Errc::overflow_closed)});
  }
}

TEST_P(AppOverflow, the_end_of_the_next_connection_is_not_told_as_an_overflow) {
  const RawServer server({late(), sending({})}, link());
  WebSocketApp app(server.url(), recorder.handlers(), limited(Overflow::close));
  app.handlers().on_open = [](WebSocketApp& self) {
    self.send_binary(ByteVector(more_than_the_kernel_takes));
  };
  app.handlers().on_message = [&](WebSocketApp& self, const Message&) {
    EXPECT_EQ(self.try_send(std::string(hard_limit, 'x')), Errc::overflow_closed);
    go_on.set();
  };
  EXPECT_EQ(ending_of(app.run_forever(small({.reconnect = 1ms}))),
            (Ending{EndReason::closed_by_peer, CloseCode::normal, "done", {}}));
  EXPECT_EQ(recorder.calls("error"),
            Calls{called::error("WebSocketException", Errc::overflow_closed)});
}

TEST_P(AppOverflow, a_key_replaces_the_unsent_message_in_its_place) {
  for (const bool on_loop : {false, true}) {
    clear();
    const RawServer server(late(), link());
    WebSocketApp app(server.url(), recorder.handlers(), limited(Overflow::refuse));
    (void)run_behind_a_backlog(app, on_loop, [&] {
      for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(app.try_send("a" + std::to_string(i), "a").accepted());
        app.send("b" + std::to_string(i), "b");
        if (i == 0) app.send("plain", "");
      }
      // Else the loop might write the older ones before it takes the newer ones of this thread.
      EXPECT_TRUE(eventually([&] { return app.metrics().conflated == 198; }));
    });
    EXPECT_EQ(texts, (Texts{"a99", "b99", "plain"}));
    EXPECT_EQ(app.metrics().conflated, 198U);
  }
}

TEST_P(AppOverflow, within_a_turn_a_key_replaces_too) {
  const RawServer server(late(), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.handlers().on_open = [](WebSocketApp& self) {
    for (int i = 0; i < 10; ++i) self.send("price" + std::to_string(i), "EUR/USD");
    self.send("last");
    self.close();
  };
  go_on.set();
  EXPECT_EQ(app.run_forever(small()).unsent_bytes, 0U);
  EXPECT_EQ(texts, (Texts{"price9", "last"}));
}

TEST_P(AppOverflow, messages_kept_while_down_are_conflated_and_dropped_alike) {
  AppOptions options = limited(Overflow::drop_oldest);
  options.while_down = WhileDown::keep;
  options.down_limit = 3 * (1 + 1 + 128) + 50;
  const RawServer server({[](RawPeer& peer) { (void)peer.accept(); }, late()}, link());
  WebSocketApp app(server.url(), recorder.handlers(), options);
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) {
    EXPECT_EQ(self.try_send(std::string(1000, 'x')), Errc::send_queue_full) << "larger than all";
    self.send("1", "k");
    self.send("2");
    self.send("3", "k");
    std::thread([&] { self.send("4"); }).join();
    self.send("5");
  };
  app.handlers().on_message = [](WebSocketApp& self, const Message&) { self.close(); };
  go_on.set();
  EXPECT_EQ(app.run_forever(small({.reconnect = 1ms})).why, EndReason::stopped);
  EXPECT_EQ(texts, (Texts{"2", "4", "5"})) << "3 was in the place of 1, and made room";
  EXPECT_EQ(app.metrics().conflated, 1U);
  EXPECT_EQ(app.metrics().dropped, 1U);
}

/// A longer message with the same key needs room for the bytes by which it is longer.
TEST_P(AppOverflow, a_replacement_does_not_pass_the_limit) {
  const RawServer server(late(), link());
  WebSocketApp app(server.url(), recorder.handlers(), limited(Overflow::refuse));
  (void)run_behind_a_backlog(app, true, [&] {
    EXPECT_TRUE(app.try_send("short", "k").accepted());
    EXPECT_EQ(app.try_send(std::string(2 * more_than_the_kernel_takes, 'x'), "k"),
              Errc::send_queue_full);
    EXPECT_TRUE(app.try_send("a bit longer", "k").accepted());
  });
  EXPECT_EQ(texts, (Texts{"a"})) << "the first word of the last one";
  EXPECT_EQ(app.metrics().conflated, 1U);
}

TEST_P(AppOverflow, a_replacement_does_not_pass_down_limit) {
  AppOptions options = limited(Overflow::refuse);
  options.while_down = WhileDown::keep;
  options.down_limit = 2 * (128 + 10);
  const RawServer server({[](RawPeer& peer) { (void)peer.accept(); }, late()}, link());
  WebSocketApp app(server.url(), recorder.handlers(), options);
  app.handlers().on_error = [](WebSocketApp& self, const std::exception&) {
    self.send("12345", "k");  // 134 bytes
    self.send("other");       // 133
    EXPECT_EQ(self.try_send(std::string(15, 'x'), "k"), Errc::send_queue_full);
    self.send(std::string(14, 'y'), "k");
    EXPECT_EQ(self.buffered_amount(), 19U);
  };
  app.handlers().on_message = [](WebSocketApp& self, const Message&) { self.close(); };
  go_on.set();
  EXPECT_EQ(app.run_forever(small({.reconnect = 1ms})).why, EndReason::stopped);
  EXPECT_EQ(texts, (Texts{std::string(14, 'y'), "other"}));
}

TEST_P(AppOverflow, a_limit_of_0_takes_one_message_at_a_time) {
  for (const Overflow overflow : {Overflow::refuse, Overflow::drop_oldest, Overflow::close}) {
    clear();
    const RawServer server(late(), link());
    WebSocketApp app(server.url(), recorder.handlers(),
                     with({.send_hard_limit = 0, .overflow = overflow}));
    (void)run_behind_a_backlog(app, true, [&] {
      const SendResult second = app.try_send("second");
      EXPECT_EQ(second,
                overflow == Overflow::close ? Errc::overflow_closed : Errc::send_queue_full);
    });
    EXPECT_EQ(texts, Texts{});
  }
}

TEST_P(AppOverflow, keys_that_cannot_be_are_refused) {
  const RawServer server(late(), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, small());
  recorder.wait_for(called::open);
  const std::string longest(limits::conflation_key, 'k');
  EXPECT_TRUE(app.try_send("x", longest).accepted());
  EXPECT_EQ(app.try_send("x", longest + 'k'), Errc::key_too_long);
  EXPECT_EQ(app.handle().send("x", longest + 'k'), Errc::key_too_long);
  EXPECT_EQ(refusal_of([&] { app.send("x", longest + 'k'); }), plain_exception(Errc::key_too_long));
  EXPECT_EQ(app.try_send("x", "key", Opcode::ping), Errc::unsupported_frame);
  EXPECT_EQ(app.try_send("\xff", "key"), Errc::invalid_text);
  EXPECT_TRUE(app.handle().send("\xff", "key", Opcode::binary).accepted());
  go_on.set();
  app.close();
  EXPECT_EQ(run.wait().unsent_bytes, 0U);
  EXPECT_EQ(texts, Texts{"x"});
}

}  // namespace
}  // namespace wirespan::test
