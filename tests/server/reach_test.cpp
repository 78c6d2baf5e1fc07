// The ways into a WebSocketServer: several addresses, IPv6, Unix sockets, adopted sockets.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include "support/spy_network.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/net/endpoint.hpp>

namespace wirespan::test {
namespace {

class ServerReach : public ServerTest {
 protected:
  /// Returns a client connected to `address`, after its TLS handshake.
  [[nodiscard]] RawPeer dial(const net::Endpoint& address) const {
    const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, address.data(), address.size()) != 0) {
      ::close(fd);
      throw PeerError("cannot connect to " + address.to_string());
    }
    RawPeer peer(fd, Role::client);
    if (link().is_secure()) peer.secure_as_client(link().for_client());
    return peer;
  }
  void expect_echo(const net::Endpoint& address) const {
    RawPeer client = dial(address);
    expect_echo(client);
  }
  static void expect_echo(RawPeer& client) {
    EXPECT_TRUE(client.open().starts_with("HTTP/1.1 101 "));
    client.send_text("x");
    EXPECT_EQ(client.read_described(), "text \"x\"");
  }
  static net::Endpoint at(const char* host, std::uint16_t port) {
    return *net::Endpoint::from_numeric(host, port);
  }
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerReach);

/// A path for a Unix socket; removes the file at the end.
class Path {
 public:
  Path()
      : path_(std::filesystem::temp_directory_path() /
              ("wirespan_" + std::to_string(::getpid()) + "_" + std::to_string(++count_))) {
    std::filesystem::remove(path_);
  }
  ~Path() { std::filesystem::remove(path_); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  [[nodiscard]] std::string address() const { return "unix:" + path_.string(); }
  [[nodiscard]] net::Endpoint endpoint() const {
    return *net::Endpoint::from_unix_path(path_.string());
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool exists() const { return std::filesystem::exists(path_); }

 private:
  static inline int count_ = 0;
  std::filesystem::path path_;
};

TEST_P(ServerReach, several_addresses_share_one_port) {
  for (const int threads : {1, 2}) {
    RunningServer server(echoing(), link(),
                         {.more_addresses = {"127.0.0.2", "::1"}, .threads = threads});
    for (const char* host : {"127.0.0.1", "127.0.0.2", "::1"}) {
      expect_echo(at(host, server.port()));
    }
    EXPECT_THROW((void)dial(at("127.0.0.3", server.port())), PeerError);
  }
}

TEST_P(ServerReach, all_of_ipv6_and_all_of_ipv4_share_one_port) {
  for (const char* first : {"::", "0.0.0.0"}) {
    const char* second = first == std::string_view("::") ? "0.0.0.0" : "::";
    RunningServer server(echoing(), link(), {.address = first, .more_addresses = {second}});
    for (const char* host : {"127.0.0.1", "::1"}) expect_echo(at(host, server.port()));
  }
  RunningServer alone(echoing(), link(), {.address = "::"});
  expect_echo(at("127.0.0.1", alone.port()));
  RunningServer mapped(echoing(), link(),
                       {.address = "::ffff:127.0.0.2", .more_addresses = {"127.0.0.1"}});
  expect_echo(at("127.0.0.2", mapped.port()));
}

/// A network where the port found at one address is in use at the next, `thefts` times.
class StolenPorts final : public SpyNetwork {
 public:
  explicit StolenPorts(int thefts) : thefts_(thefts) {}
  [[nodiscard]] Expected<int> listen(const net::Endpoint& local,
                                     const net::ListenOptions& options) override {
    if (local.port() != 0 && thefts_-- > 0) return make_error_code(std::errc::address_in_use);
    return SpyNetwork::listen(local, options);
  }

 private:
  int thefts_;
};

TEST_P(ServerReach, a_port_that_is_taken_at_one_address_is_given_up_for_another) {
  for (const int threads : {1, 2}) {
    StolenPorts network(limits::free_port_attempts - 1);
    RunningServer server(
        echoing(), link(),
        {.more_addresses = {"127.0.0.2"}, .threads = threads, .network = &network});
    for (const char* host : {"127.0.0.1", "127.0.0.2"}) expect_echo(at(host, server.port()));
  }
  StolenPorts network(limits::free_port_attempts);
  WebSocketServer server({.more_addresses = {"127.0.0.2"}, .network = &network}, {});
  try {
    (void)server.listen();
    FAIL();
  } catch (const WebSocketException& e) {
    EXPECT_EQ(e.code(), std::errc::address_in_use);
  }
}

/// Checks the socket options of every accepted socket.
class SocketLook final : public SpyNetwork {
 public:
  std::atomic<int> accepted{0};
  [[nodiscard]] Expected<net::Accepted> accept(int listener) override {
    const auto result = SpyNetwork::accept(listener);
    if (!result) return result;
    ++accepted;
    for (const net::SocketOption& option : net::accepted_socket_options()) {
      int value = -1;
      socklen_t size = sizeof value;
      EXPECT_EQ(::getsockopt(result->fd, option.level, option.name, &value, &size), 0);
      EXPECT_EQ(value, option.value);
    }
    return result;
  }
};

TEST_P(ServerReach, accepted_sockets_do_not_delay_and_are_kept_alive) {
  SocketLook network;
  RunningServer server(echoing(), link(), {.more_addresses = {"::1"}, .network = &network});
  for (const char* host : {"127.0.0.1", "::1"}) expect_echo(at(host, server.port()));
  EXPECT_EQ(network.accepted, 2);
}

TEST_P(ServerReach, a_port_that_was_asked_for_is_never_given_up) {
  RunningServer server(echoing(), link());
  WebSocketServer other(
      {.address = "127.0.0.2", .more_addresses = {"127.0.0.1"}, .port = server.port()}, {});
  EXPECT_THROW((void)other.listen(), WebSocketException);
}

TEST_P(ServerReach, a_path_that_somebody_serves_is_asked_for_once) {
  const Path path;
  RunningServer owner(echoing(), link(), {.address = path.address()});
  SpyNetwork network;
  WebSocketServer server({.more_addresses = {path.address()}, .network = &network}, {});
  EXPECT_THROW((void)server.listen(), WebSocketException);
  EXPECT_EQ(network.connects, 1) << "to see whether it was left behind";
  EXPECT_TRUE(path.exists()) << "it is not ours to remove";
}

TEST_P(ServerReach, after_a_failure_nothing_listens) {
  for (const int threads : {1, 2}) {
    RunningServer owner(echoing(), link(), {.address = "127.0.0.2"});
    WebSocketServer server({.address = "127.0.0.1",
                            .more_addresses = {"127.0.0.2"},
                            .port = owner.port(),
                            .threads = threads},
                           {});
    EXPECT_THROW((void)server.listen(), WebSocketException);
    EXPECT_THROW((void)dial(at("127.0.0.1", owner.port())), PeerError);
    EXPECT_THROW((void)server.listen(), WebSocketException) << "for the same reason";
  }
}

TEST_P(ServerReach, a_busy_server_and_a_busy_client_talk_and_end) {
  RunningServer server(echoing(), link(), {.busy_poll = 2ms});
  WebSocket client = create_connection(
      server.url(), {.timeout = 10s, .sslopt = link().for_client(), .busy_poll = 200us});
  for (int n = 0; n < 100; ++n) {
    client.send(std::to_string(n));
    EXPECT_EQ(client.recv().data, std::to_string(n));
  }
  client.close();
}

TEST_P(ServerReach, ipv6_peers_are_shown_as_such) {
  std::atomic<bool> seen{false};
  ServerHandlers handlers = echoing();
  handlers.on_request = [&](PendingRequest request) {
    EXPECT_EQ(request.request().peer.host(), "::1");
    seen = true;
    request.accept();
  };
  RunningServer server(handlers, link(), {.address = "::1"});
  expect_echo(at("::1", server.port()));
  EXPECT_TRUE(seen);
}

TEST_P(ServerReach, a_unix_socket_serves_and_its_name_goes_with_the_server) {
  for (const int threads : {1, 3}) {
    const Path path;
    {
      RunningServer server(echoing(), link(), {.address = path.address(), .threads = threads});
      EXPECT_EQ(server.port(), 0U);
      EXPECT_TRUE(path.exists());
      expect_echo(path.endpoint());
      expect_echo(path.endpoint());
    }
    EXPECT_FALSE(path.exists());
  }
}

TEST_P(ServerReach, a_unix_socket_beside_tcp) {
  const Path path;
  RunningServer server(echoing(), link(), {.more_addresses = {path.address()}});
  expect_echo(path.endpoint());
  expect_echo(at("127.0.0.1", server.port()));
}

/// Expects that six connections are spread over three loops.
template <class Connect>
void expect_three_loops(const Link& link, ServerOptions options, Connect connect) {
  std::mutex mutex;
  std::set<std::thread::id> used;
  ServerHandlers handlers = echoing();
  handlers.on_open = [&](const ServerConnection&) {
    const std::lock_guard lock(mutex);
    used.insert(std::this_thread::get_id());
  };
  options.threads = 3;
  RunningServer server(handlers, link, options);
  for (int i = 0; i < 6; ++i) connect(server);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(used.size(), 3U);
}

TEST_P(ServerReach, connections_of_a_unix_socket_are_spread_over_all_loops) {
  const Path path;
  expect_three_loops(link(), {.address = path.address()},
                     [&](const RunningServer&) { expect_echo(path.endpoint()); });
}

/// A network whose kernel gives all connections of a port to one listener.
class OneListenerNetwork final : public SpyNetwork {
 public:
  [[nodiscard]] bool shares_ports() const noexcept override { return false; }
  [[nodiscard]] Expected<int> listen(const net::Endpoint& local,
                                     const net::ListenOptions& options) override {
    if (options.sharing != net::PortSharing::none) {
      return make_error_code(std::errc::not_supported);
    }
    return SpyNetwork::listen(local, options);
  }
};

TEST_P(ServerReach, where_ports_cannot_be_shared_the_first_loop_spreads_connections) {
  OneListenerNetwork network;
  expect_three_loops(link(), {.network = &network}, [&](const RunningServer& server) {
    expect_echo(at("127.0.0.1", server.port()));
  });
}

TEST_P(ServerReach, a_name_that_a_dead_process_left_is_taken_over) {
  const Path path;
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(left, path.endpoint().data(), path.endpoint().size()), 0);
  ::close(left);
  ASSERT_TRUE(path.exists());
  RunningServer server(echoing(), link(), {.address = path.address()});
  expect_echo(path.endpoint());
}

TEST_P(ServerReach, a_name_that_is_in_use_is_not) {
  const Path path;
  RunningServer server(echoing(), link(), {.address = path.address()});
  EXPECT_THROW(RunningServer(echoing(), link(), {.address = path.address()}), WebSocketException);
  expect_echo(path.endpoint());
}

TEST_P(ServerReach, a_file_that_is_no_socket_is_left_alone) {
  const Path path;
  std::ofstream(path.path()) << "precious";
  EXPECT_THROW(RunningServer(echoing(), link(), {.address = path.address()}), WebSocketException);
  std::string content;
  std::ifstream(path.path()) >> content;
  EXPECT_EQ(content, "precious");
}

struct Pair {
  int ours = -1;
  int theirs = -1;
};

Pair socket_pair() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {.ours = fds[0], .theirs = fds[1]};
}

