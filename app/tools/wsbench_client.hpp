// wsbench_client.hpp - one connection of wsbench, on the loop of its worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "wsbench_options.hpp"
#include "wsbench_payload.hpp"
#include "wsbench_tally.hpp"
#include <wirespan/net/event_loop.hpp>

namespace wsbench {

class Client final : public wirespan::WebSocketApp {
 public:
  /// All of them outlive the client; `payload` may be shared by the clients of one thread.
  Client(const Options& options, Tally& tally, Payload& payload, wirespan::net::EventLoop& loop);

  /// Begins to connect.
  void connect();
  /// Closed loop: sends as many messages as may be on their way.
  void load(TimePoint now);
  /// Sends a message that was due at `due`, at once or when the queue has room.
  void send(TimePoint due);
  /// Begins the closing handshake; in mode connect, nothing is opened again.
  void finish();
  /// Tells the messages of an open loop that have not come back.
  void tell_unanswered(TimePoint now);

  /// Began, and has opened or failed.
  [[nodiscard]] bool settled() const noexcept { return phase_ >= Phase::open; }
  [[nodiscard]] bool is_open() const noexcept { return phase_ == Phase::open; }
  [[nodiscard]] bool ended() const noexcept { return phase_ == Phase::ended; }
  [[nodiscard]] bool awaits_answers() const noexcept { return !due_.empty() || !waiting_.empty(); }

  void on_open() override;
  void on_message(const wirespan::Message& message) override;
  void on_error(const std::exception& error) override;
  void on_drain() override;

 private:
  enum class Phase { idle, connecting, open, ended };

  void on_ended(const wirespan::RunResult& result);
  [[nodiscard]] bool sent(TimePoint due);
  void on_answer(std::string_view answer);

  const Options& options_;
  Tally& tally_;
  Payload& payload_;
  wirespan::net::EventLoop& loop_;
  Phase phase_ = Phase::idle;
  bool finishing_ = false;
  TimePoint began_{};
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::deque<TimePoint> due_;      // of the messages on their way
  std::deque<TimePoint> waiting_;  // of those for which the queue has no room
};

}  // namespace wsbench
