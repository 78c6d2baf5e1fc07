// server_world.cpp - ServerWorld: the states and the places of the calls of a server's connection.
#include "contract/calls/server_world.hpp"

#include <memory>
#include <stdexcept>

#include "contract/calls/app_world.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view nudge = "nudge";
constexpr const char* plain_request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

/// The connection that the call is made on is that of `peer_`. Another one, of `witness_`, stays
/// open beside it: its tasks and its on_close are places, too.
class ServerWorld {
 public:
  ServerWorld(CallState state, Place place, ServerCallFunction call)
      : state_(state), place_(place), call_(std::move(call)), server_(options(), handlers()) {
    network_.set_path([](const net::Endpoint&) {
      net::SimulatedPath path;
      path.down.buffer = kernel_buffer;
      return path;
    });
    port_ = server_.listen();
  }

  ServerAftermath run() {
    if (state_ != CallState::without_run) network_.start("server", [this] { serve(); });
    network_.start("director", [this] { direct(); });
    if (!network_.run()) throw std::runtime_error("the simulation is stuck");
    if (peer_) note_peer();
    after_.stats = server_.stats();
    return after_;
  }

 private:
  void note_peer() {
    after_.got_bytes = peer_->got_bytes();
    after_.got_messages = peer_->data_frames();
    for (const std::string& text : peer_->got()) {
      const bool is_filler = text.starts_with("filler");
      if (!is_filler && text != nudge) after_.got.push_back(text);
      if (text == nudge) after_.got_bytes -= text.size();  // the answer to a ping
    }
  }

  ServerOptions options() {
    ServerOptions options;
    options.network = &network_;
    options.send_hard_limit = hard_limit;
    options.send_high_watermark = backlog_size / 4;
    options.send_low_watermark = 0;
    options.close_time = 10s;
    options.deliver_fragments = place_ == Place::on_fragment;
    return options;
  }

  ServerHandlers handlers() {
    ServerHandlers handlers;
    handlers.on_request = [this](PendingRequest request) {
      if (connection_) at(Place::on_request);
      request.accept();
    };
    handlers.on_http = [this](const HttpRequest&) {
      at(Place::on_http);
      return HttpResponse();
    };
    handlers.on_open = [this](const ServerConnection& self) { opened(self); };
    handlers.on_message = [this](const ServerConnection&, const Message&) {
      at(Place::on_message);
      if (place_ == Place::on_error) throw std::runtime_error("a handler has failed");
    };
    handlers.on_fragment = [this](const ServerConnection&, const Fragment&) {
      at(Place::on_fragment);
    };
    handlers.on_ping = [this](const ServerConnection&, Bytes) { at(Place::on_ping); };
    handlers.on_pong = [this](const ServerConnection&, Bytes) { at(Place::on_pong); };
    handlers.on_drain = [this](const ServerConnection&) {
      if (has_filled_) at(Place::on_drain);
    };
    handlers.on_error = [this](const ServerConnection&, const std::exception&) {
      at(Place::on_error);
    };
    handlers.on_close = [this](const ServerConnection& self, CloseCode, std::string_view) {
      closed(self);
    };
    return handlers;
  }

  void opened(const ServerConnection& self) {
    if (!other_) {
      other_ = self;
      return;
    }
    if (connection_) return;  // a client that came for on_request
    connection_ = self;
    (void)self.subscribe("news");
    at(Place::on_open);
  }

  void closed(const ServerConnection& self) {
    if (!connection_ || self != *connection_) {
      if (self == *other_ && state_ != CallState::ended) at(Place::on_close);
      return;
    }
    ++after_.closes;
    after_.lost = self.buffered_amount();
    if (state_ == CallState::ended) at(Place::on_close);
  }

  /// A callback has come: if it is the place, it makes the state and then the call.
  void at(Place place) {
    if (place != place_ || has_acted_) return;
    if (state_ >= CallState::open && state_ < CallState::peer_closed) make_state();
    act();
  }

  void fill(std::size_t size) {
    peer_->reads = false;
    const std::string filler = "filler" + std::string(size, 'f');
    if (connection_->send_text(filler).accepted()) after_.filler_bytes += filler.size();
  }

  void make_state() {
    if (state_ == CallState::backlog) fill(backlog_size);
    if (state_ == CallState::full) fill(too_large);
    if (state_ != CallState::closing) return;
    peer_->answers_close = false;
    (void)connection_->close();
  }

