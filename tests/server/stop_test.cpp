// WebSocketServer::stop(): Close to every client, the wait for their answers, and the deadline.
// RFC 6455 §7.1.1, §7.4.1.
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

class ServerStop : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerStop);

void expect_goodbye(RawPeer& client, unsigned code = 1001) {
  EXPECT_EQ(client.read_described(), "close " + std::to_string(code));
  client.send_close(code);
  EXPECT_EQ(client.read_end(), StreamEnd::orderly);
  client.close();
}

TEST_P(ServerStop, R134_from_another_thread_it_sends_1001_to_all_and_returns) {
  RunningServer server(echoing(), link());
  std::vector<RawPeer> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(server.open());
  ASSERT_TRUE(server.has_connections(5));
  const Stopwatch watch;
  server.server().stop();
  for (RawPeer& client : clients) expect_goodbye(client);
  server.wait();
  EXPECT_LT(watch.elapsed(), 2s);
  EXPECT_EQ(server.server().connection_count(), 0U);
  EXPECT_THROW((void)RawPeer::to_port(server.port()), PeerError) << "it does not listen any more";
}

TEST_P(ServerStop, with_a_code_of_the_callers_own) {
  RunningServer server(echoing(), link());
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  server.server().stop(CloseCode::service_restart);
  expect_goodbye(client, 1012);
}

TEST_P(ServerStop, from_a_handler_behind_what_it_has_sent) {
  WebSocketServer* stopped = nullptr;
  ServerHandlers handlers = echoing();
  handlers.on_message = [&](const ServerConnection& connection, const Message&) {
    (void)connection.send_text("last words");
    stopped->stop();
    stopped->stop(CloseCode::service_restart);  // does nothing: the first call counts
  };
  RunningServer server(handlers, link());
  stopped = &server.server();
  RawPeer client = server.open();
  client.send_text("stop");
  EXPECT_EQ(client.read_described(), "text \"last words\"");
  expect_goodbye(client);
  server.wait();
}

WebSocketServer* to_signal = nullptr;

TEST_P(ServerStop, G19_from_a_signal_handler) {
  RunningServer server(echoing(), link());
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  to_signal = &server.server();
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) { to_signal->stop_from_signal(); };
  ::sigaction(SIGUSR1, &action, &before);
  ::raise(SIGUSR1);
  expect_goodbye(client);
  server.wait();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_P(ServerStop, R142_clients_that_do_not_answer_are_cut_after_the_close_time) {
  Recorder calls;
  ServerHandlers handlers = echoing();
  handlers.on_close = [&](const ServerConnection&, CloseCode code, std::string_view reason) {
    calls.note(called::close(static_cast<unsigned>(code), reason));
  };
  RunningServer server(handlers, link(), {.close_time = 300ms});
  RawPeer polite = server.open();
  RawPeer deaf = server.open();
  RawPeer talkative = server.open();
  ASSERT_TRUE(server.has_connections(3));
  const Stopwatch watch;
  server.server().stop();
  expect_goodbye(polite);
  EXPECT_EQ(talkative.read_described(), "close 1001");
  while (talkative.send_text("but") && watch.elapsed() < 5s) std::this_thread::sleep_for(2ms);
  server.wait();
  EXPECT_GE(watch.elapsed(), 299ms);
  EXPECT_LT(watch.elapsed(), 3s);
  EXPECT_EQ(calls.calls().size(), 3U) << "on_close for each";
  EXPECT_EQ(calls.calls(called::close(1006)).size(), 2U);
  EXPECT_EQ(calls.calls(called::close(1001)).size(), 1U);
}

