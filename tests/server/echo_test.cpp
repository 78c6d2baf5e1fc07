// WebSocketServer: open connections, their messages and their ends. RFC 6455 §5 to §7.
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {
namespace {

class ServerEcho : public ServerTest {
 protected:
  /// Handlers that record every call in `recorder`, and echo.
  [[nodiscard]] ServerHandlers noting() {
    return {
        .on_open = [this](const ServerConnection&) { recorder.note("open"); },
        .on_message =
            [this](const ServerConnection& connection, const Message& message) {
              recorder.note("message " + readable(message.payload));
              (void)connection.send(message.opcode, message.payload);
            },
        .on_ping = [this](const ServerConnection&,
                          Bytes payload) { recorder.note("ping " + readable(payload)); },
        .on_pong = [this](const ServerConnection&,
                          Bytes payload) { recorder.note("pong " + readable(payload)); },
        .on_close =
            [this](const ServerConnection&, CloseCode code, std::string_view reason) {
              recorder.note(called::close(static_cast<unsigned>(code), reason));
            },
    };
  }
  Recorder recorder;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerEcho);

TEST_P(ServerEcho, R96_every_size_comes_back) {
  RunningServer server(echoing(), link());
  RawPeer client = server.open();
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20}) {
    const std::string text = letters(size);
    ASSERT_TRUE(client.send_text(text));
    const WireFrame text_frame = client.read_frame();
    EXPECT_EQ(text_frame.first_byte, 0x81U);
    EXPECT_FALSE(text_frame.masked);
    EXPECT_TRUE(payload_text(text_frame) == text) << size;
    ASSERT_TRUE(client.send_binary(text));
    EXPECT_TRUE(payload_text(client.read_frame()) == text) << size;
  }
}

TEST_P(ServerEcho, R105_R124_the_callbacks_of_a_whole_connection_in_order) {
  RunningServer server(noting(), link());
  RawPeer client = server.open();
  client.send_text("a");
  EXPECT_EQ(client.read_described(), "text \"a\"");
  client.send_frame(0x01, "b");
  client.send_ping("p");
  client.send_frame(0x80, "c");
  EXPECT_EQ(client.read_described(), "pong 70");
  EXPECT_EQ(client.read_described(), "text \"bc\"");
  client.send_pong("q");
  const Stopwatch watch;
  client.send_close(4000, "bye");
  EXPECT_EQ(client.read_described(), "close 4000");
  EXPECT_EQ(client.read_end(), StreamEnd::orderly) << "the server ends TCP first, and cleanly";
  EXPECT_LT(watch.elapsed(), 1s) << "at once";
  client.close();
  recorder.wait_for("close");
  EXPECT_EQ(recorder.calls(), (Calls{"open", "message \"a\"", "ping \"p\"", "message \"bc\"",
                                     "pong \"q\"", called::close(4000, "bye")}));
}

TEST_P(ServerEcho, R126_R132_clients_that_leave_without_a_word_or_a_code) {
  RunningServer server(noting(), link());
  {
    RawPeer client = server.open();
    client.send_empty_close();
    EXPECT_EQ(client.read_described(), "close");
  }
  recorder.wait_for(called::close(1005));
  for (const bool reset : {false, true}) {
    RawPeer client = server.open();
    ASSERT_TRUE(server.has_connections(1));
    reset ? client.reset() : client.close();
    ASSERT_TRUE(server.has_connections(0));
  }
  recorder.wait_for(called::close(1006), 2);
  EXPECT_EQ(recorder.calls("open").size(), recorder.calls("close").size()) << "once for each";
}

struct BrokenRule {
  const char* name;
  std::string wire;
  unsigned code;
};

TEST_P(ServerEcho, R129_R130_R131_a_client_that_breaks_a_rule_is_closed_and_no_other) {
  const auto bytes = [](std::string_view hex) { return std::string(wire_text(from_hex(hex))); };
  const std::vector<BrokenRule> rules{
      {"R76_unmasked", bytes("81 01 61"), 1002},
      {"R80_reserved_bits", bytes("c1 80 00000000"), 1002},
      {"R81_reserved_opcode", bytes("83 80 00000000"), 1002},
      {"R98_stray_continuation", bytes("80 80 00000000"), 1002},
      {"R100_fragmented_ping", bytes("09 80 00000000"), 1002},
      {"R113_not_utf8", bytes("81 81 00000000 ff"), 1007},
      {"R122_too_big", bytes("82 ff 0000000010000000 00000000"), 1009},
  };
  RunningServer server(noting(), link());
  RawPeer bystander = server.open();
  for (const BrokenRule& rule : rules) {
    RawPeer client = server.open();
    client.write(rule.wire);
    client.send_text("after");
    EXPECT_EQ(client.read_described(), "close " + std::to_string(rule.code)) << rule.name;
    EXPECT_EQ(client.read_to_end(), "") << rule.name;
  }
  recorder.wait_for(called::close(1006), rules.size());
  bystander.send_text("still here");
  EXPECT_EQ(bystander.read_described(), "text \"still here\"");
  EXPECT_EQ(recorder.calls("message"), Calls{"message \"still here\""});
}

