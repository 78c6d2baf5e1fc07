// WebSocketApp: exceptions of handlers, of on_error itself, and of the user's callables in options.
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

class AppErrors : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppErrors);

/// Sends a frame for every handler, then one more message, then the end.
void all_frames(RawPeer& peer) {
  (void)peer.accept();
  (void)peer.send_text("first");
  (void)peer.send_ping("p");
  (void)peer.send_pong("q");
  (void)peer.send_text("second");
  (void)peer.send_close(1000);
  (void)peer.read_until_close();
}

/// A handler that throws once and records every other call.
class ThrowingOnce {
 public:
  ThrowingOnce(Recorder& recorder, std::string name)
      : recorder_(recorder), name_(std::move(name)) {}
  void operator()() {
    if (std::exchange(thrown_, true)) return recorder_.note(name_);
    throw std::runtime_error("from " + name_);
  }

 private:
  Recorder& recorder_;
  std::string name_;
  bool thrown_ = false;
};

Calls run_with_throwing(const std::string& which, const Link& link) {
  RawServer server(all_frames, link);
  Recorder recorder;
  AppHandlers handlers = recorder.handlers();
  auto call = [throwing = std::make_shared<ThrowingOnce>(recorder, which)] { (*throwing)(); };
  if (which == "on_open") handlers.on_open = [call](WebSocketApp&) { call(); };
  if (which == "on_message") {
    handlers.on_message = [call](WebSocketApp&, const Message&) { call(); };
  }
  if (which == "on_data") {
    handlers.on_data = [call](WebSocketApp&, Bytes, Opcode, bool) { call(); };
  }
  if (which == "on_ping") handlers.on_ping = [call](WebSocketApp&, Bytes) { call(); };
  if (which == "on_pong") handlers.on_pong = [call](WebSocketApp&, Bytes) { call(); };
  WebSocketApp app(server.url(), handlers, {.backend = link.backend});
  EXPECT_EQ(app.run_forever({.sslopt = link.for_client()}).why, EndReason::closed_by_peer);
  EXPECT_TRUE(app.has_errored());
  return recorder.calls();
}

TEST_P(AppErrors, KEEP_what_a_handler_throws_reaches_on_error_and_messages_keep_flowing) {
  const std::string first = called::message("first");
  const std::string second = called::message("second");
  const std::string end = called::close(1000);
  const auto from = [](const std::string& name) { return "error std::exception: from " + name; };
  EXPECT_EQ(run_with_throwing("on_open", link()),
            (Calls{from("on_open"), first, "ping \"p\"", "pong \"q\"", second, end}));
  EXPECT_EQ(run_with_throwing("on_message", link()),
            (Calls{"open", from("on_message"), "ping \"p\"", "pong \"q\"", "on_message", end}));
  EXPECT_EQ(
      run_with_throwing("on_data", link()),
      (Calls{"open", from("on_data"), first, "ping \"p\"", "pong \"q\"", "on_data", second, end}));
  EXPECT_EQ(run_with_throwing("on_ping", link()),
            (Calls{"open", first, from("on_ping"), "pong \"q\"", second, end}));
  EXPECT_EQ(run_with_throwing("on_pong", link()),
            (Calls{"open", first, "ping \"p\"", from("on_pong"), second, end}));
}

TEST_P(AppErrors, an_exception_in_on_cont_message_and_on_reconnect) {
  RawServer server({[](RawPeer& peer) { (void)peer.accept(); },
                    [](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.send_frame(0x01, "a");
                      (void)peer.send_frame(0x80, "b");
                      (void)peer.send_close();
                      (void)peer.read_until_close();
                    }},
                   link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_reconnect = [](WebSocketApp&) { throw std::runtime_error("again"); };
  handlers.on_cont_message = [](WebSocketApp&, const Fragment&) { throw std::logic_error("part"); };
  WebSocketApp app(server.url(), handlers, with());
  EXPECT_EQ(app.run_forever(running({.reconnect = 5ms})).why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::lost(), "error std::exception: again",
                                     "error std::exception: part", "error std::exception: part",
                                     called::close(1000)}));
}

TEST_P(AppErrors, an_exception_in_on_close_reaches_on_error) {
  RawServer server(sending({}), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_close = [](WebSocketApp&, std::optional<CloseCode>, std::string_view) {
    throw std::runtime_error("at the end");
  };
  const RunResult result = run(server, handlers);
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls(), (Calls{"open", "error std::exception: at the end"}));
}

TEST_P(AppErrors, what_is_no_std_exception_becomes_one) {
  RawServer server(sending({"x", "y"}), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [](WebSocketApp&, const Message&) { throw 42; };  // NOLINT
  EXPECT_EQ(run(server, handlers).why, EndReason::closed_by_peer);
  const std::string error = called::error("WebSocketException", Errc::handler_failed);
  EXPECT_EQ(recorder.calls(), (Calls{"open", error, error, called::close(1000, "done")}));
}

TEST_P(AppErrors, KEEP_when_on_error_throws_the_run_ends_with_1011) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("x");
        (void)peer.send_text("not delivered");
        EXPECT_EQ(peer.read_described(), "close 1011");
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [this](WebSocketApp&, const Message& message) {
    recorder.note("message " + std::string(message.text()));
    throw std::runtime_error("first");
  };
  handlers.on_error = [this](WebSocketApp&, const std::exception& error) {
    recorder.note(called::error(error));
    throw std::runtime_error("second");
  };
  EXPECT_EQ(ending_of(run(server, handlers)),
            (Ending{EndReason::failed, CloseCode::abnormal_closure, "", Errc::handler_failed}));
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", "message x", "error std::exception: first", called::close(1006)}));
}

