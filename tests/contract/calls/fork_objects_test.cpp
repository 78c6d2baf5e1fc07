// fork_objects_test.cpp - a process that forks beside its connections: the child exits at once, or
// runs objects of its own; the parent goes on.
#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/other_threads.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {
namespace {

/// Forks; the child exits with the answer of `child`, without destructors. Returns that answer.
bool forked(const std::function<bool()>& child) {
  make_heap_ready_for_fork();
  const pid_t id = ::fork();
  if (id == 0) ::_exit(child() ? 0 : 1);
  int status = 1;
  return id > 0 && ::waitpid(id, &status, 0) == id && status == 0;
}

bool exits_at_once() { return true; }

/// An echo server on a thread, which forks in on_message if it is told to.
class ForkServer {
 public:
  explicit ForkServer(bool forks = false)
      : server_({}, {.on_message =
                         [this, forks](const ServerConnection& self, const Message& message) {
                           if (forks) has_forked_ = forked(exits_at_once);
                           (void)self.send(message.opcode, message.payload);
                         }}),
        url_("ws://127.0.0.1:" + std::to_string(server_.listen()) + "/"),
        thread_([this] { server_.run(); }) {}
  ~ForkServer() {
    server_.stop();
    thread_.join();
  }
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] bool has_forked() const noexcept { return has_forked_; }

 private:
  std::atomic<bool> has_forked_{false};
  WebSocketServer server_;
  const std::string url_;
  std::thread thread_;
};

/// Sends one message, waits for its echo and closes. True if all went well.
bool app_echoes(const std::string& url, const std::function<bool()>& at_open) {
  bool is_right = false;
  bool was_echoed = false;
  WebSocketApp app(url, {.on_open =
                             [&](WebSocketApp& self) {
                               is_right = at_open();
                               self.send("echo");
                             },
                         .on_message =
                             [&](WebSocketApp& self, const Message& message) {
                               was_echoed = message.text() == "echo";
                               self.close();
                             }});
  const RunResult result = app.run_forever({.proxy_from_environment = false});
  return is_right && was_echoed && !result.failed() && !result.error && result.unsent_bytes == 0;
}

TEST(ForkObjects, a_child_that_exits_at_once_leaves_the_parents_app_alone) {
  const ForkServer server;
  EXPECT_TRUE(app_echoes(server.url(), [] { return forked(exits_at_once); }));
}

TEST(ForkObjects, a_child_runs_an_app_of_its_own_inside_a_handler_of_the_parents) {
  const ForkServer server;
  EXPECT_TRUE(app_echoes(server.url(), [&] {
    return forked([&] { return app_echoes(server.url(), exits_at_once); });
  }));
}

TEST(ForkObjects, a_child_uses_a_blocking_client_of_its_own) {
  const ForkServer server;
  EXPECT_TRUE(app_echoes(server.url(), [&] {
    return forked([&] {
      WebSocket client = create_connection(server.url(), {.proxy_from_environment = false});
      client.send("echo");
      const bool is_right = client.recv().text() == "echo";
      client.close();
      return is_right;
    });
  }));
}

TEST(ForkObjects, an_app_that_has_ended_runs_again_in_the_child_and_in_the_parent) {
  const ForkServer server;
  WebSocketApp app(server.url(), {.on_open = [](WebSocketApp& self) { self.close(); }});
  const auto runs = [&] { return !app.run_forever({.proxy_from_environment = false}).failed(); };
  EXPECT_TRUE(runs());
  EXPECT_TRUE(forked(runs));
  EXPECT_TRUE(runs());
  EXPECT_EQ(app.metrics().opened, 2U);
}

TEST(ForkObjects, a_server_goes_on_behind_a_child_that_exits) {
  const ForkServer server(true);
  EXPECT_TRUE(app_echoes(server.url(), exits_at_once));
  EXPECT_TRUE(server.has_forked());
}

}  // namespace
}  // namespace wirespan::test
