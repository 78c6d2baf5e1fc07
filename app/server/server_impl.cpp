#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/server/server_impl.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

constexpr std::string_view unix_prefix = "unix:";

/// A key belongs to its topic. Neither can be mistaken: names are compared whole.
std::string conflation_key(std::string_view topic, std::string_view key) {
  if (key.empty()) return {};
  std::string whole(topic);
  return whole.append(1, '\0').append(key);
}

}  // namespace

ServerImpl::ServerImpl(ServerOptions options, ServerHandlers handlers)
    : options_(std::move(options)),
      handlers_(std::move(handlers)),
      addresses_(options_.max_connections_per_address, options_.count_loopback) {
  const int threads = options_.threads;
  if (threads < 1 || threads > 255) {
    throw_for(Errc::invalid_option,
              "ServerOptions::threads " + std::to_string(threads) + " is not between 1 and 255");
  }
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<ServerWorker>(*this, static_cast<unsigned>(i)));
  }
  if (!options_.tls) return;
  auto context = tls::Context::for_server(*options_.tls, &tls_detail_);
  if (context) tls_ = std::move(*context);
  tls_error_ = context ? std::error_code{} : context.error();
}

ServerImpl::~ServerImpl() { workers_.clear(); }

net::Endpoint ServerImpl::endpoint(const std::string& address, const char* option) const {
  const bool is_path = address.starts_with(unix_prefix);
  const auto found = is_path ? net::Endpoint::from_unix_path(address.substr(unix_prefix.size()))
                             : net::Endpoint::from_numeric(address, port_);
  if (found) return *found;
  throw_for(Errc::invalid_option,
            std::string("ServerOptions::") + option + " " + in_quotes(address) +
                (is_path ? " has no path, or one that is too long for a Unix socket"
                         : " is not a numeric address (\"127.0.0.1\", \"::1\") nor \"unix:\" "
                           "and a path"));
}

bool ServerImpl::spreads(net::Family family) const noexcept {
  return family == net::Family::unix_path && workers_.size() > 1;
}

/// Then "::" must not take the IPv4 connections, or the same port could not be had.
bool ServerImpl::lists_ipv4() const {
  const auto is_ipv4 = [](const std::string& address) {
    const auto found = net::Endpoint::from_numeric(address, 0);
    return found && found->family() == net::Family::ipv4;
  };
  return is_ipv4(options_.address) || std::ranges::any_of(options_.more_addresses, is_ipv4);
}

/// The first listener may have to find a free port; the others share it.
std::error_code ServerImpl::listen_on(const net::Endpoint& local) {
  refused_ = local;  // unless this succeeds
  const bool has_tcp = local.family() != net::Family::unix_path;
  const bool everywhere = has_tcp && workers_.size() > 1;
  const net::ListenOptions options{
      .backlog = options_.backlog,
      .reuse_port = everywhere,
      .only_ipv6 = lists_ipv4(),
      .inherited = has_tcp ? net::default_socket_options() : std::span<const net::SocketOption>()};
  const auto port = workers_.front()->listen(local, options);
  if (!port) return port.error();
  if (*port != 0) port_ = *port;
  for (std::size_t i = 1; everywhere && i < workers_.size(); ++i) {
    const auto same = workers_[i]->listen(local.with_port(*port), options);
    if (!same) return same.error();
  }
  return {};
}

/// All of them with the port of the first one.
std::error_code ServerImpl::listen_on_all(std::span<const net::Endpoint> addresses) {
  port_ = options_.port;
  for (const net::Endpoint& address : addresses) {
    if (const auto error = listen_on(address.with_port(port_))) return error;
  }
  return {};
}

/// A port that is free at one address may be taken at another. Unless somebody asked for this very
/// port, another one will do.
std::error_code ServerImpl::listen_on_some_port(std::span<const net::Endpoint> addresses) {
  std::error_code error = listen_on_all(addresses);
  for (int left = limits::free_port_attempts; --left > 0;) {
    if (error != std::errc::address_in_use || options_.port != 0 || port_ == 0) break;
    stop_listening();
    error = listen_on_all(addresses);
  }
  return error;
}

void ServerImpl::stop_listening() noexcept {
  for (const auto& worker : workers_) worker->stop_listening();
}

