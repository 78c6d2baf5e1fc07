// ServerConnection: pause and resume, abort, buffered_amount() and fragments as they come.
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerCalls : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerCalls);

/// The handle of the only connection, for the test's thread.
class Handle {
 public:
  void set(const ServerConnection& connection) {
    const std::lock_guard lock(mutex_);
    connection_ = connection;
  }
  [[nodiscard]] ServerConnection get() {
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      return connection_.id() != 0;
    }));
    const std::lock_guard lock(mutex_);
    return connection_;
  }

 private:
  std::mutex mutex_;
  ServerConnection connection_;
};

ServerHandlers handing_out(Handle& handle) {
  ServerHandlers handlers = echoing();
  handlers.on_open = [&](const ServerConnection& connection) { handle.set(connection); };
  return handlers;
}

TEST_P(ServerCalls, while_paused_nothing_is_read_and_afterwards_nothing_is_lost) {
  Handle handle;
  RunningServer server(handing_out(handle), link());
  RawPeer client = server.open();
  EXPECT_FALSE(handle.get().pause());
  EXPECT_TRUE(handle.get().send_text("paused").accepted());
  EXPECT_EQ(client.read_described(), "text \"paused\"");
  for (int i = 0; i < 20; ++i) client.send_text(std::to_string(i));
  EXPECT_FALSE(client.has_input(100ms));
  EXPECT_EQ(server.server().stats().messages_in, 0U);
  EXPECT_FALSE(handle.get().resume());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.read_described(), "text \"" + std::to_string(i) + "\"");
  }
}

