// simulated_network.cpp - SimulatedNetwork: sockets, names, threads and clock put together.
#include <algorithm>
#include <map>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/net/simulated_clock.hpp>
#include <wirespan/net/simulated_network.hpp>
#include <wirespan/net/simulated_sockets.hpp>
#include <wirespan/net/simulated_threads.hpp>

namespace wirespan::net {
namespace {

std::optional<TimePoint> after(TimePoint now, std::optional<std::chrono::nanoseconds> time) {
  if (!time) return std::nullopt;
  return now + std::max(*time, std::chrono::nanoseconds(0));
}

Readiness wanted(Readiness ready, Interest interest) noexcept {
  ready.readable = ready.readable && wants_read(interest);
  ready.writable = ready.writable && wants_write(interest);
  ready.peer_ended = ready.peer_ended && wants_hang_up(interest);
  return ready;
}

bool is_any(const Readiness& ready) noexcept {
  return ready.readable || ready.writable || ready.failed || ready.peer_ended;
}

}  // namespace

/// Level-triggered. Reports what is ready in an order of chance, and now and then not all of it.
class SimulatedNetwork::SimulatedPoller final : public Poller {
 public:
  explicit SimulatedPoller(SimulatedNetwork& network) : network_(network) {
    ++network_.sockets_->pollers;
  }
  ~SimulatedPoller() override { --network_.sockets_->pollers; }
  SimulatedPoller(const SimulatedPoller&) = delete;
  SimulatedPoller& operator=(const SimulatedPoller&) = delete;

  std::error_code add(int fd, Interest interest, IoHandler& handler) override {
    if (const auto error = network_.fault(SimulatedCall::watch)) return error;
    const bool is_new = watched_.emplace(fd, Watched{interest, &handler}).second;
    return is_new ? std::error_code{} : make_error_code(std::errc::file_exists);
  }
  std::error_code modify(int fd, Interest interest, IoHandler& handler) override {
    if (const auto error = network_.fault(SimulatedCall::watch)) return error;
    const auto found = watched_.find(fd);
    if (found == watched_.end()) return make_error_code(std::errc::no_such_file_or_directory);
    found->second = {interest, &handler};
    return {};
  }
  void remove(int fd) noexcept override { watched_.erase(fd); }

  std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) override {
    (void)network_.threads_->wait([this] { return was_woken_ || collect(); },
                                  after(network_.now(), timeout));
    (void)collect();
    woken_ = std::exchange(was_woken_, false);
    for (std::size_t i = ready_.size(); i > 1; --i) {
      std::swap(ready_[i - 1], ready_[network_.draw(i)]);
    }
    if (ready_.size() > 1 && network_.draw(8) == 0) ready_.resize(1);
    return ready_;
  }
  [[nodiscard]] bool woken() const noexcept override { return woken_; }
  void wake() noexcept override { was_woken_ = true; }

 private:
  struct Watched {
    Interest interest = Interest::none;
    IoHandler* handler = nullptr;
  };

  bool collect() {
    ready_.clear();
    for (const auto& [fd, watched] : watched_) {
      const Readiness ready = wanted(network_.sockets_->readiness(fd), watched.interest);
      if (is_any(ready)) ready_.push_back({.handler = watched.handler, .readiness = ready});
    }
    return !ready_.empty();
  }

  SimulatedNetwork& network_;
  std::map<int, Watched> watched_;
  std::vector<Ready> ready_;
  bool was_woken_ = false;  // since the last wait
  bool woken_ = false;      // during it
};

/// Names and the time of day, beside the parts with files of their own.
class SimulatedNames {
 public:
  std::map<std::string, SimulatedName> names;

  [[nodiscard]] SimulatedName find(const std::string& host) const {
    const auto found = names.find(host);
    if (found != names.end()) return found->second;
    if (host == "localhost") return {.addresses = {"127.0.0.1"}};
    return {.error = Errc::host_not_found};
  }
};

SimulatedNetwork::SimulatedNetwork(std::uint64_t seed)
    : clock_(std::make_unique<SimulatedClock>(seed)),
      sockets_(std::make_unique<SimulatedSockets>(*clock_)),
      names_(std::make_unique<SimulatedNames>()),
      threads_(std::make_unique<Threads>(*clock_)) {}

SimulatedNetwork::~SimulatedNetwork() = default;

// The world.

void SimulatedNetwork::set_path(std::function<SimulatedPath(const Endpoint& peer)> choose) {
  sockets_->choose_path = std::move(choose);
}
void SimulatedNetwork::set_name(const std::string& host, SimulatedName name) {
  names_->names[host] = std::move(name);
}
void SimulatedNetwork::set_descriptor_limit(std::size_t most) noexcept {
  sockets_->descriptor_limit = most;
}
void SimulatedNetwork::set_fault(std::function<std::error_code(SimulatedCall)> fault) {
  fault_ = std::move(fault);
}
void SimulatedNetwork::reset_connections() { sockets_->reset_all(); }
void SimulatedNetwork::silence_connections() { sockets_->silence_all(); }
void SimulatedNetwork::jump(std::chrono::nanoseconds time) { clock_->advance(now() + time); }
void SimulatedNetwork::set_wall_clock(std::chrono::sys_seconds time) noexcept {
  wall_clock_ = time - std::chrono::floor<std::chrono::seconds>(now().time_since_epoch());
}

// Threads.

