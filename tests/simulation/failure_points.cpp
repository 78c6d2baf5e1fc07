// failure_points.cpp - the life that is repeated.
#include "simulation/failure_points.hpp"

#include <array>
#include <set>

#include "simulation/exempt_network.hpp"
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/net/thread_id.hpp>
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::SimulatedNetwork;

constexpr std::uint16_t proxy_port = 3128;

const std::array<std::string, 3>& messages() {
  static const std::array<std::string, 3> all{"hello", std::string(70'000, 'x'), "in two parts"};
  return all;
}

/// The tunnel of an HTTP proxy, as one thread for a connection.
class SimulatedProxy {
 public:
  explicit SimulatedProxy(SimulatedNetwork& network) : network_(network) {
    start("proxy", [this] { serve(); });
    (void)network_.wait_until([this] { return listener_ >= 0; });
  }
  void stop() { over_ = true; }
  /// True on a thread of the proxy, whose calls do not fail.
  [[nodiscard]] bool is_running() const { return threads_.contains(net::current_thread()); }

 private:
  void start(const char* name, std::function<void()> work) {
    network_.start(name, [this, work = std::move(work)] {
      const Exempt exempt;
      threads_.insert(net::current_thread());
      work();
      threads_.erase(net::current_thread());
    });
  }

  void serve() {
    listener_ = *network_.listen(*net::Endpoint::from_numeric("127.0.0.1", proxy_port), {});
    while (!over_) {
      if (!ready(listener_, net::Interest::read, 100ms)) continue;
      if (const auto accepted = network_.accept(listener_)) {
        start("tunnel", [this, fd = accepted->fd] { tunnel(fd); });
      }
    }
    network_.close(listener_);
  }

  void tunnel(int fd) {
    net::TcpSocket client(network_, fd);
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      if (!read(client, request)) return;
    }
    const auto port = static_cast<std::uint16_t>(std::stoi(request.substr(request.find(':') + 1)));
    const auto opened = network_.open(net::Family::ipv4);
    if (!opened) return;
    net::TcpSocket server(network_, *opened);
    (void)network_.connect(*opened, *net::Endpoint::from_numeric("127.0.0.1", port));
    if (!ready(*opened, net::Interest::write, 5s) || network_.connect_result(*opened)) return;
    if (!write(client, "HTTP/1.1 200 OK\r\n\r\n")) return;
    relay(client, server);
  }

  void relay(net::TcpSocket& a, net::TcpSocket& b) {
    while (true) {
      std::array waiting{net::Waiting{.fd = a.fd(), .interest = net::Interest::read},
                         net::Waiting{.fd = b.fd(), .interest = net::Interest::read}};
      if (!network_.wait(waiting, std::chrono::nanoseconds(60s))) return;
      std::string bytes;
      if (waiting[0].ready.readable && (!read(a, bytes) || !write(b, bytes))) return;
      bytes.clear();
      if (waiting[1].ready.readable && (!read(b, bytes) || !write(a, bytes))) return;
    }
  }

  bool ready(int fd, net::Interest interest, std::chrono::nanoseconds time) {
    std::array waiting{net::Waiting{.fd = fd, .interest = interest}};
    return network_.wait(waiting, time) && (waiting[0].ready.readable || waiting[0].ready.writable);
  }
  bool read(net::TcpSocket& socket, std::string& into) {
    std::array<std::byte, 4096> buffer{};
    while (true) {
      const net::IoResult result = socket.read_some(buffer);
      if (result.is_ok()) {
        into += wire_text(Bytes(buffer).first(result.bytes));
        return true;
      }
      if (!result.would_block() || !ready(socket.fd(), net::Interest::read, 60s)) return false;
    }
  }
  bool write(net::TcpSocket& socket, std::string_view text) {
    while (!text.empty()) {
      const net::IoResult result = socket.write_some(wire_bytes(text));
      if (result.is_ok()) {
        text.remove_prefix(result.bytes);
      } else if (!result.would_block() || !ready(socket.fd(), net::Interest::write, 60s)) {
        return false;
      }
    }
    return true;
  }

  SimulatedNetwork& network_;
  std::set<net::ThreadId> threads_;
  int listener_ = -1;
  bool over_ = false;
};

/// Server, proxy and clients of one life.
class Life {
 public:
  Life(const LifePlan& plan, const LifeFaults& faults) : plan_(plan), faults_(faults) {
    network_.set_path([&plan](const net::Endpoint&) {
      net::SimulatedPath path;
      for (net::SimulatedDirection* way : {&path.up, &path.down}) {
        way->most_per_read = way->most_per_write = plan.most_at_once;
      }
      return path;
    });
    if (plan.proxy) proxy_ = std::make_unique<SimulatedProxy>(network_);
    network_.set_fault([this](net::SimulatedCall call) {
      return proxy_ && proxy_->is_running() ? std::error_code{} : faults_.of_calls(call);
    });
    network_.start("life", [this] { live(); });
    try {
      if (!network_.run_for(1h)) {
        for (const auto& name : network_.waiting()) report.broken.push_back("never ended: " + name);
      }
    } catch (const std::exception& error) {
      report.broken.push_back(std::string("thrown: ") + error.what());
    }
    network_.set_fault({});
  }

  [[nodiscard]] std::size_t descriptors() const { return network_.open_descriptors(); }
  /// True if a thread is left, whose stack uses this object.
  [[nodiscard]] bool is_stuck() const { return !network_.waiting().empty(); }

  LifeReport report;

 private:
  void live() {
    try {
      WebSocketServer server(server_options(), server_handlers());
      const std::uint16_t port = server.listen();
      start_serving(server);
      report.first = client(port, server);
      network_.set_fault({});
      faults_.first_ended();
      report.second = client(port, server);
      server.stop({.deadline = 5s});
      (void)network_.wait_until([&] { return server_over_; }, 60s);
    } catch (const std::exception& error) {
      report.served = false;
      report.first = error.what();
    }
    if (proxy_) proxy_->stop();
  }

  void start_serving(WebSocketServer& server) {
    const Exempt exempt;
    network_.start("server", [&] { serve(server); });
  }

  void serve(WebSocketServer& server) {
    try {
      server.run();
    } catch (const std::exception& error) {
      report.broken.push_back(std::string("run() has thrown: ") + error.what());
    }
    server_over_ = true;
  }

  ServerOptions server_options() {
    ServerOptions options;
    options.network = &network();
    if (plan_.compresses) options.compression.emplace();
#ifdef WIRESPAN_TEST_TLS
    if (plan_.tls) {
      const CertificateFiles files = certificate();
      options.tls.emplace();
      options.tls->certificate_file = files.certificate;
      options.tls->key_file = files.key;
    }
#endif
    return options;
  }

  ServerHandlers server_handlers() {
    return {.on_open = [](const ServerConnection& c) { (void)c.subscribe("news"); },
            .on_message =
                [this](const ServerConnection& c, const Message& message) {
                  if (!c.send(message.opcode, message.payload).accepted()) (void)c.abort();
                  const bool is_last = wire_text(message.payload) == messages().back();
                  if (is_last && plan_.server_closes) (void)c.close(CloseCode::going_away, "bye");
                }};
  }

  net::Network& network() noexcept {
    if (faults_.of_memory) return exempt_network_;
    return network_;
  }

  [[nodiscard]] std::string url(std::uint16_t port) const {
    return (plan_.tls ? "wss://localhost:" : "ws://localhost:") + std::to_string(port) + "/";
  }

  template <class Options>
  void set_common(Options& options) {
    options.proxy_from_environment = false;
    if (plan_.proxy) {
      options.http_proxy_host = "127.0.0.1";
      options.http_proxy_port = proxy_port;
      options.http_no_proxy = {"nothing.test"};
    }
#ifdef WIRESPAN_TEST_TLS
    if (plan_.tls) options.sslopt.ca_certs = authority_file();
#endif
  }

  /// "done", or the text of the error that the client was told.
  std::string client(std::uint16_t port, WebSocketServer& server) {
    try {
      return plan_.is_app ? app(port, server) : blocking(port, server);
    } catch (const WebSocketConnectionClosedException& closed) {
      const bool is_planned = plan_.server_closes && closed.close_code() == CloseCode::going_away;
      return is_planned ? "done" : closed.what();
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  std::string blocking(std::uint16_t port, WebSocketServer& server) {
    ConnectOptions options;
    options.network = &network();
    options.timeout = 60s;
    set_common(options);
    if (plan_.compresses) options.compression.emplace();
    WebSocket socket = create_connection(url(port), options);
    for (const std::string& message : messages()) {
      if (message == messages().back()) {
        (void)server.publish("news", "news");
        if (socket.recv().text() != "news") return "other news";
      }
      socket.send(message);
      if (socket.recv().text() != message) return "another echo";
    }
    socket.ping("are you there");
    if (plan_.server_closes) (void)socket.recv();
    socket.close();
    return "done";
  }

  std::string app(std::uint16_t port, WebSocketServer& server) {
    std::size_t echoes = 0;
    bool is_right = true;
    std::string told;
    int closes = 0;
    AppOptions options;
    options.network = &network();
    if (plan_.compresses) options.compression.emplace();
    WebSocketApp app(
        url(port),
        {.on_open = [](WebSocketApp& self) { self.send(messages()[0]); },
         .on_message =
             [&](WebSocketApp& self, const Message& message) {
               if (wire_text(message.payload) == "news") return;
               is_right = is_right && wire_text(message.payload) == messages().at(echoes);
               if (++echoes < messages().size()) return self.send(messages()[echoes]);
               (void)server.publish("news", "news");
               self.ping("are you there");
               if (!plan_.server_closes) self.close();
             },
         .on_error =
             [&](WebSocketApp& self, const std::exception& error) {
               self.close();  // after an exception of on_message the next echo is not asked for
               told = error.what();
             },
         .on_close = [&](WebSocketApp&, std::optional<CloseCode>, std::string_view) { ++closes; }},
        options);
    RunOptions run;
    set_common(run);
    run.ping_interval = 20s;
    run.ping_timeout = 10s;
    const RunResult result = app.run_forever(run);
    if (closes != 1) report.broken.push_back("on_close came " + std::to_string(closes) + " times");
    if (result.failed() && told.empty()) report.broken.push_back("on_error was not called");
    if (!told.empty()) return told;
    return is_right && echoes == messages().size() ? "done" : "echoes are missing";
  }

  const LifePlan& plan_;
  const LifeFaults& faults_;
  std::unique_ptr<SimulatedProxy> proxy_;
  SimulatedNetwork network_{7};
  ExemptNetwork exempt_network_{network_};
  bool server_over_ = false;
};

}  // namespace

std::vector<LifePlan> life_plans() {
  std::vector<LifePlan> plans;
  for (const bool is_app : {false, true}) {
    for (const bool tls : {false, true}) {
#ifndef WIRESPAN_TEST_TLS
      if (tls) continue;
#endif
      const std::string prefix = std::string(is_app ? "app" : "blocking") + (tls ? "_tls" : "");
      const LifePlan plain{.name = prefix, .is_app = is_app, .tls = tls};
      plans.push_back(plain);
      const auto add = [&](const char* name, auto change) {
        LifePlan plan = plain;
        plan.name += name;
        change(plan);
        plans.push_back(plan);
      };
      add("_proxy", [](LifePlan& plan) { plan.proxy = true; });
      add("_compressed", [](LifePlan& plan) { plan.compresses = true; });
      add("_server_closes", [](LifePlan& plan) { plan.server_closes = true; });
      add("_short_counts", [](LifePlan& plan) { plan.most_at_once = 6000; });
    }
  }
  return plans;
}

LifeReport live(const LifePlan& plan, const LifeFaults& faults) {
  auto life = std::make_unique<Life>(plan, faults);
  if (const std::size_t left = life->descriptors()) {
    life->report.broken.push_back(std::to_string(left) + " descriptors are left");
  }
  LifeReport report = life->report;
  if (life->is_stuck()) (void)life.release();
  return report;
}

}  // namespace wirespan::test
