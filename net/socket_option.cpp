// socket_option.cpp - the default socket options, and names for error texts.
#include <algorithm>
#include <array>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <wirespan/net/socket_option.hpp>

namespace wirespan::net {
namespace {

struct KnownOption {
  int level;
  int name;
  const char* spelling;
};

constexpr KnownOption known_options[] = {
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
    {SOL_SOCKET, SO_LINGER, "SO_LINGER"},
    {SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF"},
    {SOL_SOCKET, SO_RCVTIMEO, "SO_RCVTIMEO"},
    {SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"},
    {SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF"},
    {SOL_SOCKET, SO_SNDTIMEO, "SO_SNDTIMEO"},
    {IPPROTO_IP, IP_TOS, "IP_TOS"},
    {IPPROTO_IP, IP_TTL, "IP_TTL"},
    {IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"},
    {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"},
#ifdef __linux__
    {SOL_SOCKET, SO_BINDTODEVICE, "SO_BINDTODEVICE"},
    {SOL_SOCKET, SO_MARK, "SO_MARK"},
    {SOL_SOCKET, SO_PRIORITY, "SO_PRIORITY"},
    {SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"},
    {IPPROTO_IPV6, IPV6_TCLASS, "IPV6_TCLASS"},
    {IPPROTO_TCP, TCP_CONGESTION, "TCP_CONGESTION"},
    {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
    {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},
    {IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG"},
    {IPPROTO_TCP, TCP_QUICKACK, "TCP_QUICKACK"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
#endif
};

/// Milliseconds of TCP_USER_TIMEOUT. Below 60 s less the 10 s between two keep-alive probes, so
/// that a probe that comes late does not pass the minute; above the 30 s before the first probe.
[[maybe_unused]] constexpr int user_timeout = 40'000;

/// Those for which POSIX has a name, and those that this system knows.
const auto& all_defaults() noexcept {
  static const std::array options{
      SocketOption{IPPROTO_TCP, TCP_NODELAY, 1},
      SocketOption{SOL_SOCKET, SO_KEEPALIVE, 1},
#ifdef TCP_KEEPIDLE
      SocketOption{IPPROTO_TCP, TCP_KEEPIDLE, 30},
#endif
#ifdef TCP_KEEPINTVL
      SocketOption{IPPROTO_TCP, TCP_KEEPINTVL, 10},
#endif
#ifdef TCP_KEEPCNT
      SocketOption{IPPROTO_TCP, TCP_KEEPCNT, 3},
#endif
#ifdef TCP_USER_TIMEOUT
      SocketOption{IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout},  // the last one
#endif
  };
  return options;
}

#ifdef TCP_USER_TIMEOUT
constexpr std::size_t of_clients_alone = 1;
#else
constexpr std::size_t of_clients_alone = 0;
#endif

}  // namespace

std::string to_string(const SocketOption& option) {
  std::string text = "level " + std::to_string(option.level);
  text.append(", name ").append(std::to_string(option.name));
  const auto* known = std::ranges::find_if(known_options, [&](const KnownOption& entry) {
    return entry.level == option.level && entry.name == option.name;
  });
  if (known != std::end(known_options)) text.append(" (").append(known->spelling).append(1, ')');
  if (option.value.is_number()) return text + ", value " + std::to_string(int(option.value));
  return text + ", value of " + std::to_string(option.value.bytes().size()) + " bytes";
}

std::span<const SocketOption> default_socket_options() noexcept { return all_defaults(); }

std::span<const SocketOption> accepted_socket_options() noexcept {
  return default_socket_options().first(all_defaults().size() - of_clients_alone);
}

}  // namespace wirespan::net