TEST_P(AppErrors, when_on_error_throws_about_a_failed_attempt_there_is_no_other) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), with());
  app.handlers().on_error = [](WebSocketApp&, const std::exception&) {
    throw std::runtime_error("no");
  };
  const RunResult result = app.run_forever(running({.reconnect = 5ms}));
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(result.error, Errc::handler_failed);
  EXPECT_EQ(recorder.calls(), (Calls{"close none"}));
}

/// The connection has lost its write side, which is the cause of its end that the session keeps.
TEST_P(AppErrors, when_on_error_throws_after_a_failed_write_it_is_not_called_again) {
  Signal cut;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        (void)peer.send_text("x");
        cut.wait();
        std::this_thread::sleep_for(50ms);  // the write has failed
        (void)peer.send_text("y");
        (void)peer.send_text("not delivered");
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_message = [&](WebSocketApp& app, const Message& message) {
    recorder.note("message " + std::string(message.text()));
    if (message.text() == "y") throw std::runtime_error("first");
    ::shutdown(app.fileno(), SHUT_WR);
    app.send("lost");
    cut.set();
  };
  handlers.on_error = [this](WebSocketApp&, const std::exception& error) {
    recorder.note(called::error(error));
    throw std::runtime_error("second");
  };
  WebSocketApp app(server.url(), handlers, with());
  const RunResult result = app.run_forever(running({.reconnect = 1ms}));
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(result.error, Errc::handler_failed);
  EXPECT_EQ(recorder.calls(), (Calls{"open", "message x", "message y",
                                     "error std::exception: first", called::close(1006)}));
}

TEST_P(AppErrors, KEEP_without_on_error_a_failing_handler_ends_nothing) {
  RawServer server(sending({"x", "y"}), link());
  int messages = 0;
  AppHandlers handlers;
  handlers.on_message = [&](WebSocketApp&, const Message&) {
    ++messages;
    throw std::runtime_error("to the log");
  };
  EXPECT_EQ(run(server, handlers).why, EndReason::closed_by_peer);
  EXPECT_EQ(messages, 2);
}

TEST_P(AppErrors, a_mask_key_source_that_throws_fails_the_connection_through_on_error) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_to_end(), "") << "nothing leaves without a key";
      },
      link());
  for (const bool from_other_thread : {false, true}) {
    Recorder calls;
    WebSocketApp app(
        server.url(), calls.handlers(),
        with({.get_mask_key = []() -> MaskKey { throw std::out_of_range("no more keys"); }}));
    Thrown thrown = nothing_thrown();
    if (!from_other_thread) {
      app.handlers().on_open = [&](WebSocketApp& self) {
        thrown = refusal_of([&] { self.send("x"); });
      };
    }
    BackgroundRun run(app, running());
    if (from_other_thread) {
      calls.wait_for("open");
      app.send("x");
    }
    const RunResult result = run.wait();
    EXPECT_EQ(result.why, EndReason::failed);
    EXPECT_EQ(result.error, Errc::no_mask_key);
    EXPECT_EQ(result.close.code, CloseCode::abnormal_closure);
    EXPECT_NE(calls.calls("error std::exception: no more keys"), Calls{});
    EXPECT_EQ(calls.last(), called::close(1006));
    EXPECT_EQ(thrown.code, from_other_thread ? std::error_code{} : Errc::no_mask_key);
  }
}

TEST_P(AppErrors, a_mask_key_source_that_throws_for_the_answer_to_a_ping_or_a_close) {
  for (const bool ping : {false, true}) {
    RawServer server(
        [ping](RawPeer& peer) {
          (void)peer.accept();
          (void)(ping ? peer.send_ping("x") : peer.send_close());
          EXPECT_EQ(peer.read_to_end(), "");
        },
        link());
    Recorder calls;
    WebSocketApp app(
        server.url(), calls.handlers(),
        with({.get_mask_key = []() -> MaskKey { throw std::out_of_range("no more keys"); }}));
    const RunResult result = app.run_forever(running());
    EXPECT_EQ(result.error, Errc::no_mask_key) << ping;
    EXPECT_EQ(calls.calls(),
              (Calls{"open", "error std::exception: no more keys", called::close(1006)}))
        << ping;
  }
}

TEST_P(AppErrors, a_mask_key_source_of_the_users_own_is_used) {
  constexpr MaskKey key{std::byte{9}, std::byte{8}, std::byte{7}, std::byte{6}};
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        EXPECT_EQ(peer.read_frame().key, key);
        (void)peer.send_close();
        EXPECT_EQ(peer.read_frame().key, key);
      },
      link());
  WebSocketApp app(server.url(), {.on_open = [](WebSocketApp& self) { self.send("x"); }},
                   with({.get_mask_key = [&] { return key; }}));
  EXPECT_FALSE(app.run_forever(running()).failed());
}

}  // namespace
}  // namespace wirespan::test
