// server_impl.cpp - listeners and threads of a server; stop, adopt and publish on all loops.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/server/server_impl.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

/// Bytes counted for the task of a published message, beside its frame and its topic.
constexpr std::size_t publish_overhead = 128;

constexpr std::string_view unix_prefix = "unix:";

/// Returns the conflation key of a topic and a key: equal keys of different topics stay apart.
/// Empty: no conflation.
std::string conflation_key(std::string_view topic, std::string_view key) {
  if (key.empty()) return {};
  return std::to_string(topic.size()).append(":").append(topic).append(key);
}

}  // namespace

ServerImpl::ServerImpl(ServerOptions options, ServerHandlers handlers)
    : shared_(std::move(options), std::move(handlers), *this) {
  const int threads = shared_.options.threads;
  if (threads < 1 || threads > 255) {
    throw_for(Errc::invalid_option,
              "ServerOptions::threads " + std::to_string(threads) + " is not between 1 and 255");
  }
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<ServerWorker>(shared_, static_cast<unsigned>(i)));
  }
  watch_.emplace(first().loop(), shared_.tls, shared_.options.certificate_check_interval);
}

/// Aborts the connections while all loops still exist: their on_close may publish and ask for
/// statistics.
ServerImpl::~ServerImpl() {
  for (const auto& worker : workers_) worker->abort_all();
}

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
  return workers_.size() > 1 && !listens_everywhere(family);
}

/// True if each loop has a listener of its own, over which the kernel spreads connections.
bool ServerImpl::listens_everywhere(net::Family family) const noexcept {
  return workers_.size() > 1 && family != net::Family::unix_path &&
         workers_.front()->loop().network().shares_ports();
}

/// Posts the socket to the next loop. A task that never runs closes the socket when it is
/// destroyed.
void ServerImpl::spread(net::TcpSocket socket, const net::Endpoint& peer) {
  ServerWorker& worker = next_worker();
  const auto shared = std::make_shared<net::TcpSocket>(std::move(socket));
  (void)worker.loop().post(
      [&worker, shared, peer] { worker.front().accept(std::move(*shared), peer); });
}

/// True if an IPv4 address is listed. "::" must not be dual-stack then (IPV6_V6ONLY), or the port
/// would be in use for that address.
bool ServerImpl::lists_ipv4() const {
  const auto is_ipv4 = [](const std::string& address) {
    const auto found = net::Endpoint::from_numeric(address, 0);
    return found && found->family() == net::Family::ipv4;
  };
  return is_ipv4(options().address) || std::ranges::any_of(options().more_addresses, is_ipv4);
}

/// Opens a listener on each loop for a TCP address (SO_REUSEPORT), on the first loop for a Unix
/// socket and where ports cannot be shared. The first listener claims the port, or finds a free
/// one; the others join it.
std::error_code ServerImpl::listen_on(const net::Endpoint& local) {
  refused_ = local;  // for the error text of listen(), unless this succeeds
  const bool has_tcp = local.family() != net::Family::unix_path;
  const bool everywhere = listens_everywhere(local.family());
  net::ListenOptions listening{
      .backlog = options().backlog,
      .sharing = everywhere ? net::PortSharing::claim : net::PortSharing::none,
      .only_ipv6 = lists_ipv4(),
      .inherited = has_tcp ? net::accepted_socket_options() : std::span<const net::SocketOption>()};
  const auto port = first().front().listen(local, listening);
  if (!port) return port.error();
  if (*port != 0) port_ = *port;
  listening.sharing = net::PortSharing::join;
  for (std::size_t i = 1; everywhere && i < workers_.size(); ++i) {
    const auto same = workers_[i]->front().listen(local.with_port(*port), listening);
    if (!same) return same.error();
  }
  return {};
}

/// Listens on all addresses, with the port of the first one.
std::error_code ServerImpl::listen_on_all(std::span<const net::Endpoint> addresses) {
  port_ = options().port;
  for (const net::Endpoint& address : addresses) {
    if (const auto error = listen_on(address.with_port(port_))) return error;
  }
  return {};
}

/// A port that is free at one address may be in use at another. With ServerOptions::port 0 other
/// ports are tried, limits::free_port_attempts in all.
std::error_code ServerImpl::listen_on_some_port(std::span<const net::Endpoint> addresses) {
  std::error_code error = listen_on_all(addresses);
  for (int left = limits::free_port_attempts; --left > 0;) {
    if (error != std::errc::address_in_use || options().port != 0 || port_ == 0) break;
    stop_listening();
    error = listen_on_all(addresses);
  }
  return error;
}

