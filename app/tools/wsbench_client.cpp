// wsbench_client.cpp - sends numbered messages and checks what comes back.
#include "wsbench_client.hpp"

#include <exception>

namespace wsbench {

Client::Client(const Options& options, Tally& tally, Payload& payload,
               wirespan::net::EventLoop& loop)
    : WebSocketApp(options.url, {}, options.app),
      options_(options),
      tally_(tally),
      payload_(payload),
      loop_(loop) {}

void Client::connect() {
  phase_ = Phase::connecting;
  began_ = Clock::now();
  start(loop_, options_.run,
        [this](WebSocketApp&, const wirespan::RunResult& result) { on_ended(result); });
}

void Client::on_open() {
  phase_ = Phase::open;
  tally_.opened(began_, Clock::now(), compression().has_value());
  if (options_.mode == Mode::connect) close();
}

void Client::on_ended(const wirespan::RunResult& result) {
  const bool was_open = phase_ == Phase::open;
  phase_ = Phase::ended;
  if (finishing_) return;
  if (!was_open) return tally_.failed_to_connect();
  if (options_.mode == Mode::connect) return connect();
  tally_.lost();
  tally_.told(result.text());
}

void Client::on_error(const std::exception& error) {
  if (!finishing_) tally_.told(error.what());
}

void Client::load(TimePoint now) {
  for (std::size_t i = 0; i < options_.depth; ++i) send(now);
}

void Client::send(TimePoint due) {
  if (!waiting_.empty() || !sent(due)) waiting_.push_back(due);
}

/// False if the queue has no room; on_drain() follows.
bool Client::sent(TimePoint due) {
  const auto opcode = options_.binary ? wirespan::Opcode::binary : wirespan::Opcode::text;
  if (try_send(payload_.numbered(sent_), opcode).failed()) return false;
  ++sent_;
  due_.push_back(due);
  return true;
}

void Client::on_drain() {
  while (!waiting_.empty() && sent(waiting_.front())) waiting_.pop_front();
}

void Client::on_message(const wirespan::Message& message) {
  if (options_.mode == Mode::echo) return on_answer(wirespan::wire_text(message.payload));
  tally_.received(Clock::now(), message.payload.size());
}

/// A message that is not the next answer is told, and answers nothing.
void Client::on_answer(std::string_view answer) {
  if (due_.empty() || !payload_.is(answer, answered_)) return tally_.wrong();
  const TimePoint now = Clock::now();
  tally_.answered(due_.front(), now, answer.size());
  due_.pop_front();
  ++answered_;
  if (!options_.open_loop() && !finishing_) send(now);
}

void Client::finish() {
  finishing_ = true;
  if (phase_ == Phase::connecting || phase_ == Phase::open) {
    close(wirespan::STATUS_NORMAL, {}, std::chrono::seconds(1));
  }
}

void Client::tell_unanswered(TimePoint now) {
  for (const TimePoint due : due_) tally_.unanswered(due, now);
  for (const TimePoint due : waiting_) tally_.unanswered(due, now);
}

}  // namespace wsbench
