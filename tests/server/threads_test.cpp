// WebSocketServer on one thread and on several: connections are spread over the loops, order is
// kept, handles work across loops.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

using Parameter = std::tuple<Link, int>;

class ServerThreads : public ::testing::TestWithParam<Parameter> {
 protected:
  [[nodiscard]] const Link& link() const { return std::get<0>(GetParam()); }
  [[nodiscard]] int threads() const { return std::get<1>(GetParam()); }
  [[nodiscard]] ServerOptions options() const { return {.threads = threads()}; }
};
INSTANTIATE_TEST_SUITE_P(Over, ServerThreads,
                         ::testing::Combine(::testing::ValuesIn(links_and_backends()),
                                            ::testing::Values(1, 3)),
                         [](const ::testing::TestParamInfo<Parameter>& row) {
                           return std::get<0>(row.param).name + "_" +
                                  std::to_string(std::get<1>(row.param));
                         });

/// Handles of open connections, for any thread.
class Members {
 public:
  void add(const ServerConnection& connection) {
    const std::lock_guard lock(mutex_);
    all_.push_back(connection);
  }
  [[nodiscard]] std::vector<ServerConnection> wait_for(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return get().size() >= count; }));
    return get();
  }
  [[nodiscard]] std::vector<ServerConnection> get() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<ServerConnection> all_;
};

std::vector<RawPeer> open_clients(const RunningServer& server, int count) {
  std::vector<RawPeer> clients;
  for (int i = 0; i < count; ++i) clients.push_back(server.open());
  return clients;
}

TEST_P(ServerThreads, each_connection_gets_its_answers_in_order) {
  RunningServer server(echoing(), link(), options());
  std::vector<RawPeer> clients = open_clients(server, 12);
  for (int n = 0; n < 20; ++n) {
    for (RawPeer& client : clients) client.send_text(std::to_string(n));
  }
  for (RawPeer& client : clients) {
    for (int n = 0; n < 20; ++n) {
      ASSERT_EQ(client.read_described(), "text \"" + std::to_string(n) + "\"");
    }
  }
  EXPECT_EQ(server.server().connection_count(), 12U);
  EXPECT_EQ(server.server().stats().messages_in, 240U);
  EXPECT_EQ(server.server().stats().messages_out, 240U);
}

TEST_P(ServerThreads, a_connection_stays_on_one_thread_and_all_of_them_are_used) {
  std::mutex mutex;
  std::map<std::uint64_t, std::set<std::thread::id>> threads_of;
  const auto note = [&](const ServerConnection& connection) {
    const std::lock_guard lock(mutex);
    threads_of[connection.id()].insert(std::this_thread::get_id());
  };
  ServerHandlers handlers = echoing();
  handlers.on_open = note;
  handlers.on_ping = [&](const ServerConnection& connection, Bytes) { note(connection); };
  handlers.on_close = [&](const ServerConnection& connection, CloseCode, std::string_view) {
    note(connection);
  };
  {
    RunningServer server(handlers, link(), options());
    std::vector<RawPeer> clients = open_clients(server, 40);
    for (RawPeer& client : clients) {
      client.send_ping("x");
      EXPECT_EQ(client.read_described(), "pong 78");
    }
  }
  EXPECT_EQ(threads_of.size(), 40U) << "no two connections have one id";
  std::set<std::thread::id> used;
  for (const auto& [id, threads] : threads_of) {
    EXPECT_EQ(threads.size(), 1U);
    used.insert(threads.begin(), threads.end());
  }
  EXPECT_EQ(used.size(), static_cast<std::size_t>(threads()));
}

TEST_P(ServerThreads, a_handler_reaches_connections_of_all_loops) {
  Members members;
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) { members.add(connection); };
  handlers.on_message = [&](const ServerConnection&, const Message& message) {
    for (const ServerConnection& other : members.get()) {
      EXPECT_TRUE(other.send_text(message.text()).accepted());
    }
  };
  RunningServer server(handlers, link(), options());
  std::vector<RawPeer> clients = open_clients(server, 9);
  (void)members.wait_for(9);
  for (int n = 0; n < 10; ++n) clients.front().send_text(std::to_string(n));
  for (RawPeer& client : clients) {
    for (int n = 0; n < 10; ++n) {
      ASSERT_EQ(client.read_described(), "text \"" + std::to_string(n) + "\"");
    }
  }
}

