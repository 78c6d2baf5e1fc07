// connector.cpp - staggered connection attempts and their race (Happy Eyeballs). RFC 8305 §4, §5.
#include <algorithm>
#include <cassert>
#include <utility>

#include <sys/socket.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/connector.hpp>

namespace wirespan::net {
namespace {

std::string shown_local_address(const Endpoint& local) {
  return "local_address " + (local.port() == 0 ? local.host() : local.to_string());
}

}  // namespace

std::vector<Endpoint> interleave_families(std::vector<Endpoint> endpoints) {
  if (endpoints.empty()) return endpoints;
  std::vector<Endpoint> first;
  std::vector<Endpoint> other;
  const Family family = endpoints.front().family();
  for (const Endpoint& endpoint : endpoints) {
    (endpoint.family() == family ? first : other).push_back(endpoint);
  }
  std::vector<Endpoint> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < other.size()) mixed.push_back(other[i]);
  }
  return mixed;
}

/// The attempt to connect to one address. It waits for its turn at the ConnectGate, then for the
/// TCP handshake, and ends with succeeded() or failed(). Owned by the connector, which destroys a
/// failed attempt in its next on_timer(), and all attempts when there is a result.
class Connector::Attempt final : public IoHandler {
 public:
  Attempt(Connector& owner, const Endpoint& peer) : owner_(owner), peer_(peer) {}
  ~Attempt() { forget(); }  // visit_ leaves the gate, which may let another attempt in
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void start() {
    if (!owner_.options_.one_at_a_time) return connect();
    visit_ = std::make_unique<ConnectGate::Visit>(owner_.loop_.connect_gate(), peer_,
                                                  [this] { enter(); });
    if (has_entered_) connect();
  }

  void on_ready(Readiness) override {
    const auto error = network().connect_result(socket_->fd());
    error ? fail(error) : win();
  }

  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

  [[nodiscard]] const Endpoint& peer() const noexcept { return peer_; }

  [[nodiscard]] Connected release() {
    forget();
    return {.socket = std::move(*socket_), .visit = std::move(visit_)};
  }

 private:
  [[nodiscard]] Network& network() noexcept { return owner_.loop_.network(); }

  /// If the line is empty, the constructor of Visit calls enter() before visit_ is set. start()
  /// connects then, because connect() may succeed at once and hand visit_ over.
  void enter() {
    has_entered_ = true;
    if (visit_) connect();
  }

  void connect() {
    auto fd = network().open(peer_.family());
    if (!fd) return fail(fd.error());
    socket_.emplace(network(), *fd);
    owner_.note(peer_);
    if (peer_.family() != Family::unix_path) {
      if (const auto error = make_ready(*fd)) return fail(error);
    }
    const auto error = network().connect(*fd, peer_);
    if (!error) return win();
    if (error != std::errc::operation_in_progress) return fail_at_once(error);
    if (const auto watch_error = owner_.loop_.watch(*fd, Interest::write, *this)) {
      fail(watch_error);
    }
  }

  /// Sets the options, calls the hook and binds. On an error failure_ says which step it was.
  [[nodiscard]] std::error_code make_ready(int fd) {
    const ConnectorOptions& options = owner_.options_;
    if (options.default_options) {
      for (const SocketOption& option : default_socket_options()) {
        const auto error = network().set_option(fd, option);
        if (error && error != std::errc::no_protocol_option) return refuse(option, error);
      }
    }
    for (const SocketOption& option : options.socket_options) {
      if (const auto error = network().set_option(fd, option)) return refuse(option, error);
    }
    if (const auto error = bind_to_interface(fd)) return error;
    if (const auto error = call_hook(fd)) return error;
    if (!options.local_address) return {};
    const auto error = network().bind(fd, *options.local_address);
    if (error) failure_.detail = shown_local_address(*options.local_address);
    return error;
  }

  [[nodiscard]] std::error_code refuse(const SocketOption& option, std::error_code error) {
    failure_.detail = "sockopt with " + to_string(option);
    return error;
  }

  [[nodiscard]] std::error_code bind_to_interface([[maybe_unused]] int fd) {
    const std::string& name = owner_.options_.interface;
    if (name.empty()) return {};
#ifdef SO_BINDTODEVICE
    const auto error = network().set_option(fd, {SOL_SOCKET, SO_BINDTODEVICE, name});
#else
    const auto error = make_error_code(std::errc::not_supported);
#endif
    if (!error) return {};
    failure_.detail = "interface " + in_quotes(name);
    if (error == std::errc::operation_not_permitted) {
      failure_.detail += " (SO_BINDTODEVICE needs the capability CAP_NET_RAW)";
    }
    return error;
  }