TEST_P(ServerStop, B9_a_client_that_reads_nothing_does_not_hold_it_up) {
  ServerHandlers handlers;
  handlers.on_open = [](const ServerConnection& connection) {
    (void)connection.send_binary(wire_bytes(std::string(std::size_t{12} << 20, 'x')));
  };
  RunningServer server(handlers, link(), {.close_time = 200ms});
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  const Stopwatch watch;
  server.server().stop();
  server.wait();
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_P(ServerStop, handshakes_under_way_are_dropped) {
  RunningServer server(echoing(), link(), {.close_time = 10s});
  RawPeer half = server.dial();
  half.write("GET / HTTP/1.1\r\nHost: x\r\n");
  RawPeer nothing = RawPeer::to_port(server.port());
  RawPeer client = server.open();  // so that the others were accepted before
  const Stopwatch watch;
  server.server().stop();
  expect_goodbye(client);
  server.wait();
  EXPECT_LT(watch.elapsed(), 5s);
  EXPECT_EQ(half.read_to_end(), "");
}

/// The request has come when its connection is accepted, so the handler runs while the listener is
/// on the stack.
TEST_P(ServerStop, from_on_request_and_from_on_http_while_they_are_accepted) {
  for (const char* request : {"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                              "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"}) {
    WebSocketServer* stopped = nullptr;
    int asked = 0;
    const auto stop = [&] {
      ++asked;
      stopped->stop();
    };
    ServerHandlers handlers = echoing();
    handlers.on_request = [&](PendingRequest pending) {
      stop();
      pending.accept();
    };
    handlers.on_http = [&](const HttpRequest&) {
      stop();
      return HttpResponse{.status = 200};
    };
    WebSocketServer server({.backend = link().backend}, handlers);
    stopped = &server;
    const std::uint16_t port = server.listen();
    std::vector<RawPeer> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(RawPeer::to_port(port));
      clients.back().write(request);
    }
    server.run();
    EXPECT_EQ(asked, 1) << "the others come too late";
  }
}

TEST_P(ServerStop, before_run_and_without_connections) {
  for (const bool signalled : {false, true}) {
    WebSocketServer server({.tls = link().for_server(), .backend = link().backend}, echoing());
    const std::uint16_t port = server.listen();
    signalled ? server.stop_from_signal() : server.stop();
    server.run();
    EXPECT_THROW((void)RawPeer::to_port(port), PeerError);
  }
}

TEST_P(ServerStop, a_server_that_never_ran_is_destroyed_with_its_waiting_clients) {
  RawPeer client = [&] {
    WebSocketServer server({.tls = link().for_server(), .backend = link().backend}, echoing());
    return RawPeer::to_port(server.listen());
  }();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_P(ServerStop, a_port_that_is_taken_or_an_address_that_is_none_is_an_error) {
  RunningServer server(echoing(), link());
  const auto listening = [&](ServerOptions options) {
    options.tls = link().for_server();
    return refusal_of([&] { return WebSocketServer(options, {}).listen(); });
  };
  EXPECT_EQ(listening({.port = server.port()}),
            plain_exception({EADDRINUSE, std::system_category()}));
  EXPECT_EQ(listening({.address = "localhost"}), plain_exception(Errc::invalid_option));
  EXPECT_EQ(listening({.address = "8.8.8.8"}),
            plain_exception({EADDRNOTAVAIL, std::system_category()}));
  EXPECT_EQ(listening({.address = "::1"}), nothing_thrown());
}

/// Serves one client, on any port if `port` is 0, and returns the port.
std::uint16_t serve_one(std::uint16_t port, Link link) {
  RunningServer server(echoing(), link, {.port = port});
  RawPeer client = server.open();
  EXPECT_TRUE(server.has_connections(1));
  server.server().stop();
  expect_goodbye(client);
  server.wait();
  return server.port();
}

/// Another program may take the port meanwhile, but not ten ports in a row.
TEST_P(ServerStop, the_port_is_free_again_at_once) {
  int taken = 0;
  for (std::uint16_t port = 0; taken < 10; ++taken) {
    port = serve_one(0, link());
    const auto again = [&] { EXPECT_EQ(serve_one(port, link()), port); };
    if (refusal_of(again) == nothing_thrown()) break;
  }
  EXPECT_LT(taken, 10);
}

/// A slot whose connection has ended needs no Close, so it must not use up one of another client.
TEST_P(ServerStop, reaches_the_clients_behind_one_that_has_left) {
  RunningServer server(echoing(), link(), {.close_time = 5s});
  RawPeer gone = server.open();
  std::vector<RawPeer> clients;
  for (int i = 0; i < 2; ++i) clients.push_back(server.open());
  ASSERT_TRUE(server.has_connections(3));
  gone.close();
  ASSERT_TRUE(server.has_connections(2));
  server.server().stop();
  for (RawPeer& client : clients) expect_goodbye(client);
  server.wait();
}

/// The loop runs on for a client that does not answer its Close.
TEST_P(ServerStop, a_socket_that_is_adopted_afterwards_is_closed_without_an_answer) {
  RunningServer server(echoing(), link(), {.close_time = 5s});
  RawPeer client = server.open();
  ASSERT_TRUE(server.has_connections(1));
  server.server().stop();
  EXPECT_EQ(client.read_described(), "close 1001");
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  RawPeer late(ends[1], Role::client);
  EXPECT_FALSE(server.server().adopt(ends[0], wire_bytes(upgrade_request()), true));
  EXPECT_EQ(late.read_to_end(), "");
  EXPECT_EQ(server.server().stats().opened, 1U);
  client.send_close(1001);
  client.close();
  server.wait();
}

/// The first call would send its Close frames in the course of a minute, but cuts before. The
/// second one would send them at once.
TEST_P(ServerStop, a_second_call_hurries_nobody) {
  RunningServer server(echoing(), link(), {.close_time = 1s});
  std::vector<RawPeer> clients;
  for (int i = 0; i < 2; ++i) clients.push_back(server.open());
  ASSERT_TRUE(server.has_connections(2));
  server.server().stop({.deadline = 200ms, .spread = 60s});
  server.server().stop();
  for (RawPeer& client : clients) EXPECT_EQ(client.read_to_end(), "") << "it is cut";
  server.wait();
}

}  // namespace
}  // namespace wirespan::test
