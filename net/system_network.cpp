// system_network.cpp - Network over the calls of POSIX, and of Linux where it has better ones.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <wirespan/core/error.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/pollers.hpp>
#include <wirespan/net/system_calls.hpp>

namespace wirespan::net {
namespace {

bool must_wait() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

int domain_of(Family family) noexcept {
  switch (family) {
    case Family::ipv6:
      return AF_INET6;
    case Family::unix_path:
      return AF_UNIX;
    default:
      return AF_INET;
  }
}

std::error_code resolver_error(int result) noexcept {
  switch (result) {
    case EAI_SYSTEM:
      return last_error();
    case EAI_MEMORY:
      return make_error_code(std::errc::not_enough_memory);
    case EAI_AGAIN:
      return resolver_had_no_answer();
    default:
      return Errc::host_not_found;
  }
}

short poll_events(Interest interest) noexcept {
  return static_cast<short>((wants_read(interest) ? POLLIN : 0) |
                            (wants_write(interest) ? POLLOUT : 0));
}

/// True for "::", the only address whose listener may accept IPv4 connections too.
bool is_all_of_ipv6(const Endpoint& local) noexcept {
  if (local.family() != Family::ipv6) return false;
  sockaddr_in6 address{};
  std::memcpy(&address, local.data(), std::min<std::size_t>(local.size(), sizeof address));
  return IN6_IS_ADDR_UNSPECIFIED(&address.sin6_addr);
}

/// Turns the return value of recv(), with its error in errno, into an IoResult.
IoResult read_result(::ssize_t size) noexcept {
  if (size > 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(size)};
  if (size == 0) return {.status = IoStatus::eof};
  return must_wait() ? IoResult{.status = IoStatus::want_read} : IoResult::failure(last_error());
}

/// The category of resolver_had_no_answer(), which is its only code.
class ResolverCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "resolver"; }
  [[nodiscard]] std::string message(int) const override {
    return "the resolver had no answer (temporary failure in name resolution)";
  }
  [[nodiscard]] std::error_condition default_error_condition(int) const noexcept override {
    return make_error_condition(std::errc::resource_unavailable_try_again);
  }
};

/// The operating system as a Network. Stateless, hence thread-safe.
class SystemNetwork final : public Network {
 public:
  Expected<int> open(Family family) override {
    const int fd = open_socket(domain_of(family));
    if (fd < 0) return last_error();
    return fd;
  }

  std::error_code bind(int fd, const Endpoint& local) override {
    // Port 0: the port is chosen by connect(), which may share one between connections to several
    // peers. Else: a port whose last connection is in TIME_WAIT can be bound again.
    if (local.port() == 0) {
      choose_port_late(fd);
    } else {
      (void)set_option(fd, {SOL_SOCKET, SO_REUSEADDR, 1});  // best effort
    }
    return ::bind(fd, local.data(), local.size()) == 0 ? std::error_code{} : last_error();
  }

  std::error_code connect(int fd, const Endpoint& peer) override {
    if (::connect(fd, peer.data(), peer.size()) == 0) return {};
    // POSIX: an interrupted connect() goes on in the background, so it is not called again.
    if (errno == EINTR) return make_error_code(std::errc::operation_in_progress);
    return last_error();
  }

  std::error_code connect_result(int fd) override {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
    return {error, std::system_category()};
  }

  Expected<int> listen(const Endpoint& local, const ListenOptions& options) override {
    auto fd = open(local.family());
    if (!fd) return fd;
    std::error_code error;
    if (local.family() != Family::unix_path) {
      error = set_option(*fd, {SOL_SOCKET, SO_REUSEADDR, 1});
    }
    if (!error && options.sharing == PortSharing::join) error = share_port(*fd);
    if (!error && is_all_of_ipv6(local)) {
      error = set_option(*fd, {IPPROTO_IPV6, IPV6_V6ONLY, options.only_ipv6 ? 1 : 0});
    }
    for (const SocketOption& option : options.inherited) {
      (void)set_option(*fd, option);  // best effort
    }
    const int backlog = options.backlog > 0 ? options.backlog : SOMAXCONN;
    if (!error && ::bind(*fd, local.data(), local.size()) != 0) error = last_error();
    if (!error && options.mode && local.family() == Family::unix_path &&
        ::chmod(local.host().c_str(), static_cast<::mode_t>(*options.mode)) != 0) {
      error = last_error();
    }
    if (!error && ::listen(*fd, backlog) != 0) error = last_error();
    // Linux compares the ports again in listen(). Of two listeners that claim one port at the same
    // time at most one gets here.
    if (!error && options.sharing == PortSharing::claim) error = share_port(*fd);
    if (!error) return fd;
    close(*fd);
    return error;
  }

  std::error_code check_listener(int fd) override {
    int value = 0;
    for (const int question : {SO_TYPE, SO_ACCEPTCONN}) {
      socklen_t size = sizeof value;
      if (::getsockopt(fd, SOL_SOCKET, question, &value, &size) != 0) return last_error();
      const bool fits = question == SO_TYPE ? value == SOCK_STREAM : value != 0;
      if (!fits) return make_error_code(std::errc::invalid_argument);
    }
    return {};
  }

