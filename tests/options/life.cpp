// life.cpp - the threads of a life: server, client, and the script that ends it.
#include "options/life.hpp"

#include <memory>

#include <wirespan/app/exceptions.hpp>

namespace wirespan::test {
namespace {

using net::SimulatedNetwork;

std::string text_of(std::size_t size) { return std::string(size, 'x'); }

/// Network, server and counts of one life.
class Stage {
 public:
  explicit Stage(const Life& life) : life_(life) {
    network.set_path([this](const net::Endpoint& peer) {
      report.attempts.push_back(since_begin());
      report.peers.push_back(peer.port() == port_ ? "the server" : peer.to_string());
      const auto number = static_cast<int>(report.attempts.size());
      return life_.path ? life_.path(number, peer) : net::SimulatedPath{};
    });
  }

  template <class Client>
  void run(Client client) {
    network.start("life", [this, client] { live(client); });
    try {
      if (!network.run_for(3h)) {
        for (const auto& name : network.waiting()) note("NEVER ENDED: " + name);
      }
    } catch (const std::exception& error) {
      note(std::string("BROKEN: ") + error.what());
    }
    if (network.open_descriptors() > 0) note("DESCRIPTORS ARE LEFT");
  }

  [[nodiscard]] std::string url() const {
    const std::string host = life_.tls ? "wss://localhost:" : "ws://127.0.0.1:";
    return host + std::to_string(port_) + "/";
  }
  [[nodiscard]] Ms since_begin() { return std::chrono::duration_cast<Ms>(network.now() - begin_); }
  [[nodiscard]] Trouble trouble() { return {network, *server_, url()}; }
  void note(const std::string& text) { report.story += report.story.empty() ? text : ", " + text; }
  void stop_server(const StopOptions& options) {
    if (stopped_ == begin_) stopped_ = network.now();
    try {
      server_->stop(options);
    } catch (const WebSocketException& error) {
      note("stop refused (" + error.code().message() + ")");
      server_->stop({.deadline = 0s});
    }
  }
  [[nodiscard]] bool is_stuck() const { return !network.waiting().empty(); }

  SimulatedNetwork network{7};
  LifeReport report;

 private:
  template <class Client>
  void live(const Client& client) {
    try {
      ServerOptions options = life_.server;
      options.network = &network;
      server_ = std::make_unique<WebSocketServer>(options, handlers());
      port_ = server_->listen();
    } catch (const WebSocketException& error) {
      server_.reset();
      return note("server refused (" + error.code().message() + ")");
    }
    network.start("server", [this] { serve(); });
    client();
    stop_server({.deadline = 5s});
    if (!network.wait_until([this] { return server_over_; }, 1h)) note("SERVER DOES NOT STOP");
    server_.reset();
  }

  void serve() {
    server_->run();
    report.stop_took = std::chrono::duration_cast<Ms>(network.now() - stopped_);
    server_over_ = true;
  }

  ServerHandlers handlers() {
    return {
        .on_request =
            [this](PendingRequest request) {
              report.requests.push_back(request.request().offer);
              if (life_.holds_requests) return held_.push_back(std::move(request));
              request.accept({.subprotocol = life_.subprotocol});
            },
        .on_open =
            [this](const ServerConnection& c) {
              ++connections_;
              if (life_.on_open) life_.on_open(network, c, connections_);
            },
        .on_message = [](const ServerConnection& c,
                         const Message& m) { (void)c.send(m.opcode, m.payload); },
        .on_fragment = [](const ServerConnection& c,
                          const Fragment& f) { (void)c.send(f.opcode, f.payload); },
        .on_ping = [this](const ServerConnection&, Bytes) { ++report.server_pings; },
        .on_pong = [this](const ServerConnection&, Bytes) { ++report.server_pongs; },
        .on_drain =
            [this](const ServerConnection& c) {
              ++report.server_drains;
              report.unsent_at_drain = c.buffered_amount();
            },
        .on_close =
            [this](const ServerConnection&, CloseCode code, std::string_view, std::error_code why) {
              report.server_ends.push_back(std::to_string(static_cast<int>(code)) +
                                           (why ? " " + why.message() : ""));
              report.server_end_times.push_back(since_begin());
            },
    };
  }

  const Life life_;  // a copy: threads that are stuck outlive the caller's
  TimePoint begin_ = network.now();
  TimePoint stopped_ = begin_;
  std::unique_ptr<WebSocketServer> server_;
  std::uint16_t port_ = 0;
  int connections_ = 0;
  std::vector<PendingRequest> held_;
  bool server_over_ = false;
};

/// An app, its run, and the script beside it.
class AppLife {
 public:
  AppLife(Stage& stage, const Life& life, AppOptions options)
      : stage_(stage), life_(life), app_(stage.url(), handlers(), on(stage, std::move(options))) {}

  void run(const RunOptions& options) {
    stage_.network.start("script", [this] { act(); });
    const Ms begin = stage_.since_begin();
    try {
      result_ = life_.loop ? run_on_loop(*life_.loop, options) : app_.run_forever(options);
      end();
    } catch (const WebSocketException& error) {
      stage_.note("refused (" + error.code().message() + ")");
    }
    over_ = true;
    stage_.report.took = stage_.since_begin() - begin;
    stage_.report.metrics = app_.metrics();
    (void)stage_.network.wait_until([this] { return script_over_; });
  }

 private:
  RunResult run_on_loop(net::EventLoopOptions loop_options, const RunOptions& options) {
    RunResult result;
    loop_options.network = &stage_.network;
    net::EventLoop loop(loop_options);
    app_.start(loop, options, [&](WebSocketApp&, const RunResult& ended) {
      result = ended;
      loop.stop();
    });
    loop.run();
    return result;
  }
  static AppOptions on(Stage& stage, AppOptions options) {
    options.network = &stage.network;
    return options;
  }

