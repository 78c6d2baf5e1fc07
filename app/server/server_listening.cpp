// server_listening.cpp - addresses and descriptors become listeners, on one loop or on all of them.
#include <algorithm>
#include <utility>
#include <vector>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/server/server_listening.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

constexpr std::string_view unix_prefix = "unix:";

/// `option` is the name of the option that the address comes from.
net::Endpoint endpoint_of(const std::string& address, std::uint16_t port, const char* option) {
  const bool is_path = address.starts_with(unix_prefix);
  const auto found = is_path ? net::Endpoint::from_unix_path(address.substr(unix_prefix.size()))
                             : net::Endpoint::from_numeric(address, port);
  if (found) return *found;
  throw_for(Errc::invalid_option,
            option + (" " + in_quotes(address)) +
                (is_path ? " has no path, or one that is too long for a Unix socket"
                         : " is not a numeric address (\"127.0.0.1\", \"::1\") nor \"unix:\" "
                           "and a path"));
}

}  // namespace

std::error_code check_compression(const ServerOptions& options, std::string* detail) {
  return options.compression ? check_deflate_options(*options.compression, detail)
                             : std::error_code();
}

void ServerListening::check_options() const {
  std::string detail;
  if (const auto error = check_compression(options(), &detail)) throw_for(error, detail);
  for (const std::string& subprotocol : options().subprotocols) {
    if (is_token(subprotocol)) continue;
    throw_for(Errc::invalid_option,
              "ServerOptions::subprotocols " + in_quotes(subprotocol) + " is no token");
  }
  if (const std::string& defect = shared_.proxies.defect(); !defect.empty()) {
    throw_for(Errc::invalid_option, "ServerOptions::proxies: ProxyPolicy::" + defect);
  }
  if (const auto error = shared_.tls.error()) {
    throw WebSocketTlsException(error, shared_.tls.detail());
  }
}

/// True if each loop has a listener of its own, over which the kernel spreads connections.
bool ServerListening::listens_everywhere(net::Family family) const noexcept {
  return workers_.size() > 1 && family != net::Family::unix_path &&
         first().loop().network().shares_ports();
}

/// True if an IPv4 address is listed. "::" must not be dual-stack then (IPV6_V6ONLY), or the port
/// would be in use for that address.
bool ServerListening::lists_ipv4() const {
  const auto is_ipv4 = [](const std::string& address) {
    const auto found = net::Endpoint::from_numeric(address, 0);
    return found && found->family() == net::Family::ipv4;
  };
  return is_ipv4(options().address) || std::ranges::any_of(options().more_addresses, is_ipv4);
}

/// Opens a listener on each loop for a TCP address (SO_REUSEPORT), on the first loop for a Unix
/// socket and where ports cannot be shared. The first listener claims the port, or finds a free
/// one; the others join it.
std::error_code ServerListening::listen_on(const net::Endpoint& local,
                                           const ListenerOptions& listener) {
  latest_ = 0;
  refused_ = local;  // for the error text of listen(), unless this succeeds
  const bool has_tcp = local.family() != net::Family::unix_path;
  const bool everywhere = listens_everywhere(local.family());
  const ListenerKind kind{.is_plain = listener.is_plain,
                          .is_spread = workers_.size() > 1 && !everywhere};
  net::ListenOptions listening{
      .backlog = options().backlog,
      .sharing = everywhere ? net::PortSharing::claim : net::PortSharing::none,
      .only_ipv6 = lists_ipv4(),
      .inherited = has_tcp ? net::accepted_socket_options() : std::span<const net::SocketOption>(),
      .mode = listener.mode};
  const auto port = first().front().listen(local, listening, kind);
  if (!port) return port.error();
  latest_ = *port;
  listening.sharing = net::PortSharing::join;
  for (std::size_t i = 1; everywhere && i < workers_.size(); ++i) {
    const auto same = workers_[i]->front().listen(local.with_port(*port), listening, kind);
    if (!same) return same.error();
  }
  return {};
}

/// Listens on all addresses, with the port of the first one.
std::error_code ServerListening::listen_on_all(std::span<const net::Endpoint> addresses) {
  port_ = options().port;
  for (const net::Endpoint& address : addresses) {
    const auto error = listen_on(address.with_port(port_), {});
    if (latest_ != 0) port_ = latest_;
    if (error) return error;
  }
  return {};
}

/// A port that is free at one address may be in use at another. With ServerOptions::port 0 other
/// ports are tried, limits::free_port_attempts in all.
std::error_code ServerListening::listen_on_some_port(std::span<const net::Endpoint> addresses) {
  std::error_code error = listen_on_all(addresses);
  for (int left = limits::free_port_attempts; --left > 0;) {
    if (error != std::errc::address_in_use || options().port != 0 || port_ == 0) break;
    stop_listening();
    error = listen_on_all(addresses);
  }
  return error;
}

void ServerListening::stop_listening() noexcept {
  for (const auto& worker : workers_) worker->front().drop_listeners();
}

std::uint16_t ServerListening::listen() {
  check_options();
  std::vector<net::Endpoint> addresses;
  std::vector<net::Endpoint> paths;
  const auto sort_in = [&](const std::string& text, const char* option) {
    const net::Endpoint local = endpoint_of(text, 0, option);
    (local.family() == net::Family::unix_path ? paths : addresses).push_back(local);
  };
  sort_in(options().address, "ServerOptions::address");
  for (const std::string& text : options().more_addresses) {
    sort_in(text, "ServerOptions::more_addresses");
  }
  std::error_code error = listen_on_some_port(addresses);
  for (const net::Endpoint& path : paths) {
    if (!error) error = listen_on(path, {});
  }
  if (error) {
    stop_listening();
    throw_for(error, "listen on " + refused_.to_string());
  }
  return port_;
}

std::uint16_t ServerListening::listen(const ListenerOptions& listener) {
  if (listener.address.empty()) return adopt(listener);
  check_options();
  if (listener.descriptor >= 0) {
    throw_for(Errc::invalid_option, "ListenerOptions::descriptor together with an address");
  }
  const net::Endpoint local =
      endpoint_of(listener.address, listener.port, "ListenerOptions::address");
  if (const auto error = listen_on(local, listener)) {
    throw_for(error, "listen on " + refused_.to_string());
  }
  return latest_;
}

/// One listener, whatever the number of loops is: the descriptor is one socket.
std::uint16_t ServerListening::adopt(const ListenerOptions& listener) {
  net::TcpSocket owned(first().loop().network(), listener.descriptor);
  check_options();
  const auto port = first().front().adopt_listener(
      owned.release(), {.is_plain = listener.is_plain, .is_spread = workers_.size() > 1});
  if (port) return *port;
  throw_for(port.error(), "ListenerOptions::descriptor " + std::to_string(listener.descriptor));
}

}  // namespace wirespan