TEST_P(ServerCalls, a_pause_within_a_batch_holds_at_once) {
  Handle handle;
  std::atomic<int> messages{0};
  ServerHandlers handlers = handing_out(handle);
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    EXPECT_FALSE(++messages == 3 && connection.pause());
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  std::string batch;
  for (int i = 0; i < 10; ++i) batch += wire_text(masked(frame(0x81, wire_bytes("x"))));
  client.write(batch);
  EXPECT_TRUE(eventually([&] { return messages == 3; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(messages, 3);
  EXPECT_FALSE(handle.get().resume());
  EXPECT_TRUE(eventually([&] { return messages == 10; }));
}

TEST_P(ServerCalls, abort_cuts_without_a_closing_handshake) {
  for (const bool from_handler : {true, false}) {
    Handle handle;
    std::atomic<int> code{0};
    ServerHandlers handlers = handing_out(handle);
    handlers.on_message = [](const ServerConnection& connection, const Message&) {
      EXPECT_FALSE(connection.abort());
      EXPECT_FALSE(connection.is_open());
      EXPECT_EQ(connection.send_text("x"), Errc::not_open);
    };
    handlers.on_close = [&](const ServerConnection&, CloseCode why, std::string_view reason) {
      code = static_cast<int>(why);
      EXPECT_EQ(reason, "");
    };
    RunningServer server(handlers, link());
    RawPeer client = server.open();
    from_handler ? (void)client.send_text("cut") : (void)handle.get().abort();
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_TRUE(eventually([&] { return code == 1006; }));
    EXPECT_FALSE(handle.get().is_open());
    EXPECT_EQ(handle.get().abort(), Errc::not_open);
  }
}

TEST_P(ServerCalls, on_close_tells_the_code_the_reason_and_what_was_lost) {
  struct Ending {
    std::atomic<std::size_t> lost{0};
    std::string reason;
    std::atomic<int> code{0};
  } ending;
  Handle handle;
  std::atomic<bool> all_sent{false};
  ServerHandlers handlers = handing_out(handle);
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    for (int i = 0; i < 150; ++i) (void)connection.send_text(std::string(100'000, 'x'));
    all_sent = true;
  };
  handlers.on_close = [&](const ServerConnection& connection, CloseCode code,
                          std::string_view why) {
    ending.lost = connection.buffered_amount();
    ending.reason = why;
    ending.code = static_cast<int>(code);
    EXPECT_FALSE(connection.is_open());
  };
  RunningServer server(handlers, link(), {.hold_reading = false});
  RawPeer client = server.open();
  client.send_text("go");
  ASSERT_TRUE(eventually([&] { return all_sent && handle.get().buffered_amount() > 0; }));
  const std::size_t waiting = handle.get().buffered_amount();
  client.reset();
  ASSERT_TRUE(eventually([&] { return ending.code != 0; }));
  EXPECT_EQ(ending.code, 1006);
  EXPECT_GT(ending.lost, 0U);
  EXPECT_LE(ending.lost, waiting);
  EXPECT_EQ(server.server().stats().unsent_at_close, ending.lost);
  EXPECT_EQ(handle.get().buffered_amount(), 0U) << "gone";

  RawPeer polite = server.open();
  polite.send_close(4321, "because");
  (void)polite.read_until_close();
  EXPECT_TRUE(eventually([&] { return ending.code == 4321; }));
  EXPECT_EQ(ending.reason, "because");
  EXPECT_EQ(ending.lost, 0U);
}

TEST_P(ServerCalls, on_drain_comes_once_after_the_high_watermark) {
  std::atomic<int> drained{0};
  Handle handle;
  ServerHandlers handlers = handing_out(handle);
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    for (int i = 0; i < 150; ++i) (void)connection.send_text(std::string(100'000, 'x'));
  };
  handlers.on_drain = [&](const ServerConnection& connection) {
    EXPECT_LE(connection.buffered_amount(), std::size_t{256} << 10);
    (void)connection.send_text("drained");
    ++drained;
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("go");
  ASSERT_TRUE(eventually([&] { return handle.get().buffered_amount() > (std::size_t{1} << 20); }));
  EXPECT_EQ(drained, 0);
  for (int i = 0; i < 150; ++i) ASSERT_EQ(client.read_frame().payload.size(), 100'000U);
  EXPECT_EQ(client.read_described(), "text \"drained\"");
  EXPECT_EQ(drained, 1);
  EXPECT_TRUE(eventually([&] { return handle.get().buffered_amount() == 0; }));
}

TEST_P(ServerCalls, what_is_on_its_way_from_another_thread_counts_as_waiting) {
  Handle handle;
  Signal go_on;
  ServerHandlers handlers = handing_out(handle);
  handlers.on_message = [&](const ServerConnection&, const Message&) { go_on.wait(); };
  RunningServer server(handlers, link(), {.send_hard_limit = 1000});
  RawPeer client = server.open();
  client.send_text("hold the loop up");
  ASSERT_TRUE(eventually([&] { return server.server().stats().messages_in == 1; }));
  const ServerConnection connection = handle.get();
  EXPECT_EQ(connection.send_text(std::string(600, 'a')).outcome(), SendResult::Outcome::queued);
  EXPECT_EQ(connection.buffered_amount(), 600U);
  EXPECT_EQ(connection.send_text(std::string(600, 'b')), Errc::send_queue_full);
  EXPECT_EQ(connection.send_text(std::string(300, 'c')).outcome(), SendResult::Outcome::queued);
  go_on.set();
  EXPECT_EQ(client.read_frame().payload.size(), 600U);
  EXPECT_EQ(client.read_frame().payload.size(), 300U);
  EXPECT_TRUE(eventually([&] { return connection.buffered_amount() == 0; }));
}

TEST_P(ServerCalls, fragments_are_handed_out_as_they_come) {
  std::mutex mutex;
  std::vector<std::string> seen;
  ServerHandlers handlers;
  handlers.on_fragment = [&](const ServerConnection& connection, const Fragment& fragment) {
    const std::lock_guard lock(mutex);
    seen.push_back(std::string(wire_text(fragment.payload)) + (fragment.fin ? " end" : ""));
    if (fragment.fin) (void)connection.send_text("done");
  };
  handlers.on_message = [](const ServerConnection& connection, const Message& message) {
    (void)connection.send_text("whole " + std::string(message.text()));
  };
  RunningServer server(handlers, link(), {.deliver_fragments = true});
  RawPeer client = server.open();
  client.send_frame(0x01, "one");
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return seen.size() == 1;
  })) << "before the rest has come";
  client.send_frame(0x00, "two");
  client.send_ping("p");
  EXPECT_EQ(client.read_described(), "pong 70");
  client.send_frame(0x80, "three");
  EXPECT_EQ(client.read_described(), "text \"done\"");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, (std::vector<std::string>{"one", "two", "three end"}));
  EXPECT_EQ(server.server().stats().messages_in, 1U);
}

TEST_P(ServerCalls, pings_and_pongs_are_told) {
  Recorder calls;
  ServerHandlers handlers;
  handlers.on_ping = [&](const ServerConnection& connection, Bytes payload) {
    calls.note("ping " + std::string(wire_text(payload)));
    EXPECT_TRUE(connection.ping("mine").accepted());
  };
  handlers.on_pong = [&](const ServerConnection&, Bytes payload) {
    calls.note("pong " + std::string(wire_text(payload)));
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_ping("theirs");
  client.send_pong("unasked");
  calls.wait_for("pong unasked");
  EXPECT_EQ(calls.calls(), (Calls{"ping theirs", "pong unasked"}));
}

}  // namespace
}  // namespace wirespan::test
