// soak [SECONDS]: servers in one process and clients of all kinds in another, in rounds with a
// pause behind each. Memory and descriptors do not grow from pause to pause, each message arrives
// once, in order and unchanged, and healthy clients are served while sick ones come and go.
#include <algorithm>
#include <cstdio>
#include <list>
#include <optional>
#include <string>

#include "processes.hpp"
#include "soak_clients.hpp"
#include "soak_meter.hpp"
#include "soak_server.hpp"
#include "soak_sick.hpp"
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t plain_members = 40;
constexpr std::size_t compressed_members = 20;
constexpr std::size_t secure_members = 20;
constexpr std::size_t cut_members = 10;
constexpr std::size_t subscribers = soak_topics / soak_topics_each;
constexpr std::size_t slow_subscribers = 5;
constexpr std::size_t plain_connections =
    plain_members + compressed_members + cut_members + subscribers + slow_subscribers;
/// Time that 999 of 1,000 answers to healthy clients stay below, on a machine that runs all of
/// this at once.
constexpr auto service = 1s;

#ifdef WIRESPAN_TEST_TLS
constexpr bool has_tls = true;
#else
constexpr bool has_tls = false;
#endif

struct Rounds {
  std::size_t count;
  std::chrono::milliseconds time;

  explicit Rounds(std::size_t seconds)
      : count(std::clamp<std::size_t>(seconds / 30, 4, 1'000)), time(seconds * 1'000 / count) {}
  [[nodiscard]] std::size_t warm_up() const noexcept { return count >= 10 ? count / 5 : 1; }
};

/// All clients, in the second process.
class Clients {
 public:
  explicit Clients(const SoakAddresses& addresses) : addresses_(addresses) {
    for (std::size_t i = 0; i < plain_members; ++i) add({.url = addresses.plain + "/echo"});
    for (std::size_t i = 0; i < compressed_members; ++i) {
      add({.url = addresses.plain + "/echo", .compresses = true});
    }
    for (std::size_t i = 0; i < cut_members; ++i) {
      add({.url = addresses.plain + "/cut", .is_cut = true});
    }
    for (std::size_t i = 0; has_tls && i < secure_members; ++i) {
      add({.url = addresses.secure + "/echo", .tls = addresses.tls, .compresses = i % 2 == 0});
    }
    for (std::size_t i = 0; i < subscribers + slow_subscribers; ++i) {
      const std::string from = std::to_string(i * soak_topics_each);
      subscribed_.emplace_back(addresses.plain + "/sub?" + from, i >= subscribers, loop_);
    }
    opened_ = turn_until([&] { return are_open(); }, 60s);
  }

  /// Load for `time`; then everything that was sent has come back.
  void round(std::uint16_t port, std::chrono::milliseconds time) {
    SoakSick sick(port);
    SoakChurn churn(addresses_);
    const auto begin = std::chrono::steady_clock::now();
    for (auto now = begin; now < begin + time; now = std::chrono::steady_clock::now()) {
      for (EchoMember& member : echo_) member.talk();
      const bool paused = (now - begin) / 500ms % 2 == 0;
      for (SubscribedMember& member : subscribed_) member.pause(paused);
      (void)turn_until([] { return false; }, 20ms);
    }
    for (SubscribedMember& member : subscribed_) member.pause(false);
    peers_ += sick.finish();
    churned_ += churn.finish();
    faults_ += churn.faults();
    quiet_ = turn_until([&] { return are_quiet() && are_open(); }, 20s) && quiet_;
  }
  void turn(std::chrono::milliseconds time) {
    (void)turn_until([] { return false; }, time);
  }

  void close_and_judge() {
    for (EchoMember& member : echo_) member.close();
    for (SubscribedMember& member : subscribed_) member.close();
    const bool ended = turn_until([&] { return have_ended(); }, 20s);
    std::uint64_t answers = 0, losses = 0, faults = faults_, messages = 0;
    for (const EchoMember& member : echo_) {
      answers += member.answers();
      losses += member.losses();
      faults += member.faults();
    }
    for (const SubscribedMember& member : subscribed_) {
      messages += member.messages();
      faults += member.faults();
    }
    std::printf(
        "clients: %llu echoes, %llu published messages, %llu connections that came and "
        "went, %llu lost and opened again, %llu sick peers; half of the echoes below %lld "
        "us, 99.9 %% below %lld us, the slowest %lld us\n",
        number(answers), number(messages), number(churned_), number(losses), number(peers_),
        us(durations_.below(0.5)), us(durations_.below(0.999)), us(durations_.longest()));
    require(opened_, "clients: all have opened");
    require(quiet_, "clients: each message was answered at the end of each round");
    require(faults == 0,
            "clients: each message once, in order, unchanged; no healthy client lost "
            "its connection");
    require(losses > 0 && messages > 0, "clients: connections were lost, topics were heard");
    require(durations_.below(0.999) <= service, "clients: healthy ones are served");
    require(ended, "clients: each app has ended after close()");
  }