void ServerImpl::stop_listening() noexcept {
  for (const auto& worker : workers_) worker->front().drop_listeners();
}

std::error_code ServerImpl::check_compression(std::string* detail) const {
  const auto& compression = options().compression;
  return compression ? check_deflate_options(*compression, detail) : std::error_code();
}

std::uint16_t ServerImpl::listen() {
  std::string detail;
  if (const auto error = check_compression(&detail)) throw_for(error, detail);
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
  std::vector<net::Endpoint> addresses;
  std::vector<net::Endpoint> paths;
  const auto sort_in = [&](const std::string& text, const char* option) {
    const net::Endpoint local = endpoint(text, option);
    (local.family() == net::Family::unix_path ? paths : addresses).push_back(local);
  };
  sort_in(options().address, "address");
  for (const std::string& text : options().more_addresses) sort_in(text, "more_addresses");
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
  if (std::exchange(serving_, true)) return;
  first().begin_serving();
  watch_->start();
}

void ServerImpl::check_signal() {
  if (signalled_.exchange(false)) stop({});
}

/// The threads of all loops but the first. They wait until all of them exist: if one cannot be
/// made, none serves. The destructor joins them.
class ServerImpl::ThreadGate {
 public:
  ~ThreadGate() {
    decide(Decision::leave);
    for (std::thread& thread : threads_) thread.join();
  }
  void add(ServerWorker& worker) {
    threads_.emplace_back([this, &worker] {
      decision_.wait(Decision::open);
      if (decision_.load() == Decision::leave) return;
      worker.begin_serving();
      while (worker.turn(std::nullopt)) {
      }
      worker.end_serving();
    });
  }
  void serve() noexcept { decide(Decision::serve); }

 private:
  enum class Decision : std::uint8_t { open, serve, leave };

  /// The first decision counts.
  void decide(Decision decision) noexcept {
    Decision expected = Decision::open;
    decision_.compare_exchange_strong(expected, decision);
    decision_.notify_all();
  }

  std::atomic<Decision> decision_{Decision::open};
  std::vector<std::thread> threads_;
};

void ServerImpl::run() {
  ThreadGate others;
  try {
    for (std::size_t i = 1; i < workers_.size(); ++i) others.add(*workers_[i]);
  } catch (const std::system_error& refused) {
    throw WebSocketException(refused.code(), "a thread for a loop of the server");
  }
  others.serve();
  while (run_once(std::nullopt)) {
  }
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
  const auto shared = std::make_shared<const StopOptions>(options);
  for (const auto& worker : workers_) {
    if (worker->hub().on_loop_thread()) {
      worker->begin_stop(shared);
    } else {
      worker->loop().post([target = worker.get(), shared] { target->begin_stop(shared); });
    }
  }
}

void ServerImpl::stop_from_signal() noexcept {
  signalled_.store(true);
  first().loop().wake();
}

ServerWorker& ServerImpl::next_worker() noexcept {
  return *workers_[next_.fetch_add(1, std::memory_order_relaxed) % workers_.size()];
}

std::error_code ServerImpl::adopt(int fd, Bytes already_read, bool is_secured) {
  ServerWorker& worker = next_worker();
  net::Network& network = worker.loop().network();
  net::TcpSocket owned(network, fd);  // closes it, whatever goes wrong from here on
  const auto peer = network.peer_endpoint(fd);
  auto error = peer ? network.set_nonblocking(fd) : peer.error();
  if (!error) error = check_compression(nullptr);
  if (!error && !shared_.proxies.defect().empty()) error = Errc::invalid_option;
  if (!is_secured && shared_.tls.error()) error = shared_.tls.error();
  // TLS has still to begin, so bytes that were already read are no part of it.
  if (!is_secured && options().tls && !already_read.empty()) error = Errc::invalid_option;
  if (error) return error;
  const auto socket = std::make_shared<net::TcpSocket>(std::move(owned));
  std::vector<std::byte> copy(already_read.begin(), already_read.end());
  const bool posted =
      worker.hub().post([&worker, socket, is_secured, from = *peer, copy = std::move(copy)] {
        worker.front().adopt(std::move(*socket), from, copy, is_secured);
      });
  return posted ? std::error_code{} : Errc::not_open;
}