TEST_P(ServerThreads, many_threads_each_keep_their_order) {
  Members members;
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) { members.add(connection); };
  RunningServer server(handlers, link(), options());
  std::vector<RawPeer> clients = open_clients(server, 4);
  const auto connections = members.wait_for(4);
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 3; ++sender) {
    senders.emplace_back([&, sender] {
      for (int n = 0; n < 100; ++n) {
        for (const ServerConnection& connection : connections) {
          const std::string text = std::to_string(sender) + " " + std::to_string(n);
          EXPECT_EQ(connection.send_text(text).outcome(), SendResult::Outcome::queued);
        }
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  for (RawPeer& client : clients) {
    std::map<char, int> next;
    for (int n = 0; n < 300; ++n) {
      const std::string text = payload_text(client.read_frame());
      ASSERT_EQ(text.substr(2), std::to_string(next[text[0]]++)) << "of sender " << text[0];
    }
  }
}

TEST_P(ServerThreads, post_runs_on_the_thread_of_the_connection_and_not_at_once) {
  std::atomic<int> step{0};
  std::thread::id home;
  Members members;
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) {
    home = std::this_thread::get_id();
    EXPECT_FALSE(connection.post([&, asked = connection](const ServerConnection& same) {
      EXPECT_EQ(same, asked);
      EXPECT_EQ(step.exchange(2), 1) << "not inside the handler";
    }));
    step = 1;
    members.add(connection);
  };
  RunningServer server(handlers, link(), options());
  RawPeer client = server.open();
  const ServerConnection connection = members.wait_for(1).front();
  EXPECT_TRUE(eventually([&] { return step == 2; }));
  EXPECT_FALSE(connection.post([&](const ServerConnection& same) {
    EXPECT_EQ(std::this_thread::get_id(), home);
    EXPECT_EQ(same.send_text("posted").outcome(), SendResult::Outcome::sent);
  }));
  EXPECT_EQ(client.read_described(), "text \"posted\"");
  client.close();
  ASSERT_TRUE(server.has_connections(0));
  EXPECT_EQ(connection.post([](const ServerConnection&) { FAIL(); }), Errc::not_open);
}

TEST_P(ServerThreads, a_task_that_throws_ends_its_connection_with_1011) {
  Members members;
  RunningServer server({.on_open = [&](const ServerConnection& c) { members.add(c); }}, link(),
                       options());
  RawPeer client = server.open();
  EXPECT_FALSE(members.wait_for(1).front().post([](const ServerConnection&) { throw 42; }));
  EXPECT_EQ(client.read_described(), "close 1011");
}

TEST_P(ServerThreads, stop_from_a_handler_of_any_loop_ends_all_of_them) {
  for (int round = 0; round < 3; ++round) {
    WebSocketServer* stopped = nullptr;
    ServerHandlers handlers;
    handlers.on_message = [&](const ServerConnection&, const Message&) {
      stopped->stop({.code = CloseCode::service_restart, .reason = "again"});
    };
    RunningServer server(handlers, link(), options());
    stopped = &server.server();
    std::vector<RawPeer> clients = open_clients(server, 6);
    clients[static_cast<std::size_t>(round)].send_text("stop");
    for (RawPeer& client : clients) {
      EXPECT_EQ(payload_text(client.read_frame()), close_body(1012, "again"));
      client.send_close(1012);
      client.close();  // or the server lingers
    }
    server.wait();
    EXPECT_EQ(server.server().connection_count(), 0U);
  }
}

TEST_P(ServerThreads, user_data_lives_from_the_request_to_the_end_of_on_close) {
  struct Data {
    std::string name;
    std::shared_ptr<std::atomic<int>> alive;
  };
  const auto alive = std::make_shared<std::atomic<int>>(0);
  std::mutex mutex;
  std::set<std::string> closed;
  ServerHandlers handlers;
  handlers.on_request = [&](PendingRequest request) {
    const std::string name = request.request().offer.target;
    const std::shared_ptr<std::atomic<int>> share(alive.get(), [alive](auto*) { --*alive; });
    ++*alive;
    request.accept({}, Data{.name = name, .alive = share});
  };
  handlers.on_message = [](const ServerConnection& connection, const Message& message) {
    connection.user_data_as<Data>()->name += message.text();
    (void)connection.send_text(connection.user_data_as<Data>()->name);
    EXPECT_EQ(connection.user_data_as<int>(), nullptr) << "of another type";
  };
  handlers.on_close = [&](const ServerConnection& connection, CloseCode, std::string_view) {
    const std::lock_guard lock(mutex);
    closed.insert(connection.user_data_as<Data>()->name);
    EXPECT_GT(*alive, 0);
  };
  RunningServer server(handlers, link(), options());
  for (int i = 0; i < 6; ++i) {
    RawPeer client = server.dial();
    client.write(upgrade_request({}, std::string("/").append(std::to_string(i))));
    (void)client.read_head();
    client.send_text("x");
    EXPECT_EQ(client.read_described(), "text \"/" + std::to_string(i) + "x\"");
  }
  ASSERT_TRUE(server.has_connections(0));
  EXPECT_TRUE(eventually([&] { return *alive == 0; }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(closed, (std::set<std::string>{"/0x", "/1x", "/2x", "/3x", "/4x", "/5x"}));
}

TEST_P(ServerThreads, user_data_can_be_made_later_and_not_on_other_threads) {
  Members members;
  ServerHandlers handlers;
  handlers.on_open = [&](const ServerConnection& connection) {
    EXPECT_FALSE(connection.user_data()->has_value());
    *connection.user_data() = 7;
    members.add(connection);
  };
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    (void)connection.send_text(std::to_string((*connection.user_data_as<int>())++));
  };
  RunningServer server(handlers, link(), options());
  RawPeer client = server.open();
  EXPECT_EQ(members.wait_for(1).front().user_data(), nullptr);
  client.send_text("a");
  client.send_text("b");
  EXPECT_EQ(client.read_described(), "text \"7\"");
  EXPECT_EQ(client.read_described(), "text \"8\"");
}

}  // namespace
}  // namespace wirespan::test
