// app_objects_test.cpp - a WebSocketApp in each of its states, destroyed, closed, stopped or run
// again: each ends within its bound, and nothing is left open.
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/peer.hpp"
#include "contract/calls/places.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

enum class AppState : std::uint8_t {
  fresh,
  connecting,
  handshaking,
  open,
  backlog,
  closing,
  waiting,
  ended
};
constexpr const char* app_state_names[] = {"fresh",   "connecting", "handshaking", "open",
                                           "backlog", "closing",    "waiting",     "ended"};

/// The event that befalls the app in that state.
enum class AppAction : std::uint8_t {
  destroy,  ///< On the loop's thread, outside of handlers; without a run anywhere.
  close,
  keep_running,
  stop_token,
  stop_token_before,  ///< Stopped before the run begins.
  run_again,          ///< A second run while there is one, and a further one behind it.
};
constexpr const char* app_action_names[] = {
    "destroy", "close", "keep_running", "stop_token", "stop_token_before", "run_again"};

/// Longest time of an end: that of a close whose peer neither reads nor answers.
constexpr auto longest_end = 3s + 200ms;

class AppObject {
 public:
  AppObject(AppState state, AppAction action) : state_(state), action_(action) {
    network_.set_path([this](const net::Endpoint&) {
      net::SimulatedPath path;
      path.up.buffer = 4'096;
      path.answers = state_ != AppState::connecting || has_acted_;
      if (state_ == AppState::waiting && !has_acted_) {
        path.connect_error = make_error_code(std::errc::connection_refused);
      }
      return path;
    });
    peer_.emplace(network_, Role::server, std::uint16_t{4000});
    descriptors_before = network_.open_descriptors();
    if (state_ == AppState::handshaking) peer_->reads = false;
    make_app();
    network_.start("runner", [this] { run(); });
    network_.start("director", [this] { direct(); });
    if (!network_.run()) throw std::runtime_error("the simulation is stuck");
    app_.reset();
    descriptors_after = network_.open_descriptors();
  }

  std::chrono::nanoseconds end_time{};  // from the action to the end of the run
  int runs = 0;
  int closes = 0;
  std::error_code second_run;
  std::size_t descriptors_before = 0;
  std::size_t descriptors_after = 0;

 private:
  void make_app() {
    AppOptions options;
    options.network = &network_;
    options.connect_timeout = 1h;
    app_ = std::make_unique<WebSocketApp>(
        peer_->url(),
        AppHandlers{.on_error = [](WebSocketApp&, const std::exception&) {},
                    .on_close = [this](WebSocketApp&, std::optional<CloseCode>,
                                       std::string_view) { ++closes; }},
        options);
  }

  RunOptions run_options() {
    RunOptions options;
    options.proxy_from_environment = false;
    if (state_ == AppState::waiting) options.reconnect = ReconnectPolicy::fixed(1h);
    return options;
  }

  /// The first run, unless the state is `fresh`, and the one behind it.
  void run() {
    if (action_ == AppAction::stop_token_before) stop_.request_stop();
    if (state_ != AppState::fresh) run_once();
    (void)network_.wait_until([this] { return runs_again_ || is_over_; });
    if (runs_again_) run_once();
  }

  void run_once() {
    ++runs;
    is_running_ = true;
    if (action_ == AppAction::destroy && state_ != AppState::ended) {
      net::EventLoop loop({.receive_buffer = std::size_t{16} << 10, .network = &network_});
      loop_ = &loop;
      app_->start(loop, run_options());
      loop.run();
      loop_ = nullptr;
    } else {
      (void)app_->run_forever(run_options(), stop_.get_token());
    }
    is_running_ = false;
  }

  void direct() {
    reach_state();
    has_acted_ = true;
    const TimePoint begin = network_.now();
    act();
    (void)network_.wait_until([this] { return !is_running_; }, 1h);
    end_time = network_.now() - begin;
    if (action_ == AppAction::run_again) run_behind();
    is_over_ = true;
    peer_->stop();
  }

