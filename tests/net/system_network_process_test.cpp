// net/system_network.cpp and its process: signals, other programs, names, randomness.
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/time.h>

#include "support/back_ends.hpp"
#include "support/plain_posix.hpp"
#include "support/sockets.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

std::atomic<int> alarms{0};

/// Interrupts this process with a thousand signals per second.
class Alarms {
 public:
  Alarms() {
    alarms = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++alarms; };
    ::sigaction(SIGALRM, &action, &before_);
    const itimerval each_millisecond{.it_interval = {0, 1000}, .it_value = {0, 1000}};
    ::setitimer(ITIMER_REAL, &each_millisecond, nullptr);
  }
  ~Alarms() {
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

 private:
  struct sigaction before_ {};
};

/// Transfers 32 MiB under a thousand signals per second: every byte arrives, no call is
/// interrupted.
TEST(SystemNetworkProcess, signals_interrupt_no_transfer) {
  const Alarms running;
  net::Network& network = net::system_network();
  const SocketPair pair = tcp_pair();
  const ByteVector chunk = pattern_bytes(1 << 16);
  ByteVector buffer(1 << 16);
  const std::size_t total = chunk.size() * 512;
  std::size_t sent = 0;
  std::size_t received = 0;
  while (received < total) {
    if (sent < total) {
      const std::array pieces{Bytes(chunk).subspan(sent % chunk.size())};
      const auto result = network.write(pair.ours.get(), pieces);
      ASSERT_NE(result.status, net::IoStatus::error) << result.error.message();
      sent += result.bytes;
    }
    const auto result = network.read(pair.theirs.get(), buffer);
    ASSERT_NE(result.status, net::IoStatus::error) << result.error.message();
    for (std::size_t i = 0; i < result.bytes; i += 509) {
      ASSERT_EQ(buffer[i], chunk[(received + i) % chunk.size()]);
    }
    received += result.bytes;
  }
  EXPECT_EQ(received, total);
}

TEST(SystemNetworkProcess, a_signal_may_end_a_wait_but_never_makes_it_lie) {
  const Alarms running;
  const SocketPair pair = unix_pair();
  std::array entries{net::Waiting{.fd = pair.ours.get(), .interest = net::Interest::read}};
  const auto end = std::chrono::steady_clock::now() + 60ms;
  while (std::chrono::steady_clock::now() < end) {
    const auto before = std::chrono::steady_clock::now();
    const bool ended_early = net::system_network().wait(entries, 5ms);
    EXPECT_FALSE(entries[0].ready.readable);
    EXPECT_FALSE(entries[0].ready.failed);
    if (!ended_early) {
      EXPECT_GE(std::chrono::steady_clock::now() - before, 5ms);
    }
  }
  EXPECT_GT(alarms, 5);
}

std::set<int> descriptors() {
  std::set<int> open;
  for (int fd = 0; fd < 1024; ++fd) {
    if (is_open_descriptor(fd)) open.insert(fd);
  }
  return open;
}

/// Every descriptor that the layer opens is closed on exec.
TEST(SystemNetworkProcess, every_descriptor_is_closed_on_exec) {
  const std::set<int> before = descriptors();
  net::Network& network = net::system_network();
  net::EventLoop epoll({.backend = net::Backend::epoll});
  net::EventLoop poll({.backend = net::Backend::poll});
  const net::UniqueFd listener(*network.listen(loopback(0), {}));
  const net::UniqueFd client(*network.open(net::Family::ipv4));
  (void)network.connect(client.get(), *network.local_endpoint(listener.get()));
  std::array entries{net::Waiting{.fd = listener.get(), .interest = net::Interest::read}};
  ASSERT_TRUE(network.wait(entries, 10s));
  const net::UniqueFd accepted(network.accept(listener.get())->fd);
  std::size_t fresh = 0;
  for (const int fd : descriptors()) {
    if (before.contains(fd)) continue;
    ++fresh;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << "descriptor " << fd;
  }
  EXPECT_GE(fresh, 6U);
}

TEST(SystemNetworkProcess, resolves_numbers_and_the_name_of_this_machine) {
  net::Network& network = net::system_network();
  const auto number = network.resolve("127.0.0.1", 80);
  ASSERT_TRUE(number);
  ASSERT_EQ(number->size(), 1U) << "once for each address, not for each kind of socket";
  EXPECT_EQ(number->front(), loopback(80));
  const auto name = network.resolve("localhost", 9001);
  ASSERT_TRUE(name);
  ASSERT_FALSE(name->empty());
  for (const auto& endpoint : *name) {
    EXPECT_TRUE(endpoint.is_loopback());
    EXPECT_EQ(endpoint.port(), 9001);
  }
}

TEST(SystemNetworkProcess, a_name_that_cannot_exist_is_not_found) {
  for (const std::string name : {"two words", "no such name.invalid", ""}) {
    const auto result = net::system_network().resolve(name, 80);
    if (result && name.empty()) continue;  // some systems resolve an empty name to themselves
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error(), Errc::host_not_found) << name;
  }
}

TEST(SystemNetworkProcess, random_bytes_fill_any_span) {
  net::Network& network = net::system_network();
  EXPECT_FALSE(network.random({}));
  std::array<std::byte, 32> one{};
  std::array<std::byte, 32> two{};
  EXPECT_FALSE(network.random(one));
  EXPECT_FALSE(network.random(two));
  EXPECT_NE(to_hex(one), to_hex(two));
  ByteVector large(1 << 20);
  EXPECT_FALSE(network.random(large));
  const Bytes end = Bytes(large).last(64);
  EXPECT_NE(std::count(end.begin(), end.end(), std::byte{0}), 64);
}

TEST(SystemNetworkProcess, makes_the_poller_that_is_asked_for) {
  net::Network& network = net::system_network();
  EXPECT_EQ(network.make_poller(net::Backend::automatic)->poll_fd() >= 0, !plain_posix);
  EXPECT_EQ(network.make_poller(net::Backend::epoll)->poll_fd() >= 0, !plain_posix);
  EXPECT_EQ(network.make_poller(net::Backend::poll)->poll_fd(), -1);
}

}  // namespace
}  // namespace wirespan::test
