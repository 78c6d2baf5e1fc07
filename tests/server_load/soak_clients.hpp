// soak_clients.hpp - the clients of the soak that are ours: apps on one loop, and connections that
// come and go.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "soak_meter.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {

/// The addresses of the servers, and what a client needs for the one with TLS.
struct SoakAddresses {
  std::string plain;   ///< "ws://127.0.0.1:PORT"
  std::string secure;  ///< "wss://..."; empty in a build without TLS.
  tls::ClientOptions tls{};
};

/// Returns message number `number` of client `client`: its length and content follow from both.
[[nodiscard]] std::string soak_text(std::size_t client, std::uint64_t number);

/// An app that sends and checks what comes back.
class EchoMember {
 public:
  struct Plan {
    std::string url;
    tls::ClientOptions tls{};
    bool compresses = false;
    bool is_cut = false;  ///< Its server aborts it at random, and it comes back.
  };

  EchoMember(std::size_t number, const Plan& plan, net::EventLoop& loop, Durations& durations);
  /// Sends until the window is full.
  void talk();
  void close() { app_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return app_.ready(); }
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
  /// True if nothing is on its way. A message of a connection that was lost is not waited for.
  [[nodiscard]] bool is_quiet() const noexcept { return under_way_.empty(); }
  [[nodiscard]] std::uint64_t answers() const noexcept { return answers_; }
  [[nodiscard]] std::uint64_t losses() const noexcept { return losses_; }
  /// Answers that were not the expected ones, and losses that are no one's right.
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_ + (is_cut_ ? 0 : losses_); }

 private:
  struct Sent {
    std::uint64_t number = 0;
    std::chrono::steady_clock::time_point when{};
  };

  void answered(std::string_view text);
  void lost(const std::exception& error);

  std::size_t number_;
  bool is_cut_;
  Durations& durations_;
  std::uint64_t next_ = 0;
  std::deque<Sent> under_way_;
  std::uint64_t answers_ = 0;
  std::uint64_t losses_ = 0;
  std::uint64_t faults_ = 0;
  bool has_ended_ = false;
  WebSocketApp app_;
};

/// An app that has subscribed to a thousand topics. A slow one stops reading now and then, and may
/// miss what its server could not keep.
class SubscribedMember {
 public:
  SubscribedMember(const std::string& url, bool slow, net::EventLoop& loop);
  void close() { app_.close(); }
  /// Stops reading, or goes on. Healthy ones always read.
  void pause(bool paused);
  [[nodiscard]] bool is_open() const noexcept { return app_.ready(); }
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }

 private:
  void came(std::string_view text);

  bool is_slow_;
  std::vector<std::optional<std::uint32_t>> next_;  // by topic
  std::uint64_t messages_ = 0;
  std::uint64_t faults_ = 0;
  bool has_ended_ = false;
  WebSocketApp app_;
};

/// Blocking clients, one after the other: a few messages, then an end of one kind or another.
class SoakChurn {
 public:
  explicit SoakChurn(const SoakAddresses& addresses);
  ~SoakChurn();
  SoakChurn(const SoakChurn&) = delete;
  SoakChurn& operator=(const SoakChurn&) = delete;

  /// Returns the number of connections that came and went, when the last one has gone.
  std::uint64_t finish();
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }

 private:
  void run();
  void one(std::uint64_t number);

  SoakAddresses addresses_;
  std::atomic<bool> over_{false};
  std::uint64_t count_ = 0;
  std::uint64_t faults_ = 0;
  std::thread thread_;
};

}  // namespace wirespan::test
