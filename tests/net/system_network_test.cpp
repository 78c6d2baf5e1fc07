// net/system_network.cpp: the socket behaviour that the layers above rely on.
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/plain_posix.hpp"
#include "support/sockets.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/net/network.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Endpoint;
using net::Family;
using net::IoStatus;
using net::PortSharing;

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

/// Properties that every socket of the library must have.
void expect_well_made(int fd) {
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0) << "it would block the loop";
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << "a program that is started would inherit it";
}

/// A path for a Unix socket; its folder is deleted with this object.
class SocketPath {
 public:
  SocketPath() {
    std::string pattern = std::filesystem::temp_directory_path() / "wirespan-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
  }
  ~SocketPath() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;
  [[nodiscard]] std::string path() const { return folder_ / "socket"; }

 private:
  std::filesystem::path folder_;
};

class SystemNetwork : public ::testing::Test {
 protected:
  net::Network& network = net::system_network();
  std::size_t descriptors = open_descriptors();

  void TearDown() override { EXPECT_EQ(open_descriptors(), descriptors); }

  bool wait(int fd, net::Interest interest) {
    std::array entries{net::Waiting{.fd = fd, .interest = interest}};
    return network.wait(entries, 10s);
  }
};

TEST_F(SystemNetwork, opens_sockets_of_each_family) {
  for (const auto& [family, domain] :
       {std::pair{Family::ipv4, AF_INET}, {Family::ipv6, AF_INET6}, {Family::unix_path, AF_UNIX}}) {
    const auto fd = network.open(family);
    if (!fd && family == Family::ipv6) continue;  // a system without IPv6
    ASSERT_TRUE(fd);
    expect_well_made(*fd);
    EXPECT_EQ(option_of(*fd, SOL_SOCKET, SO_DOMAIN), domain);
    EXPECT_EQ(option_of(*fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    network.close(*fd);
  }
}

TEST_F(SystemNetwork, listens_accepts_and_connects) {
  const int listener = *network.listen(loopback(0), {});
  expect_well_made(listener);
  EXPECT_EQ(option_of(listener, SOL_SOCKET, SO_REUSEADDR), 1) << "or a restart would fail";
  const Endpoint local = *network.local_endpoint(listener);
  EXPECT_NE(local.port(), 0);
  EXPECT_EQ(network.accept(listener).error(), std::errc::operation_would_block);

  const int client = *network.open(Family::ipv4);
  const auto connecting = network.connect(client, local);
  EXPECT_TRUE(!connecting || connecting == std::errc::operation_in_progress);
  ASSERT_TRUE(wait(client, net::Interest::write));
  EXPECT_FALSE(network.connect_result(client));
  ASSERT_TRUE(wait(listener, net::Interest::read));
  const auto accepted = network.accept(listener);
  ASSERT_TRUE(accepted);
  expect_well_made(accepted->fd);
  EXPECT_EQ(accepted->peer, *network.local_endpoint(client));
  EXPECT_EQ(*network.peer_endpoint(client), local);
  for (const int fd : {listener, client, accepted->fd}) network.close(fd);
}

TEST_F(SystemNetwork, all_of_ipv6_takes_ipv4_too_unless_it_is_left_to_others) {
  for (const bool only_ipv6 : {false, true}) {
    const auto all = Endpoint::from_numeric("::", 0);
    ASSERT_TRUE(all);
    const auto listener = network.listen(*all, {.only_ipv6 = only_ipv6});
    if (!listener) GTEST_SKIP() << "no IPv6 here";
    EXPECT_EQ(option_of(*listener, IPPROTO_IPV6, IPV6_V6ONLY), only_ipv6 ? 1 : 0);
    network.close(*listener);
  }
}

TEST_F(SystemNetwork, listens_and_connects_on_a_path) {
  const SocketPath place;
  const Endpoint local = *Endpoint::from_unix_path(place.path());
  const int listener = *network.listen(local, {});
  const int client = *network.open(Family::unix_path);
  EXPECT_FALSE(network.connect(client, local)) << "connected at once";
  const auto accepted = network.accept(listener);
  ASSERT_TRUE(accepted);
  expect_well_made(accepted->fd);
  EXPECT_EQ(accepted->peer.family(), Family::unix_path);
  EXPECT_EQ(network.local_endpoint(accepted->fd)->to_string(), "unix:" + place.path());
  for (const int fd : {listener, client, accepted->fd}) network.close(fd);
}

/// The address that the kernel returns for a path is equal to the one that was bound.
TEST_F(SystemNetwork, a_path_read_back_is_equal_to_the_path_that_was_bound) {
  const SocketPath place;
  const Endpoint local = *Endpoint::from_unix_path(place.path());
  const int listener = *network.listen(local, {});
  EXPECT_EQ(*network.local_endpoint(listener), local);
  network.close(listener);
}

TEST_F(SystemNetwork, R10_a_refused_connection_says_so) {
  const RefusingAddress nobody;
  const int client = *network.open(Family::ipv4);
  auto error = network.connect(client, nobody.endpoint());
  if (error == std::errc::operation_in_progress) {
    ASSERT_TRUE(wait(client, net::Interest::write));
    error = network.connect_result(client);
  }
  EXPECT_EQ(error, std::errc::connection_refused);
  network.close(client);

  const int local_client = *network.open(Family::unix_path);
  const auto no_path = *Endpoint::from_unix_path("/nonexistent/socket");
  EXPECT_EQ(network.connect(local_client, no_path), std::errc::no_such_file_or_directory);
  network.close(local_client);
}

TEST_F(SystemNetwork, an_address_is_listened_on_once_unless_shared) {
  if (plain_posix) GTEST_SKIP() << "no shared ports";
  const int first = *network.listen(loopback(0), {});
  const Endpoint taken = *network.local_endpoint(first);
  EXPECT_EQ(network.listen(taken, {}).error(), std::errc::address_in_use);
  network.close(first);

  const int one = *network.listen(loopback(0), {.sharing = PortSharing::claim});
  const Endpoint shared = *network.local_endpoint(one);
  const auto two = network.listen(shared, {.backlog = 1, .sharing = PortSharing::join});
  ASSERT_TRUE(two);
  network.close(one);
  network.close(*two);
}

TEST_F(SystemNetwork, a_port_that_is_shared_cannot_be_claimed_again) {
  if (plain_posix) GTEST_SKIP() << "no shared ports";
  const int one = *network.listen(loopback(0), {.sharing = PortSharing::claim});
  const Endpoint shared = *network.local_endpoint(one);
  const int two = *network.listen(shared, {.sharing = PortSharing::join});
  for (const PortSharing sharing : {PortSharing::none, PortSharing::claim}) {
    EXPECT_EQ(network.listen(shared, {.sharing = sharing}).error(), std::errc::address_in_use);
  }
  network.close(one);
  EXPECT_EQ(network.listen(shared, {.sharing = PortSharing::claim}).error(),
            std::errc::address_in_use)
      << "one that joined holds the port as well";
  network.close(two);
  const auto again = network.listen(shared, {.sharing = PortSharing::claim});
  ASSERT_TRUE(again) << again.error().message();
  network.close(*again);
}

/// All are bound before any of them listens, which SO_REUSEADDR permits.
TEST_F(SystemNetwork, of_several_that_claim_a_port_at_once_at_most_one_has_it) {
  for (int round = 0; round < 50; ++round) {
    const int finder = *network.listen(loopback(0), {});
    const Endpoint wanted = *network.local_endpoint(finder);
    network.close(finder);
    std::atomic<int> waiting{4};
    std::array<int, 4> listening{-1, -1, -1, -1};
    std::vector<std::thread> threads;
    for (int& descriptor : listening) {
      threads.emplace_back([&] {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        const auto fd = network.listen(wanted, {.sharing = PortSharing::claim});
        if (fd) descriptor = *fd;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(std::ranges::count_if(listening, [](int fd) { return fd >= 0; }), 1);
    for (const int fd : listening) {
      if (fd >= 0) network.close(fd);
    }
  }
}

TEST_F(SystemNetwork, what_cannot_be_bound_leaves_nothing_open) {
  const auto foreign = *Endpoint::from_numeric("192.0.2.1", 0);  // never an address of this host
  EXPECT_EQ(network.listen(foreign, {}).error(), std::errc::address_not_available);
}

TEST_F(SystemNetwork, reads_what_is_there) {
  SocketPair pair = tcp_pair();
  std::array<std::byte, 16> buffer;
  EXPECT_EQ(network.read(pair.ours.get(), buffer).status, IoStatus::want_read);
  ASSERT_EQ(::send(pair.theirs.get(), "hello", 5, 0), 5);
  ASSERT_TRUE(wait(pair.ours.get(), net::Interest::read));
  const auto result = network.read(pair.ours.get(), buffer);
  EXPECT_TRUE(result.is_ok());
  EXPECT_EQ(wire_text(Bytes(buffer).first(result.bytes)), "hello");
  pair.theirs = net::UniqueFd();
  ASSERT_TRUE(wait(pair.ours.get(), net::Interest::read));
  EXPECT_EQ(network.read(pair.ours.get(), buffer).status, IoStatus::eof);
  EXPECT_EQ(network.read(pair.ours.get(), buffer).status, IoStatus::eof) << "and again";
}

TEST_F(SystemNetwork, a_reset_is_an_error_with_its_reason) {
  SocketPair pair = tcp_pair();
  NonblockingPeer(std::move(pair.theirs)).reset();
  ASSERT_TRUE(wait(pair.ours.get(), net::Interest::read));
  std::array<std::byte, 16> buffer;
  const auto result = network.read(pair.ours.get(), buffer);
  EXPECT_EQ(result.status, IoStatus::error);
  EXPECT_EQ(result.error, std::errc::connection_reset);
}

/// The default action of SIGPIPE would end this process.
TEST_F(SystemNetwork, writing_to_a_peer_that_has_gone_raises_no_signal) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  for (const auto make : {tcp_pair, unix_pair}) {
    SocketPair pair = make();
    NonblockingPeer(std::move(pair.theirs)).reset();
    const Bytes one = wire_bytes("x");
    net::IoResult result;
    for (int i = 0; i < 3; ++i) result = network.write(pair.ours.get(), {&one, 1});
    EXPECT_EQ(result.error, std::errc::broken_pipe);
    const std::array two{one, one};
    result = network.write(pair.ours.get(), two);
    EXPECT_EQ(result.error, std::errc::broken_pipe) << "nor in the other form of the call";
  }
}

TEST_F(SystemNetwork, many_pieces_leave_in_one_call_and_in_order) {
  for (const std::size_t count : {1U, 2U, 3U, 63U, 64U, 65U, 200U}) {
    SocketPair pair = unix_pair();
    std::vector<ByteVector> storage;
    std::vector<Bytes> pieces;
    for (std::size_t i = 0; i < count; ++i) storage.push_back(pattern_bytes(i % 50));
    ByteVector all;
    for (const ByteVector& piece : storage) {
      pieces.emplace_back(piece);
      all.insert(all.end(), piece.begin(), piece.end());
    }
    const auto result = network.write(pair.ours.get(), pieces);
    ASSERT_TRUE(result.is_ok());
    // More pieces than the kernel takes at once are a short write.
    if (count <= 64) {
      EXPECT_EQ(result.bytes, all.size());
    }
    NonblockingPeer peer(std::move(pair.theirs));
    peer.pump();
    EXPECT_EQ(to_hex(peer.received()), to_hex(Bytes(all).first(result.bytes)));
  }
}

TEST_F(SystemNetwork, a_full_kernel_makes_the_writer_wait) {
  SocketPair pair = tcp_pair();
  shrink_send_buffer(pair.ours.get());
  const ByteVector much(1 << 20);
  const std::array pieces{Bytes(much), Bytes(much)};
  net::IoResult result;
  std::size_t written = 0;
  while (result.is_ok()) {
    result = network.write(pair.ours.get(), pieces);
    written += result.bytes;
    ASSERT_LT(written, std::size_t{64} << 20);
  }
  EXPECT_EQ(result.status, IoStatus::want_write);
  EXPECT_EQ(result.bytes, 0U);
}

TEST_F(SystemNetwork, each_direction_ends_by_itself) {
  SocketPair pair = tcp_pair();
  network.shutdown_write(pair.ours.get());
  std::array<std::byte, 16> buffer;
  ASSERT_TRUE(wait(pair.theirs.get(), net::Interest::read));
  EXPECT_EQ(network.read(pair.theirs.get(), buffer).status, IoStatus::eof);
  EXPECT_EQ(network.read(pair.ours.get(), buffer).status, IoStatus::want_read);
  const Bytes one = wire_bytes("x");
  EXPECT_TRUE(network.write(pair.theirs.get(), {&one, 1}).is_ok());
  ASSERT_TRUE(wait(pair.ours.get(), net::Interest::read));
  EXPECT_EQ(network.read(pair.ours.get(), buffer).bytes, 1U);
  network.shutdown_both(pair.ours.get());
  EXPECT_EQ(network.read(pair.ours.get(), buffer).status, IoStatus::eof);
}

TEST_F(SystemNetwork, the_usual_options_are_known_to_the_system) {
  const int fd = *network.open(Family::ipv4);
  for (const auto& option : net::default_socket_options()) {
    EXPECT_FALSE(network.set_option(fd, option));
    EXPECT_EQ(option_of(fd, option.level, option.name), option.value);
  }
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(network.set_option(fd, {IPPROTO_TCP, 12345, 1}), std::errc::no_protocol_option);
  network.close(fd);
}

TEST_F(SystemNetwork, a_descriptor_that_is_none_is_an_error_everywhere) {
  std::array<std::byte, 1> byte;
  const Bytes piece = byte;
  EXPECT_EQ(network.read(-1, byte).error, std::errc::bad_file_descriptor);
  EXPECT_EQ(network.write(-1, {&piece, 1}).error, std::errc::bad_file_descriptor);
  EXPECT_EQ(network.connect(-1, loopback(1)), std::errc::bad_file_descriptor);
  EXPECT_EQ(network.connect_result(-1), std::errc::bad_file_descriptor);
  EXPECT_EQ(network.accept(-1).error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(network.local_endpoint(-1).error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(network.peer_endpoint(-1).error(), std::errc::bad_file_descriptor);
  network.shutdown_write(-1);
  network.shutdown_both(-1);
}

TEST_F(SystemNetwork, waits_for_several_and_says_which) {
  SocketPair one = unix_pair();
  SocketPair two = unix_pair();
  ASSERT_EQ(::send(two.theirs.get(), "x", 1, 0), 1);
  std::array entries{net::Waiting{.fd = one.ours.get(), .interest = net::Interest::read},
                     net::Waiting{.fd = two.ours.get(), .interest = net::Interest::read},
                     net::Waiting{.fd = one.theirs.get(), .interest = net::Interest::both}};
  EXPECT_TRUE(network.wait(entries, std::nullopt));
  EXPECT_FALSE(entries[0].ready.readable);
  EXPECT_TRUE(entries[1].ready.readable);
  EXPECT_FALSE(entries[2].ready.readable);
  EXPECT_TRUE(entries[2].ready.writable);
}

TEST_F(SystemNetwork, a_wait_in_vain_takes_its_time_and_forgets_earlier_answers) {
  const SocketPair pair = unix_pair();
  std::array entries{net::Waiting{.fd = pair.ours.get(), .interest = net::Interest::read}};
  entries[0].ready.readable = true;
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(network.wait(entries, 12ms));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 12ms);
  EXPECT_FALSE(entries[0].ready.readable);
  std::array closed{net::Waiting{.fd = 987'654, .interest = net::Interest::read}};
  EXPECT_TRUE(network.wait(closed, 10s));
  EXPECT_TRUE(closed[0].ready.failed);
}

TEST_F(SystemNetwork, time_goes_forward) {
  TimePoint before = network.now();
  for (int i = 0; i < 1000; ++i) {
    const TimePoint now = network.now();
    ASSERT_GE(now, before);
    before = now;
  }
}

}  // namespace
}  // namespace wirespan::test
