// WebSocketApp: handlers given at construction, assigned later, or overridden are equal.
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

class AppFaces : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppFaces);

/// A peer that causes every callback.
void tour(RawPeer& peer) {
  (void)peer.accept();
  (void)peer.send_text("whole");
  (void)peer.send_frame(0x02, "a");
  (void)peer.send_ping("p");
  (void)peer.send_frame(0x80, "b");
  (void)peer.send_pong("q");
  (void)peer.send_text("throw");
  (void)peer.send_close(3000, "end");
  (void)peer.read_until_close();
}

const Calls whole_tour{"open",
                       "data text last \"whole\"",
                       "message text \"whole\"",
                       "data binary \"a\"",
                       "fragment binary \"a\"",
                       "ping \"p\"",
                       "data cont last \"b\"",
                       "fragment cont last \"b\"",
                       "pong \"q\"",
                       "data text last \"throw\"",
                       "message text \"throw\"",
                       "error std::exception: as asked",
                       "close 3000 \"end\""};

void throw_if_asked(const Message& message) {
  if (message.text() == "throw") throw std::runtime_error("as asked");
}

AppHandlers touring(Recorder& recorder) {
  AppHandlers handlers = recorder.all_handlers();
  handlers.on_message = [inner = handlers.on_message](WebSocketApp& app, const Message& message) {
    inner(app, message);
    throw_if_asked(message);
  };
  return handlers;
}

TEST_P(AppFaces, R93_handlers_given_at_construction) {
  RawServer server(tour, link());
  WebSocketApp app(server.url(), touring(recorder), with());
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(recorder.calls(), whole_tour);
}

TEST_P(AppFaces, handlers_assigned_later) {
  RawServer server(tour, link());
  WebSocketApp app(server.url(), {}, with());
  app.handlers() = touring(recorder);
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(recorder.calls(), whole_tour);
}

/// Overrides every virtual method, and records each call.
class Subclass final : public WebSocketApp {
 public:
  Subclass(std::string url, Recorder& recorder, AppOptions options)
      : WebSocketApp(std::move(url), {}, std::move(options)), shown_(recorder.all_handlers()) {}

  void on_open() override { shown_.on_open(*this); }
  void on_message(const Message& message) override {
    shown_.on_message(*this, message);
    throw_if_asked(message);
  }
  void on_error(const std::exception& error) override { shown_.on_error(*this, error); }
  void on_close(std::optional<CloseCode> code, std::string_view reason) override {
    shown_.on_close(*this, code, reason);
  }
  void on_ping(Bytes payload) override { shown_.on_ping(*this, payload); }
  void on_pong(Bytes payload) override { shown_.on_pong(*this, payload); }
  void on_cont_message(const Fragment& part) override { shown_.on_cont_message(*this, part); }
  void on_data(Bytes data, Opcode type, bool fin) override {
    shown_.on_data(*this, data, type, fin);
  }

 private:
  AppHandlers shown_;
};

TEST_P(AppFaces, a_subclass_that_overrides) {
  RawServer server(tour, link());
  Subclass app(server.url(), recorder, with({.fire_cont_frame = true}));
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(recorder.calls(), whole_tour);
}

class HalfSubclass final : public WebSocketApp {
 public:
  using WebSocketApp::WebSocketApp;
  int messages = 0;

  void on_message(const Message& message) override {
    ++messages;
    WebSocketApp::on_message(message);
  }
};

TEST_P(AppFaces, an_override_may_call_the_handler_and_leave_the_others_to_theirs) {
  RawServer server(sending({"a", "b"}), link());
  HalfSubclass app(server.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(app.messages, 2);
  EXPECT_EQ(recorder.calls(), (Calls{"open", called::message("a"), called::message("b"),
                                     called::close(1000, "done")}));
}

TEST_P(AppFaces, without_any_handler_a_run_works_all_the_same) {
  RawServer server(sending({"a"}), link());
  WebSocketApp app(server.url(), {}, with());
  const RunResult result = app.run_forever(running());
  EXPECT_EQ(ending_of(result), (Ending{EndReason::closed_by_peer, CloseCode::normal, "done", {}}));
}

TEST_P(AppFaces, a_handler_may_replace_itself_and_others) {
  RawServer server(sending({"a", "b", "c"}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.handlers().on_message = [this](WebSocketApp& self, const Message& message) {
    const std::string first(message.text());
    self.handlers().on_message = [this](WebSocketApp& again, const Message&) {
      recorder.note("second handler");
      again.handlers().on_message = nullptr;
    };
    recorder.note("first handler still has " + first);
  };
  EXPECT_FALSE(app.run_forever(running()).failed());
  EXPECT_EQ(recorder.calls(), (Calls{"open", "first handler still has a", "second handler",
                                     called::close(1000, "done")}));
}

TEST_P(AppFaces, the_url_and_the_handlers_may_change_between_two_runs) {
  RawServer first(sending({"a"}), link());
  RawServer second(sending({"b"}), link());
  WebSocketApp app(first.url(), recorder.handlers(), with());
  EXPECT_FALSE(app.run_forever(running()).failed());
  app.url() = second.url();
  app.handlers().on_open = [this](WebSocketApp&) { recorder.note("open again"); };
  EXPECT_FALSE(app.run_forever(running()).failed());
  const std::string end = called::close(1000, "done");
  EXPECT_EQ(recorder.calls(),
            (Calls{"open", called::message("a"), end, "open again", called::message("b"), end}));
}

}  // namespace
}  // namespace wirespan::test
