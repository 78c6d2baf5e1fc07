// soak_server.cpp - what the servers of the soak do with each kind of connection.
#include "soak_server.hpp"

#include <cstdio>
#include <random>
#include <string>

#include "processes.hpp"
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

SoakKind kind_of(std::string_view target) {
  if (target == "/echo") return SoakKind::echo;
  if (target == "/cut") return SoakKind::cut;
  if (target == "/churn") return SoakKind::churn;
  return target.starts_with("/sub?") ? SoakKind::subscriber : SoakKind::sick;
}

SoakKind kind_of(const ServerConnection& connection) {
  const std::string* target = connection.user_data_as<std::string>();
  return target == nullptr ? SoakKind::sick : kind_of(*target);
}

void subscribe(const ServerConnection& connection) {
  const std::string target = *connection.user_data_as<std::string>();
  std::size_t topic = std::stoul(target.substr(std::string_view("/sub?").size()));
  for (std::size_t i = 0; i < soak_topics_each; ++i, ++topic) {
    connection.subscribe(std::to_string(topic % soak_topics));
  }
}

/// A peer that asks for more than it reads: each limit of the output is reached by it.
void flood(const ServerConnection& connection) {
  static const std::string much(16 << 10, 'f');
  for (int i = 0; i < 512; ++i) (void)connection.send_text(much);
}

}  // namespace

ServerOptions SoakServer::options([[maybe_unused]] bool tls) {
  ServerOptions options{.threads = 2,
                        .progress_time = 2s,
                        .ping_interval = 1s,
                        .ping_timeout = 20s,
                        .send_hard_limit = std::size_t{4} << 20,
                        .loop_send_budget = std::size_t{8} << 20,
                        .compression = DeflateOptions{}};
#ifdef WIRESPAN_TEST_TLS
  if (tls) {
    const CertificateFiles files = certificate();
    options.tls = tls::ServerOptions{.certificate_file = files.certificate, .key_file = files.key};
  }
#endif
  return options;
}

ServerHandlers SoakServer::handlers() {
  return {.on_request =
              [](PendingRequest request) {
                const std::string target = request.request().offer.target;
                request.accept({}, target);
              },
          .on_open =
              [](const ServerConnection& connection) {
                if (kind_of(connection) == SoakKind::subscriber) subscribe(connection);
              },
          .on_message = [this](const ServerConnection& connection,
                               const Message& message) { answer(connection, message); },
          .on_close = [this](const ServerConnection& connection, CloseCode, std::string_view,
                             std::error_code cause) { ended(connection, cause); }};
}

SoakServer::SoakServer(bool tls) : server_(options(tls), handlers()), port_(server_.listen()) {
  running_ = std::thread([this] { server_.run(); });
}

SoakServer::~SoakServer() {
  if (!running_.joinable()) return;
  server_.stop({.deadline = 0ms});
  running_.join();
}

void SoakServer::answer(const ServerConnection& connection, const Message& message) {
  thread_local std::minstd_rand random(20'261'129);  // NOLINT: the same choice in each run
  const SoakKind kind = kind_of(connection);
  if (kind == SoakKind::sick) return flood(connection);
  if (kind == SoakKind::cut && random() % 50 == 0) {
    connection.abort();
    return;
  }
  const bool refused = connection.send(message.opcode, message.payload).failed();
  if (refused && kind != SoakKind::cut) ++healthy_refused_;
}

void SoakServer::ended(const ServerConnection& connection, std::error_code cause) {
  told_as_unsent_ += connection.buffered_amount();
  const SoakKind kind = kind_of(connection);
  if (kind == SoakKind::sick) {
    ++sick_ended_;
  } else if (kind != SoakKind::cut && kind != SoakKind::churn && cause && !stops_) {
    std::printf("a healthy connection has ended: %s\n", cause.message().c_str());
    ++healthy_cut_;
  }
}

bool SoakServer::comes_to_rest(std::size_t count) const {
  for (int tries = 0; tries < 1'000; ++tries) {
    const ServerStats stats = server_.stats();
    if (stats.open == count && stats.handshaking == 0 && stats.send_queue == 0) return true;
    std::this_thread::sleep_for(10ms);
  }
  const ServerStats stats = server_.stats();
  std::printf("open: %zu instead of %zu; handshaking: %zu; unsent: %zu\n", stats.open, count,
              stats.handshaking, stats.send_queue);
  return false;
}

void SoakServer::stop_and_judge(const char* name) {
  stops_ = true;
  server_.stop({.deadline = 10s});
  running_.join();
  const ServerStats stats = server_.stats();
  const std::string prefix = std::string(name) + " server: ";
  std::printf(
      "%s%llu opened, %llu messages in, %llu out, %llu bytes unsent at close, refused: %llu "
      "by the hard limit, %llu by the budget; %llu ended for the budget; %llu sick peers\n",
      prefix.c_str(), static_cast<unsigned long long>(stats.opened),
      static_cast<unsigned long long>(stats.messages_in),
      static_cast<unsigned long long>(stats.messages_out),
      static_cast<unsigned long long>(stats.unsent_at_close),
      static_cast<unsigned long long>(stats.refused.send_queue),
      static_cast<unsigned long long>(stats.refused.send_budget),
      static_cast<unsigned long long>(stats.refused.overflow_closed),
      static_cast<unsigned long long>(sick_ended_.load()));
  require(stats.opened == stats.closed && stats.open == 0, prefix + "every connection has ended");
  require(stats.unsent_at_close == told_as_unsent_, prefix + "each lost byte was told in on_close");
  const RefusalCounts& refused = stats.refused;
  require(sick_ended_ == 0 || refused.send_queue > 0, prefix + "the hard limit was reached");
  require(sick_ended_ == 0 || refused.send_budget + refused.overflow_closed > 0,
          prefix + "the budget of a loop was reached");
  require(healthy_refused_ == 0, prefix + "no answer to a healthy client was refused");
  require(healthy_cut_ == 0, prefix + "no healthy client was cut");
}

SoakPublisher::SoakPublisher(WebSocketServer& server)
    : server_(server), next_(soak_topics), thread_([this] { run(); }) {}

SoakPublisher::~SoakPublisher() {
  over_ = true;
  thread_.join();
}

void SoakPublisher::run() {
  std::minstd_rand random(7);  // NOLINT: the same choice in each run
  while (!over_) {
    for (int i = 0; i < 5 && !paused_; ++i) {
      const std::size_t topic = random() % soak_topics;
      const std::string name = std::to_string(topic);
      const std::string text = name + " " + std::to_string(next_[topic]) + " news";
      if (server_.publish(name, text)) continue;
      ++next_[topic];
      ++published_;
    }
    std::this_thread::sleep_for(2ms);
  }
}

}  // namespace wirespan::test