 private:
  static unsigned long long number(std::uint64_t value) { return value; }
  static long long us(std::chrono::microseconds value) { return value.count(); }
  void add(const EchoMember::Plan& plan) {
    echo_.emplace_back(echo_.size(), plan, loop_, durations_);
  }
  [[nodiscard]] bool are_open() const {
    return std::ranges::all_of(echo_, &EchoMember::is_open) &&
           std::ranges::all_of(subscribed_, &SubscribedMember::is_open);
  }
  [[nodiscard]] bool are_quiet() const { return std::ranges::all_of(echo_, &EchoMember::is_quiet); }
  [[nodiscard]] bool have_ended() const {
    return std::ranges::all_of(echo_, &EchoMember::has_ended) &&
           std::ranges::all_of(subscribed_, &SubscribedMember::has_ended);
  }
  template <class Condition>
  [[nodiscard]] bool turn_until(Condition condition, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.run_once(5ms);
    }
    return true;
  }

  SoakAddresses addresses_;
  net::EventLoop loop_;
  Durations durations_;
  std::list<EchoMember> echo_;
  std::list<SubscribedMember> subscribed_;
  bool opened_ = false;
  bool quiet_ = true;
  std::uint64_t faults_ = 0;
  std::uint64_t churned_ = 0;
  std::uint64_t peers_ = 0;
};

SoakAddresses addresses_of(std::uint16_t plain, std::uint16_t secure) {
  SoakAddresses addresses;
  addresses.plain = "ws://127.0.0.1:" + std::to_string(plain);
#ifdef WIRESPAN_TEST_TLS
  addresses.secure = "wss://127.0.0.1:" + std::to_string(secure);
  addresses.tls.ca_certs = authority_file();
#endif
  (void)secure;
  return addresses;
}

/// Each round: load; told to the servers, which stop publishing; what is on its way arrives; told
/// again, and both measure while the other waits.
void be_clients(Line& line, const Rounds& rounds) {
  const auto plain = static_cast<std::uint16_t>(line.hear());
  const auto secure = static_cast<std::uint16_t>(line.hear());
  GrowthJudge judge("clients", rounds.warm_up());
  Clients clients(addresses_of(plain, secure));
  for (std::size_t i = 0; i < rounds.count; ++i) {
    clients.round(plain, rounds.time);
    line.tell(0);
    (void)line.hear();
    clients.turn(1s);
    line.tell(0);
    (void)line.hear();
    judge.note(usage_now());
    line.tell(0);
  }
  judge.judge();
  clients.close_and_judge();
  if (verdict() != 0) throw std::runtime_error("a requirement of the clients fails");
}

void serve(Line& line, const Rounds& rounds) {
  SoakServer plain(false);
  std::optional<SoakServer> secure;
  if (has_tls) secure.emplace(true);
  SoakPublisher publisher(plain.server());
  GrowthJudge judge("servers", rounds.warm_up());
  line.tell(plain.port());
  line.tell(secure ? secure->port() : 0);
  const auto patience = std::chrono::duration_cast<std::chrono::seconds>(rounds.time) + 120s;
  bool rests = true;
  for (std::size_t i = 0; i < rounds.count; ++i) {
    publisher.pause(false);
    (void)line.hear(patience);
    publisher.pause(true);
    line.tell(0);
    (void)line.hear(patience);
    rests = plain.comes_to_rest(plain_connections) && rests;
    if (secure) rests = secure->comes_to_rest(secure_members) && rests;
    judge.note(usage_now());
    line.tell(0);
    (void)line.hear(patience);
  }
  judge.judge();
  require(rests,
          "servers: in each pause the healthy clients alone are left, and nothing is unsent");
  require(publisher.published() > 0, "servers: messages were published");
  plain.stop_and_judge("plain");
  if (secure) secure->stop_and_judge("secure");
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  const Rounds rounds(argument(argc, argv, 1, 20));
#ifdef WIRESPAN_TEST_TLS
  (void)certificate();  // made before the fork, so that both processes have the same
#endif
  Child clients([&](Line& line) { be_clients(line, rounds); });
  try {
    serve(clients.line(), rounds);
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(clients.join(), "the clients are content");
  return verdict();
}
