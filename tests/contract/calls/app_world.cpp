// app_world.cpp - AppWorld: the states and the places of an app's calls.
#include "contract/calls/app_world.hpp"

#include <stdexcept>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view trigger = "trigger";

bool has_connection(CallState state) {
  return state >= CallState::open && state <= CallState::peer_closed;
}
bool is_down(CallState state) { return state == CallState::down || state == CallState::keeping; }

/// Runs one function when its time has come.
class OneTimer final : public net::Timer {
 public:
  std::function<void()> work;
  void on_timer(TimePoint) override { work(); }
};

class AppWorld {
 public:
  AppWorld(CallState state, Place place, std::function<std::error_code(WebSocketApp&)> call)
      : state_(state), place_(place), call_(std::move(call)) {
    network_.set_path([this](const net::Endpoint&) { return path(); });
  }

  AppAftermath run() {
    app_.emplace(peer_.url(), handlers(), app_options());
    network_.start("director", [this] { direct(); });
    if (state_ != CallState::without_run) network_.start("loop", [this] { turn(); });
    if (!network_.run()) throw std::runtime_error("the simulation is stuck");
    after_.has_ended = after_.closes == 1;
    after_.got_bytes = peer_.got_bytes();
    after_.got_messages = peer_.data_frames();
    for (const std::string& text : peer_.got()) {
      const bool is_filler = text.starts_with("filler");
      if (!is_filler && text != trigger) after_.got.push_back(text);
      if (text == trigger) after_.got_bytes -= text.size();  // the answer to a ping
    }
    after_.metrics = app_->metrics();
    after_.buffered_at_end = app_->buffered_amount();
    return after_;
  }

 private:
  net::SimulatedPath path() {
    net::SimulatedPath path;
    path.up.buffer = kernel_buffer;
    if (!is_down(state_) || has_acted_) return path;
    if (place_ == Place::on_error || place_ == Place::should_reconnect) {
      path.connect_error = make_error_code(std::errc::connection_refused);
    } else {
      path.answers = false;
    }
    return path;
  }

  AppOptions app_options() {
    AppOptions options;
    options.network = &network_;
    options.connect_timeout = 1s;
    options.send_hard_limit = hard_limit;
    options.send_high_watermark = backlog_size / 4;
    options.send_low_watermark = 0;
    options.fire_cont_frame = place_ == Place::on_fragment;
    if (place_ == Place::get_mask_key) {
      options.get_mask_key = [this] {
        if (is_sending_) act();
        return MaskKey{std::byte{1}};
      };
    }
    if (state_ == CallState::keeping) options.while_down = WhileDown::keep;
    if (place_ == Place::header) {
      options.header = std::function<Headers()>([this] {
        act();
        return Headers();
      });
    }
    return options;
  }

  RunOptions run_options() {
    RunOptions options;
    options.proxy_from_environment = false;
    if (place_ == Place::on_socket) options.on_socket = [this](int) { act(); };
    if (!is_down(state_) && place_ != Place::on_reconnect) return options;
    ReconnectPolicy policy = ReconnectPolicy::fixed(100ms);
    policy.should_reconnect = [this](const ConnectionEnd&) {
      if (place_ == Place::should_reconnect) act();
      return true;
    };
    options.reconnect = policy;
    return options;
  }

  AppHandlers handlers() {
    return {
        .on_open = [this](WebSocketApp&) { at(Place::on_open); },
        .on_reconnect = [this](WebSocketApp&) { at(Place::on_reconnect); },
        .on_message =
            [this](WebSocketApp&, const Message&) {
              at(Place::on_message);
              if (place_ == Place::on_error) throw std::runtime_error("a handler has failed");
            },
        .on_error = [this](WebSocketApp&, const std::exception&) { at(Place::on_error); },
        .on_close =
            [this](WebSocketApp&, std::optional<CloseCode>, std::string_view) {
              ++after_.closes;
              at(Place::on_close);
            },
        .on_ping = [this](WebSocketApp&, Bytes) { at(Place::on_ping); },
        .on_pong = [this](WebSocketApp&, Bytes) { at(Place::on_pong); },
        .on_cont_message = place_ != Place::on_fragment
                               ? Handler<void(WebSocketApp&, const Fragment&)>()
                               : [this](WebSocketApp&, const Fragment&) { at(Place::on_fragment); },
        .on_data = [this](WebSocketApp&, Bytes, Opcode, bool) { at(Place::on_data); },
        .on_drain =
            [this](WebSocketApp&) {
              if (has_filled_) at(Place::on_drain);
            },
    };
  }

  /// A callback has come: if it is the place, it makes the state and then the call.
  void at(Place place) {
    if (place != place_ || has_acted_ || (is_down(state_) && place == Place::on_open)) return;
    if (has_connection(state_)) make_state();
    act();
  }

  void fill(std::size_t size) {
    peer_.reads = false;
    const std::string filler = "filler" + std::string(size, 'f');
    if (app_->try_send(filler).accepted()) after_.filler_bytes += filler.size();
  }