std::uint16_t ServerImpl::listen() {
  if (options_.compression) {
    std::string detail;
    if (const auto error = check_deflate_options(*options_.compression, &detail)) {
      throw_for(error, detail);
    }
  }
  if (tls_error_) throw WebSocketTlsException(tls_error_, tls_detail_);
  std::vector<net::Endpoint> addresses;
  std::vector<net::Endpoint> paths;
  const auto sort_in = [&](const std::string& text, const char* option) {
    const net::Endpoint local = endpoint(text, option);
    (local.family() == net::Family::unix_path ? paths : addresses).push_back(local);
  };
  sort_in(options_.address, "address");
  for (const std::string& text : options_.more_addresses) sort_in(text, "more_addresses");
  std::error_code error = listen_on_some_port(addresses);
  for (const net::Endpoint& path : paths) {
    if (!error) error = listen_on(path);
  }
  if (error) {
    stop_listening();
    throw_for(error, "listen on " + refused_.to_string());
  }
  return port_;
}

void ServerImpl::begin_serving() noexcept {
  if (!std::exchange(serving_, true)) first().begin_serving();
}

void ServerImpl::check_signal() {
  if (signalled_.exchange(false)) stop({});
}

void ServerImpl::run() {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < workers_.size(); ++i) {
    threads.emplace_back([worker = workers_[i].get()] {
      worker->begin_serving();
      while (worker->turn(std::nullopt)) {
      }
      worker->end_serving();
    });
  }
  while (run_once(std::nullopt)) {
  }
  for (std::thread& thread : threads) thread.join();
}

bool ServerImpl::run_once(std::optional<std::chrono::nanoseconds> timeout) {
  begin_serving();
  check_signal();
  const bool goes_on = first().turn(timeout);
  check_signal();
  if (!goes_on) first().end_serving();
  return goes_on;
}

void ServerImpl::stop(const StopOptions& options) {
  if (const auto error = check_close(Role::server, options.code, options.reason)) {
    throw_for(error, describe_close("stop", options.code, options.reason));
  }
  for (const auto& worker : workers_) {
    if (worker->hub().on_loop_thread()) {
      worker->begin_stop(options);
    } else {
      worker->loop().post([target = worker.get(), options] { target->begin_stop(options); });
    }
  }
}

void ServerImpl::stop_from_signal() noexcept {
  signalled_.store(true);
  first().loop().wake();
}

bool ServerImpl::take_connection() noexcept {
  const std::size_t before = connections_.fetch_add(1, std::memory_order_relaxed);
  if (options_.max_connections == 0 || before < options_.max_connections) return true;
  give_back_connection();
  return false;
}

ServerWorker& ServerImpl::next_worker() noexcept {
  return *workers_[next_.fetch_add(1, std::memory_order_relaxed) % workers_.size()];
}

std::error_code ServerImpl::adopt(int fd, Bytes already_read, bool is_secured) {
  ServerWorker& worker = next_worker();
  net::Network& network = worker.loop().network();
  const auto peer = network.peer_endpoint(fd);
  auto error = peer ? network.set_nonblocking(fd) : peer.error();
  if (!is_secured && tls_error_) error = tls_error_;
  // Plain bytes are no part of a TLS stream that has still to begin.
  if (!is_secured && options_.tls && !already_read.empty()) error = Errc::invalid_option;
  // It owns the descriptor from here on, also where nobody looks into the mailbox any more.
  const auto socket = std::make_shared<net::TcpSocket>(network, fd);
  if (error) return error;
  std::vector<std::byte> copy(already_read.begin(), already_read.end());
  const bool posted =
      worker.hub().post([&worker, socket, is_secured, from = *peer, copy = std::move(copy)] {
        worker.adopt(std::move(*socket), from, copy, is_secured);
      });
  return posted ? std::error_code{} : Errc::not_open;
}

std::error_code ServerImpl::publish(std::string_view topic, Opcode opcode, Bytes payload,
                                    std::string_view key) {
  if (opcode == Opcode::text && !is_valid_utf8(payload)) return Errc::invalid_text;
  published_.fetch_add(1, std::memory_order_relaxed);
  const auto frame = PublishedFrame::make(opcode, payload, conflation_key(topic, key));
  bool reached = false;
  for (const auto& worker : workers_) {
    if (worker->hub().on_loop_thread()) {
      worker->deliver(topic, frame);
      reached = true;
    } else {
      reached |= worker->hub().post([target = worker.get(), frame, name = std::string(topic)] {
        target->deliver(name, frame);
      });
    }
  }
  return reached ? std::error_code{} : Errc::not_open;
}

ServerStats ServerImpl::stats() const {
  ServerStats stats;
  stats.open = connection_count();
  stats.published = published_.load(std::memory_order_relaxed);
  for (const auto& worker : workers_) worker->counters().add_to(stats);
  return stats;
}

std::size_t ServerImpl::connection_count() const noexcept {
  std::size_t count = 0;
  for (const auto& worker : workers_) count += worker->open_count();
  return count;
}

}  // namespace wirespan
