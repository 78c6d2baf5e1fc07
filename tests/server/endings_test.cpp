// WebSocketServer: on_close is called once for each connection, with the cause and the lost bytes,
// for every way in which it can end.
#include <atomic>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include "support/running_server.hpp"
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/log.hpp>

namespace wirespan::test {
namespace {

struct CloseCall {
  CloseCode code{};
  std::string reason;
  std::error_code cause;
  std::size_t lost = 0;
};

/// Written on the server's thread, read by the test.
class Endings {
 public:
  void add(CloseCall ending) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(ending));
  }
  [[nodiscard]] std::vector<CloseCall> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  [[nodiscard]] CloseCall wait() const {
    EXPECT_TRUE(eventually([&] { return !all().empty(); }));
    return all().empty() ? CloseCall() : all().front();
  }
  [[nodiscard]] CloseHandler handler() {
    return [this](const ServerConnection& connection, CloseCode code, std::string_view reason,
                  std::error_code cause) {
      add({code, std::string(reason), cause, connection.buffered_amount()});
    };
  }

 private:
  mutable std::mutex mutex_;
  std::vector<CloseCall> all_;
};

const Link plain{};

TEST(ServerEndings, destroying_a_server_that_turns_by_run_once_calls_every_on_close_once) {
  Endings endings;
  std::optional<WebSocketServer> server;
  // While std::optional destroys its value it is empty.
  const WebSocketServer* in_handler = nullptr;
  std::size_t open_in_handler = 99;
  ServerHandlers handlers;
  handlers.on_close = [&](const ServerConnection& connection, CloseCode code,
                          std::string_view reason, std::error_code cause) {
    *connection.user_data() = 1;
    endings.add({code, std::string(reason), cause, 0});
    open_in_handler = in_handler->connection_count();
    EXPECT_EQ(connection.send_text("too late"), Errc::not_open);
  };
  in_handler = &server.emplace(ServerOptions{}, handlers);
  const std::uint16_t port = server->listen();
  std::vector<RawPeer> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(RawPeer::to_port(port));
    clients.back().write(upgrade_request());
  }
  while (server->connection_count() < 3) (void)server->run_once(10ms);
  server.reset();
  ASSERT_EQ(endings.all().size(), 3U);
  for (const CloseCall& ending : endings.all()) {
    EXPECT_EQ(ending.code, CloseCode::abnormal_closure);
    EXPECT_EQ(ending.cause, Errc::connection_closed);
  }
  EXPECT_EQ(open_in_handler, 0U);
}

TEST(ServerEndings, on_close_takes_a_callable_with_or_without_the_cause) {
  CloseHandler without = [](const ServerConnection&, CloseCode, std::string_view) {};
  CloseHandler with = [](const ServerConnection&, CloseCode, std::string_view, std::error_code) {};
  CloseHandler neither;
  EXPECT_TRUE(static_cast<bool>(without));
  EXPECT_TRUE(static_cast<bool>(with));
  EXPECT_FALSE(static_cast<bool>(neither));
  without({}, CloseCode::normal, "", {});
}

TEST(ServerEndings, a_closing_handshake_has_no_cause_and_a_lost_connection_has_one) {
  Endings endings;
  RunningServer server({.on_close = endings.handler()}, plain);
  RawPeer polite = server.open();
  polite.send_close(4321, "because");
  EXPECT_EQ(polite.read_described(), "close 4321");
  polite.close();
  const CloseCall closed = endings.wait();
  EXPECT_EQ(static_cast<int>(closed.code), 4321);
  EXPECT_EQ(closed.reason, "because");
  EXPECT_FALSE(closed.cause);
  RawPeer rude = server.open();
  rude.write("\xC1\x80");
  EXPECT_EQ(rude.read_described(), "close 1002");
  rude.close();
  EXPECT_TRUE(eventually([&] { return endings.all().size() == 2; }));
  EXPECT_EQ(endings.all().back().cause, Condition::protocol_violation);
}

