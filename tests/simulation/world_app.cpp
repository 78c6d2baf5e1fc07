// world_app.cpp - an app of a world: sends, judges what comes back, and balances its account.
#include <memory>
#include <optional>
#include <string>

#include "simulation/world_state.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/event_loop.hpp>
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// Most bytes of a client's frame beside the payload.
constexpr std::size_t most_overhead = 14;
constexpr std::size_t close_frame = 8;  // header, mask key, code

std::size_t frame_size(std::size_t payload) {
  return payload + 6 + (payload < 126 ? 0 : payload < 65'536 ? 2 : 8);
}

/// An app, its run, and the thread that sends beside it.
class WorldApp {
 public:
  WorldApp(WorldState& world, std::size_t index)
      : world_(world),
        index_(index),
        plan_(world.plan.clients[index]),
        app_(url_for(world, index), handlers(), app_options()) {
    world_.network.start(name("app"), [this] { run(); });
    if (plan_.from_other_thread) world_.network.start(name("sender"), [this] { send_beside(); });
  }

 private:
  [[nodiscard]] std::string name(const char* kind) const {
    return std::string(kind) + " " + std::to_string(index_);
  }

  AppOptions app_options() {
    AppOptions options;
    options.network = &world_.network;
    if (plan_.compresses) options.compression.emplace();
    return options;
  }

  RunOptions run_options() const {
    RunOptions options;
    options.proxy_from_environment = false;
    options.ping_interval = plan_.ping_interval;
    if (plan_.ping_interval.count() > 0) options.ping_timeout = plan_.ping_interval * 2 / 3;
#ifdef WIRESPAN_TEST_TLS
    if (world_.plan.tls) {
      options.sslopt.ca_certs = authority_file();
      options.sslopt.check_hostname = false;
    }
#endif
    if (plan_.reconnects) {
      ReconnectPolicy policy = ReconnectPolicy::fixed(100ms);
      policy.max_attempts = 4;
      options.reconnect = policy;
    }
    return options;
  }

  AppHandlers handlers() {
    return {
        .on_open = [this](WebSocketApp&) { opened(true); },
        .on_reconnect = [this](WebSocketApp&) { opened(false); },
        .on_message = [this](WebSocketApp&,
                             const Message& message) { on_message(wire_text(message.payload)); },
        .on_error = [this](WebSocketApp&, const std::exception& error) { on_error(error.what()); },
        .on_close =
            [this](WebSocketApp&, std::optional<CloseCode> code, std::string_view) {
              ++closes_;
              code_ = code;
            },
    };
  }

  // Callbacks.

  void opened(bool is_first) {
    check(!is_first || connections_ == 0, "on_open came twice");
    check(closes_ == 0, "a connection after on_close");
    ++connections_;
    last_news_ = -1;
    fd_ = app_.fileno();
    written_before_ = world_.network.bytes_written(fd_);
    if (plan_.subscribes) send("subscribe");
    if (plan_.from_other_thread) return;
    if (next_ >= plan_.messages) return app_.close();
    if (plan_.pause.count() > 0) return send_next();
    while (next_ < plan_.messages) send_next();
  }

  void on_message(std::string_view text) {
    check(connections_ > 0 && closes_ == 0, "a message outside of a connection");
    if (text.starts_with("news:")) return on_news(std::stoi(std::string(text.substr(5))));
    const NumberedMessage message = read_message(text);
    check(message.client == static_cast<int>(index_), "a message of another client, or changed");
    check(message.number > last_echo_, "an echo came twice, or out of order");
    last_echo_ = message.number;
    ++echoes_;
    ++world_.report.messages;
    if (plan_.from_other_thread) return;
    if (next_ < plan_.messages) {
      if (plan_.pause.count() > 0) send_next();
    } else if (message.number == plan_.messages - 1) {
      app_.close();
    }
  }

  void on_news(int number) {
    check(last_news_ < 0 || number == last_news_ + 1 || !plan_.is_healthy(),
          "published messages have a gap");
    check(number > last_news_, "a published message came twice, or out of order");
    last_news_ = number;
  }

  void on_error(const std::string& what) {
    ++errors_;
    if (first_error_.empty()) first_error_ = what;
    world_.note(errors_);
  }

  // Sending.

  void send(const std::string& text) {
    app_.send(text);
    accepted_ += frame_size(text.size());
  }
  void send_next() {
    const int number = next_++;  // before the call, which may throw: a number is used once
    send(make_message(index_, number, plan_.largest));
  }

  void send_beside() {
    const AppHandle handle = app_.handle();
    while (next_ < plan_.messages && !over_) {
      const std::string text = make_message(index_, next_, plan_.largest);
      if (handle.send(text).accepted()) {
        ++next_;
        accepted_ += frame_size(text.size());
        if (plan_.pause.count() > 0) world_.network.sleep_for(plan_.pause);
      } else {
        world_.network.sleep_for(50ms);
      }
    }
    (void)world_.network.wait_until([this] { return over_ || last_echo_ == plan_.messages - 1; },
                                    400s);
    (void)handle.close();
  }

  // The run.

  void run() {
    const TimePoint begin = world_.network.now();
    RunResult result;
    if (plan_.kind == ClientKind::app_on_loop) {
      net::EventLoop loop({.receive_buffer = std::size_t{64} << 10, .network = &world_.network});
      app_.start(loop, run_options(), [&](WebSocketApp&, const RunResult& ended) {
        result = ended;
        loop.stop();
      });
      loop.run();
    } else {
      result = app_.run_forever(run_options());
    }
    over_ = true;
    judge(result, world_.network.now() - begin);
    --world_.clients_left;
  }

  void judge(const RunResult& result, std::chrono::nanoseconds time) {
    check(closes_ == 1, "on_close came " + std::to_string(closes_) + " times");
    check(!result.failed() || errors_ > 0, "a run has failed, and on_error was not called");
    world_.note(result.unsent_bytes);
    if (plan_.is_healthy() && world_.plan.closes_after == 0) judge_healthy(result);
    if (!plan_.paths[0].answers && !plan_.reconnects && plan_.kind == ClientKind::app) {
      check(time >= 10s && time < 10s + 20ms,
            "the connect time-out came after " + std::to_string(time / 1ms) + " ms");
    }
    judge_account(result);
  }

  void judge_healthy(const RunResult& result) {
    check(errors_ == 0, "a healthy client was told: " + first_error_);
    check(echoes_ == plan_.messages, "a healthy client got " + std::to_string(echoes_) + " of " +
                                         std::to_string(plan_.messages) + " echoes");
    check(connections_ == 1, "a healthy client lost its connection");
    check(result.why == EndReason::stopped && code_ == CloseCode::normal && !result.error,
          "a healthy client ended otherwise: " + result.text());
  }

  /// accepted = taken by the kernel + told as unsent. Pings, pongs, TLS and compression have bytes
  /// of their own.
  void judge_account(const RunResult& result) {
    const bool is_plain = !world_.plan.tls && !plan_.compresses &&
                          plan_.ping_interval.count() == 0 && world_.plan.server_ping.count() == 0;
    if (!is_plain) return;
    check(result.unsent_bytes <= accepted_ + close_frame, "more is unsent than was accepted");
    if (connections_ != 1) return;
    const std::size_t taken = world_.network.bytes_written(fd_) - written_before_;
    const std::size_t told = taken + result.unsent_bytes;
    // Messages in the outbox count without the headers of their frames.
    const std::size_t tolerance = plan_.from_other_thread && result.unsent_bytes > 0
                                      ? most_overhead * static_cast<std::size_t>(plan_.messages)
                                      : 0;
    check(told + tolerance >= accepted_ && told <= accepted_ + close_frame,
          "accepted " + std::to_string(accepted_) + " bytes, the kernel took " +
              std::to_string(taken) + ", told as unsent " + std::to_string(result.unsent_bytes));
  }

  void check(bool holds, const std::string& what) { world_.check(holds, index_, what); }

  WorldState& world_;
  std::size_t index_;
  const ClientPlan& plan_;
  int next_ = 0;
  int last_echo_ = -1;
  int last_news_ = -1;
  int echoes_ = 0;
  int connections_ = 0;
  int closes_ = 0;
  unsigned errors_ = 0;
  std::string first_error_;
  std::optional<CloseCode> code_;
  int fd_ = -1;
  std::uint64_t written_before_ = 0;
  std::size_t accepted_ = 0;  // bytes of frames
  bool over_ = false;
  WebSocketApp app_;
};

}  // namespace

std::shared_ptr<void> start_app(WorldState& world, std::size_t i) {
  return std::make_shared<WorldApp>(world, i);
}

}  // namespace wirespan::test
