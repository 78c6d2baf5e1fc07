// WebSocketServer::listen(ListenerOptions): plain beside TLS, sockets that listen already, and the
// permissions of Unix sockets.
#include <cerrno>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/running_server.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/exceptions.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::test {
namespace {

/// Runs a server that listens already, and stops it in the end.
class Serving {
 public:
  explicit Serving(WebSocketServer& server) : server_(server), thread_([&] { server_.run(); }) {}
  ~Serving() {
    server_.stop();
    thread_.join();
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

 private:
  WebSocketServer& server_;
  std::thread thread_;
};

/// Tells each client whether the server sees TLS.
ServerHandlers telling_tls() {
  return {.on_request =
              [](PendingRequest request) {
                const std::string told = request.request().is_tls ? "tls" : "plain";
                request.accept({}, told);
              },
          .on_open =
              [](const ServerConnection& connection) {
                (void)connection.send_text(*connection.user_data_as<std::string>());
              }};
}

int listening_socket(const net::Endpoint& local = *net::Endpoint::from_numeric("127.0.0.1", 0)) {
  return *net::system_network().listen(local, {});
}

std::uint16_t port_of(int descriptor) {
  return net::system_network().local_endpoint(descriptor)->port();
}

bool is_closed(int descriptor) { return ::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF; }

std::string told_to(RawPeer client) {
  EXPECT_TRUE(client.open().starts_with("HTTP/1.1 101 "));
  return client.read_described();
}

std::string refusal(WebSocketServer& server, const ListenerOptions& listener) {
  return what_of([&] { return server.listen(listener); });
}

TEST(ServerListeners, one_may_be_plain_beside_another_with_tls) {
  for (const int threads : {1, 2}) {
    WebSocketServer server({.threads = threads, .tls = good_server()}, telling_tls());
    const std::uint16_t secure = server.listen();
    const std::uint16_t plain_port = server.listen({.address = "127.0.0.1", .is_plain = true});
    const std::uint16_t other = server.listen({.address = "127.0.0.1"});
    const Serving serving(server);
    EXPECT_EQ(told_to(RawPeer::to_port(plain_port)), "text \"plain\"");
    for (const std::uint16_t port : {secure, other}) {
      RawPeer client = RawPeer::to_port(port);
      client.secure_as_client(trusting_client());
      EXPECT_EQ(told_to(std::move(client)), "text \"tls\"");
    }
  }
}

TEST(ServerListeners, a_plain_one_stays_plain_behind_a_proxy_header) {
  WebSocketServer server(
      {.tls = good_server(), .proxies = {.trusted = {"127.0.0.1"}, .proxy_protocol = true}},
      telling_tls());
  const std::uint16_t port = server.listen({.address = "127.0.0.1", .is_plain = true});
  const Serving serving(server);
  RawPeer client = RawPeer::to_port(port);
  client.write("PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\r\n");
  EXPECT_EQ(told_to(std::move(client)), "text \"plain\"");
}

TEST(ServerListeners, a_socket_that_listens_already_serves_all_loops_without_an_address) {
  std::mutex mutex;
  std::set<std::thread::id> loops;
  WebSocketServer server({.threads = 2}, {.on_open = [&](const ServerConnection& connection) {
                           const std::lock_guard lock(mutex);
                           loops.insert(std::this_thread::get_id());
                           (void)connection.send_text("hello");
                         }});
  const int descriptor = listening_socket();
  const std::uint16_t port = port_of(descriptor);
  EXPECT_EQ(server.listen({.descriptor = descriptor}), port);
  {
    const Serving serving(server);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(told_to(RawPeer::to_port(port)), "text \"hello\"");
  }
  EXPECT_EQ(loops.size(), 2U);
  EXPECT_TRUE(is_closed(descriptor)) << "stop() closes it";
}

TEST(ServerListeners, clients_that_waited_before_the_server_began_are_served) {
  const int descriptor = listening_socket();
  RawPeer early = RawPeer::to_port(port_of(descriptor));
  early.write(upgrade_request());
  WebSocketServer server({}, telling_tls());
  (void)server.listen({.descriptor = descriptor});
  const Serving serving(server);
  EXPECT_TRUE(early.read_head().starts_with("HTTP/1.1 101 "));
  early.close();
}

TEST(ServerListeners, what_does_not_listen_is_refused_and_closed) {
  WebSocketServer server({}, {});
  EXPECT_EQ(refusal(server, {}), "ListenerOptions::descriptor -1: Bad file descriptor");
  const int pipes[2] = {::open("/dev/null", O_RDONLY), ::socket(AF_INET, SOCK_STREAM, 0)};
  const int udp = ::socket(AF_INET, SOCK_DGRAM, 0);
  const auto name = [](int fd) {
    return "ListenerOptions::descriptor " + std::to_string(fd) + ": ";
  };
  EXPECT_EQ(refusal(server, {.descriptor = pipes[0]}),
            name(pipes[0]) + "Socket operation on non-socket");
  EXPECT_EQ(refusal(server, {.descriptor = pipes[1]}), name(pipes[1]) + "Invalid argument");
  EXPECT_EQ(refusal(server, {.descriptor = udp}), name(udp) + "Invalid argument");
  for (const int fd : {pipes[0], pipes[1], udp}) EXPECT_TRUE(is_closed(fd)) << fd;
}

TEST(ServerListeners, options_are_checked_as_by_listen_and_the_socket_is_closed) {
  WebSocketServer server({.subprotocols = {"no token"}}, {});
  const std::string expected =
      "ServerOptions::subprotocols \"no token\" is no token: invalid option";
  const int descriptor = listening_socket();
  EXPECT_EQ(refusal(server, {.descriptor = descriptor}).substr(0, 50), expected.substr(0, 50));
  EXPECT_TRUE(is_closed(descriptor));
  EXPECT_EQ(refusal(server, {.address = "127.0.0.1"}).substr(0, 50), expected.substr(0, 50));
  WebSocketServer other({}, {});
  EXPECT_TRUE(refusal(other, {.address = "127.0.0.1", .descriptor = 0})
                  .starts_with("ListenerOptions::descriptor together with an address: "));
  EXPECT_TRUE(refusal(other, {.address = "localhost"})
                  .starts_with("ListenerOptions::address \"localhost\" is not a numeric address"));
}

TEST(ServerListeners, a_port_in_use_is_named_and_the_other_listeners_stay) {
  const int taken = listening_socket();
  WebSocketServer server({}, telling_tls());
  const std::uint16_t port = server.listen();
  EXPECT_EQ(refusal(server, {.address = "127.0.0.1", .port = port_of(taken)}),
            "listen on 127.0.0.1:" + std::to_string(port_of(taken)) + ": Address already in use");
  ::close(taken);
  const Serving serving(server);
  EXPECT_EQ(told_to(RawPeer::to_port(port)), "text \"plain\"");
}

std::filesystem::perms permissions_of(const std::string& path) {
  return std::filesystem::status(path).permissions() & std::filesystem::perms::all;
}

TEST(ServerListeners, the_file_of_a_unix_socket_has_the_permissions_asked_for) {
  using std::filesystem::perms;
  const std::string path = scratch_file("listener.sock");
  const perms wanted[] = {perms::owner_read | perms::owner_write,
                          perms::owner_all | perms::group_all | perms::others_all, perms::none};
  for (const perms mode : wanted) {
    WebSocketServer server({}, {});
    (void)server.listen({.address = "unix:" + path, .mode = static_cast<unsigned>(mode)});
    EXPECT_EQ(permissions_of(path), mode);
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "it is removed with the listener";
}

TEST(ServerListeners, the_file_of_a_socket_that_was_passed_stays) {
  const std::string path = scratch_file("passed.sock");
  const int descriptor = listening_socket(*net::Endpoint::from_unix_path(path));
  {
    WebSocketServer server({}, {});
    EXPECT_EQ(server.listen({.descriptor = descriptor}), 0);
  }
  EXPECT_TRUE(is_closed(descriptor));
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace wirespan::test
