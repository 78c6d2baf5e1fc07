// soak_clients.cpp - apps and blocking clients of the soak, and what they check.
#include "soak_clients.hpp"

#include <charconv>
#include <cstdio>
#include <exception>

#include "soak_server.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// Messages of one app that may be on their way.
constexpr std::size_t window = 4;

RunOptions run_options(const EchoMember::Plan& plan) {
  RunOptions options{.sslopt = plan.tls, .ping_interval = 5s, .ping_timeout = 4s};
  if (plan.is_cut) options.reconnect = ReconnectPolicy{.delay = 5ms, .max_delay = 50ms};
  return options;
}

std::uint32_t number_in(std::string_view& text) {
  std::uint32_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  return number;
}

}  // namespace

std::string soak_text(std::size_t client, std::uint64_t number) {
  std::uint64_t state = client * 1'000'003 + number * 7'919 + 1;
  const auto random = [&] {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return state >> 33;
  };
  const std::size_t length = random() % 16 == 0 ? random() % 65'000 : random() % 2'000;
  std::string text = std::to_string(number) + " of " + std::to_string(client);
  while (text.size() < length) text += ", \"price\": " + std::to_string(random() % 100'000);
  return text;
}

EchoMember::EchoMember(std::size_t number, const Plan& plan, net::EventLoop& loop,
                       Durations& durations)
    : number_(number),
      is_cut_(plan.is_cut),
      durations_(durations),
      app_(plan.url,
           AppHandlers{
               .on_message = [this](WebSocketApp&,
                                    const Message& message) { answered(message.text()); },
               .on_error = [this](WebSocketApp&, const std::exception& error) { lost(error); }},
           AppOptions{.compression =
                          plan.compresses ? std::optional(DeflateOptions{}) : std::nullopt}) {
  app_.start(loop, run_options(plan),
             [this](WebSocketApp&, const RunResult&) { has_ended_ = true; });
}

void EchoMember::talk() {
  while (app_.ready() && under_way_.size() < window) {
    if (app_.try_send(soak_text(number_, next_)).failed()) return;
    under_way_.push_back({.number = next_++, .when = std::chrono::steady_clock::now()});
  }
}

void EchoMember::answered(std::string_view text) {
  ++answers_;
  if (under_way_.empty() || text != soak_text(number_, under_way_.front().number)) {
    std::printf("client %zu got another message than it has sent\n", number_);
    ++faults_;
    return;
  }
  if (!is_cut_) durations_.note(std::chrono::steady_clock::now() - under_way_.front().when);
  under_way_.pop_front();
}

/// A lost connection takes along what was on its way; nothing of it may come later.
void EchoMember::lost(const std::exception& error) {
  ++losses_;
  under_way_.clear();
  if (!is_cut_) std::printf("healthy client %zu: %s\n", number_, error.what());
}

SubscribedMember::SubscribedMember(const std::string& url, bool slow, net::EventLoop& loop)
    : is_slow_(slow),
      next_(soak_topics),
      app_(url, AppHandlers{.on_message = [this](WebSocketApp&,
                                                 const Message& message) { came(message.text()); },
                            .on_error =
                                [this](WebSocketApp&, const std::exception& error) {
                                  std::printf("subscriber: %s\n", error.what());
                                  ++faults_;
                                }}) {
  app_.start(loop, {}, [this](WebSocketApp&, const RunResult&) { has_ended_ = true; });
}

void SubscribedMember::pause(bool paused) {
  if (!is_slow_) return;
  if (paused) {
    app_.pause();
  } else {
    app_.resume();
  }
}

/// The messages of a topic come in their order, to a healthy subscriber without a gap.
void SubscribedMember::came(std::string_view text) {
  ++messages_;
  const std::uint32_t topic = number_in(text);
  const std::uint32_t number = number_in(text);
  std::optional<std::uint32_t>& next = next_.at(topic);
  const bool in_order = !next || (is_slow_ ? number >= *next : number == *next);
  if (!in_order) ++faults_;
  next = number + 1;
}

SoakChurn::SoakChurn(const SoakAddresses& addresses)
    : addresses_(addresses), thread_([this] { run(); }) {}

SoakChurn::~SoakChurn() { (void)finish(); }

std::uint64_t SoakChurn::finish() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  return count_;
}

void SoakChurn::run() {
  for (; !over_; ++count_) {
    try {
      one(count_);
    } catch (const std::exception& error) {
      std::printf("blocking client: %s\n", error.what());
      ++faults_;
    }
    std::this_thread::sleep_for(2ms);
  }
}

/// One connection in five ends without a closing handshake.
void SoakChurn::one(std::uint64_t number) {
  const bool secure = number % 4 == 0 && !addresses_.secure.empty();
  ConnectOptions options{.timeout = 20s, .sslopt = addresses_.tls};
  if (number % 3 == 0) options.compression = DeflateOptions{};
  WebSocket client =
      create_connection((secure ? addresses_.secure : addresses_.plain) + "/churn", options);
  for (std::uint64_t i = 0; i < 5; ++i) {
    const std::string text = soak_text(1'000'000 + number, i);
    client.send(text);
    if (client.recv().text() != text)
      throw std::runtime_error("got another message than it has sent");
  }
  if (number % 5 != 0) client.close();
}

}  // namespace wirespan::test
