// app_losses.cpp - AppLossWorld: the backlog of an app, and the balance when it has ended.
#include "contract/calls/app_losses.hpp"

#include <stdexcept>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t client_frame = message_size + 8;  // header, two bytes of length, mask key

}  // namespace

AppLossWorld::AppLossWorld(const AppLoss& row, bool comes_back)
    : row_(row), comes_back_(comes_back) {
  network_.set_path([](const net::Endpoint&) {
    net::SimulatedPath path;
    path.up.buffer = 4'096;
    return path;
  });
  AppOptions options = app_options();
  if (options.compression) {
    peer_.more_headers = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  }
  app_.emplace(peer_.url(), handlers(), std::move(options));
  network_.start("loop", [this] { turn(); });
  network_.start("director", [this] { direct(); });
  if (!network_.run()) throw std::runtime_error("the simulation is stuck");
}

AppOptions AppLossWorld::app_options() {
  AppOptions options;
  options.network = &network_;
  options.max_message_size = 1'000;
  options.max_message_fragments = 3;
  options.get_mask_key = [this] {
    if (keys_fail) throw std::runtime_error("no key");
    return MaskKey{};
  };
  if (comes_back_) options.while_down = WhileDown::keep;
  RunOptions unused;
  if (row_.options) row_.options(options, unused);
  return options;
}

RunOptions AppLossWorld::run_options() {
  RunOptions options;
  options.proxy_from_environment = false;
  AppOptions unused;
  if (row_.options) row_.options(unused, options);
  if (!comes_back_) return options;
  ReconnectPolicy policy = ReconnectPolicy::fixed(500ms);
  policy.should_reconnect = [this](const ConnectionEnd&) { return sockets_.size() < 2; };
  options.reconnect = policy;
  return options;
}

AppHandlers AppLossWorld::handlers() {
  return {
      .on_open = [this](WebSocketApp&) { opened(); },
      .on_message =
          [this](WebSocketApp&, const Message&) {
            if (handlers_throw) throw std::runtime_error("a handler has failed");
          },
      .on_error =
          [this](WebSocketApp&, const std::exception&) {
            if (handlers_throw) throw std::runtime_error("on_error has failed");
          },
      .on_close = [this](WebSocketApp&, std::optional<CloseCode>, std::string_view) { ++closes_; }};
}

void AppLossWorld::opened() {
  sockets_.push_back({.fd = app_->fileno(), .before = network_.bytes_written(app_->fileno())});
}

void AppLossWorld::turn() {
  app_->start(loop_, run_options(), [this](WebSocketApp&, const RunResult& result) {
    result_ = result;
    is_over_ = true;
  });
  loop_.run();
}

void AppLossWorld::on_loop(const std::function<void()>& work) {
  bool is_done = false;
  loop_.post([&] {
    work();
    is_done = true;
  });
  (void)network_.wait_until([&] { return is_done; }, 10s);
}

void AppLossWorld::send_some() {
  for (int i = 0; i < messages_each; ++i) {
    const std::string text(message_size, 'm');
    const SendResult result = row_.key.empty()
                                  ? app_->try_send(text, Opcode::binary, Compress::never)
                                  : app_->try_send(text, row_.key, Opcode::binary);
    if (result.accepted()) ++accepted_;
  }
}

void AppLossWorld::direct() {
  (void)network_.wait_until([this] { return app_->ready(); }, 5s);
  network_.sleep_for(10ms);
  peer_.reads = false;
  on_loop([this] { send_some(); });
  network_.sleep_for(10ms);
  send_some();
  network_.sleep_for(10ms);
  loop_.post([this] { network_.sleep_for(50ms); });
  network_.sleep_for(5ms);
  send_some();
  row_.end(*this);
  network_.sleep_for(30s);  // longer than every time-out
  peer_.reads = true;
  (void)network_.wait_until([this] { return is_over_ || app_->ready(); }, 60s);
  network_.sleep_for(1s);
  (void)app_->handle().close();
  (void)network_.wait_until([this] { return is_over_; }, 60s);
  loop_.stop();
  peer_.stop();
}

LossAccount AppLossWorld::account() const {
  LossAccount account{.accepted = accepted_,
                      .by_connections = app_->metrics().messages_out,
                      .frame_size = client_frame,
                      .told = result_.unsent_bytes,
                      .extra = row_.extra};
  // Each further connection has had a Close frame of ours.
  if (sockets_.size() > 1) account.extra += (sockets_.size() - 1) * client_close;
  for (const Socket& one : sockets_) {
    account.written += network_.bytes_written(one.fd) - one.before;
  }
  return account;
}

}  // namespace wirespan::test