void SimulatedNetwork::start(std::string name, std::function<void()> work) {
  threads_->start(std::move(name), std::move(work));
}
bool SimulatedNetwork::run() { return threads_->run(std::nullopt); }
bool SimulatedNetwork::run_for(std::chrono::nanoseconds time) {
  (void)threads_->run(now() + time);
  return threads_->all_ended();
}
void SimulatedNetwork::sleep_for(std::chrono::nanoseconds time) {
  (void)wait_until([] { return false; }, time);
}
bool SimulatedNetwork::wait_until(const std::function<bool()>& done,
                                  std::optional<std::chrono::nanoseconds> time) {
  return threads_->wait(done, after(now(), time));
}
std::vector<std::string> SimulatedNetwork::waiting() const { return threads_->names(); }

// Counts.

std::size_t SimulatedNetwork::open_descriptors() const noexcept { return sockets_->count(); }
std::uint64_t SimulatedNetwork::bytes_written(int fd) const noexcept {
  return sockets_->bytes_written(fd);
}
std::uint64_t SimulatedNetwork::steps() const noexcept { return threads_->steps(); }
std::uint64_t SimulatedNetwork::draw(std::uint64_t bound) noexcept { return clock_->draw(bound); }

// Network.

Expected<int> SimulatedNetwork::open(Family family) {
  if (const auto error = fault(SimulatedCall::open)) return error;
  return sockets_->open(family);
}
std::error_code SimulatedNetwork::bind(int fd, const Endpoint& local) {
  if (const auto error = fault(SimulatedCall::bind)) return error;
  return sockets_->bind(fd, local);
}
std::error_code SimulatedNetwork::connect(int fd, const Endpoint& peer) {
  if (const auto error = fault(SimulatedCall::connect)) return error;
  return sockets_->connect(fd, peer);
}
std::error_code SimulatedNetwork::connect_result(int fd) { return sockets_->connect_result(fd); }
Expected<int> SimulatedNetwork::listen(const Endpoint& local, const ListenOptions& options) {
  if (const auto error = fault(SimulatedCall::listen)) return error;
  return sockets_->listen(local, options);
}
Expected<Accepted> SimulatedNetwork::accept(int listener) {
  if (const auto error = fault(SimulatedCall::accept)) return error;
  return sockets_->accept(listener);
}
IoResult SimulatedNetwork::read(int fd, MutableBytes in) {
  if (const auto error = fault(SimulatedCall::read)) return IoResult::failure(error);
  return sockets_->read(fd, in);
}
IoResult SimulatedNetwork::write(int fd, std::span<const Bytes> pieces) {
  if (const auto error = fault(SimulatedCall::write)) return IoResult::failure(error);
  return sockets_->write(fd, pieces);
}
void SimulatedNetwork::shutdown_write(int fd) noexcept { sockets_->shutdown_write(fd); }
void SimulatedNetwork::shutdown_both(int fd) noexcept { sockets_->shutdown_both(fd); }
void SimulatedNetwork::close(int fd) noexcept { sockets_->close(fd); }
std::error_code SimulatedNetwork::set_nonblocking(int) { return {}; }
std::error_code SimulatedNetwork::set_option(int fd, const SocketOption& option) {
  if (const auto error = fault(SimulatedCall::set_option)) return error;
  return sockets_->set_option(fd, option);
}
Expected<Endpoint> SimulatedNetwork::local_endpoint(int fd) {
  if (const auto error = fault(SimulatedCall::local_endpoint)) return error;
  return sockets_->local_endpoint(fd);
}
Expected<Endpoint> SimulatedNetwork::peer_endpoint(int fd) {
  if (const auto error = fault(SimulatedCall::peer_endpoint)) return error;
  return sockets_->peer_endpoint(fd);
}

Expected<std::vector<Endpoint>> SimulatedNetwork::resolve(const std::string& host,
                                                          std::uint16_t port) {
  const SimulatedName name = names_->find(host);
  sleep_for(name.delay);
  if (const auto error = fault(SimulatedCall::resolve)) return error;
  if (name.error) return name.error;
  std::vector<Endpoint> endpoints;
  for (const std::string& address : name.addresses) {
    if (const auto endpoint = Endpoint::from_numeric(address, port)) endpoints.push_back(*endpoint);
  }
  if (endpoints.empty()) return std::error_code(Errc::host_not_found);
  return endpoints;
}

std::error_code SimulatedNetwork::start_thread(std::function<void()> work) {
  if (const auto error = fault(SimulatedCall::start_thread)) return error;
  start("thread of the library", std::move(work));
  return {};
}

bool SimulatedNetwork::wait(std::span<Waiting> entries,
                            std::optional<std::chrono::nanoseconds> timeout) {
  const auto look = [&] {
    bool found = false;
    for (Waiting& entry : entries) {
      entry.ready = wanted(sockets_->readiness(entry.fd), entry.interest);
      found = found || is_any(entry.ready);
    }
    return found;
  };
  return threads_->wait(look, after(now(), timeout));
}

std::unique_ptr<Poller> SimulatedNetwork::make_poller(Backend) {
  if (const auto error = fault(SimulatedCall::make_poller)) {
    throw std::system_error(error, "make_poller");
  }
  if (sockets_->is_full()) {
    throw std::system_error(make_error_code(std::errc::too_many_files_open), "make_poller");
  }
  return std::make_unique<SimulatedPoller>(*this);
}

TimePoint SimulatedNetwork::now() noexcept { return clock_->now(); }

std::chrono::sys_seconds SimulatedNetwork::wall_clock() noexcept {
  return wall_clock_ + std::chrono::floor<std::chrono::seconds>(now().time_since_epoch());
}

std::error_code SimulatedNetwork::random(MutableBytes out) noexcept {
  if (const auto error = fault(SimulatedCall::random)) return error;
  for (std::byte& byte : out) byte = static_cast<std::byte>(draw(256));
  return {};
}

}  // namespace wirespan::net
