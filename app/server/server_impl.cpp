// server_impl.cpp - the threads of a server; stop, adopt and publish on all loops.
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
  listening_.emplace(shared_, workers_);
  watch_.emplace(first().loop(), shared_.tls, shared_.options.certificate_check_interval);
}

/// Aborts the connections while all loops still exist: their on_close may publish and ask for
/// statistics.
ServerImpl::~ServerImpl() {
  for (const auto& worker : workers_) worker->abort_all();
}

/// Posts the socket to the next loop. A task that never runs closes the socket when it is
/// destroyed.
void ServerImpl::spread(net::TcpSocket socket, const net::Endpoint& peer, bool is_plain) {
  ServerWorker& worker = next_worker();
  const auto shared = std::make_shared<net::TcpSocket>(std::move(socket));
  (void)worker.loop().post([&worker, shared, peer, is_plain] {
    worker.front().accept(std::move(*shared), peer, is_plain);
  });
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
  if (!error) error = check_compression(options(), nullptr);
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