  /// On the loop's thread, with an open connection.
  void make_state() {
    if (state_ == CallState::backlog) fill(backlog_size);
    if (state_ == CallState::full) fill(too_large);
    if (state_ != CallState::closing) return;
    peer_.answers_close = false;
    app_->close(STATUS_NORMAL, "the state", 10s);
  }

  void act() {
    if (std::exchange(has_acted_, true)) return;
    after_.buffered_before = app_->buffered_amount();
    after_.outcome = call_(*app_);
    after_.buffered_after = app_->buffered_amount();
  }

  // The loop's thread.

  void turn() {
    after_.has_run = true;
    app_->start(loop_, run_options(), [this](WebSocketApp&, const RunResult& result) {
      after_.result = result;
      is_over_ = true;
      at(Place::on_ended);
    });
    loop_.run();
  }

  void on_loop(const std::function<void()>& work) {
    bool is_done = false;
    if (place_ == Place::loop_timer) {
      timer_.work = [&] {
        work();
        is_done = true;
      };
      loop_.post([&] { loop_.timers().schedule(timer_, network_.now()); });
    } else {
      loop_.post([&] {
        work();
        is_done = true;
      });
    }
    (void)network_.wait_until([&] { return is_done; }, 10s);
  }

  // The thread of the director.

  void direct() {
    if (state_ != CallState::without_run) reach_state();
    if (place_ == Place::other_thread) act();
    if (place_ == Place::loop_task || place_ == Place::loop_timer) on_loop([this] { act(); });
    (void)network_.wait_until([this] { return has_acted_ || state_ == CallState::ended; }, 5s);
    network_.sleep_for(is_down(state_) ? 3s : 30ms);
    if (state_ != CallState::without_run) end();
    peer_.stop();
  }

  void reach_state() {
    if (is_down(state_)) return network_.sleep_for(30ms);
    (void)network_.wait_until([this] { return app_->ready() || has_acted_; }, 5s);
    network_.sleep_for(30ms);
    if (state_ == CallState::ended) return end();
    if (place_ == Place::on_reconnect) return peer_.hang_up();
    const bool is_callback = place_ > Place::other_thread;
    if (!is_callback) on_loop([this] { make_state(); });
    if (state_ == CallState::peer_closed) close_by_peer();
    if (is_callback) call_back();
    network_.sleep_for(state_ == CallState::peer_closed ? 5ms : 30ms);
  }

  void close_by_peer() {
    peer_.answers_close = false;
    peer_.close(4000);
  }

  /// Lets the peer send what leads to the callback.
  void call_back() {
    if (place_ == Place::on_ping) return peer_.send(0x89, trigger);
    if (place_ == Place::on_pong) return peer_.send(0x8A, trigger);
    if (place_ == Place::get_mask_key) return send_trigger();
    if (place_ == Place::on_fragment) return peer_.send(0x01, trigger);
    if (place_ != Place::on_drain) return peer_.send(0x81, trigger);
    on_loop([this] { fill(backlog_size); });
    network_.sleep_for(30ms);
    has_filled_ = true;
    peer_.reads = true;
  }

  void send_trigger() {
    on_loop([this] {
      is_sending_ = true;
      (void)app_->try_send(trigger);
      is_sending_ = false;
    });
  }

  void end() {
    peer_.reads = true;
    network_.sleep_for(200ms);
    if (!std::exchange(peer_.answers_close, true)) peer_.close();
    network_.sleep_for(100ms);
    (void)app_->handle().close();
    (void)network_.wait_until([this] { return is_over_; }, 60s);
    if (state_ == CallState::ended && !has_acted_) return;  // again, when the call was made
    loop_.stop();
  }

  const CallState state_;
  const Place place_;
  std::function<std::error_code(WebSocketApp&)> call_;
  net::SimulatedNetwork network_{1};
  WirePeer peer_{network_, Role::server, 4000};
  net::EventLoop loop_{{.receive_buffer = std::size_t{16} << 10, .network = &network_}};
  OneTimer timer_;
  AppAftermath after_;
  bool has_acted_ = false;
  bool has_filled_ = false;
  bool is_sending_ = false;
  bool is_over_ = false;
  std::optional<WebSocketApp> app_;
};

}  // namespace

AppAftermath call_on_app(CallState state, Place place,
                         const std::function<std::error_code(WebSocketApp&)>& call) {
  return AppWorld(state, place, call).run();
}

std::vector<Place> places_of_app(CallState state) {
  using enum Place;
  switch (state) {
    case CallState::without_run:
      return {other_thread};
    case CallState::down:
    case CallState::keeping:
      return {loop_task, loop_timer, other_thread, on_error, should_reconnect, header, on_socket};
    case CallState::peer_closed:
      return {loop_task, loop_timer, other_thread};
    case CallState::ended:
      return {loop_task, loop_timer, other_thread, on_close, on_ended};
    default:
      return {loop_task, loop_timer,  other_thread, on_open, on_reconnect, on_message,
              on_data,   on_fragment, on_ping,      on_pong, on_drain,     on_error};
  }
}

}  // namespace wirespan::test
