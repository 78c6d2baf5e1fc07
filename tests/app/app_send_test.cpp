// WebSocketApp: sending from handlers and from other threads, and the state that an app reports.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

class AppSend : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppSend);

/// Sends in every way that an app has.
void send_everything(WebSocketApp& app) {
  app.send("a");
  app.send_text("b");
  app.send("c", Opcode::binary);
  app.send_bytes(wire_bytes("d"));
  app.send_binary(wire_bytes("e"));
  app.ping("f");
  app.pong("g");
  app.send("h", Opcode::ping);
  app.send("i", Opcode::pong);
  app.send("");
  app.ping();
}

const std::vector<std::string> everything{"text \"a\"", "text \"b\"", "binary 63", "binary 64",
                                          "binary 65",  "ping 66",    "pong 67",   "ping 68",
                                          "pong 69",    "text \"\"",  "ping ",     "close 1000"};

RawServer::Script checking(std::vector<std::string> frames) {
  return [frames = std::move(frames)](RawPeer& peer) {
    (void)peer.accept();
    EXPECT_EQ(peer.read_until_close(), frames);
    (void)peer.send_close();
  };
}

TEST_P(AppSend, R119_every_form_in_a_handler) {
  RawServer server(checking(everything), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_open = [](WebSocketApp& app) {
    send_everything(app);
    app.close();
  };
  EXPECT_EQ(run(server, handlers).unsent_bytes, 0U);
}

TEST_P(AppSend, R119_every_form_from_another_thread) {
  RawServer server(checking(everything), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  send_everything(app);
  app.close();
  EXPECT_EQ(run.wait().unsent_bytes, 0U) << "close goes behind what was sent before";
}

TEST_P(AppSend, R118_what_may_not_be_sent_is_refused_on_every_thread) {
  RawServer server(checking({"close 1000"}), link());
  const auto check = [](WebSocketApp& app) {
    const auto unsupported = plain_exception(Errc::unsupported_frame);
    const auto too_long = plain_exception(Errc::control_too_long);
    EXPECT_EQ(refusal_of([&] { app.send("\xFF"); }), plain_exception(Errc::invalid_text));
    EXPECT_EQ(refusal_of([&] { app.ping(std::string(126, 'p')); }), too_long);
    EXPECT_EQ(refusal_of([&] { app.pong(std::string(126, 'p')); }), too_long);
    for (const unsigned opcode : {0U, 3U, 8U, 11U, 15U}) {
      EXPECT_EQ(refusal_of([&] { app.send("", Opcode{static_cast<std::uint8_t>(opcode)}); }),
                unsupported)
          << opcode;
    }
  };
  WebSocketApp app(server.url(), recorder.handlers(), with());
  Signal checked;
  app.handlers().on_open = [&](WebSocketApp& self) {
    check(self);
    checked.set();
  };
  BackgroundRun run(app, running());
  checked.wait();
  check(app);
  app.close();
  EXPECT_EQ(run.wait().why, EndReason::stopped);
  EXPECT_EQ(recorder.calls("error"), Calls{});
}

TEST_P(AppSend, R117_without_an_open_connection_it_throws) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), {}, with());
  const auto refused = [&](WebSocketApp& self) {
    const auto closed = closed_exception(Errc::not_open);
    EXPECT_EQ(refusal_of([&] { self.send("x"); }), closed);
    EXPECT_EQ(refusal_of([&] { self.send_bytes({}); }), closed);
    EXPECT_EQ(refusal_of([&] { self.ping(); }), closed);
    EXPECT_EQ(refusal_of([&] { self.pong(); }), closed);
  };
  refused(app);
  app.handlers().on_open = [&](WebSocketApp& self) {
    self.close();
    refused(self);
  };
  app.handlers().on_close = [&](WebSocketApp& self, std::optional<CloseCode>, std::string_view) {
    refused(self);
  };
  EXPECT_EQ(app.run_forever(running()).why, EndReason::stopped);
  refused(app);
}

TEST_P(AppSend, R117_after_close_other_threads_cannot_send_although_the_handshake_is_under_way) {
  Signal refused;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_described(), "close 1000");
        refused.wait();
        (void)peer.send_close();
        EXPECT_EQ(peer.read_to_end(), "");
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  app.close();
  EXPECT_EQ(refusal_of([&] { app.send("x"); }), closed_exception(Errc::not_open));
  refused.set();
  EXPECT_EQ(run.wait().unsent_bytes, 0U);
}