  void act() {
    if (std::exchange(has_acted_, true)) return;
    const ServerConnection connection = connection_.value_or(ServerConnection());
    after_.buffered_before = connection.buffered_amount();
    after_.outcome = call_(connection, server_);
    after_.buffered_after = connection.buffered_amount();
  }

  void serve() {
    after_.has_run = true;
    server_.run();
    is_over_ = true;
  }

  void on_loop(const std::function<void()>& work) {
    bool is_done = false;
    (void)other_->post([&](const ServerConnection&) {
      work();
      is_done = true;
    });
    (void)network_.wait_until([&] { return is_done; }, 10s);
  }

  // The thread of the director.

  void direct() {
    if (state_ != CallState::without_run) {
      witness_.emplace(network_, Role::client, port_);
      (void)network_.wait_until([this] { return witness_->is_connected; }, 5s);
      peer_.emplace(network_, Role::client, port_);
      reach_state();
    }
    if (place_ == Place::other_thread) act();
    if (place_ == Place::loop_task) on_loop([this] { act(); });
    (void)network_.wait_until([this] { return has_acted_; }, 5s);
    network_.sleep_for(30ms);
    end();
  }

  void reach_state() {
    (void)network_.wait_until([this] { return peer_->is_connected || has_acted_; }, 5s);
    network_.sleep_for(30ms);
    if (state_ == CallState::over) return end();
    const bool is_callback = place_ > Place::other_thread;
    if (state_ == CallState::ended) {
      peer_->close();
      (void)network_.wait_until([this] { return after_.closes > 0; }, 20s);
    } else if (!is_callback) {
      on_loop([this] { make_state(); });
    }
    if (state_ == CallState::peer_closed) close_by_peer();
    if (is_callback) call_back();
    network_.sleep_for(30ms);
  }

  /// The client does not see the answer, so it leaves the socket open.
  void close_by_peer() {
    peer_->close(4000);
    peer_->reads = false;
    network_.sleep_for(30ms);
  }

  /// Lets a client send what leads to the callback.
  void call_back() {
    if (place_ == Place::on_ping) return peer_->send(0x89, nudge);
    if (place_ == Place::on_pong) return peer_->send(0x8A, nudge);
    if (place_ == Place::on_fragment) return peer_->send(0x01, nudge);
    if (place_ == Place::on_close) return witness_->close();
    if (place_ == Place::on_request) return (void)third_.emplace(network_, Role::client, port_);
    if (place_ == Place::on_http) {
      return (void)third_.emplace(network_, Role::client, port_, plain_request);
    }
    if (place_ != Place::on_drain) return peer_->send(0x81, nudge);
    on_loop([this] { fill(backlog_size); });
    network_.sleep_for(30ms);
    has_filled_ = true;
    peer_->reads = true;
  }

  void end() {
    if (state_ == CallState::without_run) return;
    peer_->reads = true;
    network_.sleep_for(200ms);
    if (!std::exchange(peer_->answers_close, true)) peer_->close();
    network_.sleep_for(100ms);
    server_.stop({.deadline = 5s});
    (void)network_.wait_until([this] { return is_over_; }, 60s);
    for (auto* client : {&peer_, &witness_, &third_}) {
      if (*client) (*client)->stop();
    }
  }

  const CallState state_;
  const Place place_;
  ServerCallFunction call_;
  net::SimulatedNetwork network_{1};
  std::uint16_t port_ = 0;
  std::optional<WirePeer> peer_;
  std::optional<WirePeer> witness_;
  std::optional<WirePeer> third_;
  std::optional<ServerConnection> connection_;
  std::optional<ServerConnection> other_;
  ServerAftermath after_;
  bool has_acted_ = false;
  bool has_filled_ = false;
  bool is_over_ = false;
  WebSocketServer server_;
};

}  // namespace

ServerAftermath call_on_server(CallState state, Place place, const ServerCallFunction& call) {
  return ServerWorld(state, place, call).run();
}

std::vector<Place> places_of_server(CallState state) {
  using enum Place;
  switch (state) {
    case CallState::without_run:
    case CallState::over:
      return {other_thread};
    case CallState::peer_closed:
      return {loop_task, other_thread, on_request, on_http, on_close};
    case CallState::ended:
      return {loop_task, other_thread, on_request, on_http, on_close};
    default:
      return {loop_task, other_thread, on_open,  on_message, on_fragment, on_ping,
              on_pong,   on_drain,     on_error, on_close,   on_request,  on_http};
  }
}

}  // namespace wirespan::test