TEST_P(ServerEcho, D17_frames_that_come_with_the_request_are_not_lost) {
  RunningServer server(noting(), link());
  RawPeer client = server.dial();
  const std::string frames(wire_text("81 85 00000000 68656c6c6f 81 84 00000000 6d6f"_hex));
  client.write(upgrade_request() + frames);
  (void)client.read_head();
  EXPECT_EQ(client.read_described(), "text \"hello\"");
  client.write(std::string_view("re"));
  EXPECT_EQ(client.read_described(), "text \"more\"");
  EXPECT_EQ(recorder.calls(), (Calls{"open", "message \"hello\"", "message \"more\""}));
}

TEST_P(ServerEcho, what_is_sent_in_on_open_comes_before_all_answers) {
  ServerHandlers handlers = echoing();
  handlers.on_open = [](const ServerConnection& connection) {
    (void)connection.send_text("welcome");
    (void)connection.ping("?");
    (void)connection.send_binary(wire_bytes("\x01"));
  };
  RunningServer server(handlers, link());
  RawPeer client = server.dial();
  client.write(upgrade_request() + std::string(wire_text("81 81 00000000 78"_hex)));
  (void)client.read_head();
  for (const char* expected : {"text \"welcome\"", "ping 3f", "binary 01", "text \"x\""}) {
    EXPECT_EQ(client.read_described(), expected);
  }
}

TEST_P(ServerEcho, R107_both_sides_at_once) {
  ServerHandlers handlers = noting();
  handlers.on_message = [](const ServerConnection& connection, const Message&) {
    EXPECT_EQ(connection.close(CloseCode{4001}, "server"), std::error_code());
    EXPECT_EQ(connection.close(), Errc::not_open) << "closing already";
    EXPECT_EQ(connection.send_text("x"), Errc::not_open);
  };
  RunningServer server(handlers, link());
  RawPeer client = server.open();
  client.send_text("close");
  client.send_close(4002, "client");
  EXPECT_EQ(client.read_described(), "close 4001");
  EXPECT_EQ(client.read_end(), StreamEnd::orderly);
  client.close();
  recorder.wait_for(called::close(4002, "client"));
}

TEST_P(ServerEcho, many_clients_at_once) {
  RunningServer server(echoing(), link());
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      std::vector<RawPeer> clients;
      for (int i = 0; i < 10; ++i) clients.push_back(server.open());
      for (int round = 0; round < 5; ++round) {
        const std::string text = std::to_string(n) + letters(static_cast<std::size_t>(round * 999));
        for (RawPeer& client : clients) client.send_text(text);
        for (RawPeer& client : clients) EXPECT_EQ(payload_text(client.read_frame()), text);
      }
      for (RawPeer& client : clients) client.send_close();
      for (RawPeer& client : clients) EXPECT_EQ(client.read_described(), "close 1000");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(server.has_connections(0));
}

TEST_P(ServerEcho, both_clients_of_the_library_talk_to_it) {
  RunningServer server(echoing(), link());
  WebSocket ws = create_connection(server.url(), {.timeout = 10s, .sslopt = link().for_client()});
  ws.send("short");
  EXPECT_EQ(ws.recv().data, "short");
  ws.close();
  Recorder calls;
  AppHandlers handlers = calls.handlers();
  handlers.on_open = [](WebSocketApp& app) { app.send("long"); };
  handlers.on_message = [&](WebSocketApp& app, const Message& message) {
    calls.note(std::string(message.text()));
    app.close();
  };
  WebSocketApp app(server.url(), handlers, {.backend = link().backend});
  EXPECT_EQ(ending_of(app.run_forever({.sslopt = link().for_client()})),
            (Ending{EndReason::stopped, CloseCode::normal, "", {}}));
  EXPECT_EQ(calls.calls(), (Calls{"long", called::close(1000)}));
}

TEST_P(ServerEcho, without_handlers_it_accepts_and_answers_what_the_protocol_asks_for) {
  RunningServer server({}, link());
  RawPeer client = server.open();
  client.send_text("nobody listens");
  client.send_ping("p");
  EXPECT_EQ(client.read_described(), "pong 70");
  client.send_close(1001);
  EXPECT_EQ(client.read_described(), "close 1001");
  EXPECT_EQ(client.read_end(), StreamEnd::orderly);
}

}  // namespace
}  // namespace wirespan::test