  [[nodiscard]] bool shares_ports() const noexcept override { return ports_are_shared; }

  Expected<Accepted> accept(int listener) override {
    sockaddr_storage storage{};
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    socklen_t size = sizeof storage;
    const int fd = accept_socket(listener, address, &size);
    if (fd < 0) return last_error();
    return Accepted{.fd = fd, .peer = Endpoint(address, size)};
  }

  IoResult read(int fd, MutableBytes in) override {
    return read_result(uninterrupted([&] { return ::recv(fd, in.data(), in.size(), 0); }));
  }

  std::error_code enable_receive_times(int fd) override { return note_receive_times(fd); }

  IoResult read_timed(int fd, MutableBytes in) override {
    ReceiveTime time{};
    IoResult result = read_result(receive_with_time(fd, in, time));
    result.received_at = time;
    return result;
  }

  IoResult write(int fd, std::span<const Bytes> pieces) override {
    // Gather write: up to 64 pieces, one system call.
    std::array<iovec, 64> vectors;
    const std::size_t count = std::min(pieces.size(), vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {.iov_base = const_cast<std::byte*>(pieces[i].data()),
                    .iov_len = pieces[i].size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const auto size = uninterrupted([&] {
      return count == 1 ? ::send(fd, vectors[0].iov_base, vectors[0].iov_len, MSG_NOSIGNAL)
                        : ::sendmsg(fd, &message, MSG_NOSIGNAL);
    });
    if (size >= 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(size)};
    return must_wait() ? IoResult{.status = IoStatus::want_write} : IoResult::failure(last_error());
  }

  void shutdown_write(int fd) noexcept override { ::shutdown(fd, SHUT_WR); }
  void shutdown_both(int fd) noexcept override { ::shutdown(fd, SHUT_RDWR); }
  // Linux has released the descriptor even if close() was interrupted, so it is not called again.
  void close(int fd) noexcept override { ::close(fd); }

  std::error_code set_nonblocking(int fd) override {
    return make_nonblocking(fd) ? std::error_code{} : last_error();
  }

  std::error_code set_option(int fd, const SocketOption& option) override {
    const Bytes value = option.value.bytes();
    const int result = ::setsockopt(fd, option.level, option.name, value.data(),
                                    static_cast<socklen_t>(value.size()));
    return result == 0 ? std::error_code{} : last_error();
  }

  Expected<Endpoint> local_endpoint(int fd) override { return name_of(fd, ::getsockname); }
  Expected<Endpoint> peer_endpoint(int fd) override { return name_of(fd, ::getpeername); }

  Expected<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port) override {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (result != 0) return resolver_error(result);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
    std::vector<Endpoint> endpoints;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
      endpoints.push_back(Endpoint(entry->ai_addr, entry->ai_addrlen).with_port(port));
    }
    return endpoints;
  }

  bool wait(std::span<Waiting> entries, std::optional<std::chrono::nanoseconds> timeout) override {
    std::array<pollfd, 4> polled{};
    const std::size_t count = std::min(entries.size(), polled.size());
    for (std::size_t i = 0; i < count; ++i) {
      polled[i] = {.fd = entries[i].fd, .events = poll_events(entries[i].interest), .revents = 0};
    }
    const int ready = ::poll(polled.data(), count, in_milliseconds(timeout));
    for (std::size_t i = 0; i < count; ++i) {
      const short events = ready > 0 ? polled[i].revents : short{0};
      entries[i].ready = poll_readiness(events);
    }
    return ready != 0;  // a wait that a signal interrupts counts as ended early
  }

  std::unique_ptr<Poller> make_poller(Backend backend) override {
    return backend == Backend::poll ? make_poll_poller() : make_best_poller();
  }

  TimePoint now() noexcept override { return std::chrono::steady_clock::now(); }

  std::error_code random(MutableBytes out) noexcept override { return fill_randomly(out); }

 private:
  template <class Call>
  static Expected<Endpoint> name_of(int fd, Call call) {
    sockaddr_storage storage{};
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    socklen_t size = sizeof storage;
    if (call(fd, address, &size) != 0) return last_error();
    return Endpoint(address, size);
  }
};

}  // namespace

std::error_code Network::check_listener(int) { return {}; }

std::error_code Network::enable_receive_times(int) {
  return make_error_code(std::errc::not_supported);
}

std::error_code Network::bind(int, const Endpoint&) {
  return make_error_code(std::errc::not_supported);
}

std::uint64_t Network::next_serial() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::error_code Network::start_thread(std::function<void()> work) {
  try {
    std::thread(std::move(work)).detach();
    return {};
  } catch (const std::system_error& error) {
    return error.code();
  }
}

std::error_code resolver_had_no_answer() noexcept {
  static const ResolverCategory category;
  return {1, category};
}

Network& system_network() noexcept {
  static SystemNetwork network;
  return network;
}

}  // namespace wirespan::net