  void reach_state() {
    network_.sleep_for(50ms);
    if (state_ == AppState::backlog) {
      peer_->reads = false;
      for (int i = 0; i < 5; ++i) (void)app_->handle().send(std::string(5'000, 'b'));
    } else if (state_ == AppState::closing) {
      peer_->answers_close = false;
      app_->close();
    } else if (state_ == AppState::ended) {
      app_->close();
      (void)network_.wait_until([this] { return !is_running_; }, 10s);
    }
    network_.sleep_for(50ms);
  }

  void act() {
    if (action_ == AppAction::close) app_->close();
    if (action_ == AppAction::keep_running) app_->keep_running(false);
    if (action_ == AppAction::stop_token) stop_.request_stop();
    if (action_ == AppAction::destroy) destroy();
    if (action_ != AppAction::run_again || !is_running_) return;
    second_run = code_thrown_by([this] { (void)app_->run_forever(run_options()); });
    app_->close();
  }

  void destroy() {
    if (loop_ == nullptr) return app_.reset();
    const AppHandle handle = app_->handle();
    loop_->post([this] {
      app_.reset();
      loop_->stop();
    });
    (void)network_.wait_until([this] { return !is_running_; }, 1h);
    EXPECT_EQ(handle.send("x"), Errc::not_open);
    EXPECT_EQ(handle.buffered_amount(), 0U);
  }

  /// A further run, which opens and is closed.
  void run_behind() {
    peer_->reads = peer_->answers_close = true;
    runs_again_ = true;
    const bool is_open = network_.wait_until([this] { return app_->ready(); }, 10s);
    EXPECT_TRUE(is_open) << "a further run";
    app_->close();
    (void)network_.wait_until([this] { return !is_running_; }, 10s);
  }

  const AppState state_;
  const AppAction action_;
  net::SimulatedNetwork network_{1};
  std::optional<WirePeer> peer_;
  net::EventLoop* loop_ = nullptr;
  std::stop_source stop_;
  bool has_acted_ = false;
  bool is_running_ = false;
  bool runs_again_ = false;
  bool is_over_ = false;
  std::unique_ptr<WebSocketApp> app_;
};

using AppCell = std::tuple<AppState, AppAction>;

class AppObjects : public ::testing::TestWithParam<AppCell> {};
INSTANTIATE_TEST_SUITE_P(
    Table, AppObjects,
    ::testing::Combine(::testing::Values(AppState::fresh, AppState::connecting,
                                         AppState::handshaking, AppState::open, AppState::backlog,
                                         AppState::closing, AppState::waiting, AppState::ended),
                       ::testing::Values(AppAction::destroy, AppAction::close,
                                         AppAction::keep_running, AppAction::stop_token,
                                         AppAction::stop_token_before, AppAction::run_again)),
    [](const ::testing::TestParamInfo<AppCell>& cell) {
      return std::string(app_state_names[static_cast<int>(std::get<0>(cell.param))]) + "__" +
             app_action_names[static_cast<int>(std::get<1>(cell.param))];
    });

TEST_P(AppObjects, ends_within_its_bound_and_leaves_nothing_open) {
  const auto [state, action] = GetParam();
  const AppObject object(state, action);
  const bool waits_for_peer = state == AppState::backlog || state == AppState::closing;
  EXPECT_LE(object.end_time, waits_for_peer ? longest_end : 100ms);
  EXPECT_EQ(object.descriptors_after, object.descriptors_before);
  const bool was_running = state != AppState::fresh && state != AppState::ended;
  if (action == AppAction::run_again) {
    EXPECT_EQ(object.second_run, was_running ? Errc::already_open : std::error_code());
    EXPECT_EQ(object.runs, state == AppState::fresh ? 1 : 2);
  }
  const bool is_silent = action == AppAction::destroy && was_running;
  EXPECT_EQ(object.closes, is_silent ? 0 : object.runs) << "on_close, once for each run";
}

}  // namespace
}  // namespace wirespan::test