TEST_P(ServerReach, an_accepted_socket_of_somebody_else_can_be_adopted) {
  RunningServer server(echoing(), link(), {.threads = 2});
  for (int i = 0; i < 4; ++i) {
    const Pair pair = socket_pair();
    EXPECT_FALSE(server.server().adopt(pair.theirs));
    RawPeer client(pair.ours, Role::client);
    if (link().is_secure()) client.secure_as_client(link().for_client());
    expect_echo(client);
  }
}

TEST_P(ServerReach, with_a_request_and_frames_that_were_already_read) {
  RunningServer server(echoing(), link());
  const std::string whole =
      upgrade_request() + std::string(wire_text(masked(frame(0x81, wire_bytes("early")))));
  for (std::size_t cut = 1; cut <= whole.size(); cut += 7) {
    const Pair pair = socket_pair();
    EXPECT_FALSE(server.server().adopt(pair.theirs, wire_bytes(whole.substr(0, cut)), true));
    RawPeer client(pair.ours, Role::client);
    client.write(whole.substr(cut));
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(client.read_described(), "text \"early\"") << cut;
  }
}

TEST_P(ServerReach, secured_by_somebody_else_there_is_no_tls_of_ours) {
  RunningServer server(echoing(), link());
  const Pair pair = socket_pair();
  EXPECT_FALSE(server.server().adopt(pair.theirs, {}, true));
  RawPeer client(pair.ours, Role::client);
  expect_echo(client);
}

