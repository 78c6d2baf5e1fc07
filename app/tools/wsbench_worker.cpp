// wsbench_worker.cpp - connects, sends what is due, and ends in good order.
#include "wsbench_worker.hpp"

#include <algorithm>
#include <cmath>

#include <time.h>

namespace wsbench {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr nanoseconds longest_pause = 20ms;
constexpr nanoseconds publish_every = 250ms;
constexpr nanoseconds wake_up_time = 1ms;  // a pause ends that much early, and the rest is watched
constexpr nanoseconds time_for_answers = 1s;
constexpr nanoseconds time_for_closing = 2s;

std::uint64_t thread_cpu() noexcept {
  timespec time{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

nanoseconds times(double count, double a_second) {
  return nanoseconds(std::llround(count * 1e9 / a_second));
}

}  // namespace

Worker::Worker(const Options& options, std::size_t index)
    : options_(options), index_(index), tally_(options), payload_(options.size) {
  for (std::size_t i = index; i < options.connections; i += options.threads) {
    clients_.push_back(std::make_unique<Client>(options, tally_, payload_, loop_));
  }
  first_connect_ = Clock::now();
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  abandoned_ = true;
  loop_.wake();
  if (thread_.joinable()) thread_.join();
}

void Worker::load(TimePoint start, TimePoint begin, TimePoint end) {
  loop_.post([this, start, begin, end] {
    start_ = start;
    begin_ = begin;
    end_ = end;
    tally_.count_from(begin, end);
  });
}

Results Worker::finish() {
  thread_.join();
  Results results = tally_.results();
  results.own_cpu = static_cast<double>(cpu_);
  return results;
}

Glance Worker::glance() {
  const std::lock_guard lock(mutex_);
  return glance_;
}

void Worker::run() {
  while (!abandoned_ && !is_over(Clock::now())) turn();
  if (!abandoned_) say_goodbye();
  publish(Clock::now());
  clients_.clear();
}

void Worker::turn() {
  const TimePoint now = Clock::now();
  connect_due(now);
  if (!loading_ && now >= start_) begin_load(now);
  note_cpu(now);
  send_due(now);
  loop_.run_once(pause(now));
  if (now - published_at_ >= publish_every) publish(now);
}

/// The end has come, and with it each answer of an open loop, or the time for them is over.
bool Worker::is_over(TimePoint now) const {
  if (now < end_) return false;
  if (!options_.open_loop() || now >= end_ + time_for_answers) return true;
  return std::none_of(clients_.begin(), clients_.end(), [](const auto& client) {
    return client->is_open() && client->awaits_answers();
  });
}

TimePoint Worker::next_connect() const {
  if (connected_ == clients_.size()) return TimePoint::max();
  if (options_.ramp == 0) return first_connect_;
  const std::size_t place = connected_ * options_.threads + index_;
  return first_connect_ + times(static_cast<double>(place), options_.ramp);
}

void Worker::connect_due(TimePoint now) {
  while (next_connect() <= now) clients_[connected_++]->connect();
}

void Worker::begin_load(TimePoint now) {
  loading_ = true;
  if (options_.mode != Mode::echo || options_.open_loop()) return;
  for (const auto& client : clients_) {
    if (client->is_open()) client->load(now);
  }
}

TimePoint Worker::next_due() const {
  if (!options_.open_loop() || !loading_) return TimePoint::max();
  const double place = static_cast<double>(due_count_ * options_.threads + index_);
  const TimePoint due = start_ + times(place, options_.rate);
  return due < end_ ? due : TimePoint::max();
}

void Worker::send_due(TimePoint now) {
  for (TimePoint due = next_due(); due <= now; due = next_due()) {
    ++due_count_;
    if (Client* const client = next_open()) client->send(due);
  }
}

/// The connections take turns; null if none is open.
Client* Worker::next_open() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = *clients_[turn_of_];
    turn_of_ = (turn_of_ + 1) % clients_.size();
    if (client.is_open()) return &client;
  }
  return nullptr;
}

/// The kernel wakes a thread late, so a pause ends before something is due, and the loop looks at
/// the clock for the rest.
nanoseconds Worker::pause(TimePoint now) const {
  const TimePoint due = std::min(next_due(), next_connect());
  if (due > now + longest_pause + wake_up_time) {
    return std::clamp<nanoseconds>(end_ - now, 0ns, longest_pause);
  }
  return std::max<nanoseconds>(due - now - wake_up_time, 0ns);
}

void Worker::note_cpu(TimePoint now) {
  if (now >= begin_ && cpu_at_begin_ == 0) cpu_at_begin_ = thread_cpu();
}

void Worker::publish(TimePoint now) {
  published_at_ = now;
  Glance glance{.messages = tally_.results().messages, .recent = tally_.take_recent()};
  for (const auto& client : clients_) {
    glance.open += client->is_open() ? 1 : 0;
    glance.settled += client->settled() ? 1 : 0;
    glance.ended += client->ended() ? 1 : 0;
  }
  const std::lock_guard lock(mutex_);
  glance_ = glance;
}

void Worker::say_goodbye() {
  const TimePoint now = Clock::now();
  if (cpu_at_begin_ > 0) cpu_ = thread_cpu() - cpu_at_begin_;
  for (const auto& client : clients_) {
    if (options_.open_loop()) client->tell_unanswered(now);
    client->finish();
  }
  const auto all_ended = [&] {
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const auto& client) { return client->ended() || !client->settled(); });
  };
  while (!all_ended() && Clock::now() < now + time_for_closing) loop_.run_once(longest_pause);
}

}  // namespace wsbench
