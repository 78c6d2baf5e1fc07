// PendingRequest: answers that come later, from another thread, twice, too late or never.
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

/// Keeps pending requests until the test takes them.
class Desk {
 public:
  [[nodiscard]] ServerHandlers handlers() {
    ServerHandlers handlers = echoing();
    handlers.on_request = [this](PendingRequest request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    };
    handlers.on_open = [this](const ServerConnection&) { ++opened; };
    return handlers;
  }
  [[nodiscard]] PendingRequest take() {
    EXPECT_TRUE(eventually([this] {
      const std::lock_guard lock(mutex_);
      return !requests_.empty();
    }));
    const std::lock_guard lock(mutex_);
    PendingRequest request = std::move(requests_.back());
    requests_.pop_back();
    return request;
  }

  std::atomic<int> opened{0};

 private:
  std::mutex mutex_;
  std::vector<PendingRequest> requests_;
};

class ServerPending : public ServerTest {
 protected:
  /// Returns a client that has sent its request and waits for the answer.
  static RawPeer ask(const RunningServer& server) {
    RawPeer client = server.dial();
    client.write(upgrade_request("Sec-WebSocket-Protocol: a, b\r\n", "/later"));
    return client;
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerPending);

TEST_P(ServerPending, can_be_accepted_later_and_from_another_thread) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  RawPeer client = ask(server);
  PendingRequest request = desk.take();
  EXPECT_EQ(request.request().offer.target, "/later");
  EXPECT_EQ(request.request().is_tls, link().is_secure());
  EXPECT_TRUE(link().is_secure() || !client.has_input(50ms)) << "TLS has tickets to send";
  EXPECT_EQ(server.server().stats().handshaking, 1U);
  std::thread([&] { request.accept({.subprotocol = "b", .headers = {}}); }).join();
  const std::string head = client.read_head();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
  EXPECT_NE(head.find("\r\nSec-WebSocket-Protocol: b\r\n"), std::string::npos);
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
  EXPECT_EQ(server.server().stats().handshaking, 0U);
}

TEST_P(ServerPending, what_the_client_sent_meanwhile_is_not_lost) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  RawPeer client = ask(server);
  PendingRequest request = desk.take();
  client.send_text("early");
  request.accept();
  EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(client.read_described(), "text \"early\"");
}

TEST_P(ServerPending, can_be_rejected_later) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  RawPeer client = ask(server);
  desk.take().reject({.status = 402, .headers = {{"X-Price", "7"}}, .body = "pay\n"});
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 402 ")) << answer;
  EXPECT_NE(answer.find("\r\nX-Price: 7\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\npay\n"));
  client.close();
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.rejected == 1; }));
}

TEST_P(ServerPending, dropped_without_an_answer_is_a_500) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  RawPeer client = ask(server);
  std::thread([&] { (void)desk.take(); }).join();
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(desk.opened, 0);
}

TEST_P(ServerPending, dropped_inside_on_request_too) {
  RunningServer server({.on_request = [](PendingRequest) {}}, link());
  EXPECT_TRUE(ask(server).read_to_end().starts_with("HTTP/1.1 500 "));
}

TEST_P(ServerPending, the_first_answer_counts) {
  RunningServer server({.on_request =
                            [](PendingRequest request) {
                              PendingRequest moved = std::move(request);
                              moved.accept();
                              moved.reject();
                              moved.accept();
                              request = std::move(moved);
                            }},
                       link());
  RawPeer client = ask(server);
  EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101 "));
  client.send_ping("x");
  EXPECT_EQ(client.read_described(), "pong 78");
}

TEST_P(ServerPending, assigned_over_each_request_keeps_its_own_answer) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  RawPeer first = ask(server);
  PendingRequest request = desk.take();
  RawPeer second = ask(server);
  {
    PendingRequest other = desk.take();
    request = std::move(other);
  }
  EXPECT_TRUE(first.read_to_end().starts_with("HTTP/1.1 500 ")) << "nobody can answer it any more";
  request.accept();
  EXPECT_TRUE(second.read_head().starts_with("HTTP/1.1 101 "));
}

TEST_P(ServerPending, an_answer_that_may_not_be_sent_is_a_500) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  RawPeer client = ask(server);
  desk.take().accept({.subprotocol = "never offered", .headers = {}});
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 500 "));
}

TEST_P(ServerPending, after_the_client_has_gone_an_answer_does_nothing) {
  Desk desk;
  RunningServer server(desk.handlers(), link());
  {
    RawPeer client = ask(server);
    const PendingRequest request = desk.take();
    client.reset();
    EXPECT_TRUE(eventually([&] { return server.server().stats().handshaking == 0; }));
  }
  RawPeer gone = ask(server);
  PendingRequest request = desk.take();
  gone.reset();
  EXPECT_TRUE(eventually([&] { return server.server().stats().handshaking == 0; }));
  request.accept({}, std::string("user data that nobody gets"));
  RawPeer client = ask(server);
  desk.take().accept();
  EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(eventually([&] { return desk.opened == 1; }));
  EXPECT_EQ(server.server().stats().opened, 1U);
}

TEST_P(ServerPending, after_the_server_has_stopped_and_gone_an_answer_does_nothing) {
  Desk desk;
  std::optional<PendingRequest> accepted;
  std::optional<PendingRequest> rejected;
  std::optional<PendingRequest> dropped;
  {
    RunningServer server(desk.handlers(), link());
    std::vector<RawPeer> clients;
    for (auto* request : {&accepted, &rejected, &dropped}) {
      clients.push_back(ask(server));
      request->emplace(desk.take());
    }
    server.server().stop();
    server.wait();
    for (RawPeer& client : clients) EXPECT_EQ(client.read_to_end(), "");
    dropped.reset();
  }
  EXPECT_EQ(accepted->request().offer.target, "/later");
  accepted->accept({}, 7);
  rejected->reject();
}

TEST_P(ServerPending, without_a_decision_in_time_it_is_a_503) {
  Desk desk;
  RunningServer server(desk.handlers(), link(), {.handshake_time = 600ms});
  RawPeer client = ask(server);
  PendingRequest request = desk.take();
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(eventually([&] { return server.server().stats().refused.handshake_time == 1; }));
  request.accept();
  EXPECT_EQ(desk.opened, 0);
  EXPECT_EQ(server.server().stats().handshaking, 0U);
}

TEST_P(ServerPending, many_threads_answer_many_requests) {
  Desk desk;
  RunningServer server(desk.handlers(), link(), {.threads = 3});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(ask(server));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 5; ++n) i % 2 == 0 ? desk.take().accept() : desk.take().reject();
    });
  }
  for (std::thread& thread : threads) thread.join();
  int accepted = 0;
  for (RawPeer& client : clients) accepted += client.read_head().starts_with("HTTP/1.1 101 ");
  EXPECT_EQ(accepted, 10);
}

}  // namespace
}  // namespace wirespan::test
