// ServerConnection: handles that outlive their connection, loop or server, used by any thread; and
// handlers that throw or close.
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerHandles : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerHandles);

/// Handles that a server hands out, for other threads.
class Collected {
 public:
  void add(const ServerConnection& connection) {
    const std::lock_guard lock(mutex_);
    all_.push_back(connection);
  }
  [[nodiscard]] std::vector<ServerConnection> wait_for(std::size_t count) const {
    EXPECT_TRUE(eventually([&] { return get().size() >= count; }));
    return get();
  }
  [[nodiscard]] std::vector<ServerConnection> get() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ServerConnection> all_;
};

ServerHandlers collecting(Collected& collected) {
  ServerHandlers handlers = echoing();
  handlers.on_open = [&](const ServerConnection& connection) { collected.add(connection); };
  return handlers;
}

void expect_dead(const ServerConnection& connection) {
  EXPECT_EQ(connection.send_text("x"), Errc::not_open);
  EXPECT_EQ(connection.send_binary({}), Errc::not_open);
  EXPECT_EQ(connection.send(Opcode::text, {}), Errc::not_open);
  EXPECT_EQ(connection.ping(), Errc::not_open);
  EXPECT_EQ(connection.close(), Errc::not_open);
}

TEST_P(ServerHandles, from_another_thread_frames_go_out_in_order_and_close_behind_them) {
  Collected collected;
  RunningServer server(collecting(collected), link());
  RawPeer client = server.open();
  const ServerConnection connection = collected.wait_for(1).front();
  EXPECT_EQ(connection.send_text("a"), std::error_code());
  EXPECT_EQ(connection.send_binary(wire_bytes("b")), std::error_code());
  EXPECT_EQ(connection.ping("c"), std::error_code());
  EXPECT_EQ(connection.send(Opcode::pong, wire_bytes("d")), std::error_code());
  EXPECT_EQ(connection.close(CloseCode{4000}, "e"), std::error_code());
  EXPECT_EQ(
      client.read_until_close(),
      (std::vector<std::string>{"text \"a\"", "binary 62", "ping 63", "pong 64", "close 4000"}));
}

TEST_P(ServerHandles, R118_R140_what_may_not_be_sent_is_refused_on_every_thread) {
  Collected collected;
  ServerHandlers handlers = collecting(collected);
  const auto check = [](const ServerConnection& connection) {
    EXPECT_EQ(connection.send_text("\xFF"), Errc::invalid_text);
    EXPECT_EQ(connection.ping(std::string(126, 'p')), Errc::control_too_long);
    EXPECT_EQ(connection.close(CloseCode::abnormal_closure), Errc::close_code_not_allowed);
    EXPECT_EQ(connection.close(CloseCode::normal, std::string(124, 'r')), Errc::control_too_long);
    EXPECT_EQ(connection.close(CloseCode::normal, "\xFF"), Errc::invalid_text);
  };
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    check(connection);
    EXPECT_EQ(connection.send(Opcode{3}, {}), Errc::unsupported_frame);
    EXPECT_EQ(connection.send(Opcode::continuation, {}), Errc::no_message_under_way);
    (void)connection.send_text("checked");
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("check");
  EXPECT_EQ(client.read_described(), "text \"checked\"") << "nothing of it reached the wire";
  check(collected.wait_for(1).front());
  EXPECT_FALSE(client.has_input(20ms));
}

/// A frame that cannot be sent must not be reported as queued.
TEST_P(ServerHandles, an_opcode_that_cannot_be_sent_is_refused_from_another_thread_too) {
  Collected collected;
  RunningServer server(collecting(collected), link());
  RawPeer client = server.open();
  const ServerConnection connection = collected.wait_for(1).front();
  for (const unsigned opcode : {0U, 3U, 8U, 11U}) {
    EXPECT_NE(connection.send(Opcode{static_cast<std::uint8_t>(opcode)}, {}), std::error_code())
        << opcode;
  }
}

TEST_P(ServerHandles, F5_after_the_end_of_its_connection_a_handle_does_nothing) {
  Collected collected;
  RunningServer server(collecting(collected), link());
  server.open().close();
  RawPeer other = server.open();
  const ServerConnection dead = collected.wait_for(2).front();
  ASSERT_TRUE(server.has_connections(1));
  EXPECT_EQ(dead.send_text("to nobody"), Errc::not_open) << "its place has another tenant now";
  other.send_text("x");
  EXPECT_EQ(other.read_described(), "text \"x\"") << "F6: and not what was meant for another";
  std::atomic<bool> checked{false};
  ServerHandlers handlers;
  RunningServer second({.on_message =
                            [&](const ServerConnection&, const Message&) {
                              expect_dead(ServerConnection());
                              checked = true;
                            }},
                       link());
  RawPeer client = second.open();
  client.send_text("x");
  EXPECT_TRUE(eventually([&] { return checked.load(); }));
}

TEST_P(ServerHandles, F5_on_the_servers_thread_a_dead_handle_says_so) {
  Collected collected;
  ServerHandlers handlers = collecting(collected);
  std::atomic<int> checked{0};
  handlers.on_close = [&](const ServerConnection& connection, CloseCode, std::string_view) {
    expect_dead(connection);
    ++checked;
  };
  handlers.on_message = [&](const ServerConnection&, const Message&) {
    expect_dead(collected.get().front());
    ++checked;
  };
  RunningServer server(handlers, link());
  server.open().close();
  RawPeer other = server.open();
  other.send_text("x");
  EXPECT_TRUE(eventually([&] { return checked == 2; }));
}

