// Topics of a WebSocketServer: fan-out, order, conflation, and slow subscribers.
#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

/// A connection to /TOPIC subscribes to TOPIC; each of its messages names a topic to unsubscribe.
ServerHandlers subscribing() {
  ServerHandlers handlers;
  handlers.on_request = [](PendingRequest request) {
    const std::string topic = request.request().offer.target.substr(1);
    request.accept({}, topic);
  };
  handlers.on_open = [](const ServerConnection& connection) {
    EXPECT_FALSE(connection.subscribe(*connection.user_data_as<std::string>()));
    EXPECT_FALSE(connection.subscribe("all"));
    EXPECT_FALSE(connection.subscribe("all")) << "twice is once";
    EXPECT_EQ(connection.send_text("subscribed").outcome(), SendResult::Outcome::sent);
  };
  handlers.on_message = [](const ServerConnection& connection, const Message& message) {
    EXPECT_FALSE(connection.unsubscribe(message.text()));
    (void)connection.send_text("left");
  };
  return handlers;
}

class ServerPublish : public ServerTest {
 protected:
  static RawPeer subscriber(const RunningServer& server, const std::string& topic) {
    RawPeer client = server.dial();
    client.write(upgrade_request({}, "/" + topic));
    (void)client.read_head();
    EXPECT_EQ(client.read_described(), "text \"subscribed\"");
    return client;
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerPublish);

TEST_P(ServerPublish, reaches_the_subscribers_of_the_topic_on_all_loops_and_no_others) {
  for (const int threads : {1, 3}) {
    RunningServer server(subscribing(), link(), {.threads = threads});
    std::vector<RawPeer> red;
    std::vector<RawPeer> blue;
    for (int i = 0; i < 5; ++i) {
      red.push_back(subscriber(server, "red"));
      blue.push_back(subscriber(server, "blue"));
    }
    EXPECT_FALSE(server.server().publish("red", "for red"));
    EXPECT_FALSE(server.server().publish("nobody", "for nobody"));
    EXPECT_FALSE(server.server().publish_binary("all", wire_bytes("x")));
    for (RawPeer& client : red) {
      EXPECT_EQ(client.read_described(), "text \"for red\"");
      EXPECT_EQ(client.read_described(), "binary 78");
    }
    for (RawPeer& client : blue) EXPECT_EQ(client.read_described(), "binary 78");
    const ServerStats stats = server.server().stats();
    EXPECT_EQ(stats.published, 3U);
    EXPECT_EQ(stats.messages_out, 10U + 5 + 10) << "per receiver";
  }
}

TEST_P(ServerPublish, text_must_be_text_and_a_server_that_is_over_says_so) {
  RunningServer server(subscribing(), link());
  EXPECT_EQ(server.server().publish("all", "\xFF"), Errc::invalid_text);
  EXPECT_FALSE(server.server().publish_binary("all", wire_bytes("\xFF")));
  server.server().stop();
  server.wait();
  EXPECT_EQ(server.server().publish("all", "x"), Errc::not_open);
}

TEST_P(ServerPublish, who_has_left_gets_nothing) {
  RunningServer server(subscribing(), link());
  RawPeer leaver = subscriber(server, "red");
  RawPeer stayer = subscriber(server, "red");
  leaver.send_text("red");
  EXPECT_EQ(leaver.read_described(), "text \"left\"");
  EXPECT_FALSE(server.server().publish("red", "1"));
  EXPECT_FALSE(server.server().publish("all", "2"));
  EXPECT_EQ(stayer.read_described(), "text \"1\"");
  EXPECT_EQ(leaver.read_described(), "text \"2\"");
  stayer.close();
  ASSERT_TRUE(server.has_connections(1));
  EXPECT_FALSE(server.server().publish("all", "3")) << "the dead are no subscribers";
  EXPECT_EQ(leaver.read_described(), "text \"3\"");
}

TEST_P(ServerPublish, each_thread_keeps_its_order) {
  RunningServer server(subscribing(), link(), {.threads = 3});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(subscriber(server, "red"));
  std::vector<std::thread> publishers;
  for (int p = 0; p < 3; ++p) {
    publishers.emplace_back([&, p] {
      for (int n = 0; n < 100; ++n) {
        EXPECT_FALSE(server.server().publish("red", std::to_string(p) + " " + std::to_string(n)));
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  for (RawPeer& client : clients) {
    std::map<char, int> next;
    for (int n = 0; n < 300; ++n) {
      const std::string text = payload_text(client.read_frame());
      ASSERT_EQ(text.substr(2), std::to_string(next[text[0]]++)) << "of publisher " << text[0];
    }
  }
}

TEST_P(ServerPublish, a_handler_may_publish_and_keeps_its_order_with_what_it_sends) {
  WebSocketServer* publishing = nullptr;
  ServerHandlers handlers = subscribing();
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    (void)connection.send_text("1");
    EXPECT_FALSE(publishing->publish("red", "2"));
    (void)connection.ping("3");
    EXPECT_FALSE(publishing->publish("red", "4"));
    (void)connection.close();
    EXPECT_FALSE(publishing->publish("red", "5")) << "one who closes is left out";
  };
  RunningServer server(handlers, link());
  publishing = &server.server();
  RawPeer client = subscriber(server, "red");
  RawPeer other = subscriber(server, "red");
  client.send_text("go");
  EXPECT_EQ(client.read_until_close(),
            (std::vector<std::string>{"text \"1\"", "text \"2\"", "ping 33", "text \"4\"",
                                      "close 1000"}));
  for (const char* text : {"2", "4", "5"}) {
    EXPECT_EQ(other.read_described(), "text \"" + std::string(text) + "\"");
  }
}

constexpr int many = 60;
constexpr std::size_t large = 200'000;

/// Returns "17 ........": a number and much padding.
std::string numbered(int n) { return std::to_string(n) + " " + std::string(large, '.'); }
int number_of(const std::string& text) { return std::stoi(text); }

ServerOptions with_overflow(Overflow overflow) {
  return {.send_high_watermark = 1 << 18,
          .send_low_watermark = 1 << 16,
          .send_hard_limit = 1 << 20,
          .overflow = overflow};
}

void read_little(RawPeer& client) {
  const int size = 1 << 17;  // less than two segments of loopback would wait for TCP's probes
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/// Publishes `many` messages to a client that reads nothing, and waits until `done` holds.
void publish_many(RunningServer& server, const std::function<bool(const ServerStats&)>& done) {
  for (int n = 0; n < many; ++n) EXPECT_FALSE(server.server().publish("red", numbered(n)));
  EXPECT_TRUE(eventually([&] { return done(server.server().stats()); }));
}

TEST_P(ServerPublish, refuse_keeps_what_was_accepted_and_counts_the_rest) {
  RunningServer server(subscribing(), link(), with_overflow(Overflow::refuse));
  RawPeer client = subscriber(server, "red");
  read_little(client);
  publish_many(server, [](const ServerStats& stats) {
    return stats.messages_out - 1 + stats.refused.send_queue == many;
  });
  const ServerStats stats = server.server().stats();
  EXPECT_GT(stats.refused.send_queue, 0U);
  EXPECT_LE(stats.send_queue, std::size_t{1} << 20);
  int last = -1;  // the kernel takes some messages meanwhile, which makes room for later ones
  for (std::uint64_t n = 0; n < stats.messages_out - 1; ++n) {
    const int number = number_of(payload_text(client.read_frame()));
    EXPECT_TRUE(n > 0 || number == 0) << "the first one was not refused";
    ASSERT_GT(number, last);
    last = number;
  }
  EXPECT_TRUE(eventually([&] { return server.server().stats().send_queue == 0; }));
  EXPECT_FALSE(server.server().publish("red", "room again"));
  EXPECT_EQ(client.read_described(), "text \"room again\"");
}

TEST_P(ServerPublish, drop_oldest_keeps_the_newest_and_counts_the_dropped) {
  RunningServer server(subscribing(), link(), with_overflow(Overflow::drop_oldest));
  RawPeer client = subscriber(server, "red");
  read_little(client);
  publish_many(server, [](const ServerStats& stats) { return stats.messages_out - 1 == many; });
  const auto dropped = static_cast<int>(server.server().stats().refused.dropped);
  EXPECT_GT(dropped, 0);
  EXPECT_LE(server.server().stats().send_queue, std::size_t{1} << 20);
  int last = -1;
  for (int n = 0; n < many - dropped; ++n) {
    const int number = number_of(payload_text(client.read_frame()));
    ASSERT_GT(number, last);
    last = number;
  }
  EXPECT_EQ(last, many - 1);
  EXPECT_FALSE(client.has_input(50ms)) << "as many as were not dropped";
}

TEST_P(ServerPublish, close_ends_who_cannot_follow_with_1013) {
  RunningServer server(subscribing(), link(), with_overflow(Overflow::close));
  RawPeer client = subscriber(server, "red");
  RawPeer good = subscriber(server, "blue");
  read_little(client);
  publish_many(server, [](const ServerStats& stats) { return stats.refused.overflow_closed == 1; });
  int next = 0;
  while (true) {
    const WireFrame frame = client.read_frame();
    if (frame.opcode() == Opcode::close) {
      EXPECT_EQ(describe(frame), "close 1013");
      break;
    }
    ASSERT_EQ(number_of(payload_text(frame)), next++);
  }
  EXPECT_EQ(server.server().stats().messages_out - 2, static_cast<std::uint64_t>(next));
  client.send_close(1013);
  client.close();
  EXPECT_TRUE(server.has_connections(1));
  EXPECT_FALSE(server.server().publish("all", "x"));
  EXPECT_EQ(good.read_described(), "text \"x\"");
}

TEST_P(ServerPublish, of_values_with_a_key_the_newest_arrives_and_all_others_in_order) {
  RunningServer server(subscribing(), link(), {.send_hard_limit = 64 << 20});
  RawPeer client = subscriber(server, "red");
  read_little(client);
  for (int n = 0; n < many; ++n) EXPECT_FALSE(server.server().publish("red", numbered(n)));
  ASSERT_TRUE(eventually([&] { return server.server().stats().messages_out - 1 == many; }));
  ASSERT_TRUE(eventually([&] { return server.server().stats().send_queue > 0; }));
  for (int n = 0; n < 100; ++n) {
    EXPECT_FALSE(server.server().publish("red", std::string("a").append(std::to_string(n)), "a"));
    EXPECT_FALSE(server.server().publish("red", std::string("b").append(std::to_string(n)), "b"));
    EXPECT_FALSE(server.server().publish("all", std::string("c").append(std::to_string(n)), "a"));
    EXPECT_FALSE(n == 50 && server.server().publish("red", "between"));
  }
  const std::uint64_t all = many + 301;
  ASSERT_TRUE(eventually([&] { return server.server().stats().messages_out - 1 == all; }));
  EXPECT_EQ(server.server().stats().conflated, 297U);
  for (int n = 0; n < many; ++n) {
    ASSERT_EQ(number_of(payload_text(client.read_frame())), n);
  }
  for (const char* text : {"a99", "b99", "c99", "between"}) {
    EXPECT_EQ(client.read_described(), "text \"" + std::string(text) + "\"");
  }
  EXPECT_FALSE(client.has_input(50ms));
}

TEST_P(ServerPublish, keys_of_different_topics_stay_apart_whatever_is_in_their_names) {
  using namespace std::string_view_literals;
  ServerHandlers handlers = subscribing();
  handlers.on_open = [](const ServerConnection& connection) {
    for (const auto topic : {"red"sv, "a"sv, "a\0b"sv}) EXPECT_FALSE(connection.subscribe(topic));
    (void)connection.send_text("subscribed");
  };
  RunningServer server(handlers, link(), {.send_hard_limit = 64 << 20});
  RawPeer client = subscriber(server, "red");
  read_little(client);
  for (int n = 0; n < many; ++n) EXPECT_FALSE(server.server().publish("red", numbered(n)));
  ASSERT_TRUE(eventually([&] { return server.server().stats().send_queue > 0; }));
  EXPECT_FALSE(server.server().publish("a\0b"sv, "first", "c"));
  EXPECT_FALSE(server.server().publish("a", "second", "b\0c"sv));
  for (int n = 0; n < many; ++n) ASSERT_EQ(number_of(payload_text(client.read_frame())), n);
  EXPECT_EQ(client.read_described(), "text \"first\"");
  EXPECT_EQ(client.read_described(), "text \"second\"");
}

TEST_P(ServerPublish, a_paused_subscriber_gets_its_messages_all_the_same) {
  ServerHandlers handlers = subscribing();
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    EXPECT_FALSE(connection.pause());
    (void)connection.send_text("paused");
  };
  RunningServer server(handlers, link());
  RawPeer client = subscriber(server, "red");
  client.send_text("pause");
  EXPECT_EQ(client.read_described(), "text \"paused\"");
  EXPECT_FALSE(server.server().publish("red", "news"));
  EXPECT_EQ(client.read_described(), "text \"news\"");
}

/// Gives the server one end of a socket and returns a client at the other. The loops of a server
/// take such sockets in turn, the first loop the first.
RawPeer adopted_client(RunningServer& server) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  EXPECT_FALSE(server.server().adopt(ends[0]));
  RawPeer client(ends[1], Role::client);
  EXPECT_TRUE(client.open().starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(client.read_described(), "text \"subscribed\"");
  return client;
}

/// RFC 7692 §6.1. The text of the test is one that compresses well.
TEST_P(ServerPublish, a_message_is_compressed_for_those_who_agreed_on_it_and_plain_for_the_others) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  for (const auto by_publisher : {std::optional<std::size_t>(), std::optional<std::size_t>(0)}) {
    RunningServer server(
        subscribing(), link(),
        {.threads = 2, .compression = DeflateOptions{}, .publisher_compresses_from = by_publisher});
    std::vector<RawPeer> compressing;
    for (int i = 0; i < 4; ++i) {
      compressing.push_back(server.dial());
      compressing.back().write(
          upgrade_request("Sec-WebSocket-Extensions: permessage-deflate\r\n", "/red"));
      (void)compressing.back().read_head();
      EXPECT_EQ(compressing.back().read_described(), "text \"subscribed\"");
    }
    RawPeer plain = subscriber(server, "red");
    std::string news;
    for (int i = 0; i < 500; ++i) news += "news of today, ";
    EXPECT_FALSE(server.server().publish("red", news));
    EXPECT_FALSE(server.server().publish("red", news, {}, Compress::never));
    EXPECT_EQ(payload_text(plain.read_frame()), news);
    EXPECT_EQ(payload_text(plain.read_frame()), news);
    const WireFrame first = compressing.front().read_frame();
    EXPECT_EQ(first.reserved_bits(), 0x40U);
    EXPECT_LT(first.payload.size(), news.size() / 20);
    for (std::size_t i = 1; i < compressing.size(); ++i) {
      EXPECT_EQ(compressing[i].read_frame().payload, first.payload);
    }
    for (RawPeer& client : compressing) {
      const WireFrame second = client.read_frame();
      EXPECT_EQ(second.reserved_bits(), 0U);
      EXPECT_EQ(payload_text(second), news);
    }
  }
}

/// ServerOptions::publish_queue_limit. publish() reserves room at one loop after the other; if the
/// second one has none, the first one's is given back.
TEST(ServerPublishRoom, a_loop_that_is_behind_costs_the_others_no_room) {
  Signal go_on;
  std::atomic<bool> is_held{false};
  ServerHandlers handlers = subscribing();
  handlers.on_message = [&](const ServerConnection&, const Message&) {
    is_held = true;
    go_on.wait();
  };
  RunningServer server(handlers, Link{}, {.threads = 2, .publish_queue_limit = 10'000});
  RawPeer quick = adopted_client(server);
  RawPeer held = adopted_client(server);
  held.send_text("hold the second loop up");
  ASSERT_TRUE(eventually([&] { return is_held.load(); }));
  const std::string news(1000, 'n');
  const auto publish = [&] { return server.server().publish("all", news); };
  int accepted = 0;
  for (; accepted < 100 && !publish(); ++accepted) {
    EXPECT_EQ(payload_text(quick.read_frame()), news) << "its loop has no publication left";
  }
  EXPECT_LT(accepted, 10);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(publish(), Errc::send_queue_full);
  go_on.set();
  for (int i = 0; i < accepted; ++i) EXPECT_EQ(payload_text(held.read_frame()), news);
  ASSERT_EQ(publish(), std::error_code());
  EXPECT_EQ(payload_text(quick.read_frame()), news);
  EXPECT_EQ(payload_text(held.read_frame()), news);
}

}  // namespace
}  // namespace wirespan::test