TEST_P(AppSend, F9_8_threads_send_and_each_ones_order_is_kept) {
  constexpr int each = 200;
  const auto numbered = [](int thread, int number) {
    return std::to_string(thread) + " " + std::to_string(number) + " " +
           letters(static_cast<std::size_t>(number * 37));
  };
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        std::map<int, int> next;
        for (int i = 0; i < 8 * each; ++i) {
          const std::string text = payload_text(peer.read_frame());
          const int thread = std::stoi(text);
          EXPECT_EQ(text, numbered(thread, next[thread]++));
        }
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  BackgroundRun run(app, running());
  recorder.wait_for("open");
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int number = 0; number < each; ++number) app.send(numbered(thread, number));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const RunResult result = run.wait();
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(result.unsent_bytes, 0U);
}

TEST_P(AppSend, a_handler_does_not_overtake_a_message_that_another_thread_has_sent_before) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("go");
        EXPECT_EQ(peer.read_described(), "text \"first\"");
        EXPECT_EQ(peer.read_described(), "text \"second\"");
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [](WebSocketApp& app, const Message&) {
    std::thread([&] { app.send("first"); }).join();
    app.send("second");
  };
  EXPECT_EQ(run(server, handlers).why, EndReason::closed_by_peer);
}

/// The peer has to read all that was sent before the close. send_hard_limit is small and the close
/// timeout long, so that a slow peer is no failure.
TEST_P(AppSend, FIX_F6_threads_that_send_while_the_run_is_closed_again_and_again) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(), with({.send_hard_limit = 64 << 10}));
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!over) {
        const Thrown thrown = thrown_by([&] {
          app.send("x");
          app.ping("y");
          (void)app.buffered_amount();
        });
        if (thrown != nothing_thrown()) {
          EXPECT_EQ(thrown, closed_exception(Errc::not_open));
          std::this_thread::sleep_for(100us);
        }
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    std::thread closer([&] {
      while (!app.ready()) std::this_thread::sleep_for(100us);
      app.close(STATUS_NORMAL, "", 30s);
    });
    EXPECT_EQ(ending_of(app.run_forever(running())),
              (Ending{EndReason::stopped, CloseCode::normal, "", {}}));
    closer.join();
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(recorder.calls("error"), Calls{});
}

TEST_P(AppSend, what_the_server_has_chosen_is_told_during_and_after_the_connection) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept("Sec-WebSocket-Protocol: Chat\r\nX-Id: 7\r\n");
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  WebSocketApp app(server.url(), recorder.handlers(), with({.subprotocols = {"soap", "Chat"}}));
  EXPECT_FALSE(app.ready());
  EXPECT_EQ(app.status(), 0);
  EXPECT_EQ(app.subprotocol(), "");
  EXPECT_EQ(app.fileno(), -1);
  app.handlers().on_open = [](WebSocketApp& self) {
    EXPECT_TRUE(self.ready());
    EXPECT_TRUE(self.keep_running());
    EXPECT_EQ(self.status(), 101);
    EXPECT_EQ(self.subprotocol(), "Chat");
    EXPECT_GE(self.fileno(), 0);
    EXPECT_EQ(self.buffered_amount(), 0U);
    self.send("12345");
    EXPECT_EQ(self.buffered_amount(), 11U) << "it leaves with the others of this turn";
  };
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(app.headers().get("x-id"), "7");
  EXPECT_EQ(app.status(), 101);
  EXPECT_FALSE(app.ready());
}

TEST_P(AppSend, the_handshake_options_of_app_and_run_reach_the_request) {
  std::string request;
  RawServer server(
      [&](RawPeer& peer) {
        request = peer.accept();
        (void)peer.send_close();
        (void)peer.read_until_close();
      },
      link());
  WebSocketApp app(server.url("/path?q"), {}, with({.header = {"X-A: 1"}, .cookie = "c=d"}));
  EXPECT_FALSE(
      app.run_forever(running({.host = "virtual", .origin = "https://o.example"})).failed());
  for (const char* line : {"GET /path?q HTTP/1.1\r\n", "\r\nX-A: 1\r\n", "\r\nCookie: c=d\r\n",
                           "\r\nHost: virtual\r\n", "\r\nOrigin: https://o.example\r\n"}) {
    EXPECT_NE(request.find(line), std::string::npos) << line << request;
  }
  EXPECT_FALSE(app.run_forever(running({.origin = "x", .suppress_origin = true})).failed());
  EXPECT_EQ(request.find("Origin"), std::string::npos);
}

TEST_P(AppSend, R28_a_required_subprotocol_that_the_server_does_not_choose) {
  RawServer server(echo_script, link());
  WebSocketApp app(server.url(), recorder.handlers(),
                   with({.subprotocols = {"a"}, .require_subprotocol = true}));
  EXPECT_EQ(app.run_forever(running()).error, Errc::missing_subprotocol);
}

}  // namespace
}  // namespace wirespan::test