  AppHandlers handlers() {
    return {.on_open = [this](WebSocketApp&) { opened(); },
            .on_message = [this](WebSocketApp&, const Message& m) { take(wire_text(m.payload)); },
            .on_error =
                [this](WebSocketApp&, const std::exception& error) {
                  const auto* known = dynamic_cast<const WebSocketException*>(&error);
                  errors_.push_back(known ? known->code().message() : error.what());
                  if (life_.app_failed) life_.app_failed(app_);
                },
            .on_close = [this](WebSocketApp&, std::optional<CloseCode>,
                               std::string_view) { ++closes_; },
            .on_ping = [this](WebSocketApp&, Bytes) { ++stage_.report.client_pings; },
            .on_pong = [this](WebSocketApp&, Bytes) { ++pongs_; },
            .on_drain =
                [this](WebSocketApp& app) {
                  ++stage_.report.drains;
                  stage_.report.unsent_at_drain = app.buffered_amount();
                }};
  }

  void opened() {
    echoes_ = 0;
    if (life_.app_opened) life_.app_opened(app_);
    for (const std::size_t size : life_.sizes) (void)app_.try_send(text_of(size));
    (void)app_.try_send("", Opcode::ping);
  }

  void take(std::string_view text) {
    if (echoes_ < life_.sizes.size() && text == text_of(life_.sizes[echoes_])) ++echoes_;
  }

  void act() {
    SimulatedNetwork& network = stage_.network;
    (void)network.wait_until(
        [this] { return over_ || (echoes_ == life_.sizes.size() && pongs_ > 0); }, life_.patience);
    if (!over_ && life_.trouble) life_.trouble(stage_.trouble());
    (void)network.wait_until([this] { return over_; }, life_.stay);
    if (!over_ && life_.stop) {
      stage_.stop_server(*life_.stop);
      (void)network.wait_until([this] { return over_; }, 2h);
    }
    if (!over_) app_.close();
    script_over_ = true;
  }

  void end() {
    stage_.note(std::to_string(echoes_) + " echoes, " + (pongs_ > 0 ? "a pong, " : "no pong, "));
    stage_.report.story += result_.why == EndReason::stopped  ? "stopped"
                           : result_.why == EndReason::failed ? "failed"
                                                              : "closed by the server";
    if (result_.why == EndReason::closed_by_peer) {
      stage_.report.story += " " + std::to_string(static_cast<int>(*result_.close.code));
    }
    for (const std::string& error : errors_) stage_.report.story += " (" + error + ")";
    if (closes_ != 1) stage_.note("ON_CLOSE CAME " + std::to_string(closes_) + " TIMES");
    if (result_.failed() && errors_.empty()) stage_.note("ON_ERROR WAS NOT CALLED");
    if (result_.error && errors_.empty()) stage_.note(result_.error.message());
  }

  Stage& stage_;
  const Life& life_;
  std::size_t echoes_ = 0;
  int pongs_ = 0;
  int closes_ = 0;
  std::vector<std::string> errors_;
  bool over_ = false;
  bool script_over_ = false;
  RunResult result_;
  WebSocketApp app_;
};

void talk(Stage& stage, const Life& life, WebSocket& socket, std::size_t& echoes) {
  for (const std::size_t size : life.sizes) {
    socket.send(text_of(size));
    if (socket.recv().text() == text_of(size)) ++echoes;
  }
  socket.ping();
  const bool has_pong = socket.recv_data(true).first == Opcode::pong;
  stage.note(std::to_string(echoes) + " echoes, " + (has_pong ? "a pong" : "no pong"));
  if (life.trouble) life.trouble(stage.trouble());
  if (life.stay > 0s) stage.network.sleep_for(life.stay);
  if (life.calls) stage.note(life.calls(socket, stage.network));
}

/// Plays the client that blocks.
void play(Stage& stage, const Life& life, ConnectOptions options) {
  options.network = &stage.network;
  std::size_t echoes = 0;
  const Ms begin = stage.since_begin();
  try {
    WebSocket socket = create_connection(stage.url(), std::move(options));
    talk(stage, life, socket, echoes);
    socket.close();
    stage.note("closed");
  } catch (const WebSocketException& error) {
    if (stage.report.story.empty()) stage.note(std::to_string(echoes) + " echoes");
    stage.note("thrown (" + error.code().message() + ")");
  }
  stage.report.took = stage.since_begin() - begin;
}

/// Keeps a stage whose threads are stuck: their stacks use it.
LifeReport finish(std::unique_ptr<Stage> stage) {
  LifeReport report = stage->report;
  if (stage->is_stuck()) (void)stage.release();
  return report;
}

}  // namespace

LifeReport live(const Life& life, const AppOptions& app, const RunOptions& run) {
  auto stage = std::make_unique<Stage>(life);
  stage->run([&stage = *stage, &life, &app, run] { AppLife(stage, life, app).run(run); });
  return finish(std::move(stage));
}

LifeReport live(const Life& life, const ConnectOptions& options) {
  auto stage = std::make_unique<Stage>(life);
  stage->run([&stage = *stage, &life, &options] { play(stage, life, options); });
  return finish(std::move(stage));
}

net::SimulatedPath unanswered() { return {.answers = false}; }

net::SimulatedPath refused() {
  return {.connect_error = make_error_code(std::errc::connection_refused)};
}

std::string request_field(const LifeReport& report, const char* name) {
  if (report.requests.empty()) return "no request";
  return std::string(report.requests.front().headers.get(name).value_or("none"));
}

std::string shown_time(Ms time) {
  if (time < 1s) return std::to_string(time.count()) + " ms";
  return std::to_string(std::chrono::round<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace wirespan::test