TEST_P(ServerHandles, F7_after_the_server_has_stopped_and_gone_a_handle_does_nothing) {
  Collected collected;
  std::optional<RawPeer> client;
  {
    RunningServer server(collecting(collected), link(), {.close_time = 50ms});
    client.emplace(server.open());
    (void)collected.wait_for(1);
    server.server().stop();
    server.wait();
    expect_dead(collected.get().front());
  }
  const ServerConnection copy = collected.get().front();
  EXPECT_EQ(copy, collected.get().front());
  EXPECT_EQ(copy.id(), collected.get().front().id());
  expect_dead(copy);
  std::thread([&] { expect_dead(copy); }).join();
}

TEST_P(ServerHandles, a_handle_without_a_connection_does_nothing) {
  expect_dead(ServerConnection());
  EXPECT_EQ(ServerConnection(), ServerConnection());
  EXPECT_EQ(ServerConnection().id(), 0U);
}

TEST_P(ServerHandles, F6_threads_that_send_while_clients_come_and_go) {
  Collected collected;
  RunningServer server(collecting(collected), link());
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      while (!over) {
        for (const ServerConnection& connection : collected.get()) {
          (void)(i == 0 ? connection.close() : connection.send_text("x").error());
        }
        std::this_thread::sleep_for(1ms);
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    server.open().echo();
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ServerHandles, F4_everybody_is_told_when_somebody_leaves) {
  std::map<std::uint64_t, ServerConnection> open;  // touched on the server's thread only
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) {
    open.emplace(connection.id(), connection);
  };
  handlers.on_close = [&](const ServerConnection& left, CloseCode, std::string_view) {
    open.erase(left.id());
    for (const auto& [id, connection] : open) (void)connection.send_text("one has left");
  };
  RunningServer server(handlers, link());
  std::vector<RawPeer> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(server.open());
  ASSERT_TRUE(server.has_connections(20));
  for (std::size_t i = 0; i < 10; ++i) clients[i].close();
  for (std::size_t i = 10; i < 20; ++i) {
    for (int n = 0; n < 10; ++n) {
      EXPECT_EQ(clients[i].read_described(), "text \"one has left\"");
    }
  }
  server.server().stop();
  for (std::size_t i = 10; i < 20; ++i) clients[i].close();
}

/// One thing that a handler may do; the tests do it in every handler.
using Action = std::function<void(const ServerConnection&)>;

struct Misbehaviour {
  const char* name;
  Action action;
  std::string last_frame;  // that the client gets
};
void PrintTo(const Misbehaviour& row, std::ostream* out) { *out << row.name; }

const std::vector<Misbehaviour>& misbehaviours() {
  static const std::vector<Misbehaviour> all{
      {"throws", [](const ServerConnection&) { throw std::runtime_error("no"); }, "close 1011"},
      {"throws_an_int", [](const ServerConnection&) { throw 42; }, "close 1011"},
      {"closes", [](const ServerConnection& c) { (void)c.close(CloseCode{4000}); }, "close 4000"},
      {"sends_and_closes",
       [](const ServerConnection& c) {
         (void)c.send_text("x");
         (void)c.close(CloseCode{4000});
         (void)c.close(CloseCode{4001});
       },
       "close 4000"},
      {"closes_and_throws",
       [](const ServerConnection& c) {
         (void)c.close(CloseCode{4000});
         throw std::runtime_error("no");
       },
       "close 4000"},
  };
  return all;
}

ServerHandlers misbehaving_in(const std::string& place, const Action& action) {
  ServerHandlers handlers;
  if (place == "on_open") handlers.on_open = action;
  if (place == "on_message") {
    handlers.on_message = [=](const ServerConnection& c, const Message&) { action(c); };
  }
  if (place == "on_ping") handlers.on_ping = [=](const ServerConnection& c, Bytes) { action(c); };
  if (place == "on_pong") handlers.on_pong = [=](const ServerConnection& c, Bytes) { action(c); };
  return handlers;
}

class ServerHandlersThat : public ::testing::TestWithParam<std::tuple<Link, Misbehaviour>> {};
std::string row_name(const ::testing::TestParamInfo<std::tuple<Link, Misbehaviour>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, ServerHandlersThat,
                         ::testing::Combine(::testing::ValuesIn(links_and_backends()),
                                            ::testing::ValuesIn(misbehaviours())),
                         row_name);

TEST_P(ServerHandlersThat, F3_misbehave_end_their_own_connection_and_no_other) {
  const auto& [link, row] = GetParam();
  for (const char* place : {"on_open", "on_message", "on_ping", "on_pong"}) {
    std::atomic<int> closed{0};
    std::atomic<bool> armed{true};
    ServerHandlers handlers = misbehaving_in(place, [&, action = row.action](const auto& c) {
      if (armed.exchange(false)) action(c);
    });
    handlers.on_close = [&](const ServerConnection&, CloseCode, std::string_view) {
      ++closed;
      throw std::runtime_error("in on_close nobody minds");
    };
    RunningServer server(handlers, link);
    RawPeer client = server.open();
    client.send_text("t");
    client.send_ping("p");
    client.send_pong("q");
    EXPECT_EQ(client.read_until_close().back(), row.last_frame) << place;
    client.close();
    EXPECT_TRUE(eventually([&] { return closed == 1; })) << place;
    RawPeer next = server.open();
    next.send_ping("alive");
    EXPECT_EQ(next.read_described(), "pong 616c697665") << place;
  }
}

}  // namespace
}  // namespace wirespan::test