/// TLS has not begun when a socket is adopted, so bytes read before cannot belong to it.
TEST_P(ServerReach, bytes_that_were_read_and_tls_of_ours_do_not_go_together) {
  RunningServer server(echoing(), link());
  const Pair pair = socket_pair();
  const auto error = server.server().adopt(pair.theirs, wire_bytes("GET "));
  EXPECT_EQ(error, link().is_secure() ? std::error_code(Errc::invalid_option) : std::error_code());
  ::close(pair.ours);
}

TEST_P(ServerReach, what_is_no_connected_socket_is_an_error) {
  RunningServer server(echoing(), link());
  EXPECT_TRUE(server.server().adopt(-1));
  EXPECT_TRUE(server.server().adopt(::dup(0))) << "and it is closed";
  EXPECT_TRUE(server.server().adopt(::socket(AF_INET, SOCK_STREAM, 0))) << "not connected";
  server.server().stop();
  server.wait();
  const Pair pair = socket_pair();
  EXPECT_EQ(server.server().adopt(pair.theirs), Errc::not_open);
  RawPeer client(pair.ours, Role::client);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_P(ServerReach, adopting_checks_the_options_of_compression_as_listening_does) {
  WebSocketServer server({.tls = link().for_server(),
                          .compression = DeflateOptions{.receive_window_bits = 99},
                          .backend = link().backend},
                         echoing());
  const Pair pair = socket_pair();
  EXPECT_EQ(server.adopt(pair.theirs), Errc::invalid_option);
  RawPeer client(pair.ours, Role::client);
  EXPECT_EQ(client.read_to_end(), "") << "and the socket is closed";
}

/// Without listen() a server serves the connections that it adopts.
TEST_P(ServerReach, without_listening_adopted_connections_are_served) {
  WebSocketServer server({.tls = link().for_server(), .backend = link().backend}, echoing());
  std::thread running([&] { server.run(); });
  const Pair pair = socket_pair();
  EXPECT_FALSE(server.adopt(pair.theirs));
  {
    RawPeer client(pair.ours, Role::client);
    if (link().is_secure()) client.secure_as_client(link().for_client());
    expect_echo(client);
  }
  server.stop();
  running.join();
}

}  // namespace
}  // namespace wirespan::test