std::error_code ServerImpl::reload_certificates(const tls::ServerOptions* options,
                                                std::string* detail) {
  std::string unwanted;
  return shared_.tls.reload(options, detail != nullptr ? *detail : unwanted);
}

std::error_code ServerImpl::publish(std::string_view topic, Opcode opcode, Bytes payload,
                                    const PublishOptions& options) {
  if (opcode == Opcode::text && !is_valid_utf8(payload)) return Errc::invalid_text;
  const auto frame =
      PublishedFrame::make(opcode, payload, conflation_key(topic, options.key), options.compress);
  const std::size_t size = frame->bytes().size() + topic.size() + publish_overhead;
  if (!reserve_rooms(size)) return Errc::send_queue_full;
  published_.fetch_add(1, std::memory_order_relaxed);
  if (!on_a_loop_thread()) shared_.publisher_compression.compress(frame);
  bool reached = false;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    try {
      reached |= publish_on(*workers_[i], topic, frame, size, options.except);
    } catch (const std::bad_alloc&) {
      for (; i < workers_.size(); ++i) give_back_room(*workers_[i], size);
      throw;
    }
  }
  return reached ? std::error_code{} : Errc::not_open;
}

bool ServerImpl::on_a_loop_thread() const noexcept {
  return std::ranges::any_of(workers_,
                             [](const auto& worker) { return worker->hub().on_loop_thread(); });
}

/// Reserves room in publish_queue_limit of the loops of other threads: of all of them or of none.
bool ServerImpl::reserve_rooms(std::size_t size) noexcept {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    ServerHub& hub = workers_[i]->hub();
    if (hub.on_loop_thread() || hub.remote().reserve_room(size)) continue;
    for (std::size_t j = 0; j < i; ++j) give_back_room(*workers_[j], size);
    return false;
  }
  return true;
}

void ServerImpl::give_back_room(ServerWorker& worker, std::size_t size) noexcept {
  if (!worker.hub().on_loop_thread()) worker.hub().remote().give_back_room(size);
}

/// Delivers directly on the loop's thread, by a task on others. False if that loop has gone.
bool ServerImpl::publish_on(ServerWorker& worker, std::string_view topic,
                            const PublishedFrame::Ptr& frame, std::size_t size,
                            const ServerConnection& except) {
  if (worker.hub().on_loop_thread()) {
    worker.connections().deliver(topic, frame, except);
    return true;
  }
  const bool posted = worker.hub().post([&worker, frame, size, except, name = std::string(topic)] {
    worker.hub().remote().give_back_room(size);
    worker.connections().deliver(name, frame, except);
  });
  if (!posted) worker.hub().remote().give_back_room(size);
  return posted;
}

std::size_t ServerImpl::subscriber_count(std::string_view topic) const {
  std::size_t count = 0;
  for (const auto& worker : workers_) count += worker->connections().subscriber_count(topic);
  return count;
}

/// Posts also to the loop of the calling thread, which may be inside a handler.
std::error_code ServerImpl::for_each_connection(
    const std::function<void(const ServerConnection&)>& call) {
  bool reached = false;
  for (const auto& worker : workers_) {
    reached |=
        worker->hub().post([target = worker.get(), call] { target->connections().for_each(call); });
  }
  return reached ? std::error_code{} : Errc::not_open;
}

ServerStats ServerImpl::stats() const {
  ServerStats stats;
  stats.open = connection_count();
  stats.published = published_.load(std::memory_order_relaxed);
  for (const auto& worker : workers_) {
    worker->counters().add_to(stats, worker->loop().network().now());
    const net::RemoteCounts& refused = worker->hub().remote().counts();
    stats.refused.send_queue += refused.queue_full.load(std::memory_order_relaxed);
    stats.refused.send_budget += refused.budget_spent.load(std::memory_order_relaxed);
    stats.refused.dropped += refused.dropped.load(std::memory_order_relaxed);
    stats.refused.overflow_closed += refused.overflow_closed.load(std::memory_order_relaxed);
  }
  return stats;
}

std::size_t ServerImpl::connection_count() const noexcept {
  std::size_t count = 0;
  for (const auto& worker : workers_) count += worker->connections().open_count();
  return count;
}

}  // namespace wirespan