TEST(ServerEndings, an_exception_of_a_handler_is_the_cause_and_is_told_and_logged) {
  Endings endings;
  std::mutex mutex;
  std::string told;
  std::string logged;
  const auto sink = [&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    if (line.find("the disk is full") != line.npos) logged = line;
  };
  enable_trace(true, sink, LogLevel::error);
  enable_trace(false);
  ServerHandlers handlers{.on_close = endings.handler()};
  handlers.on_message = [](const ServerConnection&, const Message&) {
    throw std::runtime_error("the disk is full" + std::string(10'000, '!'));
  };
  handlers.on_error = [&](const ServerConnection& connection, const std::exception& failure) {
    EXPECT_TRUE(connection.is_open());
    told = failure.what();
  };
  RunningServer server(handlers, plain);
  RawPeer client = server.open();
  client.send_text("go");
  const std::string close = client.read_described();
  EXPECT_TRUE(close.starts_with("close 1011")) << close;
  client.send_close(1011);
  client.close();
  EXPECT_EQ(endings.wait().cause, Errc::handler_failed);
  EXPECT_TRUE(told.starts_with("the disk is full"));
  enable_trace(true);
  enable_trace(false);
  EXPECT_NE(logged.find("the disk is full"), std::string::npos) << logged;
  EXPECT_LT(logged.size(), 1000U) << "bounded";
}

TEST(ServerEndings, what_a_request_handler_throws_reaches_on_error_without_a_connection) {
  std::atomic<int> told{0};
  ServerHandlers handlers;
  handlers.on_request = [](PendingRequest) { throw 42; };
  handlers.on_error = [&](const ServerConnection& connection, const std::exception&) {
    EXPECT_EQ(connection.id(), 0U);
    ++told;
    throw std::runtime_error("and this is only logged");
  };
  RunningServer server(handlers, plain);
  RawPeer client = server.dial();
  EXPECT_TRUE(client.open().starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(told, 1);
}

TEST(ServerEndings, everything_accepted_is_written_or_told_as_lost_from_the_loop_and_from_afar) {
  Endings endings;
  Signal go_on;
  std::atomic<bool> busy{false};
  std::mutex mutex;
  ServerConnection handle;
  ServerHandlers handlers{.on_close = endings.handler()};
  handlers.on_open = [&](const ServerConnection& connection) {
    const std::lock_guard lock(mutex);
    handle = connection;
  };
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    busy = true;
    go_on.wait();
    (void)connection.abort();
  };
  RunningServer server(handlers, plain);
  RawPeer client = server.open();
  client.send_text("hold the loop up");
  ASSERT_TRUE(eventually([&] { return busy.load(); }));
  ServerConnection other;
  {
    const std::lock_guard lock(mutex);
    other = handle;
  }
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(other.send_text(std::string(1024, 'x')).accepted());
  EXPECT_EQ(other.buffered_amount(), 65'536U);
  go_on.set();
  EXPECT_EQ(endings.wait().lost, 65'536U);
  EXPECT_EQ(server.server().stats().unsent_at_close, 65'536U);
}

TEST(ServerEndings, a_thread_that_cannot_be_made_is_an_exception_and_run_may_be_tried_again) {
  Endings endings;
  WebSocketServer server({.threads = 3}, {.on_close = endings.handler()});
  (void)server.listen();
  pthread_attr_t usual;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  pthread_attr_t endless;
  ASSERT_EQ(pthread_getattr_default_np(&endless), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&endless, std::size_t{1} << 46), 0);
  ASSERT_EQ(pthread_setattr_default_np(&endless), 0);
  EXPECT_THROW(server.run(), WebSocketException);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&endless);
  pthread_attr_destroy(&usual);
  std::thread running([&] { server.run(); });
  server.stop();
  running.join();
}

}  // namespace
}  // namespace wirespan::test