  [[nodiscard]] std::error_code call_hook(int fd) {
    if (!owner_.options_.on_socket) return {};
    try {
      owner_.options_.on_socket(fd);
      return {};
    } catch (...) {
      failure_ = {.detail = "on_socket", .exception = std::current_exception()};
      return Errc::handler_failed;
    }
  }

  /// The kernel has refused to connect; with a local address that may be the cause: it has no route
  /// to the peer, or its port is taken.
  void fail_at_once(std::error_code error) {
    if (const auto& local = owner_.options_.local_address) {
      failure_.detail = shown_local_address(*local) + ", connecting to " + peer_.to_string();
    }
    fail(error);
  }

  void fail(std::error_code error) {
    forget();
    socket_.reset();
    has_failed_ = true;
    owner_.failed(error, std::move(failure_));
  }

  void win() { owner_.succeeded(*this); }

  void forget() noexcept {
    if (socket_) owner_.loop_.forget(socket_->fd(), *this);
  }

  Connector& owner_;
  Endpoint peer_;
  std::unique_ptr<ConnectGate::Visit> visit_;
  std::optional<TcpSocket> socket_;  // after visit_: closed before the next attempt may enter
  bool has_entered_ = false;
  bool has_failed_ = false;
  Failure failure_;  // of the step that make_ready() is at
};

Connector::Connector(EventLoop& loop, std::vector<Endpoint> endpoints, ConnectorOptions options,
                     Handler handler)
    : loop_(loop),
      endpoints_(interleave_families(std::move(endpoints))),
      options_(std::move(options)),
      handler_(std::move(handler)) {
  assert(!endpoints_.empty());
  keep_family_of_local_address();
  if (options_.rotation) endpoints_ = options_.rotation->rotated(std::move(endpoints_));
  finish_soon();  // so that the first attempt starts in the loop, not within this call
}

Connector::~Connector() { give_up(); }

/// Removes the addresses that a socket bound to local_address cannot connect to. If none is left,
/// on_timer() finds the error.
void Connector::keep_family_of_local_address() {
  if (!options_.local_address) return;
  const Family family = options_.local_address->family();
  std::erase_if(endpoints_, [family](const Endpoint& endpoint) {
    return endpoint.family() != family && endpoint.family() != Family::unix_path;
  });
  if (!endpoints_.empty()) return;
  last_error_ = make_error_code(std::errc::address_family_not_supported);
  failure_.detail = shown_local_address(*options_.local_address) +
                    " and no address of the peer is " + (family == Family::ipv6 ? "IPv6" : "IPv4");
}

/// Destroys the latest attempt first: of two attempts to one address, the second must not enter the
/// gate when the first one leaves it.
void Connector::give_up() noexcept {
  while (!attempts_.empty()) attempts_.pop_back();
}

/// Called when the head start of the latest attempt is over, when an attempt has failed, and when
/// there is a result for the handler.
void Connector::on_timer(TimePoint) {
  // A failed attempt is not CONNECTING any more. It leaves the gate here and not when it fails: in
  // a long line each would let the next one in from inside its own failure, which is a deep stack.
  std::erase_if(attempts_, [](const auto& attempt) { return attempt->has_failed(); });
  const bool all_tried = next_ == endpoints_.size() && running_ == 0;
  const bool exhausted = all_tried || failure_.exception != nullptr;
  if (!winner_ && !exhausted) return try_next();
  give_up();
  // An attempt that entered the gate in erase_if() may have ended at once and set the timer again.
  loop_.timers().cancel(*this);
  // The handler may destroy this object: nothing of it is used afterwards.
  const Handler handler = std::move(handler_);
  if (winner_) {
    handler(*std::exchange(winner_, std::nullopt));
  } else {
    handler(last_error_);
  }
}

std::string Connector::tried() const {
  constexpr std::size_t most = 4;
  std::string list;
  for (std::size_t i = 0; i < std::min(next_, most); ++i) {
    list.append(i == 0 ? "" : ", ").append(endpoints_[i].to_string());
  }
  if (next_ > most) list.append(" and " + std::to_string(next_ - most) + " more");
  return list;
}

void Connector::try_next() {
  if (next_ == endpoints_.size()) return;
  loop_.timers().schedule(*this, later(loop_.now(), options_.stagger));
  ++running_;
  attempts_.push_back(std::make_unique<Attempt>(*this, endpoints_[next_++]));
  attempts_.back()->start();
}

void Connector::note(const Endpoint& peer) {
  if (options_.rotation) options_.rotation->note(peer);
}

void Connector::failed(std::error_code error, Failure failure) {
  --running_;
  if (failure_.exception) return;
  last_error_ = error;
  failure_ = std::move(failure);
  if (!winner_) finish_soon();  // tries the next address without a head start, or ends
}

void Connector::succeeded(Attempt& attempt) {
  if (winner_ || failure_.exception) return;
  note(attempt.peer());
  winner_ = attempt.release();
  finish_soon();
}

}  // namespace wirespan::net
